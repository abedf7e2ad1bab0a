//! Play: a script acted out in the world and in the model, and the first difference between them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::Model;
use crate::outcome::{Outcome, State};
use crate::script::{Deed, Line, PLACES, Script};
use crate::switch::Switch;
use crate::world::World;

/// Is the line at which world and model part, and how.
#[derive(Debug)]
pub(crate) struct Failure {
    line: usize,
    what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at line {}: {}", self.line, self.what)
    }
}

/// Acts a script out, and has everybody hang up at its end. `seen` is shown each outcome.
pub(crate) fn play(
    script: &Script,
    switch: impl Switch,
    mut seen: impl FnMut(&Outcome),
) -> Result<(), Failure> {
    let (mut world, mut model) = (World::new(&script.house, switch), Model::new(&script.house));
    let ends = (0..PLACES).map(|place| Line { place, deed: Deed::HangUp });
    for (number, Line { place, deed }) in script.lines.iter().cloned().chain(ends).enumerate() {
        let expected = model.perform(place, &deed);
        let outcome = catch_unwind(AssertUnwindSafe(|| world.perform(place, &deed)));
        let differs = match &outcome {
            Ok(outcome) => difference(outcome, &expected)
                .or_else(|| world.state().map_or_else(Some, |state| difference(&state, &model.state()))),
            Err(_) => Some(format!("it panics, which is not {expected:?}")),
        };
        if let Some(what) = differs {
            return Err(Failure { line: number + 1, what });
        }
        seen(&expected);
    }
    if world.state().is_ok_and(|state| state == State::default()) {
        return Ok(());
    }
    Err(Failure { line: script.lines.len() + PLACES, what: "somebody is left behind".into() })
}

fn difference<T: PartialEq + fmt::Debug>(is: &T, should_be: &T) -> Option<String> {
    (is != should_be).then(|| format!("it is {is:?}, and should be {should_be:?}"))
}

/// Leaves out of a failing script whatever it fails without, larger parts first.
pub(crate) fn shorten(script: &Script, fails: impl Fn(&Script) -> bool) -> Script {
    let mut script = script.clone();
    let mut part = script.lines.len().div_ceil(2);
    while part > 0 {
        let mut from = 0;
        while from < script.lines.len() {
            let mut shorter = script.clone();
            shorter.lines.drain(from..script.lines.len().min(from + part));
            if fails(&shorter) {
                script = shorter;
            } else {
                from += part;
            }
        }
        part /= 2;
    }
    script
}
