//! Workers: the threads that serve connections, each with a poller of its own.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::hash::BuildHasher;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Serves connections on threads of their own, each of which stays with the connections that it was given.
///
/// A runtime of several threads has one poller for all of them: while one moves what a sender says, an idle one waits
/// for the sockets and is woken by each segment that comes meanwhile, for nothing. Here a thread that is busy is not
/// woken, and finds what came when it has done its turn. What a thread was given no other takes over, so two components
/// that say much may share one while another is idle.
///
/// Dropping them ends the connections that are left, and waits for the threads.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_broker::{Broker, Config, Workers, serve_on};
///
/// let (broker, workers) = (Broker::new(Config::default())?, Workers::start(std::thread::available_parallelism()?)?);
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let (served, left) = tokio::join!(serve_on(&workers, broker.clone(), listener), broker.shutdown());
/// served?;
/// assert_eq!(left, 0);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Workers {
    lanes: Vec<Lane>,
    lots: RandomState,
}

#[derive(Debug)]
struct Lane {
    runtime: Handle,
    /// Ends the thread when it is dropped.
    stay: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Workers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// Those of the operating system, which may have no threads or descriptors left.
    pub fn start(count: NonZeroUsize) -> io::Result<Self> {
        let lanes = (0..count.get()).map(Lane::start).collect::<io::Result<_>>()?;
        Ok(Self { lanes, lots: RandomState::new() })
    }

    /// Has one of those who have least to serve, chosen by lot, run `serve` with the stream.
    pub(crate) fn serve<F>(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        serve: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        // Between two that have as much, the order of coming must not tell: senders and receivers often come by turns.
        let lot = |number| self.lots.hash_one((peer, number));
        let load = |&(number, lane): &(usize, &Lane)| (lane.runtime.metrics().num_alive_tasks(), lot(number));
        let (_, lane) = self.lanes.iter().enumerate().min_by_key(load).expect("there is a lane at least");
        // It leaves the poller of who accepted it, for that of who serves it.
        let stream = stream.into_std();
        lane.runtime.spawn(async move {
            match stream.and_then(TcpStream::from_std) {
                Ok(stream) => serve(stream).await,
                Err(error) => tracing::warn!(%peer, "a connection cannot be served: {error}"),
            }
        });
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stay, stop) = oneshot::channel();
        let run = move || {
            // It ends when the other side is dropped, which is all that ever happens to it.
            let _ = runtime.block_on(stop);
        };
        let thread = thread::Builder::new().name(format!("swergio-{number}")).spawn(run)?;
        Ok(Self { runtime: handle, stay: Some(stay), thread: Some(thread) })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.lanes.iter_mut().for_each(|lane| drop(lane.stay.take()));
        for thread in self.lanes.iter_mut().filter_map(|lane| lane.thread.take()) {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    /// Tells when it is dropped.
    struct Last(mpsc::Sender<()>);

    impl Drop for Last {
        fn drop(&mut self) {
            let _ = self.0.try_send(());
        }
    }

    #[tokio::test]
    async fn threads_share_the_connections_evenly_until_they_are_dropped() {
        let workers = Workers::start(NonZeroUsize::new(3).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (tell, mut told) = mpsc::channel::<ThreadId>(12);
        let (last, mut ended) = mpsc::channel(12);
        let mut peers = Vec::new();
        for _ in 0..12 {
            peers.push(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
            let (stream, peer) = listener.accept().await.unwrap();
            let (tell, last) = (tell.clone(), Last(last.clone()));
            let serve = move |mut stream: TcpStream| async move {
                let _last = last;
                tell.try_send(thread::current().id()).unwrap();
                let _ = stream.read_u8().await;
            };
            workers.serve(stream, peer, serve);
        }
        let mut served = Vec::new();
        for _ in 0..12 {
            served.push(told.recv().await.unwrap());
        }
        for thread in &served {
            assert_eq!(served.iter().filter(|other| *other == thread).count(), 4);
        }
        assert!(!served.contains(&thread::current().id()));
        drop(workers);
        for _ in 0..12 {
            ended.try_recv().unwrap();
        }
        drop(peers);
    }
}
