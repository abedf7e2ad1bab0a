//! Log: what processes print, to a file each and to whoever listens.

mod cut;
mod feed;
mod file;

use std::io::{PipeReader, Read};
use std::path::PathBuf;
use std::sync::Arc;

use super::SwarmLimits;
use cut::Cutter;
pub(crate) use feed::Feed;
pub use feed::{Line, Lines};
use file::LogFile;

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// Takes what one process prints, to its end. Runs on a thread of its own, so that a flood costs nobody else a turn.
pub(crate) struct Pump {
    pub(crate) node: usize,
    pub(crate) name: Arc<str>,
    pub(crate) file: Option<PathBuf>,
    pub(crate) feed: Feed,
    pub(crate) limits: SwarmLimits,
    /// The text that is waited for, and who is told once a line has it.
    pub(crate) sign: Option<(String, Box<dyn FnOnce() + Send>)>,
}

impl Pump {
    /// Reads until every process that could print is gone.
    pub(crate) fn run(mut self, mut pipe: PipeReader) {
        let opened = self.file.take().map(|path| LogFile::open(path, self.limits.log_bytes));
        let mut file = opened.and_then(|opened| self.note(opened));
        let mut cutter = Cutter::new(self.limits.line_bytes);
        let mut chunk = vec![0; CHUNK];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            let printed = &chunk[..count];
            if let Some(file) = &mut file {
                let written = file.write(printed);
                self.note(written);
            }
            cutter.feed(printed, |line| self.line(line));
        }
        cutter.end(|line| self.line(line));
    }

    /// Tells the listeners, among the lines, that its log is not kept.
    fn note<T>(&self, outcome: Result<T, String>) -> Option<T> {
        outcome.map_err(|told| self.feed.push(self.node, &self.name, told.as_bytes())).ok()
    }

    /// Shows a line, and only then says that it is the one that was waited for: what starts upon that is heard after it.
    fn line(&mut self, line: &[u8]) {
        self.feed.push(self.node, &self.name, line);
        let shown = |text: &String| line.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        if self.sign.as_ref().is_some_and(|(text, _)| shown(text) || text.is_empty()) {
            let (_, tell) = self.sign.take().expect("it has just been looked at");
            tell();
        }
    }
}
