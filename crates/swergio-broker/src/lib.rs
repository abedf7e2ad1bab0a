//! Swergio's broker: rooms over WebSocket for machine-learning processes.
//!
//! A [`Broker`] joins components that know only rooms. It is a thin shell around the two machines of
//! `swergio-proto`: a task for each connection moves bytes, and a message goes from its sender's task straight
//! into the outboxes of its receivers. Serve it on a port of its own with [`serve`], nest its [`routes`] in your
//! own axum application, or hand it any byte stream.
//!
//! One port takes WebSocket (JSON or MessagePack), the length-prefixed TCP framing of the published Python and
//! Julia clients, and HTTP for health and figures.
//!
//! ```no_run
//! use swergio_broker::{Broker, Config, serve};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = Broker::new(Config::default())?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! serve(broker, listener).await?;
//! # Ok(()) }
//! ```

mod app;
mod batch;
mod broker;
mod config;
mod connection;
#[cfg(feature = "console")]
mod console;
mod dialect;
mod dues;
mod fanout;
mod guard;
mod handshake;
mod hub;
mod link;
mod liveness;
mod member;
mod meter;
mod outbox;
mod packet;
mod parcel;
mod run;
mod serve;
mod socket;
mod spares;
mod watch;
mod workers;
mod writer;

#[cfg(feature = "cli")]
pub mod cli;

pub use app::routes;
pub use broker::Broker;
pub use config::{Config, ConfigError, Metrics};
pub use guard::{Guard, Refusal, Tokens};
pub use serve::{serve, serve_on, serve_with_echo};
pub use workers::Workers;
