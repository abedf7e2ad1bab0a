//! Handle: a swarm as its user holds it. Start, stop, add, restart, status, events.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::board::Board;
use super::driver::{Call, Driver, Setting, Which};
use super::folder::Hold;
use super::log::Feed;
use super::{
    Ending, Folder, Launch, Lines, Plan, Status, SwarmError, SwarmEvent, SwarmEvents, census, guard,
};

/// Starts the components of a swarm as processes, watches them, and ends them: a cheap handle, clones share it.
///
/// Each process is started once those that it depends on are up, started again when it falls, and stopped before those that it depends on.
/// A process that ends takes its descendants along. When the last handle is dropped, and also when the program is killed, every process
/// gets SIGTERM and, a second later, SIGKILL; nothing is left behind. For an orderly end there is [`stop`](Self::stop).
///
/// A process inherits the environment, and is told who it is: `SWERGIO_URL`, `SWERGIO_HOST`, `SWERGIO_PORT` (of the broker),
/// `SWERGIO_NAME` (with the number of the replica), `SWERGIO_COMPONENT`, `SWERGIO_REPLICA` (from 0), `SWERGIO_REPLICAS`. Its standard input is
/// empty; what it prints goes to [`lines`](Self::lines) and, where the plan has a folder, to a file.
///
/// The program calls [`guard`](super::guard()) first thing in `main`.
///
/// ```no_run
/// use swergio_toolbox::swarm::{Launch, Plan, Swarm, SwarmError};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     swergio_toolbox::swarm::guard();
///     Ok(tokio::runtime::Runtime::new()?.block_on(train())?)
/// }
///
/// async fn train() -> Result<(), SwarmError> {
///     let own = std::env::current_exe().map_err(|error| SwarmError::Io(error.to_string()))?;
///     let model = Launch::new("model", &own).args(["model"]);
///     let trainer = Launch::new("trainer", &own).args(["trainer"]).depends_on(["model"]).lead();
///     let swarm = Swarm::of(Plan::new().with(model).with(trainer))?;
///     swarm.start().await?;
///     swarm.finished().await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Swarm {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    calls: mpsc::Sender<Call>,
    events: broadcast::Sender<SwarmEvent>,
    board: watch::Receiver<Board>,
    feed: Feed,
    url: String,
    folder: Option<Folder>,
    // The lock on the folder, for as long as the swarm lives.
    _hold: Option<Hold>,
}

impl Swarm {
    /// Begins a swarm without components, guarded by this program. Components are [added](Self::add) later.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new() -> Result<Self, SwarmError> {
        Self::of(Plan::new())
    }

    /// Reads a `swarm.yaml`. Nothing is started yet.
    ///
    /// # Errors
    /// As [`Plan::read`] and [`of`](Self::of).
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, SwarmError> {
        Self::of(Plan::read(path)?)
    }

    /// Makes a swarm of a plan. Nothing is started yet.
    ///
    /// What a swarm in the same folder left behind, should it and its guards have been killed, is ended now.
    ///
    /// # Errors
    /// `Plan` when it makes no sense, `Unguarded` when neither this program nor the plan has a guard, `Running` when a swarm
    /// has the folder.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn of(plan: Plan) -> Result<Self, SwarmError> {
        let plan = plan.settle()?;
        let guard = plan.guard.clone().or_else(guard::own_program).ok_or(SwarmError::Unguarded)?;
        let mark = format!("{:016x}", fastrand::u64(..));
        let hold = plan.folder.as_ref().map(|folder| take(folder, &mark)).transpose()?;
        let (url, said) = plan.broker_url();
        let feed = Feed::new(&plan.limits);
        let (calls, called) = mpsc::channel(plan.limits.calls.max(1));
        let (events, _) = broadcast::channel(plan.limits.events.max(1));
        let (board, seen) = watch::channel(Board::default());
        let setting = Setting {
            url: url.clone(),
            guard: Some(guard),
            folder: plan.folder.clone(),
            limits: plan.limits,
            mark,
            feed: feed.clone(),
        };
        let mut driver = Driver::new(setting, called, events.clone(), board);
        if said {
            driver.ask_broker();
        }
        plan.launches.into_iter().try_for_each(|launch| driver.add(launch))?;
        tokio::spawn(driver.run());
        let inner = Inner { calls, events, board: seen, feed, url, folder: plan.folder, _hold: hold };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the URL of the broker that the components are told of.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Returns the folder of its logs, where there is one.
    pub fn folder(&self) -> Option<&Folder> {
        self.inner.folder.as_ref()
    }

    /// Adds a component, which [`start`](Self::start) will start.
    ///
    /// # Errors
    /// `Plan` for a name that is bad or taken, `Unknown` when it depends on what there is not.
    pub async fn add(&self, launch: Launch) -> Result<(), SwarmError> {
        self.call(|reply| Call::Add(Box::new(launch), reply)).await?
    }

    /// Wants all components to run, and returns at once. Those that run already do so undisturbed.
    ///
    /// # Errors
    /// `Gone`.
    pub async fn start(&self) -> Result<(), SwarmError> {
        self.ask(None, Call::Start).await.map(drop)
    }

    /// Wants some components, or replicas, to run, and those that they depend on.
    ///
    /// # Errors
    /// `Unknown` when there is none of such a name.
    pub async fn start_only<N: Into<String>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), SwarmError> {
        self.ask(some(names), Call::Start).await.map(drop)
    }

    /// Waits until all that is wanted is up, or has ended well.
    ///
    /// # Errors
    /// `Failed` with the first that has ended badly and is not started again, or that waits for such a one.
    pub async fn ready(&self) -> Result<(), SwarmError> {
        self.until(Board::ready).await?
    }

    /// Stops all components, each after those that depend on it, and waits until they are gone.
    ///
    /// A process that is not gone after its grace is killed with its descendants.
    ///
    /// # Errors
    /// `Gone`.
    pub async fn stop(&self) -> Result<(), SwarmError> {
        self.stop_these(None).await
    }

    /// Stops some components, or replicas, and waits until they are gone. Those that depend on them go on.
    ///
    /// # Errors
    /// `Unknown` when there is none of such a name.
    pub async fn stop_only<N: Into<String>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), SwarmError> {
        self.stop_these(some(names)).await
    }

    /// Kills all components at once, in no order, and waits until they are gone.
    ///
    /// # Errors
    /// `Gone`.
    pub async fn kill(&self) -> Result<(), SwarmError> {
        self.call(Call::Kill).await?;
        self.until(|board| board.over.then_some(())).await
    }

    /// Ends some components, or replicas, and starts them again; returns at once. Those that are stopped are started.
    ///
    /// # Errors
    /// `Unknown` when there is none of such a name.
    pub async fn restart<N: Into<String>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Result<(), SwarmError> {
        self.ask(some(names), Call::Restart).await.map(drop)
    }

    /// Tells where each process stands, in the order in which they start.
    ///
    /// # Errors
    /// `Gone`.
    pub async fn status(&self) -> Result<Vec<Status>, SwarmError> {
        let mut statuses = self.call(Call::Status).await?;
        let guards: Vec<u32> = statuses.iter().filter_map(|status| status.guard).collect();
        let usage = tokio::task::spawn_blocking(move || census::usage(&guards)).await.unwrap_or_default();
        for status in &mut statuses {
            if let Some(usage) =
                status.guard.and_then(|guard| usage.get(&guard)).filter(|usage| usage.memory > 0)
            {
                (status.cpu, status.memory) = (Some(usage.cpu), Some(usage.memory));
            }
        }
        Ok(statuses)
    }

    /// Listens to what happens to the processes, from now on.
    pub fn events(&self) -> SwarmEvents {
        SwarmEvents::new(self.inner.events.subscribe())
    }

    /// Listens to what the processes print, from now on.
    pub fn lines(&self) -> Lines {
        self.inner.feed.listen()
    }

    /// Waits until a component, or replica, has ended for good, and tells how: of several replicas the first that failed.
    ///
    /// # Errors
    /// `Unknown`; `Failed` when it was stopped.
    pub async fn ended(&self, name: &str) -> Result<Ending, SwarmError> {
        self.until(|board| board.ended(name)).await?
    }

    /// Waits until nothing runs any more, and nothing will by itself.
    ///
    /// # Errors
    /// `Failed` with one that ended badly; with a [leader](Launch::lead), only when it did.
    pub async fn finished(&self) -> Result<(), SwarmError> {
        self.until(Board::outcome).await?
    }

    async fn stop_these(&self, which: Which) -> Result<(), SwarmError> {
        let nodes = self.ask(which, Call::Stop).await?;
        self.until(|board| board.is_still(&nodes).then_some(())).await
    }

    async fn ask<T>(
        &self,
        which: Which,
        call: impl FnOnce(Which, oneshot::Sender<Result<T, SwarmError>>) -> Call,
    ) -> Result<T, SwarmError> {
        self.call(|reply| call(which, reply)).await?
    }

    async fn call<T>(&self, call: impl FnOnce(oneshot::Sender<T>) -> Call) -> Result<T, SwarmError> {
        let (reply, answer) = oneshot::channel();
        self.inner.calls.send(call(reply)).await.map_err(|_| SwarmError::Gone)?;
        answer.await.map_err(|_| SwarmError::Gone)
    }

    async fn until<T>(&self, mut seen: impl FnMut(&Board) -> Option<T>) -> Result<T, SwarmError> {
        let mut board = self.inner.board.clone();
        loop {
            if let Some(found) = seen(&board.borrow_and_update()) {
                return Ok(found);
            }
            board.changed().await.map_err(|_| SwarmError::Gone)?;
        }
    }
}

fn some<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Which {
    Some(names.into_iter().map(Into::into).collect())
}

/// Takes the folder, and ends what the last swarm there left behind.
fn take(folder: &Folder, mark: &str) -> Result<Hold, SwarmError> {
    folder.make()?;
    let (hold, before) = folder.hold(mark)?;
    let swept = before.map_or(0, |before| census::sweep(&format!("{before}/")));
    if swept > 0 {
        tracing::warn!(swept, "ended what the last swarm here had left behind");
    }
    Ok(hold)
}
