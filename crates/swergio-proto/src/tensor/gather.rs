//! Gathering of nested lists into a tensor, in one pass, with the place of whatever does not fit.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{MAX_RANK, Tensor};
use crate::Fault;

/// Gathers numbers while lists are read, and learns the shape from the first of each depth.
#[derive(Default)]
pub(super) struct Gather {
    /// How long the lists of each depth are, once the first of that depth has ended.
    lengths: Vec<Option<usize>>,
    /// How many lists are around each number, once there is one.
    rank: Option<usize>,
    /// Where we are.
    path: Vec<usize>,
    numbers: Numbers,
}

#[derive(Default)]
enum Numbers {
    #[default]
    None,
    Truths(Vec<bool>),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
}

impl Gather {
    /// Makes a tensor of what was gathered. Without any number it is one of floats, as in NumPy.
    pub(super) fn finish(self) -> Result<Tensor, Fault> {
        let shape: Vec<usize> = self.lengths.into_iter().flatten().collect();
        match self.numbers {
            Numbers::None => Tensor::from_f64(shape, &[]),
            Numbers::Truths(truths) => Tensor::from_bool(shape, &truths),
            Numbers::Integers(numbers) => Tensor::from_i64(shape, &numbers),
            Numbers::Floats(numbers) => Tensor::from_f64(shape, &numbers),
        }
    }

    fn begin_list<E: Error>(&mut self) -> Result<(), E> {
        let depth = self.path.len();
        if self.rank.is_some_and(|rank| rank <= depth) {
            return Err(self.misplaced("is a list, where others are numbers"));
        }
        if depth == MAX_RANK {
            return Err(self.misplaced("nests deeper than a tensor has dimensions"));
        }
        if self.lengths.len() == depth {
            self.lengths.push(None);
        }
        self.path.push(0);
        Ok(())
    }

    fn end_list<E: Error>(&mut self) -> Result<(), E> {
        let length = self.path.pop().expect("a list that ends has begun");
        let usual = *self.lengths[self.path.len()].get_or_insert(length);
        if usual == length {
            return Ok(());
        }
        Err(self.misplaced(&format!("has length {length}, where others have {usual}")))
    }

    fn begin_number<E: Error>(&mut self) -> Result<(), E> {
        let depth = self.path.len();
        if self.rank == Some(depth) {
            return Ok(());
        }
        if self.rank.is_some() || self.lengths.len() > depth {
            return Err(self.misplaced("is a number, where others are lists"));
        }
        self.rank = Some(depth);
        Ok(())
    }

    fn float<E: Error>(&mut self, number: f64) -> Result<(), E> {
        self.begin_number()?;
        match &mut self.numbers {
            Numbers::Floats(numbers) => numbers.push(number),
            Numbers::None => self.numbers = Numbers::Floats(vec![number]),
            Numbers::Integers(integers) => {
                let mut numbers: Vec<f64> = integers.iter().map(|integer| *integer as f64).collect();
                numbers.push(number);
                self.numbers = Numbers::Floats(numbers);
            }
            Numbers::Truths(_) => return Err(self.misplaced("is a number, where others are true or false")),
        }
        Ok(())
    }

    fn integer<E: Error>(&mut self, number: i64) -> Result<(), E> {
        self.begin_number()?;
        match &mut self.numbers {
            Numbers::Integers(numbers) => numbers.push(number),
            Numbers::Floats(numbers) => numbers.push(number as f64),
            Numbers::None => self.numbers = Numbers::Integers(vec![number]),
            Numbers::Truths(_) => return Err(self.misplaced("is a number, where others are true or false")),
        }
        Ok(())
    }

    fn truth<E: Error>(&mut self, truth: bool) -> Result<(), E> {
        self.begin_number()?;
        match &mut self.numbers {
            Numbers::Truths(truths) => truths.push(truth),
            Numbers::None => self.numbers = Numbers::Truths(vec![truth]),
            _ => return Err(self.misplaced("is true or false, where others are numbers")),
        }
        Ok(())
    }

    /// Blames the item at the current place.
    #[cold]
    fn misplaced<E: Error>(&self, what: &str) -> E {
        let place: String = self.path.iter().map(|index| format!("[{index}]")).collect();
        let lists = if place.is_empty() { "the lists" } else { "the item at " };
        E::custom(format_args!("no tensor: {lists}{place} {what}"))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Gather {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Gather {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nested lists of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.begin_list()?;
        while list.next_element_seed(&mut *self)?.is_some() {
            *self.path.last_mut().expect("a list has begun") += 1;
        }
        self.end_list()
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.truth(truth)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.integer(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        match i64::try_from(number) {
            Ok(number) => self.integer(number),
            Err(_) => self.float(number as f64),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.float(number)
    }

    /// Some JSON writers spell NaN as null.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.float(f64::NAN)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Err(self.misplaced("is text"))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<(), E> {
        Err(self.misplaced("is bin"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.misplaced("is a map"))
    }
}
