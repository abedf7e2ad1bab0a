//! Checkpoint: weights, and what learning remembers, as a file of safetensors.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype as FileDtype, SafeTensors};
use swergio_client::{Dtype, Tensor};

use super::{CheckpointFault, folder, limits};
use crate::weights::Tensors;

/// How the names of what learning remembers begin, so that it is told from weights.
const STATE: &str = "_learner.";

/// The metadata that counts the gradients learned from.
const STEPS: &str = "steps";

/// Holds what a component has learned, and what it needs to go on learning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// The weights.
    pub weights: Tensors,
    /// What learning remembers: moments, number of steps. Empty in files that others wrote.
    pub state: Tensors,
    /// Gradients that the component has learned from.
    pub steps: u64,
}

impl Checkpoint {
    /// Writes the file, whole or not at all, and makes its folder if there is none.
    ///
    /// # Errors
    /// When it cannot be written, or a weight's name begins with `_learner.`.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), CheckpointFault> {
        let path = path.as_ref();
        folder::write_whole(path, &self.spell().map_err(|why| CheckpointFault::broken(path, why))?)
    }

    /// Reads a file. None when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is no checkpoint.
    pub fn read(path: impl AsRef<Path>) -> Result<Option<Self>, CheckpointFault> {
        let path = path.as_ref();
        let Some(bytes) = folder::read_bounded(path, limits::WEIGHTS_BYTES)? else { return Ok(None) };
        Self::parse(&bytes).map(Some).map_err(|why| CheckpointFault::broken(path, why))
    }

    fn spell(&self) -> Result<Vec<u8>, String> {
        if let Some(name) = self.weights.keys().find(|name| name.starts_with(STATE)) {
            return Err(format!("the weight {name:?} must not begin with {STATE:?}"));
        }
        let weights = self.weights.iter().map(|(name, tensor)| (name.clone(), tensor));
        let state = self.state.iter().map(|(name, tensor)| (format!("{STATE}{name}"), tensor));
        let views: Result<Vec<_>, String> =
            weights.chain(state).map(|(name, tensor)| Ok((name, view(tensor)?))).collect();
        let steps = HashMap::from([(STEPS.to_owned(), self.steps.to_string())]);
        safetensors::serialize(views?, Some(steps)).map_err(|error| error.to_string())
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (_, head) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let steps = head.metadata().as_ref().and_then(|metadata| metadata.get(STEPS)?.parse().ok());
        let mut read = Self { steps: steps.unwrap_or_default(), ..Self::default() };
        for (name, view) in file.iter() {
            let tensor = tensor(&view).map_err(|why| format!("{name:?}: {why}"))?;
            match name.strip_prefix(STATE) {
                Some(name) => read.state.insert(name.to_owned(), tensor),
                None => read.weights.insert(name.to_owned(), tensor),
            };
        }
        Ok(read)
    }
}

/// Pairs our dtypes with those of the format.
const DTYPES: [(Dtype, FileDtype); 13] = [
    (Dtype::F16, FileDtype::F16),
    (Dtype::Bf16, FileDtype::BF16),
    (Dtype::F32, FileDtype::F32),
    (Dtype::F64, FileDtype::F64),
    (Dtype::I8, FileDtype::I8),
    (Dtype::I16, FileDtype::I16),
    (Dtype::I32, FileDtype::I32),
    (Dtype::I64, FileDtype::I64),
    (Dtype::U8, FileDtype::U8),
    (Dtype::U16, FileDtype::U16),
    (Dtype::U32, FileDtype::U32),
    (Dtype::U64, FileDtype::U64),
    (Dtype::Bool, FileDtype::BOOL),
];

fn view(tensor: &Tensor) -> Result<TensorView<'_>, String> {
    let pair = DTYPES.iter().find(|(ours, _)| *ours == tensor.dtype());
    let (_, dtype) = pair.ok_or_else(|| format!("the format has no {}", tensor.dtype()))?;
    TensorView::new(*dtype, tensor.shape().to_vec(), tensor.data()).map_err(|error| error.to_string())
}

fn tensor(view: &TensorView<'_>) -> Result<Tensor, String> {
    let pair = DTYPES.iter().find(|(_, theirs)| *theirs == view.dtype());
    let (dtype, _) = pair.ok_or_else(|| format!("no message can carry {:?}", view.dtype()))?;
    Tensor::new(*dtype, view.shape(), view.data().to_vec()).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Checkpoint {
        let weights = DTYPES.iter().map(|(dtype, _)| {
            let bytes: Vec<u8> = (0..dtype.size() * 6).map(|byte| u8::from(byte % 3 == 0)).collect();
            (format!("layer.{dtype}"), Tensor::new(*dtype, [2, 3], bytes).unwrap())
        });
        let scalar = ("step".to_owned(), Tensor::from_i64([], &[7]).unwrap());
        let empty = ("none".to_owned(), Tensor::from_f32([0, 4], &[]).unwrap());
        Checkpoint { weights: weights.chain([empty]).collect(), state: [scalar].into(), steps: 7 }
    }

    #[test]
    fn every_dtype_is_read_as_it_was_written() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/down/net.safetensors");
        sample().write(&path).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), Some(sample()));
        assert_eq!(Checkpoint::read(home.path().join("none")).unwrap(), None);
    }

    #[test]
    fn a_torn_file_is_refused_wherever_it_was_torn() {
        let whole = sample().spell().unwrap();
        assert!(Checkpoint::parse(&whole).is_ok());
        for length in 0..whole.len() {
            assert!(Checkpoint::parse(&whole[..length]).is_err(), "torn after {length} bytes");
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert!(Checkpoint::parse(&longer).is_err());
    }

    #[test]
    fn a_weight_is_not_taken_for_what_learning_remembers() {
        let mut odd = sample();
        odd.weights.insert("_learner.step".to_owned(), Tensor::from_i64([], &[1]).unwrap());
        let home = tempfile::tempdir().unwrap();
        let told = odd.write(home.path().join("net.safetensors")).unwrap_err().to_string();
        assert!(told.contains("_learner.step"), "{told}");
    }
}
