//! Filter: which of the messages that are heard are shown.

use swergio_client::{Envelope, MessageId};

/// Chooses messages. Of one flag any value will do; of different flags all must agree.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filter {
    /// Only this kind, or with a slash at the end all of its kind: DATA/FORWARD, DATA/. May be repeated.
    #[arg(long = "kind", short, value_name = "KIND")]
    kinds: Vec<String>,
    /// Only from this sender. May be repeated.
    #[arg(long = "from", short, value_name = "NAME")]
    senders: Vec<String>,
    /// Only of the pass that this message began: its ID or ROOT_ID is this, or ends so.
    #[arg(long, short, value_name = "ID")]
    root: Option<String>,
}

impl Filter {
    pub(crate) fn wants(&self, envelope: &Envelope) -> bool {
        self.wants_kind(envelope.kind.as_str())
            && self.wants_sender(envelope.sent_by.as_deref())
            && self.wants_pass(envelope)
    }

    fn wants_kind(&self, kind: &str) -> bool {
        let fits = |wanted: &String| match wanted.ends_with('/') {
            true => kind.starts_with(wanted),
            false => kind == wanted,
        };
        self.kinds.is_empty() || self.kinds.iter().any(fits)
    }

    fn wants_sender(&self, sender: Option<&str>) -> bool {
        self.senders.is_empty() || self.senders.iter().any(|wanted| sender == Some(wanted))
    }

    /// The message that began the pass need not have a ROOT_ID of its own.
    fn wants_pass(&self, envelope: &Envelope) -> bool {
        let Some(root) = &self.root else { return true };
        let id = envelope.root_id.as_deref().or(envelope.id.as_ref().map(MessageId::as_str));
        id.is_some_and(|id| id.ends_with(root.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use swergio_client::Kind;

    use super::*;

    fn forward() -> Envelope {
        let mut envelope = Envelope::new(Kind::FORWARD).with_id(MessageId::new("4f2a"));
        envelope.sent_by = Some("ada".into());
        envelope
    }

    #[test]
    fn a_kind_is_named_or_begun() {
        let wants = |kinds: &[&str]| {
            Filter { kinds: kinds.iter().map(|&kind| kind.into()).collect(), ..Filter::default() }
                .wants(&forward())
        };
        assert!(wants(&[]) && wants(&["DATA/FORWARD"]) && wants(&["DATA/"]) && wants(&["LOG/", "DATA/"]));
        assert!(!wants(&["DATA/FORW"]) && !wants(&["LOG/"]) && !wants(&["DATA/GRADIENT"]));
    }

    #[test]
    fn a_sender_is_named() {
        let from = |name: &str| Filter { senders: vec![name.into()], ..Filter::default() };
        assert!(from("ada").wants(&forward()));
        assert!(!from("ad").wants(&forward()));
        assert!(!from("ada").wants(&Envelope::new(Kind::FORWARD)));
    }

    #[test]
    fn a_pass_is_what_one_message_began() {
        let of = |root: &str| Filter { root: Some(root.into()), ..Filter::default() };
        let later = forward().with_root_id("77");
        assert!(of("2a").wants(&forward()) && of("4f2a").wants(&forward()) && of("77").wants(&later));
        assert!(!of("77").wants(&forward()) && !of("2a").wants(&later) && !of("4f").wants(&forward()));
    }
}
