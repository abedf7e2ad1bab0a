//! Payload: what is said, from the command line or from standard input.

use std::io::{self, BufRead, Read};

use anyhow::{Context, Result, bail, ensure};
use swergio_client::Body;

/// Yields one payload for each message.
pub(crate) struct Payloads {
    source: Source,
    text: bool,
    most: usize,
}

enum Source {
    /// One message, perhaps without a payload.
    Once(Option<String>),
    /// All of standard input is one payload, or each of its lines.
    Input {
        lines: bool,
    },
    Done,
}

impl Payloads {
    /// Opens what the words say: themselves, or for `-` standard input, of which a payload has `most` bytes at most.
    pub(crate) fn open(words: &[String], text: bool, lines: bool, most: usize) -> Result<Self> {
        let input = words == ["-"];
        ensure!(input || !lines, "--lines reads standard input: give `-` as the payload");
        let once = || Source::Once((!words.is_empty()).then(|| words.join(" ")));
        Ok(Self { source: if input { Source::Input { lines } } else { once() }, text, most })
    }

    /// Returns the payload of the next message. Nothing when all is said; waits for standard input.
    pub(crate) fn next(&mut self) -> Result<Option<Option<Body>>> {
        let text = match &mut self.source {
            Source::Done => return Ok(None),
            Source::Once(text) => text.take(),
            Source::Input { lines: false } => Some(self.read(io::stdin().lock())?),
            Source::Input { lines: true } => match self.read_line(io::stdin().lock())? {
                Some(line) => return self.body(&line).map(|body| Some(Some(body))),
                None => None,
            },
        };
        let ended =
            matches!(std::mem::replace(&mut self.source, Source::Done), Source::Input { lines: true });
        if ended {
            return Ok(None);
        }
        text.map(|text| self.body(&text)).transpose().map(Some)
    }

    fn body(&self, text: &str) -> Result<Body> {
        if self.text { Ok(Body::of(text)?) } else { value(text) }
    }

    fn read(&self, input: impl Read) -> Result<String> {
        let mut text = String::new();
        input.take(self.most as u64 + 1).read_to_string(&mut text).context("cannot read standard input")?;
        self.check(text)
    }

    fn read_line(&self, input: impl BufRead) -> Result<Option<String>> {
        let mut line = String::new();
        let read =
            input.take(self.most as u64 + 1).read_line(&mut line).context("cannot read standard input")?;
        let line = self.check(line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn check(&self, text: String) -> Result<String> {
        if text.len() > self.most {
            bail!("standard input has more than the {} bytes of a message", self.most);
        }
        Ok(text)
    }
}

/// Takes text as JSON if it is that.
pub(crate) fn value(text: &str) -> Result<Body> {
    Body::from_json(text.as_bytes()).or_else(|_| Ok(Body::of(text)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &Body) -> String {
        String::from_utf8(body.to_json()).unwrap()
    }

    fn said(words: &[&str], text: bool) -> Vec<Option<String>> {
        let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
        let mut payloads = Payloads::open(&words, text, false, 100).unwrap();
        std::iter::from_fn(|| payloads.next().unwrap()).map(|body| body.as_ref().map(json)).collect()
    }

    #[test]
    fn what_can_be_read_as_json_is_json() {
        for (words, payload) in [
            (&["hello,", "world"][..], r#""hello, world""#),
            (&["[1, 2.5]"], "[1, 2.5]"),
            (&["42"], "42"),
            (&[r#"{"a": null}"#], r#"{"a": null}"#),
            (&["{a}"], r#""{a}""#),
            (&[""], r#""""#),
        ] {
            assert_eq!(said(words, false), [Some(payload.into())], "{words:?}");
        }
        assert_eq!(said(&["42"], true), [Some(r#""42""#.into())]);
        assert_eq!(said(&[], false), [None]);
    }

    #[test]
    fn lines_are_read_to_the_last_and_have_a_bound() {
        let words = ["-".to_owned()];
        let payloads = Payloads::open(&words, false, true, 10).unwrap();
        let mut input = &b"one\r\n\nthree"[..];
        let mut line = || payloads.read_line(&mut input).unwrap();
        assert_eq!(
            [line(), line(), line(), line()],
            [Some("one".into()), Some(String::new()), Some("three".into()), None]
        );
        assert!(payloads.read_line(&b"12345678901\n"[..]).is_err());
        assert!(payloads.read(&b"12345678901"[..]).is_err());
        assert!(Payloads::open(&["x".to_owned()], false, true, 10).is_err());
    }
}
