//! Faults: who is told of a message that came to nothing.

use swergio_client::{Envelope, MessageId, RoomName};

use super::{Machine, Outcome};
use crate::serving::ServingEvent;
use crate::{Differentiable, Eviction, Pass, PassFault};

impl<D: Differentiable> Machine<D> {
    pub(super) fn refuse(&mut self, pass: Option<&Pass>, fault: PassFault, outcome: &mut Outcome) {
        self.tally.refused += 1;
        let fault = fault.at(&self.plan.name);
        if let Some(pass) = pass {
            self.say_fault(&self.plan.input, &pass.id, pass.root_id.as_deref(), &fault, outcome);
        }
        outcome.events.push(ServingEvent::Refused { id: pass.map(|pass| pass.id.clone()), fault });
    }

    /// Tells those before and after of a gradient that came to nothing.
    pub(super) fn refuse_gradient(
        &mut self,
        message: &Envelope,
        pass: Option<&Pass>,
        fault: PassFault,
        outcome: &mut Outcome,
    ) {
        self.tally.refused_gradients += 1;
        let fault = fault.at(&self.plan.name);
        if let Some(id) = &message.id {
            self.say_fault(&self.plan.output, id, message.root_id.as_deref(), &fault, outcome);
        }
        if let Some(pass) = pass {
            self.say_fault(&self.plan.input, &pass.id, pass.root_id.as_deref(), &fault, outcome);
        }
        outcome.events.push(ServingEvent::GradientRefused { id: message.id.clone(), fault });
    }

    /// Ignores a gradient that may well be a sibling's, and tells of it here alone.
    pub(super) fn unknown(&mut self, message: &Envelope, why: &str, outcome: &mut Outcome) {
        self.tally.refused_gradients += 1;
        let fault = PassFault::new("GRADIENT_UNKNOWN", why).at(&self.plan.name);
        outcome.events.push(ServingEvent::GradientRefused { id: message.id.clone(), fault });
    }

    /// Hands a fault of a component further on back. False when it is about nobody's output here.
    pub(super) fn relay(&mut self, message: &Envelope, outcome: &mut Outcome) -> bool {
        let Some((id, fault)) = PassFault::read(message) else { return false };
        let Some(pass) = self.tape.forget(&id) else { return false };
        self.tally.relayed += 1;
        let fault = fault.at(message.sent_by.as_deref().unwrap_or("a component further on"));
        self.say_fault(&self.plan.input, &pass.id, pass.root_id.as_deref(), &fault, outcome);
        outcome.events.push(ServingEvent::Relayed { id, fault });
        true
    }

    fn say_fault(
        &self,
        room: &RoomName,
        reference: &MessageId,
        root_id: Option<&str>,
        fault: &PassFault,
        outcome: &mut Outcome,
    ) {
        let mut envelope = fault.to_envelope(reference).with_to_room(room.clone());
        envelope.root_id = root_id.map(str::to_owned);
        outcome.envelopes.push(envelope);
    }

    /// Undoes what led to a message that could not be sent, and tells whoever waits for what would have come of it.
    pub(in crate::serving) fn unsent(&mut self, envelope: &Envelope, error: &str, outcome: &mut Outcome) {
        outcome.events.push(ServingEvent::Unsent { kind: envelope.kind.clone(), error: error.to_owned() });
        let fault = PassFault::failed(format!("what came of it could not be sent on: {error}"));
        let fault = fault.at(&self.plan.name);
        match envelope.kind.as_str() {
            "DATA/FORWARD" => {
                if let Some(pass) = envelope.id.as_ref().and_then(|id| self.tape.forget(id)) {
                    self.say_fault(&self.plan.input, &pass.id, pass.root_id.as_deref(), &fault, outcome);
                }
            }
            "DATA/GRADIENT" => {
                if let Some(id) = &envelope.id {
                    self.say_fault(&self.plan.input, id, envelope.root_id.as_deref(), &fault, outcome);
                }
            }
            _ => {}
        }
    }
}

pub(super) fn late(why: Eviction) -> PassFault {
    let fault = PassFault::new("GRADIENT_LATE", "what it is the gradient of is not kept any more");
    match why {
        Eviction::Age => fault.help("it was kept for TapeLimits::age: raise that, or answer sooner"),
        Eviction::Count => fault.help("raise TapeLimits::count, or have fewer passes under way"),
        Eviction::Bytes => fault.help("raise TapeLimits::bytes, or have fewer passes under way"),
        Eviction::Fault => fault.help("a fault had ended its pass"),
    }
}

pub(super) fn repeated() -> PassFault {
    PassFault::new("GRADIENT_REPEATED", "there was a gradient for this output already")
        .help("an output has one gradient: add up those of several receivers before it is sent")
}

pub(super) fn object(message: &Envelope, outcome: &mut Outcome) {
    if let Some((id, fault)) = PassFault::read(message)
        && fault.code().starts_with("GRADIENT_")
    {
        outcome.events.push(ServingEvent::Objected { id, fault });
    }
}

pub(super) fn not_differentiable() -> PassFault {
    PassFault::new("NOT_DIFFERENTIABLE", "the component has no vector-Jacobian product")
        .help("send no gradients to it, or give it a vjp")
}
