//! Changes of rooms and technologies, one after the other, and the ending of those cut off.
//!
//! Changes are rare and touch two systems, so one lock around all of them is the simplest thing
//! that keeps them apart. Several replicas would need the lock in the database; the version of each
//! record already makes the slower of two fail instead of win.

use std::sync::Arc;

use building_management_domain::{
    entity::{
        place::{Room, RoomId},
        technology::{Placement, Technology, TechnologyId},
    },
    usecase::{
        administration::{
            ChangeError, RoomChange, change_room, create_room, create_technology, finish,
            place_technology, remove_room, remove_technology,
        },
        ports::{Registry, StoreError, TwinLayer},
    },
};
use chiron_clock::{Activity, Clock, Reconciler, Shutdown};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

/// Longest wait before unfinished changes are tried again, in seconds of the machine.
const LONGEST_WAIT_S: u32 = 60;

/// What a removal leaves behind and may be forgotten.
pub trait Leftovers: Send + Sync {
    /// Forgets the histories of what has been removed. Nobody can see them any more, so when this
    /// happens does not matter.
    fn forget(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Makes changes, one at a time.
#[derive(Clone)]
pub struct Administrator<R, T> {
    parts: Arc<Parts<R, T>>,
}

struct Parts<R, T> {
    registry: R,
    twins: T,
    clock: Clock,
    reconciler: Reconciler,
    one_at_a_time: Mutex<()>,
}

impl<R: Registry, T: TwinLayer> Administrator<R, T> {
    /// Administers a registry and its twins.
    pub fn new(registry: R, twins: T, activity: &Activity) -> Self {
        let clock = activity.clock().clone();
        let reconciler = Reconciler::new(activity);
        let one_at_a_time = Mutex::default();
        Self { parts: Arc::new(Parts { registry, twins, clock, reconciler, one_at_a_time }) }
    }

    /// The twins, to be read.
    pub fn twins(&self) -> &T {
        &self.parts.twins
    }

    /// See [`create_room`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn create_room(&self, room: Room, at: Timestamp) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        self.after(create_room(registry, twins, room, at).await)
    }

    /// See [`change_room`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn change_room(
        &self,
        id: &RoomId,
        change: RoomChange,
        at: Timestamp,
    ) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        self.after(change_room(registry, twins, id, change, at).await)
    }

    /// See [`remove_room`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn remove_room(&self, id: &RoomId, at: Timestamp) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, reconciler, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        reconciler.nudge();
        remove_room(registry, twins, id, at).await
    }

    /// See [`create_technology`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn create_technology(
        &self,
        technology: Technology,
        at: Timestamp,
    ) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        self.after(create_technology(registry, twins, technology, at).await)
    }

    /// See [`place_technology`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn place_technology(
        &self,
        id: &TechnologyId,
        placement: Placement,
    ) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        self.after(place_technology(registry, twins, id, placement).await)
    }

    /// See [`remove_technology`].
    ///
    /// # Errors
    ///
    /// See [`ChangeError`].
    pub async fn remove_technology(
        &self,
        id: &TechnologyId,
        at: Timestamp,
    ) -> Result<(), ChangeError> {
        let Parts { registry, twins, one_at_a_time, reconciler, .. } = &*self.parts;
        let _alone = one_at_a_time.lock().await;
        reconciler.nudge();
        remove_technology(registry, twins, id, at).await
    }

    /// Ends what was cut off, now and whenever something is, until shutdown is requested.
    pub async fn reconcile(&self, shutdown: Shutdown, leftovers: &impl Leftovers) {
        let attempts = std::sync::atomic::AtomicU32::new(0);
        let pass = || async {
            let Parts { registry, twins, clock, one_at_a_time, .. } = &*self.parts;
            let ended = {
                let _alone = one_at_a_time.lock().await;
                finish(registry, twins, clock.now()).await
            };
            let ended = match ended {
                Ok(()) => leftovers.forget().await.map_err(ChangeError::Store),
                Err(err) => Err(err),
            };
            match ended {
                Ok(()) => {
                    attempts.store(0, std::sync::atomic::Ordering::Relaxed);
                    None
                }
                Err(err) => {
                    let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    tracing::warn!(error = %chiron_chassis::chain(&err), attempt, "changes could not be ended");
                    Some(self.again_at(attempt))
                }
            }
        };
        self.parts.reconciler.run(shutdown, pass).await;
    }

    /// After a failure an intent may be left, and is looked after.
    fn after(&self, outcome: Result<(), ChangeError>) -> Result<(), ChangeError> {
        match &outcome {
            Err(ChangeError::Unavailable(_) | ChangeError::Store(_) | ChangeError::Conflict) => {
                self.parts.reconciler.nudge();
            }
            Ok(())
            | Err(
                ChangeError::Exists
                | ChangeError::Unknown
                | ChangeError::UnknownRoom
                | ChangeError::NotAnOperatingRoom
                | ChangeError::Refused { .. },
            ) => {}
        }
        outcome
    }

    fn again_at(&self, attempt: u32) -> Timestamp {
        let wait_s = 2_u32.saturating_pow(attempt).min(LONGEST_WAIT_S);
        let clock = &self.parts.clock;
        let wait = SignedDuration::try_from_secs_f64(f64::from(wait_s) * clock.rate());
        let now = clock.now();
        now.saturating_add(wait.unwrap_or(SignedDuration::from_secs(1))).unwrap_or(now)
    }
}
