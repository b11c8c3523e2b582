//! The services' processes: around each domain as thin a shell as production has.

pub mod automation;
pub mod bookings;
pub mod engine;
pub mod gateway;
pub mod processes;
pub mod reports;
pub mod rooms;
pub mod staff;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::machine::{Ground, NoAnswer};

/// A lock of one process: whoever has it keeps others of the process out, and loses it by dying.
#[derive(Clone, Default)]
pub struct Lock(Arc<AtomicBool>);

/// Holds a [`Lock`] until dropped.
pub struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Lock {
    /// Waits until nobody has it.
    pub async fn hold(&self, ground: &Ground) -> Held {
        /// How often is looked, in milliseconds.
        const LOOK_MS: i64 = 20;
        while self.0.swap(true, Ordering::Relaxed) {
            ground.pause(LOOK_MS).await;
        }
        Held(Arc::clone(&self.0))
    }
}

/// A port's in-memory twin, on hostile ground: every call takes a moment, may be refused, and may
/// be done without an answer.
pub struct Hostile<S> {
    inner: Arc<S>,
    ground: Ground,
}

impl<S> Clone for Hostile<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), ground: self.ground.clone() }
    }
}

impl<S> Hostile<S> {
    /// Puts a twin on hostile ground.
    pub fn new(inner: S, ground: &Ground) -> Self {
        Self { inner: Arc::new(inner), ground: ground.clone() }
    }

    /// The twin itself, for an onlooker who is no part of the run.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    async fn reads(&self, what: &'static str) -> Result<&S, NoAnswer> {
        self.ground.reads(|| what.to_owned()).await?;
        Ok(&self.inner)
    }

    async fn writes(&self, what: &'static str) -> Result<&S, NoAnswer> {
        self.ground.writes(|| what.to_owned()).await?;
        Ok(&self.inner)
    }
}
