//! Meter: the broker's counters and gauges, through the `metrics` facade.

use metrics::{Counter, Gauge, counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use swergio_proto::Fault;

use crate::config::Metrics;

/// Holds a handle for every figure, so that counting is one atomic addition.
pub(crate) struct Meter {
    accepted: Counter,
    connections: Gauge,
    refused: Counter,
    received: [Counter; 2],
    received_bytes: Counter,
    delivered: Counter,
    sent_bytes: Counter,
    rooms: Gauge,
    waiting: Gauge,
    too_long: Counter,
    faults: Box<[(&'static str, Counter)]>,
    prometheus: Option<PrometheusHandle>,
}

/// The codes that a fault may have; each is a label of `swergio_faults_total`.
const CODES: [&str; 12] = [
    "MALFORMED",
    "BAD_NAME",
    "UNREGISTERED",
    "IMPOSTOR",
    "FORBIDDEN",
    "TOO_LARGE",
    "ROOM_LIMIT",
    "IDLE",
    "SLOW",
    "DRAINING",
    "OVERLOADED",
    "BUG",
];

impl Meter {
    /// Registers every figure with a recorder of this broker's own, or with the process's.
    pub(crate) fn new(metrics: Metrics) -> Self {
        match metrics {
            Metrics::Facade => Self::register(None),
            Metrics::Own => {
                let recorder = PrometheusBuilder::new().build_recorder();
                let handle = recorder.handle();
                metrics::with_local_recorder(&recorder, || Self::register(Some(handle)))
            }
        }
    }

    fn register(prometheus: Option<PrometheusHandle>) -> Self {
        describe();
        Self {
            accepted: counter!("swergio_connections_total"),
            connections: gauge!("swergio_connections"),
            refused: counter!("swergio_refused_total"),
            received: [
                counter!("swergio_messages_received_total", "codec" => "json"),
                counter!("swergio_messages_received_total", "codec" => "msgpack"),
            ],
            received_bytes: counter!("swergio_received_bytes_total"),
            delivered: counter!("swergio_deliveries_total"),
            sent_bytes: counter!("swergio_sent_bytes_total"),
            rooms: gauge!("swergio_rooms"),
            waiting: gauge!("swergio_outbox_bytes"),
            too_long: counter!("swergio_header_overflow_total"),
            faults: CODES.map(|code| (code, counter!("swergio_faults_total", "code" => code))).into(),
            prometheus,
        }
    }

    pub(crate) fn entered(&self) {
        self.accepted.increment(1);
    }

    pub(crate) fn connections(&self, open: usize) {
        self.connections.set(open as f64);
    }

    /// Counts a connection that was turned away at the door.
    pub(crate) fn refused(&self) {
        self.refused.increment(1);
    }

    /// Counts messages that came, in JSON and in MessagePack, and their bytes.
    pub(crate) fn received(&self, messages: [u64; 2], bytes: u64) {
        for (counter, messages) in self.received.iter().zip(messages).filter(|(_, messages)| *messages > 0) {
            counter.increment(messages);
        }
        if bytes > 0 {
            self.received_bytes.increment(bytes);
        }
    }

    /// Counts messages that were put into outboxes, one for each receiver.
    pub(crate) fn delivered(&self, messages: u64) {
        if messages > 0 {
            self.delivered.increment(messages);
        }
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent_bytes.increment(bytes as u64);
    }

    /// Counts a room that came to be, or is no more.
    pub(crate) fn room(&self, present: bool) {
        if present { self.rooms.increment(1.0) } else { self.rooms.decrement(1.0) }
    }

    pub(crate) fn fault(&self, fault: &Fault) {
        if let Some((_, counter)) = self.faults.iter().find(|(code, _)| *code == fault.code()) {
            counter.increment(1);
        }
    }

    /// Counts messages whose length has more digits than the TCP header of their recipient has characters.
    pub(crate) fn too_long_for_header(&self, messages: usize) {
        self.too_long.increment(messages as u64);
    }

    /// Writes all figures in Prometheus' text format; nothing where the process has a recorder of its own.
    pub(crate) fn render(&self, waiting: usize) -> Option<String> {
        self.waiting.set(waiting as f64);
        self.prometheus.as_ref().map(PrometheusHandle::render)
    }
}

fn describe() {
    use metrics::{describe_counter, describe_gauge};
    describe_counter!("swergio_connections_total", "Connections accepted since the start.");
    describe_gauge!("swergio_connections", "Connections open now.");
    describe_counter!("swergio_refused_total", "Connections turned away: handshake, origin, token, or full.");
    describe_counter!("swergio_messages_received_total", "Messages received, by codec.");
    describe_counter!("swergio_received_bytes_total", "Bytes of the messages received.");
    describe_counter!("swergio_deliveries_total", "Messages put into outboxes.");
    describe_counter!("swergio_sent_bytes_total", "Bytes written to sockets.");
    describe_gauge!("swergio_rooms", "Rooms with a member now.");
    describe_gauge!("swergio_outbox_bytes", "Bytes that wait in all outboxes, each shared packet once.");
    describe_counter!(
        "swergio_header_overflow_total",
        "Messages too long for a TCP header of their recipient."
    );
    describe_counter!("swergio_faults_total", "Faults, by code; see docs/PROTOCOL.md.");
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}
