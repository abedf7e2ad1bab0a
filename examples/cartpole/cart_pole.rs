//! Cart and pole: a cart on a track, and a pole on it that falls unless the cart is pushed under it, as Gymnasium's CartPole-v1 has them.

use std::num::NonZeroU64;

use anyhow::{Context as _, bail};
use swergio_toolbox::dice::Dice;
use swergio_toolbox::environment::{Environment, Outcome, TimeLimit};
use swergio_toolbox::space::Space;
use swergio_toolbox::{BoxError, Dtype, Tensor, Values};

/// Acceleration of falling, m/s².
const GRAVITY: f64 = 9.8;
const CART_MASS: f64 = 1.0;
const POLE_MASS: f64 = 0.1;
/// Half the pole's length, m.
const HALF_LENGTH: f64 = 0.5;
/// What the cart is pushed with, N.
const FORCE: f64 = 10.0;
/// How long a step is, s.
const STEP: f64 = 0.02;
/// Beyond it the cart is off the track, m.
const TRACK: f64 = 2.4;
/// Beyond it the pole has fallen, rad: 12 degrees.
const FALLEN: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;
/// At the beginning everything is within this of zero.
const BEGINNING: f64 = 0.05;
/// After so many steps an episode is cut off.
pub(crate) const LONGEST: NonZeroU64 = NonZeroU64::new(500).expect("500 is not zero");

/// Holds where everything is and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct State {
    /// The cart's place, m.
    pub(crate) x: f64,
    /// Its velocity, m/s.
    pub(crate) x_velocity: f64,
    /// The pole's angle from upright, rad.
    pub(crate) angle: f64,
    /// Its angular velocity, rad/s.
    pub(crate) angle_velocity: f64,
}

impl State {
    /// Pushes the cart to the right, or else to the left, for one step.
    ///
    /// Explicit Euler: place and angle advance with the velocities from before the push.
    pub(crate) fn push(self, right: bool) -> Self {
        let force = if right { FORCE } else { -FORCE };
        let (sin, cos) = self.angle.sin_cos();
        let total = CART_MASS + POLE_MASS;
        let moment = POLE_MASS * HALF_LENGTH;
        let pushed = (force + moment * self.angle_velocity.powi(2) * sin) / total;
        let turn =
            (GRAVITY * sin - cos * pushed) / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * cos.powi(2) / total));
        let slide = pushed - moment * turn * cos / total;
        Self {
            x: self.x + STEP * self.x_velocity,
            x_velocity: self.x_velocity + STEP * slide,
            angle: self.angle + STEP * self.angle_velocity,
            angle_velocity: self.angle_velocity + STEP * turn,
        }
    }

    /// Tells whether the cart is off its track or the pole has fallen.
    pub(crate) fn is_lost(self) -> bool {
        self.x.abs() > TRACK || self.angle.abs() > FALLEN
    }

    pub(crate) fn numbers(self) -> [f64; 4] {
        [self.x, self.x_velocity, self.angle, self.angle_velocity]
    }
}

impl From<[f64; 4]> for State {
    fn from([x, x_velocity, angle, angle_velocity]: [f64; 4]) -> Self {
        Self { x, x_velocity, angle, angle_velocity }
    }
}

/// Balances the pole: pays 1 for each step, the one that loses it included.
#[derive(Clone, Debug)]
pub(crate) struct CartPole {
    state: State,
}

impl CartPole {
    /// Makes one whose episodes are cut off after 500 steps: CartPole-v1.
    pub(crate) fn v1() -> TimeLimit<Self> {
        TimeLimit::new(Self { state: State::from([0.0; 4]) }, LONGEST)
    }

    fn seen(&self) -> Values {
        let seen = self.state.numbers().map(|number| number as f32);
        Values::One(Tensor::from_f32([4], &seen).expect("four numbers are four"))
    }
}

/// Declares place, velocity, angle, angular velocity; twice what is lost is still shown, as the step that loses may go beyond.
pub(crate) fn observation_space() -> Space {
    let high = [2.0 * TRACK, f64::INFINITY, 2.0 * FALLEN, f64::INFINITY];
    Space::boxed(high.map(|bound| -bound), high, [4], Dtype::F32).expect("the bounds are in order")
}

/// Declares 0, to the left, and 1, to the right.
pub(crate) fn action_space() -> Space {
    Space::discrete(2).expect("there are two ways to push")
}

impl Environment for CartPole {
    fn observation_space(&self) -> Space {
        observation_space()
    }

    fn action_space(&self) -> Space {
        action_space()
    }

    fn reset(&mut self, dice: &mut Dice) -> Result<Values, BoxError> {
        self.state = [0.0; 4].map(|_| dice.between(-BEGINNING, BEGINNING)).into();
        Ok(self.seen())
    }

    fn step(&mut self, action: &Values) -> Result<Outcome, BoxError> {
        let Values::One(action) = action else { return Err("an action has no name".into()) };
        self.state = self.state.push(action.to_i64_vec() == [1]);
        Ok(Outcome {
            observation: self.seen(),
            reward: 1.0,
            terminated: self.state.is_lost(),
            truncated: false,
        })
    }
}

/// Reads a state as the command line gives it: place, velocity, angle, angular velocity, with commas between.
pub(crate) fn parse_state(text: &str) -> anyhow::Result<State> {
    let numbers = text
        .split(',')
        .map(|number| number.trim().parse::<f64>().with_context(|| format!("{number:?} is no number")))
        .collect::<anyhow::Result<Vec<f64>>>()?;
    match <[f64; 4]>::try_from(numbers) {
        Ok(numbers) if numbers.iter().all(|number| number.is_finite()) => Ok(numbers.into()),
        Ok(_) => bail!("give finite numbers"),
        Err(numbers) => bail!(
            "give four numbers with commas between (place, velocity, angle, angular velocity), not {}",
            numbers.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use swergio_toolbox::environment::Vectorised;

    use super::*;

    /// One step as Gymnasium 1.4.0 made it.
    struct Recorded {
        episode: usize,
        state: State,
        action: i64,
        next: [f64; 4],
        seen: [f64; 4],
        reward: f64,
        terminated: bool,
        truncated: bool,
    }

    fn recorded() -> Vec<Recorded> {
        let lines = include_str!("reference.csv").lines().skip(1);
        let read = |line: &str| {
            let fields: Vec<&str> = line.split(',').collect();
            let four = |from: usize| [0, 1, 2, 3].map(|place| fields[from + place].parse::<f64>().unwrap());
            Recorded {
                episode: fields[0].parse().unwrap(),
                state: four(1).into(),
                action: fields[5].parse().unwrap(),
                next: four(6),
                seen: four(10),
                reward: fields[14].parse().unwrap(),
                terminated: fields[15].parse().unwrap(),
                truncated: fields[16].parse().unwrap(),
            }
        };
        lines.map(read).collect()
    }

    fn apart(one: [f64; 4], another: [f64; 4]) -> f64 {
        one.iter().zip(another).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    fn act(action: i64) -> Values {
        Values::One(Tensor::from_i64([], &[action]).unwrap())
    }

    #[test]
    fn each_recorded_step_is_made_alike() {
        let recorded = recorded();
        assert_eq!(recorded.len(), 126);
        for (number, step) in recorded.iter().enumerate() {
            let next = step.state.push(step.action == 1);
            assert!(apart(next.numbers(), step.next) < 1e-14, "step {number}: {next:?}");
            assert_eq!((next.is_lost(), step.reward), (step.terminated, 1.0));
        }
    }

    #[test]
    fn recorded_episodes_are_played_alike_from_their_first_state() {
        let recorded = recorded();
        for episode in 0..3 {
            let mut steps = recorded.iter().filter(|step| step.episode == episode).peekable();
            let mut pole = CartPole { state: steps.peek().unwrap().state };
            for step in steps {
                let outcome = pole.step(&act(step.action)).unwrap();
                assert!(apart(pole.state.numbers(), step.next) < 1e-12);
                let Values::One(seen) = outcome.observation else { panic!("it has no names") };
                assert!(apart(seen.to_f64_vec().try_into().unwrap(), step.seen) < 1e-7);
                assert_eq!((outcome.reward, outcome.terminated), (step.reward, step.terminated));
                assert!(!step.truncated);
            }
        }
    }

    #[test]
    fn episodes_begin_near_upright_and_end_where_they_should() {
        let mut poles = Vectorised::new((0..64).map(|_| CartPole::v1()), 1).unwrap();
        let Values::One(first) = poles.shown() else { panic!("it has no names") };
        assert!(first.to_f64_vec().iter().all(|number| number.abs() <= 0.05));
        let rights = Values::One(Tensor::from_i64([64], &[1; 64]).unwrap());
        let mut ends = 0;
        for step in 1..=12 {
            let stepped = poles.step(&rights).unwrap();
            ends += stepped.terminated.iter().filter(|end| **end).count();
            assert_eq!(
                ends > 0,
                step >= 8,
                "who only pushes to the right has lost after 8 steps at the soonest"
            );
        }
    }

    #[test]
    fn a_state_is_four_finite_numbers() {
        assert_eq!(parse_state("-0.1, 2,3,4e-1").unwrap().numbers(), [-0.1, 2.0, 3.0, 0.4]);
        for wrong in ["1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,NaN", ""] {
            assert!(parse_state(wrong).is_err(), "{wrong}");
        }
    }
}
