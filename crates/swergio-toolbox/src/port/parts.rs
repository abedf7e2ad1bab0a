//! Parts: the tensors of one message, and whether their sender knew of dtypes.

use swergio_client::{Body, Dtype, Tensor};

use crate::{PassFault, Values};

/// Holds the tensors of one `DATA`.
pub(super) struct Parts {
    /// Whether they came as a map by name.
    pub(super) named: bool,
    pub(super) parts: Vec<Part>,
}

/// Holds one tensor.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) tensor: Tensor,
    pub(super) origin: Origin,
}

/// Says who chose the dtype of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Origin {
    /// Nobody: lists and numbers, which are all that JSON has, have none.
    Lists,
    /// The sender.
    Sender,
    /// The component's own code, of whose floats only the values matter.
    Own,
}

impl Parts {
    /// Reads `DATA`: one tensor, or a map of tensors by name.
    pub(super) fn read(body: Option<&Body>) -> Result<Self, PassFault> {
        let body = body.ok_or_else(|| {
            PassFault::unreadable("the message has no DATA").help("send a tensor, or tensors by port name")
        })?;
        if body.is_tensor() {
            let tensor = body.tensor().map_err(PassFault::unreadable)?;
            return Ok(Self::one(tensor, Origin::Sender));
        }
        match body.entries() {
            None => {
                body.tensor().map(|tensor| Self::one(tensor, Origin::Lists)).map_err(PassFault::unreadable)
            }
            Some(entries) => {
                let read = |(name, body): (String, Body)| match body.tensor() {
                    Ok(tensor) => Ok(Part { tensor, origin: origin_of(&body), name }),
                    Err(fault) => Err(PassFault::unreadable(fault).on_port(name)),
                };
                let parts = entries.into_iter().map(read).collect::<Result<_, _>>()?;
                Ok(Self { named: true, parts })
            }
        }
    }

    /// Takes what the component's own code returned.
    pub(super) fn of(values: Values) -> Self {
        match values {
            Values::One(tensor) => Self::one(tensor, Origin::Own),
            Values::Named(named) => {
                let part = |(name, tensor)| Part { name, tensor, origin: Origin::Own };
                Self { named: true, parts: named.into_iter().map(part).collect() }
            }
        }
    }

    fn one(tensor: Tensor, origin: Origin) -> Self {
        Self { named: false, parts: vec![Part { name: String::new(), tensor, origin }] }
    }

    /// Puts them in the order of `names`, one each. Where there is one name, one bare tensor will do.
    pub(super) fn in_order<'n>(
        self,
        names: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Result<Vec<Part>, PassFault> {
        let names: Vec<&str> = names.into_iter().collect();
        match (names.as_slice(), self.named) {
            ([only], false) => {
                let name = (*only).to_owned();
                Ok(self.parts.into_iter().map(|part| Part { name: name.clone(), ..part }).collect())
            }
            _ => pick(self.parts, self.named, &names),
        }
    }
}

fn pick(mut parts: Vec<Part>, named: bool, names: &[&str]) -> Result<Vec<Part>, PassFault> {
    let received =
        || if named { "nothing of this name".to_owned() } else { "one tensor without a name".to_owned() };
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let Some(at) = parts.iter().position(|part| named && part.name == *name) else {
            return Err(PassFault::new("PORT_MISSING", "a port has no tensor, and none is made up")
                .on_port(*name)
                .declared_received(format!("{names:?}"), received())
                .help("send DATA as a map with a tensor for each port"));
        };
        found.push(parts.swap_remove(at));
    }
    match parts.first() {
        None => Ok(found),
        Some(part) => Err(PassFault::new("PORT_UNKNOWN", "a tensor came for a port that there is not")
            .on_port(part.name.clone())
            .declared_received(format!("{names:?}"), part.tensor.to_string())
            .help("leave it out, or mend its name")),
    }
}

impl Part {
    /// Returns its numbers as `dtype`: as they are, or cast where nobody meant another one. None when they do not fit.
    pub(super) fn taken_as(&self, dtype: Dtype) -> Option<Tensor> {
        let (from, both_floats) = (self.tensor.dtype(), self.tensor.dtype().is_float() && dtype.is_float());
        match self.origin {
            _ if from == dtype => Some(self.tensor.clone()),
            Origin::Sender => None,
            Origin::Own => both_floats.then(|| self.tensor.to_dtype(dtype)),
            Origin::Lists if from == Dtype::Bool => None,
            Origin::Lists => {
                let cast = self.tensor.to_dtype(dtype);
                (dtype.is_float() || self.tensor.to_f64_vec() == cast.to_f64_vec()).then_some(cast)
            }
        }
    }
}

fn origin_of(body: &Body) -> Origin {
    if body.is_tensor() { Origin::Sender } else { Origin::Lists }
}

/// Makes values of them: bare where one came bare or one is declared.
pub(super) fn values(parts: Vec<(String, Tensor)>, bare: bool) -> Values {
    let mut parts = parts;
    if bare && parts.len() == 1 {
        return Values::One(parts.remove(0).1);
    }
    Values::Named(parts)
}
