//! Wire: what a component sends is there at once; what it is sent is counted and let go. It allocates nothing meanwhile.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use swergio_proto::{Codec, Frame, transcode};
use swergio_testkit::sample;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Counts the bytes that were written to all wires that share it.
#[derive(Clone, Default)]
pub(crate) struct Counter(Arc<AtomicUsize>);

impl Counter {
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Holds both ends of a connection; clones share it.
#[derive(Clone)]
pub(crate) struct Wire {
    inside: Arc<Mutex<Inside>>,
    written: Counter,
}

#[derive(Default)]
struct Inside {
    bytes: Vec<u8>,
    read: usize,
    reader: Option<Waker>,
}

impl Wire {
    pub(crate) fn new(written: &Counter) -> Self {
        Self { inside: Arc::default(), written: written.clone() }
    }

    /// Lets the broker read these bytes next.
    pub(crate) fn bring(&self, bytes: &[u8]) {
        let mut inside = self.inside();
        if inside.read == inside.bytes.len() {
            inside.bytes.clear();
            inside.read = 0;
        }
        inside.bytes.extend_from_slice(bytes);
        if let Some(reader) = inside.reader.take() {
            reader.wake();
        }
    }

    pub(crate) fn say(&self, codec: Codec, json: &'static str) {
        let frame = transcode(&Frame::json(json), codec, 64).expect("it is a message");
        self.bring(&sample::masked(&frame));
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut inside = self.inside();
        let rest = &inside.bytes[inside.read..];
        if rest.is_empty() {
            inside.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let part = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..part]);
        inside.read += part;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = slices.iter().map(|slice| slice.len()).sum();
        self.written.0.fetch_add(bytes, Ordering::Relaxed);
        Poll::Ready(Ok(bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
