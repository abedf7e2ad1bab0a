//! Quotient: derivatives along one direction, from differences.

use super::{Layout, Vjp};
use crate::slope::Line;
use crate::{BoxError, Value, Values};

/// Holds a derivative that was measured from differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope<V> {
    /// The derivative.
    pub value: V,
    /// How far it is off, about: the Euclidean length of what the last extrapolation changed.
    pub error: f64,
}

/// Computes J·v, how the output changes along a direction of the input.
///
/// Measured: six forwards, central differences of three steps h, extrapolated twice, so that the error is of the order h⁶ and,
/// in `f64`, commonly 1e-12 of the result; in `f32` 1e-5. A kink within the steps spoils it, and shows in
/// [`Slope::error`]. It is exact as `jacobian(…)` times v, at the cost of a vjp for each number of the output.
///
/// # Errors
/// Whatever the model finds wrong; when `direction` has another shape than `input`.
pub async fn jvp<M, X, Y>(model: &mut M, input: X, direction: X) -> Result<Slope<Y>, BoxError>
where
    M: Vjp,
    X: Value,
    Y: Value,
{
    let (input, direction) = (input.into_values()?, direction.into_values()?);
    let inputs = Layout::of(&input);
    let base = model.forwards(vec![input.clone()]).await.pop().unwrap_or_else(|| Err(NOTHING.into()))?;
    let outputs = Layout::of(&base);
    let ends = async |points: Vec<Values>| {
        let outcomes = model.forwards(points).await;
        outcomes.into_iter().map(|outcome| Ok(outputs.read(&outcome?)?)).collect()
    };
    let (row, error) = along(&inputs, &input, &direction, ends).await?;
    Ok(Slope { value: Y::from_values(outputs.write(&row)?)?, error })
}

/// Computes H·v, the Hessian of a loss of the output times a direction of the input.
///
/// Measured from gradients, which are exact: six forwards and six vjp, extrapolated as [`jvp`] is. `loss` returns the loss and
/// its gradient by the output, and is called for each.
///
/// # Errors
/// As [`jvp`], and whatever the loss finds wrong.
pub async fn hvp<M, X, Y>(
    model: &mut M,
    input: X,
    direction: X,
    mut loss: impl FnMut(Y) -> Result<(f64, Y), BoxError> + Send,
) -> Result<Slope<X>, BoxError>
where
    M: Vjp,
    X: Value,
    Y: Value,
{
    let (input, direction) = (input.into_values()?, direction.into_values()?);
    let inputs = Layout::of(&input);
    let ends = async |points: Vec<Values>| {
        let mut rows = Vec::with_capacity(points.len());
        for point in points {
            let answer = |output: &Values| Ok(loss(Y::from_values(output.clone())?)?.1.into_values()?);
            rows.push(inputs.read(&model.turn(point, answer).await?)?);
        }
        Ok(rows)
    };
    let (row, error) = along(&inputs, &input, &direction, ends).await?;
    Ok(Slope { value: X::from_values(inputs.write(&row)?)?, error })
}

const NOTHING: &str = "the model returned nothing";

/// Differentiates along a direction whatever `ends` computes at points.
async fn along(
    inputs: &Layout,
    input: &Values,
    direction: &Values,
    ends: impl AsyncFnOnce(Vec<Values>) -> Result<Vec<Vec<f64>>, BoxError>,
) -> Result<(Vec<f64>, f64), BoxError> {
    let (x, v) = (inputs.read(input)?, inputs.read(direction)?);
    let length = |row: &[f64]| row.iter().map(|number| number * number).sum::<f64>().sqrt();
    let unit = match (length(&x), length(&v)) {
        (_, 0.0) => return Err("the direction has no length".into()),
        (0.0, v) => 1.0 / v,
        (x, v) => x / v,
    };
    let scaled = v.iter().map(|v| v * unit).collect();
    let line = Line::new(x, scaled, Vec::new(), inputs, inputs);
    let steps = line.steps(false);
    let rows = ends(line.points(&steps, inputs)?).await?;
    let quotients: Vec<Vec<f64>> = steps
        .iter()
        .zip(rows.chunks(2))
        .map(|(step, ends)| {
            ends[0].iter().zip(&ends[1]).map(|(up, down)| (up - down) / (2.0 * step * unit)).collect()
        })
        .collect();
    let [coarse, middle, fine] = quotients.as_slice() else { return Err(NOTHING.into()) };
    let richer = |fine: f64, coarse: f64, order: f64| fine + (fine - coarse) / (order - 1.0);
    let (mut row, mut change) = (Vec::with_capacity(fine.len()), Vec::with_capacity(fine.len()));
    for ((coarse, middle), fine) in coarse.iter().zip(middle).zip(fine) {
        let (once, twice) = (richer(*middle, *coarse, 4.0), richer(*fine, *middle, 4.0));
        let thrice = richer(twice, once, 16.0);
        row.push(thrice);
        change.push(thrice - twice);
    }
    Ok((row, length(&change)))
}
