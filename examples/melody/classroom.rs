//! Classroom: evolution, rater, learner and simulated person in one process, for many runs of which only the figures count.

use anyhow::{Result, anyhow};
use candle_core::Device;
use swergio_toolbox::bridge::candle::{CandleModule, to_candle, to_tensor};
use swergio_toolbox::dice::Dice;
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
    flock: Flock,
    rater: CandleModule,
    learner: Learner,
    person: SimulatedTaste,
    dice: Dice,
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
        let mut dice = Dice::seeded(seed);
        let flock = Flock::by_chance(&mut dice);
        let mut room = Self { flock, rater: network(seed)?, learner, person, dice };
        room.teach()?;
        Ok(room)
    }

    /// Breeds until enough is collected, asks, and teaches what was answered.
    pub(crate) fn round(&mut self) -> Result<()> {
        self.begin_anew();
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

    /// Goes on with melodies by chance.
    pub(crate) fn begin_anew(&mut self) {
        self.flock = Flock::by_chance(&mut self.dice);
    }

    /// Returns what the simulated person thinks of the generation, on average.
    pub(crate) fn truth(&self) -> f64 {
        mean_pleasure(&self.flock.genomes())
    }

    /// Breeds one generation.
    pub(crate) fn breed(&mut self) -> Result<()> {
        let genomes = self.flock.genomes();
        let opinions = opinions(&mut self.rater, &genomes).map_err(told)?;
        self.learner.collect(&genomes, &opinions);
        let fitness: Vec<f64> = opinions.iter().map(Opinion::expected).collect();
        Ok(self.flock.breed(&fitness)?)
    }

    /// Returns how well the rater does, and from how many labels.
    pub(crate) fn examined(&mut self, examination: &Examination) -> Result<(usize, Mark)> {
        let opinions = opinions(&mut self.rater, examination.melodies()).map_err(told)?;
        Ok((self.learner.labels(), examination.mark(&opinions)))
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
