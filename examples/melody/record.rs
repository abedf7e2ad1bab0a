//! Record: what is measured on the way, printed, told as figures to whoever watches, and written down at the end.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use swergio_client::{Client, RoomName};
use swergio_toolbox::kpi::Kpi;

use crate::examination::{Mark, mean_pleasure};
use crate::genome::Genome;
use crate::network::Opinion;
use crate::rooms::FIGURES;
use crate::taste::{pleasure, true_rating};
use crate::teaching::Course;
use crate::{midi, picture, wave};

/// Holds the figures of one generation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Generation {
    /// Ratings that the rater had learned from.
    pub(crate) labels: usize,
    /// What the rater thinks of its melodies, on average.
    pub(crate) expected: f64,
    /// What the simulated person thinks of them.
    pub(crate) truth: f64,
}

/// Holds the figures of one time that people were asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Round {
    /// Ratings that the rater has learned from.
    pub(crate) labels: usize,
    /// The share of answers that the rater had thought likeliest.
    pub(crate) foreseen: Option<f64>,
    /// How far the rater was from the answers, before it learned from them and after.
    pub(crate) off: Option<(f64, f64)>,
    /// How well it does on melodies that it has never seen.
    pub(crate) mark: Option<Mark>,
    /// The mean loss of the last time through all that is rated.
    pub(crate) loss: f64,
}

/// Tells the figures, and keeps them.
pub(crate) struct Record {
    client: Client,
    out: PathBuf,
    simulated: bool,
    /// Times that people had answered before this process began.
    earlier: usize,
    rounds: Vec<Round>,
    generations: Vec<Generation>,
}

impl Generation {
    /// Measures a generation.
    pub(crate) fn of(melodies: &[(Genome, Opinion)], labels: usize) -> Self {
        let genomes: Vec<Genome> = melodies.iter().map(|(genome, _)| genome.clone()).collect();
        let expected: f64 = melodies.iter().map(|(_, opinion)| opinion.expected()).sum();
        Self { labels, expected: expected / melodies.len().max(1) as f64, truth: mean_pleasure(&genomes) }
    }
}

impl Round {
    /// Compares what the rater thought before, what people said, and what the rater thinks now of the same melodies.
    pub(crate) fn of(
        labels: usize,
        before: &[(Genome, Opinion)],
        said: &[(Genome, u8)],
        after: &[Opinion],
        mark: Option<Mark>,
        loss: f64,
    ) -> Self {
        let thought: Vec<(&Opinion, u8)> = said
            .iter()
            .filter_map(|(genome, rating)| {
                before.iter().find(|(other, _)| other == genome).map(|(_, opinion)| (opinion, *rating))
            })
            .collect();
        let mean = |total: f64| (!thought.is_empty()).then(|| total / thought.len() as f64);
        let distance = |opinion: &Opinion, rating: u8| (opinion.expected() - f64::from(rating)).abs();
        let right = thought.iter().filter(|(opinion, rating)| opinion.likeliest() == *rating).count();
        let first = thought.iter().map(|(opinion, rating)| distance(opinion, *rating)).sum();
        let then = after.iter().zip(said).map(|(opinion, (_, rating))| distance(opinion, *rating)).sum();
        let off = mean(first).zip(mean(then));
        Self { labels, foreseen: mean(right as f64), off, mark, loss }
    }
}

impl Record {
    /// Begins with nothing measured.
    pub(crate) fn open(client: &Client, course: &Course, earlier: usize) -> Self {
        let (client, out, simulated) = (client.clone(), course.out.clone(), course.simulated);
        Self { client, out, simulated, earlier, rounds: Vec::new(), generations: Vec::new() }
    }

    /// Counts the times that people have answered; the first round is what it began with.
    pub(crate) fn asked(&self) -> usize {
        self.earlier + self.rounds.len().saturating_sub(1)
    }

    /// Notes a generation.
    pub(crate) async fn generation(&mut self, generation: Generation) -> Result<()> {
        self.generations.push(generation);
        let step = self.generations.len() as u64;
        self.tell("expected rating", generation.expected, step).await?;
        if self.simulated {
            self.tell("true rating", generation.truth, step).await?;
        }
        Ok(())
    }

    /// Notes a round, and prints it.
    pub(crate) async fn round(&mut self, round: Round) -> Result<()> {
        self.rounds.push(round);
        let step = round.labels as u64;
        self.tell("labels", round.labels as f64, step).await?;
        self.tell("loss", round.loss, step).await?;
        if let Some(mark) = round.mark {
            self.tell("accuracy", mark.accuracy, step).await?;
        }
        if let Some((_, after)) = round.off {
            self.tell("off", after, step).await?;
        }
        println!("learner | {}", self.line(&round));
        Ok(())
    }

    fn line(&self, round: &Round) -> String {
        let mut line = format!("generation {}: {} labels", self.generations.len(), round.labels);
        if let Some(foreseen) = round.foreseen {
            line += &format!(", foresaw {:.0} % of the answers", 100.0 * foreseen);
        }
        if let Some((before, after)) = round.off {
            line += &format!(", off by {before:.2}, now {after:.2}");
        }
        if let Some(mark) = round.mark {
            line += &format!(", accuracy {:.3}, correlation {:.3}", mark.accuracy, mark.correlation);
        }
        if let Some(last) = self.generations.last() {
            line += &format!(", expects {:.2}", last.expected);
            if self.simulated {
                line += &format!(", true {:.2}", last.truth);
            }
        }
        line
    }

    async fn tell(&self, name: &str, value: f64, step: u64) -> Result<()> {
        let kpi =
            Kpi { step: Some(step), run: Some("melody".to_owned()), ..Kpi::new("learner", name, value) };
        self.client.send(kpi.to_envelope()?.with_to_room(RoomName::parse(FIGURES)?)).await?;
        Ok(())
    }

    /// Writes down everything: figures, plot, and the melody that the rater likes best, to be heard.
    pub(crate) fn end(&self, last: &[(Genome, Opinion)], labels: usize) -> Result<()> {
        let best = last.iter().max_by(|one, other| one.1.expected().total_cmp(&other.1.expected()));
        let (best, opinion) = best.context("nothing was bred")?;
        midi::write(best, &self.out.join("best.mid"))?;
        wave::write(best, &self.out.join("best.wav"))?;
        fs::write(self.out.join("generations.csv"), self.generation_table())?;
        fs::write(self.out.join("rounds.csv"), self.round_table())?;
        picture::course(&self.out.join("melody.svg"), &self.rounds, &self.generations, self.simulated)?;
        let mark = |round: Option<&Round>| round.and_then(|round| round.mark).map(|mark| mark.accuracy);
        let truth =
            |generation: Option<&Generation>| generation.filter(|_| self.simulated).map(|one| one.truth);
        let summary = serde_json::json!({
            "labels": labels,
            "asked": self.asked(),
            "generations": self.generations.len(),
            "accuracy": { "first": mark(self.rounds.first()), "last": mark(self.rounds.last()) },
            "true_rating": { "first": truth(self.generations.first()), "last": truth(self.generations.last()) },
            "best": {
                "genome": best.hex(),
                "expected": opinion.expected(),
                "true": self.simulated.then(|| true_rating(best)),
                "pleasure": self.simulated.then(|| pleasure(best)),
            },
        });
        fs::write(self.out.join("summary.json"), format!("{summary:#}\n"))?;
        println!("learner | the best melody is {}: expected {:.2}", best.hex(), opinion.expected());
        println!("learner | heard in {}", self.out.join("best.wav").display());
        Ok(())
    }

    fn generation_table(&self) -> String {
        let mut table = String::from("generation,labels,expected,true\n");
        for (number, one) in self.generations.iter().enumerate() {
            let truth = if self.simulated { format!("{:.4}", one.truth) } else { String::new() };
            table += &format!("{number},{},{:.4},{truth}\n", one.labels, one.expected);
        }
        table
    }

    fn round_table(&self) -> String {
        let mut table = String::from("labels,foreseen,off_before,off_after,accuracy,off,correlation,loss\n");
        let cell = |number: Option<f64>| number.map(|number| format!("{number:.4}")).unwrap_or_default();
        for round in &self.rounds {
            let (before, after) = round.off.unzip();
            let mark = |of: fn(&Mark) -> f64| cell(round.mark.as_ref().map(of));
            let (accuracy, off, correlation) =
                (mark(|m| m.accuracy), mark(|m| m.off), mark(|m| m.correlation));
            let (foreseen, before, after) = (cell(round.foreseen), cell(before), cell(after));
            table += &format!(
                "{},{foreseen},{before},{after},{accuracy},{off},{correlation},{:.4}\n",
                round.labels, round.loss
            );
        }
        table
    }
}
