//! Bridges: other libraries' arrays as what crosses between components, and their modules as components.

#[cfg(feature = "candle")]
pub mod candle;
#[cfg(feature = "ndarray")]
pub mod ndarray;
