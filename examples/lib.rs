//! Components of Swergio's examples live in the folders beside this file; here their pages are compiled.

/// Compiles what the first page shows.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FirstPage;

/// Compiles what the broker's page shows.
#[cfg(doctest)]
#[doc = include_str!("../crates/swergio-broker/README.md")]
struct BrokersPage;

/// Compiles what those who come from the Python package are shown.
#[cfg(doctest)]
#[doc = include_str!("../docs/FROM-PYTHON.md")]
struct FromPython;

/// Compiles what asking people takes.
#[cfg(doctest)]
#[doc = include_str!("../docs/FEEDBACK.md")]
struct Feedback;
