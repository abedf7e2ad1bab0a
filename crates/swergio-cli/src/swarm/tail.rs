//! Tail: the last lines of a log file, and those that are added.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;
/// Bytes at the end of a file in which the last lines are looked for.
const REACH: u64 = 4 << 20;
/// Bytes of a line without an end that are kept; then it is taken for one.
const LONGEST: usize = 64 << 10;

/// Reads a log file as it grows, also past the moment when it is put aside for a new one.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    file: Option<File>,
    begun: Vec<u8>,
}

impl Tail {
    /// Begins so many lines before the end.
    pub(super) fn open(path: &Path, lines: usize) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(REACH);
        file.seek(SeekFrom::Start(from))?;
        let mut end = Vec::new();
        file.by_ref().take(REACH).read_to_end(&mut end)?;
        let skip = beginning(&end, lines) as u64;
        file.seek(SeekFrom::Start(from + skip))?;
        Ok(Self { path: path.to_owned(), file: Some(file), begun: Vec::new() })
    }

    /// Hands over the lines that are there by now. A line whose end has not come waits.
    pub(super) fn read(&mut self, mut take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        loop {
            self.drain(&mut take)?;
            if !self.is_put_aside() {
                return Ok(());
            }
            // What came between the two looks.
            self.drain(&mut take)?;
            self.file = File::open(&self.path).ok();
        }
    }

    /// Hands over what is left of a line without an end.
    pub(super) fn end(&mut self, mut take: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        match self.begun.is_empty() {
            true => Ok(()),
            false => take(&std::mem::take(&mut self.begun)),
        }
    }

    fn drain(&mut self, take: &mut impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut chunk = vec![0; CHUNK];
        while let count @ 1.. = file.read(&mut chunk)? {
            for piece in chunk[..count].split_inclusive(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(piece);
                if piece.ends_with(b"\n") || self.begun.len() > LONGEST {
                    let line = std::mem::take(&mut self.begun);
                    take(line.strip_suffix(b"\n").unwrap_or(&line))?;
                }
            }
        }
        Ok(())
    }

    /// Tells whether another file has the name by now.
    fn is_put_aside(&self) -> bool {
        let ours = self.file.as_ref().and_then(|file| file.metadata().ok()).map(|file| file.ino());
        let named = std::fs::metadata(&self.path).ok().map(|file| file.ino());
        named.is_some() && ours != named
    }
}

/// Finds where the last so many lines begin.
fn beginning(text: &[u8], lines: usize) -> usize {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let mut ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    match lines {
        0 => text.len(),
        lines => ends.nth(lines - 1).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_last_lines_begin_where_they_begin() {
        let last = |text: &[u8], lines| text[beginning(text, lines)..].to_vec();
        assert_eq!(last(b"one\ntwo\nthree\n", 2), b"two\nthree\n");
        assert_eq!(last(b"one\ntwo\nthr", 1), b"thr");
        assert_eq!(last(b"one\ntwo\n", 9), b"one\ntwo\n");
        assert_eq!((last(b"one\n", 0), last(b"", 3), last(b"\n\n", 1)), (vec![], vec![], b"\n".to_vec()));
    }

    #[test]
    fn a_file_that_is_put_aside_is_read_to_its_end_and_then_the_next() {
        let folder = std::env::temp_dir().join(format!("swergio-tail-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("aim.log");
        std::fs::write(&path, "old\none\ntw").unwrap();
        let mut tail = Tail::open(&path, 2).unwrap();
        let mut lines: Vec<String> = Vec::new();
        let mut take = |line: &[u8]| {
            lines.push(String::from_utf8_lossy(line).into_owned());
            Ok(())
        };
        tail.read(&mut take).unwrap();
        File::options().append(true).open(&path).unwrap().write_all(b"o\n").unwrap();
        std::fs::rename(&path, folder.join("aim.log.1")).unwrap();
        tail.read(&mut take).unwrap();
        std::fs::write(&path, "three\nfo").unwrap();
        tail.read(&mut take).unwrap();
        tail.end(&mut take).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(lines, ["one", "two", "three", "fo"]);
    }
}
