//! Vectorised: many copies of an environment that are stepped together and begin again by themselves.

use super::{Environment, Outcome};
use crate::dice::Dice;
use crate::space::{Space, SpaceFault, row, stack};
use crate::{BoxError, Values};

/// Steps copies of an environment together.
///
/// **An episode that ends begins anew within the same step** (Gymnasium's `AutoresetMode.SAME_STEP`): [`Stepped`] has the reward and
/// the flags of the step that ended it, and the final observation apart; what is shown next is the first observation of the next episode.
/// So every step of every copy is one that can be learned from; none has to be left out, as with the reset on the next step.
///
/// Each copy has dice of its own: what happens in one does not depend on how many others there are.
#[derive(Debug)]
pub struct Vectorised<E> {
    copies: Vec<Copied<E>>,
    observation_space: Space,
    action_space: Space,
    shown: Values,
}

#[derive(Debug)]
struct Copied<E> {
    environment: E,
    dice: Dice,
    shown: Values,
    episode: u64,
    step: u64,
}

/// Holds what came of one step of all copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// The reward of each.
    pub rewards: Vec<f64>,
    /// Which episodes ended with the step.
    pub terminated: Vec<bool>,
    /// Which were cut off after it.
    pub truncated: Vec<bool>,
    /// The episode of each that the step was in.
    pub episodes: Vec<u64>,
    /// How many steps each of these had had before.
    pub steps: Vec<u64>,
    /// Where an episode ended: what each copy showed after the step, before any began anew.
    pub finals: Option<Values>,
}

/// Tells why copies could not be made or stepped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentFault {
    /// There is no copy.
    #[error("there is no environment; give one at least")]
    Nobody,
    /// Copies declare different spaces.
    #[error("environment {0} declares other spaces than the first")]
    Different(usize),
    /// The actions are not in their space. Nothing was done.
    #[error("the actions: {0}")]
    Action(SpaceFault),
    /// An environment showed what is not in its space: it is wrong, not whoever acted.
    #[error("environment {copy} shows what it does not declare: {fault}")]
    Observation {
        /// Which one.
        copy: usize,
        /// What does not fit.
        fault: SpaceFault,
    },
    /// An environment failed. Others may have made the step already: reset before going on.
    #[error("environment {copy} failed: {why}")]
    Failed {
        /// Which one.
        copy: usize,
        /// What it said.
        why: BoxError,
    },
}

impl<E: Environment> Vectorised<E> {
    /// Takes the copies, and begins an episode in each. The same seed gives the same episodes.
    ///
    /// # Errors
    /// [`EnvironmentFault`] when there is none, they differ, or one cannot begin.
    pub fn new(copies: impl IntoIterator<Item = E>, seed: u64) -> Result<Self, EnvironmentFault> {
        let mut dice = Dice::seeded(seed);
        let mut seated = Vec::new();
        for (copy, mut environment) in copies.into_iter().enumerate() {
            let mut dice = dice.fork();
            let shown = begin(copy, &mut environment, &mut dice)?;
            seated.push(Copied { environment, dice, shown, episode: 0, step: 0 });
        }
        let first = seated.first().ok_or(EnvironmentFault::Nobody)?;
        let (observation_space, action_space) =
            (first.environment.observation_space(), first.environment.action_space());
        let differs = |copy: &Copied<E>| {
            copy.environment.observation_space() != observation_space
                || copy.environment.action_space() != action_space
        };
        if let Some(odd) = seated.iter().position(differs) {
            return Err(EnvironmentFault::Different(odd));
        }
        let shown = together(&seated);
        Ok(Self { copies: seated, observation_space, action_space, shown })
    }

    /// Does what each copy is told, a row of `actions` each, and begins anew where an episode ended.
    ///
    /// # Errors
    /// [`EnvironmentFault`]; with [`Action`](EnvironmentFault::Action) nothing was done.
    pub fn step(&mut self, actions: &Values) -> Result<Stepped, EnvironmentFault> {
        let count = self.copies.len();
        self.action_space.check_batch(count, actions).map_err(EnvironmentFault::Action)?;
        let episodes = self.copies.iter().map(|copy| copy.episode).collect();
        let steps = self.copies.iter().map(|copy| copy.step).collect();
        let mut outcomes = Vec::with_capacity(count);
        for (index, copy) in self.copies.iter_mut().enumerate() {
            let action = row(actions, index).expect("the actions have a row for each copy");
            outcomes.push(copy.step(index, &action, &self.observation_space)?);
        }
        let ended = |outcome: &Outcome| outcome.terminated || outcome.truncated;
        let finals = outcomes.iter().any(ended).then(|| {
            let shown: Vec<Values> = outcomes.iter().map(|outcome| outcome.observation.clone()).collect();
            stack(&shown).expect("what is in one space has one shape")
        });
        for (index, copy) in self.copies.iter_mut().enumerate() {
            if ended(&outcomes[index]) {
                copy.begin_anew(index)?;
            }
        }
        self.shown = together(&self.copies);
        Ok(Stepped {
            rewards: outcomes.iter().map(|outcome| outcome.reward).collect(),
            terminated: outcomes.iter().map(|outcome| outcome.terminated).collect(),
            truncated: outcomes.iter().map(|outcome| outcome.truncated).collect(),
            episodes,
            steps,
            finals,
        })
    }

    /// Begins an episode in every copy, whatever it was at.
    ///
    /// # Errors
    /// [`EnvironmentFault`] when one cannot begin.
    pub fn reset(&mut self) -> Result<(), EnvironmentFault> {
        self.copies.iter_mut().enumerate().try_for_each(|(index, copy)| copy.begin_anew(index))?;
        self.shown = together(&self.copies);
        Ok(())
    }

    /// Returns what the copies show, a row each.
    pub fn shown(&self) -> &Values {
        &self.shown
    }

    /// Lists the number of each copy's episode, counted from 0.
    pub fn episodes(&self) -> Vec<u64> {
        self.copies.iter().map(|copy| copy.episode).collect()
    }

    /// Lists how many steps each copy's episode has had.
    pub fn steps(&self) -> Vec<u64> {
        self.copies.iter().map(|copy| copy.step).collect()
    }

    /// Returns what one copy may show.
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// Returns what one copy may be told.
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Counts the copies.
    pub fn environments(&self) -> usize {
        self.copies.len()
    }
}

impl<E: Environment> Copied<E> {
    fn step(&mut self, copy: usize, action: &Values, space: &Space) -> Result<Outcome, EnvironmentFault> {
        let outcome = self.environment.step(action).map_err(|why| EnvironmentFault::Failed { copy, why })?;
        space.check(&outcome.observation).map_err(|fault| EnvironmentFault::Observation { copy, fault })?;
        self.step += 1;
        self.shown = outcome.observation.clone();
        Ok(outcome)
    }

    fn begin_anew(&mut self, copy: usize) -> Result<(), EnvironmentFault> {
        self.shown = begin(copy, &mut self.environment, &mut self.dice)?;
        self.episode += 1;
        self.step = 0;
        Ok(())
    }
}

fn begin<E: Environment>(
    copy: usize,
    environment: &mut E,
    dice: &mut Dice,
) -> Result<Values, EnvironmentFault> {
    let shown = environment.reset(dice).map_err(|why| EnvironmentFault::Failed { copy, why })?;
    let checked = environment.observation_space().check(&shown);
    checked.map_err(|fault| EnvironmentFault::Observation { copy, fault })?;
    Ok(shown)
}

fn together<E>(copies: &[Copied<E>]) -> Values {
    let shown: Vec<Values> = copies.iter().map(|copy| copy.shown.clone()).collect();
    stack(&shown).expect("what is in one space has one shape")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use swergio_client::{Dtype, Tensor};

    use super::*;
    use crate::environment::TimeLimit;

    /// Counts what it is told; ends beyond 3; begins at a roll of the dice below 1, and pays what it is told.
    struct Sum(f64);

    impl Sum {
        fn seen(&self) -> Values {
            Values::One(Tensor::from_f64([1], &[self.0]).unwrap())
        }
    }

    impl Environment for Sum {
        fn observation_space(&self) -> Space {
            Space::bounded(0.0, 10.0, [1], Dtype::F64).unwrap()
        }

        fn action_space(&self) -> Space {
            Space::bounded(-1.0, 20.0, [], Dtype::F64).unwrap()
        }

        fn reset(&mut self, dice: &mut Dice) -> Result<Values, BoxError> {
            self.0 = dice.uniform();
            Ok(self.seen())
        }

        fn step(&mut self, action: &Values) -> Result<Outcome, BoxError> {
            let Values::One(action) = action else { return Err("no names".into()) };
            let told = action.to_f64_vec()[0];
            if told < 0.0 {
                return Err("it only counts upwards".into());
            }
            self.0 += told;
            Ok(Outcome { observation: self.seen(), reward: told, terminated: self.0 > 3.0, truncated: false })
        }
    }

    fn sums(count: usize, seed: u64) -> Vectorised<TimeLimit<Sum>> {
        let most = NonZeroU64::new(4).unwrap();
        Vectorised::new((0..count).map(|_| TimeLimit::new(Sum(0.0), most)), seed).unwrap()
    }

    fn tell(numbers: &[f64]) -> Values {
        Values::One(Tensor::from_f64([numbers.len()], numbers).unwrap())
    }

    fn numbers(values: &Values) -> Vec<f64> {
        values.iter().flat_map(|(_, tensor)| tensor.to_f64_vec()).collect()
    }

    #[test]
    fn an_episode_that_ends_begins_anew_within_the_step() {
        let mut two = sums(2, 1);
        let first = numbers(two.shown());
        let stepped = two.step(&tell(&[5.0, 1.0])).unwrap();
        assert_eq!((stepped.rewards, stepped.terminated), (vec![5.0, 1.0], vec![true, false]));
        assert_eq!(numbers(&stepped.finals.unwrap()), [first[0] + 5.0, first[1] + 1.0]);
        assert!(numbers(two.shown())[0] < 1.0, "it shows the next episode's first");
        assert_eq!(numbers(two.shown())[1], first[1] + 1.0);
        assert_eq!((two.episodes(), two.steps()), (vec![1, 0], vec![0, 1]));
        let stepped = two.step(&tell(&[0.0, 0.0])).unwrap();
        assert_eq!((stepped.episodes, stepped.steps), (vec![1, 0], vec![0, 1]));
        assert_eq!(stepped.finals, None);
    }

    #[test]
    fn a_time_limit_truncates_and_terminates_nothing() {
        let mut one = sums(1, 1);
        for _ in 0..3 {
            assert_eq!(one.step(&tell(&[0.1])).unwrap().truncated, [false]);
        }
        let stepped = one.step(&tell(&[0.1])).unwrap();
        assert_eq!(
            (stepped.terminated, stepped.truncated, stepped.steps),
            (vec![false], vec![true], vec![3])
        );
        // The count begins anew with the episode.
        assert_eq!(one.step(&tell(&[0.1])).unwrap().truncated, [false]);
        for _ in 0..2 {
            one.step(&tell(&[0.1])).unwrap();
        }
        let both = one.step(&tell(&[5.0])).unwrap();
        assert_eq!((both.terminated, both.truncated), (vec![true], vec![true]));
    }

    #[test]
    fn copies_have_chance_of_their_own() {
        let (mut two, mut same, mut three) = (sums(2, 5), sums(2, 5), sums(3, 5));
        assert_ne!(numbers(two.shown())[0], numbers(two.shown())[1]);
        for _ in 0..10 {
            assert_eq!(two.step(&tell(&[2.0, 0.5])).unwrap(), same.step(&tell(&[2.0, 0.5])).unwrap());
            three.step(&tell(&[2.0, 0.5, 9.0])).unwrap();
            assert_eq!(numbers(two.shown()), numbers(three.shown())[..2]);
        }
    }

    #[test]
    fn a_bad_action_does_nothing() {
        let mut two = sums(2, 1);
        let shown = two.shown().clone();
        for wrong in [tell(&[1.0]), tell(&[1.0, 21.0]), tell(&[1.0, f64::NAN])] {
            assert!(matches!(two.step(&wrong), Err(EnvironmentFault::Action(_))));
        }
        assert_eq!((two.shown(), two.steps()), (&shown, vec![0, 0]));
    }

    #[test]
    fn an_environment_that_is_wrong_is_named() {
        let mut two = sums(2, 1);
        let failed = two.step(&tell(&[1.0, -1.0])).unwrap_err();
        assert_eq!(failed.to_string(), "environment 1 failed: it only counts upwards");
        two.reset().unwrap();
        let beyond = two.step(&tell(&[11.0, 0.0])).unwrap_err();
        assert!(matches!(beyond, EnvironmentFault::Observation { copy: 0, .. }), "{beyond}");
        assert!(matches!(Vectorised::<Sum>::new([], 1), Err(EnvironmentFault::Nobody)));
    }
}
