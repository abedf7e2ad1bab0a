//! Arithmetic: two tensors of one shape number by number, and a tensor with a number.

use std::ops::{Add, Div, Mul, Neg, Sub};

use half::{bf16, f16};

use super::element::Element;
use super::{Dtype, Tensor, elements, wrong};
use crate::Fault;

/// A float that arithmetic is done in.
trait Float:
    Element
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
}

impl Float for f16 {}
impl Float for bf16 {}
impl Float for f32 {}
impl Float for f64 {}

/// Evaluates an expression with `$float` standing for the type of a float dtype's numbers.
macro_rules! with_float {
    ($dtype:expr, $float:ident => $result:expr) => {
        match $dtype {
            Dtype::F16 => {
                type $float = f16;
                $result
            }
            Dtype::Bf16 => {
                type $float = bf16;
                $result
            }
            Dtype::F32 => {
                type $float = f32;
                $result
            }
            _ => {
                type $float = f64;
                $result
            }
        }
    };
}

/// Finds the dtype that two are computed in: the float that holds both floats, `F64` beside anything else.
fn joined(one: Dtype, another: Dtype) -> Dtype {
    match (one, another) {
        (one, another) if one == another && one.is_float() => one,
        (Dtype::F16 | Dtype::Bf16 | Dtype::F32, Dtype::F16 | Dtype::Bf16 | Dtype::F32) => Dtype::F32,
        _ => Dtype::F64,
    }
}

fn pairwise<E: Float>(one: &Tensor, another: &Tensor, join: impl Fn(E, E) -> E) -> Vec<u8> {
    let mut out = vec![0; one.data.len()];
    let pairs = elements::<E>(&one.data).zip(elements::<E>(&another.data));
    for (place, (a, b)) in out.chunks_exact_mut(E::SIZE).zip(pairs) {
        join(a, b).write(place);
    }
    out
}

fn each<E: Float>(tensor: &Tensor, change: impl Fn(E) -> E) -> Vec<u8> {
    let mut out = vec![0; tensor.data.len()];
    for (place, number) in out.chunks_exact_mut(E::SIZE).zip(elements::<E>(&tensor.data)) {
        change(number).write(place);
    }
    out
}

impl Tensor {
    /// Brings two tensors of one shape to one float dtype.
    fn matched(&self, other: &Self) -> Result<(Self, Self), Fault> {
        if self.shape != other.shape {
            let (one, another) = (&self.shape, &other.shape);
            return Err(wrong(format!(
                "the shapes {one:?} and {another:?} differ, and nothing is broadcast"
            )));
        }
        let dtype = joined(self.dtype, other.dtype);
        Ok((self.to_dtype(dtype), other.to_dtype(dtype)))
    }

    /// Returns it as floats, its own if it has such.
    fn as_floats(&self) -> Self {
        self.to_dtype(if self.dtype.is_float() { self.dtype } else { Dtype::F64 })
    }

    fn with_data(&self, data: Vec<u8>) -> Self {
        Self { dtype: self.dtype, shape: self.shape.clone(), data: data.into() }
    }
}

/// Defines an operator: checked between tensors, and as the operator in all its forms.
macro_rules! operator {
    ($trait:ident $method:ident $try_method:ident $what:literal $sign:tt) => {
        impl Tensor {
            #[doc = concat!("Computes the ", $what, " number by number. The dtype is that of both; of two different floats one that")]
            /// holds both; `F64` where integers or truth values take part.
            ///
            /// # Errors
            /// [`Fault::Malformed`] when the shapes differ: nothing is broadcast.
            pub fn $try_method(&self, other: &Self) -> Result<Self, Fault> {
                let (one, another) = self.matched(other)?;
                Ok(one.with_data(with_float!(one.dtype, E => pairwise::<E>(&one, &another, |a, b| a $sign b))))
            }
        }

        #[doc = concat!("Computes the ", $what, " number by number, as [`Tensor::", stringify!($try_method), "`] does; panics when the shapes differ.")]
        impl $trait<&Tensor> for &Tensor {
            type Output = Tensor;

            fn $method(self, other: &Tensor) -> Tensor {
                self.$try_method(other).unwrap_or_else(|fault| panic!("{self} {} {other}: {fault}", stringify!($sign)))
            }
        }

        /// Keeps the dtype of a tensor of floats; `F64` for integers and truth values.
        impl $trait<f64> for &Tensor {
            type Output = Tensor;

            fn $method(self, number: f64) -> Tensor {
                let floats = self.as_floats();
                floats.with_data(with_float!(floats.dtype, E => {
                    let number = E::of_f64(number);
                    each::<E>(&floats, |a| a $sign number)
                }))
            }
        }

        /// Keeps the dtype of a tensor of floats; `F64` for integers and truth values.
        impl $trait<&Tensor> for f64 {
            type Output = Tensor;

            fn $method(self, tensor: &Tensor) -> Tensor {
                let floats = tensor.as_floats();
                floats.with_data(with_float!(floats.dtype, E => {
                    let number = E::of_f64(self);
                    each::<E>(&floats, |a| number $sign a)
                }))
            }
        }

        by_value!($trait $method Tensor, Tensor);
        by_value!($trait $method Tensor, &Tensor);
        by_value!($trait $method &Tensor, Tensor);
        by_value!($trait $method Tensor, f64);
        by_value!($trait $method f64, Tensor);
    };
}

/// Defines an operator on values by what it is on references.
macro_rules! by_value {
    ($trait:ident $method:ident Tensor, Tensor) => {
        by_value!($trait $method (Tensor, one => &one), (Tensor, another => &another));
    };
    ($trait:ident $method:ident Tensor, &Tensor) => {
        by_value!($trait $method (Tensor, one => &one), (&Tensor, another => another));
    };
    ($trait:ident $method:ident &Tensor, Tensor) => {
        by_value!($trait $method (&Tensor, one => one), (Tensor, another => &another));
    };
    ($trait:ident $method:ident Tensor, f64) => {
        by_value!($trait $method (Tensor, one => &one), (f64, another => another));
    };
    ($trait:ident $method:ident f64, Tensor) => {
        by_value!($trait $method (f64, one => one), (Tensor, another => &another));
    };
    ($trait:ident $method:ident ($one:ty, $left:ident => $a:expr), ($another:ty, $right:ident => $b:expr)) => {
        impl $trait<$another> for $one {
            type Output = Tensor;

            fn $method(self, $right: $another) -> Tensor {
                let $left = self;
                $trait::$method($a, $b)
            }
        }
    };
}

operator!(Add add try_add "sum" +);
operator!(Sub sub try_sub "difference" -);
operator!(Mul mul try_mul "product" *);
operator!(Div div try_div "quotient" /);

/// Keeps the dtype of a tensor of floats; `F64` for integers and truth values.
impl Neg for &Tensor {
    type Output = Tensor;

    fn neg(self) -> Tensor {
        let floats = self.as_floats();
        floats.with_data(with_float!(floats.dtype, E => each::<E>(&floats, |a| -a)))
    }
}

impl Neg for Tensor {
    type Output = Self;

    fn neg(self) -> Self {
        -&self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f64s(numbers: &[f64]) -> Tensor {
        Tensor::from_f64([numbers.len()], numbers).unwrap()
    }

    #[test]
    fn numbers_meet_numbers_in_the_same_place() {
        let (a, b) = (f64s(&[6.0, -3.0]), f64s(&[2.0, 4.0]));
        for (result, wanted) in [
            (&a + &b, [8.0, 1.0]),
            (&a - &b, [4.0, -7.0]),
            (&a * &b, [12.0, -12.0]),
            (&a / &b, [3.0, -0.75]),
            (a.clone() + b.clone(), [8.0, 1.0]),
            (a.clone() - &b, [4.0, -7.0]),
            (&a * b, [12.0, -12.0]),
            (-&a, [-6.0, 3.0]),
            (-a, [-6.0, 3.0]),
        ] {
            assert_eq!(result, f64s(&wanted));
        }
    }

    #[test]
    fn a_number_meets_every_number_from_either_side() {
        let a = f64s(&[1.0, 4.0]);
        for (result, wanted) in [
            (&a + 1.0, [2.0, 5.0]),
            (1.0 - &a, [0.0, -3.0]),
            (a.clone() - 1.0, [0.0, 3.0]),
            (2.0 * a.clone(), [2.0, 8.0]),
            (2.0 / &a, [2.0, 0.5]),
            (&a / 2.0, [0.5, 2.0]),
        ] {
            assert_eq!(result, f64s(&wanted));
        }
    }

    #[test]
    fn the_dtype_is_kept_or_the_one_that_holds_both() {
        let of = |dtype| f64s(&[2.0, 3.0]).to_dtype(dtype);
        for (one, another, wanted) in [
            (Dtype::F32, Dtype::F32, Dtype::F32),
            (Dtype::F16, Dtype::F16, Dtype::F16),
            (Dtype::F16, Dtype::Bf16, Dtype::F32),
            (Dtype::F32, Dtype::Bf16, Dtype::F32),
            (Dtype::F32, Dtype::F64, Dtype::F64),
            (Dtype::I64, Dtype::I64, Dtype::F64),
            (Dtype::U8, Dtype::F32, Dtype::F64),
        ] {
            assert_eq!(of(one) * of(another), f64s(&[4.0, 9.0]).to_dtype(wanted), "{one} * {another}");
        }
        for dtype in Dtype::ALL {
            assert_eq!((1.0 + of(dtype)).dtype(), if dtype.is_float() { dtype } else { Dtype::F64 });
        }
    }

    #[test]
    fn nothing_is_broadcast() {
        let fault = f64s(&[1.0]).try_add(&f64s(&[1.0, 2.0])).unwrap_err();
        assert!(fault.to_string().contains("[1] and [2] differ"), "{fault}");
        let one_by_two = f64s(&[1.0, 2.0]).reshape([1, 2]).unwrap();
        assert!(one_by_two.try_mul(&f64s(&[1.0, 2.0])).is_err());
    }

    #[test]
    #[should_panic(expected = "nothing is broadcast")]
    fn an_operator_on_different_shapes_panics() {
        let _ = f64s(&[1.0]) + f64s(&[1.0, 2.0]);
    }

    #[test]
    fn casting_rounds_and_stays_in_range() {
        let mixed = f64s(&[-1.5, 0.0, 300.0, f64::NAN]);
        assert_eq!(mixed.to_dtype(Dtype::I8).to_i64_vec(), [-1, 0, 127, 0]);
        assert_eq!(mixed.to_dtype(Dtype::U8).to_i64_vec(), [0, 0, 255, 0]);
        assert_eq!(mixed.to_dtype(Dtype::Bool).to_i64_vec(), [1, 0, 1, 1]);
        let large = Tensor::from_i64([2], &[i64::MAX, i64::MIN]).unwrap();
        assert_eq!(large.to_dtype(Dtype::U64).to_i64_vec(), [i64::MAX, 0]);
        assert_eq!(large.to_dtype(Dtype::I32).to_i64_vec(), [i32::MAX.into(), i32::MIN.into()]);
        assert_eq!(large.to_dtype(Dtype::F32).to_f32_vec(), [i64::MAX as f32, i64::MIN as f32]);
        assert!(mixed.to_dtype(Dtype::F16).has_nan());
        assert!(!large.has_nan());
    }
}
