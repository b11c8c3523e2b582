//! Surgery reports: an event leaves an errand, and an errand is run until the report is what the
//! sources say.

use std::collections::{BTreeMap, BTreeSet};

use building_management_domain::{
    entity::environment::{Place, Quantity, Reading},
    usecase::ports::Measurements as _,
};
use jiff::{SignedDuration, Timestamp};
use staff_tracking_domain::{entity::Passage as Door, usecase::inside_at};
use surgery_report_domain::{
    entity::{
        annex::{Annex, Directory},
        invariant::{every_step_once, intervals_within},
        process::{
            Device, Ending, FinalState, PatientId, Process, ProcessId, ProfessionalId, RoomId,
            RoomKind, Stay, Step, SurgeryId, Technology, Usage,
        },
        report::{
            Missing, Movement, NominalPeriods, Passage, PresentAtStart, Settlement, Sources,
            compose, rooms_involved,
        },
        sample::{Climate, Sample, Series, VitalSign},
    },
    usecase::{
        Change, Composed, FileError, Filed, Line, ReportStore, StoreError, file_report,
        memory::MemoryReports, versions_rise, withdraw_report,
    },
};
use surgical_process_monitoring_domain::{fact, process as monitored, vital};

use crate::{
    bus::Group,
    event::{Event, Message, Topic},
    machine::{Bell, Ground, NoAnswer, NodeId},
    node::{
        Hostile,
        processes::{Answered, Records, is_over},
        rooms, staff,
    },
    shell::{Handler, Node, Patience, call},
    store::{Documents, WriteError},
};

/// What it follows.
pub const TOPICS: &[Topic] = &[Topic::SurgicalProcess];
/// Rings when an errand was left.
const ERRANDS: Bell = Bell::Nudge(5);
/// Until a source that has not caught up is asked again, in milliseconds.
const SOON_MS: i64 = 2_000;
/// How often things are nominally measured.
const PERIODS: NominalPeriods =
    NominalPeriods { climate_ms: 30_000, vital_signs_ms: 10_000, blood_pressure_ms: 10_000 };

/// What is still to be done about a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The newest version of the process that was told.
    version: u64,
    /// When it is to be run, in milliseconds.
    due_ms: i64,
}

/// The store of reports.
pub type Reports = Hostile<MemoryReports>;

fn failed(source: NoAnswer) -> StoreError {
    StoreError(Box::new(source))
}

impl ReportStore for Reports {
    async fn newest(&self, process: &ProcessId) -> Result<Option<Filed>, StoreError> {
        self.reads("read a report").await.map_err(failed)?.newest(process).await
    }

    async fn append(
        &self,
        process: &ProcessId,
        after: u32,
        at: Timestamp,
        change: Change,
    ) -> Result<(), FileError> {
        let store = self.writes("append to a report").await.map_err(failed)?;
        store.append(process, after, at, change).await?;
        let history = store.history(process).await?;
        self.ground.check(versions_rise(&history), "versions only rise", || format!("{history:?}"));
        self.ground.wrote().await.map_err(failed)?;
        Ok(())
    }

    async fn history(&self, process: &ProcessId) -> Result<Vec<Line>, StoreError> {
        self.reads("read a history").await.map_err(failed)?.history(process).await
    }

    async fn fingerprint(&self, process: &ProcessId) -> Result<Option<String>, StoreError> {
        self.reads("read a fingerprint").await.map_err(failed)?.fingerprint(process).await
    }
}

/// Where the sources are reached: node and documents of each.
#[derive(Clone)]
pub struct Peers {
    /// Monitoring of processes.
    pub processes: (NodeId, Records),
    /// Staff tracking and its group.
    pub staff: (NodeId, staff::Store, Group),
    /// Building management and its group.
    pub rooms: (NodeId, rooms::Store, Group),
}

/// One process of the service.
#[derive(Clone)]
pub struct Reporting {
    /// Where it runs.
    pub node: Node,
    /// What is still to be done, by process.
    pub errands: Documents<Errand>,
    /// The reports.
    pub reports: Reports,
    /// Whom it asks.
    pub peers: Peers,
    /// How long after its end a process is settled.
    pub window: SignedDuration,
}

impl Handler for Reporting {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        for message in messages {
            let Event::Process(news) = &message.event else { continue };
            self.leave(&news.process, news.version).await?;
        }
        Ok(())
    }
}

/// What is to be done with an errand that was run.
enum Next {
    Done,
    Again,
}

impl Reporting {
    /// Starts a process of the service.
    pub fn boot(self) {
        let node = self.node.clone();
        node.consume(TOPICS, &self);
        let work = async move { self.run_all().await };
        node.ground.spawn(node.id, "composer", Box::pin(work));
    }

    /// Leaves an errand. Safe to repeat: one more look changes nothing.
    async fn leave(&self, process: &str, version: u64) -> Result<(), NoAnswer> {
        loop {
            let known = self.errands.get(process).await?;
            let (found, errand) = known.unzip();
            let version = errand.map_or(version, |errand: Errand| errand.version.max(version));
            let errand = Errand { version, due_ms: self.node.ground.now_ms() };
            match self.errands.write(process, found, errand, Vec::new()).await {
                Ok(_) => {
                    self.node.ground.ring(ERRANDS, None);
                    return Ok(());
                }
                Err(WriteError::Conflict) => {}
                Err(WriteError::NoAnswer(err)) => return Err(err),
            }
        }
    }

    async fn run_all(&self) {
        let ground = &self.node.ground;
        let mut patience = Patience::new();
        loop {
            let rung = ground.rung(ERRANDS);
            match self.run_due().await {
                Ok(next) => {
                    patience = Patience::new();
                    ground.park_since(ERRANDS, rung, next).await;
                }
                Err(NoAnswer) => patience.wait(ground).await,
            }
        }
    }

    /// Answers when the next errand is due, in milliseconds.
    async fn run_due(&self) -> Result<Option<i64>, NoAnswer> {
        let now = self.node.ground.now_ms();
        let errands = self.errands.find(|id, errand| Some((id.to_owned(), errand.clone()))).await?;
        let mut next: Option<i64> = None;
        for (process, errand) in errands {
            if now < errand.due_ms {
                next = Some(next.map_or(errand.due_ms, |next| next.min(errand.due_ms)));
                continue;
            }
            let Some((version, errand)) = self.errands.get(&process).await? else { continue };
            let written = match self.run(&process, &errand).await? {
                Next::Done => self.errands.remove(&process, version).await.map(|()| 0),
                Next::Again => {
                    let later = Errand { due_ms: self.node.ground.now_ms() + SOON_MS, ..errand };
                    next = Some(next.map_or(later.due_ms, |next| next.min(later.due_ms)));
                    self.errands.write(&process, Some(version), later, Vec::new()).await
                }
            };
            match written {
                Ok(_) => {}
                // News came in the meantime: the errand stands as they left it.
                Err(WriteError::Conflict) => next = Some(now),
                Err(WriteError::NoAnswer(err)) => return Err(err),
            }
        }
        Ok(next)
    }

    async fn run(&self, process: &str, errand: &Errand) -> Result<Next, NoAnswer> {
        let ground = &self.node.ground;
        let (node, records) = self.peers.processes.clone();
        let asked = call(ground, node, records.process(process.to_owned())).await;
        let Some(Ok(read)) = asked else { return Ok(Next::Again) };
        let id = ProcessId::new(process).map_err(|_empty| NoAnswer)?;
        let Some(read) = read else {
            // It never was.
            return match withdraw_report(&self.reports, ground.now(), &id).await {
                Ok(_) => Ok(Next::Done),
                Err(FileError::Conflict | FileError::Store(_)) => Ok(Next::Again),
            };
        };
        if read.version < errand.version {
            return Ok(Next::Again);
        }
        let is_known = self.reports.newest(&id).await.map_err(|_failed| NoAnswer)?.is_some();
        if !is_over(&read.process) && !is_known {
            return Ok(Next::Done);
        }
        self.compose(&read).await
    }

    async fn compose(&self, read: &Answered) -> Result<Next, NoAnswer> {
        let ground = &self.node.ground;
        let Some(process) = translated(&read.process) else { return Err(NoAnswer) };
        let (sources, complete_to) = self.gather(process.clone()).await;
        let settlement = match (read.settled, process.ending) {
            (true, Some(ending)) => {
                let at = later(ending.at, self.window);
                Settlement::Settled { at, complete_to: Some(complete_to) }
            }
            _ => Settlement::Pending,
        };
        let waits = settlement != Settlement::Pending && !settlement.is_final();
        let report = compose(Sources { settlement, ..sources }, &PERIODS);
        ground.check(every_step_once(&process, &report), "a report holds every step once", || {
            format!("{process:?} in {:?}", report.intervals)
        });
        ground.check(intervals_within(&report), "a step lies within its process", || {
            format!("{process:?} in {:?}", report.intervals)
        });
        let lacks = report.missing.iter().any(|it| *it != Missing::End);
        let annex = Annex {
            stays: Vec::new(),
            curves: Vec::new(),
            periods: PERIODS,
            directory: Directory::default(),
        };
        match file_report(&self.reports, ground.now(), Composed { report, annex }).await {
            Ok(filing) => ground.note(|| format!("filed {:?}: {filing:?}", process.id)),
            Err(FileError::Conflict) => return Ok(Next::Again),
            Err(FileError::Store(_)) => return Err(NoAnswer),
        }
        Ok(if lacks || waits { Next::Again } else { Next::Done })
    }

    /// Reads every source, and to which instant the least complete of them was.
    async fn gather(&self, process: Process) -> (Sources, Timestamp) {
        let ground = &self.node.ground;
        let (start, end) =
            (process.start, process.ending.map_or_else(|| ground.now(), |ending| ending.at));
        let reach = SignedDuration::from_millis(PERIODS.longest_hold_ms() + 1);
        let from = start.saturating_sub(reach).unwrap_or(start);
        let mut missing = BTreeSet::new();
        let complete = |group| self.node.bus.complete_to(group).unwrap_or(Timestamp::MIN);
        let (staff, rooms) = (&self.peers.staff, &self.peers.rooms);
        // Before they are read: what comes in between may be read and is not promised.
        let complete_to = complete(staff.2).min(complete(rooms.2));

        let (node, records) = self.peers.processes.clone();
        let patient = fact::PatientId::new(process.patient.as_str());
        let signs = call(ground, node, records.vital_signs(patient, from, end)).await;
        let vital_signs = if let Some(Ok(samples)) = signs {
            Series::new(samples.iter().filter_map(|sample| {
                Sample::vital(sample.at, sign(sample.quantity), sample.value).ok()
            }))
        } else {
            missing.insert(Missing::SurgicalProcessMonitoring);
            Series::default()
        };
        let mut climate = BTreeMap::new();
        let (mut movements, mut present_at_start) = (Vec::new(), Vec::new());
        for (room, _) in rooms_involved(&process) {
            match call(ground, staff.0, people(staff.1.clone(), room.clone(), start, end)).await {
                Some(Ok((moved, present))) => {
                    movements.extend(moved);
                    present_at_start.extend(present);
                }
                _ => {
                    missing.insert(Missing::StaffTracking);
                }
            }
            match call(ground, rooms.0, measured(rooms.1.clone(), room.clone(), from, end)).await {
                Some(Ok(series)) => {
                    climate.insert(room, series);
                }
                _ => {
                    missing.insert(Missing::BuildingManagement);
                }
            }
        }
        let sources = Sources {
            process,
            settlement: Settlement::Pending,
            vital_signs,
            climate,
            movements,
            present_at_start,
            healthcare_user: None,
            missing,
        };
        (sources, complete_to)
    }

    /// The newest report of a process, for comparison; `None` when there is none that is shown.
    pub fn content(reports: &Reports, process: &str) -> Option<Filed> {
        let id = ProcessId::new(process).ok()?;
        let newest = crate::at_once(reports.inner().newest(&id))?.ok()??;
        Some(newest).filter(|newest| !newest.withdrawn)
    }
}

/// A store of reports with nothing in it.
pub fn store(ground: &Ground) -> Reports {
    Hostile::new(MemoryReports::default(), ground)
}

async fn people(
    store: staff::Store,
    room: RoomId,
    start: Timestamp,
    end: Timestamp,
) -> Result<(Vec<Movement>, Vec<PresentAtStart>), NoAnswer> {
    let before = later(start, SignedDuration::from_millis(-1));
    let stays = inside_at(&store, before).await.map_err(|_failed| NoAnswer)?;
    let present = stays.iter().filter(|stay| stay.room.as_ref() == room.as_str());
    let present = present.filter_map(|stay| {
        let professional = ProfessionalId::new(stay.professional.as_ref()).ok()?;
        Some(PresentAtStart { professional, room: room.clone() })
    });
    let present = present.collect();
    let movements = store.passages(room.as_str(), start, end).await?;
    let movements = movements.iter().filter_map(|movement| {
        Some(Movement {
            at: movement.at,
            passage: match movement.passage {
                Door::Left => Passage::Exit,
                Door::Entered => Passage::Enter,
            },
            professional: ProfessionalId::new(movement.professional.as_ref()).ok()?,
            room: room.clone(),
        })
    });
    Ok((movements.collect(), present))
}

async fn measured(
    store: rooms::Store,
    room: RoomId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Series<Climate>, NoAnswer> {
    let id = room.as_str().parse().map_err(|_invalid| NoAnswer)?;
    let behind = Place { at: from, quantity: Quantity::Presence };
    let samples = store.samples(&id, behind, to, usize::MAX).await.map_err(|_failed| NoAnswer)?;
    Ok(Series::new(samples.iter().filter_map(|sample| {
        let (quantity, value) = match sample.reading {
            Reading::Temperature(it) => (Climate::Temperature, it.get()),
            Reading::Humidity(it) => (Climate::Humidity, it.get()),
            Reading::Luminosity(it) => (Climate::Luminosity, it.get()),
            Reading::Presence(_) => return None,
        };
        Sample::climate(sample.at, quantity, value).ok()
    })))
}

fn sign(quantity: vital::Quantity) -> VitalSign {
    match quantity {
        vital::Quantity::HeartBeat => VitalSign::HeartBeat,
        vital::Quantity::DiastolicBloodPressure => VitalSign::DiastolicBloodPressure,
        vital::Quantity::SystolicBloodPressure => VitalSign::SystolicBloodPressure,
        vital::Quantity::RespiratoryRate => VitalSign::RespiratoryRate,
        vital::Quantity::SaturationPercentage => VitalSign::SaturationPercentage,
        vital::Quantity::BodyTemperature => VitalSign::BodyTemperature,
    }
}

fn step(step: monitored::Step) -> Step {
    match step {
        monitored::Step::PatientInPreparation => Step::PatientInPreparation,
        monitored::Step::PatientOnOperatingTable => Step::PatientOnOperatingTable,
        monitored::Step::Anesthesia => Step::Anesthesia,
        monitored::Step::SurgeryInProgress => Step::SurgeryInProgress,
        monitored::Step::EndOfSurgery => Step::EndOfSurgery,
        monitored::Step::PatientUnderObservation => Step::PatientUnderObservation,
    }
}

/// The process as the report takes it; `None` when an id is empty, which none is.
fn translated(process: &monitored::Process) -> Option<Process> {
    let room = |room: &Option<fact::RoomId>| match room {
        Some(room) => RoomId::new(room.as_str()).map(Some),
        None => Ok(None),
    };
    let state = match process.state {
        monitored::State::Interrupted => Some(FinalState::Interrupted),
        monitored::State::Terminated => Some(FinalState::Terminated),
        monitored::State::PreSurgery
        | monitored::State::Surgery
        | monitored::State::PostSurgery => None,
    };
    let mut read = Process {
        id: ProcessId::new(process.id.as_str()).ok()?,
        description: process.surgery_type.clone(),
        patient: PatientId::new(process.patient.as_str()).ok()?,
        tax_code: None,
        surgery: None,
        professional: None,
        start: process.start,
        ending: state.zip(process.end).map(|(state, at)| Ending { at, state }),
        steps: Vec::new(),
        pre_operating_room: room(&process.pre_room).ok()?,
        post_operating_room: room(&process.post_room).ok()?,
        stays: Vec::new(),
        devices: Vec::new(),
        usages: Vec::new(),
        in_use_at_entry: Vec::new(),
    };
    if let Some((surgery, _)) = &process.booking {
        read.surgery = Some(SurgeryId::new(surgery.as_str()).ok()?);
    }
    if let Some(professional) = &process.professional {
        read.professional = Some(ProfessionalId::new(professional.as_str()).ok()?);
    }
    for entry in &process.history {
        if let monitored::What::Step(told) = entry.what {
            read.steps.push((entry.at, step(told)));
        }
    }
    for stay in &process.stays {
        read.stays.push(Stay {
            room: RoomId::new(stay.room.as_str()).ok()?,
            kind: match stay.kind {
                fact::RoomKind::PrePost => RoomKind::PreOperating,
                fact::RoomKind::Operating => RoomKind::Operating,
            },
            from: stay.from,
        });
    }
    for used in &process.devices {
        let id =
            surgery_report_domain::entity::process::DeviceId::new(used.device.as_str()).ok()?;
        read.devices.push(Device { id, kind: None });
    }
    for used in &process.technologies {
        let id = used.technology.as_str();
        let id = surgery_report_domain::entity::process::TechnologyId::new(id).ok()?;
        let technology = Technology { id, name: String::new(), description: None, kind: None };
        read.usages.push(Usage { at: used.at, technology, in_use: used.in_use });
    }
    Some(read)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
