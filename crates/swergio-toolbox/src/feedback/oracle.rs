//! Oracle: whoever sits in a room and answers questions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use swergio_client::{Client, Envelope, Error, Fault, Kind, Message, MessageId, Messages, RoomName, Trigger};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::answer::Reply;
use super::{Answers, Docket, FeedbackFault, FeedbackLimits, FeedbackTally, Question};

/// Asks the people in a room, and waits for their answers. Clones share it.
///
/// ```no_run
/// use swergio_toolbox::Client;
/// use swergio_toolbox::feedback::{FeedbackLimits, Form, Item, Oracle, Question, Show};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let oracle = Oracle::open(&client, "user", FeedbackLimits::default()).await?;
/// let question = Question::new("Is it a cat?", Form::choice(["yes", "no"])).about(Item::new("7", Show::text("miaow")));
/// if let Some(answers) = oracle.ask(question).await? {
///     for given in answers.of("7") {
///         println!("{}: {}", given.by, given.label);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Oracle {
    asks: mpsc::Sender<Ask>,
    tally: Arc<Mutex<FeedbackTally>>,
}

/// Waits for the answers to one question. Dropped, it takes the question back.
#[derive(Debug)]
pub struct Asking {
    answers: oneshot::Receiver<Answers>,
}

#[derive(Debug)]
struct Ask {
    question: Question,
    pass: Option<String>,
    opened: oneshot::Sender<Result<Asking, FeedbackFault>>,
}

/// Holds a question whose asker waits.
#[derive(Debug)]
struct Waiting {
    id: MessageId,
    pass: Option<String>,
    deadline: f64,
    answers: oneshot::Sender<Answers>,
}

impl Asking {
    /// Waits for the answers. Nothing when the client has ended.
    pub async fn answers(self) -> Option<Answers> {
        self.answers.await.ok()
    }
}

impl Oracle {
    /// Joins `room`, where the people are.
    ///
    /// # Errors
    /// As [`Client::subscribe`].
    pub async fn open(client: &Client, room: impl AsRef<str>, limits: FeedbackLimits) -> Result<Self, Error> {
        let room = RoomName::parse(room.as_ref())?;
        let trigger = Trigger::kinds([Kind::FEEDBACK]).rooms([room.as_str()]).direct(false);
        let heard = client.subscribe(trigger).await?;
        let (asks, asked) = mpsc::channel(limits.questions.max(1));
        let tally = Arc::default();
        let desk = Desk {
            client: client.clone(),
            room,
            docket: Docket::new(limits.clone()),
            waiting: Vec::new(),
            tally: Arc::clone(&tally),
        };
        tokio::spawn(desk.serve(asked, heard, limits));
        Ok(Self { asks, tally })
    }

    /// Asks, and waits for the answers. Nothing when the client has ended.
    ///
    /// # Errors
    /// `BAD_QUESTION` or `FULL`, as [`Docket::ask`].
    pub async fn ask(&self, question: Question) -> Result<Option<Answers>, FeedbackFault> {
        let Some(asking) = self.put(question, None).await? else { return Ok(None) };
        Ok(asking.answers().await)
    }

    /// Puts a question before the room without waiting, as part of the pass `root_id` where there is one. Nothing when the
    /// client has ended.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn put(
        &self,
        question: Question,
        root_id: Option<String>,
    ) -> Result<Option<Asking>, FeedbackFault> {
        let (opened, answer) = oneshot::channel();
        if self.asks.send(Ask { question, pass: root_id, opened }).await.is_err() {
            return Ok(None);
        }
        answer.await.ok().transpose()
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> FeedbackTally {
        *lock(&self.tally)
    }
}

/// Serves one oracle: the only owner of its docket.
struct Desk {
    client: Client,
    room: RoomName,
    docket: Docket,
    waiting: Vec<Waiting>,
    tally: Arc<Mutex<FeedbackTally>>,
}

impl Desk {
    async fn serve(mut self, mut asks: mpsc::Receiver<Ask>, mut heard: Messages, limits: FeedbackLimits) {
        let mut repeat = interval(limits.repeat.max(std::time::Duration::from_millis(1)));
        repeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = true;
        while asked || !self.waiting.is_empty() {
            let deadline = self.docket.deadline().map(Instant::from_std);
            tokio::select! {
                ask = asks.recv(), if asked => match ask {
                    Some(ask) => self.open(ask, &limits).await,
                    // Nobody can ask any more; who waits still does.
                    None => asked = false,
                },
                message = heard.next() => match message {
                    Some(message) => self.hear(&message).await,
                    None => return,
                },
                () = sleep(deadline) => self.expire().await,
                _ = repeat.tick() => self.repeat().await,
            }
            *lock(&self.tally) = self.docket.tally();
        }
    }

    async fn open(&mut self, ask: Ask, limits: &FeedbackLimits) {
        let id = MessageId::from_u128(fastrand::u128(..));
        let patience = limits.patience_of(&ask.question);
        if let Err(fault) = self.docket.ask(Instant::now().into_std(), id.clone(), ask.question) {
            // Who asked and went away need not know.
            let _ = ask.opened.send(Err(fault));
            return;
        }
        let (answers, asking) = oneshot::channel();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let deadline = (now + patience).as_secs_f64();
        self.waiting.push(Waiting { id: id.clone(), pass: ask.pass, deadline, answers });
        self.announce(Some(&id)).await;
        let _ = ask.opened.send(Ok(Asking { answers: asking }));
    }

    /// Puts one question, or all that are open, before the room.
    async fn announce(&self, only: Option<&MessageId>) {
        for (id, question) in self.docket.open().filter(|(id, _)| only.is_none_or(|only| only == *id)) {
            let Some(waiting) = self.waiting.iter().find(|waiting| waiting.id == *id) else { continue };
            let question = Question { deadline: Some(waiting.deadline), ..question };
            let root = waiting.pass.clone().unwrap_or_else(|| id.as_str().to_owned());
            let asked = self
                .envelope(Kind::QUERY, &question)
                .map(|asked| asked.with_id(id.clone()).with_root_id(root));
            self.tell(asked).await;
        }
    }

    /// Asks again whom it has not reached yet, and takes back what nobody waits for.
    async fn repeat(&mut self) {
        let gone: Vec<MessageId> = self
            .waiting
            .iter()
            .filter(|waiting| waiting.answers.is_closed())
            .map(|waiting| waiting.id.clone())
            .collect();
        for id in gone {
            let items = self.docket.withdraw(&id);
            self.waiting.retain(|waiting| waiting.id != id);
            self.settle(&id, &items).await;
        }
        self.announce(None).await;
    }

    async fn hear(&mut self, message: &Message) {
        let (Some(id), Ok(reply)) = (&message.id, message.data::<Reply>()) else { return };
        let by = if reply.by.is_empty() { message.sender().unwrap_or_default() } else { &reply.by };
        let heard = self.docket.hear(id, by, &reply);
        for fault in &heard.refused {
            tracing::debug!(%fault, "an answer was refused");
        }
        self.settle(id, &heard.settled).await;
        if let Some(answers) = heard.complete {
            self.answer(answers);
        }
    }

    async fn expire(&mut self) {
        for answers in self.docket.tick(Instant::now().into_std()) {
            let items: Vec<String> = answers.items.iter().map(|(item, _)| item.clone()).collect();
            self.settle(&answers.id, &items).await;
            self.answer(answers);
        }
    }

    fn answer(&mut self, answers: Answers) {
        if let Some(at) = self.waiting.iter().position(|waiting| waiting.id == answers.id) {
            // Who asked and went away need not know.
            let _ = self.waiting.swap_remove(at).answers.send(answers);
        }
    }

    /// Tells the room which items need no answer any more.
    async fn settle(&self, id: &MessageId, items: &[String]) {
        #[derive(Serialize)]
        struct Settled<'s> {
            items: &'s [String],
        }
        if !items.is_empty() {
            let told = self.envelope(Kind::SETTLED, &Settled { items });
            self.tell(told.and_then(|told| told.with_field("REF", id.as_str()))).await;
        }
    }

    fn envelope<T: Serialize>(&self, kind: Kind<'static>, data: &T) -> Result<Envelope, Fault> {
        Envelope::new(kind).with_to_room(self.room.clone()).with_data(data)
    }

    async fn tell(&self, envelope: Result<Envelope, Fault>) {
        let told = match envelope {
            Ok(envelope) => self.client.send(envelope).await.map(drop),
            Err(fault) => Err(fault.into()),
        };
        if let Err(error) = told {
            tracing::debug!(%error, "the room could not be told");
        }
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
