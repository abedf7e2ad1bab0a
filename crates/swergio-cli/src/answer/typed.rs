//! Typed: a line that a person or a program wrote, read as an answer.

use serde::Deserialize;
use swergio_client::Body;
use swergio_toolbox::feedback::{Asked, Form, Label};

use crate::line::plain;

/// Says what a line means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Typed {
    /// This is the answer.
    Label(Label),
    /// The item is passed over.
    Skip,
    /// The item is to be shown again.
    Show,
    /// Enough.
    Quit,
    /// Nothing that makes sense here, and why.
    Wrong(String),
}

/// Is a line of a program's.
#[derive(Debug, Default, Deserialize)]
struct Line {
    #[serde(default)]
    item: Option<String>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    skip: bool,
    #[serde(default)]
    quit: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Number(f64),
    Text(String),
}

/// Reads a line about an item.
pub(super) fn read(line: &str, asked: &Asked, json: bool) -> Typed {
    let typed = if json { program(line, asked) } else { person(line, asked) };
    match typed {
        Typed::Skip if !asked.skip => Typed::Wrong("it may not be passed over".to_owned()),
        typed => typed,
    }
}

/// Tells whether a line says that it is enough, whatever is asked.
pub(super) fn is_quit(line: &str, json: bool) -> bool {
    match json {
        true => {
            Body::from_json(line.as_bytes()).and_then(|body| body.read()).is_ok_and(|line: Line| line.quit)
        }
        false => line.trim() == "/quit",
    }
}

fn person(line: &str, asked: &Asked) -> Typed {
    let word = line.trim();
    // A letter is a command only where it could not be an answer.
    let letters = match &asked.answer {
        Form::Text { .. } => false,
        Form::Choice { options } => !options.iter().any(|option| option == word),
        Form::Rating { .. } | Form::Number { .. } | Form::Pair => true,
    };
    match word {
        "/skip" => Typed::Skip,
        "/show" => Typed::Show,
        "/quit" => Typed::Quit,
        "s" if letters => Typed::Skip,
        "?" if letters => Typed::Show,
        "q" if letters => Typed::Quit,
        "" => Typed::Wrong("type an answer, /skip or /quit".to_owned()),
        word if word.starts_with('/') && !word.contains(' ') && letters => {
            Typed::Wrong(format!("{word:?} is no command: there are /skip, /show and /quit"))
        }
        _ => label(asked, line),
    }
}

fn label(asked: &Asked, line: &str) -> Typed {
    match asked.answer.parse(line) {
        Ok(label) => Typed::Label(label),
        // It names options, which are whatever the asker likes.
        Err(fault) => Typed::Wrong(plain(fault.reason())),
    }
}

fn program(line: &str, asked: &Asked) -> Typed {
    let line: Line = match Body::from_json(line.as_bytes()).and_then(|body| body.read()) {
        Ok(line) => line,
        Err(fault) => {
            return Typed::Wrong(format!("an answer is a JSON object with `value` or `skip`: {fault}"));
        }
    };
    let other = |wanted: &Option<String>, is: &str| wanted.as_ref().is_some_and(|wanted| wanted != is);
    if line.quit {
        return Typed::Quit;
    }
    if other(&line.item, &asked.item.id) || other(&line.query, asked.query.as_str()) {
        return Typed::Wrong(format!("that is about another item; {:?} is before you", asked.item.id));
    }
    match line.value {
        _ if line.skip => Typed::Skip,
        Some(Value::Number(number)) => label(asked, &number.to_string()),
        Some(Value::Text(text)) => label(asked, &text),
        None => Typed::Wrong("an answer has `value` or `skip`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use swergio_client::MessageId;
    use swergio_toolbox::feedback::{Item, Show};

    use super::*;

    fn asked(answer: Form) -> Asked {
        Asked {
            query: MessageId::new("q"),
            root_id: None,
            from: "learner".into(),
            question: "How?".into(),
            answer,
            item: Item::new("7", Show::default()),
            skip: true,
            deadline: None,
        }
    }

    #[test]
    fn a_letter_is_a_command_only_where_it_is_no_answer() {
        let (rating, words) = (asked(Form::rating(0, 5)), asked(Form::Text { lines: false }));
        let choice = asked(Form::choice(["q", "r"]));
        assert_eq!(read("4", &rating, false), Typed::Label(Label::Number(4.0)));
        assert_eq!([read("s", &rating, false), read("q", &rating, false)], [Typed::Skip, Typed::Quit]);
        assert_eq!(read("q", &words, false), Typed::Label(Label::Text("q".into())));
        assert_eq!(read("q", &choice, false), Typed::Label(Label::Text("q".into())));
        assert_eq!(read("/quit", &words, false), Typed::Quit);
        for line in ["", "6", "good", "/leave"] {
            assert!(matches!(read(line, &rating, false), Typed::Wrong(_)), "{line}");
        }
        assert!(matches!(read("s", &Asked { skip: false, ..rating }, false), Typed::Wrong(_)));
    }

    #[test]
    fn options_do_not_move_the_cursor_when_they_are_named() {
        let Typed::Wrong(why) = read("z", &asked(Form::choice(["a\u{1b}[2J", "b"])), false) else {
            panic!("z is no option")
        };
        assert!(why.contains("u{1b}") && !why.contains('\u{1b}'), "{why:?}");
    }

    #[test]
    fn a_program_answers_in_objects() {
        let rating = asked(Form::rating(0, 5));
        assert_eq!(read(r#"{"item": "7", "value": 4}"#, &rating, true), Typed::Label(Label::Number(4.0)));
        assert_eq!(read(r#"{"skip": true}"#, &rating, true), Typed::Skip);
        assert_eq!(read(r#"{"quit": true}"#, &rating, true), Typed::Quit);
        for line in ["4", r#"{"item": "8", "value": 4}"#, r#"{"value": 9}"#, "{}"] {
            assert!(matches!(read(line, &rating, true), Typed::Wrong(_)), "{line}");
        }
    }
}
