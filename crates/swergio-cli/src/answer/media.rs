//! Media: pictures and sounds of a question, written to files that another program can open.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// Holds a folder for the files, from the first on; it goes when this goes.
#[derive(Debug, Default)]
pub(super) struct Media {
    folder: Option<TempDir>,
    files: usize,
}

impl Media {
    /// Writes what a `data:` URL holds, and returns where.
    pub(super) fn write(&mut self, url: &str) -> Result<PathBuf> {
        let (kind, bytes) = decode(url)?;
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new()
                .prefix("swergio-answer-")
                .tempdir()
                .context("there is no room for files")?,
        };
        self.files += 1;
        let path = folder.path().join(format!("{}.{}", self.files, ending(kind)));
        self.folder = Some(folder);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// Parts a `data:` URL into the kind of file and its bytes.
fn decode(url: &str) -> Result<(&str, Vec<u8>)> {
    let Some((head, text)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else {
        bail!("it is no data: URL, and nothing is fetched from elsewhere");
    };
    let Some(kind) = head.strip_suffix(";base64") else { bail!("it is not spelt in base64") };
    Ok((kind, base64(text).context("it is not spelt in base64")?))
}

/// Chooses the ending of a file; what is unknown has one that no program runs.
fn ending(kind: &str) -> &'static str {
    match kind.split(';').next().unwrap_or_default() {
        "audio/wav" | "audio/x-wav" | "audio/wave" => "wav",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "audio/midi" => "mid",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => "bin",
    }
}

/// Reads letters of RFC 4648; nothing when there are others.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut have) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push((bits >> have & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_becomes_a_file_that_goes_with_its_question() {
        let mut media = Media::default();
        let path = media.write("data:audio/wav;base64,UklGRg==").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), path.extension().unwrap().to_str()),
            (&b"RIFF"[..], Some("wav"))
        );
        drop(media);
        assert!(!path.exists());
    }

    #[test]
    fn nothing_is_fetched_and_nothing_is_run() {
        let mut media = Media::default();
        for url in ["https://example.org/a.wav", "data:audio/wav,RIFF", "data:audio/wav;base64,<>"] {
            assert!(media.write(url).is_err(), "{url}");
        }
        let path = media.write("data:application/x-sh;base64,ZWNobw==").unwrap();
        assert_eq!(path.extension().unwrap(), "bin");
    }
}
