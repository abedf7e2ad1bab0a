//! Progress: a bar in the terminal with the loss and the rate of a training.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::BoxError;
use crate::trainer::{Epoch, Moment, Observer, Outcome, Settings, Step};

/// How often the bar is drawn anew, at most, each second.
const FRAMES: u8 = 10;

/// Shows how a training goes: epoch, a bar of its batches, batches a second, the last loss, and a line for each epoch that is over.
///
/// It goes to standard error, and only where that is a terminal: in a file or a pipe nothing is written.
///
/// ```no_run
/// # async fn run(chain: swergio_toolbox::Chain, batches: swergio_toolbox::trainer::Rows) -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_toolbox::progress::Bar;
/// use swergio_toolbox::trainer::{Mse, Settings, Trainer};
///
/// Trainer::new(chain, Mse, Settings::default()).observe(Bar::new()).run(batches).await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    epochs: u64,
    /// Batches done in this round.
    done: u64,
}

impl Bar {
    /// Makes a bar that appears when the training begins.
    pub fn new() -> Self {
        Self::on(ProgressDrawTarget::stderr_with_hz(FRAMES))
    }

    fn on(target: ProgressDrawTarget) -> Self {
        Self { bar: ProgressBar::with_draw_target(None, target), epochs: 0, done: 0 }
    }

    fn begin(&mut self, settings: &Settings) -> Result<(), BoxError> {
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {per_sec:>12} {msg}")?;
        self.bar.set_style(style.progress_chars("━╸ "));
        self.epochs = settings.epochs;
        Ok(())
    }

    fn step(&mut self, step: &Step) {
        if self.done >= step.of as u64 {
            self.done = 0;
            self.bar.reset();
        }
        self.done += 1;
        let what = if step.learned || step.number == 0 { "epoch" } else { "check" };
        self.bar.set_length(step.of as u64);
        self.bar.set_prefix(format!("{what} {}/{}", step.epoch, self.epochs));
        self.bar.set_message(format!("loss {}", short(step.loss)));
        self.bar.set_position(self.done);
    }

    fn epoch(&mut self, epoch: &Epoch) {
        self.bar.println(line(epoch));
        self.done = 0;
        self.bar.reset();
    }

    fn end(&mut self, outcome: &Outcome) {
        self.bar.finish_and_clear();
        self.bar.println(format!("{} steps, {:?}", outcome.steps, outcome.end).to_lowercase());
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Bar {
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), BoxError> {
        match moment {
            Moment::Begun(settings) => self.begin(settings)?,
            Moment::Step(step) => self.step(step),
            Moment::Epoch(epoch) => self.epoch(epoch),
            Moment::Ended(outcome) => self.end(outcome),
            // Who ran the training says why.
            Moment::Failed(_) => self.bar.abandon(),
        }
        Ok(())
    }
}

/// Sums an epoch up in a line.
fn line(epoch: &Epoch) -> String {
    let mut line = format!("epoch {:>4}  loss {:>9}", epoch.number, short(epoch.loss));
    if let Some(validation) = epoch.validation {
        line += &format!("  validation {:>9}", short(validation));
    }
    line += &format!("  {:>7.1} batches/s", epoch.rate);
    if epoch.tally.replayed + epoch.tally.lost > 0 {
        line += &format!("  {} played again, {} lost", epoch.tally.replayed, epoch.tally.lost);
    }
    if epoch.best { line + "  best" } else { line }
}

/// Spells a loss in four digits that count.
fn short(loss: f64) -> String {
    if loss == 0.0 || (1e-3..1e5).contains(&loss.abs()) {
        let digits = (3 - loss.abs().max(1e-3).log10().floor() as i32).clamp(0, 6) as usize;
        format!("{loss:.digits$}")
    } else {
        format!("{loss:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;
    use crate::trainer::{End, Tally};

    #[test]
    fn a_bar_shows_the_epoch_the_batches_and_the_loss() {
        let term = InMemoryTerm::new(20, 120);
        let mut bar = Bar::on(ProgressDrawTarget::term_like_with_hz(Box::new(term.clone()), 255));
        bar.note(&Moment::Begun(&Settings { epochs: 3, ..Settings::default() })).unwrap();
        for number in 1..=4 {
            let step = Step { number, epoch: 2, of: 4, learned: true, loss: 0.123_456, root_id: None };
            bar.note(&Moment::Step(&step)).unwrap();
        }
        bar.bar.force_draw();
        let shown = term.contents();
        assert!(
            shown.contains("epoch 2/3") && shown.contains("4/4") && shown.contains("loss 0.1235"),
            "{shown}"
        );

        let tally = Tally { replayed: 2, lost: 1 };
        let epoch =
            Epoch { number: 2, steps: 4, loss: 0.5, validation: Some(12.0), rate: 250.0, best: true, tally };
        bar.note(&Moment::Epoch(&epoch)).unwrap();
        let shown = term.contents();
        for text in
            ["loss    0.5000", "validation     12.00", "250.0 batches/s", "2 played again, 1 lost", "best"]
        {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        let outcome = Outcome { epochs: vec![epoch], best: Some(2), steps: 4, end: End::Reached, tally };
        bar.note(&Moment::Ended(&outcome)).unwrap();
        assert!(term.contents().ends_with("4 steps, reached"), "{}", term.contents());
    }

    #[test]
    fn losses_are_short() {
        let spelt = [0.0, 1.0, 1234.56, 0.001_234_5, 1e-7, 9.87e8, f64::NAN].map(short);
        assert_eq!(spelt, ["0.000000", "1.000", "1235", "0.001234", "1.000e-7", "9.870e8", "NaN"]);
    }
}
