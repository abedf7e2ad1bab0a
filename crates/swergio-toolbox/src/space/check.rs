//! Check: whether values are in a space, and the door through which they come.

use swergio_client::{Body, Tensor};

use super::{Form, Space, SpaceFault, dotted};
use crate::Values;

impl Space {
    /// Checks one value: shape, dtype, NaN and range of everything.
    ///
    /// # Errors
    /// [`SpaceFault`] with the first thing that does not fit.
    pub fn check(&self, values: &Values) -> Result<(), SpaceFault> {
        self.check_leaves(None, values)
    }

    /// Checks a batch: one value for each of `rows` environments, stacked along a first dimension.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_batch(&self, rows: usize, values: &Values) -> Result<(), SpaceFault> {
        self.check_leaves(Some(rows), values)
    }

    /// Reads a batch out of a message. What came as nested lists, which have no dtype, takes the declared one, unless numbers
    /// would be lost; a tensor must have it already.
    ///
    /// # Errors
    /// [`SpaceFault`] with the first thing that does not fit.
    pub fn read_batch(&self, rows: usize, body: &Body) -> Result<Values, SpaceFault> {
        let values = match &self.0 {
            Form::Dict { .. } => {
                let mut named = Vec::new();
                self.read_into("", body, &mut named)?;
                Values::Named(named)
            }
            form => Values::One(read_leaf(form, "", body)?),
        };
        self.check_batch(rows, &values)?;
        Ok(values)
    }

    /// Spells values as they cross the wire: a map for a Dict, maps in it for Dicts in it, a tensor otherwise.
    ///
    /// # Errors
    /// [`SpaceFault`] when a name of the Dict is missing.
    pub fn spell(&self, values: &Values) -> Result<Body, SpaceFault> {
        self.spell_under("", values)
    }

    fn spell_under(&self, prefix: &str, values: &Values) -> Result<Body, SpaceFault> {
        let Form::Dict { spaces } = &self.0 else {
            return Ok(find(values, prefix)?.clone().into());
        };
        let spelt = spaces.iter().map(|(name, space)| {
            space.spell_under(&dotted(prefix, name), values).map(|body| (name.as_str(), body))
        });
        let spelt: Vec<(&str, Body)> = spelt.collect::<Result<_, _>>()?;
        Ok(Body::of_entries(spelt).expect("names of a Dict occur once"))
    }

    fn read_into(
        &self,
        prefix: &str,
        body: &Body,
        named: &mut Vec<(String, Tensor)>,
    ) -> Result<(), SpaceFault> {
        let Form::Dict { spaces } = &self.0 else {
            named.push((prefix.to_owned(), read_leaf(&self.0, prefix, body)?));
            return Ok(());
        };
        let map = body.entries().filter(|_| !body.is_tensor());
        let map = map.ok_or_else(|| SpaceFault::new("UNREADABLE", prefix, "a map", "something else"))?;
        if let Some((odd, _)) = map.iter().find(|(key, _)| spaces.iter().all(|(name, _)| name != key)) {
            return Err(SpaceFault::new("UNKNOWN", &dotted(prefix, odd), "no such name", "a value"));
        }
        for (name, space) in spaces {
            let path = dotted(prefix, name);
            let found = map.iter().find(|(key, _)| key == name);
            let (_, body) = found.ok_or_else(|| SpaceFault::new("MISSING", &path, "a value", "none"))?;
            space.read_into(&path, body, named)?;
        }
        Ok(())
    }

    fn check_leaves(&self, rows: Option<usize>, values: &Values) -> Result<(), SpaceFault> {
        let leaves = self.leaves();
        if let Some((odd, _)) = values.iter().find(|(key, _)| leaves.iter().all(|(name, _)| name != key)) {
            return Err(SpaceFault::new("UNKNOWN", odd, "no such name", "a value"));
        }
        leaves.iter().try_for_each(|(name, form)| check_leaf(form, name, rows, find(values, name)?))
    }
}

fn find<'v>(values: &'v Values, name: &str) -> Result<&'v Tensor, SpaceFault> {
    let found = values.iter().find(|(key, _)| *key == name);
    found.map(|(_, tensor)| tensor).ok_or_else(|| SpaceFault::new("MISSING", name, "a value", "none"))
}

fn read_leaf(form: &Form, field: &str, body: &Body) -> Result<Tensor, SpaceFault> {
    let unreadable =
        |fault: swergio_client::Fault| SpaceFault::new("UNREADABLE", field, "a tensor", fault.to_string());
    let tensor = body.tensor().map_err(unreadable)?;
    if body.is_tensor() || tensor.dtype() == form.dtype() {
        return Ok(tensor);
    }
    let cast = tensor.to_dtype(form.dtype());
    let lost = !form.dtype().is_float() && cast.to_f64_vec() != tensor.to_f64_vec();
    if lost {
        let declared = form.dtype().name();
        return Err(SpaceFault::new("DTYPE", field, declared, format!("{tensor}, which it cannot hold")));
    }
    Ok(cast)
}

fn check_leaf(form: &Form, field: &str, rows: Option<usize>, tensor: &Tensor) -> Result<(), SpaceFault> {
    let shape: Vec<usize> = rows.into_iter().chain(form.shape()).collect();
    if tensor.shape() != shape {
        let (declared, received) = (format!("{shape:?}"), format!("{:?}", tensor.shape()));
        return Err(SpaceFault::new("SHAPE", field, declared, received));
    }
    if tensor.dtype() != form.dtype() {
        return Err(SpaceFault::new("DTYPE", field, form.dtype().name(), tensor.dtype().name()));
    }
    let width = form.shape().iter().product::<usize>().max(1);
    for (place, number) in tensor.to_f64_vec().into_iter().enumerate() {
        let (low, high) = rounded(form, place % width);
        if number.is_nan() {
            return Err(SpaceFault::new("NOT_FINITE", field, "numbers", format!("NaN at {place}")));
        }
        if !(low..=high).contains(&number) {
            let declared = format!("{low} to {high}");
            return Err(SpaceFault::new("RANGE", field, declared, format!("{number} at {place}")));
        }
    }
    Ok(())
}

/// Rounds the bounds as the numbers of a float of 32 bits are: 0.1 declared is 0.1 sent.
fn rounded(form: &Form, place: usize) -> (f64, f64) {
    let (low, high) = form.bounds(place);
    match form.dtype() {
        swergio_client::Dtype::F32 => (f64::from(low as f32), f64::from(high as f32)),
        _ => (low, high),
    }
}
