//! Curve: accuracy against the number of labels, for each way to choose what to ask about, over many seeds.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::classroom::Classroom;
use crate::examination::{Examination, Mark};
use crate::learner::{Choice, Study};
use crate::picture::{Line, Panel, draw};
use crate::taste::WHIM;

/// Times that people are asked, from one line of the printed table to the next.
const STEP: usize = 5;

/// Says what is compared.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Comparison {
    /// Runs of each strategy; a seed decides melodies, weights and whims.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// Times that the simulated person is asked in each run.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Generations that are bred after the last answer.
    #[arg(long, default_value_t = 40)]
    finale: usize,
    /// The strategies that are compared, by name, with commas; the one that the others are measured against is the last of them, or `random`.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "least-confidence,margin,entropy,random,most-certain"
    )]
    strategies: Vec<Choice>,
    /// Standard deviation of the whim that the simulated person adds to each rating.
    #[arg(long, default_value_t = WHIM)]
    whim: f64,
    #[command(flatten)]
    study: Study,
    /// Folder for the plot and the tables.
    #[arg(long, default_value = "target/melody-curve")]
    out: PathBuf,
}

/// Holds one run: labels and mark each time that the person was asked, and what the person thinks of each generation of the finale.
struct Run {
    marks: Vec<(usize, Mark)>,
    truths: Vec<f64>,
}

/// Holds the runs of one strategy.
struct Runs {
    strategy: Choice,
    runs: Vec<Run>,
    seconds: f64,
}

impl Comparison {
    pub(crate) fn run(&self) -> Result<()> {
        ensure!(self.seeds > 0 && !self.strategies.is_empty(), "nothing is to be compared");
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        let examination = Examination::of_the_simulated_person();
        let mut all = Vec::new();
        for strategy in &self.strategies {
            let begun = Instant::now();
            let runs = (0..self.seeds).map(|seed| self.one(*strategy, seed, &examination));
            let runs = Runs {
                strategy: *strategy,
                runs: runs.collect::<Result<_>>()?,
                seconds: begun.elapsed().as_secs_f64(),
            };
            print!("{}", runs.table());
            all.push(runs);
        }
        print!("{}", against_random(&all));
        std::fs::write(self.out.join("curve.csv"), self.accuracies(&all))?;
        std::fs::write(self.out.join("bred.csv"), self.ratings(&all))?;
        let plot = self.out.join("curve.svg");
        draw(&plot, &panels(&all))?;
        println!("{}", plot.display());
        Ok(())
    }

    fn one(&self, strategy: Choice, seed: u64, examination: &Examination) -> Result<Run> {
        let mut room = Classroom::open(Study { strategy, ..self.study.clone() }, seed, self.whim)?;
        let mut marks = vec![room.examined(examination)?];
        for _ in 0..self.rounds {
            room.round()?;
            marks.push(room.examined(examination)?);
        }
        room.begin_anew();
        let mut truths = vec![room.truth()];
        for _ in 0..self.finale {
            room.breed()?;
            truths.push(room.truth());
        }
        Ok(Run { marks, truths })
    }

    fn accuracies(&self, all: &[Runs]) -> String {
        let mut table = String::from("strategy,seed,labels,accuracy,off,correlation\n");
        for runs in all {
            for (seed, run) in runs.runs.iter().enumerate() {
                for (labels, mark) in &run.marks {
                    let Mark { accuracy, off, correlation } = mark;
                    let _ = writeln!(
                        table,
                        "{},{seed},{labels},{accuracy:.4},{off:.4},{correlation:.4}",
                        runs.strategy
                    );
                }
            }
        }
        table
    }

    fn ratings(&self, all: &[Runs]) -> String {
        let mut table = String::from("strategy,seed,generation,true\n");
        for runs in all {
            for (seed, run) in runs.runs.iter().enumerate() {
                for (generation, truth) in run.truths.iter().enumerate() {
                    let _ = writeln!(table, "{},{seed},{generation},{truth:.4}", runs.strategy);
                }
            }
        }
        table
    }
}

impl Runs {
    /// Spells mean and standard error of all runs, and how the bred melodies became better.
    fn table(&self) -> String {
        let mut table = format!("{} ({} seeds, {:.1} s)\n", self.strategy, self.runs.len(), self.seconds);
        for at in (0..self.runs[0].marks.len()).step_by(STEP) {
            let (accuracy, error) = spread(&self.accuracy(at));
            let (correlation, _) =
                spread(&self.runs.iter().map(|run| run.marks[at].1.correlation).collect::<Vec<_>>());
            let labels = self.labels(at);
            let _ = writeln!(
                table,
                "  {labels:>5.0} labels: accuracy {accuracy:.3} ± {error:.3}, correlation {correlation:.3}"
            );
        }
        let last = self.runs[0].truths.len() - 1;
        let rated = [0, last / 8, last / 4, last / 2, last].map(|at| {
            let (truth, _) = spread(&self.runs.iter().map(|run| run.truths[at]).collect::<Vec<_>>());
            format!("{truth:.2} at {at}")
        });
        let _ = writeln!(table, "  true rating of the bred melodies by generation: {}", rated.join(", "));
        table
    }

    fn labels(&self, at: usize) -> f64 {
        spread(&self.runs.iter().map(|run| run.marks[at].0 as f64).collect::<Vec<_>>()).0
    }

    fn accuracy(&self, at: usize) -> Vec<f64> {
        self.runs.iter().map(|run| run.marks[at].1.accuracy).collect()
    }
}

/// Spells, for each strategy, by how much it is more accurate than random questions at as many labels: the mean of the differences seed by seed, its
/// standard error, and how many seeds are better.
fn against_random(all: &[Runs]) -> String {
    let Some(random) = all.iter().find(|runs| runs.strategy.to_string() == "random") else {
        return String::new();
    };
    let mut table = String::from("accuracy less that of random questions, seed by seed\n");
    for runs in all.iter().filter(|runs| runs.strategy != random.strategy) {
        let _ = write!(table, "  {:>16}:", runs.strategy.to_string());
        for at in (STEP..runs.runs[0].marks.len()).step_by(STEP) {
            let pairs = runs.accuracy(at).into_iter().zip(random.accuracy(at));
            let more: Vec<f64> = pairs.map(|(one, other)| one - other).collect();
            let (mean, error) = spread(&more);
            let better = more.iter().filter(|more| **more > 0.0).count();
            let _ = write!(
                table,
                "  {:+.3} ± {error:.3} ({better}/{}) at {:.0}",
                mean,
                more.len(),
                runs.labels(at)
            );
        }
        table.push('\n');
    }
    table
}

fn panels(all: &[Runs]) -> [Panel; 2] {
    let accuracy = |runs: &Runs| {
        let point = |at: usize| {
            let (mean, error) = spread(&runs.accuracy(at));
            (runs.labels(at), mean, error)
        };
        Line { name: runs.strategy.to_string(), points: (0..runs.runs[0].marks.len()).map(point).collect() }
    };
    let bred = |runs: &Runs| {
        let point = |at: usize| {
            let (mean, error) = spread(&runs.runs.iter().map(|run| run.truths[at]).collect::<Vec<_>>());
            (at as f64, mean, error)
        };
        Line { name: runs.strategy.to_string(), points: (0..runs.runs[0].truths.len()).map(point).collect() }
    };
    let seeds = all[0].runs.len();
    [
        Panel {
            title: format!("accuracy on unseen melodies ({seeds} seeds, bands: standard error)"),
            along: "labels".to_owned(),
            lines: all.iter().map(accuracy).collect(),
        },
        Panel {
            title: "true rating of the melodies bred after the last answer".to_owned(),
            along: "generation".to_owned(),
            lines: all.iter().map(bred).collect(),
        },
    ]
}

/// Returns the mean, and its standard error.
fn spread(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, if count > 1.0 { (squares / (count - 1.0) / count).sqrt() } else { 0.0 })
}
