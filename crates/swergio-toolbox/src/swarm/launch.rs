//! Launch: how one component is started, watched and stopped.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{Restart, SwarmError};

/// Describes how one component is started, watched and stopped: a value, built like a command.
///
/// In the program, arguments, values of variables, the working directory and the member's name, `${SWERGIO_URL}`,
/// `${SWERGIO_HOST}`, `${SWERGIO_PORT}`, `${SWERGIO_NAME}`, `${SWERGIO_COMPONENT}`, `${SWERGIO_REPLICA}` and `${SWERGIO_REPLICAS}` stand
/// for what the process is also given in the variables of these names. Nothing else is touched.
///
/// ```
/// use std::time::Duration;
/// use swergio_toolbox::swarm::{Launch, Ready, Restart};
///
/// let agents = Launch::new("agent", "./agent")
///     .args(["--url", "${SWERGIO_URL}", "--seed", "${SWERGIO_REPLICA}"])
///     .replicas(20)
///     .ready(Ready::Joined(vec!["observation".into()]))
///     .restart(Restart::always())
///     .depends_on(["environment"])
///     .grace(Duration::from_secs(2));
/// assert_eq!(agents.name(), "agent");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    pub(crate) name: String,
    pub(crate) command: Vec<OsString>,
    pub(crate) terminal: Vec<OsString>,
    pub(crate) env: Vec<(String, OsString)>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) ready: Ready,
    pub(crate) ready_within: Duration,
    pub(crate) restart: Restart,
    pub(crate) replicas: u32,
    pub(crate) needs: Vec<String>,
    pub(crate) grace: Duration,
    pub(crate) lead: bool,
    pub(crate) member: String,
}

/// Tells when a component counts as up, so that those which depend on it may start.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Ready {
    /// As soon as its process runs.
    Started,
    /// A time after its process began to run.
    After(Duration),
    /// When a connection of its name has registered with the broker.
    Registered,
    /// When a connection of its name sits in all these rooms; in any room but `_command`, if none is given.
    Joined(Vec<String>),
    /// When something answers on this TCP address: `127.0.0.1:8080`.
    Port(String),
    /// When it has printed a line with this text.
    Line(String),
}

impl Ready {
    /// Tells whether the broker must be asked for it.
    pub(crate) fn by_presence(&self) -> bool {
        matches!(self, Self::Registered | Self::Joined(_))
    }
}

/// Bytes that a component's name may have: with `-1023` it is a member's name and a file's.
const NAME_BYTES: usize = 100;

impl Launch {
    /// Describes a component by its name and program. It is up as soon as it runs, restarted on failure, one process,
    /// depends on nobody, has 30 s to become ready and 10 s to end.
    pub fn new(name: impl Into<String>, program: impl Into<OsString>) -> Self {
        Self {
            name: name.into(),
            command: vec![program.into()],
            terminal: Vec::new(),
            env: Vec::new(),
            cwd: None,
            ready: Ready::Started,
            ready_within: Duration::from_secs(30),
            restart: Restart::default(),
            replicas: 1,
            needs: Vec::new(),
            grace: Duration::from_secs(10),
            lead: false,
            member: "${SWERGIO_NAME}".to_owned(),
        }
    }

    /// Returns the component's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs it in a terminal, by a command that takes the component's at its end: `xterm -e`.
    #[must_use]
    pub fn terminal<A: Into<OsString>>(mut self, command: impl IntoIterator<Item = A>) -> Self {
        self.terminal = command.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a variable of its environment, beside those that it inherits.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets its working directory; otherwise it has the swarm's.
    #[must_use]
    pub fn cwd(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Chooses when it counts as up.
    #[must_use]
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = ready;
        self
    }

    /// Bounds the time that it has to become ready. Beyond it, it is ended and that counts as a failure.
    #[must_use]
    pub fn ready_within(mut self, time: Duration) -> Self {
        self.ready_within = time;
        self
    }

    /// Chooses whether and when it is started again.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Starts it several times, as `NAME-0`, `NAME-1` and so on.
    #[must_use]
    pub fn replicas(mut self, count: u32) -> Self {
        self.replicas = count;
        self
    }

    /// Names components that must be up before it starts, and that stop after it. One that has ended well counts as up.
    #[must_use]
    pub fn depends_on<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.needs.extend(names.into_iter().map(Into::into));
        self
    }

    /// Bounds the time between SIGTERM and SIGKILL when it is stopped.
    #[must_use]
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Lets it lead: when it has ended for good, the whole swarm stops, and its ending is the swarm's.
    #[must_use]
    pub fn lead(mut self) -> Self {
        self.lead = true;
        self
    }

    /// Names it as the broker knows it, if that is not `${SWERGIO_NAME}`: its name here, with the number of the replica.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>) -> Self {
        self.member = name.into();
        self
    }

    /// Lists the names of its processes.
    pub fn instances(&self) -> Vec<String> {
        match self.replicas {
            1 => vec![self.name.clone()],
            count => (0..count).map(|replica| format!("{}-{replica}", self.name)).collect(),
        }
    }

    /// Checks what it says by itself; what it says of others, the plan checks.
    pub(crate) fn check(&self) -> Result<(), SwarmError> {
        let odd = |letter: char| letter.is_control() || "/\\,".contains(letter);
        if self.name.is_empty()
            || self.name.len() > NAME_BYTES
            || self.name.starts_with(['.', '_', '-'])
            || self.name.contains(odd)
        {
            return Err(SwarmError::Plan(format!(
                "{:?} is no name for a component: it is also the name of a file; give 1 to {NAME_BYTES} bytes without slash, \
                 comma or control character that do not begin with . _ or -",
                self.name
            )));
        }
        if self.command.first().is_none_or(|program| program.is_empty()) {
            return Err(SwarmError::Plan(format!("{} has no program to run", self.name)));
        }
        if self.replicas == 0 {
            return Err(SwarmError::Plan(format!("{} has no replica; give 1 or more", self.name)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_keeps_the_name_and_several_are_numbered() {
        assert_eq!(Launch::new("aim", "x").instances(), ["aim"]);
        assert_eq!(Launch::new("aim", "x").replicas(2).instances(), ["aim-0", "aim-1"]);
    }

    #[test]
    fn a_name_must_be_good_for_a_file() {
        for good in ["aim", "Ärger 2", "a.b_c-d"] {
            assert!(Launch::new(good, "x").check().is_ok(), "{good}");
        }
        for bad in ["", ".", "../x", "a/b", "a\nb", "-rf", "a,b", &"n".repeat(101)] {
            assert!(Launch::new(bad, "x").check().is_err(), "{bad}");
        }
    }
}
