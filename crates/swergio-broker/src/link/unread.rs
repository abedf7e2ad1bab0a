//! Unread: what a socket said and nobody has understood yet, in a buffer that a thread lends; a quiet connection holds
//! none.

use std::cell::RefCell;
use std::ops::Range;

use bytes::BufMut;

use crate::packet::COPIED;

/// Bytes of a read buffer.
pub(super) const READ: usize = 256 << 10;
/// Buffers that one thread keeps.
const KEPT: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Holds bytes in the order in which they came. What is cut off stays where it is until more is read.
#[derive(Debug)]
pub(super) struct Unread {
    buffer: Vec<u8>,
    /// Where that begins which nobody has cut off yet.
    start: usize,
    /// Whether the buffer is given back while nothing comes.
    borrowed: bool,
}

impl Unread {
    /// Begins with what came already.
    pub(super) fn new(early: &[u8]) -> Self {
        Self { buffer: early.into(), start: 0, borrowed: false }
    }

    /// Returns what was not cut off yet.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Cuts off so many bytes, and says where they lie.
    #[inline]
    pub(super) fn cut(&mut self, len: usize) -> Range<usize> {
        let start = self.start;
        self.start += len;
        start..self.start
    }

    /// Returns bytes that were cut off since the last reading.
    #[inline]
    pub(super) fn place(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    /// Returns bytes that were cut off since the last reading, to be changed.
    #[inline]
    pub(super) fn place_mut(&mut self, place: Range<usize>) -> &mut [u8] {
        &mut self.buffer[place]
    }

    /// Makes room, and returns it, to read `most` bytes at most.
    pub(super) fn room(&mut self, most: usize) -> impl BufMut {
        if !self.borrowed {
            let kept = std::mem::replace(&mut self.buffer, take());
            self.buffer.extend_from_slice(&kept[self.start..]);
            self.borrowed = true;
            self.start = 0;
        } else if self.len() == 0 || self.buffer.capacity() - self.buffer.len() < COPIED {
            self.buffer.copy_within(self.start.., 0);
            self.buffer.truncate(self.len());
            self.start = 0;
        }
        let room = self.buffer.capacity() - self.buffer.len();
        (&mut self.buffer).limit(most.min(room))
    }

    /// Gives the read buffer back until more comes, keeping no more than what is in it.
    pub(super) fn rest(&mut self) {
        let kept = Vec::from(self.bytes());
        let buffer = std::mem::replace(&mut self.buffer, kept);
        self.start = 0;
        if std::mem::take(&mut self.borrowed) {
            give(buffer);
        }
    }

    /// Lets go of everything.
    pub(super) fn forget(&mut self) {
        self.start = self.buffer.len();
        self.rest();
    }

    /// Counts the bytes that are held.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.rest();
    }
}

/// Takes an empty buffer with room for [`READ`] bytes.
fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| Vec::with_capacity(READ))
}

/// Gives a buffer back.
fn give(mut buffer: Vec<u8>) {
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}
