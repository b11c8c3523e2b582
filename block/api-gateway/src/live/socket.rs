//! The room dashboard's WebSocket: every proposal of the automation as one text frame that holds
//! its data and nothing else.
//!
//! Without a subscription a socket gets the proposals of all rooms and picks for itself; it may
//! name rooms in its address, or at any time in a message `{"roomIds": ["or-1"]}` (null for all).
//! Other messages are ignored. Each socket is asked for a sign of life; one that gives none, or
//! does not take what is sent, is closed and disturbs nobody.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use chiron_chassis::{Caller, Problem, Query, SameOrigin};
use chiron_clock::Shutdown;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use utoipa::IntoParams;

use crate::Gateway;
use crate::live::hub::Told;
use crate::live::reader::Reader;

/// The largest message that is read, in bytes.
const MESSAGE_BYTES: usize = 8 * 1024;
/// How long a frame may take to be sent, of the machine.
const SEND_LIMIT: Duration = Duration::from_secs(10);
/// A token without an end ends here.
const NO_END: Duration = Duration::from_hours(24);

/// Which rooms.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct Rooms {
    /// Only proposals for this room; may be given several times. Without it all rooms.
    room_id: Option<Vec<String>>,
}

/// A client's message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    room_ids: Option<Vec<String>>,
}

/// Opens a WebSocket that gets the proposals of the automation.
#[utoipa::path(get, path = "/api/v1/ord/socket-connection", params(Rooms),
    responses((status = 101), (status = 400), (status = 503)))]
pub(crate) async fn proposals(
    State(gateway): State<Gateway>,
    caller: Caller,
    SameOrigin(same_origin): SameOrigin,
    headers: HeaderMap,
    Query(rooms): Query<Rooms>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    // A browser sends our cookie along with what another site's page opens.
    if !same_origin && !headers.contains_key(header::AUTHORIZATION) {
        return Err(Problem::forbidden("a page of another site may not open this"));
    }
    let reader = Reader::new(caller, rooms.room_id, None, None)?;
    let upgrade = upgrade.map_err(|err| Problem::bad_request("upgrade", err.to_string()))?;
    let place = gateway.hub.place()?;
    let connection = Connection {
        proposals: gateway.hub.listen_to_proposals(),
        heartbeat: gateway.hub.heartbeat(),
        shutdown: gateway.runtime.shutdown.clone(),
        reader,
        _place: place,
    };
    let tasks = gateway.runtime.tasks.clone();
    Ok(upgrade.max_message_size(MESSAGE_BYTES).on_upgrade(move |socket| async move {
        tasks.spawn("socket", connection.serve(socket));
    }))
}

struct Connection {
    proposals: broadcast::Receiver<std::sync::Arc<Told>>,
    heartbeat: Duration,
    shutdown: Shutdown,
    reader: Reader,
    _place: OwnedSemaphorePermit,
}

/// Why a socket is closed from here: the code (RFC 6455, section 7.4) and the reason.
type Farewell = (u16, &'static str);

impl Connection {
    async fn serve(mut self, mut socket: WebSocket) {
        metrics::gauge!("chiron_live_sockets").increment(1.0);
        let farewell = self.talk(&mut socket).await;
        if let Some((code, reason)) = farewell {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            // Whoever does not take the farewell is gone without it.
            let _gone = timeout(SEND_LIMIT, socket.send(Message::Close(Some(frame)))).await;
        }
        metrics::gauge!("chiron_live_sockets").decrement(1.0);
    }

    /// Serves until one side ends it; `None` when the client is gone.
    async fn talk(&mut self, socket: &mut WebSocket) -> Option<Farewell> {
        let ends = Instant::now() + self.reader.caller().expires_in().unwrap_or(NO_END);
        let mut heartbeat = interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = true;
        let shutdown = self.shutdown.clone();
        loop {
            let message = tokio::select! {
                biased;
                () = shutdown.requested() => return Some((close_code::AWAY, "the service ends")),
                () = sleep_until(ends) => return Some((close_code::POLICY, "the token has expired")),
                told = self.proposals.recv() => match told {
                    Ok(told) => match self.frame(&told) {
                        Some(frame) => Message::Text(frame),
                        None => continue,
                    },
                    Err(RecvError::Lagged(_)) => return Some((close_code::AGAIN, "too slow")),
                    Err(RecvError::Closed) => return Some((close_code::AWAY, "the service ends")),
                },
                received = socket.recv() => {
                    heard = true;
                    match received {
                        None | Some(Err(_) | Ok(Message::Close(_))) => return None,
                        Some(Ok(Message::Text(text))) => {
                            if let Ok(wish) = serde_json::from_str::<Subscription>(&text) {
                                self.reader.subscribe(wish.room_ids);
                            }
                        }
                        // Pings are answered by the library.
                        Some(Ok(_)) => {}
                    }
                    continue;
                }
                _ = heartbeat.tick() => {
                    if !heard {
                        return Some((close_code::AWAY, "no sign of life"));
                    }
                    heard = false;
                    Message::Ping(axum::body::Bytes::new())
                }
            };
            match timeout(SEND_LIMIT, socket.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_gone)) => return None,
                Err(_elapsed) => return Some((close_code::AGAIN, "too slow")),
            }
        }
    }

    fn frame(&self, told: &Told) -> Option<Utf8Bytes> {
        if !self.reader.sees(&told.event) {
            return None;
        }
        told.event.frame.as_deref().map(Utf8Bytes::from)
    }
}
