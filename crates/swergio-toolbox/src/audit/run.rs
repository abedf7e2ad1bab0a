//! Run: the task of an audit. Messages in, messages nearby out.

use std::sync::{Arc, Mutex, PoisonError};

use swergio_client::{Client, Messages, RoomName};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::AuditFinding;
use super::machine::Machine;

/// Audits until the client ends. What it finds is told here, and in `room` to whoever looks on.
pub(super) async fn run(
    client: Client,
    mut messages: Messages,
    machine: Arc<Mutex<Machine>>,
    teller: mpsc::Sender<AuditFinding>,
    room: Option<RoomName>,
) {
    while let Some(message) = messages.next().await {
        let (probes, findings) = {
            let mut machine = machine.lock().unwrap_or_else(PoisonError::into_inner);
            let probes = machine.hear(Instant::now().into_std(), &message);
            (probes, machine.findings())
        };
        for finding in findings {
            tracing::warn!(
                component = finding.component,
                fault = finding.fault.code(),
                "a gradient is wrong"
            );
            if let (Some(room), Ok(told)) = (&room, finding.to_envelope())
                && client.send(told.with_to_room(room.clone())).await.is_err()
            {
                return;
            }
            if teller.try_send(finding).is_err() {
                machine.lock().unwrap_or_else(PoisonError::into_inner).count_unread();
            }
        }
        for probe in probes {
            if client.send(probe).await.is_err() {
                return;
            }
        }
    }
}
