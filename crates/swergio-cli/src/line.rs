//! Line: one message for a person to read, in the columns that there are.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use swergio_client::{Envelope, Kind, ModelStatus};

use crate::digest::Digest;

/// Characters of an ID that are shown: the last, in which those of one component differ. One that is little longer is
/// shown whole.
const ID: usize = 8;
const SHORT_ID: usize = 12;
/// Columns that are kept for who speaks to whom, and for the kind.
const WHO: usize = 28;
const KIND: usize = 14;
/// Columns that a payload has, however narrow the terminal is.
const LEAST: usize = 20;

const DIM: Style = Style::new().dimmed();
const FORWARD: Style = AnsiColor::Cyan.on_default();
const BACKWARD: Style = AnsiColor::Magenta.on_default();
const COMMAND: Style = AnsiColor::Yellow.on_default();

/// Writes a message that was seen at `time` as one line of `width` columns, coloured.
pub(crate) fn line(envelope: &Envelope, time: &str, width: usize) -> String {
    let who = format!("{} → {}", plain(envelope.sent_by.as_deref().unwrap_or("?")), place(envelope));
    let kind = plain(envelope.kind.as_str());
    let ids = ids(envelope);
    let taken = [time, &ids].iter().map(|part| part.chars().count() + 1).sum::<usize>()
        + who.chars().count().max(WHO)
        + kind.chars().count().max(KIND)
        + 2;
    let payload = cut(&Payload(envelope), width.saturating_sub(taken).max(LEAST));
    let colour = colour(&envelope.kind);
    let line =
        format!("{DIM}{time}{DIM:#} {who:<WHO$} {colour}{kind:<KIND$}{colour:#} {DIM}{ids}{DIM:#} {payload}");
    line.trim_end().to_owned()
}

fn place(envelope: &Envelope) -> String {
    let member = envelope.to.as_ref().map(|name| format!("@{}", plain(name.as_str())));
    let room = envelope.to_room.as_ref().map(|room| plain(room.as_str()));
    room.into_iter().chain(member).collect::<Vec<_>>().join(" ")
}

fn ids(envelope: &Envelope) -> String {
    let short = |id: &str| match id.chars().count() {
        count if count > SHORT_ID => plain(&id.chars().skip(count - ID).collect::<String>()),
        _ => plain(id),
    };
    let id = envelope.id.as_ref().map_or("-".to_owned(), |id| short(id.as_str()));
    match envelope.root_id.as_deref() {
        Some(root) => format!("{id} of {}", short(root)),
        None => id,
    }
}

fn colour(kind: &Kind<'_>) -> Style {
    match kind.as_str() {
        "DATA/FORWARD" | "DATA/QUERY" => FORWARD,
        "DATA/GRADIENT" | "DATA/REWARD" | "DATA/FEEDBACK" => BACKWARD,
        _ if kind.main() == "COMMAND" => COMMAND,
        _ => Style::new(),
    }
}

/// Shows everything of a message but who, where and what.
struct Payload<'a>(&'a Envelope);

impl fmt::Display for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.model_status {
            Some(ModelStatus::TRAIN) => f.write_str("train ")?,
            Some(ModelStatus::VALIDATE) => f.write_str("validate ")?,
            Some(ModelStatus(other)) => write!(f, "status {other} ")?,
            None => {}
        }
        for (key, body) in &self.0.fields {
            write!(f, "{}: {} ", key.escape_debug(), Digest::of(body))?;
        }
        match &self.0.data {
            Some(data) => write!(f, "{}", Digest::of(data)),
            None => Ok(()),
        }
    }
}

/// Writes what there is room for, with an ellipsis where more was.
fn cut(shown: &impl fmt::Display, width: usize) -> String {
    let mut page = Page { text: String::new(), left: width };
    if write!(page, "{shown}").is_err() {
        page.text.pop();
        page.text.push('…');
    }
    page.text
}

/// Takes as many characters as it has room for, and refuses what comes then.
struct Page {
    text: String,
    left: usize,
}

impl Write for Page {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(letter);
        }
        Ok(())
    }
}

/// Escapes what would move the cursor or turn the text around.
pub(crate) fn plain(name: &str) -> String {
    let quoted = name.escape_debug().to_string();
    // Quotes and the like are harmless in a name.
    if quoted.contains("\\u{") || name.chars().any(char::is_control) { quoted } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use swergio_client::{MemberName, MessageId, RoomName, Tensor};

    use super::*;

    fn seen(envelope: &Envelope, width: usize) -> String {
        strip_str(&line(envelope, "14:03:22.123", width)).to_string()
    }

    fn said(kind: Kind<'static>) -> Envelope {
        let mut envelope = Envelope::new(kind).with_to_room(RoomName::parse("lab").unwrap());
        envelope.sent_by = Some("ada".into());
        envelope
    }

    #[test]
    fn a_line_says_who_where_what_and_of_which_pass() {
        let envelope = said(Kind::FORWARD)
            .with_id(MessageId::from_u128(0xab))
            .with_root_id("pass 1")
            .with_model_status(ModelStatus::TRAIN)
            .with_field("EPOCH", &3)
            .unwrap()
            .with_tensor(Tensor::from_f32([2], &[3.0, 4.0]).unwrap());
        assert_eq!(
            seen(&envelope, 200),
            "14:03:22.123 ada → lab                    DATA/FORWARD   000000ab of pass 1 train EPOCH: 3 \
             f32[2] norm 5.00"
        );
    }

    #[test]
    fn a_direct_message_is_told_by_its_at_sign() {
        let envelope = Envelope::new(Kind::TEXT).with_to(MemberName::parse("bob").unwrap());
        assert_eq!(seen(&envelope, 80), "14:03:22.123 ? → @bob                     DATA/TEXT      -");
    }

    #[test]
    fn forward_and_backward_have_colours_of_their_own() {
        let colours: Vec<String> = [Kind::FORWARD, Kind::GRADIENT, Kind::TEXT, Kind::COMMAND_CUSTOM]
            .map(|kind| colour(&kind).to_string())
            .to_vec();
        assert_eq!(colours, [FORWARD.to_string(), BACKWARD.to_string(), String::new(), COMMAND.to_string()]);
        assert!(line(&said(Kind::FORWARD), "", 80).contains(&colours[0]));
    }

    #[test]
    fn a_payload_is_cut_to_the_width() {
        let envelope = said(Kind::TEXT).with_data(&"word ".repeat(100)).unwrap();
        let line = seen(&envelope, 100);
        assert_eq!(line.chars().count(), 100);
        assert!(line.ends_with('…'), "{line}");
        assert!(seen(&envelope, 10).ends_with('…'));
        let short = said(Kind::TEXT).with_data("ab").unwrap();
        assert!(seen(&short, 10).ends_with("\"ab\""));
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let mut envelope = said(Kind::new("DATA/\u{1b}[2J"));
        envelope.sent_by = Some("e\u{202e}ve\n".into());
        let line = seen(&envelope, 100);
        assert!(!line.contains(['\u{1b}', '\u{202e}', '\n']), "{line:?}");
        assert_eq!(plain("O'Brien \"lab\" räum"), "O'Brien \"lab\" räum");
    }
}
