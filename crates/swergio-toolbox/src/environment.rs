//! Environment: what is acted in, one alone or many copies side by side.

mod actor;
mod live;
mod time_limit;
mod vectorised;

pub use actor::{Actor, ActorLimits, ActorTally, Turn};
pub use live::{LiveError, LiveLimits, LiveTally, Rooms, serve};
pub use time_limit::TimeLimit;
pub use vectorised::{EnvironmentFault, Stepped, Vectorised};

use crate::dice::Dice;
use crate::space::Space;
use crate::{BoxError, Values};

/// Is acted in: shows something, is told what to do, pays for it. The words and their meaning are Gymnasium's.
///
/// ```
/// use swergio_toolbox::dice::Dice;
/// use swergio_toolbox::environment::{Environment, Outcome, Vectorised};
/// use swergio_toolbox::space::Space;
/// use swergio_toolbox::{BoxError, Dtype, Tensor, Values};
///
/// /// A corridor of five places; who reaches the last is paid, who falls off the first is not.
/// struct Corridor(i64);
///
/// impl Corridor {
///     fn seen(&self) -> Values {
///         Values::One(Tensor::from_i64([], &[self.0]).expect("one number for no dimensions"))
///     }
/// }
///
/// impl Environment for Corridor {
///     fn observation_space(&self) -> Space {
///         Space::discrete_from(-1, 6).expect("there are six places")
///     }
///     fn action_space(&self) -> Space {
///         Space::discrete(2).expect("there are two directions")
///     }
///     fn reset(&mut self, dice: &mut Dice) -> Result<Values, BoxError> {
///         self.0 = 1 + dice.below(2) as i64;
///         Ok(self.seen())
///     }
///     fn step(&mut self, action: &Values) -> Result<Outcome, BoxError> {
///         let Values::One(action) = action else { unreachable!("a Discrete has no names") };
///         self.0 += 2 * action.to_i64_vec()[0] - 1;
///         let (lost, won) = (self.0 < 0, self.0 == 4);
///         Ok(Outcome { observation: self.seen(), reward: f64::from(u8::from(won)), terminated: lost || won, truncated: false })
///     }
/// }
///
/// let mut three = Vectorised::new((0..3).map(|_| Corridor(0)), 7)?;
/// let right = Values::One(Tensor::from_i64([3], &[1, 1, 1])?);
/// assert_eq!(three.step(&right)?.rewards, [0.0; 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Environment: Send + 'static {
    /// Returns what may be shown. It never changes.
    fn observation_space(&self) -> Space;

    /// Returns what may be done. It never changes.
    fn action_space(&self) -> Space;

    /// Begins an episode, and returns what it shows first. All chance comes from `dice`.
    ///
    /// # Errors
    /// Whatever keeps it from beginning.
    fn reset(&mut self, dice: &mut Dice) -> Result<Values, BoxError>;

    /// Does what it is told, which is in the action space, and returns what comes of it. It is not called after an end before
    /// a reset.
    ///
    /// # Errors
    /// Whatever keeps it from going on.
    fn step(&mut self, action: &Values) -> Result<Outcome, BoxError>;
}

/// Holds what came of one step of one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What it shows now; after an end, the final observation.
    pub observation: Values,
    /// What it pays.
    pub reward: f64,
    /// Whether the episode is over, by what happened in it.
    pub terminated: bool,
    /// Whether the episode is cut off, for a reason outside of it.
    pub truncated: bool,
}
