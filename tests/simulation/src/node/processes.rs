//! Surgical process monitoring: facts of patients, and processes as what their fold says.
//!
//! Facts are documents of their own. Each new one folds again whoever it may concern, and a
//! patient's processes are written with the events that they cause in one conditional write, whose
//! version was read before the facts: the last writer has seen everything.

mod records;
mod said;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use surgical_process_monitoring_domain::{
    change::{Change, Told},
    fact::{Fact, FactId, FactKind, PatientId, RoomId, TechnologyId},
    fold::{Surroundings, fold},
    invariant,
    presence::{Track, inside},
    process::{Process, State},
};

pub use self::records::{Answered, Minute, Patient, Records, Stored};
use self::said::said;
use crate::{
    event::{Event, Message, News, Topic},
    machine::{Bell, Ground, NoAnswer},
    node::rooms::Rooms,
    shell::{Handler, Node, Patience, call},
    store::WriteError,
};

/// What it follows.
pub const TOPICS: &[Topic] = &[Topic::Process, Topic::Booking, Topic::Manual, Topic::Emergency];
/// Its outbox.
pub const BELL: Bell = Bell::Outbox(2);
/// Rings when a technology is to be located.
const LOCATING: Bell = Bell::Nudge(3);
/// Rings when something has ended.
const SETTLING: Bell = Bell::Nudge(4);

/// One process of the service.
#[derive(Clone)]
pub struct Monitoring {
    /// Where it runs.
    pub node: Node,
    /// What it keeps.
    pub records: Records,
    /// How long after its end a process waits.
    pub window: SignedDuration,
    /// Who knows where technologies stand, and where that is asked.
    pub rooms: (Rooms, crate::machine::NodeId),
}

impl Handler for Monitoring {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        let mut facts: BTreeMap<FactId, Stored> = BTreeMap::new();
        let mut minutes: BTreeMap<String, Minute> = BTreeMap::new();
        for message in messages {
            if let Event::Vital { patient, quantity, value } = &message.event {
                let minute = message.at.as_second().div_euclid(60);
                let signs = minutes.entry(format!("{patient}/{minute}")).or_default();
                let told = (*value, message.id.clone());
                signs.insert((message.at, *quantity), told);
            } else if let Some(stored) = said(message) {
                facts.entry(stored.fact.id.clone()).or_insert(stored);
            }
        }
        for (id, signs) in minutes {
            self.keep_signs(&id, &signs).await?;
        }
        for (id, stored) in &facts {
            self.keep(id, stored).await?;
        }
        let mut concerned = BTreeSet::new();
        for stored in facts.values() {
            concerned.extend(self.concerned(stored).await?);
            if stored.pending {
                self.node.ground.ring(LOCATING, None);
            }
        }
        for patient in &concerned {
            self.refold(patient, None).await?;
        }
        Ok(())
    }
}

impl Monitoring {
    /// Stores a fact unless it is known.
    async fn keep(&self, id: &FactId, stored: &Stored) -> Result<(), NoAnswer> {
        let stored = Arc::new(stored.clone());
        match self.records.facts.write(id.as_str(), None, stored, Vec::new()).await {
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::NoAnswer(err)) => Err(err),
        }
    }

    async fn keep_signs(&self, id: &str, signs: &Minute) -> Result<(), NoAnswer> {
        loop {
            let known = self.records.minutes.get(id).await?;
            let (version, before) = known.unzip();
            let mut after = before.as_deref().cloned().unwrap_or_default();
            for (what, told) in signs {
                // Of several for one instant the one told last counts.
                if after.get(what).is_none_or(|known| known.1 < told.1) {
                    after.insert(*what, told.clone());
                }
            }
            if before.as_deref() == Some(&after) {
                return Ok(());
            }
            match self.records.minutes.write(id, version, Arc::new(after), Vec::new()).await {
                Ok(_) => return Ok(()),
                Err(WriteError::Conflict) => {}
                Err(WriteError::NoAnswer(err)) => return Err(err),
            }
        }
    }

    /// Whose fold may change with a fact: its patient's, and for what concerns rooms everybody's
    /// who was ever in any of them.
    async fn concerned(&self, stored: &Stored) -> Result<BTreeSet<PatientId>, NoAnswer> {
        let moves = self.moves().await?;
        let is_move = matches!(
            stored.fact.kind,
            FactKind::Entered { .. } | FactKind::Left { .. } | FactKind::Emergency { .. }
        );
        let mut rooms: BTreeSet<RoomId> = stored.room.iter().cloned().collect();
        if is_move {
            let own = moves.iter().filter(|it| it.patient == stored.patient);
            rooms.extend(own.filter_map(|it| it.room.clone()));
        }
        let others =
            moves.iter().filter(|it| it.room.as_ref().is_some_and(|it| rooms.contains(it)));
        let others = others.filter_map(|it| it.patient.clone());
        Ok(stored.patient.iter().cloned().chain(others).collect())
    }

    async fn moves(&self) -> Result<Vec<Arc<Stored>>, NoAnswer> {
        let find = self.records.facts.find(|_, stored| match stored.fact.kind {
            FactKind::Entered { .. } | FactKind::Left { .. } | FactKind::Emergency { .. } => {
                Some(Arc::clone(stored))
            }
            _ => None,
        });
        find.await
    }

    /// A patient's own facts, and those of rooms that are the patient's by presence.
    async fn facts_of(&self, patient: &PatientId) -> Result<Vec<Fact>, NoAnswer> {
        let all = self.records.facts.find(|_, stored| Some(Arc::clone(stored))).await?;
        let mut tracks: BTreeMap<PatientId, Track> = BTreeMap::new();
        for stored in &all {
            if let Some(patient) = &stored.patient {
                tracks.entry(patient.clone()).or_default().observe(&stored.fact);
            }
        }
        let mut facts = Vec::new();
        for stored in &all {
            let is_own = match (&stored.patient, &stored.room) {
                (Some(whose), _) => whose == patient,
                (None, Some(room)) => {
                    inside(room, stored.fact.at, &tracks).first() == Some(&patient)
                }
                (None, None) => false,
            };
            if is_own {
                facts.push(stored.fact.clone());
            }
        }
        Ok(facts)
    }

    /// Derives a patient's processes anew, and settles what ended so long before `complete` that
    /// its window is over.
    async fn refold(
        &self,
        patient: &PatientId,
        complete: Option<Timestamp>,
    ) -> Result<(), NoAnswer> {
        loop {
            let found = self.records.patients.get(patient.as_str()).await?;
            let facts = self.facts_of(patient).await?;
            let (version, before) = found.unzip();
            let before = before.unwrap_or_default();
            let (after, events) = self.decide(patient, &before, &facts, complete);
            if after == *before {
                // A write that was done and not answered has nudged nobody.
                if after.processes.first().is_some_and(|first| first.end.is_some()) {
                    self.node.ground.ring(SETTLING, None);
                }
                return Ok(());
            }
            let after = Arc::new(after);
            let id = patient.as_str();
            let written =
                self.records.patients.write(id, version, Arc::clone(&after), events).await;
            self.check(&before, &after);
            match written {
                Ok(_) => {
                    self.node.ground.ring(SETTLING, None);
                    return Ok(());
                }
                Err(WriteError::Conflict) => {}
                Err(WriteError::NoAnswer(err)) => return Err(err),
            }
        }
    }

    fn check(&self, before: &Patient, after: &Patient) {
        let ground = &self.node.ground;
        ground.check(
            invariant::versions_rise(&before.told, &after.told),
            "versions only rise",
            || format!("{:?} then {:?}", before.told, after.told),
        );
        if before.settled.len() != after.settled.len() {
            check_tables(ground, &self.records);
        }
    }

    /// What follows from the facts, and what is to be told of it.
    fn decide(
        &self,
        patient: &PatientId,
        before: &Patient,
        facts: &[Fact],
        complete: Option<Timestamp>,
    ) -> (Patient, Vec<Message>) {
        let mut after = Patient { processes: Vec::new(), ..before.clone() };
        let mut events = Vec::new();
        let folded = loop {
            let ids = after.told.iter().map(|(by, told)| (by.clone(), told.id.clone())).collect();
            let folded = fold(patient, &after.past, &ids, facts, &Surroundings::new());
            for violated in invariant::violated(&after.past, &folded) {
                self.node.ground.check(false, violated, || format!("{patient}: {folded:?}"));
            }
            let due = folded.processes.first().and_then(|first| {
                let over = first.end?.saturating_add(self.window).unwrap_or(Timestamp::MAX);
                let is_due = complete.is_some_and(|complete| over <= complete);
                if is_due { after.past.behind(first) } else { None }
            });
            let (Some(behind), Some(first)) = (due, folded.processes.first()) else {
                break folded;
            };
            let known = invariant::settles_as_known(&before.processes, first);
            self.node.ground.check(known, "settling finds nothing new", || {
                format!("known {:#?}, settled {first:#?}", before.processes)
            });
            tell(&mut after, before, first, &mut events);
            let version = after.told.remove(&first.opened_by).map_or(1, |told| told.version + 1);
            events.push(news(first, version, None));
            let mut first = first.clone();
            first.cut_aftermath();
            after.settled.push((first, version));
            after.past = behind;
        };
        for process in &folded.processes {
            tell(&mut after, before, process, &mut events);
        }
        for (opened_by, told) in &mut after.told {
            if folded.processes.iter().any(|process| process.opened_by == *opened_by) {
                continue;
            }
            let (next, changes) = told.clone().gone();
            *told = next;
            let was = before.processes.iter().find(|process| process.id == told.id);
            if let (Some(process), [change, ..]) = (was, changes.as_slice()) {
                events.push(news(process, told.version, Some(*change)));
            }
        }
        after.processes = folded.processes;
        (after, events)
    }

    /// Starts a process of the service.
    pub fn boot(self) {
        let node = self.node.clone();
        node.consume(TOPICS, &self);
        node.relay(&self.records.outbox, BELL);
        let locating = self.clone();
        let work = async move { locating.locate_all().await };
        node.ground.spawn(node.id, "locating", Box::pin(work));
        let work = async move { self.settle_all().await };
        node.ground.spawn(node.id, "settling", Box::pin(work));
    }

    /// Finds out where technologies were used.
    async fn locate_all(&self) {
        let ground = &self.node.ground;
        let mut patience = Patience::new();
        loop {
            let rung = ground.rung(LOCATING);
            match self.locate_pending().await {
                Ok(()) => {
                    patience = Patience::new();
                    ground.park_since(LOCATING, rung, None).await;
                }
                Err(NoAnswer) => patience.wait(ground).await,
            }
        }
    }

    async fn locate_pending(&self) -> Result<(), NoAnswer> {
        let pending = self.records.facts.find(|id, it| it.pending.then(|| id.to_owned())).await?;
        for id in pending {
            self.locate(&id).await?;
        }
        Ok(())
    }

    /// Asks where a technology was, and folds again whom that concerns. Safe to repeat: until the
    /// folds are made the fact stays pending.
    async fn locate(&self, id: &str) -> Result<(), NoAnswer> {
        let Some((version, stored)) = self.records.facts.get(id).await? else { return Ok(()) };
        let FactKind::Technology { technology, in_use, .. } = &stored.fact.kind else {
            return Ok(());
        };
        let room = self.room_at(technology, stored.fact.at).await?;
        if room == stored.room && !stored.pending {
            return Ok(());
        }
        let former = self.concerned(&stored).await?;
        let mut found = Stored { room: room.clone(), pending: true, ..(*stored).clone() };
        found.fact.kind = FactKind::Technology {
            technology: technology.clone(),
            room: room.unwrap_or_else(|| RoomId::new("")),
            in_use: *in_use,
        };
        let written =
            self.records.facts.write(id, Some(version), Arc::new(found.clone()), Vec::new()).await;
        let version = match written {
            Ok(version) => version,
            Err(WriteError::Conflict) => return Err(NoAnswer),
            Err(WriteError::NoAnswer(err)) => return Err(err),
        };
        for patient in former.union(&self.concerned(&found).await?) {
            self.refold(patient, None).await?;
        }
        let done = Arc::new(Stored { pending: false, ..found });
        match self.records.facts.write(id, Some(version), done, Vec::new()).await {
            // Whoever wrote meanwhile has asked too.
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::NoAnswer(err)) => Err(err),
        }
    }

    async fn room_at(
        &self,
        technology: &TechnologyId,
        at: Timestamp,
    ) -> Result<Option<RoomId>, NoAnswer> {
        let (rooms, node) = self.rooms.clone();
        let technology = technology.as_str().parse().map_err(|_invalid| NoAnswer)?;
        let asked = call(&self.node.ground, node, rooms.room_at(technology, at)).await;
        Ok(asked.ok_or(NoAnswer)??.map(RoomId::new))
    }

    /// Settles what is due, once this service is complete to then.
    async fn settle_all(&self) {
        /// Between two looks while something waits for completeness, in milliseconds.
        const LOOK_MS: i64 = 2_000;
        let ground = &self.node.ground;
        loop {
            let rung = ground.rung(SETTLING);
            let next = match self.settle_due().await {
                Ok(next) => next,
                Err(NoAnswer) => Some(ground.now_ms()),
            };
            let next = next.map(|at| at.max(ground.now_ms() + LOOK_MS));
            ground.park_since(SETTLING, rung, next).await;
        }
    }

    /// Answers when the next process is due, in milliseconds.
    async fn settle_due(&self) -> Result<Option<i64>, NoAnswer> {
        let ended = self.records.patients.find(|id, patient| {
            let first = patient.processes.first()?;
            Some((PatientId::new(id), first.clone(), first.end?))
        });
        let mut next: Option<Timestamp> = None;
        for (patient, first, end) in ended.await? {
            let due = end.saturating_add(self.window).unwrap_or(Timestamp::MAX);
            let is_due = due <= self.node.ground.now();
            let complete = self.node.bus.complete_to(self.node.group);
            let complete = complete.filter(|complete| is_due && due <= *complete);
            let Some(complete) = complete else {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            };
            for usage in self.usages(first.start, end).await? {
                self.locate(&usage).await?;
            }
            self.refold(&patient, Some(complete)).await?;
        }
        Ok(next.map(Timestamp::as_millisecond))
    }

    async fn usages(&self, from: Timestamp, to: Timestamp) -> Result<Vec<String>, NoAnswer> {
        let find = self.records.facts.find(|id, stored| {
            let is_usage = matches!(stored.fact.kind, FactKind::Technology { .. });
            let lies = from <= stored.fact.at && stored.fact.at <= to;
            (is_usage && lies).then(|| id.to_owned())
        });
        find.await
    }
}

/// Notes what was told of a process, and what is to be told now.
fn tell(after: &mut Patient, before: &Patient, process: &Process, events: &mut Vec<Message>) {
    let (told, changes) = match after.told.remove(&process.opened_by) {
        None => Told::first(process),
        Some(told) => {
            let known = before.processes.iter().find(|known| known.id == process.id);
            told.again(process, known != Some(process))
        }
    };
    events.extend(changes.into_iter().map(|change| news(process, told.version, Some(change))));
    after.told.insert(process.opened_by.clone(), told);
}

fn news(process: &Process, version: u64, change: Option<Change>) -> Message {
    let told = News {
        process: process.id.as_str().to_owned(),
        patient: process.patient.as_str().to_owned(),
        booking: process.booking.as_ref().map(|(it, version)| (it.as_str().to_owned(), *version)),
        version,
        change,
        state: process.state,
        theatre: process
            .operating_room
            .as_ref()
            .map(|room| room.as_str().to_owned())
            .filter(|_| process.state == State::Surgery && change != Some(Change::Voided)),
        step: process.step,
    };
    Message {
        id: format!("{}/{version}/{change:?}", process.id),
        at: process.end.unwrap_or(process.last_fact),
        appended_ms: 0,
        key: process.id.as_str().to_owned(),
        event: Event::Process(Box::new(told)),
    }
}

/// Checks that no theatre had two patients on its table, by all that is settled.
pub fn check_tables(ground: &Ground, records: &Records) {
    let patients = records.patients.all();
    let settled = patients.iter().flat_map(|(_, patient)| &patient.settled);
    let settled: Vec<&Process> = settled.map(|(process, _)| process).collect();
    let holds = invariant::one_on_a_table(settled.iter().copied());
    ground
        .check(holds, "a room hosts at most one surgery on its table", || format!("{settled:#?}"));
}

/// How a state is written where ids may differ.
pub fn is_over(process: &Process) -> bool {
    matches!(process.state, State::Interrupted | State::Terminated)
}
