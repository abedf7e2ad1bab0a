//! Rehearsal: the ensemble's whole course in one process, without rooms and clocks. The same seed gives the same course.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use swergio_client::MessageId;
use swergio_toolbox::credit::Shares;
use swergio_toolbox::dice::Dice;
use swergio_toolbox::ensemble::{Combine, decide};
use swergio_toolbox::environment::{Stepped, TimeLimit, Vectorised};
use swergio_toolbox::evolution::Genomes;
use swergio_toolbox::{Tensor, Values};

use crate::account::Account;
use crate::agent::{ACTIONS, Recipe};
use crate::alone::poles;
use crate::breeder::member;
use crate::cart_pole::CartPole;
use crate::control::{BETWEEN, Course, EXAM};
use crate::journal::Journal;
use crate::lineage::Lineage;
use crate::member::Member;
use crate::pupil::{Exam, JUDGED, SOLVED, numbers};
use crate::staging::{HIDDEN, seed_of};

/// Poles, members, and what happens between them, round by round.
pub(crate) struct Rehearsal {
    poles: Vectorised<TimeLimit<CartPole>>,
    members: Vec<(String, Member)>,
    dice: Dice,
    round: u64,
    /// What was done last, and what came of it, until members are paid.
    unpaid: Option<(Vec<usize>, Stepped)>,
}

impl Rehearsal {
    /// Takes as many members as there would be in rooms, born from the same seeds.
    pub(crate) fn new(count: usize, seed: u64) -> Result<Self> {
        let recipe = Recipe { hidden: HIDDEN, ..Recipe::usual() };
        let born = |number| (member(number), Member::born(recipe.clone(), seed_of(seed, number)));
        Ok(Self {
            poles: poles(recipe.environments, seed)?,
            members: (0..count).map(born).collect(),
            dice: Dice::seeded(seed),
            round: 0,
            unpaid: None,
        })
    }

    /// Lets members learn from the round before, and act together once more. Returns who had which part in what was done, and
    /// what came of it.
    pub(crate) fn learn(&mut self) -> Result<(Shares, Stepped)> {
        let (chosen, shares, stepped) = self.act(false)?;
        self.unpaid = Some((chosen, stepped.clone()));
        Ok((shares, stepped))
    }

    /// Lets them act as well as they can, without learning, until so many episodes are over. Returns their mean return.
    pub(crate) fn examine(&mut self, episodes: usize) -> Result<f64> {
        let mut exam = Exam::new(episodes, self.poles.environments());
        self.unpaid = None;
        loop {
            let (.., stepped) = self.act(true)?;
            if let Some(score) = exam.note(&stepped) {
                return Ok(score);
            }
        }
    }

    /// Fetches everybody's genome.
    fn genomes(&mut self) -> Genomes {
        self.members.iter_mut().map(|(name, member)| (name.clone(), member.agent().heritage())).collect()
    }

    fn give(&mut self, genomes: &Genomes) -> Result<()> {
        for (name, member) in &mut self.members {
            if let Some(genome) = genomes.get(name) {
                member.agent().inherit(genome).map_err(|error| anyhow::anyhow!(error))?;
            }
        }
        Ok(())
    }

    fn act(&mut self, greedy: bool) -> Result<(Vec<usize>, Shares, Stepped)> {
        let id = |round: u64| MessageId::new(&round.to_string());
        let (seen, rows) = (numbers(self.poles.shown()), self.poles.environments());
        self.round += 1;
        let show = |(name, member): &mut (String, Member)| {
            (name.clone(), member.show(&id(self.round), seen.clone()))
        };
        let said: Vec<(String, Vec<f64>)> = self.members.iter_mut().map(show).collect();
        if let Some((chosen, stepped)) = self.unpaid.take() {
            for (_, member) in &mut self.members {
                member.pay(&id(self.round - 1), &chosen, &stepped)?;
            }
        }
        let decision = decide(Combine::Probabilities, rows, ACTIONS, &said)?;
        let chosen = if greedy { decision.greedy() } else { decision.sample(&mut self.dice) };
        let shares = decision.credit(&chosen)?;
        let actions: Vec<i64> = chosen.iter().map(|action| *action as i64).collect();
        let stepped = self.poles.step(&Values::One(Tensor::from_i64([rows], &actions)?))?;
        Ok((chosen, shares, stepped))
    }
}

/// Plays a course from the beginning to the end, and writes what came of it as control does.
pub(crate) fn play(course: &Course) -> Result<()> {
    let mut rehearsal = Rehearsal::new(course.members, course.seed)?;
    let mut lineage = Lineage::new((0..course.members).map(member).collect(), course.seed);
    let (mut account, mut journal) = (Account::new(rehearsal.poles.environments()), Journal::new(course));
    let (mut best, mut next_exam) = ((f64::NEG_INFINITY, Genomes::new()), BETWEEN);
    loop {
        let (shares, stepped) = rehearsal.learn()?;
        account.done(Some(&shares));
        if !account.learnt(&stepped, Some(shares))? {
            continue;
        }
        let report = account.tell();
        let merits = report.merits.clone().filter(|_| !course.without_evolution);
        journal.note(report);
        if let Some(merits) = merits {
            let (began, score) = (Instant::now(), journal.fresh_score());
            let next = lineage.breed(&merits, score, &rehearsal.genomes())?;
            rehearsal.give(&next)?;
            journal.bred(began.elapsed(), lineage.generations.1);
        }
        let solved = journal.score().is_some_and(|score| score >= SOLVED) && !course.to_the_end;
        let over = journal.steps() >= course.steps || solved;
        if over || journal.steps() >= next_exam {
            next_exam += BETWEEN;
            let score = rehearsal.examine(EXAM)?;
            journal.examined(score);
            if score >= best.0 {
                best = (score, rehearsal.genomes());
            }
            if over {
                break;
            }
            account.go_on();
        }
    }
    rehearsal.give(&best.1)?;
    journal.judge(rehearsal.examine(JUDGED)?);
    journal.write(&course.out)
}

/// Plays a course in a process of its own, which is silent unless something goes wrong.
pub(crate) fn play_apart(course: &Course) -> Result<()> {
    let [members, seed, steps] =
        [course.members as u64, course.seed, course.steps].map(|number| number.to_string());
    let mut apart = Command::new(std::env::current_exe()?);
    apart
        .args(["rehearse", "--members", &members, "--seed", &seed, "--steps", &steps, "--out"])
        .arg(&course.out);
    apart.args(course.without_evolution.then_some("--without-evolution"));
    apart.args(course.to_the_end.then_some("--to-the-end"));
    let output = apart.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plays_the_same_course() {
        let played = |name: &str, seed: u64| {
            let out = std::env::temp_dir().join(format!("cartpole-{name}-{}", std::process::id()));
            let course = Course { steps: 1200, out: out.clone(), ..Course::of(4, seed) };
            play(&course).unwrap();
            let curve = std::fs::read_to_string(out.join("curve.csv")).unwrap();
            std::fs::remove_dir_all(out).unwrap();
            curve
        };
        let curve = played("one", 1);
        assert!(!curve.ends_with(",0\n"), "it was bred: {curve}");
        assert_eq!(curve, played("other", 1));
        assert_ne!(curve, played("next", 2));
    }
}
