//! Curve: accuracy against the number of labels, for each way to choose what to ask about, over many seeds.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::classroom::{Classroom, Figures};
use crate::examination::Examination;
use crate::learner::{Choice, Study};

/// Says what is compared.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Comparison {
    /// Runs of each strategy; a seed decides melodies, weights and whims.
    #[arg(long, default_value_t = 10)]
    pub(crate) seeds: u64,
    /// Times that the person is asked in each run.
    #[arg(long, default_value_t = 20)]
    pub(crate) rounds: usize,
    /// The strategies that are compared.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "least-confidence,margin,entropy,random,most-certain"
    )]
    pub(crate) strategies: Vec<Choice>,
    /// Standard deviation of the whim that the simulated person adds to each rating.
    #[arg(long, default_value_t = 0.3)]
    pub(crate) whim: f64,
    #[command(flatten)]
    pub(crate) study: Study,
    /// Folder for the plot and the tables.
    #[arg(long, default_value = "target/melody-curve")]
    pub(crate) out: PathBuf,
}

impl Comparison {
    pub(crate) fn run(&self) -> Result<()> {
        let examination = Examination::of_the_simulated_person();
        for strategy in &self.strategies {
            let begun = Instant::now();
            let mut all: Vec<Vec<Figures>> = Vec::new();
            for seed in 0..self.seeds {
                let study = Study { strategy: *strategy, ..self.study.clone() };
                let mut room = Classroom::open(study, seed, self.whim)?;
                let mut figures = vec![room.figures(&examination)?];
                for _ in 0..self.rounds {
                    room.round()?;
                    figures.push(room.figures(&examination)?);
                }
                all.push(figures);
            }
            println!("{strategy} {:.1} s", begun.elapsed().as_secs_f64());
            for at in (0..=self.rounds).step_by(4) {
                let m = |f: &dyn Fn(&Figures) -> f64| {
                    all.iter().map(|r| f(&r[at])).sum::<f64>() / all.len() as f64
                };
                println!(
                    "  labels {:.0} gen {:.0} acc {:.3} off {:.3} corr {:.3} truth {:.2} expected {:.2}",
                    m(&|f| f.labels as f64),
                    m(&|f| f.generation as f64),
                    m(&|f| f.mark.accuracy),
                    m(&|f| f.mark.off),
                    m(&|f| f.mark.correlation),
                    m(&|f| f.truth),
                    m(&|f| f.expected)
                );
            }
        }
        Ok(())
    }
}
