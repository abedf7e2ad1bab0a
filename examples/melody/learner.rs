//! Learner: collects melodies that nobody has rated, chooses those to ask about, and makes lessons of the answers.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use swergio_client::Tensor;
use swergio_toolbox::dice::Dice;
use swergio_toolbox::feedback::{FeedbackFault, Pool, Strategy};

use crate::genome::Genome;
use crate::network::{Opinion, rows};

/// How many times as long as all others the first lessons are.
const FIRST: usize = 5;

/// Says how it is learned.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Study {
    /// Which melodies are asked about: least-confidence, margin, entropy, k-centre or random; and most-certain, as the Python package's
    /// example does by mistake.
    #[arg(long, default_value = "least-confidence")]
    pub(crate) strategy: Choice,
    /// Melodies without a rating that are collected before some of them are asked about.
    #[arg(long, default_value_t = 200)]
    pub(crate) collect: usize,
    /// Melodies that are asked about at once.
    #[arg(long, default_value_t = 5)]
    pub(crate) ask: usize,
    /// Times that the rater goes through all that is rated, after each answer.
    #[arg(long, default_value_t = 10)]
    pub(crate) epochs: usize,
    /// Melodies in a batch.
    #[arg(long, default_value_t = 20)]
    pub(crate) batch: usize,
}

/// Chooses what to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// By one of the toolbox's strategies.
    By(Strategy),
    /// What the rater is surest of: nothing that one should do, but what the Python package's example does.
    MostCertain,
}

/// Knows what has been rated, and what might be.
#[derive(Clone, Debug)]
pub(crate) struct Learner {
    study: Study,
    dice: Dice,
    known: Vec<(Genome, u8)>,
    pool: Vec<(Genome, Opinion)>,
    /// Every genome that is known or in the pool.
    seen: HashSet<Genome>,
    /// There have been lessons.
    begun: bool,
}

/// Holds melodies to learn from, and their ratings.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    /// The melodies, `[melodies, 128]`.
    pub(crate) melodies: Tensor,
    /// Their ratings, `[melodies]`.
    pub(crate) ratings: Tensor,
}

impl Learner {
    /// Begins with nothing rated.
    pub(crate) fn new(study: Study, seed: u64) -> Self {
        let (known, pool, seen) = (Vec::new(), Vec::new(), HashSet::new());
        Self { study, dice: Dice::seeded(seed), known, pool, seen, begun: false }
    }

    /// Takes a person's rating, the last if there are two.
    pub(crate) fn rated(&mut self, genome: Genome, rating: u8) {
        self.pool.retain(|(other, _)| *other != genome);
        match self.known.iter_mut().find(|(other, _)| *other == genome) {
            Some((_, before)) => *before = rating,
            None => {
                self.seen.insert(genome.clone());
                self.known.push((genome, rating));
            }
        }
    }

    /// Takes melodies, and what the rater thinks of them. What is known already, or collected already, is passed over.
    pub(crate) fn collect(&mut self, genomes: &[Genome], opinions: &[Opinion]) {
        for (genome, opinion) in genomes.iter().zip(opinions) {
            if self.seen.insert(genome.clone()) {
                self.pool.push((genome.clone(), opinion.clone()));
            }
        }
    }

    /// Tells whether enough have been collected.
    pub(crate) fn is_full(&self) -> bool {
        self.pool.len() >= self.study.collect
    }

    /// Counts the melodies that have a rating.
    pub(crate) fn labels(&self) -> usize {
        self.known.len()
    }

    /// Chooses the melodies to ask about, with what the rater thinks of each, and lets go of the others.
    ///
    /// # Errors
    /// `BAD_POOL` when the strategy needs what there is not.
    pub(crate) fn choose(&mut self) -> Result<Vec<(Genome, Opinion)>, FeedbackFault> {
        let places = self.study.strategy.choose(&self.pool, &self.known, self.study.ask, &mut self.dice)?;
        let chosen = places.into_iter().map(|place| self.pool[place].clone()).collect();
        for (genome, _) in self.pool.drain(..) {
            self.seen.remove(&genome);
        }
        Ok(chosen)
    }

    /// Makes the lessons of one time: all that is known, so many times over, each time in another order, in batches. The first time is longer: a rater that
    /// knows nothing learns from that what most melodies are rated, and only then what is said of each.
    pub(crate) fn lessons(&mut self) -> Vec<Lesson> {
        let mut lessons = Vec::new();
        let times = if self.begun { 1 } else { FIRST };
        self.begun |= !self.known.is_empty();
        for _ in 0..times * self.study.epochs {
            self.dice.shuffle(&mut self.known);
            lessons.extend(self.known.chunks(self.study.batch.max(1)).map(Lesson::of));
        }
        lessons
    }

    /// Counts the lessons of going once through all that is known.
    pub(crate) fn batches(&self) -> usize {
        self.known.len().div_ceil(self.study.batch.max(1))
    }
}

impl Lesson {
    fn of(known: &[(Genome, u8)]) -> Self {
        let genomes: Vec<Genome> = known.iter().map(|(genome, _)| genome.clone()).collect();
        let ratings: Vec<i64> = known.iter().map(|(_, rating)| i64::from(*rating)).collect();
        let ratings = Tensor::from_i64([ratings.len()], &ratings).expect("a rating each");
        Self { melodies: rows(&genomes), ratings }
    }
}

impl Choice {
    fn choose(
        self,
        pool: &[(Genome, Opinion)],
        known: &[(Genome, u8)],
        count: usize,
        dice: &mut Dice,
    ) -> Result<Vec<usize>, FeedbackFault> {
        let strategy = match self {
            Self::By(strategy) => strategy,
            Self::MostCertain => {
                let sure = |place: &usize| pool[*place].1.probabilities.iter().copied().fold(0.0, f64::max);
                let mut places: Vec<usize> = (0..pool.len()).collect();
                places.sort_by(|one, other| sure(other).total_cmp(&sure(one)));
                places.truncate(count);
                return Ok(places);
            }
        };
        let features = |genome: &Genome| genome.bits().iter().map(|bit| f64::from(u8::from(*bit))).collect();
        let told = pool.iter().map(|(_, opinion)| opinion.probabilities.clone()).collect();
        let pool = Pool::of_probabilities(told)?
            .with_features(pool.iter().map(|(genome, _)| features(genome)).collect())?;
        let pool = pool.labelled(known.iter().map(|(genome, _)| features(genome)).collect())?;
        strategy.choose(&pool, count, dice)
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "most-certain" => Ok(Self::MostCertain),
            "committee" => Err("a committee has several raters, and this example one".to_owned()),
            name => name.parse().map(Self::By).map_err(|fault: FeedbackFault| fault.to_string()),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(strategy) => strategy.fmt(f),
            Self::MostCertain => f.write_str("most-certain"),
        }
    }
}
