//! Instance: one process of a component as the driver holds it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{Heard, Setting};
use crate::swarm::log::Pump;
use crate::swarm::machine::{Node, Rule};
use crate::swarm::process::{News, Output, Process, Recipe};
use crate::swarm::template::Template;
use crate::swarm::{Ending, Launch, Ready, Status, SwarmError, SwarmLimits};

/// Holds one process of a component, while it runs and between.
pub(super) struct Instance {
    pub(super) launch: Arc<Launch>,
    pub(super) name: Arc<str>,
    pub(super) component: Arc<str>,
    /// The name that the broker knows it by.
    pub(super) member: String,
    template: Template,
    process: Option<Process>,
    pub(super) pid: Option<u32>,
    guard: Option<u32>,
    since: Option<Instant>,
    /// Connections of its name that were there before it ran.
    pub(super) old: BTreeSet<u64>,
    look: Option<JoinHandle<()>>,
    last: Option<Ending>,
}

/// Says what the machine must know.
pub(super) fn rule(launch: &Launch) -> Rule {
    let after = match &launch.ready {
        Ready::After(after) => Some(*after),
        _ => None,
    };
    Rule {
        after,
        ready_within: launch.ready_within,
        restart: launch.restart.clone(),
        grace: launch.grace,
        lead: launch.lead,
    }
}

/// Tells whose plan makes no sense.
fn of(component: &str, told: &SwarmError) -> SwarmError {
    SwarmError::Plan(format!("{component}: {told}"))
}

impl Instance {
    pub(super) fn new(
        launch: Arc<Launch>,
        name: String,
        replica: u32,
        url: &str,
    ) -> Result<Self, SwarmError> {
        let template = Template::of(&launch, &name, replica, url);
        let instance = Self {
            component: launch.name.as_str().into(),
            member: template.fill_text(&launch.member).map_err(|told| of(&launch.name, &told))?,
            launch,
            name: name.into(),
            template,
            process: None,
            pid: None,
            guard: None,
            since: None,
            old: BTreeSet::new(),
            look: None,
            last: None,
        };
        // What cannot be filled in is told now, not when it is started.
        let tried = instance.recipe(&"".into(), "", &SwarmLimits::default());
        tried.map_err(|told| of(&instance.launch.name, &told))?;
        Ok(instance)
    }

    fn recipe(&self, guard: &OsString, mark: &str, limits: &SwarmLimits) -> Result<Recipe, SwarmError> {
        let launch = &self.launch;
        let command = launch
            .terminal
            .iter()
            .chain(&launch.command)
            .map(|word| self.template.fill(word))
            .collect::<Result<_, _>>()?;
        let own = launch.env.iter().map(|(name, value)| Ok((name.clone(), self.template.fill(value)?)));
        let env = self.template.variables().map(Ok).chain(own).collect::<Result<_, SwarmError>>()?;
        let cwd = launch.cwd.as_ref().map(|cwd| self.template.fill(cwd.as_os_str())).transpose()?;
        Ok(Recipe {
            guard: guard.clone(),
            command,
            env,
            cwd: cwd.map(Into::into),
            mark: format!("{mark}/{}/", self.name),
            orphan_grace: limits.orphan_grace.min(launch.grace),
            drain: limits.drain,
        })
    }

    /// Starts a run of it. What goes wrong is heard as its ending.
    pub(super) fn start(
        &mut self,
        node: usize,
        run: u32,
        old: BTreeSet<u64>,
        setting: &Setting,
        tell: &mpsc::Sender<Heard>,
    ) {
        self.old = old;
        self.since = Some(Instant::now());
        let pass = move |tell: mpsc::Sender<Heard>, news| async move {
            // Closed: the swarm is gone, and so will be the process.
            let _ = tell.send((node, run, news)).await;
        };
        match self.spawn(node, run, setting, tell) {
            Ok((recipe, output)) => {
                let tell = tell.clone();
                self.process = Some(Process::start(recipe, output, move |news| pass(tell.clone(), news)));
            }
            Err(error) => {
                let news = News::Exited(Ending::NotStarted(error.to_string()));
                tokio::spawn(pass(tell.clone(), news));
            }
        }
    }

    fn spawn(
        &self,
        node: usize,
        run: u32,
        setting: &Setting,
        tell: &mpsc::Sender<Heard>,
    ) -> Result<(Recipe, Output), SwarmError> {
        let guard = setting.guard.as_ref().ok_or(SwarmError::Unguarded)?;
        let recipe = self.recipe(guard, &setting.mark, &setting.limits)?;
        let failed = |error: std::io::Error| SwarmError::io("no pipe for what it prints", &error);
        let (input, pipe) = std::io::pipe().map_err(failed)?;
        let (reading, read) = oneshot::channel::<()>();
        let told = tell.clone();
        let sign = match &self.launch.ready {
            Ready::Line(text) => {
                let tell = move || drop(told.blocking_send((node, run, News::Ready)));
                Some((text.clone(), Box::new(tell) as Box<dyn FnOnce() + Send>))
            }
            _ => None,
        };
        let pump = Pump {
            node,
            name: Arc::clone(&self.name),
            file: setting.folder.as_ref().map(|folder| folder.log(&self.name)),
            feed: setting.feed.clone(),
            limits: setting.limits.clone(),
            sign,
        };
        let thread = thread::Builder::new().name(format!("log of {}", self.name));
        let take = move || {
            pump.run(input);
            drop(reading);
        };
        thread.spawn(take).map_err(failed)?;
        Ok((recipe, Output { pipe, read }))
    }

    /// Notes that it runs.
    pub(super) fn runs(&mut self, pid: u32, guard: u32) {
        (self.pid, self.guard) = (Some(pid), Some(guard));
    }

    /// Notes that it is gone.
    pub(super) fn ended(&mut self, ending: Ending) {
        (self.pid, self.guard, self.since) = (None, None, None);
        self.last = Some(ending);
        if let Some(look) = self.look.take() {
            look.abort();
        }
    }

    /// Notes that connections have other numbers from now on.
    pub(super) fn forget_sessions(&mut self) {
        self.old.clear();
    }

    pub(super) fn terminate(&self) {
        self.process.iter().for_each(Process::terminate);
    }

    pub(super) fn kill(&self) {
        self.process.iter().for_each(Process::kill);
    }

    pub(super) fn abandon(&mut self) {
        if let Some(process) = self.process.take() {
            process.abandon();
        }
    }

    /// Begins to look whether its port answers, if that is what tells that it is up.
    pub(super) fn look_at_port(
        &mut self,
        node: usize,
        run: u32,
        tell: mpsc::Sender<Heard>,
        limits: &SwarmLimits,
    ) {
        let Ready::Port(address) = &self.launch.ready else { return };
        let (address, poll) = (self.template.fill_text(address), limits.port_poll);
        self.look = Some(tokio::spawn(async move {
            let Ok(address) = address else { return };
            while tokio::net::TcpStream::connect(&address).await.is_err() {
                sleep(poll).await;
            }
            let _ = tell.send((node, run, News::Ready)).await;
        }));
    }

    pub(super) fn status(&self, node: &Node, rooms: Vec<String>) -> Status {
        Status {
            name: self.name.to_string(),
            state: node.state(),
            pid: self.pid,
            guard: self.guard,
            uptime: self.since.map(|since| since.elapsed()),
            restarts: node.restarts,
            rooms,
            cpu: None,
            memory: None,
            last: self.last.clone(),
        }
    }
}
