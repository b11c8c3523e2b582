//! Who does what nobody asked for: timers, commands, what runs once.
//!
//! A service whose replicas share work that no record brings cuts it as topics are cut: each
//! aggregate belongs to one of some numbers ([`partition_of`]), and each number to one process. On a
//! Kafka cluster the numbers are partitions of a topic without records, and who has which is the
//! matter of a consumer group: one process has a number at a time, and a number goes on only when
//! what is done under it has ended. A process that hangs for longer than the session loses its
//! numbers without knowing it until it goes on; what it then still writes has to be refused by the
//! store, by the version of what it has read. With the embedded log there is one process, which has
//! all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chiron_clock::Shutdown;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::broker::{Broker, Engine};
use crate::consumer::Share as _;
use crate::kafka::{Kafka, Member, Place};
use crate::partition::partition_of;

/// The topic whose partitions are shared out. Nothing is ever published to it.
pub(crate) const TOPIC: &str = "duties";
/// How long a process waits before it joins again, of the machine.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// The numbers that are this process's. Cheap to clone; all clones know the same.
#[derive(Debug, Clone)]
pub struct Duties(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How many numbers there are, once that is known; `None` when all are this process's for ever.
    shared: Option<OnceLock<u32>>,
    held: Mutex<BTreeMap<u32, Arc<RwLock<()>>>>,
}

/// While it is held, the number stays this process's.
#[derive(Debug)]
pub struct OnDuty(
    #[expect(dead_code, reason = "held for its drop")] Option<OwnedRwLockReadGuard<()>>,
);

impl Duties {
    /// All are this process's.
    pub fn all() -> Self {
        Self::new(None)
    }

    fn new(shared: Option<OnceLock<u32>>) -> Self {
        Self(Arc::new(Inner { shared, held: Mutex::default() }))
    }

    /// Whether other processes may have some, now or later.
    pub fn are_shared(&self) -> bool {
        self.0.shared.is_some()
    }

    /// Leave to see to an aggregate; `None` while that is another process's affair.
    pub fn on_duty(&self, aggregate: &str) -> Option<OnDuty> {
        let Some(numbers) = &self.0.shared else { return Some(OnDuty(None)) };
        let held = self.held().get(&partition_of(aggregate, *numbers.get()?)).cloned()?;
        // Refused while somebody waits to give the number away.
        Some(OnDuty(Some(held.try_read_owned().ok()?)))
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<RwLock<()>>>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a number until it is asked for, and then until nobody is on duty.
    async fn have(&self, mut place: Place) {
        let Some((_, number)) = place.place() else { return };
        let duty = Arc::new(RwLock::new(()));
        self.held().insert(number, Arc::clone(&duty));
        loop {
            match place.next_batch(1).await {
                // Somebody else's record: nobody here publishes any.
                Ok(strays) if place.settle(&strays, &[]).await.is_ok() => {}
                _ => break,
            }
        }
        self.held().remove(&number);
        let _nobody = duty.write().await;
        drop(place);
    }
}

impl Broker {
    /// Takes part in what the processes of `service` share. The future runs until `shutdown` is
    /// requested; without it nothing is ever this process's on a cluster.
    pub fn duties(
        &self,
        service: &'static str,
        shutdown: Shutdown,
    ) -> (Duties, impl Future<Output = ()> + Send + use<>) {
        let (duties, kafka) = match self.engine() {
            Engine::Log(_) => (Duties::all(), None),
            Engine::Kafka(kafka) => (Duties::new(Some(OnceLock::new())), Some(Arc::clone(kafka))),
        };
        let taking = duties.clone();
        let run = async move {
            if let Some(kafka) = kafka {
                share(&taking, &kafka, service, &shutdown).await;
            }
        };
        (duties, run)
    }
}

async fn share(duties: &Duties, kafka: &Arc<Kafka>, service: &str, shutdown: &Shutdown) {
    let group = format!("{service}-duties");
    while !kafka.is_closed() {
        let joining = async {
            match kafka.ensure(&[TOPIC]).await {
                Ok(()) => Member::join(kafka, &group, &[TOPIC], kafka.ledger(&[TOPIC]))
                    .map_err(|err| crate::chain(&err)),
                Err(err) => Err(crate::chain(&err)),
            }
        };
        let joined = tokio::select! {
            biased;
            () = shutdown.requested() => return,
            joined = joining => joined,
        };
        match joined {
            Ok(member) => {
                // The topic may have been made with another number than is set here.
                if let (Some(numbers), Some(there)) =
                    (&duties.0.shared, kafka.known_partitions(TOPIC))
                {
                    let _again = numbers.set(there);
                }
                return take(duties, member, shutdown).await;
            }
            Err(error) => tracing::warn!(error, service, "duties are not shared yet"),
        }
        tokio::select! {
            biased;
            () = shutdown.requested() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

async fn take(duties: &Duties, mut member: Member, shutdown: &Shutdown) {
    let mut places = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.requested() => break,
            Some(()) = places.next(), if !places.is_empty() => {}
            place = member.next() => match place {
                Some(place) => places.push(duties.have(place)),
                None => break,
            },
        }
    }
    // Leaving takes them away, and each ends when nobody is on duty any more.
    let left = member.leave();
    tokio::join!(left, async { while places.next().await.is_some() {} });
}
