//! Machine: which passes an audit watches, and what it makes of what it hears. No clock, no link.

use std::collections::HashMap;
use std::time::Instant;

use fastrand::Rng;
use swergio_client::{Envelope, Kind, Message, ModelStatus, RoomName};

use super::watch::{Judged, Outcome, Watch, Wrong};
use super::{Audit, AuditFinding, AuditLimits, AuditTally};
use crate::numbered::Numbered;
use crate::{PassFault, Values};

/// One component that is audited.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) input: RoomName,
    pub(super) output: RoomName,
}

/// Listens, picks passes, judges them.
pub(super) struct Machine {
    parts: Vec<Part>,
    every: u64,
    seed: u64,
    probing: ModelStatus,
    limits: AuditLimits,
    rng: Rng,
    /// Passes that have gone into each component.
    passes: Vec<u64>,
    watches: HashMap<u64, Watch>,
    /// The watch that a probe belongs to, and which of its points it is.
    probes: HashMap<u64, (u64, usize)>,
    /// The passes of each component that were judged last, the newest last.
    judged: Vec<Vec<Judged>>,
    findings: Vec<AuditFinding>,
    ids: Numbered,
    next: u64,
    tally: AuditTally,
}

impl Machine {
    pub(super) fn new(audit: &Audit, parts: Vec<Part>) -> Self {
        Self {
            every: audit.every.max(1),
            seed: audit.seed,
            probing: audit.probing,
            limits: audit.limits.clone(),
            rng: Rng::with_seed(audit.seed),
            passes: vec![0; parts.len()],
            watches: HashMap::new(),
            probes: HashMap::new(),
            judged: parts.iter().map(|_| Vec::new()).collect(),
            findings: Vec::new(),
            ids: Numbered::new(),
            next: 0,
            tally: AuditTally::default(),
            parts,
        }
    }

    /// Takes in what one of the rooms heard, and returns what is to be sent.
    pub(super) fn hear(&mut self, now: Instant, message: &Message) -> Vec<Envelope> {
        let Some(room) = &message.to_room else { return Vec::new() };
        let mut probes = Vec::new();
        for part in 0..self.parts.len() {
            let (from_input, from_output) =
                (self.parts[part].input == *room, self.parts[part].output == *room);
            match message.kind.as_str() {
                "DATA/FORWARD" if from_output => self.hear_output(part, message),
                "DATA/GRADIENT" if from_output => self.hear_cotangent(part, message),
                "DATA/GRADIENT" if from_input => self.hear_gradient(part, message),
                "DATA/FAULT" if from_input => self.hear_fault(part, message),
                _ => {}
            }
            if from_input && message.kind == Kind::FORWARD {
                probes.extend(self.pick(now, part, message));
            }
        }
        self.finish(now);
        probes
    }

    /// Hands over what was found since.
    pub(super) fn findings(&mut self) -> Vec<AuditFinding> {
        std::mem::take(&mut self.findings)
    }

    pub(super) fn count_unread(&mut self) {
        self.tally.unread += 1;
    }

    pub(super) fn tally(&self) -> AuditTally {
        AuditTally { watching: self.watches.len(), ..self.tally }
    }

    /// Begins to watch a pass, if it is to be picked.
    fn pick(&mut self, now: Instant, part: usize, message: &Message) -> Vec<Envelope> {
        let wants_gradient = message.model_status != Some(ModelStatus::VALIDATE);
        let (Some(id), Some(data), true) = (&message.id, &message.data, wants_gradient) else {
            return Vec::new();
        };
        let ours = |id: &str| self.ids.number_of(id).is_some();
        if message.root_id.as_deref().is_some_and(ours) {
            return Vec::new();
        }
        let count = self.passes[part];
        self.passes[part] += 1;
        if !self.is_picked(count) || self.watches.len() >= self.limits.watched {
            return Vec::new();
        }
        let Ok(input) = Values::read(data) else { return Vec::new() };
        if input.bytes() > self.limits.bytes {
            return Vec::new();
        }
        let root_id = message.root_id.clone();
        let watch = Watch::begin(part, now, id.clone(), root_id, input, &mut self.rng);
        watch.map_or_else(Vec::new, |watch| self.watch(part, watch))
    }

    /// Picks two passes in a row out of twice as many as `every` says, so that one can be told from the one before it.
    fn is_picked(&self, count: u64) -> bool {
        let block = 2 * self.every;
        let place = Rng::with_seed(self.seed ^ (count / block)).u64(..block - 1);
        self.every == 1 || (place..place + 2).contains(&(count % block))
    }

    fn watch(&mut self, part: usize, watch: Watch) -> Vec<Envelope> {
        // All or none: what is noted of a probe goes when its watch does.
        let bodies: Result<Vec<_>, _> =
            watch.points().iter().map(|point| point.clone().into_body()).collect();
        let Ok(bodies) = bodies else { return Vec::new() };
        let number = self.next;
        self.next += 1;
        self.tally.picked += 1;
        let mut probes = Vec::with_capacity(bodies.len());
        for (at, body) in bodies.into_iter().enumerate() {
            let probe = self.ids.take();
            self.probes.insert(probe, (number, at));
            let id = self.ids.id_of(probe);
            let mut envelope = Envelope::new(Kind::FORWARD)
                .with_to_room(self.parts[part].input.clone())
                .with_root_id(id.as_str())
                .with_model_status(self.probing)
                .with_id(id);
            envelope.data = Some(body);
            probes.push(envelope);
        }
        self.watches.insert(number, watch);
        probes
    }

    fn hear_output(&mut self, part: usize, message: &Message) {
        let (Some(root), Some(id), Some(data)) = (&message.root_id, &message.id, &message.data) else {
            return;
        };
        if let Some(probe) = self.ids.number_of(root) {
            let asked = self.probes.get(&probe).copied();
            if let Some((number, at)) = asked
                && let Some(watch) = self.watches.get_mut(&number).filter(|watch| watch.part == part)
            {
                watch.answer(at, Values::read(data).map_err(Into::into));
                self.probes.remove(&probe);
            }
            return;
        }
        let waits = |watch: &&mut Watch| {
            watch.part == part && watch.output.is_none() && watch.root_id.as_ref() == Some(root)
        };
        if let Some(watch) = self.watches.values_mut().find(waits)
            && let Ok(output) = Values::read(data)
        {
            watch.output = Some((id.clone(), output));
        }
    }

    fn hear_cotangent(&mut self, part: usize, message: &Message) {
        let (Some(id), Some(data)) = (&message.id, &message.data) else { return };
        let waits = |watch: &&mut Watch| {
            watch.part == part && watch.output.as_ref().is_some_and(|(output, _)| output == id)
        };
        if let Some(watch) = self.watches.values_mut().find(waits)
            && watch.cotangent.is_none()
        {
            watch.cotangent = Values::read(data).ok();
        }
    }

    fn hear_gradient(&mut self, part: usize, message: &Message) {
        let (Some(id), Some(data)) = (&message.id, &message.data) else { return };
        if message.model_status.unwrap_or(ModelStatus::TRAIN) == ModelStatus::TRAIN {
            let others = self.watches.values_mut().filter(|watch| {
                watch.part == part && watch.id != *id && watch.output.is_some() && watch.gradient.is_none()
            });
            others.for_each(|watch| watch.overlapped = true);
        }
        let waits = |watch: &&mut Watch| watch.part == part && watch.id == *id;
        if let Some(watch) = self.watches.values_mut().find(waits)
            && watch.gradient.is_none()
        {
            watch.gradient = Values::read(data).ok().map(|gradient| (message.sent_by.clone(), gradient));
        }
    }

    /// Notes that a point is out of the component's range, or that the pass has ended.
    fn hear_fault(&mut self, part: usize, message: &Message) {
        let Some((reference, fault)) = PassFault::read(message) else { return };
        if let Some(probe) = self.ids.number_of(reference.as_str()) {
            if let Some((number, at)) = self.probes.remove(&probe)
                && let Some(watch) = self.watches.get_mut(&number)
            {
                watch.answer(at, Err(fault.into()));
            }
            return;
        }
        let found = self.watches.iter().find(|(_, watch)| watch.part == part && watch.id == reference);
        if let Some(number) = found.map(|(number, _)| *number) {
            self.drop_watch(number);
        }
    }

    /// Judges what is complete, and lets go of what has been watched for too long.
    fn finish(&mut self, now: Instant) {
        let complete =
            self.watches.iter().filter(|(_, watch)| watch.is_complete()).map(|(number, _)| *number);
        let mut complete: Vec<u64> = complete.collect();
        complete.sort_unstable();
        for number in complete {
            if let Some(watch) = self.watches.remove(&number) {
                self.judge(watch);
            }
        }
        let age = self.limits.age;
        let old = |watch: &Watch| now.saturating_duration_since(watch.since) > age;
        let old: Vec<u64> =
            self.watches.iter().filter(|(_, watch)| old(watch)).map(|(number, _)| *number).collect();
        old.into_iter().for_each(|number| self.drop_watch(number));
    }

    fn drop_watch(&mut self, number: u64) {
        self.watches.remove(&number);
        self.probes.retain(|_, (watch, _)| *watch != number);
        self.tally.unfinished += 1;
    }

    fn judge(&mut self, watch: Watch) {
        let (part, root_id) = (watch.part, watch.root_id.clone());
        let sent_by = watch.gradient.as_ref().and_then(|(sent_by, _)| sent_by.clone());
        match watch.judge(&self.judged[part]) {
            Outcome::Right(judged) => {
                self.tally.right += 1;
                self.keep(part, judged);
            }
            Outcome::Unclear => self.tally.unclear += 1,
            Outcome::Moved => self.tally.moved += 1,
            Outcome::Misled => self.tally.misled += 1,
            Outcome::Wrong(Wrong { fault, sentence, estimate, judged }) => {
                self.tally.wrong += 1;
                let (claimed, measured, allowed) = estimate
                    .map_or((f64::NAN, f64::NAN, f64::NAN), |(claimed, estimate)| {
                        (claimed, claimed + estimate.residual, estimate.allowed)
                    });
                let component = self.parts[part].name.clone();
                self.findings.push(AuditFinding {
                    component,
                    sent_by,
                    fault,
                    sentence,
                    root_id,
                    claimed,
                    measured,
                    allowed,
                });
                if let Some(judged) = judged {
                    self.keep(part, judged);
                }
            }
        }
    }

    fn keep(&mut self, part: usize, judged: Judged) {
        let kept = &mut self.judged[part];
        if kept.len() >= self.limits.kept && !kept.is_empty() {
            kept.remove(0);
        }
        if self.limits.kept > 0 {
            kept.push(judged);
        }
    }
}

#[cfg(test)]
mod tests {
    use swergio_client::{MessageId, Tensor};

    use super::*;

    #[test]
    fn nothing_is_noted_of_a_pass_whose_points_cannot_be_spelt() {
        let room = |name| RoomName::parse(name).unwrap();
        let part = Part { name: "c".into(), input: room("in"), output: room("out") };
        let mut machine = Machine::new(&Audit::every(1), vec![part]);
        let scalar = || Tensor::from_f64([1], &[2.0]).unwrap();
        let twice = Values::named([("x", scalar()), ("x", scalar())]);
        let watch =
            Watch::begin(0, Instant::now(), MessageId::new("i"), None, twice, &mut machine.rng).unwrap();
        assert!(machine.watch(0, watch).is_empty());
        assert_eq!((machine.probes.len(), machine.tally().picked, machine.tally().watching), (0, 0, 0));
    }
}
