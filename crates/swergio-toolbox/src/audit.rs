//! Audit: gradients checked while they flow, a few passes of many, and the component named that gets them wrong.

mod finding;
mod limits;
mod machine;
mod run;
mod watch;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use swergio_client::{Client, Error, Kind, ModelStatus, RoomName, Trigger};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub use finding::AuditFinding;
pub use limits::{AuditLimits, AuditTally};
use machine::{Machine, Part};

/// Checks a sample of the passes through running components, each component by itself, while they work.
///
/// An auditor sits in the rooms of every component and listens. Of the passes that it picks it keeps what went into a component and
/// what came out, the gradient by the output that came and the gradient by the input that the component made of it. Meanwhile it
/// sends inputs nearby through the component's own rooms, along one random direction, and so learns how the output really changes
/// there. The gradient **that flowed** must tell the same: so a gradient of another sample, one that is late by a step,
/// or one that is wrong only when many samples are under way, is found like a flipped sign. A component is judged by its own input
/// and the gradient that it was given; those of its neighbours are no excuse and no blame.
///
/// * The nearby inputs, 28 for each pass that is picked, carry [`probing`](Self::probing) as MODEL_STATUS, `VALIDATE` by default: nothing is kept of them
///   and nobody learns. Components further along see their outputs as passes of their own; whoever ends the chain ignores a ROOT_ID that is
///   not its own. Do not audit a component that has effects or a memory, such as an environment that steps.
/// * An input is sent once more before and after them, and must give the output that flowed. Otherwise the weights have changed
///   meanwhile, or there is chance in the forward, and the pass is left out and counted as [`moved`](AuditTally::moved). So is a
///   pass that seems wrong while the component may have learnt from another between its forward and its gradient.
/// * What is called wrong is decided as by [`Gradcheck`](crate::Gradcheck).
///
/// ```no_run
/// use swergio_toolbox::{Audit, Client};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let audit = Audit::every(100).component("network", "input", "model").component("trebuchet", "model", "output");
/// let mut auditing = audit.attach(&client).await?;
/// while let Some(finding) = auditing.next().await {
///     eprintln!("{finding}"); // network: SIGN: …
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Picks two passes that follow each other out of twice as many. At least 1, which picks all.
    pub every: u64,
    /// Begins the random numbers by which passes are picked and directions drawn. 1.
    pub seed: u64,
    /// What inputs nearby carry as MODEL_STATUS. `VALIDATE`; with `PROBE` a component that knows it computes as for a gradient.
    pub probing: ModelStatus,
    /// Every count and time.
    pub limits: AuditLimits,
    room: Option<String>,
    components: Vec<(String, String, String)>,
}

impl Audit {
    /// Begins an audit of one pass in `every`, on average.
    pub fn every(every: u64) -> Self {
        let (seed, probing, limits) = (1, ModelStatus::VALIDATE, AuditLimits::default());
        let room = Some("_logging".to_owned());
        Self { every: every.max(1), seed, probing, limits, room, components: Vec::new() }
    }

    /// Tells findings in another room than `_logging`, as `LOG/AUDIT` (R127); with None in no room, but only to
    /// [`Auditing::next`].
    #[must_use]
    pub fn into_room(self, room: Option<&str>) -> Self {
        Self { room: room.map(str::to_owned), ..self }
    }

    /// Adds a component: what findings call it, its input room and its output room.
    #[must_use]
    pub fn component(
        mut self,
        name: impl Into<String>,
        input: impl Into<String>,
        output: impl Into<String>,
    ) -> Self {
        self.components.push((name.into(), input.into(), output.into()));
        self
    }

    /// Joins the rooms and begins.
    ///
    /// # Errors
    /// `Invalid` for a bad room name; as [`Client::settle`] when the broker refuses a room.
    pub async fn attach(self, client: &Client) -> Result<Auditing, Error> {
        let room = self.room.as_deref().map(RoomName::parse).transpose()?;
        let mut parts = Vec::with_capacity(self.components.len());
        for (name, input, output) in &self.components {
            let (input, output) = (RoomName::parse(input)?, RoomName::parse(output)?);
            parts.push(Part { name: name.clone(), input, output });
        }
        let rooms: Vec<&str> =
            parts.iter().flat_map(|part| [part.input.as_str(), part.output.as_str()]).collect();
        let trigger = Trigger::kinds([Kind::FORWARD, Kind::GRADIENT, Kind::FAULT]).rooms(rooms).direct(false);
        let messages = client.subscribe(trigger).await?;
        client.settle().await?;
        let (teller, findings) = mpsc::channel(self.limits.findings.max(1));
        let machine = Arc::new(Mutex::new(Machine::new(&self, parts)));
        let task = tokio::spawn(run::run(client.clone(), messages, Arc::clone(&machine), teller, room));
        Ok(Auditing { findings, machine, task: task.abort_handle() })
    }
}

/// Tells what an audit finds. Dropping it ends the audit.
pub struct Auditing {
    findings: mpsc::Receiver<AuditFinding>,
    machine: Arc<Mutex<Machine>>,
    task: AbortHandle,
}

impl Auditing {
    /// Waits for the next gradient that is wrong. Nothing when the client has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<AuditFinding> {
        self.findings.recv().await
    }

    /// Returns the next finding, if there is one already.
    pub fn try_next(&mut self) -> Option<AuditFinding> {
        self.findings.try_recv().ok()
    }

    /// Counts what has been audited so far.
    pub fn tally(&self) -> AuditTally {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner).tally()
    }
}

impl Drop for Auditing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Auditing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auditing").field("tally", &self.tally()).finish_non_exhaustive()
    }
}
