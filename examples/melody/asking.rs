//! Asking: a melody as a question to a person, who hears it.

use std::time::Duration;

use swergio_toolbox::feedback::{Form, Item, Note, Question, Show};

use crate::genome::Genome;
use crate::score::{TEMPO, tones};
use crate::wave;

/// Makes the question how pleasant some melodies are. With `sound` each is also an audio file, which any browser plays.
pub(crate) fn question(melodies: &[Genome], sound: bool, patience: Duration) -> Question {
    let mut form = Form::rating(0, 5);
    if let Form::Rating { labels, .. } = &mut form {
        labels.extend([("0".to_owned(), "0 awful".to_owned()), ("5".to_owned(), "5 lovely".to_owned())]);
    }
    let question = Question::new("How pleasant is this melody?", form).patience(patience);
    melodies.iter().fold(question, |question, melody| question.about(item(melody, sound)))
}

/// Shows a melody, under its genome.
fn item(melody: &Genome, sound: bool) -> Item {
    let notes: Vec<Note> = tones(melody)
        .iter()
        .map(|tone| Note { start: tone.start.into(), length: tone.length.into(), pitch: tone.pitch.into() })
        .collect();
    let audio = sound.then(|| wave::data_url(melody));
    Item::new(melody.hex(), Show { audio, ..Show::melody(notes, TEMPO) })
}
