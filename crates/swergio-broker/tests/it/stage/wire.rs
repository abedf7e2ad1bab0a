//! Wire: one end of a byte stream, whose reader collects what comes until somebody looks.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf, split,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest wait for something that must come. In memory it is jumped over, on a real port it is a safety net.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Bytes that a stream in memory holds each way before its writer waits.
const PIPE: usize = 64 << 10;

/// What a wire is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Holds a stream's near end. Dropping it closes the stream.
pub(crate) struct Wire {
    to: WriteHalf<Box<dyn Stream>>,
    from: Option<ReadHalf<Box<dyn Stream>>>,
    inbox: Arc<Mutex<Vec<u8>>>,
    /// How many bytes have come, and whether the stream has ended.
    news: watch::Receiver<(usize, bool)>,
    teller: Option<watch::Sender<(usize, bool)>>,
    reader: Option<JoinHandle<()>>,
    severed: Arc<AtomicBool>,
}

impl Wire {
    /// Takes an end, and reads from it all the time.
    pub(crate) fn over(io: impl Stream) -> Self {
        let mut wire = Self::stalled(io);
        wire.resume();
        wire
    }

    /// Takes an end that nobody reads from until [`resume`](Self::resume).
    pub(crate) fn stalled(io: impl Stream) -> Self {
        let (from, to) = split(Box::new(io) as Box<dyn Stream>);
        let (teller, news) = watch::channel((0, false));
        Self {
            to,
            from: Some(from),
            inbox: Arc::default(),
            news,
            teller: Some(teller),
            reader: None,
            severed: Arc::default(),
        }
    }

    /// Makes a wire in memory and its far end, which [`sever`](Self::sever) breaks.
    pub(crate) fn pair() -> (Self, Severable) {
        Self::pair_of(PIPE, Self::over)
    }

    /// Makes a wire in memory that holds `bytes`.
    pub(crate) fn pair_holding(bytes: usize) -> (Self, Severable) {
        Self::pair_of(bytes, Self::over)
    }

    /// Makes a wire in memory that holds `bytes` and that nobody reads from.
    pub(crate) fn stalled_pair(bytes: usize) -> (Self, Severable) {
        Self::pair_of(bytes, Self::stalled)
    }

    fn pair_of(bytes: usize, near: impl FnOnce(DuplexStream) -> Self) -> (Self, Severable) {
        let (here, there) = tokio::io::duplex(bytes);
        let wire = near(here);
        let far = Severable { io: there, severed: Arc::clone(&wire.severed) };
        (wire, far)
    }

    /// Begins to read.
    pub(crate) fn resume(&mut self) {
        let (Some(mut from), Some(teller)) = (self.from.take(), self.teller.take()) else { return };
        let inbox = Arc::clone(&self.inbox);
        self.reader = Some(tokio::spawn(async move {
            let mut buffer = vec![0; PIPE];
            loop {
                let came = from.read(&mut buffer).await.unwrap_or(0);
                inbox.lock().unwrap().extend_from_slice(&buffer[..came]);
                teller.send_modify(|(bytes, ended)| (*bytes, *ended) = (*bytes + came, came == 0));
                if came == 0 {
                    return;
                }
            }
        }));
    }

    /// Writes; a stream that has ended takes the bytes to nowhere.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        timeout(DEADLINE, self.to.write_all(bytes)).await.expect("the other side reads").is_ok()
    }

    pub(crate) async fn half_close(&mut self) {
        self.to.shutdown().await.unwrap();
    }

    /// Breaks the stream: its far end reads a reset.
    pub(crate) fn sever(self) {
        self.severed.store(true, Ordering::Release);
    }

    /// Takes what has come.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.inbox.lock().unwrap())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.news.borrow().1
    }

    /// Waits for more bytes than have been seen. Returns `false` when the stream has ended.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.has_ended() {
            return false;
        }
        timeout(DEADLINE, self.news.changed()).await.expect("something comes in time").is_ok()
    }

    /// Waits for the end and returns all that came before it.
    pub(crate) async fn until_end(&mut self) -> Vec<u8> {
        timeout(DEADLINE, self.news.wait_for(|(_, ended)| *ended)).await.expect("it ends in time").unwrap();
        self.take()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.abort();
        }
    }
}

/// The far end of a stream in memory: it reads a reset where the near end was severed, not closed.
pub(crate) struct Severable {
    io: DuplexStream,
    severed: Arc<AtomicBool>,
}

impl AsyncRead for Severable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, to);
        let ended = read.is_ready() && to.filled().len() == before && to.remaining() > 0;
        if ended && self.severed.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        read
    }
}

impl AsyncWrite for Severable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
