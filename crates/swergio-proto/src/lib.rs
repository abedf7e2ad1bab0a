//! Swergio's protocol without sockets.
//!
//! Two small machines hold the whole of it: a [`Session`] turns one connection's frames into steps, a
//! [`Router`] turns steps into effects. Neither owns a socket, a task, a clock or dice, so a thousand of them
//! can be simulated from a seed in a blink. Around them: the [`Frame`] that crossed a link, its borrowed
//! [`Head`], the [`Envelope`] that a component builds, the [`Codec`]s that spell it, and the [`Tensor`] inside.
//!
//! What this crate will not do for you: open a connection (`swergio-client`), or serve one (`swergio-broker`).

mod address;
mod body;
mod codec;
mod envelope;
mod fault;
mod frame;
mod grant;
mod head;
mod kind;
mod layout;
mod limits;
mod name;
mod notice;
mod router;
mod session;
mod tensor;

pub use address::{Address, AddressBuf};
pub use body::Body;
pub use codec::{Codec, Seam, Signature, check, respell_as_python, splice_sent_by, transcode, wrap_log};
pub use envelope::{Envelope, ModelStatus};
pub use fault::Fault;
pub use frame::{Frame, View};
pub use grant::{Grant, Pattern};
pub use head::{Head, Slot};
pub use kind::Kind;
pub use layout::Layout;
pub use limits::Limits;
pub use name::{COMMAND, LOGGING, MemberName, MessageId, Naming, PRESENCE, RoomName, WATCH};
pub use notice::{Notice, PresenceState};
pub use router::{Effects, Router, SeatId};
pub use session::{Act, Route, Rules, Session, Step};
pub use tensor::{Dtype, Tensor};

/// Compiles what the crate's page shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Page;
