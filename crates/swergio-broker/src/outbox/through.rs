//! Tests of writing through: from the task of whoever says something, as far as the socket takes it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use swergio_proto::{Fault, Limits, SeatId};
use tokio::io::AsyncWrite;

use super::{Outbox, Pushed};
use crate::dialect::Dialect;
use crate::packet::{Ledger, Packet};
use crate::socket::Mouth;
use crate::writer::Sent;

/// Is a socket that has room for so many bytes, and what it got.
#[derive(Clone, Debug)]
struct Narrow(Arc<Mutex<(usize, Vec<u8>)>>);

impl Narrow {
    fn with_room(room: usize) -> Self {
        Self(Arc::new(Mutex::new((room, Vec::new()))))
    }

    fn make_room(&self, room: usize) {
        self.0.lock().unwrap().0 += room;
    }

    fn got(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().1.clone()).unwrap()
    }
}

impl Mouth for Narrow {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let (room, got) = &mut *self.0.lock().unwrap();
        if *room == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).take(*room).collect();
        *room -= bytes.len();
        got.extend_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl AsyncWrite for Narrow {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.try_write(&[IoSlice::new(bytes)]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            done => Poll::Ready(done),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn outbox(socket: &Narrow) -> Outbox {
    let outbox = Outbox::new(SeatId(1), Dialect::WebSocketJson, &Limits::default());
    outbox.writer().mouth = Some(Arc::new(socket.clone()));
    outbox
}

fn say(outbox: &Outbox, text: &'static str) -> Pushed {
    outbox.push(&Packet::verbatim(Bytes::from_static(text.as_bytes()), &Arc::new(Ledger::default())))
}

/// Does what the connection's own task does when it is woken.
fn serve(outbox: &Outbox, mut socket: Narrow) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sent = Sent::default();
    assert!(outbox.was_rung(), "nobody woke it");
    outbox.take(&mut outbox.writer().queue, Waker::noop());
    let _ = outbox.writer().poll_write(&mut socket, &mut cx, &mut sent);
    outbox.written(sent.frames, sent.packet_bytes);
}

#[test]
fn what_the_socket_takes_at_once_wakes_nobody() {
    let socket = Narrow::with_room(100);
    let outbox = outbox(&socket);
    say(&outbox, "one,");
    say(&outbox, "two");
    let sent = outbox.write_through();
    assert_eq!((sent.frames, sent.bytes, outbox.bytes(), outbox.was_rung()), (2, 7, 0, false));
    assert_eq!(say(&outbox, ",three"), Pushed::Ring);
    outbox.write_through();
    assert_eq!(socket.got(), "one,two,three");
}

/// R41: whoever writes, messages leave whole and in order.
#[test]
fn what_the_socket_does_not_take_is_left_to_the_connections_task() {
    for room in 0..=12 {
        let socket = Narrow::with_room(room);
        let outbox = outbox(&socket);
        say(&outbox, "aaaa");
        say(&outbox, "bbbb");
        outbox.write_through();
        say(&outbox, "cccc");
        outbox.write_through();
        socket.make_room(5);
        if room < 12 {
            serve(&outbox, socket.clone());
        }
        say(&outbox, "dddd");
        outbox.write_through();
        socket.make_room(100);
        if room < 11 {
            serve(&outbox, socket.clone());
        }
        assert_eq!((&*socket.got(), outbox.bytes()), ("aaaabbbbccccdddd", 0), "{room}");
    }
}

#[test]
fn while_somebody_writes_the_task_is_told() {
    let socket = Narrow::with_room(100);
    let outbox = outbox(&socket);
    say(&outbox, "hi");
    let writing = outbox.writer();
    assert_eq!(outbox.write_through(), Sent::default());
    drop(writing);
    serve(&outbox, socket.clone());
    assert_eq!(socket.got(), "hi");
}

/// R43: only its own task says farewell.
#[test]
fn an_outbox_that_is_closed_is_left_to_its_task() {
    let socket = Narrow::with_room(100);
    let outbox = outbox(&socket);
    say(&outbox, "hi");
    outbox.close(Fault::Draining);
    assert!(outbox.was_rung());
    outbox.write_through();
    assert!(socket.got().is_empty() && outbox.was_rung());
}
