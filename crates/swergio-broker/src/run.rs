//! Run: consecutive messages of one sender to one address, gathered into one packet.

use std::ops::Range;
use std::sync::Arc;

use swergio_proto::{Address, AddressBuf, Fault, Limits};

use crate::dialect::{Dialect, HEADROOM};
use crate::packet::Ledger;
use crate::parcel::Parcel;

/// Bytes from which on a run is handed out without waiting for more: what one read brings is one run, signed or not.
const FULL: usize = 320 << 10;

/// Gathers frames behind their headers until one comes that goes elsewhere.
#[derive(Debug)]
pub(crate) struct Run {
    to: Option<AddressBuf>,
    turns: u64,
    dialect: Dialect,
    wire: Vec<u8>,
    places: Vec<Range<usize>>,
    /// Bytes of the last run: the next one is likely to be as long.
    last: usize,
    max_bytes: usize,
    max_frames: usize,
}

/// Tells what became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It is the last of the run.
    Joined,
    /// The run is as it was: the dialect's headers cannot say how long this payload is.
    TooLong(Vec<u8>),
}

impl Run {
    /// Begins without a frame. A run stays within what an empty outbox takes.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            to: None,
            turns: 0,
            dialect: Dialect::WebSocketJson,
            wire: Vec::new(),
            places: Vec::new(),
            last: 0,
            max_bytes: limits.outbox_bytes.min(FULL),
            max_frames: limits.outbox_frames,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Tells whether the run goes to this address in this dialect.
    #[inline]
    pub(crate) fn goes(&self, to: Address<'_>, dialect: Dialect) -> bool {
        self.dialect == dialect && self.to.as_ref().is_some_and(|kept| kept.address() == to)
    }

    /// Tells whether a frame of about `len` bytes may follow those that are here.
    #[inline]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        self.wire.len() + len <= self.max_bytes && self.places.len() < self.max_frames
    }

    /// Counts how often the run was turned: between two turns it goes the same way.
    #[inline]
    pub(crate) fn turns(&self) -> u64 {
        self.turns
    }

    /// Returns where the run goes.
    pub(crate) fn to(&self) -> Option<AddressBuf> {
        self.to.clone()
    }

    /// Turns an empty run towards an address and a dialect.
    pub(crate) fn turn(&mut self, to: Address<'_>, dialect: Dialect) {
        debug_assert!(self.is_empty(), "what waits is handed out before the run turns");
        self.turns += 1;
        self.dialect = dialect;
        match &mut self.to {
            Some(kept) => kept.fill(to),
            None => self.to = Some(to.into()),
        }
    }

    /// Appends a frame that has its header already; the payload begins after `header` bytes.
    pub(crate) fn append_verbatim(&mut self, wire: &[u8], header: usize) {
        self.reserve(wire.len());
        let start = self.wire.len() + header;
        self.wire.extend_from_slice(wire);
        self.places.push(start..self.wire.len());
    }

    /// Appends a frame whose payload, of about `len` bytes, is appended by `spell`.
    ///
    /// # Errors
    /// Those of `spell`; the run is then as it was.
    #[inline]
    pub(crate) fn append(
        &mut self,
        len: usize,
        spell: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>,
    ) -> Result<Joined, Fault> {
        self.reserve(len);
        let start = self.wire.len();
        let header = self.dialect.header_len(len);
        self.wire.extend_from_slice(&[0; HEADROOM][..header]);
        if let Err(fault) = spell(&mut self.wire) {
            self.wire.truncate(start);
            return Err(fault);
        }
        let guessed = start + header;
        let len = self.wire.len() - guessed;
        if !self.dialect.can_say(len) {
            let payload = self.wire.split_off(guessed);
            self.wire.truncate(start);
            return Ok(Joined::TooLong(payload));
        }
        let end = start + self.dialect.header_len(len);
        if end != guessed {
            self.move_payload(guessed, end, len);
        }
        self.dialect.write_header(&mut self.wire[start..end], len);
        self.places.push(end..end + len);
        Ok(Joined::Joined)
    }

    /// Moves the payload at the end from where a header of the guessed length ends to where the true one does.
    #[cold]
    fn move_payload(&mut self, from: usize, to: usize, len: usize) {
        self.wire.resize(to.max(from) + len, 0);
        self.wire.copy_within(from..from + len, to);
        self.wire.truncate(to + len);
    }

    /// Makes room: for one frame at first, for as much as the last run had when a second one comes.
    #[inline]
    fn reserve(&mut self, len: usize) {
        let most = if self.places.len() == 1 { self.last.max(2 * len) } else { 0 };
        self.wire.reserve(most.max(len + HEADROOM));
    }

    /// Hands what is gathered to `deliver`, with the address that it goes to, and begins anew.
    pub(crate) fn hand_out(&mut self, ledger: &Arc<Ledger>, deliver: impl FnOnce(Address<'_>, &Parcel<'_>)) {
        let Some(to) = self.to.as_ref().filter(|_| !self.places.is_empty()) else { return };
        let mut places = std::mem::take(&mut self.places);
        let mut wire = std::mem::take(&mut self.wire);
        self.last = wire.len();
        if wire.capacity() > 2 * wire.len() {
            wire.shrink_to_fit();
        }
        deliver(to.address(), &Parcel::run(wire.into(), &places, self.dialect, ledger));
        places.clear();
        self.places = places;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::{Frame, RoomName};

    fn run(dialect: Dialect) -> Run {
        let mut run = Run::new(&Limits { outbox_frames: 3, ..Limits::default() });
        run.turn(Address::room(&lab()), dialect);
        run
    }

    fn lab() -> RoomName {
        RoomName::parse("lab").unwrap()
    }

    fn say(run: &mut Run, text: &str, guess: usize) -> Joined {
        let spell = |out: &mut Vec<u8>| {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        };
        run.append(guess, spell).unwrap()
    }

    fn heard(run: &mut Run) -> Vec<Frame> {
        let mut heard = Vec::new();
        run.hand_out(&Arc::default(), |_, parcel| heard = parcel.frames());
        heard
    }

    #[test]
    fn a_frame_lies_behind_its_header_however_its_length_was_guessed() {
        for dialect in [Dialect::WebSocketJson, Dialect::WebSocketMsgPack, Dialect::Tcp { header: 10 }] {
            for (len, guess) in [(3, 3), (3, 200), (3, 70_000), (200, 3), (200, 70_000), (66_000, 3)] {
                let (mut run, text) = (run(dialect), "x".repeat(len));
                say(&mut run, "first", 5);
                say(&mut run, &text, guess);
                say(&mut run, "last", 4);
                let expected =
                    ["first", &text, "last"].map(|text| Frame::new(dialect.codec(), text.to_owned()));
                let mut wire = Vec::new();
                for frame in &expected {
                    wire.extend_from_slice(dialect.header(frame.len()).bytes());
                    wire.extend_from_slice(frame.bytes());
                }
                assert_eq!(run.wire, wire, "{dialect:?} {len} {guess}");
                assert_eq!(heard(&mut run), expected);
            }
        }
    }

    #[test]
    fn what_could_not_be_spelt_leaves_no_trace() {
        let mut run = run(Dialect::WebSocketJson);
        say(&mut run, "kept", 4);
        let spell = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"half");
            Err(Fault::Unregistered)
        };
        assert_eq!(run.append(9, spell), Err(Fault::Unregistered));
        assert_eq!(heard(&mut run), [Frame::json("kept")]);
        assert!(run.is_empty() && heard(&mut run).is_empty());
    }

    #[test]
    fn a_payload_that_the_header_cannot_say_is_given_back() {
        let mut run = run(Dialect::Tcp { header: 1 });
        say(&mut run, "kept", 4);
        assert_eq!(say(&mut run, "0123456789", 10), Joined::TooLong(b"0123456789".to_vec()));
        run.append_verbatim(b"5hello", 1);
        assert_eq!(run.wire, b"4kept5hello");
        assert_eq!(heard(&mut run), [Frame::json("kept"), Frame::json("hello")]);
    }

    #[test]
    fn a_run_is_over_where_address_or_dialect_changes_and_when_it_is_full() {
        let mut run = run(Dialect::WebSocketJson);
        let hall = RoomName::parse("hall").unwrap();
        say(&mut run, "a", 1);
        assert!(run.goes(Address::room(&lab()), Dialect::WebSocketJson) && run.has_room(100));
        assert!(!run.goes(Address::room(&hall), Dialect::WebSocketJson));
        assert!(!run.goes(Address::room(&lab()), Dialect::WebSocketMsgPack));
        assert!(!run.has_room(FULL));
        say(&mut run, "b", 1);
        say(&mut run, "c", 1);
        assert!(!run.has_room(1));
    }
}
