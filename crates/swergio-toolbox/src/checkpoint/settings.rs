//! KeptSettings: settings of a component, saved and restored by command.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use swergio_client::{Body, Client, Error, Kind};

use super::command::{self, Answer, Order, Wanted};
use super::folder::{self, Folder, LATEST};
use super::{CheckpointFault, limits};
use crate::BoxError;

type Apply<S> = Box<dyn FnMut(&S) -> Result<(), BoxError> + Send>;

/// Keeps the settings of a component as a JSON file. Clones share them.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
/// use swergio_toolbox::checkpoint::KeptSettings;
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Rates {
///     rate: f64,
/// }
///
/// # async fn run(client: swergio_toolbox::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let settings = KeptSettings::new(Rates { rate: 0.01 }, "control", "checkpoints", |rates: &Rates| {
///     println!("from now on {}", rates.rate);
///     Ok(())
/// })?;
/// settings.answer(&client).await?;
/// # Ok(()) }
/// ```
pub struct KeptSettings<S> {
    held: Arc<Mutex<Held<S>>>,
    folder: Folder,
}

struct Held<S> {
    settings: S,
    apply: Apply<S>,
}

impl<S: Serialize + DeserializeOwned + Clone + Send + 'static> KeptSettings<S> {
    /// Keeps settings in a folder, under the component's name. `apply` is called with what is loaded; when it fails, the settings stay as they were.
    ///
    /// # Errors
    /// [`CheckpointFault::Name`] when no file can have that name.
    pub fn new(
        settings: S,
        name: &str,
        folder: impl Into<PathBuf>,
        apply: impl FnMut(&S) -> Result<(), BoxError> + Send + 'static,
    ) -> Result<Self, CheckpointFault> {
        let held = Arc::new(Mutex::new(Held { settings, apply: Box::new(apply) }));
        Ok(Self { held, folder: Folder::new(folder.into(), name)? })
    }

    /// Returns the settings as they are.
    pub fn settings(&self) -> S {
        self.lock().settings.clone()
    }

    /// Saves them under a name, and returns the file.
    ///
    /// # Errors
    /// [`CheckpointFault`]; older settings of that name are then as they were.
    pub fn save(&self, name: &str) -> Result<PathBuf, CheckpointFault> {
        let path = self.folder.path(name, "json")?;
        let body = Body::of(&self.settings()).map_err(|fault| CheckpointFault::Component(fault.into()))?;
        folder::write_whole(&path, &body.to_json())?;
        Ok(path)
    }

    /// Restores what was saved under a name, and returns the file.
    ///
    /// # Errors
    /// [`CheckpointFault`]; the settings are then as they were.
    pub fn load(&self, name: &str) -> Result<PathBuf, CheckpointFault> {
        let path = self.folder.path(name, "json")?;
        let missing = || CheckpointFault::file(&path)(std::io::ErrorKind::NotFound.into());
        let bytes = folder::read_bounded(&path, limits::SETTINGS_BYTES)?.ok_or_else(missing)?;
        let body =
            Body::from_json(&bytes).map_err(|fault| CheckpointFault::broken(&path, fault.to_string()))?;
        self.take(&body)?;
        Ok(path)
    }

    /// Answers `COMMAND/SAVESETTINGS` and `COMMAND/LOADSETTINGS` from now on, those to the room `_command` and those to the client itself.
    ///
    /// # Errors
    /// `Closed` when the client is.
    pub async fn answer(&self, client: &Client) -> Result<(), Error> {
        let kinds = [Kind::SAVESETTINGS, Kind::LOADSETTINGS];
        let (kept, name) = (self.clone(), self.folder.component().to_owned());
        command::answer(client, kinds, "SETTINGS", name, move |order| kept.obey(order)).await
    }

    fn obey(&self, order: Order) -> Result<Answer, CheckpointFault> {
        let file = match order {
            Order::Save(name) => Some(self.save(name.as_deref().unwrap_or(LATEST))?),
            Order::Load(Wanted::Named(name)) => Some(self.load(name.as_deref().unwrap_or(LATEST))?),
            Order::Load(Wanted::These(body)) => {
                self.take(&body)?;
                None
            }
        };
        Ok(Answer { file, steps: None })
    }

    fn take(&self, body: &Body) -> Result<(), CheckpointFault> {
        let settings: S = body.read().map_err(|fault| CheckpointFault::Component(fault.into()))?;
        let mut held = self.lock();
        (held.apply)(&settings).map_err(CheckpointFault::Component)?;
        held.settings = settings;
        Ok(())
    }
}

impl<S> KeptSettings<S> {
    fn lock(&self) -> MutexGuard<'_, Held<S>> {
        // Settings change only when they have been applied.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for KeptSettings<S> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), folder: self.folder.clone() }
    }
}

impl<S> std::fmt::Debug for KeptSettings<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptSettings").field("folder", &self.folder).finish_non_exhaustive()
    }
}
