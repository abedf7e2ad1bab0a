//! Pupil: an agent at school. It learns, sits an exam now and then, keeps the weights that did best, and is judged by them in the end.

use anyhow::{Result, anyhow, ensure};
use swergio_toolbox::dice::Dice;
use swergio_toolbox::environment::Stepped;
use swergio_toolbox::{Tensor, Values};

use crate::agent::{ACTIONS, Agent, Came, Deed, Recipe, SEEN, probabilities};

/// Mean return over 100 episodes from which on CartPole-v1 counts as solved.
pub(crate) const SOLVED: f64 = 475.0;
/// What an episode can return at most.
const MOST: f64 = 500.0;
/// Episodes of an exam, at least: each pole plays as many as any other, so that short ones do not count for more.
const EXAM: usize = 20;
/// Episodes by which it is judged in the end, at least.
pub(crate) const JUDGED: usize = 100;
/// Steps of learning from one exam to the next, at least.
const BETWEEN: u64 = 10_000;

/// Learns from what it is shown and paid, wherever the poles are: beside it, or behind a room.
///
/// It ends when an exam cannot be done better, or when it has learnt for [`Recipe::steps`].
#[derive(Debug)]
pub(crate) struct Pupil {
    agent: Agent,
    recipe: Recipe,
    dice: Dice,
    phase: Phase,
    best: (f64, Vec<f64>),
    next_exam: u64,
    acted: Option<(Vec<f64>, Vec<usize>)>,
    learnt: Learnt,
}

/// What came of school so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Learnt {
    /// Mean return of the kept weights over at least 100 episodes of the most likely action. None before it was judged.
    pub(crate) judged: Option<f64>,
    /// Steps of learning after which the kept weights were there.
    pub(crate) kept_at: u64,
    /// Steps of learning after which an exam first had [`SOLVED`].
    pub(crate) solved_at: Option<u64>,
    /// Steps of learning, of all poles.
    pub(crate) learning: u64,
    /// Steps of exams and of being judged.
    pub(crate) examined: u64,
}

#[derive(Debug)]
enum Phase {
    Learning,
    Exam(Exam),
    Judged(Exam),
    Done,
}

/// Counts the returns of whole episodes that began after it did.
#[derive(Debug)]
pub(crate) struct Exam {
    quota: usize,
    /// The first episode of each pole that counts. Before its first step is seen, none is known.
    from: Option<Vec<u64>>,
    running: Vec<f64>,
    totals: Vec<Vec<f64>>,
}

/// What is worth telling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum News {
    /// An exam, after so many steps of learning, had this mean return.
    Examined(u64, f64),
    /// It was judged: school is over.
    Judged(f64),
}

impl Pupil {
    /// Begins with nothing known. The same seed and the same poles give the same life.
    pub(crate) fn new(recipe: &Recipe, seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        let agent = Agent::new(recipe.clone(), &mut dice.fork());
        let best = (f64::NEG_INFINITY, agent.genome());
        Self {
            agent,
            recipe: recipe.clone(),
            dice,
            phase: Phase::Learning,
            best,
            next_exam: BETWEEN,
            acted: None,
            learnt: Learnt::default(),
        }
    }

    /// Begins as usual, and learns on and on without exams.
    pub(crate) fn unexamined(seed: u64) -> Self {
        let endless = Recipe { steps: u64::MAX, ..Recipe::usual() };
        Self { next_exam: u64::MAX, ..Self::new(&endless, seed) }
    }

    /// Chooses for each pole: by chance while it learns, the most likely while it is examined.
    pub(crate) fn act(&mut self, shown: &Values) -> Result<Values> {
        let seen = numbers(shown);
        let logits = self.agent.logits(&seen);
        let learning = matches!(self.phase, Phase::Learning);
        let choose = |row: &[f64]| match learning {
            true => self.dice.pick(&probabilities(row)).expect("probabilities sum to one"),
            false => usize::from(row[1] > row[0]),
        };
        let chosen: Vec<usize> = logits.chunks(ACTIONS).map(choose).collect();
        let actions: Vec<i64> = chosen.iter().map(|action| *action as i64).collect();
        self.acted = Some((seen, chosen));
        Ok(Values::One(Tensor::from_i64([actions.len()], &actions)?))
    }

    /// Takes in what came of acting; `shown` is what the poles show now.
    pub(crate) fn take(&mut self, stepped: &Stepped, shown: &Values) -> Result<Option<News>> {
        let (seen, chosen) = self.acted.take().ok_or_else(|| anyhow!("nobody has acted"))?;
        ensure!(stepped.rewards.len() == chosen.len(), "as many rewards as actions");
        let steps = chosen.len() as u64;
        match &mut self.phase {
            Phase::Learning => {
                self.learnt.learning += steps;
                self.learn(&seen, &chosen, stepped, &numbers(shown))
            }
            Phase::Exam(exam) | Phase::Judged(exam) => {
                self.learnt.examined += steps;
                let result = exam.note(stepped);
                Ok(result.map(|score| self.graded(score)))
            }
            Phase::Done => Ok(None),
        }
    }

    /// Tells whether there is nothing more to learn.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done)
    }

    /// Returns what came of it so far.
    pub(crate) fn learnt(&self) -> &Learnt {
        &self.learnt
    }

    /// Returns how often the weights have been changed.
    pub(crate) fn version(&self) -> u64 {
        self.agent.version
    }

    fn learn(
        &mut self,
        seen: &[f64],
        chosen: &[usize],
        stepped: &Stepped,
        then: &[f64],
    ) -> Result<Option<News>> {
        let has_learnt =
            self.agent.take(what_came(seen, chosen, stepped, then), then).map_err(|error| anyhow!(error))?;
        // Only between two rollouts: what is learned from has no gap.
        if has_learnt && self.learnt.learning >= self.next_exam.min(self.recipe.steps) {
            self.next_exam += BETWEEN;
            self.phase = Phase::Exam(Exam::new(EXAM, chosen.len()));
        }
        Ok(None)
    }

    fn graded(&mut self, score: f64) -> News {
        if matches!(self.phase, Phase::Judged(_)) {
            self.phase = Phase::Done;
            self.learnt.judged = Some(score);
            return News::Judged(score);
        }
        let steps = self.learnt.learning;
        if score > self.best.0 {
            self.best = (score, self.agent.genome());
            self.learnt.kept_at = steps;
        }
        if score >= SOLVED {
            self.learnt.solved_at.get_or_insert(steps);
        }
        if score >= MOST || steps >= self.recipe.steps {
            self.agent.set_genome(&self.best.1);
            self.phase = Phase::Judged(Exam::new(JUDGED, self.recipe.environments));
        } else {
            self.phase = Phase::Learning;
        }
        News::Examined(steps, score)
    }
}

impl Exam {
    pub(crate) fn new(episodes: usize, poles: usize) -> Self {
        let quota = episodes.div_ceil(poles);
        Self { quota, from: None, running: vec![0.0; poles], totals: vec![Vec::new(); poles] }
    }

    /// Adds one step up, and returns the mean return when there are episodes enough.
    pub(crate) fn note(&mut self, stepped: &Stepped) -> Option<f64> {
        let from = self.from.get_or_insert_with(|| {
            // An episode that is under way does not count, one that begins just now does.
            stepped
                .episodes
                .iter()
                .zip(&stepped.steps)
                .map(|(episode, step)| episode + u64::from(*step > 0))
                .collect()
        });
        for (pole, first) in from.iter().enumerate() {
            let counts = stepped.episodes[pole] >= *first && self.totals[pole].len() < self.quota;
            self.running[pole] += if counts { stepped.rewards[pole] } else { 0.0 };
            if counts && (stepped.terminated[pole] || stepped.truncated[pole]) {
                self.totals[pole].push(std::mem::take(&mut self.running[pole]));
            }
        }
        let done = self.totals.iter().all(|totals| totals.len() == self.quota);
        let episodes = (self.quota * self.totals.len()) as f64;
        done.then(|| self.totals.iter().flatten().sum::<f64>() / episodes)
    }
}

/// Returns the numbers of a batch, row by row.
pub(crate) fn numbers(values: &Values) -> Vec<f64> {
    values.iter().flat_map(|(_, tensor)| tensor.to_f64_vec()).collect()
}

/// Puts together, for each pole, what was seen and done and what came of it; `then` is what is seen now.
pub(crate) fn what_came(
    seen: &[f64],
    chosen: &[usize],
    stepped: &Stepped,
    then: &[f64],
) -> Vec<(Deed, Came)> {
    let after = stepped.finals.as_ref().map_or_else(|| then.to_vec(), numbers);
    let of = |(pole, action): (usize, &usize)| {
        let deed = Deed { seen: of_pole(seen, pole), action: *action };
        let came = Came {
            reward: stepped.rewards[pole],
            terminated: stepped.terminated[pole],
            truncated: stepped.truncated[pole],
            then: of_pole(&after, pole),
        };
        (deed, came)
    };
    chosen.iter().enumerate().map(of).collect()
}

/// Returns what one pole shows of all.
pub(crate) fn of_pole(numbers: &[f64], pole: usize) -> [f64; SEEN] {
    std::array::from_fn(|place| numbers[pole * SEEN + place])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two poles; the first is amid its episode 4, the other begins its episode 7.
    fn stepped(episodes: [u64; 2], steps: [u64; 2], ends: [bool; 2]) -> Stepped {
        Stepped {
            rewards: vec![1.0, 10.0],
            terminated: ends.to_vec(),
            truncated: vec![false; 2],
            episodes: episodes.to_vec(),
            steps: steps.to_vec(),
            finals: None,
        }
    }

    #[test]
    fn an_exam_counts_whole_episodes_and_as_many_of_each_pole() {
        let mut exam = Exam::new(2, 2);
        assert_eq!(exam.note(&stepped([4, 7], [9, 0], [false, false])), None);
        assert_eq!(exam.note(&stepped([4, 7], [10, 1], [true, true])), None);
        // The other has its quota by now: what it does from here on does not count.
        assert_eq!(exam.note(&stepped([5, 8], [0, 0], [false, true])), None);
        assert_eq!(exam.note(&stepped([5, 9], [1, 0], [true, false])), Some((20.0 + 2.0) / 2.0));
    }

    #[test]
    fn an_agent_that_does_as_well_as_can_be_is_judged_at_once() {
        let recipe = Recipe::quick();
        let mut pupil = Pupil::new(&recipe, 1);
        pupil.phase = Phase::Exam(Exam::new(1, 1));
        assert_eq!(pupil.graded(500.0), News::Examined(0, 500.0));
        assert!(matches!(pupil.phase, Phase::Judged(_)));
        assert_eq!(pupil.graded(499.0), News::Judged(499.0));
        assert!(pupil.is_done());
        assert_eq!(pupil.learnt().judged, Some(499.0));
    }

    #[test]
    fn the_best_weights_are_kept() {
        let mut pupil = Pupil::new(&Recipe { steps: 1, ..Recipe::quick() }, 1);
        let first = pupil.agent.genome();
        pupil.phase = Phase::Exam(Exam::new(1, 1));
        pupil.graded(300.0);
        let worse = vec![0.5; first.len()];
        pupil.agent.set_genome(&worse);
        pupil.learnt.learning = 1;
        pupil.graded(200.0);
        assert_eq!(pupil.agent.genome(), first);
    }
}
