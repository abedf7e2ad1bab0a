//! Spare: read buffers that wait for the next socket that has something to say; a quiet connection holds none.

use std::cell::RefCell;

use bytes::BytesMut;

/// Bytes of a read buffer.
pub(super) const READ: usize = 256 << 10;
/// Buffers that one thread keeps.
const KEPT: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// Takes an empty buffer with room for [`READ`] bytes.
pub(super) fn take() -> BytesMut {
    let mut buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    // Nothing is allocated where all frames that were cut off it are gone.
    buffer.reserve(READ);
    buffer
}

/// Gives a buffer back.
pub(super) fn give(mut buffer: BytesMut) {
    buffer.clear();
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}
