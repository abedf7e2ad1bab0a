//! Export: hands passes to a collector of OpenTelemetry, over HTTP, without holding up who watches.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::otlp::document;
use super::passes::Pass;
use crate::output::note;

/// Where collectors take spans, below the address that they are known by.
const PATH: &str = "/v1/traces";
/// The port on which collectors listen for this.
const PORT: u16 = 4318;

/// Bounds what waits for a collector, and for how long one waits for it.
#[derive(Clone, Debug)]
pub(super) struct ExportLimits {
    /// Passes that wait; those beyond are left out, and counted.
    pub(super) waiting: usize,
    /// Passes in one request.
    pub(super) batch: usize,
    /// Time for one request, with its connection and answer.
    pub(super) patience: Duration,
    /// Bytes of an answer.
    pub(super) answer: usize,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self { waiting: 1024, batch: 64, patience: Duration::from_secs(10), answer: 64 << 10 }
    }
}

/// Hands passes over, one request after the other.
#[derive(Debug)]
pub(super) struct Export {
    passes: mpsc::Sender<Pass>,
    left_out: usize,
    posting: JoinHandle<Tally>,
}

/// Counts what came of it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) taken: usize,
    /// Refused, not taken by anybody, or more than could wait.
    pub(super) left_out: usize,
}

impl Export {
    /// Begins to export.
    pub(super) fn begin(collector: Collector, limits: ExportLimits) -> Self {
        let (passes, waiting) = mpsc::channel(limits.waiting);
        Self { passes, left_out: 0, posting: tokio::spawn(post(collector, waiting, limits)) }
    }

    /// Hands over a pass; it waits for nobody.
    pub(super) fn give(&mut self, pass: Pass) {
        self.left_out += usize::from(self.passes.try_send(pass).is_err());
    }

    /// Waits until all is handed over.
    pub(super) async fn end(self) -> Tally {
        drop(self.passes);
        let mut tally = self.posting.await.unwrap_or_default();
        tally.left_out += self.left_out;
        tally
    }
}

async fn post(collector: Collector, mut waiting: mpsc::Receiver<Pass>, limits: ExportLimits) -> Tally {
    let mut tally = Tally::default();
    let mut batch = Vec::new();
    let mut well = true;
    while waiting.recv_many(&mut batch, limits.batch).await > 0 {
        let posted = timeout(limits.patience, collector.post(&document(&batch), limits.answer)).await;
        let posted = posted.unwrap_or_else(|_| Err(anyhow!("no answer within {:?}", limits.patience)));
        match &posted {
            Ok(()) => tally.taken += batch.len(),
            // It is said once, not for each of a thousand passes.
            Err(error) if well => note(format_args!("trace: {collector}: {error:#}")),
            Err(_) => {}
        }
        tally.left_out += if posted.is_ok() { 0 } else { batch.len() };
        well = posted.is_ok();
        batch.clear();
    }
    tally
}

/// Is where a collector takes spans.
#[derive(Clone, Debug)]
pub(super) struct Collector {
    uri: Uri,
    host: String,
    port: u16,
}

impl Collector {
    /// Reads `http://host:port`, with or without `/v1/traces`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") {
            return Err("https is not spoken here; send to a collector near by, which may pass it on".into());
        }
        if !text.starts_with("http://") {
            return Err(format!("it begins with http://, as http://127.0.0.1:{PORT}"));
        }
        let base = text.strip_suffix(PATH).unwrap_or(text).trim_end_matches('/');
        let uri: Uri = format!("{base}{PATH}").parse().map_err(|_| "not an address of a host".to_owned())?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(80), uri })
    }

    async fn post(&self, document: &Value, most: usize) -> Result<()> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.with_context(|| {
            format!("nobody listens there; collectors take OTLP over HTTP on port {PORT}")
        })?;
        let (mut collector, link) = http1::handshake(TokioIo::new(stream)).await?;
        let link = tokio::spawn(link);
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::post(self.uri.path())
            .header(HOST, authority)
            .header(CONTENT_TYPE, "application/json")
            .body(document.to_string())?;
        let answer = collector.send_request(request).await?;
        let status = answer.status();
        let told = Limited::new(answer.into_body(), most).collect().await.map_err(|error| anyhow!("{error}"));
        link.abort();
        let told = told?.to_bytes();
        ensure!(status.is_success(), "it answered {status}: {}", brief(&told));
        refused(&told)
    }
}

impl std::fmt::Display for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.uri.fmt(f)
    }
}

/// Reads whether a collector that was content has left some spans out all the same.
fn refused(answer: &[u8]) -> Result<()> {
    let told: Value = serde_json::from_slice(answer).unwrap_or_default();
    let partial = &told["partialSuccess"];
    let number = &partial["rejectedSpans"];
    let spans = number.as_str().and_then(|text| text.parse().ok()).or_else(|| number.as_u64()).unwrap_or(0);
    if spans > 0 {
        bail!(
            "it left out {spans} spans: {}",
            brief(partial["errorMessage"].as_str().unwrap_or("").as_bytes())
        );
    }
    Ok(())
}

/// Shows the beginning of what a collector says, on one line.
fn brief(told: &[u8]) -> String {
    String::from_utf8_lossy(told).chars().take(200).collect::<String>().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_found_with_its_path_and_without() {
        for text in ["http://[::1]:4318", "http://[::1]:4318/", "http://[::1]:4318/v1/traces"] {
            let collector = Collector::parse(text).unwrap();
            assert_eq!((collector.host.as_str(), collector.port), ("::1", 4318));
            assert_eq!(collector.to_string(), "http://[::1]:4318/v1/traces");
        }
        assert_eq!(Collector::parse("http://lab/otel").unwrap().to_string(), "http://lab/otel/v1/traces");
        for (bad, says) in
            [("https://lab:4318", "https"), ("lab:4318", "http://"), ("", "http://"), ("http://", "address")]
        {
            let refused = Collector::parse(bad).unwrap_err();
            assert!(refused.contains(says), "{bad}: {refused}");
        }
    }

    #[test]
    fn spans_that_a_collector_leaves_out_are_no_success() {
        assert!(
            refused(b"{}").is_ok() && refused(b"").is_ok() && refused(br#"{"partialSuccess": {}}"#).is_ok()
        );
        for number in ["3", "\"3\""] {
            let answer =
                format!(r#"{{"partialSuccess": {{"rejectedSpans": {number}, "errorMessage": "full"}}}}"#);
            assert_eq!(refused(answer.as_bytes()).unwrap_err().to_string(), "it left out 3 spans: full");
        }
    }
}
