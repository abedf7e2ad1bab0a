//! Serve: the accept loop, which tells HTTP from upstream's framing by the first byte.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, sleep, timeout, timeout_at};

use crate::app::{echo_route, routes};
use crate::broker::Broker;
use crate::socket::Socket;
use crate::workers::Workers;

/// How long to wait before accepting again when the process has no file descriptors left.
const BREATH: Duration = Duration::from_millis(50);
/// Silence after which the kernel asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Serves a broker's port until [`Broker::shutdown`]: WebSocket and HTTP, and upstream's TCP framing.
///
/// Every connection has [`Limits::handshake`](swergio_proto::Limits::handshake) to say what it wants.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_broker::{Broker, Config, serve};
///
/// let broker = Broker::new(Config::default())?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// tokio::spawn(serve(broker.clone(), listener));
/// broker.shutdown().await;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Those of the listener that do not pass.
pub async fn serve(broker: Broker, listener: TcpListener) -> io::Result<()> {
    accept(&broker, listener, routes(&broker), None).await
}

/// Serves a broker's port as [`serve`] does, each connection on one of `workers` instead of the runtime that this is
/// called on: what the broker as a program does.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on(workers: &Workers, broker: Broker, listener: TcpListener) -> io::Result<()> {
    accept(&broker, listener, routes(&broker), Some(workers)).await
}

/// Serves a broker's port as [`serve`] does, and at `/echo` a WebSocket that sends every message back: what
/// conformance suites such as Autobahn's test, on the accept path, framing and writer that components use.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with_echo(workers: &Workers, broker: Broker, listener: TcpListener) -> io::Result<()> {
    let app = routes(&broker).merge(echo_route(&broker));
    accept(&broker, listener, app, Some(workers)).await
}

async fn accept(
    broker: &Broker,
    listener: TcpListener,
    app: axum::Router,
    workers: Option<&Workers>,
) -> io::Result<()> {
    hurry_on_loopback(&listener);
    let doors = Arc::new(Semaphore::new(broker.0.config.limits.connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = broker.drained() => return Ok(()),
        };
        match accepted {
            Ok((stream, peer)) => match Arc::clone(&doors).try_acquire_owned() {
                Ok(door) => {
                    tracing::debug!(%peer, "connected");
                    let (broker, app) = (broker.clone(), app.clone());
                    let serve = move |stream| welcome(broker, stream, app, door);
                    match workers {
                        None => drop(tokio::spawn(serve(stream))),
                        Some(workers) => workers.serve(stream, peer, serve),
                    }
                }
                Err(_) => broker.0.hub.meter.refused(),
            },
            Err(error) => {
                tracing::warn!("cannot accept: {error}; trying again");
                sleep(BREATH).await;
            }
        }
    }
}

/// Tells by the first byte what a peer speaks: HTTP begins with a letter, upstream's framing does not.
async fn welcome(broker: Broker, stream: TcpStream, app: axum::Router, door: OwnedSemaphorePermit) {
    tune(&stream);
    let deadline = Instant::now() + broker.0.config.limits.handshake;
    let mut first = [0];
    match timeout_at(deadline, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0].is_ascii_alphabetic() => converse(&broker, stream, app, door, deadline).await,
        Ok(Ok(1)) => {
            drop(door);
            let socket = Socket::new(stream);
            let mouth = Some(socket.mouth());
            if let Err(fault) = broker.serve_length_prefixed(socket, mouth).await {
                tracing::debug!("a TCP connection was refused: {fault}");
            }
        }
        // Nothing was said, or in no time: whoever it was is gone.
        Ok(_) => {}
        Err(_) => broker.0.hub.meter.refused(),
    }
}

async fn converse(
    broker: &Broker,
    stream: TcpStream,
    app: axum::Router,
    door: OwnedSemaphorePermit,
    deadline: Instant,
) {
    let limits = &broker.0.config.limits;
    let mut conversation = pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(deadline - Instant::now())
            .max_headers(limits.handshake_headers)
            .max_buf_size(limits.handshake_bytes)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
            .with_upgrades()
    );
    // What has been asked for by then may still be answered; who does not take the answer is left.
    let mut ended = timeout_at(deadline, conversation.as_mut()).await;
    if ended.is_err() {
        conversation.as_mut().graceful_shutdown();
        ended = timeout(limits.handshake, conversation).await;
    }
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("HTTP ended: {error}"),
        Err(_) => tracing::debug!("HTTP ended: the peer does not read"),
    }
    drop(door);
}

/// Has what never leaves the machine go without pacing. Where a system's congestion control paces (BBR does), a timer
/// per segment costs a broker a third of its time on loopback; accepted sockets take after the listener.
fn hurry_on_loopback(listener: &TcpListener) {
    if !listener.local_addr().is_ok_and(|address| address.ip().is_loopback()) {
        return;
    }
    // Reno is on every system that lets one choose. Where none does, all goes on as it would.
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_congestion(b"reno") {
        tracing::debug!("the congestion control of loopback could not be chosen: {error}");
    }
}

/// Sends small messages at once, and finds out about peers that have vanished.
fn tune(stream: &TcpStream) {
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
    let socket = socket2::SockRef::from(stream);
    if let Err(error) = socket.set_tcp_keepalive(&keepalive).and_then(|()| stream.set_nodelay(true)) {
        tracing::debug!("a socket could not be tuned: {error}");
    }
}
