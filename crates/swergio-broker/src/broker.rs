//! Broker: what all connections of one process share, and the life of the whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use swergio_proto::{Codec, Fault, Grant, Rules, SeatId};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::config::{Config, ConfigError};
use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::guard::Guard;
use crate::hub::Hub;
use crate::link::tcp::TcpLink;
use crate::link::ws::WebSocketLink;
use crate::meter::Meter;
use crate::outbox::Outbox;
use crate::socket::Mouth;

/// Parts in which a broker that shuts down closes its connections, so that not all come back at once.
const STEPS: usize = 20;
/// Time between two of them.
const STEP: Duration = Duration::from_millis(25);

/// Joins components: a room-based broker, which does no IO until it is given a listener or a stream.
///
/// Cloning shares it.
#[derive(Clone, Debug)]
pub struct Broker(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) rules: Arc<Rules>,
    pub(crate) guard: Guard,
    pub(crate) hub: Hub,
    seats: AtomicU64,
    population: watch::Sender<usize>,
    draining: watch::Sender<bool>,
}

impl Broker {
    /// Makes a broker that admits everybody.
    ///
    /// # Errors
    /// [`ConfigError`] naming the field whose value is out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Self::guarded(config, Guard::Open)
    }

    /// Makes a broker that asks `guard` whom to admit.
    ///
    /// # Errors
    /// [`ConfigError`], as [`new`](Self::new).
    pub fn guarded(config: Config, guard: Guard) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self(Arc::new(Inner {
            rules: Arc::new(config.rules()),
            hub: Hub::new(&config.limits, Meter::new(config.metrics)),
            guard,
            config,
            seats: AtomicU64::new(1),
            population: watch::Sender::new(0),
            draining: watch::Sender::new(false),
        })))
    }

    /// Counts the connections that are open.
    pub fn connections(&self) -> usize {
        self.0.hub.connections()
    }

    /// Tells whether the broker is shutting down.
    pub fn is_draining(&self) -> bool {
        *self.0.draining.borrow()
    }

    /// Waits until [`shutdown`](Self::shutdown) begins.
    pub async fn drained(&self) {
        // The sender lives in `self`, so waiting for it cannot fail.
        let _ = self.0.draining.subscribe().wait_for(|draining| *draining).await;
    }

    /// Shuts down: takes no more connections, closes those there are with 1012 in steps while their outboxes
    /// drain, and returns when all are gone or [`Limits::drain`](swergio_proto::Limits::drain) is over.
    ///
    /// Returns how many connections were still open then.
    pub async fn shutdown(&self) -> usize {
        self.0.draining.send_replace(true);
        let deadline = Instant::now() + self.0.config.limits.drain;
        let outboxes = self.0.hub.outboxes();
        for part in outboxes.chunks(outboxes.len().div_ceil(STEPS).max(1)) {
            part.iter().for_each(|outbox| outbox.close(Fault::Draining));
            if outboxes.len() > STEPS {
                sleep(STEP).await;
            }
        }
        let mut population = self.0.population.subscribe();
        let _ = timeout_at(deadline, population.wait_for(|open| *open == 0)).await;
        self.connections()
    }

    /// Serves one connection on upstream's TCP framing over any stream, until it ends.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] or [`Fault::Draining`] when there is no seat for it, [`Fault::Forbidden`] when the
    /// guard wants a token, which this framing cannot bring.
    pub async fn serve_tcp<T>(&self, io: T) -> Result<(), Fault>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.serve_length_prefixed(io, None).await
    }

    /// Serves upstream's framing as [`serve_tcp`](Self::serve_tcp); others may write to `mouth` too.
    pub(crate) async fn serve_length_prefixed<T>(
        &self,
        io: T,
        mouth: Option<Arc<dyn Mouth>>,
    ) -> Result<(), Fault>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let grant = self.0.guard.admit_tcp().map_err(|_| {
            self.0.hub.meter.refused();
            Fault::Forbidden { field: "NAME", name: "without a token".to_owned() }
        })?;
        let config = &self.0.config;
        let link = TcpLink::new(config.header_length, config.limits.message_bytes, &self.0.hub.spares);
        let mut connection = Connection::open(&self.0, io, link, Some(grant))?;
        connection.open_mouth(mouth);
        connection.run().await;
        Ok(())
    }

    /// Serves one WebSocket connection over any stream whose handshake is over, until it ends.
    ///
    /// # Errors
    /// [`Fault::Overloaded`] or [`Fault::Draining`] when there is no seat for it.
    pub async fn serve_web_socket<T>(&self, io: T, codec: Codec, grant: Grant) -> Result<(), Fault>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let link = WebSocketLink::new(codec, &[], &self.0.config.limits, &self.0.hub.spares);
        Connection::open(&self.0, io, link, Some(Arc::new(grant)))?.run().await;
        Ok(())
    }
}

impl Inner {
    /// Gives a connection its outbox.
    pub(crate) fn enter(&self, dialect: Dialect) -> Result<Arc<Outbox>, Fault> {
        let seat = SeatId(self.seats.fetch_add(1, Ordering::Relaxed));
        let outbox = Arc::new(Outbox::new(seat, dialect, &self.config.limits));
        if !self.hub.enter(&outbox, self.config.limits.connections) {
            self.hub.meter.refused();
            return Err(Fault::Overloaded);
        }
        // Looked at only now: who entered before the flag was set is closed by the shutdown that set it.
        if *self.draining.borrow() {
            self.exit(seat);
            return Err(Fault::Draining);
        }
        self.hub.meter.entered();
        self.count();
        Ok(outbox)
    }

    pub(crate) fn exit(&self, seat: SeatId) {
        self.hub.exit(seat);
        self.count();
    }

    /// Says how many connections are open. They are counted in turn, or of two that end at the same time the
    /// first could have the last word, and a shutdown would wait for somebody who is gone.
    fn count(&self) {
        self.population.send_modify(|open| {
            *open = self.hub.connections();
            self.hub.meter.connections(*open);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::yield_now;

    const REGISTER: &str = r#"{"TYPE":"COMMAND/REGISTER","NAME":"ada"}"#;
    const JOIN: &str = r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"lab"}"#;

    /// Waits until the broker counts so many rooms.
    async fn rooms(broker: &Broker, count: usize) {
        let gauge = format!("swergio_rooms {count}\n");
        let counted = async {
            while !broker.0.hub.meter.render(0).unwrap().contains(&gauge) {
                yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), counted).await.unwrap();
    }

    async fn ada_in_the_lab(broker: &Broker) -> (DuplexStream, tokio::task::JoinHandle<Result<(), Fault>>) {
        let (mut ada, far) = duplex(1 << 16);
        let serving = tokio::spawn({
            let broker = broker.clone();
            async move { broker.serve_tcp(far).await }
        });
        for message in [REGISTER, JOIN] {
            ada.write_all(format!("{:<10}{message}", message.len()).as_bytes()).await.unwrap();
        }
        rooms(broker, 1).await;
        (ada, serving)
    }

    /// Says the same for ever, and hears nothing.
    struct Chatterbox {
        says: Vec<u8>,
        said: usize,
    }

    impl AsyncRead for Chatterbox {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            while buffer.remaining() > 0 {
                let rest = &self.says[self.said..];
                let len = rest.len().min(buffer.remaining());
                buffer.put_slice(&rest[..len]);
                self.said = (self.said + len) % self.says.len();
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Chatterbox {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, said: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(said.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// The runtime looks at its sockets only when no task is ready; one that always is would keep it from that.
    #[test]
    fn who_never_stops_talking_lets_other_sockets_be_heard() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(u32::MAX)
            .build()
            .unwrap();
        runtime.block_on(async {
            let broker = Broker::new(Config::default()).unwrap();
            let says = format!("{:<10}{REGISTER}", REGISTER.len()).into_bytes();
            let talking = tokio::spawn(async move { broker.serve_tcp(Chatterbox { says, said: 0 }).await });
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (heard, called) = tokio::join!(listener.accept(), TcpStream::connect(address));
            heard.and(called).unwrap();
            assert!(!talking.is_finished());
        });
    }

    /// R16: whoever serves a connection may stop to, and nothing of it stays behind.
    #[tokio::test]
    async fn a_connection_that_is_cancelled_leaves_no_seat_behind() {
        let broker = Broker::new(Config::default()).unwrap();
        let (_ada, serving) = ada_in_the_lab(&broker).await;
        assert_eq!(broker.connections(), 1);
        serving.abort();
        rooms(&broker, 0).await;
        assert_eq!(broker.connections(), 0);
        assert_eq!(broker.shutdown().await, 0);
    }

    #[tokio::test]
    async fn a_shutdown_ends_everybody() {
        let broker = Broker::new(Config::default()).unwrap();
        let (mut ada, serving) = ada_in_the_lab(&broker).await;
        let hung_up = async move { ada.read_to_end(&mut Vec::new()).await };
        let (left, _) = tokio::join!(broker.shutdown(), hung_up);
        assert_eq!(left, 0);
        serving.await.unwrap().unwrap();
        rooms(&broker, 0).await;
    }
}
