//! What became of each patient, by the contract's transition table.
//!
//! Facts of one patient in event order, with the order that the contract gives to those of one
//! instant, are read once from the first to the last.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::journal::{Fact, Journal, instant, written};

/// A process as it must have been.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) patient_id: String,
    pub(crate) kind: String,
    pub(crate) surgery_id: Option<String>,
    pub(crate) professional_id: Option<String>,
    pub(crate) tax_code: Option<String>,
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
    pub(crate) pre: Option<String>,
    pub(crate) post: Option<String>,
    pub(crate) states: Vec<(Timestamp, &'static str)>,
    pub(crate) steps: Vec<(Timestamp, &'static str)>,
    /// Where the patient was: room, whether a theatre, from, until (`None`: to the end).
    pub(crate) stays: Vec<Stay>,
    pub(crate) devices: Vec<(String, String)>,
    pub(crate) usages: Vec<Usage>,
    /// Position changes, the first one too.
    pub(crate) moves: Vec<(Timestamp, Option<String>)>,
    pub(crate) late: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Stay {
    pub(crate) room: String,
    pub(crate) theatre: bool,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(crate) struct Usage {
    pub(crate) t: Timestamp,
    pub(crate) technology_id: String,
    pub(crate) in_use: bool,
}

impl Process {
    pub(crate) fn state(&self) -> &'static str {
        self.states.last().map_or("", |(_, state)| state)
    }

    pub(crate) fn theatre(&self) -> Option<&str> {
        self.stays.iter().rev().find(|stay| stay.theatre).map(|stay| stay.room.as_str())
    }

    /// Rooms by first entry, each once.
    pub(crate) fn rooms(&self) -> Vec<(String, bool)> {
        let mut rooms: Vec<(String, bool)> = Vec::new();
        for stay in &self.stays {
            if rooms.iter().all(|(room, _)| *room != stay.room) {
                rooms.push((stay.room.clone(), stay.theatre));
            }
        }
        rooms
    }

    /// As `GET /processes` shows it.
    pub(crate) fn shown(&self) -> Value {
        let room = |id: Option<&str>, kind: &str| {
            id.map_or(Value::Null, |id| json!({"id": {"id": id}, "type": kind}))
        };
        json!({
            "dateTime": written(self.start),
            "type": self.kind,
            "patientId": self.patient_id,
            "surgeryId": self.surgery_id,
            "healthProfessionalId": self.professional_id,
            "preOperatingRoom": room(self.pre.as_deref(), "PRE_POST_OPERATING_ROOM"),
            "operatingRoom": room(self.theatre(), "OPERATING_ROOM"),
            "postOperatingRoom": room(self.post.as_deref(), "PRE_POST_OPERATING_ROOM"),
            "state": self.state(),
            "step": self.steps.last().map(|(_, step)| *step),
            "endDateTime": self.end.map(written),
            "settled": true,
        })
    }
}

/// What may open a process.
#[derive(Debug, Clone)]
struct Booking {
    surgery_id: String,
    professional_id: String,
    tax_code: String,
    kind: String,
    planned: Timestamp,
    posted: Timestamp,
    cancelled: Option<Timestamp>,
    used: bool,
}

/// Facts of one instant apply in this order.
fn rank(what: &What<'_>) -> u8 {
    match what {
        What::Booking(_) => 0,
        What::Emergency { .. } => 1,
        What::Left => 2,
        What::Entered { .. } => 3,
        What::OnTable => 4,
        What::Manual(word) => match *word {
            "ANESTHESIA" => 5,
            "SURGERY_IN_PROGRESS" => 6,
            "END_OF_SURGERY" => 7,
            "INTERRUPTED" => 8,
            _ => 9,
        },
        What::Usage { .. } | What::Implant { .. } => 10,
    }
}

enum What<'a> {
    Booking(&'a Fact),
    Emergency { room: &'a str, tax_code: Option<String> },
    Left,
    Entered { room: &'a str },
    OnTable,
    Manual(&'a str),
    Usage { technology: &'a str, in_use: bool },
    Implant { device: &'a str, kind: &'a str },
}

/// Every patient's processes, in order of their beginning.
pub(crate) fn processes(journal: &Journal) -> anyhow::Result<Vec<Process>> {
    let theatres: BTreeMap<&str, bool> = journal
        .of("room")
        .map(|room| (room.text("roomId"), room.text("roomType") == "OPERATING_ROOM"))
        .collect();
    let mut patients: Vec<&str> =
        journal.of("patient").map(|fact| fact.text("patientId")).collect();
    patients.dedup();
    let mut all = Vec::new();
    for patient in patients {
        all.extend(of_patient(journal, patient, &theatres)?);
    }
    all.sort_by(|a, b| (a.start, &a.patient_id).cmp(&(b.start, &b.patient_id)));
    Ok(all)
}

fn of_patient(
    journal: &Journal,
    patient: &str,
    theatres: &BTreeMap<&str, bool>,
) -> anyhow::Result<Vec<Process>> {
    let mut facts = told(journal, patient);
    facts.sort_by_key(|(t, what)| (*t, rank(what)));
    let mut life = Life::default();
    for (t, what) in &facts {
        life.observed_nothing_until(*t);
        life.apply(patient, *t, what, theatres)?;
    }
    life.observed_nothing_until(journal.end);
    let mut processes = life.done;
    processes.extend(life.open);
    for fact in journal.of("vital").filter(|fact| fact.late && fact.text("patientId") == patient) {
        let over = |process: &&mut Process| {
            process.start <= fact.t && process.end.is_none_or(|end| fact.t <= end)
        };
        if let Some(process) = processes.iter_mut().find(over) {
            process.late += 1;
        }
    }
    Ok(processes)
}

/// The patient's facts; a move is a leaving and an entry at one instant.
fn told<'a>(journal: &'a Journal, patient: &'a str) -> Vec<(Timestamp, What<'a>)> {
    let mut facts = Vec::new();
    let mut inside: Option<&str> = None;
    for fact in &journal.facts {
        let mine = fact.text("patientId") == patient;
        match fact.kind.as_str() {
            "booked" | "rescheduled" | "cancelled" if mine => {
                facts.push((fact.t, What::Booking(fact)));
            }
            "emergency" if mine => {
                inside = Some(fact.text("roomId"));
                let (room, tax_code) = (fact.text("roomId"), fact.option("taxCode"));
                facts.push((fact.t, What::Emergency { room, tax_code }));
            }
            "patient_moved" if mine => {
                if inside.is_some() {
                    facts.push((fact.t, What::Left));
                }
                inside = fact.line.get("roomId").and_then(Value::as_str);
                if let Some(room) = inside {
                    facts.push((fact.t, What::Entered { room }));
                }
            }
            "on_table" if mine => facts.push((fact.t, What::OnTable)),
            "step" if mine => facts.push((fact.t, What::Manual(fact.text("step")))),
            "implant" if mine => {
                let (device, kind) = (fact.text("deviceId"), fact.text("deviceType"));
                facts.push((fact.t, What::Implant { device, kind }));
            }
            // A usage is a fact of the room: of the patient who is in it then.
            "technology" if inside == Some(fact.text("roomId")) => {
                let in_use = fact.value("inUse") == Value::Bool(true);
                let technology = fact.text("technologyId");
                facts.push((fact.t, What::Usage { technology, in_use }));
            }
            _ => {}
        }
    }
    facts
}

#[derive(Default)]
struct Life {
    bookings: Vec<Booking>,
    open: Option<Process>,
    done: Vec<Process>,
    inside: Option<(String, bool)>,
    /// When the pre/post room was left after the surgery: ends the process a minute later, as of
    /// then, unless such a room is entered.
    left_observation: Option<Timestamp>,
}

impl Life {
    fn observed_nothing_until(&mut self, t: Timestamp) {
        if let Some(left) = self.left_observation
            && t.duration_since(left) > SignedDuration::from_mins(1)
        {
            self.left_observation = None;
            self.end(left, "TERMINATED");
        }
    }

    fn apply(
        &mut self,
        patient: &str,
        t: Timestamp,
        what: &What<'_>,
        theatres: &BTreeMap<&str, bool>,
    ) -> anyhow::Result<()> {
        match what {
            What::Booking(fact) => self.booking(t, fact)?,
            What::Emergency { room, tax_code } => {
                let mut process = begun(patient, "Emergency", t, "SURGERY", None);
                process.tax_code.clone_from(tax_code);
                self.open = Some(process);
                self.arrives(t, room, true);
            }
            What::Left => {
                if let Some(process) = &mut self.open {
                    process.moves.push((t, None));
                    if let Some(stay) = process.stays.last_mut() {
                        stay.to = Some(t);
                    }
                    let observed = process.state() == "POST_SURGERY";
                    if observed && self.inside.as_ref().is_some_and(|(_, theatre)| !theatre) {
                        self.left_observation = Some(t);
                    }
                }
                self.inside = None;
            }
            What::Entered { room } => {
                let theatre = theatres.get(room).copied().unwrap_or(false);
                if theatre {
                    self.theatre(patient, t, room);
                } else {
                    self.pre_post(patient, t, room);
                }
            }
            What::OnTable => {
                if let Some(process) = &mut self.open
                    && ["PRE_SURGERY", "SURGERY"].contains(&process.state())
                {
                    enter_state(process, t, "SURGERY");
                    step_forwards(process, t, "PATIENT_ON_OPERATING_TABLE");
                }
            }
            What::Manual(word) => self.manual(t, word),
            What::Usage { technology, in_use } => {
                if let Some(process) = &mut self.open {
                    let technology_id = (*technology).to_owned();
                    process.usages.push(Usage { t, technology_id, in_use: *in_use });
                }
            }
            What::Implant { device, kind } => {
                if let Some(process) = &mut self.open {
                    process.devices.push(((*device).to_owned(), (*kind).to_owned()));
                }
            }
        }
        Ok(())
    }

    fn booking(&mut self, t: Timestamp, fact: &Fact) -> anyhow::Result<()> {
        let surgery_id = fact.text("surgeryId").to_owned();
        let planned = instant(fact.text("plannedStart"))?;
        if fact.kind == "booked" {
            self.bookings.push(Booking {
                surgery_id,
                professional_id: fact.text("professionalId").to_owned(),
                tax_code: fact.text("taxCode").to_owned(),
                kind: fact.text("surgeryType").to_owned(),
                planned,
                posted: t,
                cancelled: None,
                used: false,
            });
            return Ok(());
        }
        let under_way = self.open.as_ref().is_some_and(|process| {
            process.surgery_id.as_deref() == Some(&surgery_id) && process.state() == "PRE_SURGERY"
        });
        if under_way {
            self.end(t, "INTERRUPTED");
        }
        for booking in self.bookings.iter_mut().filter(|booking| booking.surgery_id == surgery_id) {
            if fact.kind == "cancelled" {
                booking.cancelled = Some(t);
            } else {
                booking.planned = planned;
                booking.used = false;
            }
        }
        Ok(())
    }

    fn theatre(&mut self, patient: &str, t: Timestamp, room: &str) {
        let back = match &self.open {
            Some(process) => process.state() == "POST_SURGERY",
            None => self.done.last().is_some_and(|former| {
                former
                    .end
                    .is_some_and(|end| t.duration_since(end) <= SignedDuration::from_hours(24))
            }),
        };
        if back {
            self.left_observation = None;
            self.end(t, "TERMINATED");
            let former = self.done.last();
            let mut process = begun(patient, "Emergency", t, "SURGERY", None);
            process.professional_id = former.and_then(|former| former.professional_id.clone());
            process.tax_code = former.and_then(|former| former.tax_code.clone());
            self.open = Some(process);
        }
        self.arrives(t, room, true);
    }

    fn pre_post(&mut self, patient: &str, t: Timestamp, room: &str) {
        self.left_observation = None;
        match &mut self.open {
            None => {
                let fits = |booking: &&mut Booking| {
                    let near = t.duration_since(booking.planned).abs();
                    !booking.used
                        && booking.posted <= t
                        && booking.cancelled.is_none_or(|cancelled| t < cancelled)
                        && near <= SignedDuration::from_hours(24)
                };
                let booking = self
                    .bookings
                    .iter_mut()
                    .filter(fits)
                    .min_by_key(|booking| t.duration_since(booking.planned).abs());
                if let Some(booking) = booking {
                    booking.used = true;
                    let mut process = begun(
                        patient,
                        &booking.kind,
                        t,
                        "PRE_SURGERY",
                        Some("PATIENT_IN_PREPARATION"),
                    );
                    process.surgery_id = Some(booking.surgery_id.clone());
                    process.professional_id = Some(booking.professional_id.clone());
                    process.tax_code = Some(booking.tax_code.clone());
                    process.pre = Some(room.to_owned());
                    self.open = Some(process);
                }
            }
            Some(process) => match process.state() {
                "PRE_SURGERY" => process.pre = Some(room.to_owned()),
                "SURGERY" => {
                    enter_state(process, t, "POST_SURGERY");
                    process.steps.push((t, "PATIENT_UNDER_OBSERVATION"));
                    process.post = Some(room.to_owned());
                }
                _ => process.post = Some(room.to_owned()),
            },
        }
        self.arrives(t, room, false);
    }

    fn arrives(&mut self, t: Timestamp, room: &str, theatre: bool) {
        if let Some(process) = &mut self.open {
            // A leaving and an entry at one instant are one move.
            process.moves.retain(|(at, to)| *at != t || to.is_some());
            process.moves.push((t, Some(room.to_owned())));
            process.stays.push(Stay { room: room.to_owned(), theatre, from: t, to: None });
        }
        self.inside = Some((room.to_owned(), theatre));
    }

    fn manual(&mut self, t: Timestamp, word: &str) {
        let Some(process) = &mut self.open else { return };
        let (state, inside) = (process.state(), self.inside.is_some());
        match word {
            "TERMINATED" => self.end(t, "TERMINATED"),
            "INTERRUPTED" if inside && ["PRE_SURGERY", "SURGERY"].contains(&state) => {
                self.end(t, "INTERRUPTED");
            }
            "ANESTHESIA" if inside && state == "SURGERY" => step_forwards(process, t, "ANESTHESIA"),
            "SURGERY_IN_PROGRESS" if inside && state == "SURGERY" => {
                step_forwards(process, t, "SURGERY_IN_PROGRESS");
            }
            "END_OF_SURGERY" if inside && state == "SURGERY" => {
                step_forwards(process, t, "END_OF_SURGERY");
            }
            _ => {}
        }
    }

    fn end(&mut self, t: Timestamp, state: &'static str) {
        if let Some(mut process) = self.open.take() {
            enter_state(&mut process, t, state);
            process.end = Some(t);
            self.done.push(process);
        }
    }
}

fn begun(
    patient: &str,
    kind: &str,
    t: Timestamp,
    state: &'static str,
    step: Option<&'static str>,
) -> Process {
    Process {
        patient_id: patient.to_owned(),
        kind: kind.to_owned(),
        surgery_id: None,
        professional_id: None,
        tax_code: None,
        start: t,
        end: None,
        pre: None,
        post: None,
        states: vec![(t, state)],
        steps: step.map(|step| (t, step)).into_iter().collect(),
        stays: Vec::new(),
        devices: Vec::new(),
        usages: Vec::new(),
        moves: Vec::new(),
        late: 0,
    }
}

fn enter_state(process: &mut Process, t: Timestamp, state: &'static str) {
    if process.state() != state {
        process.states.push((t, state));
    }
}

const STEPS: [&str; 6] = [
    "PATIENT_IN_PREPARATION",
    "PATIENT_ON_OPERATING_TABLE",
    "ANESTHESIA",
    "SURGERY_IN_PROGRESS",
    "END_OF_SURGERY",
    "PATIENT_UNDER_OBSERVATION",
];

fn step_forwards(process: &mut Process, t: Timestamp, step: &'static str) {
    let ordinal = |step: &str| STEPS.iter().position(|known| *known == step);
    let now = process.steps.last().and_then(|(_, step)| ordinal(step));
    if now < ordinal(step) {
        process.steps.push((t, step));
    }
}
