//! Member: what one component's messages do to the broker, step by step.

mod delivery;
mod habit;

use std::sync::Arc;

use swergio_proto::{
    Act, Codec, Envelope, Fault, Grant, Head, Kind, Notice, Route, Session, Signature, Step, WATCH,
};

use crate::broker::Inner;
use crate::dues::Dues;
use crate::link::Heard;
use crate::outbox::Outbox;
use crate::run::Run;
use crate::watch::{self, Notes};
use habit::Habit;

pub(crate) struct Member {
    session: Session,
    /// The session's name as its messages are signed with it, once it has one.
    signature: Option<Signature>,
    outbox: Arc<Outbox>,
    broker: Arc<Inner>,
    run: Run,
    dues: Dues,
    habit: Habit,
    /// What is noted down for the room `_watch`, once anybody has sat there.
    notes: Option<Box<Notes>>,
    registered: bool,
}

impl Member {
    pub(crate) fn new(broker: Arc<Inner>, outbox: Arc<Outbox>, grant: Arc<Grant>) -> Self {
        let session = Session::new(broker.rules.clone(), grant);
        let run = Run::new(&broker.config.limits);
        Self {
            session,
            signature: None,
            outbox,
            broker,
            run,
            dues: Dues::default(),
            habit: Habit::default(),
            notes: None,
            registered: false,
        }
    }

    /// Registers and joins on behalf of a peer that asked for it in its address.
    pub(crate) fn introduce(&mut self, name: &str, rooms: &[&str]) {
        let register = [(Kind::REGISTER, "NAME", name)];
        let joins = rooms.iter().map(|room| (Kind::JOINROOM, "ROOM", *room));
        for (kind, field, value) in register.into_iter().chain(joins) {
            let asked =
                Envelope::new(kind).with_field(field, value).and_then(|asked| asked.encode(Codec::Json));
            match asked {
                Ok(frame) => drop(self.receive(&frame.into())),
                Err(fault) => self.blame(None, &fault),
            }
        }
        self.settle();
    }

    /// Tells, once, that the peer has registered.
    pub(crate) fn take_registered(&mut self) -> bool {
        std::mem::take(&mut self.registered)
    }

    /// Takes note that others have had a turn.
    pub(crate) fn begin_turn(&mut self) {
        self.dues.begin_turn();
    }

    /// Hands out what was gathered, and begins to write to those who were told something since the last time. Returns
    /// whether some are left, to be gone on with before anything else is read.
    pub(crate) fn settle_some(&mut self) -> bool {
        self.hand_out_run();
        if let Some(notes) = &mut self.notes {
            self.broker.hub.watch.collect(notes);
        }
        let left = self.dues.settle_some(&self.broker.hub.meter);
        self.broker.hub.shed(self.broker.config.limits.outboxes_bytes);
        left
    }

    /// Hands out what was gathered, and writes to all who were told something, or wakes them, now.
    pub(crate) fn settle(&mut self) {
        if self.settle_some() {
            self.dues.settle(&self.broker.hub.meter);
        }
    }

    /// Gives up the member's seats.
    pub(crate) fn vacate(&mut self) {
        self.settle();
        self.broker.hub.vacate(&self.outbox, self.session.rooms());
    }

    /// Takes in one message. Returns `false` when it was the last one.
    pub(crate) fn receive(&mut self, heard: &Heard<'_>) -> bool {
        self.dues.received(heard.codec(), heard.len());
        self.gather_by_habit(heard) || self.receive_anew(heard)
    }

    fn receive_anew(&mut self, heard: &Heard<'_>) -> bool {
        let mut head = Head::default();
        if let Err(fault) = head.read(heard.view(), self.broker.rules.limits.nesting) {
            self.blame(None, &fault);
            return true;
        }
        match self.session.receive(&head) {
            Ok(Step { act: Act::Say, ref route }) => {
                self.route(heard, route, &head);
                true
            }
            Ok(Step { act, route }) => {
                let stays = act != Act::Disconnect;
                match self.act(act) {
                    Ok(()) => self.route(heard, &route, &head),
                    Err(fault) => self.blame(head.id.text(), &fault),
                }
                stays
            }
            Err(fault) => {
                self.blame(head.id.text(), &fault);
                true
            }
        }
    }

    fn act(&mut self, act: Act) -> Result<(), Fault> {
        self.hand_out_run();
        self.habit.clear();
        let broker = Arc::clone(&self.broker);
        let hub = &broker.hub;
        match act {
            Act::Say | Act::Disconnect => {}
            Act::Register { name, was } => {
                hub.register(&name, was.as_ref(), &self.outbox, self.session.rooms());
                self.signature = Some(Signature::of(name.as_str()));
                self.registered = true;
                self.notify(&Notice::Welcome {
                    name: name.as_str(),
                    session: self.outbox.seat.0,
                    node: &broker.config.node,
                    limits: &broker.rules.limits,
                });
            }
            Act::Join(room) => {
                let name = self.session.name().ok_or(Fault::Unregistered)?;
                if let Err(fault) = hub.join(&room, name, &self.outbox) {
                    self.session.undo_join(&room);
                    return Err(fault);
                }
                if room == WATCH {
                    watch::begin(&broker);
                }
            }
            Act::Leave(room) => {
                let name = self.session.name().ok_or(Fault::Unregistered)?;
                hub.leave(&room, name, self.outbox.seat);
            }
        }
        Ok(())
    }

    fn route(&mut self, heard: &Heard<'_>, route: &Route<'_>, head: &Head<'_>) {
        if self.broker.hub.watch.is_open() {
            self.note(heard, head, route);
        }
        let logs = route.logged && self.hears_logs();
        if let Some(to) = self.gathers(heard, route, logs) {
            if let Err(fault) = self.gather(heard, to, route.unsigned) {
                self.blame(head.id.text(), &fault);
                return;
            }
            self.learn(heard, head, route);
            return;
        }
        self.hand_out_run();
        let mut receivers = 0;
        if route.room.is_some() || route.member.is_some() || logs {
            match self.hand_out(heard, route, logs) {
                Ok(all) => receivers = all,
                Err(fault) => return self.blame(head.id.text(), &fault),
            }
        }
        if route.ack {
            self.notify(&Notice::Ack { reference: head.id.text(), receivers });
        }
    }

    /// Tells whether a message of a kind that is logged is told to somebody in `_logging`.
    fn hears_logs(&self) -> bool {
        self.broker.config.log_room && self.broker.hub.hears_logs()
    }

    /// Hands out a message that travels alone, and returns to how many.
    fn hand_out(&mut self, heard: &Heard<'_>, route: &Route<'_>, logs: bool) -> Result<usize, Fault> {
        let addresses = [route.room, route.member];
        let frame = heard.frame();
        if route.unsigned && !logs && self.keeps(&frame) {
            return self.deliver_signed(&frame, &addresses);
        }
        let (frame, sealed) = self.ready(frame, heard, route.unsigned)?;
        let receivers = self.deliver(&frame, sealed, &addresses);
        if logs {
            self.log(&frame);
        }
        Ok(receivers)
    }

    /// Notes a message down for the room `_watch`.
    #[cold]
    fn note(&mut self, heard: &Heard<'_>, head: &Head<'_>, route: &Route<'_>) {
        let Some(name) = self.session.name() else { return };
        let notes = self.notes.get_or_insert_with(|| Box::new(Notes::new(&self.broker.config.limits)));
        notes.note(&self.broker.hub.watch, heard, head, route, (name.as_str(), self.outbox.seat));
    }

    fn blame(&mut self, reference: Option<&str>, fault: &Fault) {
        self.broker.hub.meter.fault(fault);
        tracing::debug!(session = self.outbox.seat.0, code = fault.code(), "refused: {fault}");
        self.notify(&Notice::Error { reference, fault });
    }

    fn notify(&mut self, notice: &Notice<'_>) {
        self.hand_out_run();
        self.broker.hub.notify(&self.outbox, notice, &mut self.dues);
    }
}
