//! Machine: what a served component does with one message. It owns no task, no link and no clock.

mod contained;
mod faults;
mod neighbours;

use std::time::Instant;

use swergio_client::{Body, Envelope, Kind, MessageId, ModelStatus, RoomName};

use super::{Plan, ServingEvent, ServingTally, account, cotangents};
use crate::port::{Bindings, Expected, admit, admit_gradient, admit_own, admit_own_gradient, expected};
use crate::{Differentiable, Evicted, Pass, PassFault, Return, Tape, Value, Values};

use contained::contained;
use faults::{late, not_differentiable, object, repeated};

/// Turns messages into messages, by what the component computes and what is on its tape.
pub(super) struct Machine<D: Differentiable> {
    plan: Plan,
    component: D,
    tape: Tape<Sample<D::Saved>>,
    tally: ServingTally,
}

/// What is kept of one forward.
struct Sample<S> {
    saved: S,
    /// MODEL_STATUS as the message had it, or had it not.
    stated: Option<ModelStatus>,
    input: Vec<Expected>,
    output: Vec<Expected>,
}

/// What a message leads to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// To be sent, in this order.
    pub(super) envelopes: Vec<Envelope>,
    /// To be told.
    pub(super) events: Vec<ServingEvent>,
}

impl<D: Differentiable> Machine<D> {
    pub(super) fn new(plan: Plan, component: D) -> Self {
        let tape = Tape::new(plan.limits.tape.clone());
        Self { plan, component, tape, tally: ServingTally::default() }
    }

    /// Takes in one message; `fresh` is the ID of the output, should there be one.
    pub(super) fn hear(&mut self, now: Instant, message: &Envelope, fresh: MessageId, outcome: &mut Outcome) {
        let from = |room: &RoomName| message.to_room.as_ref() == Some(room);
        match message.kind.as_str() {
            "DATA/FORWARD" if from(&self.plan.input) => self.forward(now, message, fresh, outcome),
            "DATA/GRADIENT" if from(&self.plan.output) => self.gradient(now, message, outcome),
            "DATA/FAULT" if from(&self.plan.output) && self.relay(message, outcome) => {}
            "DATA/FAULT" if from(&self.plan.input) => object(message, outcome),
            "DATA/REWARD" if from(&self.plan.output) => {
                self.tally.ignored += 1;
                let (id, kind) = (message.id.clone(), message.kind.clone());
                outcome.events.push(ServingEvent::Ignored { id, kind });
            }
            "COMMAND/PORTS" => self.meet(message, outcome),
            "COMMAND/MISMATCH" => self.heed_mismatch(message, outcome),
            // Outputs of siblings in the output room, gradients of siblings in the input room.
            _ => {}
        }
    }

    /// Lets go of what has been on the tape for too long.
    pub(super) fn sweep(&mut self, now: Instant, outcome: &mut Outcome) {
        let evicted = self.tape.sweep(now);
        tell_evicted(evicted, outcome);
    }

    /// Returns when to sweep next, should nothing change.
    pub(super) fn next_sweep(&self) -> Option<Instant> {
        self.tape.next_sweep()
    }

    /// Returns what has been counted.
    pub(super) fn tally(&self) -> ServingTally {
        ServingTally { tape: *self.tape.tally(), ..self.tally }
    }

    /// Lends the component out.
    pub(super) fn component(&mut self) -> &mut D {
        &mut self.component
    }

    /// Counts messages that the client left out.
    pub(super) fn missed(&mut self, count: u64) {
        self.tally.missed += count;
    }

    fn forward(&mut self, now: Instant, message: &Envelope, fresh: MessageId, outcome: &mut Outcome) {
        let Some(pass) = Pass::of(message) else {
            let fault = PassFault::unreadable("a FORWARD without an ID: nothing could come back for it");
            return self.refuse(None, fault, outcome);
        };
        let weights = self.component.weights_version();
        let (data, kept) = match self.compute(&pass, message) {
            Ok(computed) => computed,
            Err(fault) => return self.refuse(Some(&pass), fault, outcome),
        };
        outcome.envelopes.push(Envelope {
            root_id: pass.root_id.clone(),
            model_status: message.model_status,
            fields: account::weights(weights).into_iter().collect(),
            data: Some(data),
            ..to_room(Kind::FORWARD, &self.plan.output).with_id(fresh.clone())
        });
        self.tally.forwards += 1;
        match kept {
            None => self.tape.pass_on(fresh, pass),
            Some((sample, bytes)) => tell_evicted(self.tape.keep(now, fresh, pass, sample, bytes), outcome),
        }
    }

    /// Computes what goes out, and what to keep of it, if anything: with its size in bytes.
    #[expect(clippy::type_complexity, reason = "it is taken apart where it is called")]
    fn compute(
        &mut self,
        pass: &Pass,
        message: &Envelope,
    ) -> Result<(Body, Option<(Sample<D::Saved>, usize)>), PassFault> {
        let mut bindings = Bindings::default();
        let values = admit(&self.plan.inputs, message.data.as_ref(), &mut bindings)?;
        let (came, input) = (values.bytes(), expected(&self.plan.inputs, &values));
        let (own, saved) = run_forward(&mut self.component, values, pass)?;
        let values = admit_own(&self.plan.outputs, own, &mut bindings)?;
        let output = expected(&self.plan.outputs, &values);
        let kept = saved.map(|(saved, known)| {
            let bytes = known.unwrap_or(came + values.bytes());
            (Sample { saved, stated: message.model_status, input, output }, bytes)
        });
        Ok((values.into_body()?, kept))
    }

    fn gradient(&mut self, now: Instant, message: &Envelope, outcome: &mut Outcome) {
        let Some(id) = &message.id else {
            let fault = PassFault::unreadable("a GRADIENT without an ID: whose it is cannot be known");
            return self.refuse_gradient(message, None, fault, outcome);
        };
        match self.tape.take(now, id) {
            Return::Found(mut pass, sample) => {
                let status = quieter(&mut pass, sample.stated, message.model_status);
                match self.pull_back(&pass, sample, message) {
                    Err(fault) => self.refuse_gradient(message, Some(&pass), fault, outcome),
                    Ok((data, fields)) => {
                        self.tally.gradients += 1;
                        outcome.envelopes.push(Envelope {
                            root_id: pass.root_id,
                            model_status: status,
                            fields,
                            data: Some(data),
                            ..to_room(Kind::GRADIENT, &self.plan.input).with_id(pass.id)
                        });
                    }
                }
            }
            Return::Late(why, pass) => self.refuse_gradient(message, Some(&pass), late(why), outcome),
            Return::NotKept(pass) if !self.component.is_differentiable() => {
                self.refuse_gradient(message, Some(&pass), not_differentiable(), outcome);
            }
            Return::Repeated => self.refuse_gradient(message, None, repeated(), outcome),
            Return::NotKept(_) => self.unknown(message, "nothing is kept for a pass as VALIDATE", outcome),
            Return::Unknown => self.unknown(message, "no such output is remembered", outcome),
        }
    }

    /// Computes the gradient by the input, and the fields that go with it.
    fn pull_back(
        &mut self,
        pass: &Pass,
        sample: Sample<D::Saved>,
        message: &Envelope,
    ) -> Result<(Body, Vec<(String, Body)>), PassFault> {
        let Sample { saved, input, output, .. } = sample;
        let count = cotangents::count(message, self.plan.limits.cotangents)?;
        let gradient = admit_gradient(&self.plan.outputs, &output, message.data.as_ref(), count)?;
        let own = match count {
            None => {
                let component = &mut self.component;
                contained(|| {
                    let cotangent = D::Output::from_values(gradient)?;
                    Ok(component.vjp(saved, cotangent, pass)?.into_values()?)
                })?
            }
            Some(count) => self.pull_many_back(pass, saved, &gradient, count)?,
        };
        let by_input = admit_own_gradient(&self.plan.inputs, &input, own, count)?;
        let cotangents = message.fields.iter().filter(|(key, _)| key == cotangents::FIELD).cloned();
        let fields = cotangents.chain(account::weights(self.component.weights_version()));
        Ok((by_input.into_body()?, fields.collect()))
    }

    fn pull_many_back(
        &mut self,
        pass: &Pass,
        saved: D::Saved,
        gradient: &Values,
        count: usize,
    ) -> Result<Values, PassFault> {
        let unwanted = |why: &str, help: &str| Err(PassFault::new("COTANGENTS", why).help(help));
        if pass.learns() {
            let why = "several cotangents at once are for asking, not for learning";
            return unwanted(why, "run the pass as PROBE (MODEL_STATUS 3)");
        }
        let component = &mut self.component;
        let all = contained(|| {
            let cotangents = cotangents::part(gradient, count).into_iter().map(D::Output::from_values);
            let answer = component.vjp_batch(saved, cotangents.collect::<Result<_, _>>()?, pass);
            let values =
                |all: Vec<D::Input>| all.into_iter().map(|by_input| Ok(by_input.into_values()?)).collect();
            answer.map(|answer| answer.and_then(values)).transpose()
        })?;
        let Some(all): Option<Vec<Values>> = all else {
            let why = "the component takes one cotangent at a time";
            return unwanted(why, "send one in each pass, or serve it `.batched()`");
        };
        cotangents::join(&all)
            .filter(|_| all.len() == count)
            .ok_or_else(|| PassFault::failed("the gradients for several cotangents are not of one form"))
    }
}

/// Runs the forward, or only infers where nothing is to be kept; with what was saved comes its size, if that is known.
#[expect(clippy::type_complexity, reason = "it is taken apart where it is called")]
fn run_forward<D: Differentiable>(
    component: &mut D,
    input: Values,
    pass: &Pass,
) -> Result<(Values, Option<(D::Saved, Option<usize>)>), PassFault> {
    contained(|| {
        let input = D::Input::from_values(input)?;
        if pass.wants_gradient() && component.is_differentiable() {
            let (output, saved) = component.forward(input, pass)?;
            let bytes = component.saved_bytes(&saved);
            Ok((output.into_values()?, Some((saved, bytes))))
        } else {
            Ok((component.infer(input, pass)?.into_values()?, None))
        }
    })
}

fn to_room(kind: Kind<'static>, room: &RoomName) -> Envelope {
    Envelope::new(kind).with_to_room(room.clone())
}

/// Lets nobody learn from a pass whose gradient says not to, and returns the status that travels on.
fn quieter(pass: &mut Pass, kept: Option<ModelStatus>, came: Option<ModelStatus>) -> Option<ModelStatus> {
    match came {
        Some(came) if came != ModelStatus::TRAIN && pass.learns() => {
            pass.status = ModelStatus::PROBE;
            Some(came)
        }
        _ => kept,
    }
}

fn tell_evicted<S>(evicted: Vec<Evicted<S>>, outcome: &mut Outcome) {
    outcome
        .events
        .extend(evicted.into_iter().map(|gone| ServingEvent::Evicted { id: gone.id, why: gone.why }));
}

#[cfg(test)]
mod tests {
    mod asking;
    mod bounds;
    mod faults;
    mod meeting;
    mod passes;
    mod ports;
    mod stage;
    mod worlds;
}
