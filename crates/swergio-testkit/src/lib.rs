//! What Swergio's own tests share: [links in memory](link), and [recorded conversations](vectors).
//!
//! Never published, and never a dependency of anything but tests.

pub mod link;
pub mod vectors;
