//! Driver: the one task that owns the processes. Calls, news and time go in; words to guards and events come out.

mod instance;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::board::{Board, board};
use super::log::Feed;
use super::machine::{Act, Machine, Node, Time};
use super::presence::{Attendance, Move};
use super::process::News;
use super::{Ending, Folder, Launch, Ready, Status, SwarmError, SwarmEvent, SwarmLimits};
use instance::Instance;

/// Asks the driver for something.
pub(crate) enum Call {
    Add(Box<Launch>, oneshot::Sender<Result<(), SwarmError>>),
    Start(Which, oneshot::Sender<Result<Vec<usize>, SwarmError>>),
    Stop(Which, oneshot::Sender<Result<Vec<usize>, SwarmError>>),
    Restart(Which, oneshot::Sender<Result<Vec<usize>, SwarmError>>),
    Kill(oneshot::Sender<()>),
    Status(oneshot::Sender<Vec<Status>>),
}

/// Names components or replicas; nothing means all.
pub(crate) type Which = Option<Vec<String>>;

/// What all processes of a swarm share.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) url: String,
    pub(crate) guard: Option<OsString>,
    pub(crate) folder: Option<Folder>,
    pub(crate) limits: SwarmLimits,
    /// By which its processes are known.
    pub(crate) mark: String,
    pub(crate) feed: Feed,
}

/// What is heard of a run: of which process, and which run of it.
pub(crate) type Heard = (usize, u32, News);

pub(crate) struct Driver {
    machine: Machine,
    instances: Vec<Instance>,
    setting: Setting,
    attendance: Attendance,
    calls: mpsc::Receiver<Call>,
    news: mpsc::Receiver<Heard>,
    tell: mpsc::Sender<Heard>,
    moves: mpsc::Receiver<Move>,
    /// Kept while nobody asks the broker yet.
    moved: Option<mpsc::Sender<Move>>,
    events: broadcast::Sender<SwarmEvent>,
    board: watch::Sender<Board>,
    begun: Instant,
}

impl Driver {
    pub(crate) fn new(
        setting: Setting,
        calls: mpsc::Receiver<Call>,
        events: broadcast::Sender<SwarmEvent>,
        board: watch::Sender<Board>,
    ) -> Self {
        let (tell, news) = mpsc::channel(setting.limits.calls.max(1));
        let (moved, moves) = mpsc::channel(setting.limits.calls.max(1));
        Self {
            machine: Machine::new(setting.limits.kill),
            instances: Vec::new(),
            setting,
            attendance: Attendance::default(),
            calls,
            news,
            tell,
            moves,
            moved: Some(moved),
            events,
            board,
            begun: Instant::now(),
        }
    }

    /// Adds a component whose needs are there already.
    pub(crate) fn add(&mut self, launch: Launch) -> Result<(), SwarmError> {
        let launch = Arc::new(launch);
        let needs = self.nodes_of(&Some(launch.needs.clone()))?;
        if launch.ready.by_presence() {
            self.ask_broker();
        }
        for (replica, name) in (0..).zip(launch.instances()) {
            // What is refused leaves nothing behind: a node without its instance would shift all that are added later.
            let instance = Instance::new(Arc::clone(&launch), name.clone(), replica, &self.setting.url)?;
            self.machine.add(Node::new(name, needs.clone(), instance::rule(&launch)));
            self.instances.push(instance);
        }
        Ok(())
    }

    /// Begins to ask the broker who is there.
    pub(crate) fn ask_broker(&mut self) {
        if let Some(moved) = self.moved.take() {
            let name = format!("swarm-{}", self.setting.mark);
            tokio::spawn(super::presence::watch(self.setting.url.clone(), name, moved));
        }
    }

    /// Serves until nobody can call any more. Then every guard is left alone, and ends what it watches over.
    pub(crate) async fn run(mut self) {
        self.publish();
        loop {
            let deadline = self.machine.deadline().map(|deadline| self.begun + deadline);
            let later = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                call = self.calls.recv() => match call {
                    Some(call) => self.answer(call),
                    None => return,
                },
                Some((node, run, news)) = self.news.recv() => self.hear(node, run, news),
                Some(told) = self.moves.recv() => self.attend(told),
                () = later => self.drive(|machine, now, out| machine.tick(now, out)),
            }
        }
    }

    fn answer(&mut self, call: Call) {
        // Whoever does not wait for the answer does not want it.
        match call {
            Call::Add(launch, reply) => drop(reply.send(self.add_late(*launch))),
            Call::Start(which, reply) => drop(reply.send(self.ask(&which, Machine::start))),
            Call::Stop(which, reply) => drop(reply.send(self.ask(&which, Machine::stop))),
            Call::Restart(which, reply) => drop(reply.send(self.ask(&which, Machine::restart))),
            Call::Kill(reply) => {
                self.drive(|machine, now, out| machine.kill(now, out));
                let _ = reply.send(());
            }
            Call::Status(reply) => drop(reply.send(self.statuses())),
        }
    }

    /// Adds a component to a swarm that runs.
    fn add_late(&mut self, launch: Launch) -> Result<(), SwarmError> {
        launch.check()?;
        let count = self.instances.len().saturating_add(launch.replicas as usize);
        if count > self.setting.limits.components {
            return Err(SwarmError::Plan(
                "that would be more processes than SwarmLimits::components".to_owned(),
            ));
        }
        let new: BTreeSet<String> = launch.instances().into_iter().chain([launch.name.clone()]).collect();
        if let Some(old) =
            self.instances.iter().find(|old| new.contains(&*old.name) || new.contains(&old.launch.name))
        {
            return Err(SwarmError::Plan(format!("there is a component {:?} already", old.launch.name)));
        }
        self.add(launch)?;
        self.publish();
        Ok(())
    }

    fn ask(
        &mut self,
        which: &Which,
        play: impl FnOnce(&mut Machine, Time, &[usize], &mut Vec<Act>),
    ) -> Result<Vec<usize>, SwarmError> {
        let nodes = self.nodes_of(which)?;
        self.drive(|machine, now, out| play(machine, now, &nodes, out));
        Ok(nodes)
    }

    /// Finds processes by their own name or their component's.
    fn nodes_of(&self, which: &Which) -> Result<Vec<usize>, SwarmError> {
        let Some(names) = which else { return Ok((0..self.instances.len()).collect()) };
        let mut found = BTreeSet::new();
        for name in names {
            let called = |(_, instance): &(usize, &Instance)| {
                *instance.name == **name || instance.launch.name == *name
            };
            let before = found.len();
            found.extend(self.instances.iter().enumerate().filter(called).map(|(node, _)| node));
            if found.len() == before
                && !found.iter().any(|node: &usize| called(&(*node, &self.instances[*node])))
            {
                return Err(SwarmError::Unknown(name.clone()));
            }
        }
        Ok(found.into_iter().collect())
    }

    fn hear(&mut self, node: usize, run: u32, news: News) {
        if self.machine.node(node).run != run {
            return;
        }
        match news {
            News::Spawned { pid, guard } => {
                self.instances[node].runs(pid, guard);
                self.drive(|machine, _, out| machine.spawned(node, run, pid, out));
                self.instances[node].look_at_port(node, run, self.tell.clone(), &self.setting.limits);
                self.check(node);
            }
            News::Ready => self.drive(|machine, now, out| machine.ready(now, node, run, out)),
            News::Exited(ending) => {
                self.instances[node].ended(ending.clone());
                self.drive(|machine, now, out| machine.exited(now, node, run, ending, fastrand::f64(), out));
            }
        }
    }

    fn attend(&mut self, told: Move) {
        if told == Move::Anew {
            self.instances.iter_mut().for_each(Instance::forget_sessions);
        }
        let name = match &told {
            Move::Seat { name, .. } => name.clone(),
            Move::Anew => String::new(),
        };
        self.attendance.take(told);
        let concerned: Vec<usize> =
            (0..self.instances.len()).filter(|node| self.instances[*node].member == name).collect();
        concerned.into_iter().for_each(|node| self.check(node));
    }

    /// Looks whether a process that has just been heard of counts as up.
    fn check(&mut self, node: usize) {
        let instance = &self.instances[node];
        let up = match &instance.launch.ready {
            Ready::Started => instance.pid.is_some(),
            ready => {
                instance.pid.is_some() && self.attendance.is_ready(&instance.member, &instance.old, ready)
            }
        };
        if up {
            let run = self.machine.node(node).run;
            self.drive(|machine, now, out| machine.ready(now, node, run, out));
        }
    }

    /// Lets the machine decide, and does what it decided.
    fn drive(&mut self, play: impl FnOnce(&mut Machine, Time, &mut Vec<Act>)) {
        let mut acts = Vec::new();
        play(&mut self.machine, self.begun.elapsed(), &mut acts);
        let mut told = Vec::new();
        for act in acts {
            match act {
                Act::Spawn { node, run } => {
                    let old = self.attendance.sessions(&self.instances[node].member);
                    self.instances[node].start(node, run, old, &self.setting, &self.tell);
                }
                Act::Terminate(node) => self.instances[node].terminate(),
                Act::Kill(node) => self.instances[node].kill(),
                Act::Abandon(node) => {
                    self.instances[node].ended(Ending::Lost);
                    self.instances[node].abandon();
                }
                Act::Tell(event) => told.push(event),
            }
        }
        // Whoever hears of something finds it on the board.
        self.publish();
        for event in told {
            tracing::debug!(name = event.name(), "{event}");
            let _ = self.events.send(event);
        }
    }

    fn publish(&self) {
        let names = self
            .instances
            .iter()
            .map(|instance| (Arc::clone(&instance.name), Arc::clone(&instance.component)));
        self.board.send_replace(board(&self.machine, names));
    }

    fn statuses(&self) -> Vec<Status> {
        let rooms = |instance: &Instance| self.attendance.rooms(&instance.member);
        let row = |(node, instance): (&Node, &Instance)| instance.status(node, rooms(instance));
        self.machine.nodes().iter().zip(&self.instances).map(row).collect()
    }
}
