//! Where all changes of bookings by people are made, one after another for each booking; and the
//! repair of what was left half done.
//!
//! The locks are of this process. Two processes that work on one booking at once are told apart by
//! the versions of its document, and one of them answers "busy".

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chiron_chassis::Runtime;
use chiron_clock::{Clock, Reconciler};
use jiff::{SignedDuration, Timestamp};
use surgery_booking_integration_domain::entity::{Content, SurgeryId};
use surgery_booking_integration_domain::usecase::{
    Asked, BookingError, Bookings as _, Outcome, cancel, post, reschedule, settle,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::infrastructure::store::StoredBookings;
use crate::infrastructure::twins::TwinGraph;

/// Bookings that may be changed at the same time, at most.
const LOCKS: usize = 64;
/// The longest wait before another try to repair, in seconds of the clock.
const LONGEST_WAIT_S: i64 = 60;

/// The desk. Clones are the same desk.
#[derive(Clone)]
pub(crate) struct Desk {
    bookings: StoredBookings,
    twins: TwinGraph,
    clock: Clock,
    locks: Arc<Vec<Mutex<()>>>,
    reconciler: Reconciler,
}

/// Asks for a look at what is left to do when a change ends, however it ends: a request may be
/// given up at any await.
struct Afterwards<'a>(&'a Reconciler);

impl Drop for Afterwards<'_> {
    fn drop(&mut self) {
        self.0.nudge();
    }
}

impl Desk {
    pub(crate) fn new(runtime: &Runtime, bookings: StoredBookings, twins: TwinGraph) -> Desk {
        Desk {
            bookings,
            twins,
            clock: runtime.clock.clone(),
            locks: Arc::new((0..LOCKS).map(|_| Mutex::new(())).collect()),
            reconciler: Reconciler::new(&runtime.activity),
        }
    }

    pub(crate) async fn post(
        &self,
        asked: Asked,
        content: Content,
    ) -> Result<Outcome, BookingError> {
        let _afterwards = Afterwards(&self.reconciler);
        let _lock = self.lock(&content.surgery).await;
        post(&self.bookings, &self.twins, asked, content).await
    }

    pub(crate) async fn reschedule(
        &self,
        asked: Asked,
        content: Content,
    ) -> Result<Outcome, BookingError> {
        let _afterwards = Afterwards(&self.reconciler);
        let _lock = self.lock(&content.surgery).await;
        reschedule(&self.bookings, &self.twins, asked, content).await
    }

    pub(crate) async fn cancel(
        &self,
        asked: Asked,
        surgery: &SurgeryId,
    ) -> Result<Outcome, BookingError> {
        let _afterwards = Afterwards(&self.reconciler);
        let _lock = self.lock(surgery).await;
        cancel(&self.bookings, &self.twins, asked, surgery).await
    }

    /// Repairs at start, after every change, and again after failures.
    pub(crate) fn spawn(&self, runtime: &Runtime) {
        let (desk, shutdown) = (self.clone(), runtime.shutdown.clone());
        runtime.tasks.spawn("booking repair", async move {
            let failures = AtomicU32::new(0);
            desk.reconciler.run(shutdown, || desk.pass(&failures)).await;
        });
    }

    async fn pass(&self, failures: &AtomicU32) -> Option<Timestamp> {
        match self.repair().await {
            Ok(()) => {
                failures.store(0, Ordering::Relaxed);
                None
            }
            Err(error) => {
                let nth = failures.fetch_add(1, Ordering::Relaxed);
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, nth, "bookings are not repaired yet");
                let wait = 1_i64.checked_shl(nth).unwrap_or(LONGEST_WAIT_S);
                let wait = SignedDuration::from_secs(wait.clamp(1, LONGEST_WAIT_S));
                self.clock.now().checked_add(wait).ok()
            }
        }
    }

    async fn repair(&self) -> Result<(), BookingError> {
        let mut failed = None;
        for surgery in self.bookings.unsettled().await? {
            let _lock = self.lock(&surgery).await;
            // One that fails does not hold up the others.
            if let Err(error) = settle(&self.bookings, &self.twins, &surgery).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn lock(&self, surgery: &SurgeryId) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        surgery.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        match self.locks.get(place) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}
