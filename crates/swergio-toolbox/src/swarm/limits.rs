//! SwarmLimits: every count, size and time of a swarm, in one struct.

use std::time::Duration;

/// Bounds what a swarm may hold, and how long it waits.
///
/// ```
/// use swergio_toolbox::swarm::SwarmLimits;
///
/// let limits = SwarmLimits { components: 8, ..SwarmLimits::default() };
/// assert_eq!(limits.log_bytes, 16 << 20);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SwarmLimits {
    /// Processes of components, replicas counted. Beyond it a component is refused. 1,024.
    pub components: usize,
    /// Bytes of a `swarm.yaml`. A longer one is refused. 1 MiB.
    pub file_bytes: u64,
    /// Bytes of one line that a component prints. A longer one is cut into several. 64 KiB.
    pub line_bytes: usize,
    /// Bytes of a component's log file. Then it is put aside as `NAME.log.1`, in place of the last one. 16 MiB.
    pub log_bytes: u64,
    /// Bytes of one component's lines that wait for one listener. Beyond it lines of that component, and of it alone, are
    /// left out for that listener, and counted. 1 MiB.
    pub feed_bytes: usize,
    /// Lines of all components that wait for one listener; as [`feed_bytes`](Self::feed_bytes). 65,536.
    pub feed_lines: usize,
    /// Events that wait for one listener. Beyond it the oldest are forgotten. 1,024.
    pub events: usize,
    /// Calls that wait for the swarm's task. Beyond it they wait to be heard. 64.
    pub calls: usize,
    /// Time that a process which is killed has to be gone before it is given up as lost. 10 s.
    pub kill: Duration,
    /// Time that the last lines of a process may take to be read once it is gone. 1 s.
    pub drain: Duration,
    /// The longest time between SIGTERM and SIGKILL when the swarm itself was killed. 1 s.
    pub orphan_grace: Duration,
    /// Time between two looks whether a port answers. 50 ms.
    pub port_poll: Duration,
    /// Connections to the control socket that are answered at a time. 32.
    pub control_calls: usize,
    /// Bytes of a request on the control socket. 64 KiB.
    pub control_bytes: u64,
    /// Time that a connection to the control socket has to say what it wants. 5 s.
    pub control_wait: Duration,
}

impl Default for SwarmLimits {
    fn default() -> Self {
        Self {
            components: 1024,
            file_bytes: 1 << 20,
            line_bytes: 64 << 10,
            log_bytes: 16 << 20,
            feed_bytes: 1 << 20,
            feed_lines: 1 << 16,
            events: 1024,
            calls: 64,
            kill: Duration::from_secs(10),
            drain: Duration::from_secs(1),
            orphan_grace: Duration::from_secs(1),
            port_poll: Duration::from_millis(50),
            control_calls: 32,
            control_bytes: 64 << 10,
            control_wait: Duration::from_secs(5),
        }
    }
}
