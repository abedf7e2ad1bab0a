//! Neighbours: what a component tells of its ports, and what it makes of what others tell.

use swergio_client::{Envelope, MemberName};

use super::{Machine, Outcome};
use crate::serving::ServingEvent;
use crate::{Announcement, Differentiable, Mismatch, Side};

impl<D: Differentiable> Machine<D> {
    /// Tells both rooms what the component takes and gives.
    pub(in crate::serving) fn announce(&self, outcome: &mut Outcome) {
        let announcement = self.announcement();
        let (input, output) = (&self.plan.input, &self.plan.output);
        outcome.envelopes.push(announcement.to_room(input.clone()));
        if output != input {
            outcome.envelopes.push(announcement.to_room(output.clone()));
        }
    }

    /// Answers a neighbour that has come, or somebody who asks, and tells everybody in the room what does not fit.
    ///
    /// Who answers compares, so of two neighbours one does.
    pub(super) fn meet(&self, message: &Envelope, outcome: &mut Outcome) {
        let (own, other) = (self.announcement(), Announcement::read(message));
        let (ports, most) = (other.ports(), self.plan.limits.ports);
        if ports > most {
            tracing::warn!(component = other.component, ports, most, "an announcement has too many ports");
            return;
        }
        if !Announcement::is_answer(message) {
            if let Some(sender) = message.sent_by.as_ref().and_then(|name| MemberName::parse(name).ok()) {
                outcome.envelopes.push(own.answer(sender));
            }
            for (room, mismatch) in own.compare(&other) {
                outcome.envelopes.push(mismatch.to_room(room));
                outcome.events.push(ServingEvent::Mismatch(mismatch));
            }
        }
        if other.input.is_some() || other.output.is_some() {
            outcome.events.push(ServingEvent::Neighbour(other));
        }
    }

    /// Hears that this component and a neighbour do not fit.
    pub(super) fn heed_mismatch(&self, message: &Envelope, outcome: &mut Outcome) {
        let ours = |mismatch: &Mismatch| [&mismatch.giver, &mismatch.taker].contains(&&self.plan.name);
        outcome.events.extend(Mismatch::read(message).filter(ours).map(ServingEvent::Mismatch));
    }

    fn announcement(&self) -> Announcement {
        let side = |room: &swergio_client::RoomName, ports: &[crate::Port]| {
            Some(Side { room: room.as_str().to_owned(), ports: ports.to_vec() })
        };
        Announcement {
            component: self.plan.name.clone(),
            differentiable: self.component.is_differentiable(),
            input: side(&self.plan.input, &self.plan.inputs),
            output: side(&self.plan.output, &self.plan.outputs),
        }
    }
}
