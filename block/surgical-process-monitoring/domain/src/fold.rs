//! How processes follow from facts: the transition table, and nothing else.
//!
//! One pass over a patient's facts in their order. Facts that lie before the end of what is
//! settled only move the patient: what is settled stays as it is, and the fold goes on behind it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::{
    booking::{Bookings, Version},
    fact::{
        Booked, Button, Fact, FactId, FactKind, Order, PatientId, ProcessId, ProfessionalId,
        RoomId, RoomKind, TaxCode, TechnologyId,
    },
    process::{
        DeviceUse, EMERGENCY, Entry, OpenedBy, Process, Refusal, Resume, State, Stay, Step,
        TechnologyUse, What,
    },
};

/// Leaving the last room ends a process unless such a room is entered within this, inclusive.
pub const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// How long after its end a process can be returned from, and takes what is refused, inclusive.
pub const AFTERMATH: SignedDuration = SignedDuration::from_hours(24);

/// What is settled of a patient: all that the fold needs of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Where the fold goes on; `None` from the beginning.
    pub resume: Option<Resume>,
    /// Bookings used up by settled processes.
    pub used: BTreeSet<Version>,
    /// The last settled process.
    pub last: Option<Former>,
}

/// A process that ended, as far as the next one needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// The process.
    pub id: ProcessId,
    /// When it ended.
    pub end: Timestamp,
    /// Its professional.
    pub professional: Option<ProfessionalId>,
    /// Its patient's tax code.
    pub tax_code: Option<TaxCode>,
}

impl Past {
    /// The past once this ended process is settled too. `None` while the process is open.
    pub fn behind(&self, process: &Process) -> Option<Self> {
        let (end, resume) = (process.end?, process.resume.clone()?);
        let mut used = self.used.clone();
        used.extend(process.booking.clone());
        let last = Former {
            id: process.id.clone(),
            end,
            professional: process.professional.clone(),
            tax_code: process.tax_code.clone(),
        };
        Some(Self { resume: Some(resume), used, last: Some(last) })
    }
}

/// What the facts say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// The processes behind the past, by start. Only the last may be open.
    pub processes: Vec<Process>,
    /// Lines for the history of the last settled process: refused within a day of its end.
    pub aftermath: Vec<Entry>,
    /// Facts refused with no process near enough to tell it.
    pub unattached: usize,
}

/// What was in use in a room just before an instant at which the patient entered it.
pub type Surroundings = BTreeMap<(RoomId, Timestamp), BTreeSet<TechnologyId>>;

/// Derives all processes of a patient behind what is settled.
///
/// `facts` are the patient's own and those of rooms that are the patient's by presence
/// ([`inside`](crate::presence::inside)), in any order, with repetitions, back to the beginning.
/// `ids` are the ids that processes have been given. The result depends on nothing else, and
/// apart from fresh ids not on the order in which facts became known.
pub fn fold<'a>(
    patient: &'a PatientId,
    past: &Past,
    ids: &BTreeMap<OpenedBy, ProcessId>,
    facts: impl IntoIterator<Item = &'a Fact>,
    around: &Surroundings,
) -> Folded {
    let mut seen = BTreeSet::new();
    let mut ordered: Vec<(Order, &Fact)> =
        facts.into_iter().map(|fact| (fact.order(), fact)).collect();
    ordered.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    ordered.retain(|(order, _)| seen.insert(order.id.clone()));
    let entries = ordered
        .iter()
        .filter_map(|(order, fact)| match &fact.kind {
            FactKind::Entered { kind, .. } => Some((order.clone(), *kind)),
            _ => None,
        })
        .collect();

    let mut folding = Folding {
        patient,
        past,
        ids,
        around,
        bookings: Bookings::of(patient, ordered.iter().map(|(_, fact)| *fact)),
        entries,
        used: past.used.clone(),
        position: None,
        weighed: BTreeSet::new(),
        folded: Folded::default(),
    };
    for (order, fact) in ordered {
        if past.resume.as_ref().is_none_or(|resume| resume.is_behind(&order)) {
            folding.apply(&order, fact);
        } else {
            folding.move_only(fact);
        }
    }
    folding.folded
}

struct Folding<'a> {
    patient: &'a PatientId,
    past: &'a Past,
    ids: &'a BTreeMap<OpenedBy, ProcessId>,
    around: &'a Surroundings,
    bookings: Bookings<'a>,
    entries: Vec<(Order, RoomKind)>,
    used: BTreeSet<Version>,
    // By movements alone, whatever became of them otherwise.
    position: Option<RoomId>,
    // Since the last end.
    weighed: BTreeSet<FactId>,
    folded: Folded,
}

impl<'a> Folding<'a> {
    fn apply(&mut self, order: &Order, fact: &'a Fact) {
        let at = fact.at;
        // A return ends the former process by a fact that is weighed in the new one.
        let returns = self.returns(fact);
        if returns && self.open().is_some() {
            self.end(State::Terminated, order, true);
        }
        self.weighed.insert(fact.id.clone());
        match &fact.kind {
            FactKind::Booked(booked) => self.booked(order, fact, booked),
            FactKind::Cancelled { surgery } => {
                let of = |process: &Process| {
                    process.booking.as_ref().is_some_and(|(booking, _)| booking == surgery)
                };
                self.call_off(order, fact, of);
            }
            FactKind::Emergency { command, room, tax_code } => {
                if self.open().is_some() {
                    self.refuse(fact, Refusal::State);
                } else {
                    let opened_by = OpenedBy::Emergency { command: command.clone() };
                    let mut process = self.begin(opened_by, at, EMERGENCY, State::Surgery);
                    process.tax_code.clone_from(tax_code);
                    process.operating_room = Some(room.clone());
                    self.folded.processes.push(process);
                    self.enter(room, RoomKind::Operating, at);
                    self.note(at, What::State(State::Surgery));
                    if let Some(booked) = self.bookings.counting_at(at, &self.used) {
                        self.join(booked);
                    }
                }
                self.position = Some(room.clone());
            }
            FactKind::Left { room, kind } => self.left(order, fact, room, *kind),
            FactKind::Entered { room, kind } => {
                match kind {
                    RoomKind::PrePost => self.entered_pre_post(fact, room),
                    RoomKind::Operating => self.entered_operating(fact, room, returns),
                }
                self.position = Some(room.clone());
            }
            FactKind::OnTable => self.on_table(fact),
            FactKind::Manual { room, button, process } => {
                self.manual(order, fact, room, *button, process.as_ref());
            }
            FactKind::Device { device } => match self.open() {
                None => self.refuse(fact, Refusal::NotOpen),
                Some(open) => {
                    if !open.devices.iter().any(|known| known.device == *device) {
                        open.devices.push(DeviceUse { at, device: device.clone() });
                    }
                }
            },
            FactKind::Technology { technology, room, in_use } => {
                let (technology, room, in_use) = (technology.clone(), room.clone(), *in_use);
                if let Some(open) = self.open() {
                    open.technologies.push(TechnologyUse { at, technology, room, in_use });
                }
            }
        }
        if let Some(open) = self.open() {
            open.last_fact = open.last_fact.max(at);
        }
    }

    /// What lies before the end of what is settled: it moves the patient and no process.
    fn move_only(&mut self, fact: &Fact) {
        match &fact.kind {
            FactKind::Entered { room, .. } | FactKind::Emergency { room, .. } => {
                self.position = Some(room.clone());
            }
            FactKind::Left { room, .. } => {
                if self.position.as_ref() == Some(room) {
                    self.position = None;
                }
            }
            FactKind::Booked(_)
            | FactKind::Cancelled { .. }
            | FactKind::OnTable
            | FactKind::Manual { .. }
            | FactKind::Device { .. }
            | FactKind::Technology { .. } => {}
        }
    }

    fn booked(&mut self, order: &Order, fact: &Fact, booked: &'a Booked) {
        let replaced = |process: &Process| {
            process.booking.as_ref().is_some_and(|(surgery, version)| {
                *surgery == booked.surgery && *version < booked.version
            })
        };
        self.call_off(order, fact, replaced);
        let joins = self.open().is_some_and(|open| {
            open.booking.is_none() && matches!(open.opened_by, OpenedBy::Emergency { .. })
        });
        if joins && let Some(booked) = self.bookings.counting_at(fact.at, &self.used) {
            self.join(booked);
        }
    }

    /// A booking was cancelled or rescheduled: before surgery its process ends with it, and later
    /// nothing can be called off.
    fn call_off(&mut self, order: &Order, fact: &Fact, is_its: impl Fn(&Process) -> bool) {
        match self.open() {
            Some(open) if is_its(open) => match open.state {
                State::PreSurgery => self.end(State::Interrupted, order, false),
                State::Surgery | State::PostSurgery | State::Interrupted | State::Terminated => {
                    self.refuse(fact, Refusal::State);
                }
            },
            Some(_) | None => {}
        }
    }

    fn join(&mut self, booked: &Booked) {
        self.used.insert((booked.surgery.clone(), booked.version));
        if let Some(open) = self.open() {
            open.booking = Some((booked.surgery.clone(), booked.version));
            open.professional = Some(booked.professional.clone());
            open.tax_code = Some(booked.tax_code.clone());
        }
    }

    fn entered_pre_post(&mut self, fact: &Fact, room: &RoomId) {
        let at = fact.at;
        let Some(state) = self.open().map(|open| open.state) else {
            if let Some(booked) = self.bookings.counting_at(at, &self.used) {
                let (surgery, version) = (booked.surgery.clone(), booked.version);
                let opened_by = OpenedBy::Booking { surgery, version };
                let mut process =
                    self.begin(opened_by, at, &booked.surgery_type, State::PreSurgery);
                process.pre_room = Some(room.clone());
                self.folded.processes.push(process);
                self.join(booked);
                self.enter(room, RoomKind::PrePost, at);
                self.note(at, What::State(State::PreSurgery));
                self.go_to_step(at, Step::PatientInPreparation);
            } else if self.position.as_ref() != Some(room) {
                self.refuse(fact, Refusal::NoBooking);
            }
            return;
        };
        self.enter(room, RoomKind::PrePost, at);
        if state == State::Surgery {
            self.go_to_state(at, State::PostSurgery);
            self.go_to_step(at, Step::PatientUnderObservation);
        }
        if let Some(open) = self.open() {
            let place = match open.state {
                State::PreSurgery => &mut open.pre_room,
                State::Surgery | State::PostSurgery | State::Interrupted | State::Terminated => {
                    &mut open.post_room
                }
            };
            *place = Some(room.clone());
        }
    }

    /// Whether a fact is a return to theatre: from observation, or within a day of an end. A
    /// repeated entry of somebody who never left is none.
    fn returns(&mut self, fact: &Fact) -> bool {
        let FactKind::Entered { room, kind: RoomKind::Operating } = &fact.kind else {
            return false;
        };
        match self.open().map(|open| open.state) {
            Some(state) => state == State::PostSurgery,
            None => {
                self.position.as_ref() != Some(room)
                    && self.former().is_some_and(|former| within(former.end, fact.at, AFTERMATH))
            }
        }
    }

    fn entered_operating(&mut self, fact: &Fact, room: &RoomId, returns: bool) {
        let at = fact.at;
        if returns && let Some(former) = self.former() {
            let opened_by = OpenedBy::Return { former: former.id };
            let mut process = self.begin(opened_by, at, EMERGENCY, State::Surgery);
            process.professional = former.professional;
            process.tax_code = former.tax_code;
            process.operating_room = Some(room.clone());
            self.folded.processes.push(process);
            self.enter(room, RoomKind::Operating, at);
            self.note(at, What::State(State::Surgery));
        } else if let Some(open) = self.open() {
            open.operating_room = Some(room.clone());
            self.enter(room, RoomKind::Operating, at);
        } else if self.position.as_ref() != Some(room) {
            self.refuse(fact, Refusal::NoReason);
        }
    }

    fn left(&mut self, order: &Order, fact: &Fact, room: &RoomId, kind: RoomKind) {
        if self.position.as_ref() != Some(room) {
            // The door of a room that was left before, read late.
            return;
        }
        self.position = None;
        let at = fact.at;
        let moves_on = self.entries.iter().any(|(entry, _)| *order < *entry && entry.at == at);
        let stays = self.entries.iter().any(|(entry, kind)| {
            *order < *entry && *kind == RoomKind::PrePost && within(at, entry.at, GRACE)
        });
        let Some(open) = self.open() else { return };
        if let Some(stay) = open.stays.last_mut().filter(|stay| stay.to.is_none()) {
            stay.to = Some(at);
        }
        let over = open.state == State::PostSurgery && kind == RoomKind::PrePost && !stays;
        if !moves_on {
            self.note(at, What::Room(None));
        }
        if over {
            self.end(State::Terminated, order, false);
        }
    }

    fn on_table(&mut self, fact: &Fact) {
        match self.open().map(|open| (open.state, open.step)) {
            Some((State::PreSurgery, _)) => {
                self.go_to_state(fact.at, State::Surgery);
                self.go_to_step(fact.at, Step::PatientOnOperatingTable);
            }
            Some((State::Surgery, None)) => {
                self.go_to_step(fact.at, Step::PatientOnOperatingTable);
            }
            // Past it already.
            Some((State::Surgery, Some(_))) => {}
            Some((State::PostSurgery | State::Interrupted | State::Terminated, _)) => {
                self.refuse(fact, Refusal::State);
            }
            None => self.refuse(fact, Refusal::NotOpen),
        }
    }

    fn manual(
        &mut self,
        order: &Order,
        fact: &Fact,
        room: &RoomId,
        button: Button,
        named: Option<&ProcessId>,
    ) {
        let here = self.position.as_ref() == Some(room);
        let refusal = match self.open() {
            None => Some(Refusal::NotOpen),
            Some(open) if named.is_some_and(|named| *named != open.id) => {
                Some(Refusal::OtherProcess)
            }
            Some(open) => match (button, open.state) {
                (Button::Terminated, _) => named.is_none().then_some(Refusal::Unnamed),
                (Button::Interrupted, State::PreSurgery | State::Surgery) => {
                    (!here).then_some(Refusal::Elsewhere)
                }
                (
                    Button::Anesthesia | Button::SurgeryInProgress | Button::EndOfSurgery,
                    State::Surgery,
                ) => {
                    let ahead = open.step < step_of(button);
                    if here {
                        (!ahead).then_some(Refusal::Backwards)
                    } else {
                        Some(Refusal::Elsewhere)
                    }
                }
                (
                    Button::Anesthesia | Button::SurgeryInProgress | Button::EndOfSurgery,
                    State::PreSurgery | State::PostSurgery | State::Interrupted | State::Terminated,
                )
                | (
                    Button::Interrupted,
                    State::PostSurgery | State::Interrupted | State::Terminated,
                ) => Some(Refusal::State),
            },
        };
        match (refusal, button) {
            (Some(refusal), _) => self.refuse(fact, refusal),
            (None, Button::Interrupted) => self.end(State::Interrupted, order, false),
            (None, Button::Terminated) => self.end(State::Terminated, order, false),
            (None, Button::Anesthesia | Button::SurgeryInProgress | Button::EndOfSurgery) => {
                if let Some(step) = step_of(button) {
                    self.go_to_step(fact.at, step);
                }
            }
        }
    }

    fn open(&mut self) -> Option<&mut Process> {
        self.folded.processes.last_mut().filter(|process| process.state.is_open())
    }

    /// The last process that ended, settled or not.
    fn former(&self) -> Option<Former> {
        match self.folded.processes.last() {
            None => self.past.last.clone(),
            Some(process) => process.end.map(|end| Former {
                id: process.id.clone(),
                end,
                professional: process.professional.clone(),
                tax_code: process.tax_code.clone(),
            }),
        }
    }

    fn begin(&self, opened_by: OpenedBy, start: Timestamp, kind: &str, state: State) -> Process {
        Process {
            id: self.id_for(&opened_by, start),
            opened_by,
            patient: self.patient.clone(),
            start,
            surgery_type: kind.to_owned(),
            booking: None,
            professional: None,
            tax_code: None,
            pre_room: None,
            operating_room: None,
            post_room: None,
            state,
            step: None,
            end: None,
            stays: Vec::new(),
            devices: Vec::new(),
            technologies: Vec::new(),
            in_use_at_entry: Vec::new(),
            history: Vec::new(),
            last_fact: start,
            weighed: BTreeSet::new(),
            resume: None,
        }
    }

    /// The id given before, else a fresh one that no other process has.
    fn id_for(&self, opened_by: &OpenedBy, start: Timestamp) -> ProcessId {
        if let Some(id) = self.ids.get(opened_by) {
            return id.clone();
        }
        let mut id = opened_by.fresh_id(self.patient, start);
        let taken = |id: &ProcessId| {
            self.ids.values().any(|known| known == id)
                || self.folded.processes.iter().any(|process| process.id == *id)
                || self.past.last.as_ref().is_some_and(|last| last.id == *id)
        };
        // A process that began elsewhere in time once may have kept the id of this instant.
        while taken(&id) {
            id = ProcessId::new(format!("{id}-return"));
        }
        id
    }

    fn enter(&mut self, room: &RoomId, kind: RoomKind, at: Timestamp) {
        let in_use = self.around.get(&(room.clone(), at));
        let Some(open) = self.folded.processes.last_mut() else { return };
        for technology in in_use.into_iter().flatten() {
            let found = (technology.clone(), room.clone());
            if !open.in_use_at_entry.contains(&found) {
                open.in_use_at_entry.push(found);
            }
        }
        match open.stays.last_mut() {
            // Read again at the same door, or out and in at one instant: the stay goes on.
            Some(stay) if stay.room == *room && stay.to.is_none_or(|to| to == at) => {
                stay.to = None;
                if stay.from == at {
                    // An emergency and the movement that tells of it.
                    return;
                }
            }
            last => {
                if let Some(stay) = last.filter(|stay| stay.to.is_none()) {
                    stay.to = Some(at);
                }
                open.stays.push(Stay { room: room.clone(), kind, from: at, to: None });
            }
        }
        self.note(at, What::Room(Some(room.clone())));
    }

    fn go_to_state(&mut self, at: Timestamp, state: State) {
        if let Some(open) = self.open() {
            open.state = state;
            open.history.push(Entry { at, what: What::State(state) });
        }
    }

    fn go_to_step(&mut self, at: Timestamp, step: Step) {
        if let Some(open) = self.open() {
            open.step = Some(step);
            open.history.push(Entry { at, what: What::Step(step) });
        }
    }

    /// Ends the open process by the fact at this place.
    fn end(&mut self, state: State, order: &Order, again: bool) {
        let weighed = std::mem::take(&mut self.weighed);
        let Some(open) = self.open() else { return };
        let at = order.at;
        open.state = state;
        open.end = Some(at);
        open.last_fact = open.last_fact.max(at);
        if let Some(stay) = open.stays.last_mut().filter(|stay| stay.to.is_none()) {
            stay.to = Some(at);
        }
        open.history.push(Entry { at, what: What::State(state) });
        open.resume = Some(Resume { order: order.clone(), again });
        open.weighed = weighed;
    }

    fn note(&mut self, at: Timestamp, what: What) {
        if let Some(process) = self.folded.processes.last_mut() {
            process.history.push(Entry { at, what });
        }
    }

    /// Tells it in the history of the open process, else of the last within a day.
    fn refuse(&mut self, fact: &Fact, reason: Refusal) {
        let what = What::Refused { fact: fact.kind.to_string(), reason };
        let entry = Entry { at: fact.at, what };
        let near = |end: Timestamp| within(end, fact.at, AFTERMATH);
        match self.folded.processes.last_mut() {
            Some(process) if process.end.is_none_or(near) => process.history.push(entry),
            None if self.past.last.as_ref().is_some_and(|last| near(last.end)) => {
                self.folded.aftermath.push(entry);
            }
            Some(_) | None => self.folded.unattached += 1,
        }
    }
}

fn within(from: Timestamp, to: Timestamp, span: SignedDuration) -> bool {
    to.duration_since(from) <= span
}

const fn step_of(button: Button) -> Option<Step> {
    match button {
        Button::Anesthesia => Some(Step::Anesthesia),
        Button::SurgeryInProgress => Some(Step::SurgeryInProgress),
        Button::EndOfSurgery => Some(Step::EndOfSurgery),
        Button::Interrupted | Button::Terminated => None,
    }
}
