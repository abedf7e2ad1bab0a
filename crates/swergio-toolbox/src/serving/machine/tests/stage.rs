//! Stage: a component that hears what the play says, with a clock that is moved by hand.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use swergio_client::{Body, Envelope, Kind, MemberName, MessageId, ModelStatus, RoomName, Tensor};

use super::super::{Machine, Outcome};
use crate::serving::{Plan, ServingEvent, ServingLimits, ServingTally};
use crate::{Batched, BoxError, Differentiable, Pass, Port};

/// A component called `c` between the rooms `in` and `out`; its outputs are `o1`, `o2`, …
pub(crate) struct Stage<D: Differentiable> {
    machine: Machine<D>,
    now: Instant,
    outputs: u32,
    events: Vec<ServingEvent>,
}

/// y = w x², where w learns one more at each gradient; what it does is noted.
pub(crate) struct Square {
    pub(crate) weight: Arc<Mutex<f64>>,
}

impl Differentiable for Square {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Tensor;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Tensor), BoxError> {
        match x.to_f64_vec()[..] {
            [13.0, ..] => return Err("thirteen is unlucky".into()),
            [99.0, ..] => panic!("ninety-nine"),
            _ => {}
        }
        Ok((&x * &x * *self.weight.lock().unwrap(), x))
    }

    fn vjp(&mut self, x: Tensor, g: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let mut weight = self.weight.lock().unwrap();
        let by_input = 2.0 * *weight * &x * &g;
        if pass.learns() {
            *weight += 1.0;
        }
        match g.to_f64_vec()[..] {
            [99.0, ..] => Err("ninety-nine comes back".into()),
            _ => Ok(by_input),
        }
    }

    fn weights_version(&self) -> Option<u64> {
        Some(*self.weight.lock().unwrap() as u64)
    }
}

pub(crate) fn square() -> Stage<Square> {
    Stage::new(Square { weight: Arc::new(Mutex::new(1.0)) })
}

pub(crate) fn batched() -> Stage<Batched<Square>> {
    Stage::new(Batched(Square { weight: Arc::new(Mutex::new(1.0)) }))
}

impl Stage<Square> {
    pub(crate) fn weight(&mut self) -> f64 {
        *self.machine.component().weight.lock().unwrap()
    }
}

impl<D: Differentiable> Stage<D> {
    pub(crate) fn new(component: D) -> Self {
        Self::with(component, Vec::new(), Vec::new(), ServingLimits::default())
    }

    pub(crate) fn with(component: D, inputs: Vec<Port>, outputs: Vec<Port>, limits: ServingLimits) -> Self {
        let room = |name| RoomName::parse(name).unwrap();
        let plan = Plan { name: "c".into(), input: room("in"), output: room("out"), inputs, outputs, limits };
        Self { machine: Machine::new(plan, component), now: Instant::now(), outputs: 0, events: Vec::new() }
    }

    /// Hears a message, and returns what is said: one line each.
    pub(crate) fn hears(&mut self, message: &Envelope) -> Vec<String> {
        self.answers(message).iter().map(shown).collect()
    }

    /// Hears a message, and returns what is said.
    pub(crate) fn answers(&mut self, message: &Envelope) -> Vec<Envelope> {
        let mut outcome = Outcome::default();
        let fresh = MessageId::new(&format!("o{}", self.outputs + 1));
        self.machine.hear(self.now, message, fresh, &mut outcome);
        self.outputs += outcome.envelopes.iter().filter(|said| said.kind == Kind::FORWARD).count() as u32;
        self.events.extend(outcome.events);
        outcome.envelopes
    }

    /// Hears FORWARD in the pass `root`, with JSON for DATA.
    pub(crate) fn forward(&mut self, id: &str, json: &str) -> Vec<String> {
        self.hears(&says(Kind::FORWARD, "in", id, json))
    }

    /// Hears GRADIENT in the pass `root`, with JSON for DATA.
    pub(crate) fn gradient(&mut self, id: &str, json: &str) -> Vec<String> {
        self.hears(&says(Kind::GRADIENT, "out", id, json))
    }

    pub(crate) fn machine_mut(&mut self) -> &mut Machine<D> {
        &mut self.machine
    }

    pub(crate) fn waits(&mut self, time: Duration) {
        self.now += time;
    }

    pub(crate) fn sweeps(&mut self) {
        let mut outcome = Outcome::default();
        self.machine.sweep(self.now, &mut outcome);
        assert!(outcome.envelopes.is_empty());
        self.events.extend(outcome.events);
    }

    /// Tells how long it is until something has to be swept.
    pub(crate) fn next_sweep(&self) -> Option<Duration> {
        self.machine.next_sweep().map(|at| at - self.now)
    }

    pub(crate) fn announces(&self) -> Vec<Envelope> {
        let mut outcome = Outcome::default();
        self.machine.announce(&mut outcome);
        outcome.envelopes
    }

    pub(crate) fn cannot_send(&mut self, envelope: &Envelope) -> Vec<String> {
        let mut outcome = Outcome::default();
        self.machine.unsent(envelope, "too large", &mut outcome);
        self.events.extend(outcome.events);
        outcome.envelopes.iter().map(shown).collect()
    }

    pub(crate) fn tally(&self) -> ServingTally {
        self.machine.tally()
    }

    /// Takes the events so far, as their names and the codes of their faults.
    pub(crate) fn events(&mut self) -> Vec<String> {
        self.events.drain(..).map(|event| told(&event)).collect()
    }
}

/// Makes a message of the pass `root`.
pub(crate) fn says(kind: Kind<'static>, room: &str, id: &str, json: &str) -> Envelope {
    let mut envelope = Envelope::new(kind)
        .with_id(MessageId::new(id))
        .with_to_room(RoomName::parse(room).unwrap())
        .with_root_id("root")
        .with_model_status(ModelStatus::TRAIN);
    envelope.data = Some(Body::from_json(json.as_bytes()).unwrap());
    envelope
}

/// Makes a message of a tensor with a dtype of its own.
pub(crate) fn sends(kind: Kind<'static>, room: &str, id: &str, tensor: Tensor) -> Envelope {
    says(kind, room, id, "0").with_tensor(tensor)
}

pub(crate) fn from(mut envelope: Envelope, name: &str) -> Envelope {
    envelope.sent_by = Some(name.to_owned());
    envelope
}

/// Shows a message as `FORWARD o1 > out: [9.0]`, a fault as `FAULT PORT_SHAPE about i > in`.
fn shown(said: &Envelope) -> String {
    let kind = said.kind.as_str().split_once('/').unwrap().1;
    let room = said.to_room.as_ref().map(RoomName::as_str);
    let to = room.or(said.to.as_ref().map(MemberName::as_str)).unwrap();
    let text = |key: &str| said.field(key).map_or(String::new(), |body| body.read().unwrap());
    match (&said.data, &said.id) {
        (Some(data), Some(id)) => {
            format!("{kind} {} > {to}: {}", id.as_str(), String::from_utf8(data.to_json()).unwrap())
        }
        _ if said.kind == Kind::FAULT => format!("{kind} {} about {} > {to}", text("CODE"), text("REF")),
        _ => format!("{kind} {}> {to}", text("CODE")),
    }
}

fn told(event: &ServingEvent) -> String {
    let name = format!("{event:?}");
    let name = name.split([' ', '(', '{']).next().unwrap().to_owned();
    match event {
        ServingEvent::Refused { fault, .. }
        | ServingEvent::GradientRefused { fault, .. }
        | ServingEvent::Relayed { fault, .. }
        | ServingEvent::Objected { fault, .. } => format!("{name} {}", fault.code()),
        ServingEvent::Mismatch(mismatch) => format!("{name} {}", mismatch.fault.code()),
        ServingEvent::Evicted { why, .. } => format!("{name} {why:?}"),
        _ => name,
    }
}
