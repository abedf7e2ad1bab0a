//! Dtype: what each number of a tensor is, under the name that NumPy gives it.

use std::fmt;

use crate::Fault;

/// Names the type of a tensor's numbers.
///
/// ```
/// use swergio_proto::Dtype;
///
/// assert_eq!(Dtype::parse("<f4")?, Dtype::F32);
/// assert_eq!(Dtype::F32.name(), "<f4");
/// assert_eq!(Dtype::F32.to_string(), "f32");
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// A float of 16 bits (IEEE 754 binary16).
    F16,
    /// A float of 16 bits with the range of `F32` (bfloat16).
    Bf16,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
    /// An integer of 8 bits.
    I8,
    /// An integer of 16 bits.
    I16,
    /// An integer of 32 bits.
    I32,
    /// An integer of 64 bits.
    I64,
    /// An unsigned integer of 8 bits.
    U8,
    /// An unsigned integer of 16 bits.
    U16,
    /// An unsigned integer of 32 bits.
    U32,
    /// An unsigned integer of 64 bits.
    U64,
    /// A truth value in one byte.
    Bool,
}

/// Each dtype with the name that it is written under, a short one for people, and its size in bytes.
const TABLE: [(Dtype, &str, &str, usize); 13] = [
    (Dtype::F16, "<f2", "f16", 2),
    (Dtype::Bf16, "bfloat16", "bf16", 2),
    (Dtype::F32, "<f4", "f32", 4),
    (Dtype::F64, "<f8", "f64", 8),
    (Dtype::I8, "<i1", "i8", 1),
    (Dtype::I16, "<i2", "i16", 2),
    (Dtype::I32, "<i4", "i32", 4),
    (Dtype::I64, "<i8", "i64", 8),
    (Dtype::U8, "<u1", "u8", 1),
    (Dtype::U16, "<u2", "u16", 2),
    (Dtype::U32, "<u4", "u32", 4),
    (Dtype::U64, "<u8", "u64", 8),
    (Dtype::Bool, "|b1", "bool", 1),
];

impl Dtype {
    /// Lists every dtype.
    pub const ALL: [Self; 13] = {
        let (mut all, mut i) = ([Self::F16; 13], 0);
        while i < all.len() {
            all[i] = TABLE[i].0;
            i += 1;
        }
        all
    };

    /// Returns the name that the wire carries: a type string of NumPy's, or `bfloat16`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Counts the bytes of one number.
    pub fn size(self) -> usize {
        TABLE[self as usize].3
    }

    /// Tells whether it is a float, which alone has gradients.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::Bf16 | Self::F32 | Self::F64)
    }

    /// Tells whether it is an integer, with or without a sign; a truth value is none.
    pub fn is_integer(self) -> bool {
        !self.is_float() && self != Self::Bool
    }

    /// Finds the dtype of a name. Single bytes have no order, so `<i1` and NumPy's `|i1` are one.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for every other name; for numbers in big-endian order it says what to do.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        let plain = match name {
            "|i1" => "<i1",
            "|u1" => "<u1",
            "<b1" => "|b1",
            name => name,
        };
        let find = |name: &str| TABLE.iter().find(|row| row.1 == name);
        if let Some(row) = find(plain) {
            return Ok(row.0);
        }
        let swapped = name.strip_prefix('>').map(|kind| format!("<{kind}"));
        Err(super::wrong(match swapped.filter(|swapped| find(swapped).is_some()) {
            Some(swapped) => {
                format!("the dtype {name:?} is big-endian: send the array as astype({swapped:?})")
            }
            None => format!("the dtype {name:?} is none of {}", TABLE.map(|row| row.1).join(", ")),
        }))
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(TABLE[*self as usize].2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_is_found_under_its_name_and_has_its_row() {
        for dtype in Dtype::ALL {
            assert_eq!(Dtype::parse(dtype.name()), Ok(dtype));
            assert_eq!(TABLE[dtype as usize].0, dtype);
        }
    }

    #[test]
    fn single_bytes_have_no_order() {
        assert_eq!(Dtype::parse("|i1"), Ok(Dtype::I8));
        assert_eq!(Dtype::parse("|u1"), Ok(Dtype::U8));
        assert_eq!(Dtype::parse("<b1"), Ok(Dtype::Bool));
    }

    #[test]
    fn a_big_endian_sender_is_told_what_to_do() {
        let fault = Dtype::parse(">f4").unwrap_err();
        assert!(fault.to_string().contains("astype(\"<f4\")"), "{fault}");
        for bad in ["", "f4", "|f4", "<c8", "|O", "|S3", "float32", "?", "é"] {
            assert!(Dtype::parse(bad).is_err(), "{bad}");
        }
    }
}
