//! What Swergio's own tests share: [links in memory](link), [messages of every size](sample), [what is
//! counted of them](piece), and
//! [recorded conversations](vectors).
//!
//! Never published, and never a dependency of anything but tests.

pub mod link;
pub mod piece;
pub mod sample;
pub mod vectors;
