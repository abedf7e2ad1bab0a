//! Worlds: two components and a caller on a network that loses, repeats and reorders, from seeds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use swergio_client::{Envelope, Kind, MessageId, ModelStatus, RoomName, Tensor};

use super::super::{Machine, Outcome};
use crate::serving::{Plan, ServingLimits};
use crate::{BoxError, Differentiable, Pass, TapeLimits};

const WORLDS: u64 = 200;
const STEPS: usize = 300;
const AGE: Duration = Duration::from_secs(60);

/// Notes every update of one component, which outlives its restarts.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Vec<Update>>>);

#[derive(Clone, Debug)]
struct Update {
    /// What was saved, and the gradient that it was used with: the sample's number, both.
    saved: f64,
    cotangent: f64,
    /// The number of the forward that saved it.
    forward: u64,
    learns: bool,
}

/// Hands a sample's number through, so that a gradient for another sample shows.
struct Through {
    forwards: u64,
    notes: Notes,
}

impl Differentiable for Through {
    type Input = f64;
    type Output = f64;
    type Saved = (f64, u64);

    fn forward(&mut self, number: f64, _: &Pass) -> Result<(f64, (f64, u64)), BoxError> {
        self.forwards += 1;
        match number as u64 % 11 {
            0 => Err("eleven in a row".into()),
            _ => Ok((number, (number, self.forwards))),
        }
    }

    fn vjp(&mut self, (saved, forward): (f64, u64), cotangent: f64, pass: &Pass) -> Result<f64, BoxError> {
        let learns = pass.learns();
        self.notes.0.lock().unwrap().push(Update { saved, cotangent, forward, learns });
        Ok(cotangent)
    }
}

struct World {
    dice: Rng,
    now: Instant,
    members: Vec<(Plan, Machine<Through>, Notes)>,
    /// On its way to everybody.
    wire: Vec<Envelope>,
    ids: u128,
    samples: u64,
    statuses: HashMap<u64, ModelStatus>,
    /// Gradients and faults that the caller has heard.
    heard: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let tape = TapeLimits { count: 8, age: AGE, remembered: 16, ..TapeLimits::default() };
        let limits = ServingLimits { tape, ..ServingLimits::default() };
        let room = |name: &str| RoomName::parse(name).unwrap();
        let member = |(name, input, output): (&str, &str, &str)| {
            let (input, output, limits) = (room(input), room(output), limits.clone());
            let plan = Plan { name: name.into(), input, output, inputs: vec![], outputs: vec![], limits };
            let notes = Notes::default();
            (plan.clone(), Machine::new(plan, Through { forwards: 0, notes: notes.clone() }), notes)
        };
        Self {
            dice: Rng::with_seed(seed),
            now: Instant::now(),
            members: [("a", "in", "mid"), ("b", "mid", "out")].map(member).into(),
            wire: Vec::new(),
            ids: 0,
            samples: 0,
            statuses: HashMap::new(),
            heard: 0,
        }
    }

    fn step(&mut self) {
        match self.dice.u8(..100) {
            0..12 => self.caller_sends(),
            12..85 => self.delivers(),
            85..87 => drop(self.picks()),
            87..92 => {
                let again = self.picks().into_iter().flat_map(|message| [message.clone(), message]);
                self.wire.extend(again.collect::<Vec<_>>());
            }
            92..98 => self.now += AGE / 16,
            98 => self.sweeps(),
            _ => self.restarts(),
        }
    }

    fn fresh(&mut self) -> MessageId {
        self.ids += 1;
        MessageId::from_u128(self.ids)
    }

    fn caller_sends(&mut self) {
        self.samples += 1;
        let status = [ModelStatus::TRAIN, ModelStatus::VALIDATE, ModelStatus::PROBE][self.dice.usize(..3)];
        self.statuses.insert(self.samples, status);
        let id = self.fresh();
        let data = Tensor::from_f64([], &[self.samples as f64]).unwrap();
        self.wire.push(message(Kind::FORWARD, "in", id).with_model_status(status).with_tensor(data));
    }

    /// Takes any message off the wire: order means nothing here.
    fn picks(&mut self) -> Option<Envelope> {
        let at = (!self.wire.is_empty()).then(|| self.dice.usize(..self.wire.len()))?;
        Some(self.wire.swap_remove(at))
    }

    fn delivers(&mut self) {
        let Some(said) = self.picks() else { return };
        for at in 0..self.members.len() {
            let (fresh, mut outcome) = (self.fresh(), Outcome::default());
            self.members[at].1.hear(self.now, &said, fresh, &mut outcome);
            self.wire.extend(outcome.envelopes);
        }
        self.caller_hears(&said);
    }

    /// Answers an output with its own number for a gradient; sometimes twice, sometimes of a wrong form.
    fn caller_hears(&mut self, said: &Envelope) {
        let room = said.to_room.as_ref().unwrap().as_str();
        match (said.kind.as_str(), room) {
            ("DATA/FORWARD", "out") => {
                let data = said.data.as_ref().unwrap().tensor().unwrap();
                let wrong = self.dice.u8(..20) == 0;
                let data = if wrong { data.reshape([1, 1]).unwrap() } else { data };
                let mut back = message(Kind::GRADIENT, "out", said.id.clone().unwrap()).with_tensor(data);
                back.model_status = said.model_status;
                let copies = 1 + usize::from(self.dice.u8(..10) == 0);
                self.wire.extend(std::iter::repeat_n(back, copies));
            }
            ("DATA/GRADIENT" | "DATA/FAULT", "in") => self.heard += 1,
            _ => {}
        }
    }

    fn sweeps(&mut self) {
        for (_, machine, _) in &mut self.members {
            machine.sweep(self.now, &mut Outcome::default());
        }
    }

    /// A process dies and comes back with an empty tape.
    fn restarts(&mut self) {
        let at = self.dice.usize(..self.members.len());
        let (plan, machine, notes) = &mut self.members[at];
        let forwards = machine.component().forwards;
        *machine = Machine::new(plan.clone(), Through { forwards, notes: notes.clone() });
    }

    fn check(&mut self, seed: u64) {
        for (plan, _, notes) in &self.members {
            let updates = notes.0.lock().unwrap().clone();
            let mut used: Vec<u64> = updates.iter().map(|update| update.forward).collect();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used.len(), updates.len(), "world {seed}, {}: a forward was used twice", plan.name);
            for update in updates {
                assert_eq!(update.saved, update.cotangent, "world {seed}, {}: somebody else's", plan.name);
                let status = self.statuses[&(update.saved as u64)];
                assert_ne!(status, ModelStatus::VALIDATE, "world {seed}, {}", plan.name);
                assert_eq!(update.learns, status == ModelStatus::TRAIN, "world {seed}, {}", plan.name);
            }
        }
    }
}

fn message(kind: Kind<'static>, room: &str, id: MessageId) -> Envelope {
    Envelope::new(kind).with_id(id).with_to_room(RoomName::parse(room).unwrap())
}

/// R82: whatever the network and the processes do, a gradient meets what was saved of its own sample, once, and nothing is
/// left behind.
#[test]
fn no_update_is_wrong_or_made_twice_and_nothing_leaks() {
    let (mut updates, mut heard) = (0, 0);
    for seed in 0..WORLDS {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        world.check(seed);
        world.now += AGE;
        world.sweeps();
        for (plan, machine, notes) in &world.members {
            assert_eq!(machine.tally().tape.kept, 0, "world {seed}, {}", plan.name);
            assert_eq!(machine.tally().tape.bytes, 0, "world {seed}, {}", plan.name);
            updates += notes.0.lock().unwrap().len();
        }
        heard += world.heard;
    }
    // Or the worlds would show nothing.
    assert!(updates > 20 * WORLDS as usize, "{updates} updates");
    assert!(heard > 10 * WORLDS as usize, "{heard} heard");
}
