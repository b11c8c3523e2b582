//! The one that follows the log for all who listen.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use chiron_broker::{Broker, BrokerError, Record};
use chiron_chassis::{Problem, Runtime};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast};

use crate::Settings;
use crate::live::event::{FOLLOWED, LiveEvent};
use crate::live::position::{Place, Positions};

/// Records read at once from one partition.
pub(crate) const BATCH: usize = 128;
/// Pause before another try when the log cannot be read, of the machine.
const PAUSE: Duration = Duration::from_secs(1);

/// An event with the place in the log after it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) event: LiveEvent,
    /// The written position; what a client sends as `Last-Event-ID`.
    pub(crate) id: String,
}

/// Follows the log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Inner>);

struct Inner {
    broker: Broker,
    /// Up to where everything was handed out. Held while handing out, so that whoever begins to
    /// listen knows exactly which event is their first.
    handed_out: Mutex<Positions>,
    events: broadcast::Sender<Arc<Told>>,
    /// Proposals alone, so that the sockets do not fall behind because of what is not for them.
    proposals: broadcast::Sender<Arc<Told>>,
    /// Somebody began to listen after nobody had.
    heard: Notify,
    places: Arc<Semaphore>,
    replay_records: u64,
    heartbeat: Duration,
}

/// What settings may ask for at most.
const MOST_KEPT: usize = 1 << 20;
const MOST_STREAMS: usize = 1 << 20;
/// Proposals that a socket may be behind.
const PROPOSALS: usize = 256;

impl Hub {
    /// Begins to follow the log where it ends now. What is not yet handed out counts as pending
    /// from this call on, while somebody listens.
    ///
    /// # Errors
    /// [`BrokerError`] when the cluster does not say where it ends.
    pub(crate) async fn start(runtime: &Runtime, settings: &Settings) -> Result<Self, BrokerError> {
        let broker = runtime.broker.clone();
        broker.follow(&FOLLOWED).await?;
        let (events, _) = broadcast::channel(settings.live_queue.clamp(1, MOST_KEPT));
        let (proposals, _) = broadcast::channel(PROPOSALS);
        let hub = Self(Arc::new(Inner {
            handed_out: Mutex::new(ends(&broker)),
            broker,
            events,
            proposals,
            heard: Notify::new(),
            places: Arc::new(Semaphore::new(settings.live_streams.min(MOST_STREAMS))),
            replay_records: settings.live_replay_records,
            heartbeat: Duration::from_secs(u64::from(settings.live_heartbeat_seconds.max(1))),
        }));
        let inner = Arc::downgrade(&hub.0);
        runtime.activity.probe(move || Weak::upgrade(&inner).map_or(0, |inner| inner.pending()));
        let (follower, shutdown) = (hub.clone(), runtime.shutdown.clone());
        runtime.tasks.spawn("live streams", async move {
            tokio::select! {
                () = shutdown.requested() => {}
                () = follower.follow() => {}
            }
        });
        Ok(hub)
    }

    /// Listens to everything from now on; answers the position of the beginning.
    pub(crate) fn listen(&self) -> (broadcast::Receiver<Arc<Told>>, Positions) {
        let mut handed_out = self.handed_out();
        self.skip_what_nobody_heard(&mut handed_out);
        (self.0.events.subscribe(), handed_out.clone())
    }

    /// Listens to proposals from now on.
    pub(crate) fn listen_to_proposals(&self) -> broadcast::Receiver<Arc<Told>> {
        let mut handed_out = self.handed_out();
        self.skip_what_nobody_heard(&mut handed_out);
        self.0.proposals.subscribe()
    }

    /// While nobody listened nothing was handed out, and nobody missed it.
    fn skip_what_nobody_heard(&self, handed_out: &mut Positions) {
        if !self.0.is_heard() {
            *handed_out = ends(&self.0.broker);
            self.0.heard.notify_one();
        }
    }

    /// A place among the streams, kept as long as the answer is held.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.places).try_acquire_owned().map_err(|_full| {
            metrics::counter!("chiron_live_refused_total").increment(1);
            Problem::unavailable("too many streams are open")
        })
    }

    /// The log that is followed.
    pub(crate) fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// How many records are read again at most for a client that comes back.
    pub(crate) fn replay_records(&self) -> u64 {
        self.0.replay_records
    }

    /// Pause between signs of life, of the machine.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.0.heartbeat
    }

    fn handed_out(&self) -> std::sync::MutexGuard<'_, Positions> {
        self.0.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn follow(&self) {
        let mut seen = 0;
        loop {
            if !self.0.is_heard() {
                // A log that nobody hears about is not even looked at.
                self.0.heard.notified().await;
                seen = 0;
            }
            seen = self.0.broker.wait_for_append(seen).await;
            loop {
                match self.hand_out().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(BrokerError::Closed) => return,
                    Err(err) => {
                        tracing::error!(error = %err, "the log cannot be followed");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    /// Hands out one batch of every partition; answers whether there was any.
    async fn hand_out(&self) -> Result<bool, BrokerError> {
        let behind = {
            let handed_out = self.handed_out();
            if !self.0.is_heard() {
                return Ok(false);
            }
            let ends = ends(&self.0.broker);
            let place = |place: Place| {
                let from = handed_out.next(place);
                (from < ends.next(place)).then_some((place, from))
            };
            handed_out.places().filter_map(place).collect::<Vec<_>>()
        };
        let any = !behind.is_empty();
        for (place, from) in behind {
            let Some(topic) = FOLLOWED.get(place.topic) else { continue };
            let records = self.0.broker.read(topic, place.partition, from, BATCH).await?;
            let told: Vec<(u64, Option<LiveEvent>)> =
                records.iter().map(|record| (record.offset + 1, told(record))).collect();
            self.send(place, from, told);
        }
        Ok(any)
    }

    fn send(&self, place: Place, from: u64, told: Vec<(u64, Option<LiveEvent>)>) {
        let mut handed_out = self.handed_out();
        // Somebody began to listen after everybody had gone, and begins later than this.
        if handed_out.next(place) != from {
            return;
        }
        for (next, event) in told {
            handed_out.set(place, next);
            let Some(event) = event else { continue };
            let told = Arc::new(Told { event, id: handed_out.write() });
            // An error means that nobody listens.
            if told.event.frame.is_some() {
                let _unheard = self.0.proposals.send(Arc::clone(&told));
            }
            let _unheard = self.0.events.send(told);
        }
    }
}

impl Inner {
    fn is_heard(&self) -> bool {
        0 < self.events.receiver_count() || 0 < self.proposals.receiver_count()
    }

    /// Records that somebody waits for and that were not handed out.
    fn pending(&self) -> u64 {
        if !self.is_heard() {
            return 0;
        }
        let handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        handed_out.until(&ends(&self.broker)).unwrap_or(0)
    }
}

/// An event of a record, if it is one that is told. A record that is none was refused by its
/// consumer, which keeps it with the reason.
pub(crate) fn told(record: &Record) -> Option<LiveEvent> {
    LiveEvent::of(record).unwrap_or_else(|err| {
        let (topic, offset) = (&record.topic, record.offset);
        tracing::debug!(error = %err, topic, offset, "record is not told");
        None
    })
}

/// Where the followed topics end.
fn ends(broker: &Broker) -> Positions {
    let mut ends = Positions::start(FOLLOWED.len(), broker.partitions());
    for (topic, name) in FOLLOWED.iter().enumerate() {
        for (partition, end) in broker.seen(name) {
            ends.set(Place { topic, partition }, end);
        }
    }
    ends
}
