//! How current an answer is: the newest instant up to which everything accepted has arrived.
//!
//! A service is complete to T when, at or after T, the producers with an outbox on its path have
//! relayed what they had accepted, then the twin event gateway has handled all twin events that
//! there were after that, then this service's own groups have handled all their records that
//! there were after that. Nothing is kept: each round begins anew, so it holds for any number of
//! replicas and partitions. With a lock-step clock it needs no asking, since that clock moves
//! only when everything has arrived.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use chiron_broker::{Broker, BrokerError};
use chiron_clock::{Clock, Shutdown, instant};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::calls::{Calls, Service};

/// The header that tells how current an answer is.
pub const COMPLETE_TO: HeaderName = HeaderName::from_static("chiron-complete-to");

/// Pause between rounds, and the longest that one step of a round may take, of the machine.
const ROUND: Duration = Duration::from_secs(1);
const STEP_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// The group and topic that stand between the twin engine and everybody else.
const EVENT_GATEWAY: (&str, &[&str]) = ("dt-event-gateway", &["twin-events"]);
/// The producers whose writes reach the broker through an outbox.
const PRODUCERS: [Service; 2] = [Service::TwinEngine, Service::SurgeryBooking];

/// A consumer group and the topics that it reads.
type Group = (String, Vec<String>);

/// The completeness of one service. Cheap to clone; all clones tell the same.
#[derive(Debug, Clone)]
pub struct Completeness {
    clock: Clock,
    newest: Arc<watch::Sender<Timestamp>>,
    groups: Arc<Mutex<Vec<Group>>>,
}

impl Completeness {
    /// Nothing known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let (newest, _) = watch::channel(Timestamp::UNIX_EPOCH);
        Self { clock, newest: Arc::new(newest), groups: Arc::default() }
    }

    /// Says which group of this service reads which topics. A service that says so before it
    /// serves works its completeness out; one that never does answers with 1970.
    pub fn follow(&self, group: &str, topics: &[&str]) {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.push((group.to_owned(), topics));
    }

    /// The newest instant to which this service is complete; 1970 before the first round.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        if self.clock.is_lock_step() { self.clock.now() } else { *self.newest.borrow() }
    }

    /// Waits until this service is complete to `at`.
    pub async fn wait(&self, at: Timestamp) {
        if self.clock.is_lock_step() {
            return self.clock.sleep_until(at).await;
        }
        // The sender lives as long as this does, so waiting ends with the value only.
        let mut newest = self.newest.subscribe();
        let _reached = newest.wait_for(|newest| at <= *newest).await;
    }

    /// The header `Chiron-Complete-To`, to be put before a body: `(completeness.header(), Json(…))`.
    #[must_use]
    pub fn header(&self) -> [(HeaderName, HeaderValue); 1] {
        let value = HeaderValue::try_from(instant::write(self.to()));
        [(COMPLETE_TO, value.unwrap_or(HeaderValue::from_static("")))]
    }

    /// Whether there is something to work out.
    pub(crate) fn is_followed(&self) -> bool {
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        !self.clock.is_lock_step() && !groups.is_empty()
    }

    /// Works it out every second until the shutdown.
    pub(crate) async fn run(&self, broker: Broker, calls: Calls, shutdown: Shutdown) {
        loop {
            let round = async {
                // Only what was accepted before this instant is looked for, so this is the claim.
                let claim = self.clock.now();
                if self.round(&broker, &calls).await {
                    self.newest.send_replace(claim);
                }
                tokio::time::sleep(ROUND).await;
            };
            tokio::select! {
                () = shutdown.requested() => return,
                () = round => {}
            }
        }
    }

    async fn round(&self, broker: &Broker, calls: &Calls) -> bool {
        for producer in PRODUCERS {
            let asked = calls.get(producer, "/internal/relayed").within(STEP_LIMIT).send().await;
            match asked {
                Ok(answer) if answer.is_success() => {}
                Ok(answer) => {
                    let status = answer.status.as_u16();
                    tracing::warn!(producer = %producer, status, "completeness is not told");
                    return false;
                }
                Err(err) => {
                    let error = crate::chain(&err);
                    tracing::debug!(producer = %producer, error, "completeness is not told");
                    return false;
                }
            }
        }
        let (group, topics) = EVENT_GATEWAY;
        if !caught_up(broker, group, topics.iter().copied()).await {
            return false;
        }
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (group, topics) in &groups {
            if !caught_up(broker, group, topics.iter().map(String::as_str)).await {
                return false;
            }
        }
        true
    }
}

/// Waits until the group has committed what its topics hold now; `false` when it takes too long.
async fn caught_up<'a>(
    broker: &Broker,
    group: &str,
    topics: impl Iterator<Item = &'a str>,
) -> bool {
    let reached = async {
        // All ends before the first wait: what comes meanwhile is not waited for.
        let mut ends = Vec::new();
        for topic in topics {
            ends.push((topic, broker.ends(topic).await?));
        }
        for (topic, ends) in &ends {
            loop {
                let committed = broker.committed(group, topic).await?;
                // Offsets start at 0, and a partition without a commit stands there.
                let behind = ends
                    .iter()
                    .any(|(partition, end)| committed.get(partition).copied().unwrap_or(0) < *end);
                if !behind {
                    break;
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok::<_, BrokerError>(())
    };
    match tokio::time::timeout(STEP_LIMIT, reached).await {
        Ok(Ok(())) => true,
        Ok(Err(err)) => {
            tracing::debug!(error = %crate::chain(&err), "completeness is not told");
            false
        }
        Err(_elapsed) => false,
    }
}
