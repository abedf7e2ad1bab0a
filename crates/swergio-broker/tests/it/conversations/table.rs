//! Table: what ours does in each conversation in which upstream stumbles; the norm's part 9 shows the same.

use std::collections::BTreeMap;

/// Whom the table speaks of, and the labels of what that one heard.
type Heard = &'static [(&'static str, &'static [&'static str])];

/// Says what happens in one conversation.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What upstream does, and what ours does instead.
    pub(crate) upstream: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) rule: &'static str,
    /// Whom ours closes.
    pub(crate) closed: &'static [&'static str],
    heard: Heard,
    /// What is heard in upstream's way, where that is more: the echo of control messages.
    compat: Option<Heard>,
}

impl Row {
    /// Returns what everybody hears who hears anything.
    pub(crate) fn heard(&self, upstream_compat: bool) -> BTreeMap<String, Vec<String>> {
        let heard = if upstream_compat { self.compat.unwrap_or(self.heard) } else { self.heard };
        let all = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        heard.iter().map(|(name, labels)| ((*name).to_owned(), all(labels))).collect()
    }

    /// Writes the row as the norm shows it.
    pub(crate) fn markdown(&self) -> String {
        format!("| `{}` | {} | {} | {} |", self.name, self.upstream, self.ours, self.rule)
    }
}

const fn row(
    name: &'static str,
    upstream: &'static str,
    ours: &'static str,
    rule: &'static str,
    closed: &'static [&'static str],
    heard: Heard,
) -> Row {
    Row { name, upstream, ours, rule, closed, heard, compat: None }
}

#[allow(clippy::needless_pass_by_value, reason = "a constant function cannot drop what it does not move")]
const fn echoed(row: Row, compat: Heard) -> Row {
    Row { compat: Some(compat), ..row }
}

/// Every conversation in which upstream stumbles.
pub(crate) const ROWS: &[Row] = &[
    row(
        "s26b_header_spellings",
        "takes `+50` and `5_0` for lengths",
        "no length: the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s30b_lone_surrogate",
        "forwards the escape of half a character",
        "delivers it, the escape untouched",
        "R1",
        &[],
        &[("b", &["DATA/TEXT"])],
    ),
    row(
        "s33_nan",
        "takes and writes `NaN`, `Infinity` and `1e400`",
        "delivers them",
        "R26",
        &[],
        &[("b", &["DATA/TEXT"])],
    ),
    row(
        "s38_type_not_string",
        "takes a TYPE of any kind of value",
        "refuses the message, the sender stays",
        "R5",
        &[],
        &[],
    ),
    row(
        "s46_unknown_room",
        "closes whoever sends to a room that nobody joined; neither TO nor the log gets it",
        "nobody is in the room; TO and the log get theirs, the sender stays",
        "R14",
        &[],
        &[("b", &["m1"]), ("l", &["LOG(m1)"])],
    ),
    row(
        "s47_empty_room_removed_by_leave",
        "closes whoever sends to a room that the last member has left",
        "nobody is in the room, the sender stays",
        "R14",
        &[],
        &[("b", &["m1"])],
    ),
    row(
        "s48_leave_announced_in_emptied_room",
        "closes a last member who announces its leaving in the room",
        "the member leaves and stays connected",
        "R14",
        &[],
        &[],
    ),
    row(
        "s50_data_before_register",
        "closes the stranger",
        "refuses the message; the stranger may still register",
        "R10",
        &[],
        &[],
    ),
    row(
        "s51_join_before_register",
        "closes the stranger, and keeps the room for ever",
        "refuses the message; the stranger may still register, and there is no room",
        "R10",
        &[],
        &[],
    ),
    row(
        "s52_join_before_register_sent_by",
        "closes the stranger, whatever its SENT_BY",
        "refuses the message; the stranger may still register",
        "R10",
        &[],
        &[],
    ),
    echoed(
        row(
            "s55_leave_unknown_room",
            "closes whoever leaves a room that does not exist",
            "changes nothing, the sender stays",
            "R13",
            &[],
            &[],
        ),
        &[("w", &["l"])],
    ),
    row("s56_missing_type", "closes the sender", "refuses the message, the sender stays", "R5", &[], &[]),
    row(
        "s58_join_without_room",
        "closes the sender",
        "refuses the message, the sender stays",
        "R5",
        &[],
        &[],
    ),
    row("s59_join_list", "closes the sender", "refuses the message, the sender stays", "R5", &[], &[]),
    row(
        "s62_to_room_null",
        "has a room called null, and closes whoever sends to it when it is empty",
        "null is no name: refuses the messages, both stay",
        "R5",
        &[],
        &[],
    ),
    row(
        "s63_non_string_names",
        "takes names of any kind of value and compares them as Python does (5 is 5.0, 1 is true)",
        "a name is a text: refuses the others, who may still register; the text `5` is reached",
        "R5",
        &[],
        &[("s5", &["m3"])],
    ),
    row(
        "s64_unregistered_poisons_dm",
        "closes whoever sends to a name while any connection has not registered",
        "strangers are in nobody's way: it reaches whoever has the name, the sender stays",
        "R44",
        &[],
        &[],
    ),
    echoed(
        row(
            "s65_command_room_deleted",
            "closes every newcomer once the last member has left `_command`",
            "the newcomer registers",
            "R14",
            &[],
            &[],
        ),
        &[("a", &["c-reg"])],
    ),
    row(
        "s66_logging_room_deleted",
        "closes whoever sends DATA/FORWARD once the last member has left `_logging`",
        "the message is delivered, the sender stays",
        "R14",
        &[],
        &[("b", &["m1", "m2"])],
    ),
    row(
        "s67_invalid_json_first",
        "closes the sender",
        "refuses the message, the sender stays",
        "R5",
        &[],
        &[],
    ),
    echoed(
        row(
            "s68_invalid_json_after_register",
            "registers once more, and forwards the bad bytes to `_command`",
            "refuses the bytes, the sender stays",
            "R5",
            &[],
            &[],
        ),
        &[("w", &["a-reg"])],
    ),
    row(
        "s69_invalid_json_after_data",
        "forwards the bad bytes where the last message went, and logs that one again",
        "refuses the bytes, the sender stays",
        "R5",
        &[],
        &[("b", &["m1", "m2"]), ("l", &["LOG(m1)"])],
    ),
    row(
        "s70_invalid_json_after_join",
        "joins once more",
        "refuses the bytes, the sender stays",
        "R5",
        &[],
        &[("a", &["m1"])],
    ),
    row("s71_json_array", "closes the sender", "refuses the message, the sender stays", "R5", &[], &[]),
    row("s72_json_number", "closes the sender", "refuses the message, the sender stays", "R5", &[], &[]),
    row(
        "s73_json_string_null",
        "closes the senders",
        "refuses the messages, the senders stay",
        "R5",
        &[],
        &[],
    ),
    row(
        "s75_bom",
        "takes a byte order mark for bad bytes and forwards them where the last message went",
        "refuses the bytes, the sender stays",
        "R5",
        &[],
        &[("b", &["m1"])],
    ),
    echoed(
        row(
            "s77_deep_nesting",
            "takes 900 levels; forwards 1,100 unread where the last message went",
            "refuses both, the sender stays; in upstream's way it delivers the 900 levels",
            "R5",
            &[],
            &[("b", &["m1"])],
        ),
        &[("b", &["m1", "DATA/TEXT"])],
    ),
    echoed(
        row(
            "s78_huge_int",
            "takes a number of 4,301 digits for bad bytes and forwards them where the last message went",
            "delivers it, signed; in upstream's way, which must spell it as Python would, refuses it",
            "R1, R42",
            &[],
            &[("b", &["m1", "DATA/TEXT"])],
        ),
        &[("b", &["m1"])],
    ),
    row(
        "s79_header_not_number",
        "closes the sender",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s80_header_blank",
        "closes the sender",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s81_header_binary",
        "closes the sender",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s82_negative_length",
        "closes the sender",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s83_zero_length_first",
        "closes the sender",
        "refuses the empty message, the sender stays",
        "R5",
        &[],
        &[],
    ),
    row(
        "s84_zero_length_after_data",
        "forwards an empty frame where the last message went, which ends Python clients there; takes `-0` too",
        "refuses the empty message; at `-0` the framing is lost, the sender is closed",
        "R5, R31",
        &["a"],
        &[("b", &["m1"])],
    ),
    row(
        "s85_header_unicode_digits",
        "takes Arabic digits, and forwards them",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "s89_header_split_in_digits",
        "takes the first segment for the whole header, and closes the sender",
        "waits for the rest and delivers",
        "R31",
        &[],
        &[("b", &["m1"])],
    ),
    row(
        "s90_header_split_leak",
        "forwards the torn header, so that the receivers lose their framing",
        "waits for the rest and delivers",
        "R31",
        &[],
        &[("b", &["m0", "m1"])],
    ),
    row(
        "s97_half_close_mid_body",
        "spins for ever, the peer still a member",
        "the connection is over, its seat given up",
        "R16",
        &[],
        &[],
    ),
    row("s99_fin_mid_header", "spins for ever", "the connection is over, its seat given up", "R16", &[], &[]),
    row(
        "t02_header4_overflow",
        "writes a header of five characters where four are agreed: the receiver loses its framing",
        "the message is not sent to this receiver, and counted",
        "R33",
        &[],
        &[],
    ),
    row(
        "t04_header_mismatch",
        "closes the sender",
        "the framing is lost, the sender is closed",
        "R31",
        &["a"],
        &[],
    ),
    row(
        "t05_stalled_reader",
        "blocks the whole server, and closes the sender when the reader goes",
        "holds up nobody; the sender stays",
        "R44",
        &[],
        &[("b2", &["m2"])],
    ),
    row("t06_self_deadlock", "blocks the whole server", "holds up nobody", "R44", &[], &[("b2", &["m2"])]),
    row(
        "t08_join_then_unknown_to_room",
        "closes the sender after it has joined",
        "it joins and stays; nobody is in the other room",
        "R14",
        &[],
        &[("b", &["m1"])],
    ),
];
