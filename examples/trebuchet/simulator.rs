//! Simulator: the trebuchet as a component, from a batch of aims to their distances and back.

use swergio_toolbox::{BoxError, Column, Differentiable, Pass, Port, Tensor};

use super::shot::{Aim, Gradient, Shot, Trebuchet};
use super::shots::{distances, shoot_all};

/// Shoots with each row of `[batch, 3]`: wind in m/s, angle in degrees, counterweight in lb. Gives `[batch]`, the distances in m.
///
/// A shot that comes down nowhere has the distance NaN and no gradient: what came of the others still counts.
#[derive(Debug, Default)]
pub(crate) struct Simulator {
    trebuchet: Trebuchet,
}

impl Simulator {
    /// Declares what it takes.
    pub(crate) fn takes() -> Port {
        Port::f64("aim").shape(("batch", 3)).columns([
            Column::new("wind").unit("m/s"),
            Column::new("angle").unit("deg"),
            Column::new("weight").unit("lb"),
        ])
    }

    /// Declares what it gives.
    pub(crate) fn gives() -> Port {
        Port::f64("distance").shape("batch").unit("m").allow_nan()
    }
}

impl Differentiable for Simulator {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Vec<Option<Gradient>>;

    fn forward(&mut self, input: Tensor, _: &Pass) -> Result<(Tensor, Self::Saved), BoxError> {
        let shots = shoot_all(&self.trebuchet, &aims(&input)?);
        let far: Vec<f64> =
            shots.iter().map(|shot| shot.as_ref().map_or(f64::NAN, |shot| shot.distance)).collect();
        let gradients =
            shots.into_iter().map(|shot| shot.ok().map(|Shot { gradient, .. }| gradient)).collect();
        Ok((Tensor::from_f64([far.len()], &far)?, gradients))
    }

    fn infer(&mut self, input: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        let far = distances(&self.trebuchet, &aims(&input)?);
        let far: Vec<f64> = far.into_iter().map(|far| far.unwrap_or(f64::NAN)).collect();
        Ok(Tensor::from_f64([far.len()], &far)?)
    }

    fn vjp(&mut self, saved: Self::Saved, cotangent: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        let by_aim: Vec<f64> = saved.iter().zip(cotangent.to_f64_vec()).flat_map(by_row).collect();
        Ok(Tensor::from_f64([saved.len(), 3], &by_aim)?)
    }
}

fn by_row((gradient, by_distance): (&Option<Gradient>, f64)) -> [f64; 3] {
    let by_aim = gradient.map(|Gradient { wind, angle, weight }| [wind, angle, weight]);
    by_aim.map_or([0.0; 3], |by_aim| by_aim.map(|by| by * by_distance))
}

/// Reads aims from the rows of a tensor.
pub(crate) fn aims(rows: &Tensor) -> Result<Vec<Aim>, BoxError> {
    if !matches!(rows.shape(), [_, 3]) {
        return Err(format!("aims are [batch, 3]: wind, angle, weight; {rows} came").into());
    }
    let numbers = rows.to_f64_vec();
    Ok(numbers.chunks(3).map(|row| Aim { wind: row[0], angle: row[1], weight: row[2] }).collect())
}
