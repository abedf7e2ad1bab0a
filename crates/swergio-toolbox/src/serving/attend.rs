//! Attend: the thread that a component computes on, and what it waits for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use swergio_client::{Client, Event, Events, Message, Messages, fresh_id};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep_until};

use super::machine::{Machine, Outcome};
use super::{Job, ServingEvent, Shared, account};
use crate::Differentiable;

/// How long the alarm waits when nothing is on the tape.
const LONG: Duration = Duration::from_secs(3600);

/// Serves one component: one message after another, in the order in which they came.
///
/// What waits is in the client's inbox, which is bounded. Nothing but this thread ever waits for the component.
pub(super) struct Attendance<D: Differentiable> {
    pub(super) machine: Machine<D>,
    pub(super) shared: Arc<Shared>,
    pub(super) client: Client,
    pub(super) messages: Messages,
    /// What neighbours answer, which comes to this component alone.
    pub(super) answers: Messages,
    pub(super) news: Events,
    /// What the inbox is called in the client's events.
    pub(super) title: String,
    pub(super) jobs: mpsc::Receiver<Job<D>>,
}

/// What there is to do next.
enum Turn<D> {
    Hear(Message),
    Do(Job<D>),
    Note(Event),
    Sweep,
    End,
}

/// Tells whoever waits for the end, however it came.
struct Last(Arc<Shared>);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.ended.send_replace(true);
    }
}

impl<D: Differentiable> Attendance<D> {
    pub(super) async fn attend(mut self) {
        let mut alarm = Box::pin(sleep_until(Instant::now() + LONG));
        let _last = Last(Arc::clone(&self.shared));
        let mut outcome = Outcome::default();
        self.machine.announce(&mut outcome);
        while self.settle(&mut outcome).await {
            match self.next(&mut alarm).await {
                Turn::End => break,
                Turn::Hear(message) => {
                    self.hear(&message, &mut outcome);
                    // An earlier alarm than needed is harmless; a later one would leave things on the tape.
                    self.set_alarm(&mut alarm);
                }
                Turn::Do(job) => {
                    // The panic is the asker's, who is told by getting no answer.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(self.machine.component())));
                }
                Turn::Note(event) => self.note(&event, &mut outcome),
                Turn::Sweep => {
                    self.machine.sweep(std_now(), &mut outcome);
                    alarm.as_mut().reset(Instant::now() + LONG);
                    self.set_alarm(&mut alarm);
                }
            }
            *self.shared.tally() = self.machine.tally();
        }
    }

    /// Waits for whatever comes first.
    async fn next(&mut self, alarm: &mut Pin<Box<Sleep>>) -> Turn<D> {
        let mut stop = self.shared.stop.subscribe();
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Turn::End,
            Some(job) = self.jobs.recv() => Turn::Do(job),
            message = self.messages.next() => message.map_or(Turn::End, Turn::Hear),
            Some(answer) = self.answers.next() => Turn::Hear(answer),
            Some(event) = self.news.next() => Turn::Note(event),
            () = alarm => Turn::Sweep,
        }
    }

    /// Sends and tells what a message has led to. False when there is no sending any more.
    async fn settle(&mut self, outcome: &mut Outcome) -> bool {
        let mut stop = self.shared.stop.subscribe();
        while !outcome.envelopes.is_empty() {
            for envelope in std::mem::take(&mut outcome.envelopes) {
                let sent = tokio::select! {
                    biased;
                    sent = self.client.send(envelope.clone()) => sent,
                    // The link may be down and the outbox full: a stop does not wait for that.
                    _ = stop.wait_for(|stop| *stop) => return false,
                };
                match sent {
                    Ok(_) => {}
                    Err(error) if error.kind() == swergio_client::ErrorKind::Closed => return false,
                    Err(error) => self.machine.unsent(&envelope, &error.to_string(), outcome),
                }
            }
        }
        outcome.events.drain(..).for_each(|event| self.tell(event));
        true
    }

    /// Takes a message to the machine, and notes on what came of it how long that took (R94).
    fn hear(&mut self, message: &Message, outcome: &mut Outcome) {
        let (received, begun) = (message.received(), Instant::now());
        self.machine.hear(begun.into_std(), message, fresh_id(), outcome);
        account::times(&mut outcome.envelopes, begun - received, begun.elapsed());
    }

    fn note(&mut self, event: &Event, outcome: &mut Outcome) {
        match event {
            Event::FellBehind { handler } if *handler == self.title => {
                outcome.events.push(ServingEvent::FellBehind);
            }
            Event::CaughtUp { handler, missed } if *handler == self.title => {
                self.machine.missed(*missed);
                outcome.events.push(ServingEvent::CaughtUp { missed: *missed });
            }
            // After a break there may be neighbours who have not heard of this component, and the other way round.
            Event::Connected => self.machine.announce(outcome),
            _ => {}
        }
    }

    fn tell(&self, event: ServingEvent) {
        match event {
            ServingEvent::Mismatch(_) | ServingEvent::FellBehind | ServingEvent::Unsent { .. } => {
                tracing::warn!(component = %self.shared.plan.name, ?event);
            }
            _ => tracing::debug!(component = %self.shared.plan.name, ?event),
        }
        // Nobody needs to listen.
        let _ = self.shared.events.send(event);
    }

    fn set_alarm(&self, alarm: &mut Pin<Box<Sleep>>) {
        if let Some(at) = self.machine.next_sweep().map(Instant::from_std)
            && at < alarm.deadline()
        {
            alarm.as_mut().reset(at);
        }
    }
}

/// Returns the time of the runtime's clock, which tests may stop.
fn std_now() -> std::time::Instant {
    Instant::now().into_std()
}
