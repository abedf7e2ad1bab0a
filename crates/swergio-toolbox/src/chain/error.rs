//! Error: why a call through a chain came to nothing, and what to do about it.

use std::time::Duration;

use swergio_client::{Kind, ModelStatus, RoomName};

use crate::PassFault;

/// Tells why a pass through a chain came to nothing. Other passes go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A component could not do with what it was sent, and says so.
    #[error(transparent)]
    Fault(PassFault),
    /// Nothing came in time. What was sent may have arrived.
    #[error(
        "no {kind} came into the room {:?} within {after:?}: see with `swergio rooms` whether every component of the chain \
         is there, and with `swergio tap` how far the pass came",
        room.as_str()
    )]
    Timeout {
        /// What was waited for.
        kind: Kind<'static>,
        /// The room that it should have come into.
        room: RoomName,
        /// How long it was waited for.
        after: Duration,
    },
    /// As many passes as may be are under way, and none ended in time. Nothing was sent.
    #[error(
        "{in_flight} passes are under way and none ended within {after:?}: drop the hits that no gradient goes back \
         through, or raise ChainLimits::in_flight"
    )]
    Full {
        /// How many are under way.
        in_flight: usize,
        /// How long it was waited for.
        after: Duration,
    },
    /// The input, output or gradient is not of the type that the chain was opened for.
    #[error(transparent)]
    Unreadable(PassFault),
    /// Nothing is kept for a gradient in a pass of this status. Nothing was sent.
    #[error("no gradient comes back in a pass of MODEL_STATUS {}: run it as TRAIN or as PROBE", .0.0)]
    NotKept(ModelStatus),
    /// The link broke, or the client was closed, while the pass was under way: how far it came is not known.
    #[error("the link to the broker broke while the pass was under way: try again")]
    Lost,
    /// The message could not be sent.
    #[error(transparent)]
    Client(#[from] swergio_client::Error),
}
