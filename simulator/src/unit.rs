//! Room control units, played: lines over TCP to the block gateway, and commands from it.
//!
//! One connection stands for the unit of one room. A unit says its lines with the name under which
//! it wants the answer, and does what it is told: the actuator changes, the unit says so, and only
//! then answers the command. So whoever waits for the command has seen its effect.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chiron_clock::{Clock, Tasks, instant};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use crate::fact::{ActuatorType, Fact, What};
use crate::journal::Recorder;
use crate::mishap::REFUSES;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// No answer: the line is to be said again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error("the connection ended")]
    Ended,
    #[error("there was no answer in time")]
    TooLate,
}

/// What the gateway answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) detail: String,
}

/// Where what commands cause is written.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) clock: Clock,
    pub(crate) recorder: Recorder,
    /// The faults of actuators that the plan has.
    pub(crate) faults: Arc<[What]>,
}

impl Books {
    /// What is wrong with an actuator now.
    fn fault_of(&self, actuator: &str, now: Timestamp) -> Option<&'static str> {
        self.faults.iter().find_map(|fault| match fault {
            What::Fault { what, actuator: Some(place), from, until }
                if place.actuator_id == actuator && *from <= now && now < *until =>
            {
                Some(*what)
            }
            _ => None,
        })
    }
}

/// The actuators of all rooms, as announced: what a unit announces again when it comes back.
#[derive(Debug, Default)]
pub(crate) struct Inventory(Mutex<BTreeMap<String, (String, ActuatorType)>>);

impl Inventory {
    pub(crate) fn add(&self, actuator: &str, room: &str, kind: ActuatorType) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(actuator.to_owned(), (room.to_owned(), kind));
    }

    pub(crate) fn of_room(&self, room: &str) -> Vec<(String, ActuatorType)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = all.iter().filter(|(_, (of, _))| of == room);
        mine.map(|(id, (_, kind))| (id.clone(), *kind)).collect()
    }

    /// The room of an actuator.
    pub(crate) fn room_of(&self, actuator: &str) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(actuator).map(|(room, _)| room.clone())
    }

    pub(crate) fn rooms(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms: HashSet<&String> = all.values().map(|(room, _)| room).collect();
        let mut rooms: Vec<String> = rooms.into_iter().cloned().collect();
        rooms.sort();
        rooms
    }
}

/// A unit's connection.
#[derive(Debug)]
pub(crate) struct Unit {
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    /// `None` when the connection has ended.
    waiting: Mutex<Option<HashMap<String, oneshot::Sender<Answer>>>>,
}

impl Unit {
    /// Connects; commands are done on `tasks` until the connection ends.
    pub(crate) async fn connect(
        address: &str,
        books: Option<Books>,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, NoAnswer> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let unit = Arc::new(Self { writer: writer.into(), waiting: Some(HashMap::new()).into() });
        let (commands, queue) = mpsc::unbounded_channel();
        let listener = Arc::clone(&unit);
        tasks.spawn("unit listens", async move { listener.listen(reader, commands).await });
        if let Some(books) = books {
            let hands = Arc::clone(&unit);
            tasks.spawn("unit acts", async move { hands.obey(queue, &books).await });
        }
        Ok(unit)
    }

    /// Says a line under a name, and waits for the answer to it.
    pub(crate) async fn say(&self, id: &str, mut line: Value) -> Result<Answer, NoAnswer> {
        if let Some(members) = line.as_object_mut() {
            members.insert("id".to_owned(), json!(id));
        }
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.as_mut().ok_or(NoAnswer::Ended)?.insert(id.to_owned(), answer);
        }
        self.write(&line).await?;
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_ended)) => Err(NoAnswer::Ended),
            Err(_elapsed) => Err(NoAnswer::TooLate),
        }
    }

    async fn write(&self, line: &Value) -> std::io::Result<()> {
        self.writer.lock().await.write_all(format!("{line}\n").as_bytes()).await
    }

    async fn listen(&self, reader: OwnedReadHalf, commands: mpsc::UnboundedSender<Value>) {
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
            if line.get("command").is_some() {
                // The hands may be gone; then nobody answers, as of a dead unit.
                let _gone = commands.send(line);
                continue;
            }
            let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
            let status = line.get("status").and_then(Value::as_u64).unwrap_or(0);
            let answer = Answer {
                status: u16::try_from(status).unwrap_or(0),
                detail: text("detail").to_owned(),
            };
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(waits) = waiting.as_mut().and_then(|waiting| waiting.remove(text("id"))) {
                // Whoever waited may have given up.
                let _gone = waits.send(answer);
            }
        }
        // Whoever still waits is told that the connection has ended.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Does commands one after another, each once, and answers each as often as it comes.
    async fn obey(&self, mut queue: mpsc::UnboundedReceiver<Value>, books: &Books) {
        let mut done = HashSet::new();
        while let Some(command) = queue.recv().await {
            let id = command.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let status = if done.contains(&id) {
                Some(200)
            } else {
                match Told::read(&command) {
                    Some(told) => match books.fault_of(&told.actuator, books.clock.now()) {
                        Some(REFUSES) => Some(503),
                        Some(_stuck) => {
                            let t = books.clock.now();
                            books.recorder.acknowledge(&told.received(&id, t), t).ok().map(|()| 200)
                        }
                        None => self.act(&id, &told, books).await.then_some(200),
                    },
                    None => Some(400),
                }
            };
            // Without a status the command is not answered, and comes again.
            let Some(status) = status else { continue };
            if self.write(&json!({"id": id, "status": status})).await.is_err() {
                return;
            }
            if status == 200 {
                done.insert(id);
            }
        }
    }

    /// The actuator changes and the unit says so; whether all of it was written and answered.
    async fn act(&self, id: &str, told: &Told, books: &Books) -> bool {
        let t = books.clock.now();
        let received = told.received(id, t);
        let is_now = What::ActuatorState {
            actuator_id: told.actuator.clone(),
            state: told.state,
            intensity: told.intensity,
        };
        let is_now = Fact::new(format!("actuator-state-after-{id}"), t, is_now);
        let recorder = &books.recorder;
        if recorder.acknowledge(&received, t).is_err() || recorder.announce(&is_now).is_err() {
            return false;
        }
        let line = state_line(&told.actuator, told.state, told.intensity, t);
        match self.say(&is_now.id, line).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                recorder.acknowledge(&is_now, books.clock.now()).is_ok()
            }
            Ok(_) | Err(_) => false,
        }
    }
}

/// A line of type 4.
pub(crate) fn state_line(actuator: &str, state: &str, intensity: i64, t: Timestamp) -> Value {
    json!({
        "type": 4, "actuator_id": actuator, "state": state, "intensity": intensity,
        "time": instant::write(t),
    })
}

/// A command that was understood, and how the actuator is then.
#[derive(Debug, PartialEq)]
struct Told {
    actuator: String,
    room: String,
    action: &'static str,
    value: Value,
    state: &'static str,
    intensity: i64,
}

impl Told {
    /// The command with that id, as the actuator received it.
    fn received(&self, id: &str, t: Timestamp) -> Fact {
        let what = What::Command {
            actuator_id: self.actuator.clone(),
            room_id: self.room.clone(),
            action: self.action,
            value: self.value.clone(),
        };
        Fact::new(format!("command-{id}"), t, what)
    }

    fn read(command: &Value) -> Option<Self> {
        let text = |name: &str| command.get(name).and_then(Value::as_str).map(str::to_owned);
        let status = command.get("status")?;
        let most = match command.get("command").and_then(Value::as_u64)? {
            0 | 1 => None,
            2 => Some(100),
            3 => Some(5_000),
            4 => Some(200_000),
            _ => return None,
        };
        let (action, value, intensity) = match most {
            // Anything but "on" means off.
            None if status == "on" => ("on", Value::Null, 100),
            None => ("off", Value::Null, 0),
            Some(most) => {
                let intensity = status.as_i64()?.clamp(0, most);
                ("setIntensity", json!(intensity), intensity)
            }
        };
        let state = if 0 < intensity { "on" } else { "off" };
        let (actuator, room) = (text("actuator_id")?, text("room_id")?);
        Some(Self { actuator, room, action, value, state, intensity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_says_how_the_actuator_is_then() {
        let told = |command: u64, status: Value| {
            let line = json!({
                "command": command, "status": status, "actuator_id": "a", "room_id": "r",
            });
            Told::read(&line).map(|told| (told.action, told.value, told.state, told.intensity))
        };
        for (command, status, expected) in [
            (0, json!("on"), Some(("on", json!(null), "on", 100))),
            (1, json!("off"), Some(("off", json!(null), "off", 0))),
            (1, json!(7), Some(("off", json!(null), "off", 0))),
            (2, json!(100), Some(("setIntensity", json!(100), "on", 100))),
            (2, json!(101), Some(("setIntensity", json!(100), "on", 100))),
            (3, json!(0), Some(("setIntensity", json!(0), "off", 0))),
            (4, json!(150_000), Some(("setIntensity", json!(150_000), "on", 150_000))),
            (3, json!("bright"), None),
            (5, json!(1), None),
        ] {
            assert_eq!(told(command, status.clone()), expected, "{command} {status}");
        }
    }
}
