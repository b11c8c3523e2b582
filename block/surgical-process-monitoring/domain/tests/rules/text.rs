//! Facts as a line of text, and processes as another: the only place of the tests that knows the
//! API.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use surgical_process_monitoring_domain::{
    change::Told,
    fact::{
        Booked, Button, CommandId, DeviceId, Fact, FactId, FactKind, PatientId, ProcessId,
        ProfessionalId, RoomId, RoomKind, SurgeryId, TaxCode, TechnologyId,
    },
    fold::{Folded, Past, Surroundings, fold},
    invariant,
    process::{OpenedBy, Process, State, Step, What},
};

pub(crate) fn ada() -> PatientId {
    PatientId::new("ada")
}

/// `08:10`, `08:10:30` or `16T08:10`; the day is the 15th unless told.
pub(crate) fn instant(text: &str) -> Timestamp {
    let (day, time) = text.split_once('T').unwrap_or(("15", text));
    let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
    format!("2026-05-{day}T{time}Z").parse().unwrap()
}

fn kind(room: &str) -> RoomKind {
    if room.starts_with("or") { RoomKind::Operating } else { RoomKind::PrePost }
}

/// `07:00 book s1 09:00` · `book s1/2 10:00` · `book s1/2 10:00 bob` · `cancel s1` · `emergency c1 or-1` · `+room` ·
/// `-room` · `table` · `anesthesia@or-1`, `cut`, `closing`, `interrupted`, `terminated`, with
/// `=process` · `device d1` · `on t1@or-1` · `off t1@or-1`
pub(crate) fn fact(text: &str) -> Fact {
    let (time, what) = text.trim().split_once(' ').unwrap();
    let words: Vec<&str> = what.split(' ').collect();
    let at = instant(time);
    let kind = match words.as_slice() {
        ["book", name, planned, rest @ ..] => {
            let (surgery, version) = name.split_once('/').unwrap_or((name, "1"));
            FactKind::Booked(Booked {
                surgery: SurgeryId::new(surgery),
                version: version.parse().unwrap(),
                patient: rest.first().map_or_else(ada, |patient| PatientId::new(*patient)),
                tax_code: TaxCode::new("ADA"),
                professional: ProfessionalId::new(format!("hp-{surgery}")),
                surgery_type: surgery.to_owned(),
                planned: instant(planned),
            })
        }
        ["cancel", surgery] => FactKind::Cancelled { surgery: SurgeryId::new(*surgery) },
        ["emergency", command, room] => FactKind::Emergency {
            command: CommandId::new(*command),
            room: RoomId::new(*room),
            tax_code: None,
        },
        ["table"] => FactKind::OnTable,
        ["device", device] => FactKind::Device { device: DeviceId::new(*device) },
        [on @ ("on" | "off"), place] => {
            let (technology, room) = place.split_once('@').unwrap();
            FactKind::Technology {
                technology: TechnologyId::new(technology),
                room: RoomId::new(room),
                in_use: *on == "on",
            }
        }
        [move_] if move_.starts_with('+') => {
            FactKind::Entered { room: RoomId::new(&move_[1..]), kind: kind(&move_[1..]) }
        }
        [move_] if move_.starts_with('-') => {
            FactKind::Left { room: RoomId::new(&move_[1..]), kind: kind(&move_[1..]) }
        }
        [button] => {
            let (button, place) = button.split_once('@').unwrap();
            let (room, process) = match place.split_once('=') {
                Some((room, process)) => (room, Some(ProcessId::new(process))),
                None => (place, None),
            };
            let button = match button {
                "anesthesia" => Button::Anesthesia,
                "cut" => Button::SurgeryInProgress,
                "closing" => Button::EndOfSurgery,
                "interrupted" => Button::Interrupted,
                "terminated" => Button::Terminated,
                other => panic!("no button {other}"),
            };
            FactKind::Manual { room: RoomId::new(room), button, process }
        }
        other => panic!("no fact {other:?}"),
    };
    Fact { id: FactId::new(text.trim()), at, kind }
}

pub(crate) fn facts(text: &str) -> Vec<Fact> {
    if text.is_empty() { Vec::new() } else { text.split(", ").map(fact).collect() }
}

/// Lets the facts become known in the order given, folding after each, and checks what must
/// always hold.
pub(crate) fn learn(past: &Past, facts: &[Fact]) -> Folded {
    let mut told: BTreeMap<OpenedBy, Told> = BTreeMap::new();
    let mut folded = Folded::default();
    for known in 1..=facts.len() {
        let ids = told.iter().map(|(by, told)| (by.clone(), told.id.clone())).collect();
        let patient = ada();
        folded = fold(&patient, past, &ids, &facts[..known], &Surroundings::new());
        let violated = invariant::violated(past, &folded);
        assert!(violated.is_empty(), "{violated:?} after {:?}: {folded:#?}", &facts[..known]);
        for process in &folded.processes {
            told.entry(process.opened_by.clone()).or_insert_with(|| Told::first(process).0);
        }
    }
    folded
}

/// Without the ids, which follow the order of arrival.
pub(crate) fn nameless(mut folded: Folded) -> Folded {
    for process in &mut folded.processes {
        process.id = ProcessId::new("");
        if matches!(process.opened_by, OpenedBy::Return { .. }) {
            process.opened_by = OpenedBy::Return { former: ProcessId::new("") };
        }
    }
    folded
}

/// Every order for few facts, else some; each also with every fact told twice.
pub(crate) fn orders(facts: &[Fact]) -> Vec<Vec<Fact>> {
    let mut orders = Vec::new();
    if facts.len() <= 5 {
        permute(facts.to_vec(), 0, &mut orders);
    } else {
        for turn in 0..facts.len() {
            let mut order = facts.to_vec();
            order.rotate_left(turn);
            orders.push(order.clone());
            order.reverse();
            orders.push(order);
        }
    }
    let doubled = facts.iter().flat_map(|fact| [fact.clone(), fact.clone()]).collect();
    orders.push(doubled);
    orders.push(facts.iter().chain(facts).cloned().collect());
    orders
}

fn permute(facts: Vec<Fact>, from: usize, orders: &mut Vec<Vec<Fact>>) {
    if from == facts.len() {
        orders.push(facts);
        return;
    }
    for other in from..facts.len() {
        let mut next = facts.clone();
        next.swap(from, other);
        permute(next, from + 1, orders);
    }
}

pub(crate) fn show(folded: &Folded) -> String {
    let mut shown: Vec<String> = folded.processes.iter().map(show_process).collect();
    if !folded.aftermath.is_empty() {
        shown.push(format!("after: {}", show_history(&folded.aftermath)));
    }
    if 0 < folded.unattached {
        shown.push(format!("{} unattached", folded.unattached));
    }
    shown.join(" | ")
}

fn show_process(process: &Process) -> String {
    let mut text = process.surgery_type.clone();
    if let Some((surgery, version)) = &process.booking {
        text += &format!("({surgery}/{version})");
    }
    text += ": ";
    text += &show_history(&process.history);
    for device in &process.devices {
        text += &format!("; {}", device.device);
    }
    for technology in &process.technologies {
        text += &format!("; {}={}", technology.technology, technology.in_use);
    }
    text
}

pub(crate) fn show_history(
    history: &[surgical_process_monitoring_domain::process::Entry],
) -> String {
    let mut text = String::new();
    let mut last = None;
    for entry in history {
        if last != Some(entry.at) {
            let separator = if text.is_empty() { "" } else { ", " };
            text += &format!("{separator}{}", show_instant(entry.at));
            last = Some(entry.at);
        }
        text += " ";
        text += &match &entry.what {
            What::State(State::PreSurgery) => "PRE".to_owned(),
            What::State(State::Surgery) => "SURGERY".to_owned(),
            What::State(State::PostSurgery) => "POST".to_owned(),
            What::State(State::Interrupted) => "INTERRUPTED".to_owned(),
            What::State(State::Terminated) => "TERMINATED".to_owned(),
            What::Step(Step::PatientInPreparation) => "prepared".to_owned(),
            What::Step(Step::PatientOnOperatingTable) => "table".to_owned(),
            What::Step(Step::Anesthesia) => "anesthesia".to_owned(),
            What::Step(Step::SurgeryInProgress) => "cut".to_owned(),
            What::Step(Step::EndOfSurgery) => "closing".to_owned(),
            What::Step(Step::PatientUnderObservation) => "observed".to_owned(),
            What::Room(Some(room)) => format!("@{room}"),
            What::Room(None) => "@".to_owned(),
            What::Refused { fact, reason } => format!("!{fact}[{reason:?}]"),
            What::Late { fact } => format!("late {fact}"),
        };
    }
    text
}

fn show_instant(at: Timestamp) -> String {
    let text = at.to_string();
    let time = text[11..19].strip_suffix(":00").unwrap_or(&text[11..19]).to_owned();
    let day = at.duration_since(instant("15T00:00")) / 3600 / 24;
    if day.is_zero() || SignedDuration::from_secs(1) > day {
        time
    } else {
        format!("{}T{time}", &text[8..10])
    }
}
