//! Swarm: the processes of a swarm, started in order, watched, and ended without leaving anything behind.

mod board;
mod census;
mod control;
mod driver;
mod ending;
mod error;
mod event;
mod file;
mod folder;
mod guard;
mod handle;
mod launch;
mod limits;
mod log;
mod machine;
mod plan;
mod presence;
mod process;
mod restart;
mod status;
mod template;

pub use control::{Control, Remote, Report};
pub use ending::Ending;
pub use error::SwarmError;
pub use event::{SwarmEvent, SwarmEvents};
pub use folder::Folder;
pub use guard::guard;
pub use handle::Swarm;
pub use launch::{Launch, Ready};
pub use limits::SwarmLimits;
pub use log::{Line, Lines};
pub use plan::{BrokerPlan, Plan};
pub use restart::{Restart, When};
pub use status::{State, Status};
