//! What a service gets from the binary, or from a test.

use chiron_broker::Broker;
use chiron_clock::{Activity, Clock, Ids, Shutdown, Tasks};
use chiron_store::{CollectionSpec, Store};

use crate::audit::Audit;
use crate::calls::Calls;
use crate::completeness::Completeness;
use crate::health::Health;
use crate::identity::Guard;
use crate::limits::Limits;
use crate::listen::Connections;
use crate::testing::TestHands;

/// Everything that a service needs and does not own. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    /// The service's name, as in metrics and logs.
    pub service: &'static str,
    /// The domain's time.
    pub clock: Clock,
    /// The source of ids.
    pub ids: Ids,
    /// The account of work under way.
    pub activity: Activity,
    /// Events.
    pub broker: Broker,
    /// This service's own documents; empty and in memory for a service without any.
    pub store: Store,
    /// Who is asking.
    pub guard: Guard,
    /// Where what somebody reads or changes about people is recorded.
    pub audit: Audit,
    /// Calls to other services.
    pub calls: Calls,
    /// Where everything that runs beside requests is spawned.
    pub tasks: Tasks,
    /// Requested when the service is to end.
    pub shutdown: Shutdown,
    /// What is granted at most.
    pub limits: Limits,
    /// The places for connections, which all services of a process share.
    pub connections: Connections,
    /// How current this service's answers are.
    pub completeness: Completeness,
    /// Readiness checks.
    pub health: Health,
}

impl Runtime {
    /// A runtime for a test: an empty log in a temporary folder, an in-memory store, a lock-step
    /// clock that stands at 2026-05-15T06:00:00Z, seeded ids, and a guard whose tokens the hands
    /// mint. Calls go to closed ports until the hands point them elsewhere, with a token of the
    /// service that holds no grants until [`TestHands::token`] gives one.
    ///
    /// # Panics
    ///
    /// When the machine cannot give a folder or randomness: a test cannot go on then.
    #[must_use]
    pub fn for_test(
        service: &'static str,
        collections: &[&'static CollectionSpec],
    ) -> (Self, TestHands) {
        crate::testing::runtime(service, collections)
    }
}
