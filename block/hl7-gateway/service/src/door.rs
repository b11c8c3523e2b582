//! The door: a connection per system, framed by MLLP.
//!
//! Messages of a connection are done one after another, in the order in which they come, and the
//! next is read when the one before is answered. Whatever a connection holds is bounded: the length
//! of a message, the bytes outside of one, the time for one, the time to read an answer, the time to
//! be silent. A message is counted as work from its last byte to its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chiron_chassis::Runtime;
use chiron_clock::{Activity, Shutdown, Tasks};
use hl7_gateway_domain::frame::{Frame, Frames, frame};
use hl7_gateway_domain::message::MOST_BYTES;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::desk::Desk;
use crate::settings::Rules;

/// Connections at the same time: a hospital has a few systems, and each a few connections.
const MOST_CONNECTIONS: usize = 100;
/// How long a message may take from its first byte to its last.
const MESSAGE_WITHIN: Duration = Duration::from_secs(30);
/// How long a system may take to read an answer.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Bytes outside of frames after which the other side speaks something else.
const MOST_OUTSIDE: usize = 64 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;
/// Pause after the system refused a connection, such as for lack of descriptors.
const BREATHER: Duration = Duration::from_millis(100);

/// What connections share.
#[derive(Clone)]
pub(crate) struct Door {
    activity: Activity,
    tasks: Tasks,
    shutdown: Shutdown,
    rules: Arc<Rules>,
    desk: Desk,
}

/// Why a connection ended, for the log.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the other side went away")]
    Closed,
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error("silent for too long")]
    Silent,
    #[error("a message was not sent to its end in time")]
    Slow,
    #[error("an answer was not read in time")]
    Unread,
    #[error("what comes is not HL7")]
    Garbage,
    #[error("the service ends")]
    Shutdown,
}

impl Door {
    pub(crate) fn new(runtime: &Runtime, rules: Arc<Rules>, desk: Desk) -> Self {
        let (activity, tasks) = (runtime.activity.clone(), runtime.tasks.clone());
        Self { activity, tasks, shutdown: runtime.shutdown.clone(), rules, desk }
    }

    /// Lets systems in until shutdown.
    pub(crate) async fn open(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.requested() => return,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(err) => {
                    tracing::warn!(error = %err, "an HL7 connection was not accepted");
                    tokio::time::sleep(BREATHER).await;
                    continue;
                }
            };
            let refused = |reason: &'static str| {
                metrics::counter!("chiron_hl7_connections_refused_total", "reason" => reason)
                    .increment(1);
                tracing::warn!(%peer, reason, "an HL7 connection was closed");
            };
            let peers = &self.rules.peers;
            if !peers.is_empty() && !peers.iter().any(|network| network.holds(peer.ip())) {
                refused("not a peer");
                continue;
            }
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                refused("too many");
                continue;
            };
            let door = self.clone();
            self.tasks.spawn("HL7 connection", async move {
                let ended = door.serve(stream, peer).await;
                tracing::info!(%peer, reason = %ended, "an HL7 connection ended");
                drop(place);
            });
        }
    }

    async fn serve(&self, mut stream: TcpStream, peer: SocketAddr) -> Ended {
        if let Err(err) = stream.set_nodelay(true) {
            tracing::debug!(error = %err, "socket option refused");
        }
        let mut frames = Frames::new(MOST_BYTES);
        let mut piece = vec![0; PIECE];
        let mut begun = Instant::now();
        loop {
            let inside = frames.is_inside();
            let until = begun + if inside { MESSAGE_WITHIN } else { self.rules.idle };
            let read = tokio::select! {
                () = self.shutdown.requested() => return Ended::Shutdown,
                () = tokio::time::sleep_until(until) => {
                    return if inside { Ended::Slow } else { Ended::Silent };
                }
                read = stream.read(&mut piece) => read,
            };
            let mut rest = match read {
                Ok(0) => return Ended::Closed,
                Ok(read) => piece.get(..read).unwrap_or_default(),
                Err(err) => return Ended::Io(err),
            };
            if !inside {
                begun = Instant::now();
            }
            while !rest.is_empty() {
                let work = self.activity.work();
                let (taken, found) = frames.take(rest);
                rest = rest.get(taken..).unwrap_or_default();
                let Some(found) = found else { break };
                let answer = match found {
                    Frame::Whole(bytes) => self.desk.take(&bytes, peer).await,
                    Frame::TooLong(beginning) => self.desk.too_long(&beginning, peer).await,
                };
                let answer = frame(&answer);
                let written = tokio::time::timeout(READ_WITHIN, stream.write_all(&answer)).await;
                self.activity.called();
                drop(work);
                match written {
                    Ok(Ok(())) => {}
                    Ok(Err(err)) => return Ended::Io(err),
                    Err(_elapsed) => return Ended::Unread,
                }
                begun = Instant::now();
            }
            if MOST_OUTSIDE < frames.outside() {
                return Ended::Garbage;
            }
        }
    }
}
