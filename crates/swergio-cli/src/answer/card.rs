//! Card: an item as it is shown at a terminal, or told to a program.

use std::fmt::Write;

use anstyle::Style;
use anyhow::Result;
use serde::Serialize;
use swergio_client::Body;
use swergio_toolbox::feedback::{Asked, Form, Note, Show};

use super::media::Media;
use crate::line::plain;

/// Columns that a line of numbers is drawn in.
const COLUMNS: usize = 60;
/// From low to high.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Is an item as a program is told of it.
#[derive(Serialize)]
struct Told<'a> {
    query: &'a str,
    item: &'a str,
    question: &'a str,
    answer: &'a Form,
    show: &'a Show,
    against: Option<&'a Show>,
    skip: bool,
    deadline: Option<f64>,
    from: &'a str,
    root: Option<&'a str>,
}

/// Spells an item as a JSON object.
pub(super) fn json(asked: &Asked) -> Result<Vec<u8>> {
    let told = Told {
        query: asked.query.as_str(),
        item: &asked.item.id,
        question: &asked.question,
        answer: &asked.answer,
        show: &asked.item.show,
        against: asked.item.against.as_ref(),
        skip: asked.skip,
        deadline: asked.deadline,
        from: &asked.from,
        root: asked.root_id.as_deref(),
    };
    Ok(Body::of(&told)?.to_json())
}

/// Writes an item for a person: who asks what, the item itself, and what may be typed. `counts` are the items that are open, and those that others
/// are at.
pub(super) fn text(asked: &Asked, counts: (usize, usize), now: f64, media: &mut Media) -> Result<String> {
    let mut card = String::new();
    let left = asked
        .deadline
        .map(|deadline| format!(", {:.0} s left", (deadline - now).max(0.0)))
        .unwrap_or_default();
    let others = if counts.1 > 0 { format!(", {} with others", counts.1) } else { String::new() };
    writeln!(
        card,
        "\n{DIM}{} asks about {}{left}; {} open{others}{DIM:#}",
        plain(&asked.from),
        plain(&asked.item.id),
        counts.0
    )?;
    writeln!(card, "{BOLD}{}{BOLD:#}", plain(&asked.question))?;
    match &asked.item.against {
        None => show(&mut card, &asked.item.show, media)?,
        Some(against) => {
            writeln!(card, "1:")?;
            show(&mut card, &asked.item.show, media)?;
            writeln!(card, "2:")?;
            show(&mut card, against, media)?;
        }
    }
    writeln!(card, "{DIM}{}{}{DIM:#}", wanted(&asked.answer), if asked.skip { ", or /skip" } else { "" })?;
    Ok(if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
        anstream::adapter::strip_str(&card).to_string()
    } else {
        card
    })
}

fn show(card: &mut String, show: &Show, media: &mut Media) -> Result<()> {
    for line in show.text.iter().flat_map(|text| text.lines()) {
        writeln!(card, "  {}", plain(line))?;
    }
    if let Some(numbers) = &show.plot {
        writeln!(card, "  {}", sparkline(numbers))?;
    }
    if let Some(notes) = &show.notes {
        writeln!(card, "  {}", melody(notes))?;
    }
    for (verb, url) in [("see", &show.image), ("hear", &show.audio)] {
        let Some(url) = url else { continue };
        match media.write(url) {
            Ok(path) => writeln!(card, "  {verb} {}", path.display())?,
            Err(error) => writeln!(card, "  nothing to {verb}: {error:#}")?,
        }
    }
    Ok(())
}

/// Says what may be typed.
fn wanted(form: &Form) -> String {
    match form {
        Form::Choice { options } => {
            let options =
                options.iter().zip(1..).map(|(option, number)| format!("{number} {}", plain(option)));
            options.collect::<Vec<_>>().join(", ")
        }
        Form::Rating { min, max, step, labels } => {
            let labels: Vec<String> = labels.values().map(|label| plain(label)).collect();
            let words = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
            format!("{min} to {max} in steps of {step}{words}")
        }
        Form::Number { min, max, unit } => {
            let bounds = match (min, max) {
                (Some(min), Some(max)) => format!("a number from {min} to {max}"),
                (Some(min), None) => format!("a number from {min}"),
                (None, Some(max)) => format!("a number up to {max}"),
                (None, None) => "a number".to_owned(),
            };
            format!("{bounds} {}", plain(unit)).trim_end().to_owned()
        }
        Form::Text { .. } => "words, in a line".to_owned(),
        Form::Pair => "1 the first is better, 2 the second, 0 neither".to_owned(),
    }
}

/// Draws numbers as a line of blocks, between the least and the most of them.
fn sparkline(numbers: &[f64]) -> String {
    let finite = || numbers.iter().copied().filter(|number| number.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return "no numbers".to_owned();
    }
    let each = numbers.len().div_ceil(COLUMNS).max(1);
    let height = |part: &[f64]| {
        let there: Vec<f64> = part.iter().copied().filter(|number| number.is_finite()).collect();
        let mean = there.iter().sum::<f64>() / there.len() as f64;
        if there.is_empty() {
            return '·';
        }
        let share = if high > low { (mean - low) / (high - low) } else { 0.5 };
        HEIGHTS[((share * HEIGHTS.len() as f64) as usize).min(HEIGHTS.len() - 1)]
    };
    let line: String = numbers.chunks(each).map(height).collect();
    format!("{line}  {low:.4} to {high:.4}")
}

/// Names the notes, each with how many beats it is held if not one.
fn melody(notes: &[Note]) -> String {
    let named = notes.iter().map(|note| {
        let pitch = note.pitch.round().clamp(0.0, 127.0) as usize;
        let name = format!("{}{}", NAMES[pitch % 12], (pitch / 12) as i64 - 1);
        if (note.length - 1.0).abs() < 1e-9 { name } else { format!("{name}×{}", note.length) }
    });
    named.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use swergio_client::MessageId;
    use swergio_toolbox::feedback::Item;

    use super::*;

    #[test]
    fn a_card_shows_what_is_asked_and_what_may_be_typed() {
        let notes = vec![
            Note { start: 0.0, length: 2.0, pitch: 60.0 },
            Note { start: 2.0, length: 1.0, pitch: 69.0 },
        ];
        let show = Show { plot: Some(vec![0.0, 1.0, f64::NAN, 7.0]), ..Show::melody(notes, 120.0) };
        let asked = Asked {
            query: MessageId::new("q"),
            root_id: None,
            from: "lear\u{1b}[2Jner".into(),
            question: "How good?".into(),
            answer: Form::rating(0, 5),
            item: Item::new("7", Show { text: Some("la\nla \u{1b}[31m".into()), ..show }),
            skip: true,
            deadline: Some(130.0),
        };
        let card = text(&asked, (3, 1), 100.0, &mut Media::default()).unwrap();
        let card = anstream::adapter::strip_str(&card).to_string();
        assert!(card.contains("asks about 7, 30 s left; 3 open, 1 with others\nHow good?\n"), "{card}");
        assert!(
            card.contains("  la\n") && card.contains("▁▂·█  0.0000 to 7.0000") && card.contains("C4×2 A4"),
            "{card}"
        );
        assert!(card.contains("0 to 5 in steps of 1, or /skip"), "{card}");
        assert!(!card.contains('\u{1b}'), "{card:?}");
    }

    #[test]
    fn many_numbers_fit_a_line() {
        let numbers: Vec<f64> = (0..10_000).map(f64::from).collect();
        assert!(sparkline(&numbers).chars().filter(|letter| HEIGHTS.contains(letter)).count() <= COLUMNS);
        assert_eq!(sparkline(&[f64::NAN]), "no numbers");
    }
}
