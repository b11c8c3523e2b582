//! Registers the actuators as Things in the directory, until the directory has them.
//!
//! An announced actuator is registered at once when the directory answers, else when it does; and
//! all of them once after a start, since the gateway may be reached elsewhere now. What the
//! directory has already it does not take for a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use chiron_chassis::{CallError, Calls, Runtime, Service};
use chiron_clock::{Clock, Reconciler};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::actuator::{description, thing_id};
use crate::known::{Everything, KnownError};

/// The longest wait before another try, in seconds of the clock.
const LONGEST_WAIT_S: i64 = 60;

/// The registrar. Clones are the same.
#[derive(Clone)]
pub(crate) struct Register {
    known: Everything,
    calls: Calls,
    clock: Clock,
    base: String,
    reconciler: Reconciler,
    state: Arc<Mutex<Registered>>,
}

#[derive(Debug, Default)]
struct Registered {
    things: HashMap<String, Value>,
    failures: u32,
}

#[derive(Debug, thiserror::Error)]
enum RegisterError {
    #[error("the actuators cannot be read")]
    Known(#[from] KnownError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the directory answered {0}")]
    Refused(StatusCode),
}

impl Register {
    /// `base` is where clients reach the gateway, without a slash at its end.
    pub(crate) fn new(runtime: &Runtime, known: Everything, base: String) -> Self {
        Self {
            known,
            calls: runtime.calls.clone(),
            clock: runtime.clock.clone(),
            base,
            reconciler: Reconciler::new(&runtime.activity),
            state: Arc::default(),
        }
    }

    /// Asks for a look at what is to be registered.
    pub(crate) fn nudge(&self) {
        self.reconciler.nudge();
    }

    /// Where clients reach the gateway.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Runs beside requests.
    pub(crate) fn spawn(&self, runtime: &Runtime) {
        let (register, shutdown) = (self.clone(), runtime.shutdown.clone());
        runtime.tasks.spawn("registration of Things", async move {
            register.reconciler.run(shutdown, || register.pass()).await;
        });
    }

    async fn pass(&self) -> Option<Timestamp> {
        let outcome = self.register().await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(()) => {
                state.failures = 0;
                None
            }
            Err(error) => {
                let nth = state.failures;
                state.failures = nth.saturating_add(1);
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, nth, "actuators are not registered yet");
                let wait = 1_i64.checked_shl(nth).unwrap_or(LONGEST_WAIT_S);
                let wait = SignedDuration::from_secs(wait.clamp(1, LONGEST_WAIT_S));
                self.clock.now().checked_add(wait).ok()
            }
        }
    }

    async fn register(&self) -> Result<(), RegisterError> {
        let mut failed = None;
        for (id, actuator) in self.known.actuators().await? {
            let thing = description(&self.base, &id, actuator.kind, &actuator.room);
            let registered = {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.things.get(&id) == Some(&thing)
            };
            if registered {
                continue;
            }
            // One that fails does not hold up the others.
            match self.put(&id, &thing).await {
                Ok(()) => {
                    let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.things.insert(id, thing);
                }
                Err(err) => failed = Some(err),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn put(&self, id: &str, thing: &Value) -> Result<(), RegisterError> {
        let path = format!("/things/{}", Calls::segment(&thing_id(id)));
        let call = self.calls.put(Service::ThingDirectory, &path);
        let answer = call.body("application/td+json", thing.to_string()).send().await?;
        if answer.is_success() { Ok(()) } else { Err(RegisterError::Refused(answer.status)) }
    }
}
