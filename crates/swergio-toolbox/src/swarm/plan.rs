//! Plan: what a swarm is made of, before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use super::{Folder, Launch, Ready, SwarmError, SwarmLimits, file};

/// Says what a swarm is made of: components, the broker that they meet at, and where it keeps its logs.
///
/// ```
/// use swergio_toolbox::swarm::{Launch, Plan};
///
/// let plan = Plan::new()
///     .url("ws://127.0.0.1:9000")
///     .with(Launch::new("model", "./model"))
///     .with(Launch::new("trainer", "./trainer").depends_on(["model"]).lead());
/// assert_eq!(plan.launches().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub(crate) launches: Vec<Launch>,
    pub(crate) broker: Option<BrokerPlan>,
    pub(crate) url: Option<String>,
    pub(crate) folder: Option<Folder>,
    pub(crate) guard: Option<OsString>,
    pub(crate) limits: SwarmLimits,
}

/// Says how a swarm starts a broker of its own: as a component called `broker`, on which all others depend.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokerPlan {
    pub(crate) command: Vec<OsString>,
    pub(crate) listen: String,
}

/// Names the component that is the swarm's own broker.
pub(crate) const BROKER: &str = "broker";
/// The broker that is meant where none is named.
const DEFAULT_URL: &str = "ws://127.0.0.1:8080";

impl BrokerPlan {
    /// Describes a broker that listens on an address, `127.0.0.1:8080`, where port 0 takes a free one. `swergio serve` is run,
    /// found as shells find it, with `--listen` and the address.
    pub fn new(listen: impl Into<String>) -> Self {
        Self { command: vec!["swergio".into(), "serve".into()], listen: listen.into() }
    }

    /// Runs another program, and arguments that begin its line, in place of `swergio serve`.
    #[must_use]
    pub fn command<A: Into<OsString>>(mut self, command: impl IntoIterator<Item = A>) -> Self {
        self.command = command.into_iter().map(Into::into).collect();
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.extend(args.into_iter().map(Into::into));
        self
    }

    /// Returns the launch, and the URL by which the broker will be found.
    fn launch(&self) -> Result<(Launch, String), SwarmError> {
        let address = self.address()?;
        let mut command = self.command.iter().cloned();
        let program = command.next().unwrap_or_default();
        let launch = Launch::new(BROKER, program)
            .args(command)
            .args(["--listen", &address.to_string()])
            .ready(Ready::Line("listening on ".to_owned()));
        Ok((launch, format!("ws://{address}")))
    }

    /// Takes a free port now, where any will do: a broker that is started again must be found where it was.
    fn address(&self) -> Result<SocketAddr, SwarmError> {
        let address: SocketAddr = self.listen.parse().map_err(|_| {
            SwarmError::Plan(format!(
                "the broker cannot listen on {:?}; give an address such as 127.0.0.1:8080",
                self.listen
            ))
        })?;
        if address.port() != 0 {
            return Ok(address);
        }
        let free = TcpListener::bind(address).and_then(|listener| listener.local_addr());
        free.map_err(|error| SwarmError::io(format_args!("no free port on {address}"), &error))
    }
}

impl Plan {
    /// Begins without components.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a `swarm.yaml`, one of the Python toolbox's too. Logs, socket and lock go to `.swergio/` beside it, and relative paths in it
    /// start there.
    ///
    /// # Errors
    /// `File` with the line and what is wrong there.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, SwarmError> {
        file::read(path.as_ref())
    }

    /// Adds a component.
    #[must_use]
    pub fn with(mut self, launch: Launch) -> Self {
        self.launches.push(launch);
        self
    }

    /// Starts a broker with the swarm.
    #[must_use]
    pub fn broker(mut self, broker: BrokerPlan) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Chooses the broker that the components meet at. Otherwise it is the one in `SWERGIO_URL`, or at `ws://127.0.0.1:8080`.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Keeps logs in a folder. Otherwise there are none.
    #[must_use]
    pub fn folder(mut self, folder: Folder) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Names the program that stands guard over the processes; see [`guard`](super::guard()). Otherwise it is this one.
    #[must_use]
    pub fn guarded_by(mut self, program: impl Into<OsString>) -> Self {
        self.guard = Some(program.into());
        self
    }

    /// Sets the bounds.
    #[must_use]
    pub fn limits(mut self, limits: SwarmLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lists the components in the order in which they were added; not the broker.
    pub fn launches(&self) -> &[Launch] {
        &self.launches
    }

    /// Returns the folder for logs, if there is one.
    pub fn folder_path(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    /// Changes the program that a broker of its own is run by, if the plan has such and does not name another.
    #[must_use]
    pub fn broker_by<A: Into<OsString>>(mut self, program: A) -> Self {
        if let Some(broker) = &mut self.broker
            && broker.command.first().is_some_and(|program| program == "swergio")
        {
            broker.command[0] = program.into();
        }
        self
    }

    /// Runs no component in a terminal.
    #[must_use]
    pub fn without_terminals(mut self) -> Self {
        self.launches.iter_mut().for_each(|launch| launch.terminal.clear());
        self
    }

    /// Makes the broker a component like the others, and puts each component after those that it depends on.
    ///
    /// # Errors
    /// `Plan` for names that are bad, shared or unknown, too many processes, and components that wait for each other.
    pub(crate) fn settle(mut self) -> Result<Self, SwarmError> {
        if let Some(broker) = self.broker.take() {
            let (launch, url) = broker.launch()?;
            self.launches.iter_mut().for_each(|launch| launch.needs.push(BROKER.to_owned()));
            self.launches.insert(0, launch);
            self.url = Some(url);
        }
        self.check()?;
        self.launches = ordered(self.launches)?;
        Ok(self)
    }

    /// Returns the URL of the broker, and whether anybody said so.
    pub(crate) fn broker_url(&self) -> (String, bool) {
        let said = self.url.clone().or_else(|| std::env::var("SWERGIO_URL").ok());
        let is_said = said.is_some();
        (said.unwrap_or_else(|| DEFAULT_URL.to_owned()), is_said)
    }

    /// Checks all but what a component says of those that come later.
    pub(crate) fn check(&self) -> Result<(), SwarmError> {
        let mut names: BTreeMap<String, &str> = BTreeMap::new();
        let mut count: usize = 0;
        for launch in &self.launches {
            launch.check()?;
            count = count.saturating_add(launch.replicas as usize);
            self.check_count(count)?;
            let own: BTreeSet<String> = launch.instances().into_iter().chain([launch.name.clone()]).collect();
            for name in own {
                if let Some(other) = names.insert(name.clone(), &launch.name) {
                    return Err(SwarmError::Plan(format!(
                        "two processes would be called {name:?}, of {other} and {}; rename one",
                        launch.name
                    )));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn check_count(&self, count: usize) -> Result<(), SwarmError> {
        if count > self.limits.components {
            return Err(SwarmError::Plan(format!(
                "more than {} processes, which is SwarmLimits::components",
                self.limits.components
            )));
        }
        Ok(())
    }
}

/// Puts each component after those that it depends on, and otherwise leaves them as they are.
fn ordered(mut waiting: Vec<Launch>) -> Result<Vec<Launch>, SwarmError> {
    let known: BTreeSet<String> = waiting.iter().map(|launch| launch.name.clone()).collect();
    for launch in &waiting {
        if let Some(need) = launch.needs.iter().find(|need| !known.contains(*need)) {
            return Err(SwarmError::Plan(format!("{} depends on {need}, which there is not", launch.name)));
        }
    }
    let (mut done, mut placed) = (Vec::new(), BTreeSet::new());
    while !waiting.is_empty() {
        let free = |launch: &Launch| launch.needs.iter().all(|need| placed.contains(need));
        let Some(next) = waiting.iter().position(free) else {
            return Err(SwarmError::Plan(format!("components wait for each other: {}", circle(&waiting))));
        };
        let launch = waiting.remove(next);
        placed.insert(launch.name.clone());
        done.push(launch);
    }
    Ok(done)
}

/// Names the components of one circle, `a -> b -> a`. Each of those that wait needs another one of them.
fn circle(waiting: &[Launch]) -> String {
    let mut path: Vec<&str> = Vec::new();
    let mut next = waiting.first();
    while let Some(launch) = next {
        if let Some(begin) = path.iter().position(|name| *name == launch.name) {
            path.drain(..begin);
            path.push(&launch.name);
            break;
        }
        path.push(&launch.name);
        next = waiting.iter().find(|other| launch.needs.contains(&other.name));
    }
    path.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(line: &str) -> Launch {
        let (name, needs) = line.split_once(':').unwrap_or((line, ""));
        Launch::new(name, "x").depends_on(needs.split_whitespace())
    }

    fn plan(lines: &[&str]) -> Plan {
        lines.iter().fold(Plan::new(), |plan, line| plan.with(launch(line)))
    }

    fn names(plan: Plan) -> Vec<String> {
        plan.settle().unwrap().launches.into_iter().map(|launch| launch.name).collect()
    }

    fn refused(plan: Plan) -> String {
        plan.settle().unwrap_err().to_string()
    }

    #[test]
    fn each_comes_after_what_it_depends_on() {
        assert_eq!(names(plan(&["d: b c", "b: a", "c: a", "a", "e"])), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn a_circle_is_named() {
        let told = refused(plan(&["x", "a: b x", "b: c", "c: b", "d: a"]));
        assert_eq!(told, "components wait for each other: b -> c -> b");
        assert_eq!(refused(plan(&["a: a"])), "components wait for each other: a -> a");
    }

    #[test]
    fn names_must_be_known_and_ones_own() {
        assert_eq!(refused(plan(&["a: b"])), "a depends on b, which there is not");
        assert!(refused(plan(&["a", "a"])).contains("two processes would be called \"a\""));
        let replicas = Plan::new().with(launch("a").replicas(2)).with(launch("a-1"));
        assert!(refused(replicas).contains("\"a-1\", of a and a-1"));
    }

    #[test]
    fn there_is_a_bound_on_processes() {
        let crowd = plan(&["a"]).with(launch("b").replicas(u32::MAX));
        assert!(refused(crowd).contains("SwarmLimits::components"));
    }

    #[test]
    fn a_broker_of_its_own_comes_first_and_is_found_where_it_listens() {
        let plan = plan(&["a", "b: a"]).broker(BrokerPlan::new("127.0.0.1:0").args(["--log-room", "0"]));
        let plan = plan.broker_by("/usr/bin/swergio").settle().unwrap();
        assert_eq!(plan.launches[0].name, BROKER);
        assert!(plan.launches.iter().skip(1).all(|launch| launch.needs.contains(&BROKER.to_owned())));
        let (url, said) = plan.broker_url();
        let address = url.strip_prefix("ws://").unwrap();
        assert!(said && !address.ends_with(":0"));
        let command = ["/usr/bin/swergio", "serve", "--log-room", "0", "--listen", address];
        assert_eq!(plan.launches[0].command, command.map(OsString::from));
        assert!(refused(Plan::new().broker(BrokerPlan::new("8080"))).contains("127.0.0.1:8080"));
    }
}
