//! Trainings over a stage where passes come to nothing as a script says, and over a component in this process.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use swergio_client::{ModelStatus, Tensor};
use tokio::time::{Instant, sleep};

use super::*;
use crate::{BoxError, Differentiable, Pass};

/// Decides what becomes of the next pass.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Good,
    NotForward,
    NotBack,
    Hopeless,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?}")]
struct Mishap(Fate);

/// Returns what it is given, after a while, and notes what was asked of it.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    fates: VecDeque<Fate>,
    forwards: Vec<(f64, ModelStatus)>,
    learned: Vec<f64>,
    under_way: usize,
    most: usize,
}

struct Passing {
    stage: Stage,
    fate: Fate,
    value: f64,
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.stage.0.lock().unwrap().under_way -= 1;
    }
}

impl Stage {
    fn with(fates: &[Fate]) -> Self {
        let stage = Self::default();
        stage.0.lock().unwrap().fates = fates.iter().copied().collect();
        stage
    }

    /// Lists the inputs that went forward.
    fn forwards(&self) -> Vec<f64> {
        self.0.lock().unwrap().forwards.iter().map(|(input, _)| *input).collect()
    }

    /// Lists the gradients that arrived.
    fn learned(&self) -> Vec<f64> {
        self.0.lock().unwrap().learned.clone()
    }
}

impl Course for Stage {
    type Input = f64;
    type Output = f64;
    type Hit = Passing;
    type Error = Mishap;

    async fn forward(&self, input: &f64, status: ModelStatus) -> Result<Passing, Mishap> {
        let passing = {
            let mut noted = self.0.lock().unwrap();
            noted.forwards.push((*input, status));
            noted.under_way += 1;
            noted.most = noted.most.max(noted.under_way);
            let fate = noted.fates.pop_front().unwrap_or(Fate::Good);
            Passing { stage: self.clone(), fate, value: *input }
        };
        sleep(Duration::from_secs(1)).await;
        match passing.fate {
            Fate::NotForward | Fate::Hopeless => Err(Mishap(passing.fate)),
            Fate::Good | Fate::NotBack => Ok(passing),
        }
    }

    fn output(hit: &Passing) -> &f64 {
        &hit.value
    }

    fn root_id(_: &Passing) -> Option<String> {
        None
    }

    async fn backward(hit: Passing, cotangent: f64) -> Result<(), Mishap> {
        if hit.fate == Fate::NotBack {
            return Err(Mishap(hit.fate));
        }
        hit.stage.0.lock().unwrap().learned.push(cotangent);
        Ok(())
    }

    fn passing(error: &Mishap) -> bool {
        error.0 != Fate::Hopeless
    }
}

/// Deals these inputs, one a batch; the target is 0, so that the gradient is the input.
struct Inputs(Vec<f64>);

impl Batches for Inputs {
    type Input = f64;
    type Target = f64;

    fn begin(&mut self, _: u64) -> usize {
        self.0.len()
    }

    fn batch(&mut self, place: usize) -> Result<Batch<f64, f64>, BoxError> {
        Ok(Batch::new(self.0[place], 0.0))
    }
}

/// Half the square: its gradient is the difference.
fn half_square(output: &f64, target: &f64) -> Result<(f64, f64), BoxError> {
    let off = output - target;
    Ok((off * off / 2.0, off))
}

fn once() -> Settings {
    Settings { epochs: 1, ..Settings::default() }
}

async fn train(stage: &Stage, settings: Settings, inputs: &[f64]) -> Result<Outcome, TrainerFault> {
    Trainer::new(stage.clone(), half_square, settings).run(Inputs(inputs.to_vec())).await
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_came_to_nothing_is_played_again_and_learned_once() {
    let stage = Stage::with(&[Fate::Good, Fate::NotForward, Fate::NotForward]);
    let outcome = train(&stage, once(), &[1.0, 2.0, 3.0]).await.unwrap();
    assert_eq!(stage.forwards(), [1.0, 2.0, 2.0, 2.0, 3.0]);
    assert_eq!(stage.learned(), [1.0, 2.0, 3.0]);
    assert_eq!((outcome.steps, outcome.tally), (3, Tally { replayed: 2, lost: 0 }));
    assert_eq!(outcome.epochs[0].loss, (0.5 + 2.0 + 4.5) / 3.0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_gradient_may_have_arrived_is_lost_not_played_again() {
    let stage = Stage::with(&[Fate::Good, Fate::NotBack]);
    let outcome = train(&stage, once(), &[1.0, 2.0, 3.0]).await.unwrap();
    assert_eq!((stage.forwards(), stage.learned()), (vec![1.0, 2.0, 3.0], vec![1.0, 3.0]));
    assert_eq!((outcome.steps, outcome.tally), (2, Tally { replayed: 0, lost: 1 }));

    let stage = Stage::with(&[Fate::Good, Fate::NotBack]);
    let settings = Settings { again: Again::Always, ..once() };
    let outcome = train(&stage, settings, &[1.0, 2.0, 3.0]).await.unwrap();
    assert_eq!(stage.learned(), [1.0, 2.0, 3.0]);
    assert_eq!((outcome.steps, outcome.tally), (3, Tally { replayed: 1, lost: 0 }));
}

#[tokio::test(start_paused = true)]
async fn a_component_that_stays_away_ends_the_training_in_the_end() {
    let stage = Stage::with(&[Fate::NotForward; 20]);
    let began = Instant::now();
    let told = train(&stage, Settings { tries: 7, ..once() }, &[1.0]).await.unwrap_err();
    assert!(matches!(&told, TrainerFault::Stuck { step: 1, tries: 7, .. }), "{told}");
    // Seven tries of a second, and pauses of 100, 200, 400, 800, 1,600 and again 1,600 ms.
    assert_eq!(began.elapsed().as_millis(), 11_700);

    let stage = Stage::with(&[Fate::NotBack; 20]);
    let told = train(&stage, Settings { losses: 3, ..once() }, &[1.0; 9]).await.unwrap_err();
    assert!(matches!(told, TrainerFault::Lossy { losses: 3, .. }), "{told}");
    assert_eq!(stage.forwards().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn whoever_looks_on_is_told_that_a_training_failed() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let listen = move |moment: &Moment<'_>| {
        let word = match moment {
            Moment::Begun(_) => "begun",
            Moment::Step(_) => "step",
            Moment::Epoch(_) => "epoch",
            Moment::Ended(_) => "ended",
            Moment::Failed(TrainerFault::NotFinite { .. }) => "not finite",
            Moment::Failed(_) => "failed",
        };
        told.lock().unwrap().push(word);
        Ok(())
    };
    let trainer = Trainer::new(Stage::default(), half_square, once()).observe(listen);
    trainer.run(Inputs(vec![1.0, f64::INFINITY])).await.unwrap_err();
    assert_eq!(*heard.lock().unwrap(), ["begun", "step", "not finite"]);
}

#[tokio::test(start_paused = true)]
async fn what_will_not_go_better_is_not_tried_again() {
    let stage = Stage::with(&[Fate::Hopeless]);
    let told = train(&stage, once(), &[1.0]).await.unwrap_err();
    assert!(matches!(&told, TrainerFault::Stuck { tries: 1, .. }), "{told}");
}

#[tokio::test(start_paused = true)]
async fn samples_overlap_as_far_as_the_settings_allow() {
    for (in_flight, seconds) in [(1, 10), (4, 3)] {
        let (stage, began) = (Stage::default(), Instant::now());
        let outcome = train(&stage, Settings { in_flight, ..once() }, &[1.0; 10]).await.unwrap();
        assert_eq!((stage.0.lock().unwrap().most, outcome.steps), (in_flight, 10));
        assert_eq!(began.elapsed().as_secs(), seconds);
        assert_eq!(outcome.epochs[0].rate, 10.0 / seconds as f64);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_learns_from_validation() {
    let stage = Stage::default();
    let trainer = Trainer::new(stage.clone(), half_square, Settings { epochs: 2, ..once() });
    let outcome = trainer.run_and_validate(Inputs(vec![1.0]), Inputs(vec![2.0, 4.0])).await.unwrap();
    assert_eq!(stage.learned(), [1.0, 1.0]);
    let statuses: Vec<i64> = stage.0.lock().unwrap().forwards.iter().map(|(_, status)| status.0).collect();
    assert_eq!(statuses, [1, 2, 2, 1, 2, 2]);
    assert_eq!(outcome.epochs[1].validation, Some(5.0));
    assert_eq!((outcome.best, outcome.end), (Some(1), End::Done));
}

#[tokio::test(start_paused = true)]
async fn a_training_ends_when_it_is_good_enough_or_becomes_no_better_or_has_taken_its_steps() {
    let stage = Stage::default();
    let settings = Settings { until: Some(0.5), ..Settings::default() };
    let outcome = train(&stage, settings, &[1.0]).await.unwrap();
    assert_eq!((outcome.epochs.len(), outcome.end), (1, End::Reached));

    let patience = Some(Patience { epochs: 3, least: 0.0 });
    let settings = Settings { patience, ..Settings::default() };
    let outcome = train(&stage, settings, &[1.0]).await.unwrap();
    assert_eq!((outcome.epochs.len(), outcome.best, outcome.end), (4, Some(1), End::Stalled));

    let settings = Settings { steps: Some(5), ..Settings::default() };
    let outcome = train(&stage, settings, &[1.0, 1.0]).await.unwrap();
    assert_eq!((outcome.steps, outcome.epochs.len(), outcome.end), (5, 3, End::Done));
}

#[tokio::test(start_paused = true)]
async fn a_loss_that_is_not_finite_sends_nothing_back() {
    let stage = Stage::default();
    let told = train(&stage, once(), &[1.0, f64::NAN, 3.0]).await.unwrap_err();
    assert!(matches!(told, TrainerFault::NotFinite { step: 2, .. }), "{told}");
    assert_eq!(stage.learned(), [1.0]);
}

#[tokio::test(start_paused = true)]
async fn a_loss_that_panics_ends_the_training_not_the_process() {
    let broken = |_: &f64, _: &f64| -> Result<(f64, f64), BoxError> { panic!("no such class") };
    let told = Trainer::new(Stage::default(), broken, once()).run(Inputs(vec![1.0])).await.unwrap_err();
    assert!(matches!(told, TrainerFault::Loss { step: 1, .. }), "{told}");
}

/// y = w x, by plain gradient descent.
struct Gain(f64);

impl Differentiable for Gain {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Tensor;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Tensor), BoxError> {
        Ok((&x * self.0, x))
    }

    fn vjp(&mut self, x: Tensor, cotangent: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        let slope: f64 = (&x * &cotangent).to_f64_vec().iter().sum();
        let by_input = &cotangent * self.0;
        self.0 -= 0.1 * slope;
        Ok(by_input)
    }
}

#[tokio::test]
async fn a_component_in_this_process_is_trained_and_its_curves_fall() {
    let inputs: Vec<f64> = (0..20).map(|number| f64::from(number) / 10.0 - 1.0).collect();
    let targets: Vec<f64> = inputs.iter().map(|x| 3.0 * x).collect();
    let rows = |size| {
        let column = |numbers: &[f64]| Tensor::from_f64([20, 1], numbers).unwrap();
        Rows::new(column(&inputs), column(&targets), size).unwrap()
    };
    let (gain, curves) = (Arc::new(Mutex::new(Gain(0.0))), Curves::default());
    let file = std::env::temp_dir().join(format!("swergio-trainer-{}.csv", std::process::id()));
    let outcome = Trainer::new(Local::shared(Arc::clone(&gain)), Mse, Settings { epochs: 30, ..once() })
        .observe(curves.clone())
        .observe(Csv::create(&file).unwrap())
        .run_and_validate(rows(5).shuffled(7), rows(20))
        .await
        .unwrap();
    assert!((gain.lock().unwrap().0 - 3.0).abs() < 1e-3);
    assert_eq!((outcome.steps, outcome.best, curves.steps().len()), (120, Some(30), 120));
    let validation = curves.validation();
    assert!(validation.windows(2).all(|pair| pair[1].1 < pair[0].1) && validation[29].0 == 120.0);

    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!((lines.len(), lines[0]), (31, "epoch,step,train_loss,validation_loss,rate,replayed,lost"));
    let last = format!("30,120,{},{},", outcome.epochs[29].loss, validation[29].1);
    assert!(lines[30].starts_with(&last) && lines[30].ends_with(",0,0"), "{}", lines[30]);
}
