//! GatherRoom: a gathering over a client, whose members are those who sit in the answers' room.

use std::time::Duration;

use swergio_client::{Client, Error, Kind, Message, MessageId, Messages, RoomName, Trigger};
use tokio::time::{Instant, timeout};

use super::{Gather, GatherLimits, GatherTally, Gathered, Heard, Want};

/// The room in which the broker tells who comes and goes.
const PRESENCE: &str = "_presence";

/// Gathers the answers that are sent into a room, one question after another.
///
/// A message answers a question when it has its ID, in this order of looking: its `ROOT_ID`, its `REF`, its own `ID`. Members are those who
/// have answered, who need not sit in the room; who leaves it or loses its connection, as the broker tells in `_presence`, is not waited for any
/// more. The component's own messages are no answers.
#[derive(Debug)]
pub struct GatherRoom {
    client: Client,
    room: RoomName,
    answers: Messages,
    presence: Messages,
    limits: GatherLimits,
    gather: Gather<Message>,
    done: Vec<Gathered<Message>>,
}

impl GatherRoom {
    /// Joins `room`, and `_presence`; messages of `kind` in it are answers.
    ///
    /// # Errors
    /// As [`Client::subscribe`].
    pub async fn open(
        client: &Client,
        room: RoomName,
        kind: Kind<'static>,
        want: Want,
        limits: GatherLimits,
    ) -> Result<Self, Error> {
        let presence = client.subscribe(Trigger::kinds([Kind::PRESENCE]).rooms([PRESENCE])).await?;
        let answers = client.subscribe(Trigger::kinds([kind]).rooms([room.as_str()])).await?;
        let gather = Gather::new(want, limits);
        Ok(Self { client: client.clone(), room, answers, presence, limits, gather, done: Vec::new() })
    }

    /// Waits for the answers to `question`: as many as are wanted, or those that are there at the deadline. None when the
    /// client has ended.
    ///
    /// Cancel-safe: what has come so far is kept for the next call with the same ID.
    pub async fn gather(&mut self, question: &MessageId) -> Option<Gathered<Message>> {
        let opened = self.gather.open(Instant::now().into_std(), question.clone());
        self.done.extend(opened);
        loop {
            if let Some(at) = self.done.iter().position(|gathered| gathered.id == *question) {
                return Some(self.done.swap_remove(at));
            }
            self.done.clear();
            let deadline = self.gather.deadline().map(Instant::from_std);
            tokio::select! {
                biased;
                // First of all, so that nobody who talks on and on puts it off.
                () = sleep_until(deadline) => self.close().await,
                message = self.answers.next() => self.answered(message?),
                message = self.presence.next() => self.passed(&message?),
            }
        }
    }

    /// Closes what is over by now. A busy machine wakes us late: what came meanwhile still counts, and nothing more is waited for.
    async fn close(&mut self) {
        tokio::task::yield_now().await;
        for _ in 0..self.limits.members.get() {
            let Ok(Some(message)) = timeout(Duration::ZERO, self.answers.next()).await else { break };
            self.answered(message);
        }
        self.done.extend(self.gather.tick(Instant::now().into_std()));
    }

    /// Lists who is waited for.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &str> {
        self.gather.members()
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> GatherTally {
        self.gather.tally()
    }

    fn answered(&mut self, message: Message) {
        let own = self.client.name().as_str();
        let (Some(sender), Some(question)) = (message.sender().map(str::to_owned), question_of(&message))
        else {
            return;
        };
        if sender == own {
            return;
        }
        if let Heard::Complete(gathered) =
            self.gather.answer(Instant::now().into_std(), &question, &sender, message)
        {
            self.done.push(gathered);
        }
    }

    fn passed(&mut self, message: &Message) {
        let field = |name| message.field::<String>(name).ok().flatten();
        let (Some(name), Some(state)) = (field("NAME"), field("STATE")) else { return };
        // Without a room it is the whole connection that has gone.
        let here = field("ROOM").is_none_or(|room| room == self.room.as_str());
        if here && state == "left" {
            self.done.extend(self.gather.leave(&name));
        }
    }
}

fn question_of(message: &Message) -> Option<MessageId> {
    let reference = || message.field::<String>("REF").ok().flatten();
    match message.root_id.clone().or_else(reference) {
        Some(id) => Some(MessageId::new(&id)),
        None => message.id.clone(),
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
