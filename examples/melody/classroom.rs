//! Classroom: evolution, rater, learner and simulated person in one process, for many runs of which only the figures count.

use anyhow::{Result, anyhow};
use candle_core::Device;
use swergio_toolbox::bridge::candle::{CandleModule, to_candle, to_tensor};
use swergio_toolbox::trainer::{CrossEntropy, Loss};
use swergio_toolbox::{BoxError, Differentiable, MessageId, Pass};

use crate::breeding::Flock;
use crate::examination::{Examination, Mark, mean_pleasure};
use crate::learner::{Learner, Lesson, Study};
use crate::network::{Opinion, network, opinions};
use crate::seeds::seeds;
use crate::taste::SimulatedTaste;
use crate::teaching::PATIENCE;

/// Holds the parts, joined by calls in place of rooms.
pub(crate) struct Classroom {
    pub(crate) flock: Flock,
    rater: CandleModule,
    learner: Learner,
    person: SimulatedTaste,
}

/// Holds the figures of one time that the person was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Ratings that the rater has learned from.
    pub(crate) labels: usize,
    /// Generations that were bred.
    pub(crate) generation: u64,
    /// How well the rater does on melodies that it has never seen.
    pub(crate) mark: Mark,
    /// What the simulated person thinks of the generation, on average, 0 to 5.
    pub(crate) truth: f64,
    /// What the rater thinks of it.
    pub(crate) expected: f64,
}

impl Classroom {
    /// Opens, and has the person rate the melodies to begin with.
    pub(crate) fn open(study: Study, seed: u64, whim: f64) -> Result<Self> {
        let mut person = SimulatedTaste::new(seed, whim);
        let mut learner = Learner::new(study, seed);
        for (genome, _) in seeds()? {
            let rating = person.rate(&genome);
            learner.rated(genome, rating);
        }
        let mut room = Self { flock: Flock::by_chance(seed), rater: network(seed)?, learner, person };
        room.teach()?;
        Ok(room)
    }

    /// Breeds until enough is collected, asks, and teaches what was answered.
    pub(crate) fn round(&mut self) -> Result<()> {
        for _ in 0..PATIENCE {
            self.breed()?;
            if self.learner.is_full() {
                break;
            }
        }
        for (genome, _) in self.learner.choose()? {
            let rating = self.person.rate(&genome);
            self.learner.rated(genome, rating);
        }
        self.teach()
    }

    /// Breeds one generation.
    pub(crate) fn breed(&mut self) -> Result<()> {
        let genomes = self.flock.genomes();
        let opinions = opinions(&mut self.rater, &genomes).map_err(told)?;
        self.learner.collect(&genomes, &opinions);
        let fitness: Vec<f64> = opinions.iter().map(Opinion::expected).collect();
        Ok(self.flock.breed(&fitness)?)
    }

    /// Measures.
    pub(crate) fn figures(&mut self, examination: &Examination) -> Result<Figures> {
        let mark = examination.mark(&opinions(&mut self.rater, examination.melodies()).map_err(told)?);
        let genomes = self.flock.genomes();
        let expected: f64 =
            opinions(&mut self.rater, &genomes).map_err(told)?.iter().map(Opinion::expected).sum();
        Ok(Figures {
            labels: self.learner.labels(),
            generation: self.flock.generation(),
            mark,
            truth: mean_pleasure(&genomes),
            expected: expected / genomes.len() as f64,
        })
    }

    fn teach(&mut self) -> Result<()> {
        self.learner.lessons().iter().try_for_each(|lesson| teach(&mut self.rater, lesson)).map_err(told)
    }
}

/// Takes a lesson forward and back.
fn teach(rater: &mut CandleModule, lesson: &Lesson) -> std::result::Result<(), BoxError> {
    let pass = Pass::train(MessageId::new("lesson"));
    let (scores, recorded) = rater.forward(to_candle(&lesson.melodies, &Device::Cpu)?, &pass)?;
    let judged = CrossEntropy.judge(&to_tensor(&scores)?, &lesson.ratings)?;
    rater.vjp(recorded, to_candle(&judged.gradient, &Device::Cpu)?, &pass).map(drop)
}

fn told(error: BoxError) -> anyhow::Error {
    anyhow!(error)
}
