//! Passes: which of a chain's passes wait for what, and what became of the others. Pure: no clock, no task.

use std::collections::{HashMap, VecDeque};

use swergio_client::{Kind, Message, MessageId, RoomName};
use tokio::sync::oneshot;

use super::ChainError;
use crate::PassFault;
use crate::numbered::Numbered;

type Teller = oneshot::Sender<Result<Message, ChainError>>;
type Answer = oneshot::Receiver<Result<Message, ChainError>>;

/// Counts what has happened to the passes of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainTally {
    /// Passes that were begun.
    pub begun: u64,
    /// Outputs that a caller got.
    pub answered: u64,
    /// Gradients that a caller got.
    pub returned: u64,
    /// Calls that failed because a component said so.
    pub faults: u64,
    /// Calls that failed because nothing came in time.
    pub timeouts: u64,
    /// Calls that failed because the link broke.
    pub lost: u64,
    /// Outputs and gradients that came for a pass after it had ended.
    pub late: u64,
    /// Outputs beyond the first of a pass, and gradients beyond the first: more than one component answers.
    pub rivals: u64,
    /// Gradients that a component refused because their output had one already: somebody sends a second one. The call goes on.
    pub repeated: u64,
    /// Gradients for a pass whose caller has sent none: somebody else sees to its output.
    pub unasked: u64,
    /// Passes that are under way, hits that are held included.
    pub in_flight: usize,
}

/// Keeps the passes of a chain.
#[derive(Debug)]
pub(super) struct Passes {
    ids: Numbered,
    live: HashMap<u64, Live>,
    /// Those that ended last, and how far they came.
    ended: VecDeque<(u64, Reached)>,
    remembered: usize,
    input: RoomName,
    output: RoomName,
    tally: ChainTally,
}

#[derive(Debug)]
struct Live {
    phase: Phase,
    /// The ID of the output, when there is one.
    output: Option<MessageId>,
    rivals: usize,
    /// Whether a gradient has come that its caller had not asked for: of one that somebody else sent.
    unasked: bool,
}

#[derive(Debug)]
enum Phase {
    /// The input is on its way.
    Out(Teller),
    /// The output has come; its caller has it.
    Held,
    /// The gradient by the output is on its way.
    Back(Teller),
    /// A component has said in the meantime that no gradient will come.
    Failed(PassFault),
    /// Both ways are done.
    Done,
}

/// How far a pass came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Output,
    Gradient,
}

impl Live {
    fn reached(&self) -> Reached {
        match (&self.phase, &self.output) {
            (Phase::Done, Some(_)) => Reached::Gradient,
            (_, Some(_)) => Reached::Output,
            (_, None) => Reached::Nothing,
        }
    }
}

impl Passes {
    pub(super) fn new(remembered: usize, input: RoomName, output: RoomName) -> Self {
        Self {
            ids: Numbered::new(),
            live: HashMap::new(),
            ended: VecDeque::new(),
            remembered,
            input,
            output,
            tally: ChainTally::default(),
        }
    }

    /// Begins a pass.
    pub(super) fn begin(&mut self) -> (u64, Answer) {
        let number = self.ids.take();
        let (teller, answer) = oneshot::channel();
        self.live.insert(number, Live { phase: Phase::Out(teller), output: None, rivals: 0, unasked: false });
        self.tally.begun += 1;
        (number, answer)
    }

    /// Begins the way back of a pass whose output has come.
    pub(super) fn turn_back(&mut self, number: u64) -> Result<Answer, ChainError> {
        let (teller, answer) = oneshot::channel();
        let Some(live) = self.live.get_mut(&number) else { return Err(ChainError::Lost) };
        match std::mem::replace(&mut live.phase, Phase::Back(teller)) {
            Phase::Failed(fault) => Err(ChainError::Fault(fault)),
            _ => Ok(answer),
        }
    }

    /// Ends a pass, wherever it is.
    pub(super) fn end(&mut self, number: u64) {
        let Some(live) = self.live.remove(&number) else { return };
        if self.remembered > 0 {
            if self.ended.len() >= self.remembered {
                self.ended.pop_front();
            }
            self.ended.push_back((number, live.reached()));
        }
    }

    /// Takes in a message that one of the chain's rooms heard.
    pub(super) fn hear(&mut self, message: Message) {
        let to_room = message.to_room.as_ref();
        if message.kind == Kind::FORWARD && to_room == Some(&self.output) {
            self.hear_output(message);
        } else if message.kind == Kind::GRADIENT && to_room == Some(&self.input) {
            self.hear_gradient(message);
        } else if message.kind == Kind::FAULT {
            self.hear_fault(&message);
        }
    }

    /// Tells everybody who waits that what was under way is lost.
    pub(super) fn lose(&mut self) {
        for live in self.live.values_mut() {
            if let Phase::Out(_) | Phase::Back(_) = live.phase
                && let Phase::Out(teller) | Phase::Back(teller) =
                    std::mem::replace(&mut live.phase, Phase::Held)
            {
                self.tally.lost += 1;
                let _ = teller.send(Err(ChainError::Lost));
            }
        }
    }

    pub(super) fn count_timeout(&mut self) {
        self.tally.timeouts += 1;
    }

    pub(super) fn rivals(&self, number: u64) -> usize {
        self.live.get(&number).map_or(0, |live| live.rivals)
    }

    pub(super) fn tally(&self) -> ChainTally {
        ChainTally { in_flight: self.live.len(), ..self.tally }
    }

    /// Returns the ID of a pass.
    pub(super) fn id_of(&self, number: u64) -> MessageId {
        self.ids.id_of(number)
    }

    fn hear_output(&mut self, message: Message) {
        let Some(number) = message.root_id.as_deref().and_then(|root| self.ids.number_of(root)) else {
            return;
        };
        let Some(live) = self.live.get_mut(&number) else {
            return self.too_late(number, Reached::Output);
        };
        let Some(output) = message.id.clone() else { return };
        if !matches!(live.phase, Phase::Out(_)) {
            live.rivals += 1;
            self.rival("output", &message);
        } else if let Phase::Out(teller) = std::mem::replace(&mut live.phase, Phase::Held) {
            live.output = Some(output);
            self.tally.answered += 1;
            let _ = teller.send(Ok(message));
        }
    }

    fn hear_gradient(&mut self, message: Message) {
        let Some(number) = message.id.as_ref().and_then(|id| self.ids.number_of(id.as_str())) else { return };
        let Some(live) = self.live.get_mut(&number) else {
            return self.too_late(number, Reached::Gradient);
        };
        match std::mem::replace(&mut live.phase, Phase::Done) {
            Phase::Back(teller) => {
                self.tally.returned += 1;
                let _ = teller.send(Ok(message));
            }
            Phase::Done => self.rival("gradient", &message),
            phase => {
                live.phase = phase;
                live.unasked = true;
                self.tally.unasked += 1;
            }
        }
    }

    fn hear_fault(&mut self, message: &Message) {
        let Some((reference, fault)) = PassFault::read(message) else { return };
        let fault = match message.sender() {
            Some(sender) => fault.at(sender),
            None => fault,
        };
        let number = self.ids.number_of(reference.as_str()).or_else(|| self.of_output(reference.as_str()));
        let Some(number) = number else { return };
        let Some(live) = self.live.get_mut(&number) else { return };
        // The first gradient was used, and what comes of it is on its way, unless it was somebody else's and came here already.
        if fault.code() == "GRADIENT_REPEATED" && !(live.unasked && matches!(live.phase, Phase::Back(_))) {
            return self.repeated(&fault);
        }
        match std::mem::replace(&mut live.phase, Phase::Done) {
            Phase::Out(teller) | Phase::Back(teller) => {
                self.tally.faults += 1;
                let _ = teller.send(Err(ChainError::Fault(fault)));
            }
            Phase::Held => {
                self.tally.faults += 1;
                live.phase = Phase::Failed(fault);
            }
            phase => live.phase = phase,
        }
    }

    /// Finds the pass whose output has this ID.
    fn of_output(&self, id: &str) -> Option<u64> {
        let ours = |live: &Live| live.output.as_ref().is_some_and(|output| output.as_str() == id);
        self.live.iter().find(|(_, live)| ours(live)).map(|(number, _)| *number)
    }

    /// Counts what came for a pass that has ended: late, unless the pass had one already.
    fn too_late(&mut self, number: u64, what: Reached) {
        match self.ended.iter().rev().find(|(ended, _)| *ended == number) {
            Some((_, reached)) if *reached >= what => self.tally.rivals += 1,
            _ => self.tally.late += 1,
        }
    }

    fn repeated(&mut self, fault: &PassFault) {
        self.tally.repeated += 1;
        if self.tally.repeated == 1 {
            tracing::warn!(
                component = fault.component(),
                "an output was sent more than one gradient; the first counts"
            );
        }
    }

    fn rival(&mut self, what: &str, message: &Message) {
        self.tally.rivals += 1;
        let (room, sent_by) = (message.to_room.as_ref().map(RoomName::as_str), message.sender());
        if self.tally.rivals == 1 {
            tracing::warn!(what, room, sent_by, "more than one component answers a chain; the first counts");
        }
    }
}
