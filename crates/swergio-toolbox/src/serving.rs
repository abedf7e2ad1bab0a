//! Serving: a component at work, and what can be asked of it meanwhile.

mod account;
mod attend;
pub(crate) mod cotangents;
mod event;
mod limits;
mod machine;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use swergio_client::{Client, Error, Fault, Kind, RoomName, Trigger};
use tokio::runtime::Handle;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{Differentiable, Port};

use attend::Attendance;
pub use event::{ServingEvent, ServingEvents};
pub use limits::{ServingLimits, ServingTally};
use machine::Machine;

/// Holds what a component is served with.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) input: RoomName,
    pub(crate) output: RoomName,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) limits: ServingLimits,
}

/// Does something with the component, between two messages.
type Job<D> = Box<dyn FnOnce(&mut D) + Send>;

/// Watches over a component that computes, on a thread of its own. Clones watch the same one; dropping them stops nothing.
pub struct Serving<D> {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job<D>>,
}

/// What the handles share with the thread.
#[derive(Debug)]
struct Shared {
    plan: Plan,
    tally: Mutex<ServingTally>,
    events: broadcast::Sender<ServingEvent>,
    /// Whether the thread is to end.
    stop: watch::Sender<bool>,
    /// Whether it has.
    ended: watch::Sender<bool>,
}

impl<D: Differentiable> Serving<D> {
    pub(crate) async fn begin(plan: Plan, component: D, client: &Client) -> Result<Self, Error> {
        let kinds = [Kind::FORWARD, Kind::GRADIENT, Kind::REWARD, Kind::FAULT, Kind::PORTS, Kind::MISMATCH];
        let trigger = Trigger::kinds(kinds).rooms([&plan.input, &plan.output]).direct(false);
        let title = trigger.to_string();
        let answers = client.subscribe(Trigger::kinds([Kind::PORTS]).direct_only()).await?;
        let messages = client.subscribe(trigger).await?;
        client.settle().await?;
        let news = client.events();
        let (jobs, asked) = mpsc::channel(plan.limits.jobs.max(1));
        let shared = Arc::new(Shared {
            tally: Mutex::default(),
            events: broadcast::channel(plan.limits.events.max(1)).0,
            stop: watch::channel(false).0,
            ended: watch::channel(false).0,
            plan,
        });
        let attendance = Attendance {
            machine: Machine::new(shared.plan.clone(), component),
            shared: Arc::clone(&shared),
            client: client.clone(),
            messages,
            answers,
            news,
            title,
            jobs: asked,
        };
        let runtime = Handle::current();
        tokio::spawn(watch_over(Arc::clone(&shared)));
        std::thread::Builder::new()
            .name(shared.plan.name.clone())
            .spawn(move || runtime.block_on(attendance.attend()))
            .map_err(|error| {
                Fault::malformed(format!("no thread to compute on could be started: {error}"))
            })?;
        Ok(Self { shared, jobs })
    }

    /// Does something with the component, on its thread and between two messages: read its weights, change them, save them.
    ///
    /// Returns what `work` returned; nothing when the component is not served any more, or `work` panicked.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut D) -> T + Send + 'static,
    ) -> Option<T> {
        let (teller, answer) = oneshot::channel();
        let job: Job<D> = Box::new(move |component| {
            // Nobody takes it when the asker went away, which is its right.
            let _ = teller.send(work(component));
        });
        self.jobs.send(job).await.ok()?;
        answer.await.ok()
    }
}

impl<D> Serving<D> {
    /// Returns the component's name.
    pub fn name(&self) -> &str {
        &self.shared.plan.name
    }

    /// Returns the room that inputs come from.
    pub fn input(&self) -> &RoomName {
        &self.shared.plan.input
    }

    /// Returns the room that outputs go into.
    pub fn output(&self) -> &RoomName {
        &self.shared.plan.output
    }

    /// Counts what has happened so far.
    pub fn tally(&self) -> ServingTally {
        *self.shared.tally()
    }

    /// Listens to whatever is refused, dropped or told by neighbours, from now on.
    pub fn events(&self) -> ServingEvents {
        ServingEvents::new(self.shared.events.subscribe())
    }

    /// Stops after the message that is being worked on, and waits for that. What is on the tape is forgotten.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        self.closed().await;
    }

    /// Waits until the component is not served any more: stopped, or its client closed.
    pub async fn closed(&self) {
        // The sender is in `shared`, so it cannot go before.
        let _ = self.shared.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, ServingTally> {
        // It is a copy of what the machine counts, whole whenever it is not locked.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives as long as the runtime, and stops the thread with it: its timers would not run any more.
async fn watch_over(shared: Arc<Shared>) {
    struct Last(Arc<Shared>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.stop.send_replace(true);
        }
    }
    let last = Last(shared);
    let _ = last.0.ended.subscribe().wait_for(|ended| *ended).await;
}

impl<D> Clone for Serving<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), jobs: self.jobs.clone() }
    }
}

impl<D> fmt::Debug for Serving<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("name", &self.shared.plan.name)
            .field("tally", &self.tally())
            .finish_non_exhaustive()
    }
}
