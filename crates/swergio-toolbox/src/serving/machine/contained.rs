//! Contained: runs the component's own code so that an error or a panic costs one message.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{BoxError, PassFault};

/// Runs the component's own code: an error or a panic costs one message.
pub(super) fn contained<T>(work: impl FnOnce() -> Result<T, BoxError>) -> Result<T, PassFault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| match error.downcast::<PassFault>() {
            Ok(fault) => *fault,
            Err(error) => PassFault::failed(error),
        }),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            Err(PassFault::failed(format!("panicked: {}", text.unwrap_or("without a message"))))
        }
    }
}
