//! Sample: one message of a pass as the broker shows it in `_watch`.

use std::collections::BTreeMap;

use serde::Deserialize;
use swergio_client::{Envelope, Message};

/// Is one message: who said what in which room, and when the broker had it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    /// Seconds since 1970.
    pub(super) time: f64,
    pub(super) from: String,
    pub(super) said: Said,
    /// Nothing where no tensor was in it.
    pub(super) norm: Option<Norm>,
}

/// Is what a message says of itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(super) struct Said {
    pub(super) r#type: String,
    pub(super) id: Option<String>,
    pub(super) root_id: Option<String>,
    pub(super) to_room: Option<String>,
    pub(super) r#ref: Option<String>,
    pub(super) component: Option<String>,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) queue_time: Option<f64>,
    pub(super) compute_time: Option<f64>,
    pub(super) weights_version: Option<i64>,
    pub(super) model_status: Option<i64>,
}

/// Sums up all tensors of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Norm {
    /// Over the finite numbers.
    pub(super) value: f64,
    /// Numbers that are NaN or infinite.
    pub(super) broken: u64,
}

#[derive(Deserialize)]
struct Summary {
    norm: f64,
    nan: u64,
    inf: u64,
}

impl Sample {
    /// Reads a `LOG/SAMPLE`; nothing if what it shows belongs to no pass.
    pub(super) fn read(told: &Message) -> Option<Self> {
        let said: Said = Envelope::field(told, "MESSAGE")?.read().ok()?;
        let sample = Self {
            time: told.field("TIME").ok().flatten()?,
            from: told.field("FROM").ok().flatten()?,
            norm: told.field("SUMMARY").ok().flatten().and_then(|tensors| Norm::of(&tensors)),
            said,
        };
        (sample.is_forward() || sample.is_backward() || sample.is_fault()).then_some(sample)
    }

    /// Returns the ROOT_ID of its pass: that of a message without one is its own ID.
    pub(super) fn root(&self) -> Option<&str> {
        self.said.root_id.as_deref().or(self.said.id.as_deref())
    }

    pub(super) fn is_forward(&self) -> bool {
        self.said.r#type == "DATA/FORWARD"
    }

    pub(super) fn is_backward(&self) -> bool {
        matches!(self.said.r#type.as_str(), "DATA/GRADIENT" | "DATA/REWARD")
    }

    pub(super) fn is_fault(&self) -> bool {
        self.said.r#type == "DATA/FAULT"
    }

    /// Names its room, or nothing.
    pub(super) fn room(&self) -> &str {
        self.said.to_room.as_deref().unwrap_or_default()
    }
}

impl Norm {
    fn of(tensors: &BTreeMap<String, Summary>) -> Option<Self> {
        let one = |sum: Self, tensor: &Summary| Self {
            value: sum.value.hypot(tensor.norm),
            broken: sum.broken + tensor.nan + tensor.inf,
        };
        (!tensors.is_empty()).then(|| tensors.values().fold(Self::default(), one))
    }
}
