//! Walk: JSON's grammar, once. It reads a text and tells a reader what it finds, without recursion.

use super::scan::{Number, Scan, Stop, Word};
use super::text::Text;
use crate::Fault;

/// Hears what a text consists of, in the order of the text.
pub(super) trait Reader<'f> {
    /// An object or array begins at byte `at`.
    fn open(&mut self, shape: Shape, at: usize);
    /// The innermost object or array ended before byte `end`.
    fn close(&mut self, shape: Shape, end: usize);
    /// A key of the innermost object; its value follows.
    fn key(&mut self, key: Text<'f>);
    /// A string.
    fn text(&mut self, text: Text<'f>);
    /// A number.
    fn number(&mut self, number: Number<'f>);
    /// A bare word that ended before byte `end`.
    fn word(&mut self, word: Word, end: usize);
}

/// Tells objects from arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Array,
    Object,
}

impl Shape {
    fn end(self) -> u8 {
        match self {
            Self::Array => b']',
            Self::Object => b'}',
        }
    }

    /// Says what stands between two values, or after the last one.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::Array => "a comma or ']'",
            Self::Object => "a comma or '}'",
        }
    }
}

/// Reads the whole of `text`, which must be one value that nests no deeper than `nesting`.
///
/// What the reader has heard before a fault counts for nothing.
pub(super) fn walk<'f>(text: &'f str, nesting: usize, reader: &mut impl Reader<'f>) -> Result<(), Fault> {
    let mut scan = Scan::new(text);
    let read = nested(&mut scan, 0, nesting, reader).and_then(|()| scan.end());
    read.map_err(|stop| scan.fault(stop))
}

/// Reads one value that lies within `depth` others, which together nest no deeper than `nesting`.
#[inline]
pub(super) fn nested<'f>(
    scan: &mut Scan<'f>,
    depth: usize,
    nesting: usize,
    reader: &mut impl Reader<'f>,
) -> Result<(), Stop> {
    let mut nest = Nest::within(depth, nesting);
    loop {
        scan.white();
        if nest.top() == Some(Shape::Object) {
            reader.key(scan.key()?);
            scan.white();
        }
        match scan.byte() {
            Some(b'"') => reader.text(scan.string()?),
            Some(b'-' | b'0'..=b'9') if scan.ahead(1) != Some(b'I') => reader.number(scan.number()?),
            Some(bracket @ (b'[' | b'{')) => {
                let shape = if bracket == b'{' { Shape::Object } else { Shape::Array };
                nest.open(shape)?;
                reader.open(shape, scan.at());
                scan.bump();
                scan.white();
                if scan.byte() != Some(shape.end()) {
                    continue;
                }
            }
            _ => reader.word(scan.word()?, scan.at()),
        }
        if !next(scan, &mut nest, reader)? {
            return Ok(());
        }
    }
}

/// Reads what stands between the end of a value and the next one. False: the outermost value has ended.
#[inline]
fn next<'f>(scan: &mut Scan<'f>, nest: &mut Nest, reader: &mut impl Reader<'f>) -> Result<bool, Stop> {
    loop {
        let Some(shape) = nest.top() else { return Ok(false) };
        scan.white();
        match scan.byte() {
            Some(b',') => {
                scan.bump();
                return Ok(true);
            }
            Some(end) if end == shape.end() => {
                scan.bump();
                nest.close();
                reader.close(shape, scan.at());
            }
            _ => return Err(Stop::Wanted(shape.wanted())),
        }
    }
}

/// Remembers the shapes of what is open, one bit each; it allocates from a depth of 65 on.
#[derive(Debug)]
struct Nest {
    /// The innermost shapes, the lowest bit first; 64 at most.
    near: u64,
    /// The shapes outside of those, 64 a word.
    far: Vec<u64>,
    depth: usize,
    /// How deep the whole lies within something else.
    outer: usize,
    limit: usize,
}

impl Nest {
    fn within(outer: usize, limit: usize) -> Self {
        Self { near: 0, far: Vec::new(), depth: 0, outer, limit }
    }

    #[inline]
    fn open(&mut self, shape: Shape) -> Result<(), Stop> {
        if self.outer + self.depth >= self.limit {
            return Err(Stop::TooDeep(self.limit));
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.far.push(self.near);
        }
        self.near = self.near << 1 | u64::from(shape == Shape::Object);
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn close(&mut self) {
        self.depth -= 1;
        self.near >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.near = self.far.pop().expect("a word was put aside at every 64th level");
        }
    }

    #[inline]
    fn top(&self) -> Option<Shape> {
        let inner = if self.near & 1 == 1 { Shape::Object } else { Shape::Array };
        (self.depth > 0).then_some(inner)
    }
}
