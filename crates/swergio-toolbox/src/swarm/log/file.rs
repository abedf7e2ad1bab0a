//! LogFile: what one component prints, byte for byte, in a file that does not grow for ever.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// Keeps the last bytes that a component printed: in its file and, once that was full, in the one before.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    open: Option<File>,
    bytes: u64,
    most: u64,
}

impl LogFile {
    /// Goes on where the last process of the component ended.
    ///
    /// # Errors
    /// A sentence that says why nothing will be kept.
    pub(super) fn open(path: PathBuf, most: u64) -> Result<Self, String> {
        let mut log = Self { path, open: None, bytes: 0, most };
        let opened = log.reopen();
        log.note(opened)?;
        Ok(log)
    }

    /// Appends. A component does not stop because its log cannot be written: that is an error once, and the rest is left out.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        if self.open.is_none() {
            return Ok(());
        }
        let written = self.append(bytes);
        self.note(written)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + bytes.len() as u64 > self.most {
            std::fs::rename(&self.path, super::super::folder::aside(&self.path))?;
            self.reopen()?;
        }
        self.bytes += bytes.len() as u64;
        self.open.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            // Somebody may have cleared it away while the swarm runs.
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.bytes = file.metadata()?.len();
        self.open = Some(file);
        Ok(())
    }

    fn note(&mut self, outcome: io::Result<()>) -> Result<(), String> {
        outcome.map_err(|error| {
            self.open = None;
            tracing::warn!(path = %self.path.display(), %error, "a component's log cannot be written");
            format!("swergio: {} cannot be written: {error}", self.path.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::folder::aside;

    #[test]
    fn a_full_file_is_put_aside_and_two_are_kept() {
        let folder = std::env::temp_dir().join(format!("swergio-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("aim.log");
        let mut log = LogFile::open(path.clone(), 10).unwrap();
        for piece in [&b"12345678\n"[..], b"\xff\n", b"next\n", b"a piece longer than all\n"] {
            log.write(piece).unwrap();
        }
        drop(log);
        LogFile::open(path.clone(), 100).unwrap().write(b"again\n").unwrap();
        let (now, before) = (std::fs::read(&path).unwrap(), std::fs::read(aside(&path)).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(now, b"a piece longer than all\nagain\n");
        assert_eq!(before, b"\xff\nnext\n");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_cannot_be_written_is_told_once() {
        let told = LogFile::open("/dev/null/aim.log".into(), 10).unwrap_err();
        assert!(told.starts_with("swergio: /dev/null/aim.log cannot be written: "), "{told}");
        let mut full = LogFile::open("/dev/full".into(), 10).unwrap();
        assert!(full.write(b"x").is_err());
        assert_eq!(full.write(b"x"), Ok(()));
    }
}
