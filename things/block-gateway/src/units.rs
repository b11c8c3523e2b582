//! Which units are connected, what each is for, and the commands that they have not answered.
//!
//! All of it is of the moment: a unit says what it is for when it connects, as the reference's
//! units do at boot. Of two units that say the same the later one counts, since the usual reason
//! is a unit that came back while its old connection has not ended yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::actuator::{Kind, Order};

/// Lines that may wait for a unit that reads slowly.
pub(crate) const MOST_WAITING: usize = 64;
/// How long a command may take, tries included. Shorter than a request may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(9);
/// How long one try may take, before the command is sent again under the same id.
const TRY_WITHIN: Duration = Duration::from_secs(3);
/// Pause before looking for a unit that has just gone.
const RECONNECTS_WITHIN: Duration = Duration::from_millis(200);

/// The connected units. Clones are the same units.
#[derive(Debug, Clone, Default)]
pub(crate) struct Units(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    links: HashMap<u64, Link>,
    rooms: HashMap<String, u64>,
    actuators: HashMap<String, u64>,
    waiting: HashMap<String, Vec<Waiting>>,
}

#[derive(Debug)]
struct Link {
    account: String,
    lines: mpsc::Sender<String>,
}

#[derive(Debug)]
struct Waiting {
    link: u64,
    answer: oneshot::Sender<u16>,
}

/// What a unit is told to do.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) id: String,
    pub(crate) actuator: String,
    pub(crate) kind: Kind,
    pub(crate) room: String,
    pub(crate) order: Order,
}

/// The unit did not do it, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotDone {
    /// No unit of the actuator or its room is connected.
    #[error("the room's control unit is not connected")]
    NoUnit,
    /// The unit reads too slowly.
    #[error("the room's control unit does not read")]
    Slow,
    /// The unit did not answer in time; it may have been done.
    #[error("the room's control unit does not answer")]
    NoAnswer,
    /// The unit answered with this status.
    #[error("the room's control unit answered {0}")]
    Refused(u16),
}

/// A connected unit, for operators.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) account: String,
    pub(crate) rooms: Vec<String>,
    pub(crate) actuators: Vec<String>,
}

impl Units {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A unit has connected as this account; what is written to `lines` reaches it.
    pub(crate) fn connect(&self, account: &str, lines: mpsc::Sender<String>) -> u64 {
        let mut inner = self.inner();
        inner.next += 1;
        let link = inner.next;
        inner.links.insert(link, Link { account: account.to_owned(), lines });
        link
    }

    /// The unit has gone: what it has not answered will be asked of the next one.
    pub(crate) fn disconnect(&self, link: u64) {
        let mut inner = self.inner();
        inner.links.remove(&link);
        inner.rooms.retain(|_, of| *of != link);
        inner.actuators.retain(|_, of| *of != link);
        for waiting in inner.waiting.values_mut() {
            waiting.retain(|waiting| waiting.link != link);
        }
        inner.waiting.retain(|_, waiting| !waiting.is_empty());
    }

    /// The unit is that of a room.
    pub(crate) fn has_room(&self, link: u64, room: &str) {
        let before = self.inner().rooms.insert(room.to_owned(), link);
        replaced(before, link, "room", room);
    }

    /// The unit has an actuator.
    pub(crate) fn has_actuator(&self, link: u64, actuator: &str) {
        let before = self.inner().actuators.insert(actuator.to_owned(), link);
        replaced(before, link, "actuator", actuator);
    }

    /// A unit has answered a command.
    pub(crate) fn answered(&self, link: u64, id: &str, status: u16) {
        let Some(waiting) = self.inner().waiting.remove(id) else {
            tracing::debug!(link, id, status, "answer to no command that waits");
            return;
        };
        for waiting in waiting {
            // Whoever asked may have gone.
            let _gone = waiting.answer.send(status);
        }
    }

    /// The connected units, in the order in which they came.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let inner = self.inner();
        let mut links: Vec<_> = inner.links.iter().collect();
        links.sort_by_key(|(number, _)| **number);
        let of = |map: &HashMap<String, u64>, link: u64| {
            let mine = map.iter().filter(|(_, of)| **of == link);
            let mut mine: Vec<String> = mine.map(|(name, _)| name.clone()).collect();
            mine.sort();
            mine
        };
        links
            .into_iter()
            .map(|(number, link)| Shown {
                account: link.account.clone(),
                rooms: of(&inner.rooms, *number),
                actuators: of(&inner.actuators, *number),
            })
            .collect()
    }

    /// Tells the unit, and waits for its answer; again under the same id when there is none.
    pub(crate) async fn command(&self, command: &Command) -> Result<(), NotDone> {
        let line = command.line();
        let deadline = Instant::now() + ANSWER_WITHIN;
        let mut outcome = NotDone::NoUnit;
        while Instant::now() < deadline {
            let answered = match self.send(command, &line) {
                Ok(answered) => answered,
                // Gone between two tries: it may be on its way back.
                Err(NotDone::NoUnit) if outcome != NotDone::NoUnit => {
                    tokio::time::sleep(RECONNECTS_WITHIN).await;
                    continue;
                }
                Err(err) => return Err(err),
            };
            outcome = NotDone::NoAnswer;
            let left = deadline.saturating_duration_since(Instant::now()).min(TRY_WITHIN);
            match tokio::time::timeout(left, answered).await {
                Ok(Ok(200..=299)) => return Ok(()),
                // Busy, or not yet ready: as when there was no answer.
                Ok(Ok(408 | 429 | 503) | Err(_)) => tokio::time::sleep(RECONNECTS_WITHIN).await,
                Ok(Ok(status)) => return Err(NotDone::Refused(status)),
                Err(_elapsed) => {}
            }
        }
        Err(outcome)
    }

    fn send(&self, command: &Command, text: &str) -> Result<oneshot::Receiver<u16>, NotDone> {
        let mut inner = self.inner();
        let of = inner.actuators.get(&command.actuator).or_else(|| inner.rooms.get(&command.room));
        let link = *of.ok_or(NotDone::NoUnit)?;
        let lines = inner.links.get(&link).ok_or(NotDone::NoUnit)?.lines.clone();
        lines.try_send(text.to_owned()).map_err(|err| match err {
            mpsc::error::TrySendError::Full(_) => NotDone::Slow,
            mpsc::error::TrySendError::Closed(_) => NotDone::NoUnit,
        })?;
        let (answer, answered) = oneshot::channel();
        let waiting = inner.waiting.entry(command.id.clone()).or_default();
        waiting.retain(|waiting| !waiting.answer.is_closed());
        waiting.push(Waiting { link, answer });
        Ok(answered)
    }
}

impl Command {
    /// The reference's command line, with the actuator and the name of the answer besides.
    fn line(&self) -> String {
        let line: Value = json!({
            "command": self.kind.number(), "room_id": self.room, "status": self.order.status(),
            "actuator_id": self.actuator, "id": self.id,
        });
        line.to_string()
    }
}

fn replaced(before: Option<u64>, link: u64, what: &'static str, id: &str) {
    if before.is_some_and(|before| before != link) {
        metrics::counter!("chiron_units_replaced_total", "what" => what).increment(1);
        tracing::warn!(
            link,
            before,
            id,
            "another unit says the same of a {what}; the later counts"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(actuator: &str) -> Command {
        Command {
            id: "c-1".to_owned(),
            actuator: actuator.to_owned(),
            kind: Kind::AmbientLight,
            room: "or-1".to_owned(),
            order: Order::Dim(100),
        }
    }

    #[test]
    fn a_command_is_the_references_line() {
        let line: Value = serde_json::from_str(&command("al-1").line()).unwrap();
        let expected = json!({
            "command": 3, "room_id": "or-1", "status": 100, "actuator_id": "al-1", "id": "c-1",
        });
        assert_eq!(line, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_later_of_two_units_is_told() {
        let units = Units::default();
        assert_eq!(units.command(&command("al-1")).await, Err(NotDone::NoUnit));
        let (first, mut of_first) = mpsc::channel(4);
        let (second, mut of_second) = mpsc::channel(4);
        let first = units.connect("a", first);
        units.has_room(first, "or-1");
        units.has_actuator(first, "al-1");
        let second = units.connect("b", second);
        units.has_room(second, "or-1");
        let answer = async |link: u64, lines: &mut mpsc::Receiver<String>, status: u16| {
            lines.recv().await.unwrap();
            units.answered(link, "c-1", status);
        };
        // The actuator's own unit, else the room's.
        let told = command("al-1");
        let done = tokio::join!(units.command(&told), answer(first, &mut of_first, 200));
        assert_eq!(done.0, Ok(()));
        let told = command("other");
        let done = tokio::join!(units.command(&told), answer(second, &mut of_second, 409));
        assert_eq!(done.0, Err(NotDone::Refused(409)));
        units.disconnect(first);
        let told = command("al-1");
        let done = tokio::join!(units.command(&told), answer(second, &mut of_second, 204));
        assert_eq!(done.0, Ok(()));
        assert_eq!(units.shown()[0].rooms, ["or-1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_unit_is_told_again_and_given_up_in_time() {
        let units = Units::default();
        let (lines, mut told) = mpsc::channel(8);
        let link = units.connect("a", lines);
        units.has_room(link, "or-1");
        let started = Instant::now();
        assert_eq!(units.command(&command("al-1")).await, Err(NotDone::NoAnswer));
        assert_eq!(started.elapsed(), ANSWER_WITHIN);
        let mut times = 0;
        while told.try_recv().is_ok() {
            times += 1;
        }
        assert_eq!(times, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_comes_back_is_told_again() {
        let units = Units::default();
        let (lines, mut told) = mpsc::channel(8);
        let link = units.connect("a", lines);
        units.has_room(link, "or-1");
        let returns = async {
            told.recv().await.unwrap();
            units.disconnect(link);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (lines, mut told) = mpsc::channel(8);
            let link = units.connect("a", lines);
            units.has_room(link, "or-1");
            told.recv().await.unwrap();
            units.answered(link, "c-1", 200);
        };
        let order = command("al-1");
        let (done, ()) = tokio::join!(units.command(&order), returns);
        assert_eq!(done, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_does_not_read_holds_nobody_up() {
        let units = Units::default();
        let (lines, _told) = mpsc::channel(1);
        lines.try_send(String::new()).unwrap();
        let link = units.connect("a", lines);
        units.has_room(link, "or-1");
        assert_eq!(units.command(&command("al-1")).await, Err(NotDone::Slow));
    }
}
