//! Socket: a TCP stream that its connection reads, and that whoever has something for it may write to.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// Takes bytes from anybody, as long as it takes them at once.
pub(crate) trait Mouth: fmt::Debug + Send + Sync {
    /// Writes some of `slices`, or fails with `WouldBlock`.
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Tells the peer's system at once that its bytes have come, which may hold back the next ones until it knows.
    fn acknowledge(&self) {}
}

impl Mouth for OwnedWriteHalf {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [slice] => Self::try_write(self, slice),
            slices => self.try_write_vectored(slices),
        }
    }

    fn acknowledge(&self) {
        // Where this cannot be asked for, or is refused, the acknowledgement is merely later.
        #[cfg(target_os = "linux")]
        {
            let stream: &TcpStream = self.as_ref();
            let _ = socket2::SockRef::from(stream).set_tcp_quickack(true);
        }
    }
}

/// Is a connection's TCP stream.
#[derive(Debug)]
pub(crate) struct Socket {
    ear: OwnedReadHalf,
    mouth: Arc<OwnedWriteHalf>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> Self {
        let (ear, mouth) = stream.into_split();
        Self { ear, mouth: Arc::new(mouth) }
    }

    /// Returns the side that others may write to.
    pub(crate) fn mouth(&self) -> Arc<dyn Mouth> {
        Arc::clone(&self.mouth) as Arc<dyn Mouth>
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.ear).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mouth: &OwnedWriteHalf = &self.mouth;
        loop {
            ready!(mouth.as_ref().poll_write_ready(cx))?;
            match Mouth::try_write(mouth, slices) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream: &TcpStream = (*self.mouth).as_ref();
        Poll::Ready(socket2::SockRef::from(stream).shutdown(Shutdown::Write))
    }
}
