//! Server-Sent Events (HTML Standard, section 9.2).

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Caller, Problem, Query};
use chiron_clock::Shutdown;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};
use utoipa::IntoParams;

use crate::Gateway;
use crate::live::event::{FOLLOWED, Kind};
use crate::live::hub::{Hub, Told};
use crate::live::position::Positions;
use crate::live::reader::Reader;
use crate::live::replay::Replay;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// After how many milliseconds a browser comes back when the stream has ended.
const COME_BACK_MS: u32 = 1_000;
/// Events of one write together have about this many bytes at most.
const WRITE_BYTES: usize = 16 * 1024;
/// A token without an end ends here, so that there is always an end to wait for.
const NO_END: Duration = Duration::from_hours(24);

/// What is subscribed to, and where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Subscription {
    /// Only events about this room; may be given several times. Without it all rooms.
    room_id: Option<Vec<String>>,
    /// Also the vital signs of this patient; may be given several times. Without it those of none.
    patient_id: Option<Vec<String>>,
    /// Only this kind: `room`, `process`, `position`, `proposal`, `command` or `vital`; may be given
    /// several times. Without it all kinds.
    #[param(value_type = Option<Vec<String>>)]
    kind: Option<Vec<Kind>>,
    /// The id of the last event got, for clients that cannot send the header `Last-Event-ID`.
    last_event_id: Option<String>,
}

/// What happens in the block, as Server-Sent Events. `Last-Event-ID` goes on where a former stream
/// ended; a `gap` says that something was left out, and everything is to be read anew.
#[utoipa::path(get, path = "/api/v1/obd/live", params(Subscription),
    responses((status = 200, content_type = "text/event-stream"), (status = 400), (status = 503)))]
pub(crate) async fn of_block(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Query(subscription): Query<Subscription>,
) -> Result<Response, Problem> {
    open(&gateway, caller, &headers, subscription)
}

/// What happens in a room, as Server-Sent Events: the same stream for a room's dashboard.
#[utoipa::path(get, path = "/api/v1/ord/live", params(Subscription),
    responses((status = 200, content_type = "text/event-stream"), (status = 400), (status = 503)))]
pub(crate) async fn of_room(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    Query(subscription): Query<Subscription>,
) -> Result<Response, Problem> {
    open(&gateway, caller, &headers, subscription)
}

fn open(
    gateway: &Gateway,
    caller: Caller,
    headers: &HeaderMap,
    subscription: Subscription,
) -> Result<Response, Problem> {
    let Subscription { room_id, patient_id, kind, last_event_id } = subscription;
    let reader = Reader::new(caller, room_id, patient_id, kind)?;
    let hub = gateway.hub.clone();
    let place = hub.place()?;
    let in_header = headers.get(LAST_EVENT_ID).map(|value| value.to_str().unwrap_or_default());
    // A browser that comes back by itself sends the header, and the address as it was.
    let last = in_header.map(str::to_owned).or(last_event_id).filter(|last| !last.is_empty());
    let live = Live::open(hub, reader, place, last.as_deref(), gateway.runtime.shutdown.clone());
    let body = Body::from_stream(stream::unfold(live, |mut live| async move {
        let written = live.next().await?;
        Some((Ok::<Bytes, Infallible>(written), live))
    }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Asks a proxy in between to pass every event on at once.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, body).into_response())
}

/// One stream. It is asked for its next piece when the client has taken the last one, so nothing
/// piles up here: what waits, waits in the ring that all share.
struct Live {
    hub: Hub,
    reader: Reader,
    receiver: broadcast::Receiver<Arc<Told>>,
    stage: Stage,
    /// The id of the last event looked at, seen or not.
    last: String,
    heartbeat: Interval,
    ends: Instant,
    shutdown: Shutdown,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

enum Stage {
    /// Nothing is sent yet. The log has missed events from here on, or none.
    Opened { missed: Missed },
    /// What was missed is being told.
    Behind(Replay),
    /// All that was missed is told, but of what came meanwhile nothing was taken yet.
    CaughtUp(Positions),
    /// Told as it happens.
    Now,
    /// The ring has gone over what this client had not taken.
    TooSlow(u64),
}

enum Missed {
    /// Nothing up to here, where the stream begins.
    Nothing(Positions),
    From(Positions),
    Unknown(&'static str),
}

/// Counts open streams.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("chiron_live_streams").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("chiron_live_streams").decrement(1.0);
    }
}

impl Live {
    fn open(
        hub: Hub,
        reader: Reader,
        place: OwnedSemaphorePermit,
        last: Option<&str>,
        shutdown: Shutdown,
    ) -> Self {
        let (receiver, now) = hub.listen();
        let read = |text| Positions::read(text, FOLLOWED.len(), hub.broker().partitions());
        let missed = match last.map(read) {
            None => Missed::Nothing(now.clone()),
            Some(None) => Missed::Unknown("the last event's id is not one of this service"),
            Some(Some(last)) => match last.until(&now) {
                None => Missed::Unknown("the last event's id is of another log"),
                Some(0) => Missed::Nothing(last),
                Some(records) if hub.replay_records() < records => {
                    Missed::Unknown("too much has happened since")
                }
                Some(_) => Missed::From(last),
            },
        };
        let pause = hub.heartbeat();
        let mut heartbeat = interval_at(Instant::now() + pause, pause);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ends = Instant::now() + reader.caller().expires_in().unwrap_or(NO_END);
        Self {
            hub,
            reader,
            receiver,
            stage: Stage::Opened { missed },
            last: now.write(),
            heartbeat,
            ends,
            shutdown,
            _place: place,
            _counted: Counted::new(),
        }
    }

    /// The next piece to write; `None` when the stream ends: with the service, or with the token by
    /// which it was opened.
    async fn next(&mut self) -> Option<Bytes> {
        let (shutdown, ends) = (self.shutdown.clone(), self.ends);
        tokio::select! {
            biased;
            () = shutdown.requested() => None,
            () = sleep_until(ends) => None,
            piece = self.piece() => piece,
        }
    }

    async fn piece(&mut self) -> Option<Bytes> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Now) {
                Stage::Opened { missed } => return Some(self.begin(missed)),
                Stage::Behind(replay) => {
                    if let Some(piece) = self.catch_up(replay).await {
                        return Some(piece);
                    }
                }
                Stage::CaughtUp(at) => {
                    if let Some(piece) = self.follow(Some(at)).await? {
                        return Some(piece);
                    }
                }
                Stage::Now => {
                    if let Some(piece) = self.follow(None).await? {
                        return Some(piece);
                    }
                }
                Stage::TooSlow(left_out) => return Some(self.gap("too slow", Some(left_out))),
            }
        }
    }

    /// The first piece: an id, so that a client that is cut off before its first event goes on
    /// from here too.
    fn begin(&mut self, missed: Missed) -> Bytes {
        let opened = format!("retry: {COME_BACK_MS}\n");
        match missed {
            Missed::Nothing(now) => {
                self.stage = Stage::CaughtUp(now);
                Bytes::from(format!("{opened}id: {}\n\n", self.last))
            }
            Missed::From(last) => {
                let opened = format!("{opened}id: {}\n\n", last.write());
                let (receiver, now) = self.hub.listen();
                self.receiver = receiver;
                self.stage = Stage::Behind(Replay::new(last, &now));
                Bytes::from(opened)
            }
            Missed::Unknown(reason) => {
                let gap = self.gap(reason, None);
                Bytes::from([opened.as_bytes(), b"\n", &gap].concat())
            }
        }
    }

    /// A piece of what was missed, or none when there is no more.
    async fn catch_up(&mut self, mut replay: Replay) -> Option<Bytes> {
        let mut piece = String::new();
        while piece.len() < WRITE_BYTES {
            match replay.next(self.hub.broker()).await {
                Ok(Some(told)) => {
                    if self.reader.sees(&told.event) {
                        write_event(&mut piece, &self.reader, &told);
                    }
                }
                Ok(None) => {
                    let at = replay.position().clone();
                    self.last = at.write();
                    self.stage = Stage::CaughtUp(at);
                    return (!piece.is_empty()).then(|| Bytes::from(piece));
                }
                Err(interrupted) => {
                    tracing::warn!(error = %interrupted, "a stream cannot be resumed");
                    let gap = self.gap("what was missed is no longer kept", None);
                    return Some(Bytes::from([piece.as_bytes(), &gap].concat()));
                }
            }
        }
        self.stage = Stage::Behind(replay);
        Some(Bytes::from(piece))
    }

    /// A piece of what happens now, or a sign of life; `Some(None)` when it is to be asked again,
    /// `None` when the stream ends. With `exact` nothing was taken from the ring since that
    /// position, so that falling behind loses nothing: the log is read again from there.
    async fn follow(&mut self, exact: Option<Positions>) -> Option<Option<Bytes>> {
        let heard = tokio::select! {
            biased;
            heard = self.receiver.recv() => heard,
            _ = self.heartbeat.tick() => {
                if let Some(at) = exact {
                    self.stage = Stage::CaughtUp(at);
                }
                // An id without data moves the client's position and is no event.
                return Some(Some(Bytes::from(format!(": alive\nid: {}\n\n", self.last))));
            }
        };
        match heard {
            Ok(told) => {
                let mut piece = String::new();
                self.take(&mut piece, &told);
                while piece.len() < WRITE_BYTES {
                    match self.receiver.try_recv() {
                        Ok(told) => self.take(&mut piece, &told),
                        Err(TryRecvError::Lagged(left_out)) => {
                            self.stage = Stage::TooSlow(left_out);
                            break;
                        }
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                Some((!piece.is_empty()).then(|| Bytes::from(piece)))
            }
            Err(RecvError::Lagged(left_out)) => {
                let (receiver, now) = self.hub.listen();
                let within = |at: &Positions| {
                    at.until(&now).is_some_and(|records| records <= self.hub.replay_records())
                };
                match exact.filter(within) {
                    Some(at) => {
                        self.receiver = receiver;
                        self.stage = Stage::Behind(Replay::new(at, &now));
                    }
                    None => self.stage = Stage::TooSlow(left_out),
                }
                Some(None)
            }
            Err(RecvError::Closed) => None,
        }
    }

    fn take(&mut self, piece: &mut String, told: &Told) {
        self.last.clone_from(&told.id);
        if self.reader.sees(&told.event) {
            write_event(piece, &self.reader, told);
        }
    }

    /// Says that something was left out, and goes on from now.
    fn gap(&mut self, reason: &str, left_out: Option<u64>) -> Bytes {
        metrics::counter!("chiron_live_gaps_total").increment(1);
        let (receiver, now) = self.hub.listen();
        self.receiver = receiver;
        self.stage = Stage::Now;
        self.last = now.write();
        let data = json!({"reason": reason, "leftOut": left_out});
        Bytes::from(format!("event: gap\nid: {}\ndata: {data}\n\n", self.last))
    }
}

/// One event. JSON as we write it has no line breaks.
fn write_event(piece: &mut String, reader: &Reader, told: &Told) {
    let (kind, text) = (told.event.kind.name(), reader.text(&told.event));
    // Writing to a string does not fail.
    let _ = write!(piece, "event: {kind}\nid: {}\ndata: {text}\n\n", told.id);
}

#[cfg(test)]
mod tests {
    use block_language::room::{Measurement, RoomEvent, RoomType};
    use chiron_chassis::identity::{AUDIENCE, Claims, ISSUER};
    use chiron_chassis::{Runtime, machine_now};

    use super::*;
    use crate::{NAME, Settings};

    fn nurse() -> Caller {
        let now = u64::try_from(machine_now().as_second()).unwrap();
        Caller::from(Claims {
            sub: "anna".to_owned(),
            roles: vec!["nurse".to_owned()],
            grants: Vec::new(),
            source_time: false,
            name: None,
            exp: now + 600,
            iat: now,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: "1".to_owned(),
        })
    }

    /// Publishes events numbered like this and waits until they are handed out.
    async fn publish(runtime: &Runtime, numbers: std::ops::Range<i64>) {
        for number in numbers {
            let event = RoomEvent {
                room_id: format!("room-{}", number % 5),
                room_type: RoomType::OperatingRoom,
                measurement: Measurement::Humidity(number),
                date_time: runtime.clock.now(),
            };
            let record = event.into_record(&number.to_string(), "test").unwrap();
            runtime.broker.publish(vec![record]).await.unwrap();
        }
        while runtime.activity.snapshot().pending != 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Overrun while it was still being told what it had missed: nothing is lost, for nothing was
    /// taken from the ring yet.
    #[tokio::test]
    async fn overrun_while_catching_up_loses_nothing() {
        let (runtime, _hands) = Runtime::for_test(NAME, &[]);
        let settings = Settings { live_queue: 4, ..Settings::standard() };
        let hub = Hub::start(&runtime, &settings).await.unwrap();
        let (_listener, start) = hub.listen();
        publish(&runtime, 0..20).await;
        let reader = Reader::new(nurse(), None, None, None).unwrap();
        let place = hub.place().unwrap();
        let last = start.write();
        let mut live = Live::open(hub, reader, place, Some(&last), runtime.shutdown.clone());
        let opened = live.next().await.unwrap();
        assert!(opened.starts_with(b"retry: "));
        publish(&runtime, 20..40).await;
        let mut text = String::new();
        while text.matches("event: ").count() < 40 {
            let piece = tokio::time::timeout(Duration::from_secs(10), live.next()).await.unwrap();
            text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
        let told = |line: &str| {
            let rest = line.split_once("humidityPercentage\":")?.1;
            rest.split_once('}')?.0.parse::<i64>().ok()
        };
        let mut told: Vec<i64> = text.lines().filter_map(told).collect();
        told.sort_unstable();
        assert_eq!(told, (0..40).collect::<Vec<_>>());
    }
}
