//! Element: one number of a tensor, read from its bytes.

use half::{bf16, f16};
use serde::Serialize;

use super::Dtype;
use crate::codec::json::{write_f32, write_f64};
use crate::codec::msgpack::decimal;

/// Reads and writes one number of a dtype.
pub(crate) trait Element: Copy {
    const DTYPE: Dtype;
    const SIZE: usize = size_of::<Self>();
    /// About how many characters one takes in JSON, its comma included.
    const JSON: usize;

    /// Reads `SIZE` bytes, little-endian.
    fn read(bytes: &[u8]) -> Self;
    fn append(self, out: &mut Vec<u8>);
    /// Fills `SIZE` bytes, little-endian.
    fn write(self, out: &mut [u8]);
    /// Takes the nearest number. An integer loses the fraction and stays in its range, NaN becomes 0; what is not 0
    /// is true.
    fn of_f64(number: f64) -> Self;
    /// Takes the nearest number.
    fn of_i64(number: i64) -> Self;
    fn f32(self) -> f32;
    fn f64(self) -> f64;
    fn i64(self) -> i64;
    fn write_json(self, out: &mut Vec<u8>);
    /// Returns the number as serde knows it.
    fn plain(self) -> impl Serialize;
}

macro_rules! number {
    ($($type:ident $dtype:ident $json:literal $write:expr;)*) => {$(
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            const JSON: usize = $json;

            fn read(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("a chunk has the size of a number"))
            }

            fn append(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn write(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }

            fn of_f64(number: f64) -> Self {
                number as Self
            }

            fn of_i64(number: i64) -> Self {
                number.clamp(Self::MIN.i64(), Self::MAX.i64()) as Self
            }

            fn f32(self) -> f32 {
                self as f32
            }

            fn f64(self) -> f64 {
                self as f64
            }

            fn i64(self) -> i64 {
                i64::try_from(self as i128).unwrap_or(if self as f64 > 0.0 { i64::MAX } else { i64::MIN })
            }

            fn write_json(self, out: &mut Vec<u8>) {
                $write(out, self.into());
            }

            fn plain(self) -> impl Serialize {
                self
            }
        }
    )*};
}

number! {
    f32 F32 12 write_f32;
    f64 F64 20 write_f64;
    i8 I8 5 decimal::write_i64;
    i16 I16 7 decimal::write_i64;
    i32 I32 9 decimal::write_i64;
    i64 I64 9 decimal::write_i64;
    u8 U8 4 decimal::write_u64;
    u16 U16 6 decimal::write_u64;
    u32 U32 9 decimal::write_u64;
    u64 U64 9 decimal::write_u64;
}

macro_rules! half {
    ($($type:ident $dtype:ident;)*) => {$(
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            const JSON: usize = 12;

            fn read(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("a chunk has the size of a number"))
            }

            fn append(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn write(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }

            fn of_f64(number: f64) -> Self {
                Self::from_f64(number)
            }

            fn of_i64(number: i64) -> Self {
                Self::from_f64(number as f64)
            }

            fn f32(self) -> f32 {
                self.to_f32()
            }

            fn f64(self) -> f64 {
                self.to_f64()
            }

            fn i64(self) -> i64 {
                self.to_f32() as i64
            }

            fn write_json(self, out: &mut Vec<u8>) {
                write_f32(out, self.to_f32());
            }

            fn plain(self) -> impl Serialize {
                self.to_f32()
            }
        }
    )*};
}

half! {
    f16 F16;
    bf16 Bf16;
}

impl Element for bool {
    const DTYPE: Dtype = Dtype::Bool;
    const JSON: usize = 6;

    fn read(bytes: &[u8]) -> Self {
        bytes[0] != 0
    }

    fn append(self, out: &mut Vec<u8>) {
        out.push(self.into());
    }

    fn write(self, out: &mut [u8]) {
        out[0] = self.into();
    }

    fn of_f64(number: f64) -> Self {
        number != 0.0
    }

    fn of_i64(number: i64) -> Self {
        number != 0
    }

    fn f32(self) -> f32 {
        self.into()
    }

    fn f64(self) -> f64 {
        self.into()
    }

    fn i64(self) -> i64 {
        self.into()
    }

    fn write_json(self, out: &mut Vec<u8>) {
        decimal::write_bool(out, self);
    }

    fn plain(self) -> impl Serialize {
        self
    }
}

/// Evaluates an expression with `$element` standing for the type of a dtype's numbers.
macro_rules! with_element {
    ($dtype:expr, $element:ident => $result:expr) => {
        match $dtype {
            $crate::Dtype::F16 => {
                type $element = half::f16;
                $result
            }
            $crate::Dtype::Bf16 => {
                type $element = half::bf16;
                $result
            }
            $crate::Dtype::F32 => {
                type $element = f32;
                $result
            }
            $crate::Dtype::F64 => {
                type $element = f64;
                $result
            }
            $crate::Dtype::I8 => {
                type $element = i8;
                $result
            }
            $crate::Dtype::I16 => {
                type $element = i16;
                $result
            }
            $crate::Dtype::I32 => {
                type $element = i32;
                $result
            }
            $crate::Dtype::I64 => {
                type $element = i64;
                $result
            }
            $crate::Dtype::U8 => {
                type $element = u8;
                $result
            }
            $crate::Dtype::U16 => {
                type $element = u16;
                $result
            }
            $crate::Dtype::U32 => {
                type $element = u32;
                $result
            }
            $crate::Dtype::U64 => {
                type $element = u64;
                $result
            }
            $crate::Dtype::Bool => {
                type $element = bool;
                $result
            }
        }
    };
}

pub(super) use with_element;
