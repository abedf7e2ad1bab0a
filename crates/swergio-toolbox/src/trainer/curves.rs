//! Curves: the losses of a training, kept in memory for a plot, or written to a file as they come.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Moment, Observer};
use crate::BoxError;

/// Steps that are kept; beyond it every second one is dropped, and from then on only every second is kept.
const POINTS: usize = 8_192;

/// Keeps the losses. Clones share them: one is the trainer's observer, the other is looked at.
///
/// ```no_run
/// # async fn run(chain: swergio_toolbox::Chain, batches: swergio_toolbox::trainer::Rows) -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_toolbox::trainer::{Csv, Curves, Mse, Settings, Trainer};
///
/// let curves = Curves::default();
/// Trainer::new(chain, Mse, Settings::default())
///     .observe(curves.clone())
///     .observe(Csv::create("loss.csv")?)
///     .run(batches)
///     .await?;
/// println!("{:?}", curves.epochs().last());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Curves(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    steps: Vec<(f64, f64)>,
    /// Of how many steps one is kept, as a power of two.
    thinned: u32,
    epochs: Vec<(f64, f64)>,
    validation: Vec<(f64, f64)>,
}

impl Curves {
    /// Returns the loss by the number of the step, thinned out where there are more than a few thousand.
    pub fn steps(&self) -> Vec<(f64, f64)> {
        self.kept().steps.clone()
    }

    /// Returns the mean loss of each epoch, by the number of its last step.
    pub fn epochs(&self) -> Vec<(f64, f64)> {
        self.kept().epochs.clone()
    }

    /// Returns the loss of each epoch's validation, by the number of its last step.
    pub fn validation(&self) -> Vec<(f64, f64)> {
        self.kept().validation.clone()
    }

    /// Draws the losses over the steps, on a logarithmic axis: each step, the mean of each epoch, and the validation.
    #[cfg(feature = "plot")]
    pub fn panel(&self, unit: &str) -> crate::plot::Panel {
        let panel = crate::plot::Panel::new("Loss").axes("step", unit).log().line("steps", self.steps());
        let panel = panel.line("epochs", self.epochs());
        let validation = self.validation();
        if validation.is_empty() { panel } else { panel.line("validation", validation) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // It is whole between any two of its steps.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, number: u64, loss: f64) {
        if !number.is_multiple_of(1 << self.thinned) {
            return;
        }
        if self.steps.len() >= POINTS {
            self.thinned += 1;
            let stride = 1_u64 << self.thinned;
            self.steps.retain(|(number, _)| (*number as u64).is_multiple_of(stride));
            return self.push(number, loss);
        }
        self.steps.push((number as f64, loss));
    }
}

impl Observer for Curves {
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), BoxError> {
        let mut kept = self.kept();
        match moment {
            Moment::Step(step) if step.learned => kept.push(step.number, step.loss),
            Moment::Epoch(epoch) => {
                kept.epochs.push((epoch.steps as f64, epoch.loss));
                kept.validation.extend(epoch.validation.map(|loss| (epoch.steps as f64, loss)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Writes a line for each epoch to a file, as soon as it is over: epoch, step, train_loss, validation_loss, rate, replayed, lost.
#[derive(Debug)]
pub struct Csv(BufWriter<File>);

impl Csv {
    /// Creates the file, or empties it, and writes the names of the columns.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn create(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "epoch,step,train_loss,validation_loss,rate,replayed,lost")?;
        file.flush()?;
        Ok(Self(file))
    }
}

impl Observer for Csv {
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), BoxError> {
        if let Moment::Epoch(epoch) = moment {
            let validation = epoch.validation.map(|loss| loss.to_string()).unwrap_or_default();
            let (number, steps, loss, rate) = (epoch.number, epoch.steps, epoch.loss, epoch.rate);
            let (replayed, lost) = (epoch.tally.replayed, epoch.tally.lost);
            writeln!(self.0, "{number},{steps},{loss},{validation},{rate},{replayed},{lost}")?;
            self.0.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trainer::Step;

    #[test]
    fn a_long_training_keeps_evenly_spread_points() {
        let mut curves = Curves::default();
        for number in 1..=100_000 {
            let step = Step { number, epoch: 1, of: 1, learned: true, loss: 1.0, root_id: None };
            curves.note(&Moment::Step(&step)).unwrap();
        }
        let points = curves.steps();
        assert!(points.len() <= POINTS && points.len() > POINTS / 2, "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[1].0 - pair[0].0 == 16.0));
    }

    #[cfg(feature = "plot")]
    #[test]
    fn curves_can_be_drawn() {
        let mut curves = Curves::default();
        for number in 1..=3 {
            let step = Step { number, epoch: 1, of: 3, learned: true, loss: 1.0, root_id: None };
            curves.note(&Moment::Step(&step)).unwrap();
        }
        let svg = crate::plot::Plot::new("").panel(curves.panel("m²")).to_svg().unwrap();
        assert!(svg.contains("epochs") && svg.contains("m²") && !svg.contains("validation"));
    }
}
