//! Teaching: the process that has melodies bred, asks people about some of them, and teaches the rater what they said.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use swergio_client::{Client, Kind, Messages, Tensor, Trigger};
use swergio_toolbox::feedback::{Answers, FeedbackLimits, LabelStore, Oracle};
use swergio_toolbox::trainer::{CrossEntropy, Loss};
use swergio_toolbox::{Chain, ChainLimits};
use tokio::time::timeout;

use crate::asking::question;
use crate::examination::Examination;
use crate::genome::Genome;
use crate::labels::{Begin, as_labels, keep, ratings};
use crate::learner::{Learner, Lesson, Study};
use crate::network::{Opinion, rows};
use crate::record::{Generation, Record, Round};
use crate::rooms::{ANSWER, At, CONTROL, EVOLUTION, LESSON, USER};
use crate::seeds::seeds;
use crate::words::{Order, Word};

/// Time after which a generation that does not come is asked for again.
const AGAIN: Duration = Duration::from_secs(10);
/// Tries of one lesson until the learner gives up.
const TRIES: u32 = 30;
/// Generations after which people are asked about what there is, when evolution brings little that is new.
pub(crate) const PATIENCE: usize = 25;

/// Says what is to be learned from whom.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Course {
    #[command(flatten)]
    pub(crate) study: Study,
    /// Decides what is left to chance.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Times that people are asked.
    #[arg(long, default_value_t = 20)]
    pub(crate) rounds: usize,
    /// Generations that are bred after the last answer.
    #[arg(long, default_value_t = 40)]
    pub(crate) finale: usize,
    /// What the rater learns from first: file (the 39 melodies and ratings of the Python package's example), ask (people rate these 39 anew)
    /// or nothing.
    #[arg(long, default_value = "file")]
    pub(crate) begin: Begin,
    /// Seconds to wait for people's answers.
    #[arg(long, default_value_t = 600.0)]
    pub(crate) patience: f64,
    /// People who are to rate each melody; the mean counts.
    #[arg(long, default_value_t = 1)]
    pub(crate) quorum: usize,
    /// Do not send the melodies as sound, only as notes.
    #[arg(long)]
    pub(crate) silent: bool,
    /// Measure against the simulated person's taste.
    #[arg(long)]
    pub(crate) simulated: bool,
    /// Folder for what is learned and told; what is there already is gone on with.
    #[arg(long, default_value = "target/melody")]
    pub(crate) out: PathBuf,
}

/// The learner in its rooms.
pub(crate) struct Teaching {
    course: Course,
    client: Client,
    chain: Chain,
    oracle: Oracle,
    heard: Messages,
    learner: Learner,
    store: LabelStore,
    record: Record,
    examination: Option<Examination>,
    /// The last generation, and what the rater thought of it.
    last: Vec<(Genome, Opinion)>,
}

/// Teaches as long as the course says, and writes down what came of it.
pub(crate) async fn teach(at: &At, course: &Course) -> Result<()> {
    let client = at.connect("learner").await?;
    let mut teaching = Teaching::open(client.clone(), course.clone()).await?;
    teaching.run().await?;
    Ok(client.close().await?)
}

impl Teaching {
    /// Takes its seats, and reads what is known already.
    pub(crate) async fn open(client: Client, course: Course) -> Result<Self> {
        std::fs::create_dir_all(&course.out)
            .with_context(|| format!("cannot make {}", course.out.display()))?;
        let store = LabelStore::open(course.out.join("labels.jsonl"))?;
        let mut learner = Learner::new(course.study.clone(), course.seed);
        ratings(store.labels())?.into_iter().for_each(|(genome, rating)| learner.rated(genome, rating));
        let limits = ChainLimits { deadline: AGAIN, ..ChainLimits::default() };
        let chain = Chain::new(&client).input(LESSON).output(ANSWER).limits(limits).open().await?;
        let oracle = Oracle::open(&client, USER, FeedbackLimits::default()).await?;
        let trigger = Trigger::kinds([Kind::DATA_CUSTOM]).rooms([EVOLUTION, CONTROL]).direct(false);
        let heard = client.subscribe(trigger).await?;
        client.settle().await?;
        let queries: HashSet<&str> = store.labels().iter().map(|label| label.query.as_str()).collect();
        let first = usize::from(course.begin != Begin::Nothing);
        let record = Record::open(&client, &course, queries.len().saturating_sub(first));
        let examination = course.simulated.then(Examination::of_the_simulated_person);
        Ok(Self {
            course,
            client,
            chain,
            oracle,
            heard,
            learner,
            store,
            record,
            examination,
            last: Vec::new(),
        })
    }

    async fn run(&mut self) -> Result<()> {
        self.begin().await?;
        while self.record.asked() < self.course.rounds {
            self.round().await?;
        }
        for generation in 0..self.course.finale {
            self.generation(generation == 0).await?;
        }
        self.record.end(&self.last, self.learner.labels())
    }

    /// Learns from what is rated before anybody is asked about what was bred.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        if self.learner.labels() == 0 {
            let seeds = seeds()?;
            match self.course.begin {
                Begin::Nothing => {}
                Begin::File => {
                    for label in as_labels(&seeds) {
                        self.store.append(&label)?;
                    }
                    seeds.into_iter().for_each(|(genome, rating)| self.learner.rated(genome, rating));
                }
                Begin::Ask => {
                    let melodies: Vec<Genome> = seeds.into_iter().map(|(genome, _)| genome).collect();
                    self.ask(&melodies).await?;
                }
            }
        }
        let loss = self.learn().await?;
        println!("learner | begins with {} melodies that are rated", self.learner.labels());
        self.note(&[], &[], loss).await
    }

    /// Has melodies bred, of melodies by chance each time so that there is variety, until enough are collected, asks about some, and learns.
    pub(crate) async fn round(&mut self) -> Result<()> {
        for generation in 0..PATIENCE {
            self.generation(generation == 0).await?;
            if self.learner.is_full() {
                break;
            }
        }
        let chosen = self.learner.choose()?;
        let melodies: Vec<Genome> = chosen.iter().map(|(genome, _)| genome.clone()).collect();
        let said = self.ask(&melodies).await?;
        if said.is_empty() {
            println!("learner | nobody rated the {} melodies; asking anew", melodies.len());
            return Ok(());
        }
        let loss = self.learn().await?;
        self.note(&chosen, &said, loss).await
    }

    /// Has one generation bred, of melodies by chance if `anew`, and collects it.
    async fn generation(&mut self, anew: bool) -> Result<()> {
        let order = Order::Start { generations: Some(1), anew };
        self.client.send(order.envelope()?).await?;
        let mut asked: Option<Vec<Genome>> = None;
        loop {
            let message = match timeout(AGAIN, self.heard.next()).await {
                Ok(Some(message)) => message,
                Ok(None) => bail!("the broker is gone"),
                // Who breeds may have been started anew.
                Err(_) => {
                    self.client.send(order.envelope()?).await?;
                    continue;
                }
            };
            match Word::read(&message) {
                Some(Word::Ask(genomes)) if message.field::<u64>("GENERATION").ok().flatten().is_some() => {
                    asked = Some(genomes);
                }
                Some(Word::Worth(genomes, _, opinions)) => {
                    self.learner.collect(&genomes, &opinions);
                    if asked.as_ref() == Some(&genomes) {
                        self.last = genomes.into_iter().zip(opinions).collect();
                        return self
                            .record
                            .generation(Generation::of(&self.last, self.learner.labels()))
                            .await;
                    }
                }
                _ => {}
            }
        }
    }

    /// Asks people, keeps what they say, and returns each melody with its rating.
    async fn ask(&mut self, melodies: &[Genome]) -> Result<Vec<(Genome, u8)>> {
        let patience = Duration::try_from_secs_f64(self.course.patience).context("--patience is no time")?;
        let question = question(melodies, !self.course.silent, patience).quorum(self.course.quorum);
        let answers: Answers = self.oracle.ask(question).await?.context("the broker is gone")?;
        let labels = keep(&mut self.store, &answers)?;
        let said = ratings(&labels)?;
        said.iter().for_each(|(genome, rating)| self.learner.rated(genome.clone(), *rating));
        Ok(said)
    }

    /// Gives the rater all lessons, and returns the mean loss of the last time through.
    async fn learn(&mut self) -> Result<f64> {
        let lessons = self.learner.lessons();
        let last = self.learner.batches();
        let mut losses = Vec::new();
        for lesson in &lessons {
            losses.push(self.lesson(lesson).await?);
        }
        let last = &losses[losses.len().saturating_sub(last)..];
        Ok(last.iter().sum::<f64>() / last.len().max(1) as f64)
    }

    async fn lesson(&self, lesson: &Lesson) -> Result<f64> {
        let mut tries = 0;
        loop {
            match self.try_lesson(lesson).await {
                Err(error) if tries == TRIES => return Err(error.context("the rater does not learn")),
                // A rater that was started anew has not heard of it.
                Err(error) => println!("learner | a lesson came to nothing, and is given again: {error:#}"),
                loss => return loss,
            }
            tries += 1;
        }
    }

    async fn try_lesson(&self, lesson: &Lesson) -> Result<f64> {
        let hit = self.chain.forward(&lesson.melodies).await?;
        let judged = CrossEntropy.judge(hit.value(), &lesson.ratings).map_err(|error| anyhow!(error))?;
        hit.backward(judged.gradient).await?;
        Ok(judged.loss)
    }

    /// Asks the rater what it thinks, without teaching it.
    pub(crate) async fn opinions(&self, melodies: &[Genome]) -> Result<Vec<Opinion>> {
        let scores: Tensor = self.chain.validate().forward(&rows(melodies)).await?.into_value();
        Ok(Opinion::of_scores(&scores))
    }

    /// Measures, and writes it down: what the rater thought before, what people said, what it thinks now.
    async fn note(&mut self, before: &[(Genome, Opinion)], said: &[(Genome, u8)], loss: f64) -> Result<()> {
        let mark = match &self.examination {
            Some(examination) => {
                let opinions = self.opinions(examination.melodies()).await?;
                Some(examination.mark(&opinions))
            }
            None => None,
        };
        let melodies: Vec<Genome> = said.iter().map(|(genome, _)| genome.clone()).collect();
        let after = if said.is_empty() { Vec::new() } else { self.opinions(&melodies).await? };
        let round = Round::of(self.learner.labels(), before, said, &after, mark, loss);
        self.record.round(round).await
    }
}
