//! The door of the units: lines over TCP, one connection per unit.
//!
//! A unit shows a token of its device account first, and again before that one has expired. Its
//! lines are done one after another, in the order in which it says them. A line is counted as work
//! from its arrival to its answer; its sender counts it before, since it waits for the answer.
//! Whatever a connection holds is bounded: the length of a line, the lines that wait, the time to
//! show a token, the time to read an answer, the time to be silent.

use std::sync::Arc;
use std::time::Duration;

use chiron_chassis::{Caller, Guard, Need, Runtime};
use chiron_clock::{Activity, Clock, Shutdown, Tasks};
use jiff::Timestamp;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::line::{BadLine, Incoming, Line, Said, parse};
use crate::register::Register;
use crate::shadow::Shadow;
use crate::units::{MOST_WAITING, Units};

/// Who may say lines: device accounts.
const LINES: Need = Need::new("lines", "write", &[]);

/// The longest line, in bytes.
const MOST_LINE_BYTES: usize = 8 * 1024;
/// Connections at the same time.
const MOST_CONNECTIONS: usize = 1_000;
/// How long a connection may take to show a token.
const TOKEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a unit may be silent. The reference's units speak every five seconds.
const SILENT_AT_MOST: Duration = Duration::from_mins(10);
/// How long a unit may take to read a line.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// Pause after the system refused a connection, such as for lack of descriptors.
const BREATHER: Duration = Duration::from_millis(100);

/// What connections share.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) guard: Guard,
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
    pub(crate) horizon: Duration,
    pub(crate) tasks: Tasks,
    pub(crate) shutdown: Shutdown,
    pub(crate) units: Units,
    pub(crate) shadow: Shadow,
    pub(crate) register: Register,
}

/// Why a connection ended, for the log.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the unit went away")]
    Closed,
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error("no valid token in time")]
    NoToken,
    #[error("the token has expired")]
    Expired,
    #[error("silent for too long")]
    Silent,
    #[error("the service ends")]
    Shutdown,
}

/// One line as it was read.
enum Read {
    Whole,
    TooLong,
}

impl Door {
    pub(crate) fn new(runtime: &Runtime, units: Units, shadow: Shadow, register: Register) -> Self {
        Self {
            guard: runtime.guard.clone(),
            clock: runtime.clock.clone(),
            activity: runtime.activity.clone(),
            horizon: runtime.limits.horizon,
            tasks: runtime.tasks.clone(),
            shutdown: runtime.shutdown.clone(),
            units,
            shadow,
            register,
        }
    }

    /// Lets units in until shutdown.
    pub(crate) async fn open(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.requested() => return,
                accepted = listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(err) => {
                    tracing::warn!(error = %err, "a unit's connection was not accepted");
                    tokio::time::sleep(BREATHER).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                metrics::counter!("chiron_unit_connections_refused_total").increment(1);
                tracing::warn!("too many units: a connection was closed");
                continue;
            };
            let door = self.clone();
            self.tasks.spawn("unit", async move {
                let ended = door.serve(stream).await;
                tracing::info!(reason = %ended, "a unit's connection ended");
                drop(place);
            });
        }
    }

    async fn serve(&self, stream: TcpStream) -> Ended {
        if let Err(err) = stream.set_nodelay(true) {
            tracing::debug!(error = %err, "socket option refused");
        }
        let (reader, writer) = stream.into_split();
        let (lines, queue) = mpsc::channel(MOST_WAITING);
        self.tasks.spawn("unit writer", write(queue, writer));
        let mut talk = Talk { door: self, lines, token: None, link: None, valid_until: None };
        let ended = talk.listen(BufReader::with_capacity(1024, reader)).await;
        if let Some(link) = talk.link {
            self.units.disconnect(link);
        }
        ended
    }
}

/// Writes what is to be said to a unit; ends with the last who might say something, or when the
/// unit does not read.
async fn write(mut queue: mpsc::Receiver<String>, mut writer: OwnedWriteHalf) {
    while let Some(mut line) = queue.recv().await {
        line.push('\n');
        let written = tokio::time::timeout(READ_WITHIN, writer.write_all(line.as_bytes())).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::info!("a unit does not read; its connection ends");
            // Ends the reading half, too: the peer is told, and what it sends is refused.
            let _closing = writer.shutdown().await;
            return;
        }
    }
}

/// A connection.
struct Talk<'a> {
    door: &'a Door,
    lines: mpsc::Sender<String>,
    token: Option<String>,
    link: Option<u64>,
    /// When the last token that was valid has expired: a unit that does not show another is no
    /// longer told what to do. `None` for one without an end.
    valid_until: Option<Instant>,
}

impl Talk<'_> {
    async fn listen(&mut self, mut reader: BufReader<OwnedReadHalf>) -> Ended {
        let opened = Instant::now();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let until = if self.link.is_some() {
                Instant::now() + SILENT_AT_MOST
            } else {
                opened + TOKEN_WITHIN
            };
            let expires = self.valid_until.map(|end| end + TOKEN_WITHIN).filter(|end| *end < until);
            let read = tokio::select! {
                () = self.door.shutdown.requested() => return Ended::Shutdown,
                () = self.lines.closed() => return Ended::Closed,
                () = tokio::time::sleep_until(expires.unwrap_or(until)) => {
                    return if expires.is_some() {
                        Ended::Expired
                    } else if self.link.is_some() { Ended::Silent } else { Ended::NoToken };
                }
                read = read_line(&mut reader, &mut buffer) => read,
            };
            let read = match read {
                Ok(Some(read)) => read,
                Ok(None) => return Ended::Closed,
                Err(err) => return Ended::Io(err),
            };
            // Counted before anything else happens, until the answer is on its way.
            let work = self.door.activity.work();
            let answer = match read {
                Read::Whole if buffer.trim_ascii().is_empty() => None,
                Read::Whole => self.take(&buffer).await,
                Read::TooLong => {
                    let detail = format!("a line has at most {MOST_LINE_BYTES} bytes");
                    Some((None, 413, Some(detail)))
                }
            };
            if let Some((id, status, detail)) = answer
                && (id.is_some() || detail.is_some())
            {
                let mut line = json!({"id": id, "status": status});
                if let (Some(detail), Some(members)) = (detail, line.as_object_mut()) {
                    members.insert("detail".to_owned(), json!(detail));
                }
                // Waits for a unit that reads slowly: it says nothing more before.
                let _gone = self.lines.send(line.to_string()).await;
            }
            self.door.activity.called();
            drop(work);
            if self.link.is_none() && self.token.is_some() {
                return Ended::NoToken;
            }
        }
    }

    /// Takes a line, and says what to answer: the name, the status, what is wrong.
    async fn take(&mut self, bytes: &[u8]) -> Option<(Option<String>, u16, Option<String>)> {
        let (kind, id, outcome) = match parse(bytes) {
            Ok(Incoming::Answer { id, status }) => {
                if let Some(link) = self.link {
                    self.door.units.answered(link, &id, status);
                }
                return None;
            }
            Ok(Incoming::Token { token, id }) => ("token", id, self.identify(token).await),
            Ok(Incoming::Line(line)) => (kind(&line.said), line.id.clone(), self.act(line).await),
            Err(BadLine { id, detail }) => ("bad", id, Err((400, detail))),
        };
        let (status, detail) = match outcome {
            Ok(()) => (204, None),
            Err((status, detail)) => (status, Some(detail)),
        };
        metrics::counter!("chiron_unit_lines_total", "kind" => kind, "status" => status.to_string())
            .increment(1);
        if let Some(detail) = &detail {
            tracing::debug!(kind, status, detail, "a unit's line was refused");
        }
        Some((id, status, detail))
    }

    async fn identify(&mut self, token: String) -> Result<(), (u16, String)> {
        // Kept even when it is not valid: the connection then ends.
        self.token = Some(token);
        let caller = self.caller().await?;
        self.valid_until = caller.expires_in().map(|left| Instant::now() + left);
        if self.link.is_none() {
            self.link = Some(self.door.units.connect(&caller.subject, self.lines.clone()));
        }
        Ok(())
    }

    /// Whose connection this is, asked for each line: tokens expire, keys are withdrawn.
    async fn caller(&self) -> Result<Arc<Caller>, (u16, String)> {
        let caller = match self.door.guard.verify(self.token.as_deref()).await {
            Ok(caller) => caller,
            Err(chiron_chassis::identity::Refused::Invalid(_)) => {
                return Err((401, "show a valid token first".to_owned()));
            }
            Err(err @ chiron_chassis::identity::Refused::NoKeys { .. }) => {
                tracing::warn!(error = %err, "no unit can be identified");
                return Err((503, "identities cannot be proved at the moment".to_owned()));
            }
        };
        if caller.may(&LINES) {
            Ok(caller)
        } else {
            Err((403, format!("this needs the grant {}", LINES.grant())))
        }
    }

    async fn act(&mut self, said: Line) -> Result<(), (u16, String)> {
        let caller = self.caller().await?;
        let at = self.time(&caller, said.time)?;
        // With identity off nobody has to show a token.
        let link = match self.link {
            Some(link) => link,
            None => self.door.units.connect(&caller.subject, self.lines.clone()),
        };
        self.link = Some(link);
        let done = self.door.shadow.apply(&said.said, at).await;
        done.map_err(|err| {
            if err.status() >= 500 {
                let error: &dyn std::error::Error = &err;
                tracing::warn!(error, "a unit's line could not be done");
            }
            (err.status(), err.detail())
        })?;
        match &said.said {
            Said::Room { room } => self.door.units.has_room(link, room),
            Said::Actuator { actuator, .. } => {
                self.door.units.has_actuator(link, actuator);
                self.door.register.nudge();
            }
            _ => {}
        }
        Ok(())
    }

    /// When it happened: as the unit says, if it may say so.
    fn time(&self, caller: &Caller, said: Option<Timestamp>) -> Result<Timestamp, (u16, String)> {
        let Some(at) = said else { return Ok(self.door.clock.now()) };
        if !caller.source_time {
            return Err((403, "this account may not say when something happened".to_owned()));
        }
        self.door
            .clock
            .source_window(self.door.horizon)
            .check(at)
            .map_err(|detail| (400, format!("time {detail}")))?;
        Ok(at)
    }
}

fn kind(said: &Said) -> &'static str {
    match said {
        Said::Measured { .. } => "measured",
        Said::State { .. } => "state",
        Said::Moved { .. } => "moved",
        Said::Implanted { .. } => "implanted",
        Said::OnTable { .. } => "on_table",
        Said::Actuator { .. } => "actuator",
        Said::Room { .. } => "room",
    }
}

/// Reads a line into the buffer, without its end; `None` at the end of the connection. What is too
/// long is read to its end and forgotten.
async fn read_line<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Option<Read>> {
    let mut too_long = false;
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(None);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(available.len());
        if MOST_LINE_BYTES < buffer.len() + taken {
            too_long = true;
            buffer.clear();
        }
        if !too_long {
            buffer.extend_from_slice(available.get(..taken).unwrap_or_default());
        }
        reader.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Some(if too_long { Read::TooLong } else { Read::Whole }));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn lines(bytes: &[u8], capacity: usize) -> Vec<Option<Vec<u8>>> {
        let mut reader = BufReader::with_capacity(capacity, bytes);
        let (mut buffer, mut lines) = (Vec::new(), Vec::new());
        while let Some(read) = read_line(&mut reader, &mut buffer).await.unwrap() {
            lines.push(match read {
                Read::Whole => Some(buffer.clone()),
                Read::TooLong => None,
            });
            buffer.clear();
        }
        lines
    }

    proptest! {
        #[test]
        fn lines_are_what_stands_between_their_ends(
            parts in prop::collection::vec((0_usize..10_000, any::<bool>()), 0..6),
            capacity in 1_usize..5_000,
        ) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for (length, _) in &parts {
                let line = vec![b'x'; *length];
                bytes.extend_from_slice(&line);
                bytes.push(b'\n');
                expected.push((*length <= MOST_LINE_BYTES).then_some(line));
            }
            // What has no end is no line.
            bytes.extend_from_slice(b"rest");
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert_eq!(runtime.block_on(lines(&bytes, capacity)), expected);
        }
    }
}
