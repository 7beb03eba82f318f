//! Long work can be stopped from another thread.

use crate::error::{Code, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by the work and whoever may stop it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ask the work to end as soon as it can.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Forget that the end was asked for: the same work may be done again.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// An error once the end was asked for.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Interrupted, "interrupted"));
        }
        Ok(())
    }
}
