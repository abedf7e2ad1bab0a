//! Console: a page for people, which may do no more than it needs.

use swergio_broker::{Broker, Config, routes};

use tokio::net::TcpListener;

use crate::stage::Port;

async fn ask(port: &Port, path: &str) -> String {
    port.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", port.address)).await
}

#[tokio::test]
async fn who_opens_the_address_is_shown_the_page_under_a_strict_policy() {
    let port = Port::open(Config::default()).await;
    let page = ask(&port, "/").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for line in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; script-src 'self';",
        "x-content-type-options: nosniff",
        "cross-origin-resource-policy: same-origin",
        r#"<base href="/" />"#,
    ] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    assert!(!page.contains("'unsafe-"), "{page}");
    let script = ask(&port, "/app.js").await;
    assert!(script.contains("content-type: text/javascript") && script.contains("content-security-policy:"));
    assert!(ask(&port, "/secrets.toml").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn the_page_can_be_switched_off() {
    let port = Port::open(Config { console: false, ..Config::default() }).await;
    assert!(ask(&port, "/").await.contains("This is a swergio broker."));
    assert!(ask(&port, "/app.js").await.starts_with("HTTP/1.1 404"));
}

/// In an application of somebody's own the page asks for its files, and opens its WebSocket, below its own path.
#[tokio::test]
async fn nested_the_page_knows_where_it_is() {
    let broker = Broker::new(Config::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = Port { address: listener.local_addr().unwrap(), broker: broker.clone() };
    let app = axum::Router::new().nest("/swergio", routes(&broker));
    tokio::spawn(async move { axum::serve(listener, app).await });
    assert!(ask(&port, "/swergio").await.contains(r#"<base href="/swergio/" />"#));
    assert!(ask(&port, "/swergio/app.css").await.contains("content-type: text/css"));
}
