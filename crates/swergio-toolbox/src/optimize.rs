//! Optimize: the inputs of a running process, moved along its gradients until a loss of its outputs is least.

mod adam;
mod bounds;
mod lbfgs;
mod stop;

use std::ops::ControlFlow;

use tokio::time::{Instant, timeout_at};

use crate::derive::Layout;
use crate::{BoxError, Value, Vjp, gradient};

use adam::Adam;
use bounds::Bounds;
use lbfgs::Lbfgs;
pub use stop::{Iterate, Optimum, Reason, Stop};

/// Begins to search for the input of a model at which a loss of its output is least.
///
/// The model is anything with a vjp: a component of this process, or a running chain, best as [`Chain::probe`](crate::Chain::probe), so that nobody
/// learns from the search. Each evaluation is one pass forward and back.
///
/// ```no_run
/// use swergio_toolbox::{BoxError, Chain, Client, Method, Tensor, optimize};
///
/// # async fn run(client: Client) -> Result<(), BoxError> {
/// let chain = Chain::new(&client).input("model").output("output").open().await?;
/// let aim = Tensor::from_f64([1, 2], &[45.0, 200.0])?; // angle in degrees, weight in pounds
/// let best = optimize(&mut chain.probe(), aim)
///     .between(Tensor::from_f64([1, 2], &[10.0, 50.0])?, Tensor::from_f64([1, 2], &[80.0, 500.0])?)
///     .minimise(|distance: Tensor| {
///         let off = distance.to_f64_vec()[0] - 90.0;
///         Ok((off * off, Tensor::from_f64(distance.shape(), &[2.0 * off])?))
///     })
///     .await?;
/// println!("{} after {} passes: {:?}", best.loss, best.evaluations, best.reason);
/// # Ok(()) }
/// ```
pub fn optimize<M: Vjp, X: Value>(model: &mut M, start: X) -> Optimize<'_, M, X> {
    let progress = Box::new(|_: &Iterate| ControlFlow::Continue(()));
    Optimize { model, start, between: None, method: Method::default(), stop: Stop::default(), progress }
}

/// Chooses how a search goes on from one input to the next.
///
/// Either works on inputs that are measured by their range, where both bounds are given, and otherwise by the size of the start, so that degrees
/// and pounds count alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// Quasi-Newton steps from the last `memory` gradients, within the bounds, each as long as the loss really falls. For losses
    /// that are smooth and exact: the fewest passes by far.
    Lbfgs {
        /// Gradients that are remembered: 5 to 20.
        memory: usize,
    },
    /// Steps of Adam. For losses that are noisy or have kinks.
    Adam {
        /// About how far one step goes, as a share of the range or size: 0.001 to 0.1.
        rate: f64,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::Lbfgs { memory: 10 }
    }
}

type Progress<'m> = Box<dyn FnMut(&Iterate) -> ControlFlow<()> + Send + 'm>;

/// Searches for an input, from [`optimize`].
#[must_use = "it does nothing before `minimise`"]
pub struct Optimize<'m, M, X> {
    model: &'m mut M,
    start: X,
    between: Option<(X, X)>,
    method: Method,
    stop: Stop,
    progress: Progress<'m>,
}

/// What a method wants next.
enum Ask {
    /// To know the loss and its gradient here.
    Evaluate(Vec<f64>),
    /// Nothing: it can go no further.
    Stuck,
}

/// What a method is told of the point that it asked for.
struct Told {
    loss: f64,
    gradient: Vec<f64>,
}

/// A method, which owns no model: it is told and asks.
trait Search: Send {
    /// Takes in what was asked for, and says whether that ended a step: then it is at the point which it was told of.
    fn tell(&mut self, told: Told) -> bool;
    /// Says what to evaluate next.
    fn ask(&mut self) -> Ask;
    /// Returns where it is: the point, the loss and the gradient there.
    fn place(&self) -> (&[f64], f64, &[f64]);
}

impl<'m, M: Vjp, X: Value> Optimize<'m, M, X> {
    /// Keeps every number of the input between two others; infinite ones are no bound. The start is moved between them.
    pub fn between(self, lower: X, upper: X) -> Self {
        Self { between: Some((lower, upper)), ..self }
    }

    /// Chooses the method. L-BFGS with a memory of 10.
    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Sets when to stop.
    pub fn stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// Tells of each step; `Break` ends the search with [`Reason::Asked`].
    pub fn progress(self, progress: impl FnMut(&Iterate) -> ControlFlow<()> + Send + 'm) -> Self {
        Self { progress: Box::new(progress), ..self }
    }

    /// Shows a bar in the terminal, with the loss.
    #[cfg(feature = "progress")]
    pub fn bar(self) -> Self {
        let style = indicatif::ProgressStyle::with_template("{elapsed:>4} {bar:30} {pos}/{len} loss {msg}")
            .expect("the template of the bar is well formed");
        let bar = indicatif::ProgressBar::new(self.stop.iterations as u64).with_style(style);
        self.progress(move |at| {
            bar.set_position(at.iteration as u64);
            bar.set_message(format!("{:.6e}", at.loss));
            ControlFlow::Continue(())
        })
    }

    /// Searches for the least loss. `loss` returns the loss of an output and its gradient by the output.
    ///
    /// A trial step that leads where the model has no value, or refuses, is made shorter.
    ///
    /// # Errors
    /// What model or loss find wrong at the start; bounds of another shape than the start, or crossed.
    pub async fn minimise<Y: Value>(
        mut self,
        mut loss: impl FnMut(Y) -> Result<(f64, Y), BoxError> + Send,
    ) -> Result<Optimum<X>, BoxError> {
        let start = self.start.into_values()?;
        let layout = Layout::of(&start);
        let row = |values: X| Ok::<_, BoxError>(layout.read(&values.into_values()?)?);
        let between =
            self.between.map(|(lower, upper)| Ok::<_, BoxError>((row(lower)?, row(upper)?))).transpose()?;
        let bounds = Bounds::new(layout.read(&start)?, between)?;
        let mut search: Box<dyn Search> = match self.method {
            Method::Lbfgs { memory } => Box::new(Lbfgs::new(bounds.start(), bounds.clone(), memory.max(1))),
            Method::Adam { rate } => Box::new(Adam::new(bounds.start(), bounds.clone(), rate)),
        };
        let mut run = Run { best: None, trace: Vec::new(), evaluations: 0, still: 0 };
        let until = self.stop.deadline.map(|time| Instant::now() + time);
        let reason = loop {
            let Ask::Evaluate(place) = search.ask() else { break Reason::Stuck };
            if run.evaluations >= self.stop.evaluations {
                break Reason::Evaluations;
            }
            let input = layout.write(&bounds.unscaled(&place))?;
            let evaluation = gradient(self.model, input, &mut loss);
            let evaluated = match until {
                Some(until) => match timeout_at(until, evaluation).await {
                    Ok(evaluated) => evaluated,
                    Err(_) if run.best.is_some() => break Reason::Deadline,
                    Err(_) => return Err("the deadline was over before the first pass had come back".into()),
                },
                None => evaluation.await,
            };
            run.evaluations += 1;
            let told = match evaluated {
                Ok((loss, by_input)) => Told { loss, gradient: bounds.scaled(layout.read(&by_input)?) },
                Err(error) if run.best.is_none() => return Err(error),
                Err(_) => Told { loss: f64::INFINITY, gradient: vec![0.0; layout.len()] },
            };
            if run.best.is_none() && !told.loss.is_finite() {
                return Err("the loss is not finite at the start".into());
            }
            run.note(&place, &told);
            if search.tell(told)
                && let Some(reason) = run.step(search.as_ref(), &bounds, &self.stop, &mut self.progress)
            {
                break reason;
            }
        };
        let (place, loss) = run.best.ok_or("no pass was made: allow at least one evaluation")?;
        let input = X::from_values(layout.write(&bounds.unscaled(&place))?)?;
        Ok(Optimum { input, loss, reason, evaluations: run.evaluations, trace: run.trace })
    }
}

/// Holds a search under way.
struct Run {
    best: Option<(Vec<f64>, f64)>,
    trace: Vec<Iterate>,
    evaluations: usize,
    /// Steps in a row that have hardly changed the loss.
    still: usize,
}

impl Run {
    /// Keeps the best point of all that were evaluated.
    fn note(&mut self, place: &[f64], told: &Told) {
        if told.loss.is_finite() && self.best.as_ref().is_none_or(|(_, least)| told.loss < *least) {
            self.best = Some((place.to_vec(), told.loss));
        }
    }

    /// Notes a step, and says whether it was the last.
    fn step(
        &mut self,
        search: &dyn Search,
        bounds: &Bounds,
        stop: &Stop,
        progress: &mut Progress<'_>,
    ) -> Option<Reason> {
        let (place, loss, gradient) = search.place();
        let slope = bounds.slope(place, gradient);
        let iterate =
            Iterate { iteration: self.trace.len(), evaluations: self.evaluations, loss, gradient: slope };
        if let Some(last) = self.trace.last() {
            let change = (last.loss - loss).abs() / f64::max(1.0, loss.abs());
            self.still = if change <= stop.change { self.still + 1 } else { 0 };
        }
        let asked = progress(&iterate).is_break();
        self.trace.push(iterate);
        let reached = stop.target.is_some_and(|target| loss <= target);
        [
            (reached, Reason::Target),
            (slope <= stop.gradient, Reason::Gradient),
            (self.still >= Stop::STILL, Reason::Change),
            (asked, Reason::Asked),
            (self.trace.len() > stop.iterations, Reason::Iterations),
        ]
        .into_iter()
        .find_map(|(is_so, reason)| is_so.then_some(reason))
    }
}

impl<M, X> std::fmt::Debug for Optimize<'_, M, X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Optimize")
            .field("method", &self.method)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
