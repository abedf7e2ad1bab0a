//! Genome: a melody as 128 bits, eight bars of four notes of four bits.

use std::fmt;
use std::str::FromStr;

use swergio_toolbox::dice::Dice;

/// Bits of a genome.
pub(crate) const BITS: usize = BARS * NOTES * WIDTH;
/// Bars of a melody.
pub(crate) const BARS: usize = 8;
/// Notes of a bar, a quarter each.
pub(crate) const NOTES: usize = 4;
/// Bits of a note, the least first.
const WIDTH: usize = 4;
/// From this value on a note is a rest.
const RESTS: u8 = 8;

/// Holds the bits of a melody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Genome(Vec<bool>);

/// Is one place of the melody, a quarter long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A degree of the scale, 0 to 7: from the tonic to the tonic above.
    Degree(u8),
    /// Nothing sounds.
    Rest,
}

impl Genome {
    /// Takes 128 bits.
    pub(crate) fn new(bits: Vec<bool>) -> Result<Self, String> {
        if bits.len() == BITS {
            Ok(Self(bits))
        } else {
            Err(format!("a genome has {BITS} bits, not {}", bits.len()))
        }
    }

    /// Draws one, each bit as likely.
    pub(crate) fn by_chance(dice: &mut Dice) -> Self {
        Self((0..BITS).map(|_| dice.chance(0.5)).collect())
    }

    /// Returns the bits.
    pub(crate) fn bits(&self) -> &[bool] {
        &self.0
    }

    /// Spells it in 32 hexadecimal digits, the first bit being the largest of its digit.
    pub(crate) fn hex(&self) -> String {
        let digit = |bits: &[bool]| bits.iter().fold(0, |digit, bit| 2 * digit + u32::from(*bit));
        let digits = self.0.chunks(4).map(digit);
        digits.filter_map(|digit| char::from_digit(digit, 16)).collect()
    }

    /// Lists the 32 places, in time.
    pub(crate) fn places(&self) -> Vec<Place> {
        let value = |bits: &[bool]| bits.iter().rev().fold(0, |value, bit| 2 * value + u8::from(*bit));
        let place = |value| if value < RESTS { Place::Degree(value) } else { Place::Rest };
        self.0.chunks(WIDTH).map(|bits| place(value(bits))).collect()
    }
}

impl fmt::Display for Genome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|bit| f.write_str(if *bit { "1" } else { "0" }))
    }
}

/// Reads 128 digits 0 and 1; what stands between them, as in `(0, 1, …)`, is passed over. 32 hexadecimal digits are read as well, four
/// bits each, the first bit being the largest of its digit.
impl FromStr for Genome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain: String =
            text.chars().filter(|sign| !matches!(sign, '(' | ')' | ',' | ' ' | '[' | ']')).collect();
        if plain.len() == BITS / 4 && plain.chars().all(|digit| digit.is_ascii_hexdigit()) {
            let digits = plain.chars().filter_map(|digit| digit.to_digit(16));
            return Self::new(
                digits.flat_map(|digit| (0..4).rev().map(move |bit| digit >> bit & 1 == 1)).collect(),
            );
        }
        let bit = |sign| match sign {
            '0' => Ok(false),
            '1' => Ok(true),
            other => Err(format!(
                "{other:?} is no bit: a genome is {BITS} digits 0 and 1, or {} hexadecimal ones",
                BITS / 4
            )),
        };
        Self::new(plain.chars().map(bit).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_its_least_bit_first() {
        let genome: Genome = format!("1000{}0111{}", "0".repeat(60), "0".repeat(60)).parse().unwrap();
        let places = genome.places();
        assert_eq!((places[0], places[1], places[16]), (Place::Degree(1), Place::Degree(0), Place::Rest));
        assert_eq!(places.len(), BARS * NOTES);
    }

    #[test]
    fn a_genome_is_read_as_it_is_written_and_as_the_data_has_it() {
        let text = "10".repeat(64);
        let genome: Genome = text.parse().unwrap();
        assert_eq!(genome.to_string(), text);
        let tuple = format!("({})", text.chars().map(String::from).collect::<Vec<_>>().join(", "));
        assert_eq!(tuple.parse::<Genome>().unwrap(), genome);
        assert_eq!("a".repeat(32).parse::<Genome>().unwrap(), genome);
        assert_eq!(genome.hex(), "a".repeat(32));
        let any = Genome::by_chance(&mut Dice::seeded(1));
        assert_eq!(any.hex().parse::<Genome>().unwrap(), any);
        assert!("10".repeat(63).parse::<Genome>().unwrap_err().contains("not 126"));
        assert!("12".repeat(64).parse::<Genome>().unwrap_err().contains("'2'"));
    }
}
