//! Score: a melody as notes in time.

use crate::genome::{Genome, Place};

/// Beats, of a quarter each, a minute.
pub(crate) const TEMPO: f64 = 128.0;
/// C major from the C of octave 4 to the one above, as MIDI numbers them.
const SCALE: [u8; 8] = [60, 62, 64, 65, 67, 69, 71, 72];

/// Is one tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tone {
    /// When it begins, in quarters.
    pub(crate) start: u32,
    /// How many quarters it is held.
    pub(crate) length: u32,
    /// Its pitch, as MIDI numbers them.
    pub(crate) pitch: u8,
}

/// Writes a melody out: a note that is equal to the one before it prolongs that one; a rest ends it.
pub(crate) fn tones(genome: &Genome) -> Vec<Tone> {
    let mut tones: Vec<Tone> = Vec::new();
    let mut before = Place::Rest;
    for (start, place) in (0..).zip(genome.places()) {
        if let Place::Degree(degree) = place {
            match tones.last_mut() {
                Some(last) if before == place => last.length += 1,
                _ => tones.push(Tone { start, length: 1, pitch: SCALE[usize::from(degree)] }),
            }
        }
        before = place;
    }
    tones
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spells values of four bits, the rest of the melody being rests.
    fn melody(values: &[u8]) -> Genome {
        let rest = std::iter::repeat_n(&15, 32 - values.len());
        let bits = values.iter().chain(rest).flat_map(|value| (0..4).map(move |bit| value >> bit & 1 == 1));
        Genome::new(bits.collect()).unwrap()
    }

    #[test]
    fn equal_notes_are_held_and_a_rest_parts_them() {
        let heard: Vec<_> = tones(&melody(&[0, 0, 4, 9, 4, 7]))
            .iter()
            .map(|tone| (tone.start, tone.length, tone.pitch))
            .collect();
        assert_eq!(heard, [(0, 2, 60), (2, 1, 67), (4, 1, 67), (5, 1, 72)]);
        assert!(tones(&melody(&[])).is_empty());
    }
}
