//! Wire: how a declaration is spelt, and read with suspicion.

use std::collections::BTreeSet;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use swergio_client::Dtype;

use super::{Form, Space};

/// A declaration as it is spelt.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum Spelt {
    Box {
        low: Vec<f64>,
        high: Vec<f64>,
        shape: Vec<usize>,
        dtype: String,
    },
    Discrete {
        n: u32,
        #[serde(default)]
        start: i32,
    },
    MultiDiscrete {
        nvec: Vec<u32>,
    },
    MultiBinary {
        shape: Vec<usize>,
    },
    Dict {
        spaces: Named,
    },
}

/// Spaces by name, a map that keeps its order.
struct Named(Vec<(String, Space)>);

impl Serialize for Space {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let spelt = match self.0.clone() {
            Form::Box { low, high, shape, dtype } => {
                Spelt::Box { low, high, shape, dtype: dtype.name().to_owned() }
            }
            Form::Discrete { n, start } => Spelt::Discrete { n, start },
            Form::MultiDiscrete { nvec } => Spelt::MultiDiscrete { nvec },
            Form::MultiBinary { shape } => Spelt::MultiBinary { shape },
            Form::Dict { spaces } => Spelt::Dict { spaces: Named(spaces) },
        };
        spelt.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Space {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = match Spelt::deserialize(deserializer)? {
            Spelt::Box { low, high, shape, dtype } => {
                Form::Box { low, high, shape, dtype: Dtype::parse(&dtype).map_err(D::Error::custom)? }
            }
            Spelt::Discrete { n, start } => Form::Discrete { n, start },
            Spelt::MultiDiscrete { nvec } => Form::MultiDiscrete { nvec },
            Spelt::MultiBinary { shape } => Form::MultiBinary { shape },
            Spelt::Dict { spaces } => Form::Dict { spaces: spaces.0 },
        };
        Self::new(form).map_err(D::Error::custom)
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, space)| map.serialize_entry(name, space))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Named;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of spaces by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
        let (mut spaces, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some((name, space)) = map.next_entry::<String, Space>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!("{name:?} occurs twice")));
            }
            spaces.push((name, space));
        }
        Ok(Named(spaces))
    }
}
