//! Wire: a port as a map in a message.

use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use swergio_client::Dtype;

use super::{Column, Dim, Port};

/// What a port is on the wire: what is absent is not declared.
#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(default)]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dtype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<Length>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ColumnForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<Ends>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    differentiable: Option<bool>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    nan: bool,
}

#[derive(Serialize, Deserialize)]
struct ColumnForm {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<Ends>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Length {
    Fixed(usize),
    Named(String),
}

/// Both ends of a range, null where it is open.
#[derive(Serialize, Deserialize)]
struct Ends(Option<f64>, Option<f64>);

impl Ends {
    fn of(range: &RangeInclusive<f64>) -> Self {
        let closed = |end: f64| end.is_finite().then_some(end);
        Self(closed(*range.start()), closed(*range.end()))
    }

    fn range(self) -> RangeInclusive<f64> {
        self.0.unwrap_or(f64::NEG_INFINITY)..=self.1.unwrap_or(f64::INFINITY)
    }
}

impl Serialize for Port {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let length = |dim: &Dim| match dim {
            Dim::Fixed(length) => Length::Fixed(*length),
            Dim::Named(name) => Length::Named(name.clone()),
        };
        let column = |column: &Column| ColumnForm {
            name: column.name.clone(),
            unit: column.unit.clone(),
            range: column.range.as_ref().map(Ends::of),
        };
        Form {
            name: self.name.clone(),
            dtype: self.dtype.map(|dtype| dtype.name().to_owned()),
            shape: self.shape.as_ref().map(|dims| dims.iter().map(length).collect()),
            columns: self.columns.iter().map(column).collect(),
            unit: self.unit.clone(),
            range: self.range.as_ref().map(Ends::of),
            differentiable: self.differentiable,
            nan: self.nan,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(from)?;
        let dim = |length| match length {
            Length::Fixed(length) => Dim::Fixed(length),
            Length::Named(name) => Dim::Named(name),
        };
        let column = |form: ColumnForm| Column {
            name: form.name,
            unit: form.unit,
            range: form.range.map(Ends::range),
        };
        Ok(Self {
            name: form.name,
            // A dtype that we do not know is one that we cannot compare.
            dtype: form.dtype.and_then(|name| Dtype::parse(&name).ok()),
            shape: form.shape.map(|dims| dims.into_iter().map(dim).collect()),
            columns: form.columns.into_iter().map(column).collect(),
            unit: form.unit,
            range: form.range.map(Ends::range),
            differentiable: form.differentiable,
            nan: form.nan,
        })
    }
}

#[cfg(test)]
mod tests {
    use swergio_client::Body;

    use super::*;

    #[test]
    fn a_port_comes_back_from_the_wire_as_it_was() {
        let aim = Port::f64("aim").shape(("batch", 3)).allow_nan().differentiable(false).columns([
            Column::new("wind").unit("m/s").range(-20.0..=20.0),
            Column::new("weight").range(0.0..=f64::INFINITY),
            Column::new("angle"),
        ]);
        for port in [aim, Port::new(""), Port::f32("y").shape(()).unit("m").range(-1.0..=1.0)] {
            let body = Body::of(&port).unwrap();
            assert_eq!(body.read::<Port>().unwrap(), port);
            assert_eq!(Body::from_json(&body.to_json()).unwrap().read::<Port>().unwrap(), port);
        }
        let json = Body::of(&Port::f64("x").shape(("n", 2)).range(0.0..=f64::INFINITY)).unwrap().to_json();
        let wanted = r#"{"name":"x","dtype":"<f8","shape":["n",2],"range":[0.0,null]}"#;
        assert_eq!(String::from_utf8(json).unwrap().replace(' ', ""), wanted);
    }
}
