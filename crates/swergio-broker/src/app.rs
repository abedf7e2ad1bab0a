//! App: what the broker's port answers over HTTP.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Query, Request, State};
use axum::http::header::{
    CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use swergio_proto::Grant;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::broker::Broker;
use crate::connection::Connection;
use crate::handshake::{self, Handshake, Refused};
use crate::link::ws::{WebSocketLink, control};
use crate::socket::{Mouth, Socket};

/// Builds the broker's routes, to be served by [`serve`](crate::serve) or nested in an application of yours:
/// `/ws` and `/` (WebSocket), `/healthz`, `/readyz`, `/metrics` (Prometheus), and, with the feature `console` and unless
/// [`Config::console`](crate::Config::console) is off, a page for people at `/` with its files beside it.
///
/// ```
/// # fn build() -> Result<axum::Router, Box<dyn std::error::Error>> {
/// use swergio_broker::{Broker, Config, routes};
///
/// let broker = Broker::new(Config::default())?;
/// let app = axum::Router::new().nest("/swergio", routes(&broker));
/// # Ok(app) }
/// ```
///
/// In an application of yours the handshake's bounds (time, size, number of headers) are yours to set.
pub fn routes(broker: &Broker) -> Router {
    let routes = Router::new()
        .route("/", any(root))
        .route("/ws", any(upgrade))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics));
    with_console(routes, broker).with_state(broker.clone())
}

/// Builds a route that sends every WebSocket message back, for conformance suites such as Autobahn's.
pub(crate) fn echo_route(broker: &Broker) -> Router {
    Router::new().route("/echo", any(echo)).with_state(broker.clone())
}

async fn root(state: State<Broker>, at: OriginalUri, request: Request) -> Response {
    if handshake::is_asked_for(request.headers()) {
        return upgrade(state, request).await;
    }
    let wanted = matches!(*request.method(), Method::GET | Method::HEAD);
    if wanted && let Some(page) = console(&state.0, &at) {
        return page;
    }
    "This is a swergio broker. Open a WebSocket at /ws; see also /healthz, /readyz and /metrics.\n"
        .into_response()
}

#[cfg(feature = "console")]
fn console(broker: &Broker, at: &OriginalUri) -> Option<Response> {
    broker.0.config.console.then(|| crate::console::page(at))
}

#[cfg(not(feature = "console"))]
fn console(_: &Broker, _: &OriginalUri) -> Option<Response> {
    None
}

/// Adds the files of the console, if it is served.
#[cfg(feature = "console")]
fn with_console(routes: Router<Broker>, broker: &Broker) -> Router<Broker> {
    if !broker.0.config.console {
        return routes;
    }
    routes.route("/{file}", get(crate::console::asset))
}

#[cfg(not(feature = "console"))]
fn with_console(routes: Router<Broker>, _: &Broker) -> Router<Broker> {
    routes
}

async fn ready(State(broker): State<Broker>) -> Response {
    if broker.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    "ready\n".into_response()
}

async fn metrics(State(broker): State<Broker>) -> Response {
    let hub = &broker.0.hub;
    match hub.meter.render(hub.ledger.bytes()) {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a quick client puts into its address: `/ws?name=ada&rooms=lab,hall` registers and joins.
#[derive(Debug, Default, Deserialize)]
struct Introduction {
    name: Option<String>,
    #[serde(default)]
    rooms: String,
}

async fn upgrade(State(broker): State<Broker>, request: Request) -> Response {
    let grant = match broker.0.guard.admit(request.headers()) {
        Ok(grant) => grant,
        Err(refusal) => {
            let challenge = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))]);
            return refuse(&broker, Refused(StatusCode::UNAUTHORIZED, refusal.to_string()), challenge);
        }
    };
    open(&broker, request, Some(grant)).await
}

async fn echo(State(broker): State<Broker>, request: Request) -> Response {
    open(&broker, request, None).await
}

async fn open(broker: &Broker, request: Request, grant: Option<Arc<Grant>>) -> Response {
    let (mut parts, _) = request.into_parts();
    let handshake = match handshake::check(&parts, &broker.0.config.origins) {
        Ok(handshake) => handshake,
        Err(refused) => return refuse(broker, refused, HeaderMap::new()),
    };
    if broker.is_draining() || broker.connections() >= broker.0.config.limits.connections {
        let refused = Refused(StatusCode::SERVICE_UNAVAILABLE, "no seat is free here now".to_owned());
        return refuse(broker, refused, HeaderMap::new());
    }
    let Ok(Query(introduction)) = Query::<Introduction>::from_request_parts(&mut parts, &()).await else {
        let refused = Refused(StatusCode::BAD_REQUEST, "the query is not name=N&rooms=A,B".to_owned());
        return refuse(broker, refused, HeaderMap::new());
    };
    let Some(upgrading) = parts.extensions.remove::<OnUpgrade>() else {
        let refused = Refused(StatusCode::BAD_REQUEST, "this connection cannot be upgraded".to_owned());
        return refuse(broker, refused, HeaderMap::new());
    };
    let answer = switch(&handshake);
    tokio::spawn(serve_upgraded(broker.clone(), upgrading, handshake, introduction, grant));
    answer
}

async fn serve_upgraded(
    broker: Broker,
    upgrading: OnUpgrade,
    handshake: Handshake,
    introduction: Introduction,
    grant: Option<Arc<Grant>>,
) {
    let Ok(upgraded) = upgrading.await else { return };
    let (limits, spares) = (&broker.0.config.limits, &broker.0.hub.spares);
    // Our own accept loop hands out plain TCP streams, which are served without an indirection. What hyper has
    // read beyond the request goes to the link at once, so that its buffer is not kept for the connection's life.
    let serving: Pin<Box<dyn Future<Output = ()> + Send>> = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let link = WebSocketLink::new(handshake.codec, &parts.read_buf, limits, spares);
            let socket = Socket::new(parts.io.into_inner());
            let mouth = Some(socket.mouth());
            Box::pin(serve(broker, socket, mouth, link, introduction, grant))
        }
        Err(upgraded) => {
            let link = WebSocketLink::new(handshake.codec, &[], limits, spares);
            Box::pin(serve(broker, TokioIo::new(upgraded), None, link, introduction, grant))
        }
    };
    serving.await;
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    broker: Broker,
    mut io: T,
    mouth: Option<Arc<dyn Mouth>>,
    link: WebSocketLink,
    introduction: Introduction,
    grant: Option<Arc<Grant>>,
) {
    let fault = match Connection::open(&broker.0, &mut io, link, grant) {
        Ok(mut connection) => {
            connection.open_mouth(mouth);
            if let (Some(member), Some(name)) = (connection.member(), &introduction.name) {
                let rooms = introduction.rooms.split(',').filter(|room| !room.is_empty());
                member.introduce(name, &rooms.collect::<Vec<_>>());
            }
            drop(introduction);
            return connection.run().await;
        }
        Err(fault) => fault,
    };
    // Since the check at the door the broker has filled up, or begun to shut down.
    let goodbye = control::close(fault.close_code(), &fault.to_string());
    let told = async {
        io.write_all(&goodbye).await?;
        io.shutdown().await
    };
    // Whoever does not take its leave in time is dropped.
    let _ = timeout(broker.0.config.limits.handshake, told).await;
}

fn switch(handshake: &Handshake) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&handshake.accept).expect("base64 is a header's value");
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    if let Some(subprotocol) = handshake.subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    answer
}

fn refuse(broker: &Broker, Refused(status, reason): Refused, mut headers: HeaderMap) -> Response {
    broker.0.hub.meter.refused();
    tracing::debug!(%status, reason, "a handshake was refused");
    if status == StatusCode::UPGRADE_REQUIRED {
        headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    }
    (status, headers, reason + "\n").into_response()
}
