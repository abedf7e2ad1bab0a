//! Swergio's command line.

fn main() {}
