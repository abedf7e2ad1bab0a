//! Value: candle's tensors to and from those of the wire.

use candle_core::{DType, Device, Tensor as CandleTensor};
use swergio_client::{Dtype, Tensor};

use crate::{PassFault, Value, Values};

/// Copies a tensor into candle's memory. Truth values become `u8`.
///
/// # Errors
/// [`PassFault`] for `i8`, `u16` and `u64`, which candle does not have, and when the device has no room.
pub fn to_candle(tensor: &Tensor, device: &Device) -> Result<CandleTensor, PassFault> {
    let dtype = match tensor.dtype() {
        Dtype::F16 => DType::F16,
        Dtype::Bf16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        Dtype::I16 => DType::I16,
        Dtype::I32 => DType::I32,
        Dtype::I64 => DType::I64,
        Dtype::U8 | Dtype::Bool => DType::U8,
        Dtype::U32 => DType::U32,
        _ => {
            return Err(PassFault::unreadable(format!("candle has no {}: send i64 or f32", tensor.dtype())));
        }
    };
    CandleTensor::from_raw_buffer(tensor.data(), dtype, tensor.shape(), device).map_err(PassFault::unreadable)
}

/// Copies a tensor of candle's, in C order, however it lies in memory.
///
/// # Errors
/// [`PassFault`] for dtypes that the wire does not have: floats of eight bits and fewer.
pub fn to_tensor(tensor: &CandleTensor) -> Result<Tensor, PassFault> {
    let dtype = match tensor.dtype() {
        DType::F16 => Dtype::F16,
        DType::BF16 => Dtype::Bf16,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::I16 => Dtype::I16,
        DType::I32 => Dtype::I32,
        DType::I64 => Dtype::I64,
        DType::U8 => Dtype::U8,
        DType::U32 => Dtype::U32,
        other => {
            return Err(PassFault::unreadable(format!(
                "no message can carry {}: convert it to f32",
                other.as_str()
            )));
        }
    };
    let mut bytes = Vec::with_capacity(tensor.elem_count() * dtype.size());
    tensor.write_bytes(&mut bytes).map_err(PassFault::unreadable)?;
    Tensor::new(dtype, tensor.dims(), bytes).map_err(PassFault::unreadable)
}

impl Value for CandleTensor {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        to_candle(&Tensor::from_values(values)?, &Device::Cpu)
    }

    fn into_values(self) -> Result<Values, PassFault> {
        to_tensor(&self).map(Values::One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_that_both_have_crosses_and_comes_back() {
        let floats = [1.0_f32, -2.5, 0.1, f32::INFINITY, 3.0, 4.0];
        let sent = CandleTensor::new(&floats, &Device::Cpu).unwrap().reshape((2, 3)).unwrap();
        for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
            let sent = sent.to_dtype(dtype).unwrap();
            let tensor = to_tensor(&sent).unwrap();
            assert_eq!(tensor.shape(), [2, 3]);
            let back = to_candle(&tensor, &Device::Cpu).unwrap();
            assert_eq!((back.dtype(), to_tensor(&back).unwrap()), (dtype, tensor));
        }
        let integers = CandleTensor::new(&[0_i64, 7, 200], &Device::Cpu).unwrap();
        for dtype in [DType::U8, DType::U32, DType::I16, DType::I32, DType::I64] {
            let tensor = to_tensor(&integers.to_dtype(dtype).unwrap()).unwrap();
            assert_eq!(tensor.to_i64_vec(), [0, 7, 200]);
            assert_eq!(to_candle(&tensor, &Device::Cpu).unwrap().dtype(), dtype);
        }
    }

    #[test]
    fn a_transposed_tensor_crosses_in_the_order_of_its_rows() {
        let sent = CandleTensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap().t().unwrap();
        assert_eq!(to_tensor(&sent).unwrap().to_f64_vec(), [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn bytes_at_any_address_are_read() {
        let bytes: Vec<u8> = [0, 0, 0].into_iter().chain(1.5_f64.to_le_bytes()).collect();
        let odd = bytes::Bytes::from(bytes).slice(3..);
        let tensor = Tensor::new(Dtype::F64, [1], odd).unwrap();
        assert_eq!(to_candle(&tensor, &Device::Cpu).unwrap().to_vec1::<f64>().unwrap(), [1.5]);
    }

    #[test]
    fn a_dtype_that_candle_does_not_have_is_told() {
        let tensor = Tensor::new(Dtype::U16, [1], vec![1, 0]).unwrap();
        let told = to_candle(&tensor, &Device::Cpu).unwrap_err().to_string();
        assert!(told.contains("u16"), "{told}");
        let truth = Tensor::from_bool([2], &[true, false]).unwrap();
        assert_eq!(to_candle(&truth, &Device::Cpu).unwrap().to_vec1::<u8>().unwrap(), [1, 0]);
    }
}
