//! Notifications as Server-Sent Events (W3C Web of Things Discovery, "Events API").
//!
//! The log of the directory's events is what is streamed: an event's id is its place there, so a
//! client that comes back with `Last-Event-ID` misses nothing, also after a restart of the
//! directory. A client that reads slowly holds back its own stream and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chiron_broker::{Broker, BrokerError, Record, partition_of};
use chiron_chassis::{Caller, Problem};
use chiron_clock::Shutdown;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::EVENTS;
use crate::registry::AGGREGATE;

/// Streams at the same time.
const MOST_STREAMS: usize = 256;
/// Events read at once.
const BATCH: usize = 64;
/// How often a silent stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A token without an end ends here.
const NO_END: Duration = Duration::from_hours(24);

/// What is streamed from. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Notifications {
    broker: Broker,
    shutdown: Shutdown,
    places: Arc<Semaphore>,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Created,
    Updated,
    Deleted,
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "thing_created" => Self::Created,
            "thing_updated" => Self::Updated,
            "thing_deleted" => Self::Deleted,
            _ => return None,
        })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Created => "thing_created",
            Self::Updated => "thing_updated",
            Self::Deleted => "thing_deleted",
        }
    }
}

/// One client's stream.
struct Reading {
    from: Notifications,
    next: u64,
    kind: Option<Kind>,
    diff: bool,
    batch: std::vec::IntoIter<Record>,
    seen: u64,
    /// With the token by which it was opened.
    ends: Instant,
    _place: OwnedSemaphorePermit,
}

impl Notifications {
    pub(crate) fn new(broker: Broker, shutdown: Shutdown) -> Self {
        Self { broker, shutdown, places: Arc::new(Semaphore::new(MOST_STREAMS)) }
    }

    fn partition(&self) -> u32 {
        partition_of(AGGREGATE, self.broker.partitions())
    }

    /// A stream of the events after `last`, or of those to come; of one kind or all; with what
    /// changed when `diff`.
    pub(crate) fn stream(
        &self,
        kind: Option<Kind>,
        diff: bool,
        last: Option<&str>,
        caller: &Caller,
    ) -> Result<Response, Problem> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(Problem::unavailable("too many streams at the same time"));
        };
        let end = self.broker.seen(EVENTS).get(&self.partition()).copied().unwrap_or(0);
        let next = match last {
            None => end,
            Some(last) => match last.trim().parse::<u64>() {
                // What lies beyond the end was never told here.
                Ok(last) => last.saturating_add(1).min(end),
                Err(_) => {
                    return Err(Problem::bad_request("last-event-id", "is none of this stream"));
                }
            },
        };
        let reading = Reading {
            from: self.clone(),
            next,
            kind,
            diff,
            batch: Vec::new().into_iter(),
            seen: 0,
            ends: Instant::now() + caller.expires_in().unwrap_or(NO_END),
            _place: place,
        };
        let events = stream::unfold(reading, |mut reading| async move {
            let event = reading.next().await?;
            Some((Ok::<_, Infallible>(event), reading))
        });
        let stream = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
        Ok(stream.into_response())
    }
}

impl Reading {
    /// The next event; `None` ends the stream: with the service, or with its token.
    async fn next(&mut self) -> Option<Event> {
        loop {
            for record in self.batch.by_ref() {
                self.next = record.offset + 1;
                if let Some(event) = present(&record, self.kind, self.diff) {
                    return Some(event);
                }
            }
            let shutdown = self.from.shutdown.clone();
            let read = tokio::select! {
                () = shutdown.requested() => return None,
                () = sleep_until(self.ends) => return None,
                read = self.read() => read,
            };
            match read {
                Ok(records) => self.batch = records.into_iter(),
                Err(BrokerError::Closed) => return None,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "events cannot be read; the stream ends");
                    return None;
                }
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<Record>, BrokerError> {
        let partition = self.from.partition();
        let records = self.from.broker.read(EVENTS, partition, self.next, BATCH).await?;
        if records.is_empty() {
            // The count of the whole log: it may have been another topic's.
            self.seen = self.from.broker.wait_for_append(self.seen).await;
        }
        Ok(records)
    }
}

/// The event as it is sent; `None` when it was not asked for.
fn present(record: &Record, kind: Option<Kind>, diff: bool) -> Option<Event> {
    let of = record.key.as_deref().and_then(Kind::parse)?;
    if kind.is_some_and(|kind| kind != of) {
        return None;
    }
    let told: Value = serde_json::from_slice(&record.value).ok()?;
    let data = match told.get("thing") {
        Some(thing) if diff => thing.clone(),
        _ => json!({"id": told.get("id")?}),
    };
    Some(Event::default().event(of.word()).id(record.offset.to_string()).data(data.to_string()))
}
