//! Journal: what is told while the ensemble learns, and what is left of it: a curve, a picture, a summary.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use swergio_toolbox::plot::{Panel, Plot};

use crate::account::BRED;
use crate::control::Course;
use crate::ensemble::{DEADLINE, MARGIN};
use crate::orders::{Report, milliseconds};
use crate::pupil::SOLVED;

/// Episodes that a score is the mean of.
const SCORED: usize = 100;
/// Episodes that tell how it goes at the moment: as many as a generation lives for.
const RECENT: usize = BRED;
/// Letters of the bar.
const BAR: usize = 24;
/// How a line begins that only shows how far it is: the next one replaces it.
pub(crate) const PROGRESS: &str = "… ";

/// Holds all that was told.
pub(crate) struct Journal {
    course: Course,
    began: Instant,
    told: Instant,
    last: Report,
    returns: Vec<f64>,
    /// How many of them somebody has asked about.
    told_of: usize,
    retreats: u64,
    /// Rounds, steps, episodes, and the mean returns of the last [`SCORED`] and [`RECENT`] of them.
    curve: Vec<(u64, u64, usize, [f64; 2])>,
    /// The round, the steps, and how long it took.
    generations: Vec<(u64, u64, Duration)>,
    /// Rounds, steps, and the mean return of an exam.
    exams: Vec<(u64, u64, f64)>,
    solved_at: Option<u64>,
    learnt_for: Option<Duration>,
    judged: Option<f64>,
}

impl Journal {
    pub(crate) fn new(course: &Course) -> Self {
        Self {
            course: course.clone(),
            began: Instant::now(),
            told: Instant::now(),
            last: Report::default(),
            returns: Vec::new(),
            told_of: 0,
            retreats: 0,
            curve: Vec::new(),
            generations: Vec::new(),
            exams: Vec::new(),
            solved_at: None,
            learnt_for: None,
            judged: None,
        }
    }

    /// Notes a report, and tells how far it is, twice a second.
    pub(crate) fn note(&mut self, report: Report) {
        self.returns.extend(&report.returns);
        self.last = report;
        let of_last = |count: usize| mean(&self.returns[self.returns.len().saturating_sub(count)..]);
        if let (Some(score), Some(recent)) = (of_last(SCORED), of_last(RECENT)) {
            self.curve.push((self.last.rounds, self.last.steps, self.returns.len(), [score, recent]));
        }
        if self.score().is_some_and(|score| score >= SOLVED) {
            self.solved_at.get_or_insert(self.last.steps);
        }
        if self.told.elapsed() >= Duration::from_millis(500) {
            self.told = Instant::now();
            println!("{}", self.progress());
        }
    }

    /// Returns the mean return of the episodes since it was last asked for.
    pub(crate) fn fresh_score(&mut self) -> f64 {
        let fresh = mean(&self.returns[self.told_of..]).unwrap_or_default();
        self.told_of = self.returns.len();
        fresh
    }

    /// Notes that a generation was bred, how long that took, and how many so far were bred of the best one.
    pub(crate) fn bred(&mut self, took: Duration, retreats: u64) {
        self.retreats = retreats;
        self.generations.push((self.last.rounds, self.last.steps, took));
    }

    /// Notes an exam, and tells of it.
    pub(crate) fn examined(&mut self, score: f64) {
        self.exams.push((self.last.rounds, self.last.steps, score));
        self.learnt_for = Some(self.began.elapsed());
        println!(
            "control  | {:6} steps | {:4} episodes, mean return of the last {SCORED} {:5.1} | bred {:2} times | exam {score:5.1}",
            self.last.steps,
            self.returns.len(),
            self.score().unwrap_or_default(),
            self.generations.len(),
        );
    }

    /// Notes how it was judged, and tells all.
    pub(crate) fn judge(&mut self, score: f64) {
        self.judged = Some(score);
        let report = &self.last;
        println!("control  | judged by 100 episodes and more, the most likely action: {score:.1}");
        if report.waited > 0.0 {
            self.tell_of_waiting();
        }
        println!(
            "control  | parts in what was done summed to one in each of {} rounds, to {:.1e} at worst",
            report.audited, report.partition
        );
    }

    fn tell_of_waiting(&self) {
        let report = &self.last;
        println!(
            "control  | longest wait for a member {:.1} ms, of {} ms allowed; {} rounds of {} gave up waiting, {} answers came late",
            report.waited,
            DEADLINE.as_millis(),
            report.deadlines,
            report.rounds,
            report.late
        );
        if report.overdue > 0 {
            println!(
                "control  | it was given up after {} ms; in {} rounds the machine, busy with something else, woke who waited too late",
                (DEADLINE - MARGIN).as_millis(),
                report.overdue
            );
        }
    }

    /// Returns how many steps were learnt from.
    pub(crate) fn steps(&self) -> u64 {
        self.last.steps
    }

    /// Returns the mean return of the last [`SCORED`] episodes, live: actions by chance, and everybody learns.
    pub(crate) fn score(&self) -> Option<f64> {
        (self.returns.len() >= SCORED).then(|| self.curve.last().map(|(.., [score, _])| *score)).flatten()
    }

    fn progress(&self) -> String {
        let done = (self.last.steps as f64 / self.course.steps as f64).min(1.0);
        let full = (done * BAR as f64).round() as usize;
        let score = self.curve.last().map_or(0.0, |(.., [_, recent])| *recent);
        format!(
            "{PROGRESS}{}{} {:3.0} % | {} steps | score {score:5.1} | bred {} times | {} members",
            "━".repeat(full),
            " ".repeat(BAR - full),
            100.0 * done,
            self.last.steps,
            self.generations.len(),
            self.last.members
        )
    }

    /// Writes `curve.csv`, `score.svg` and `summary.json`.
    pub(crate) fn write(&self, out: &Path) -> Result<()> {
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let mut csv = "rounds,steps,episodes,score,recent,generations\n".to_owned();
        for (rounds, steps, episodes, [score, recent]) in &self.curve {
            let bred = self.generations.iter().filter(|(round, ..)| round <= rounds).count();
            writeln!(csv, "{rounds},{steps},{episodes},{score:.2},{recent:.2},{bred}")?;
        }
        fs::write(out.join("curve.csv"), csv)?;
        self.plot().write(out.join("score.svg"))?;
        let summary = self.summary();
        fs::write(out.join("summary.json"), serde_json::to_string_pretty(&summary)? + "\n")?;
        println!("control  | {}", out.join("{curve.csv,score.svg,summary.json}").display());
        Ok(())
    }

    fn plot(&self) -> Plot {
        let live = |which: usize| self.curve.iter().map(move |(rounds, .., of)| (*rounds as f64, of[which]));
        let exams = self.exams.iter().map(|(rounds, _, score)| (*rounds as f64, *score));
        let bred = self.generations.iter().map(|(rounds, ..)| *rounds as f64);
        let title = format!("{} members, seed {}", self.course.members, self.course.seed);
        let panel = Panel::new("")
            .axes("rounds (a step of every pole)", "mean return")
            .line("live: the last 100 episodes", live(0))
            .line("live: the last 20", live(1))
            .points("exams: the most likely action", exams)
            .marks("evolution", bred);
        Plot::new(title).panel(panel).panel_size(900, 420)
    }

    fn summary(&self) -> Value {
        let report = &self.last;
        let longest = self.generations.iter().map(|(.., took)| milliseconds(*took)).fold(0.0, f64::max);
        let learnt_for = self.learnt_for.unwrap_or_default().as_secs_f64();
        json!({
            "seed": self.course.seed,
            "members": self.course.members,
            "evolution": !self.course.without_evolution,
            "judged_mean_return": self.judged,
            "exams": self.exams.iter().map(|(_, steps, score)| json!([steps, score])).collect::<Vec<_>>(),
            "generations_at_steps": self.generations.iter().map(|(_, steps, _)| steps).collect::<Vec<_>>(),
            "best_exam": self.exams.iter().map(|(.., score)| *score).fold(0.0, f64::max),
            "live_mean_return": mean(&self.returns),
            "live_score_at_the_end": self.score(),
            "live_recent_at_the_end": self.curve.last().map(|(.., [_, recent])| recent),
            "live_solved_at_step": self.solved_at,
            "steps": report.steps,
            "rounds": report.rounds,
            "episodes": self.returns.len(),
            "generations": self.generations.len(),
            "generations_of_the_best": self.retreats,
            "longest_breeding_ms": longest,
            "deadline_ms": milliseconds(DEADLINE),
            "longest_wait_ms": report.waited,
            "rounds_that_gave_up_waiting": report.deadlines,
            "rounds_over_the_deadline": report.overdue,
            "late_answers": report.late,
            "credit_error": report.partition,
            "credit_rounds": report.audited,
            "seconds": learnt_for,
        })
    }
}

fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        let out = "unused".into();
        let course =
            Course { members: 3, seed: 1, steps: 1000, without_evolution: false, to_the_end: false, out };
        Journal::new(&course)
    }

    fn report(rounds: u64, returns: Vec<f64>) -> Report {
        Report { rounds, steps: 8 * rounds, returns, ..Report::default() }
    }

    #[test]
    fn a_score_is_the_mean_of_a_hundred_episodes() {
        let mut journal = journal();
        journal.note(report(16, vec![500.0; 99]));
        assert_eq!(journal.score(), None);
        journal.note(report(32, vec![400.0]));
        assert_eq!(journal.score(), Some(499.0));
        assert_eq!(journal.solved_at, Some(256));
        journal.note(report(48, vec![0.0; 100]));
        assert_eq!((journal.score(), journal.solved_at), (Some(0.0), Some(256)));
    }

    #[test]
    fn what_is_left_can_be_read() {
        let mut journal = journal();
        journal.note(report(50, vec![20.0, 40.0]));
        journal.bred(Duration::from_millis(7), 0);
        journal.note(report(60, vec![60.0]));
        journal.examined(480.0);
        journal.judge(490.0);
        let out = std::env::temp_dir().join(format!("cartpole-journal-{}", std::process::id()));
        journal.write(&out).unwrap();
        let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        assert_eq!(
            read("curve.csv"),
            "rounds,steps,episodes,score,recent,generations\n50,400,2,30.00,30.00,1\n60,480,3,40.00,40.00,1\n"
        );
        let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
        assert_eq!((&summary["judged_mean_return"], &summary["generations"]), (&json!(490.0), &json!(1)));
        assert!(read("score.svg").contains("evolution"));
        assert!(journal.progress().contains(" 48 %"), "{}", journal.progress());
        fs::remove_dir_all(out).unwrap();
    }
}
