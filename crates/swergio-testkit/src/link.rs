//! Link: two ends in memory that carry frames, with a bound, a close code, a cut and a stall.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::{Sink, Stream};
use swergio_proto::Frame;

/// Says how a link ended: with a close code, or cut without a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The close code, unless it was cut.
    pub code: Option<u16>,
    /// What the other side said.
    pub reason: String,
}

/// Holds one end of a link: a stream and a sink of frames. Dropping it cuts the link.
///
/// ```
/// use futures_util::{SinkExt, StreamExt};
/// use swergio_proto::Frame;
/// use swergio_testkit::link;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let (mut ada, mut bob) = link::pair(8);
/// ada.send(Frame::json("{}")).await.unwrap();
/// assert_eq!(bob.next().await, Some(Ok(Frame::json("{}"))));
/// bob.end(4000, "slow");
/// assert_eq!(ada.next().await.unwrap().unwrap_err().code, Some(4000));
/// # });
/// ```
#[derive(Debug)]
pub struct End {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
}

/// Makes a link whose two directions hold `bound` frames each before a sender waits.
pub fn pair(bound: usize) -> (End, End) {
    let (there, back) = (Arc::new(Pipe::new(bound)), Arc::new(Pipe::new(bound)));
    let one = End { incoming: Arc::clone(&back), outgoing: Arc::clone(&there) };
    (one, End { incoming: there, outgoing: back })
}

impl End {
    /// Ends the link with a close code: the other end still receives what is under way, then this.
    pub fn end(&self, code: u16, reason: &str) {
        let ended = Ended { code: Some(code), reason: reason.to_owned() };
        self.outgoing.end(ended.clone(), false);
        self.incoming.end(ended, true);
    }

    /// Cuts the link: what is under way is lost both ways.
    pub fn cut(&self) {
        let ended = Ended { code: None, reason: "cut".to_owned() };
        self.outgoing.end(ended.clone(), true);
        self.incoming.end(ended, true);
    }

    /// Stops taking in more frames (`true`), or goes on (`false`): the other end's sink fills up and waits.
    pub fn stall(&self, stalled: bool) {
        self.incoming.stall(stalled);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let ended = Ended { code: None, reason: "the other end is gone".to_owned() };
        self.outgoing.end(ended.clone(), false);
        self.incoming.end(ended, true);
    }
}

impl Stream for End {
    type Item = Result<Frame, Ended>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_take(cx)
    }
}

impl Sink<Frame> for End {
    type Error = Ended;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        self.outgoing.poll_room(cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), Ended> {
        self.outgoing.put(frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        self.outgoing.poll_room(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        self.end(1000, "");
        Poll::Ready(Ok(()))
    }
}

/// Carries frames one way.
#[derive(Debug)]
struct Pipe {
    bound: usize,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    frames: VecDeque<Frame>,
    stalled: bool,
    ended: Option<Ended>,
    /// Whether the reader has been told of the end.
    told: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn new(bound: usize) -> Self {
        Self { bound, inside: Mutex::default() }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Ended>>> {
        let mut inside = self.inside();
        if !inside.stalled
            && let Some(frame) = inside.frames.pop_front()
        {
            inside.wake();
            return Poll::Ready(Some(Ok(frame)));
        }
        match inside.ended.clone() {
            Some(_) if inside.told => Poll::Ready(None),
            Some(ended) => {
                inside.told = true;
                Poll::Ready(Some(Err(ended)))
            }
            None => {
                inside.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        let mut inside = self.inside();
        match &inside.ended {
            Some(ended) => Poll::Ready(Err(ended.clone())),
            None if inside.frames.len() < self.bound => Poll::Ready(Ok(())),
            None => {
                inside.writer = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn put(&self, frame: Frame) -> Result<(), Ended> {
        let mut inside = self.inside();
        if let Some(ended) = &inside.ended {
            return Err(ended.clone());
        }
        inside.frames.push_back(frame);
        inside.wake();
        Ok(())
    }

    fn end(&self, how: Ended, lose: bool) {
        let mut inside = self.inside();
        inside.ended.get_or_insert(how);
        if lose {
            inside.frames.clear();
        }
        inside.wake();
    }

    fn stall(&self, stalled: bool) {
        let mut inside = self.inside();
        inside.stalled = stalled;
        inside.wake();
    }
}

impl Inside {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()].into_iter().flatten() {
            waker.wake();
        }
    }
}
