//! Scout: where a component sends its outputs, seen in the copy that `_logging` has of every FORWARD.

use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use swergio_client::{Client, Envelope, Kind, Message, ModelStatus, RoomName, Trigger};
use swergio_proto::LOGGING;
use swergio_toolbox::{PassFault, Values};
use tokio::time::timeout;

use crate::broker::explain;
use crate::sighting::Sighting;

/// Sends one input through the component, as VALIDATE, and returns the room that its output goes to.
pub(super) async fn output_of(
    client: &Client,
    room: &str,
    input: &Values,
    patience: Duration,
) -> Result<String> {
    let faults = Trigger::kinds([Kind::FAULT]).rooms([room]).direct(false);
    let mut faults = client.subscribe(faults).await?;
    let mut copies =
        client.subscribe(Trigger::kinds([Kind::MESSAGES]).rooms([LOGGING]).direct(false)).await?;
    client.settle().await.map_err(explain)?;
    let root = format!("{}-scout", client.name().as_str());
    let mut forward = Envelope::new(Kind::FORWARD)
        .with_to_room(RoomName::parse(room)?)
        .with_id(swergio_client::MessageId::new(&root))
        .with_root_id(&root)
        .with_model_status(ModelStatus::VALIDATE);
    forward.data = Some(input.clone().into_body()?);
    client.send(forward).await?;
    let scouting = async {
        loop {
            tokio::select! {
                fault = faults.next() => if let Some((_, fault)) = fault.as_deref().and_then(PassFault::read) {
                    bail!("{fault}");
                },
                copy = copies.next() => match copy {
                    Some(copy) => if let Some(output) = output(&copy, room, &root) {
                        return Ok(output);
                    },
                    None => bail!("the broker is gone"),
                },
            }
        }
    };
    let away = || {
        anyhow!(
            "no output was seen for what was sent into {room:?}: is a component there (swergio rooms)? If it is, say where its outputs go \
             with --output; a broker with --log-room 0 does not tell"
        )
    };
    timeout(patience, scouting).await.unwrap_or_else(|_| Err(away()))
}

/// Returns the room of an output of ours, if the copy is one of that.
fn output(copy: &Message, room: &str, root: &str) -> Option<String> {
    let envelope = Sighting::of(copy).envelope;
    let ours = envelope.kind == Kind::FORWARD && envelope.root_id.as_deref() == Some(root);
    let to = envelope.to_room.as_ref().map(|to| to.as_str().to_owned());
    to.filter(|to| ours && to != room)
}
