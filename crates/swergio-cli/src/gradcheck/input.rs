//! Input: where to check.

use std::fs;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ArgGroup;
use swergio_client::{Body, Dtype, Tensor};
use swergio_toolbox::Values;
use swergio_toolbox::dice::Dice;

/// Says what goes in: numbers from a file, or random ones of a shape.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Input", group = ArgGroup::new("numbers").required(true))]
#[group(skip)]
pub(super) struct Input {
    /// Random numbers between -1 and 1, so many along each dimension: 4,3. With ports: wind=4,1; may then be repeated.
    #[arg(long, value_name = "[PORT=]N,N", value_parser = shape, group = "numbers")]
    shape: Vec<(String, Vec<usize>)>,
    /// What is sent as DATA, from a file of JSON: nested lists, or a map of such by port; `-` reads standard input.
    #[arg(long, value_name = "FILE", group = "numbers")]
    input: Option<PathBuf>,
    /// Random numbers, as many and as large as those in this file.
    #[arg(long, value_name = "FILE", group = "numbers")]
    like: Option<PathBuf>,
    /// The type of the numbers: f64, f32, f16 or bf16.
    #[arg(long, default_value = "f64", value_parser = dtype)]
    dtype: Dtype,
}

impl Input {
    /// Reads or draws the input.
    pub(super) fn read(&self, seed: u64) -> Result<Values> {
        let mut dice = Dice::seeded(seed);
        if let Some(path) = self.input.as_ref().or(self.like.as_ref()) {
            let values = from_json(path).with_context(|| format!("{} is no input", path.display()))?;
            let drawn = self.like.is_some();
            return each(
                values,
                |tensor| if drawn { like(tensor, &mut dice) } else { Ok(tensor.clone()) },
                self.dtype,
            );
        }
        let named = self.shape.len() > 1 || self.shape.iter().any(|(name, _)| !name.is_empty());
        let draw = |(name, shape): &(String, Vec<usize>)| {
            let count: usize = shape.iter().product();
            let numbers: Vec<f64> = (0..count).map(|_| dice.between(-1.0, 1.0)).collect();
            Ok((name.clone(), Tensor::from_f64(shape.clone(), &numbers)?))
        };
        let mut tensors = self.shape.iter().map(draw).collect::<Result<Vec<_>>>()?;
        let values = match tensors.pop() {
            Some((_, tensor)) if !named => Values::One(tensor),
            last => Values::Named(tensors.into_iter().chain(last).collect()),
        };
        each(values, |tensor| Ok(tensor.clone()), self.dtype)
    }
}

/// Draws numbers as large as those of a tensor, of its shape.
fn like(tensor: &Tensor, dice: &mut Dice) -> Result<Tensor> {
    let size = tensor.norm() / f64::max(1.0, tensor.len() as f64).sqrt();
    let numbers: Vec<f64> = (0..tensor.len()).map(|_| size * dice.between(-1.0, 1.0)).collect();
    Ok(Tensor::from_f64(tensor.shape(), &numbers)?)
}

/// Changes every tensor, and makes it one of `dtype`.
fn each(values: Values, mut change: impl FnMut(&Tensor) -> Result<Tensor>, dtype: Dtype) -> Result<Values> {
    Ok(match values {
        Values::One(tensor) => Values::One(change(&tensor)?.to_dtype(dtype)),
        Values::Named(named) => {
            let changed =
                named.into_iter().map(|(name, tensor)| Ok((name, change(&tensor)?.to_dtype(dtype))));
            Values::Named(changed.collect::<Result<_>>()?)
        }
    })
}

fn from_json(path: &Path) -> Result<Values> {
    let mut text = Vec::new();
    match path.to_str() {
        Some("-") => drop(stdin().lock().read_to_end(&mut text)?),
        _ => text = fs::read(path)?,
    }
    Ok(Values::read(&Body::from_json(&text)?)?)
}

fn shape(text: &str) -> Result<(String, Vec<usize>)> {
    let (name, dimensions) = text.split_once('=').unwrap_or(("", text));
    let numbers = dimensions.split(',').map(|number| number.trim().parse::<usize>());
    match numbers.collect::<Result<Vec<_>, _>>() {
        Ok(shape) if shape.iter().all(|number| *number > 0) => Ok((name.to_owned(), shape)),
        _ => bail!("write the length of each dimension, as in --shape 4,3 or --shape wind=4,1"),
    }
}

fn dtype(text: &str) -> Result<Dtype> {
    let floats = [Dtype::F64, Dtype::F32, Dtype::F16, Dtype::Bf16];
    match floats.into_iter().find(|dtype| dtype.to_string() == text) {
        Some(dtype) => Ok(dtype),
        None => bail!("f64, f32, f16 or bf16 can be differentiated"),
    }
}
