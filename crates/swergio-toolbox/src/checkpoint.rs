//! Checkpoints: a component's weights and settings in files, saved and restored by command, whole or not at all.
//!
//! One command to the room `_command` saves a whole swarm, each component in a file of its own; another restores it:
//!
//! ```text
//! {"TYPE": "COMMAND/SAVEMODELWEIGHTS", "TO_ROOM": "_command", "WEIGHTS": "best"}
//! ```
//!
//! | field | of SAVE- and LOADMODELWEIGHTS | of SAVE- and LOADSETTINGS |
//! |---|---|---|
//! | `WEIGHTS`, `SETTINGS` | the checkpoint's name; or, of LOAD, the weights (a map of tensors by name) or settings themselves | the same |
//! | absent | the name `latest` | a fault: upstream requires it |
//! | `COMPONENT` | only this component; absent: all | the same |
//!
//! Each component answers whoever asked, directly, with `LOG/MODELWEIGHTS` or `LOG/SETTINGS`: `WEIGHTS` or `SETTINGS` (the name), `COMPONENT`, `REF` (the command's
//! ID), `FILE`, `STEPS` (gradients learned from), and `ERROR` instead of these two when it could not: then nothing has changed.
//!
//! Files are `FOLDER/NAME/COMPONENT.safetensors` and `FOLDER/NAME/COMPONENT.json`. PyTorch reads the former with `safetensors.torch.load_file`, and what it
//! writes with `save_file` is read here. Two processes that keep the same component in the same folder write the same file: [`replica_name`] gives each replica of a swarm its own. Tensors whose names begin with `_learner.` are what learning remembers; a file without any begins learning afresh.

mod command;
mod fault;
mod file;
mod folder;
mod kept;
mod replica;
mod settings;

pub use fault::CheckpointFault;
pub use file::Checkpoint;
pub use kept::Kept;
pub use replica::replica_name;
pub use settings::KeptSettings;

/// Bounds what is read from files.
pub(crate) mod limits {
    /// Bytes of a checkpoint; larger files are refused before they are read.
    pub(crate) const WEIGHTS_BYTES: u64 = 16 << 30;
    /// Bytes of a file of settings.
    pub(crate) const SETTINGS_BYTES: u64 = 16 << 20;
    /// Bytes of a checkpoint's or component's name: file names may have 255.
    pub(crate) const NAME_BYTES: usize = 200;
}
