//! Loss: how far an output is from its target, and the gradient of that.

use swergio_client::Tensor;

use crate::BoxError;

/// Judges outputs. A closure that returns the loss and the gradient by the output is one:
///
/// ```
/// use swergio_toolbox::{BoxError, Tensor, trainer::{Batch, Loss}};
///
/// let cubic = |y: &Tensor, wanted: &Tensor| -> Result<(f64, Tensor), BoxError> {
///     let off = y.try_sub(wanted)?;
///     let cubes: f64 = off.to_f64_vec().iter().map(|d| d.abs().powi(3)).sum();
///     let slopes: Vec<f64> = off.to_f64_vec().iter().map(|d| 3.0 * d * d.abs()).collect();
///     Ok((cubes, Tensor::from_f64(y.shape(), &slopes)?))
/// };
/// let (one, zero) = (Tensor::from_f64([1], &[1.0])?, Tensor::from_f64([1], &[0.0])?);
/// assert_eq!(cubic.judge(&one, &zero)?.loss, 1.0);
/// # Ok::<(), BoxError>(())
/// ```
pub trait Loss<Y, T>: Send + Sync + 'static {
    /// Judges the output of one batch.
    ///
    /// # Errors
    /// When they do not fit each other: training ends with it.
    fn judge(&self, output: &Y, target: &T) -> Result<Judgement<Y>, BoxError>;
}

/// Holds a loss and its gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement<Y> {
    /// The loss, a mean over the batch.
    pub loss: f64,
    /// The gradient of the loss by the output, in the output's shape and dtype.
    pub gradient: Y,
}

impl<Y, T, F> Loss<Y, T> for F
where
    F: Fn(&Y, &T) -> Result<(f64, Y), BoxError> + Send + Sync + 'static,
{
    fn judge(&self, output: &Y, target: &T) -> Result<Judgement<Y>, BoxError> {
        self(output, target).map(|(loss, gradient)| Judgement { loss, gradient })
    }
}

/// Takes the mean of the squared differences: `torch.nn.MSELoss`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mse;

/// Takes the mean of the absolute differences: `torch.nn.L1Loss`. The slope at no difference is 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mae;

/// Takes half the square of small differences, and grows evenly beyond `delta`; the mean: `torch.nn.HuberLoss`.
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// Where it stops being a square, above 0. 1.
    pub delta: f64,
}

/// Takes the cross entropy of unnormalised scores, `[samples, classes]`, the mean over the samples: `torch.nn.CrossEntropyLoss`.
///
/// Targets are classes, integers in `[samples]`, or probabilities in `[samples, classes]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrossEntropy;

impl Default for Huber {
    fn default() -> Self {
        Self { delta: 1.0 }
    }
}

impl Loss<Tensor, Tensor> for Mse {
    fn judge(&self, output: &Tensor, target: &Tensor) -> Result<Judgement<Tensor>, BoxError> {
        mean(output, target, |off| (off * off, 2.0 * off))
    }
}

impl Loss<Tensor, Tensor> for Mae {
    fn judge(&self, output: &Tensor, target: &Tensor) -> Result<Judgement<Tensor>, BoxError> {
        mean(output, target, |off| (off.abs(), if off == 0.0 { 0.0 } else { off.signum() }))
    }
}

impl Loss<Tensor, Tensor> for Huber {
    fn judge(&self, output: &Tensor, target: &Tensor) -> Result<Judgement<Tensor>, BoxError> {
        let delta = self.delta;
        mean(output, target, |off| {
            if off.abs() <= delta {
                (off * off / 2.0, off)
            } else {
                (delta * (off.abs() - delta / 2.0), delta * off.signum())
            }
        })
    }
}

/// Takes the mean over all numbers of a loss of the difference, and divides its slopes as well.
fn mean(
    output: &Tensor,
    target: &Tensor,
    of: impl Fn(f64) -> (f64, f64),
) -> Result<Judgement<Tensor>, BoxError> {
    if output.shape() != target.shape() {
        return Err(mismatch(output, target));
    }
    let count = output.len().max(1) as f64;
    let pairs = output.to_f64_vec().into_iter().zip(target.to_f64_vec());
    let (losses, slopes): (Vec<f64>, Vec<f64>) = pairs.map(|(output, target)| of(output - target)).unzip();
    let slopes: Vec<f64> = slopes.into_iter().map(|slope| slope / count).collect();
    judgement(losses.iter().sum::<f64>() / count, output, &slopes)
}

impl Loss<Tensor, Tensor> for CrossEntropy {
    fn judge(&self, output: &Tensor, target: &Tensor) -> Result<Judgement<Tensor>, BoxError> {
        let &[samples, classes] = output.shape() else { return Err(mismatch(output, target)) };
        let wanted = probabilities(output, target, classes)?;
        let (mut loss, mut slopes) = (0.0, Vec::with_capacity(output.len()));
        let share = 1.0 / samples.max(1) as f64;
        let scores = output.to_f64_vec();
        for (scores, wanted) in scores.chunks(classes.max(1)).zip(wanted.chunks(classes.max(1))) {
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let whole: f64 = scores.iter().map(|score| (score - most).exp()).sum();
            let all: f64 = wanted.iter().sum();
            for (score, wanted) in scores.iter().zip(wanted) {
                loss -= share * wanted * (score - most - whole.ln());
                slopes.push(share * (all * (score - most).exp() / whole - wanted));
            }
        }
        judgement(loss, output, &slopes)
    }
}

/// Spells targets as probabilities.
fn probabilities(output: &Tensor, target: &Tensor, classes: usize) -> Result<Vec<f64>, BoxError> {
    if target.shape() == output.shape() {
        return Ok(target.to_f64_vec());
    }
    if target.shape() != &output.shape()[..1] {
        return Err(mismatch(output, target));
    }
    let mut wanted = vec![0.0; output.len()];
    for (sample, class) in target.to_i64_vec().into_iter().enumerate() {
        let class = usize::try_from(class).ok().filter(|class| *class < classes);
        let class = class.ok_or_else(|| format!("sample {sample} has no class among the {classes}"))?;
        wanted[sample * classes + class] = 1.0;
    }
    Ok(wanted)
}

fn judgement(loss: f64, output: &Tensor, slopes: &[f64]) -> Result<Judgement<Tensor>, BoxError> {
    let gradient = Tensor::from_f64(output.shape(), slopes)?.to_dtype(output.dtype());
    Ok(Judgement { loss, gradient })
}

fn mismatch(output: &Tensor, target: &Tensor) -> BoxError {
    let (output, had, target, wanted) = (output.dtype(), output.shape(), target.dtype(), target.shape());
    format!(
        "the output {output}{had:?} cannot be judged by the target {target}{wanted:?}: nothing is broadcast"
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(numbers: &[f64]) -> Tensor {
        Tensor::from_f64([1, numbers.len()], numbers).unwrap()
    }

    fn check(loss: &impl Loss<Tensor, Tensor>, output: &Tensor, target: &Tensor, wanted: f64) {
        let judged = loss.judge(output, target).unwrap();
        assert!((judged.loss - wanted).abs() < 1e-12, "{} is not {wanted}", judged.loss);
        // The gradient is that of finite differences.
        let at = |place: usize, by: f64| {
            let mut moved = output.to_f64_vec();
            moved[place] += by;
            loss.judge(&Tensor::from_f64(output.shape(), &moved).unwrap(), target).unwrap().loss
        };
        for (place, slope) in judged.gradient.to_f64_vec().into_iter().enumerate() {
            let wanted = (at(place, 1e-6) - at(place, -1e-6)) / 2e-6;
            assert!((slope - wanted).abs() < 1e-8, "{place}: {slope} is not {wanted}");
        }
    }

    #[test]
    fn losses_are_those_that_pytorch_documents() {
        let (output, target) = (row(&[1.0, -2.0, 0.5, 4.0]), row(&[0.0, 1.0, 0.25, 4.5]));
        check(&Mse, &output, &target, (1.0 + 9.0 + 0.0625 + 0.25) / 4.0);
        check(&Mae, &output, &target, (1.0 + 3.0 + 0.25 + 0.5) / 4.0);
        check(&Huber { delta: 2.0 }, &output, &target, (0.5 + 2.0 * 2.0 + 0.031_25 + 0.125) / 4.0);
        assert_eq!(Mae.judge(&target, &target).unwrap().gradient, row(&[0.0; 4]));
    }

    #[test]
    fn cross_entropy_takes_classes_or_probabilities() {
        let scores = Tensor::from_f64([2, 3], &[1.0, 2.0, 3.0, 0.0, 0.0, 0.0]).unwrap();
        let first = -(3.0_f64.exp() / (1.0_f64.exp() + 2.0_f64.exp() + 3.0_f64.exp())).ln();
        let classes = Tensor::from_i64([2], &[2, 0]).unwrap();
        check(&CrossEntropy, &scores, &classes, (first + 3.0_f64.ln()) / 2.0);
        let sure = Tensor::from_f64([2, 3], &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]).unwrap();
        check(&CrossEntropy, &scores, &sure, (first + 3.0_f64.ln()) / 2.0);
        let unsure = Tensor::from_f64([2, 3], &[0.2, 0.3, 0.5, 0.25, 0.25, 0.5]).unwrap();
        let spread = first + 0.2 * 2.0 + 0.3;
        check(&CrossEntropy, &scores, &unsure, (spread + 3.0_f64.ln()) / 2.0);
        let far = Tensor::from_f64([1, 2], &[1e4, 0.0]).unwrap();
        assert_eq!(CrossEntropy.judge(&far, &Tensor::from_i64([1], &[1]).unwrap()).unwrap().loss, 1e4);
    }

    #[test]
    fn nothing_is_broadcast() {
        let told = Mse.judge(&row(&[1.0, 2.0]), &row(&[1.0])).unwrap_err().to_string();
        assert!(told.contains("f64[1, 2]") && told.contains("f64[1, 1]"), "{told}");
        let unknown = Tensor::from_i64([1], &[2]).unwrap();
        assert!(CrossEntropy.judge(&row(&[1.0, 2.0]), &unknown).is_err());
    }

    #[test]
    fn the_gradient_has_the_dtype_of_the_output() {
        let output = Tensor::from_f32([2], &[1.0, 2.0]).unwrap();
        let judged = Mse.judge(&output, &Tensor::from_f64([2], &[0.0, 0.0]).unwrap()).unwrap();
        assert_eq!(judged.gradient, Tensor::from_f32([2], &[1.0, 2.0]).unwrap());
    }
}
