//! Unread: what a socket said and nobody has understood yet, in a buffer that a thread lends; a quiet connection holds
//! none.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use bytes::BytesMut;

use crate::packet::COPIED;

/// Bytes of a read buffer.
pub(super) const READ: usize = 256 << 10;
/// Buffers that one thread keeps.
const KEPT: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// Holds bytes in the order in which they came; to be read into only after [`borrow`](Self::borrow).
#[derive(Debug)]
pub(super) struct Unread {
    bytes: BytesMut,
    /// Whether they lie in a buffer that is given back while nothing comes.
    borrowed: bool,
}

impl Unread {
    /// Begins with what came already.
    pub(super) fn new(early: &[u8]) -> Self {
        Self { bytes: early.into(), borrowed: false }
    }

    /// Makes room to read into.
    pub(super) fn borrow(&mut self) {
        if !self.borrowed {
            let kept = std::mem::replace(&mut self.bytes, take());
            self.bytes.extend_from_slice(&kept);
            self.borrowed = true;
        } else if self.bytes.capacity() - self.bytes.len() < COPIED {
            // What was cut off is gone by now, so that this moves the few bytes that are left to the front.
            let missing = READ - self.bytes.len();
            self.bytes.reserve(missing);
        }
    }

    /// Gives the read buffer back until more comes, keeping no more than what is in it.
    pub(super) fn rest(&mut self) {
        if std::mem::take(&mut self.borrowed) {
            let kept = BytesMut::from(&self.bytes[..]);
            give(std::mem::replace(&mut self.bytes, kept));
        } else if self.bytes.is_empty() {
            self.bytes = BytesMut::new();
        }
    }
}

impl Deref for Unread {
    type Target = BytesMut;

    fn deref(&self) -> &BytesMut {
        &self.bytes
    }
}

impl DerefMut for Unread {
    fn deref_mut(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.rest();
    }
}

/// Takes an empty buffer with room for [`READ`] bytes.
fn take() -> BytesMut {
    let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    // Nothing is allocated where all frames that were cut off it are gone.
    buffer.reserve(READ);
    buffer
}

/// Gives a buffer back.
fn give(mut buffer: BytesMut) {
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}
