//! Whether a service can do its work, as far as it knows itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The readiness checks of one service. Cheap to clone; all clones hold one set.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, Check>>>);

impl Health {
    /// No checks: ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, asked at each `GET /health/ready`; it must not block. The error says what is
    /// missing, for an operator. A second check of the same name replaces the first.
    pub fn check(
        &self,
        name: &'static str,
        ready: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Box::new(ready));
    }

    /// What each check says, by name.
    pub fn ask(&self) -> BTreeMap<&'static str, Result<(), String>> {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        checks.iter().map(|(name, ready)| (*name, ready())).collect()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.ask()).finish()
    }
}
