//! Stored documents. Types of their own, so that the domain can change without them; fields only
//! grow.

use std::collections::{BTreeMap, BTreeSet};

use chiron_clock::instant::{self, option, text};
use chiron_store::{CollectionSpec, Index};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgical_process_monitoring_domain::{
    change::{Life, Told},
    fact::{
        Booked, Button, CommandId, DeviceId, Fact, FactId, FactKind, Order, PatientId, ProcessId,
        ProfessionalId, RoomId, RoomKind, SurgeryId, TaxCode, TechnologyId,
    },
    fold::{Former, Past},
    process::{Entry, OpenedBy, Process, Resume, What},
    vital::{Quantity, Sample},
};

/// Facts, found by patient and by room, in event time.
pub(crate) static FACTS: CollectionSpec = CollectionSpec {
    name: "facts",
    indexes: &[
        Index { name: "patient", fields: &["patientId", "at"], unique: false },
        Index { name: "room", fields: &["room", "class", "at", "patientId"], unique: false },
        Index { name: "surgery", fields: &["surgeryId"], unique: false },
        Index { name: "technology", fields: &["technologyId", "at"], unique: false },
        Index { name: "class", fields: &["class", "at"], unique: false },
    ],
};
/// Patients: the processes that are not settled, and what is settled before them.
pub(crate) static PATIENTS: CollectionSpec = CollectionSpec {
    name: "patients",
    indexes: &[
        Index { name: "unprojected", fields: &["unprojected"], unique: false },
        Index { name: "ended", fields: &["endedAt"], unique: false },
        Index { name: "twin", fields: &["twinDueAt"], unique: false },
    ],
};
/// Processes as others read them: projected from the patients.
pub(crate) static PROCESSES: CollectionSpec = CollectionSpec {
    name: "processes",
    indexes: &[
        Index { name: "standing", fields: &["standing", "process.dateTime"], unique: false },
        Index { name: "ended", fields: &["standing", "process.end"], unique: false },
        Index {
            name: "patient",
            fields: &["process.patientId", "process.dateTime"],
            unique: false,
        },
    ],
};
/// Vital signs: a patient's minute each.
pub(crate) static MINUTES: CollectionSpec = CollectionSpec {
    name: "minutes",
    indexes: &[
        Index { name: "patient", fields: &["patientId", "minute"], unique: false },
        Index { name: "late", fields: &["patientId", "anyLate", "minute"], unique: false },
    ],
};
/// Where a technology stood at an instant, as building management tells.
pub(crate) static LOCATIONS: CollectionSpec = CollectionSpec {
    name: "locations",
    indexes: &[Index { name: "pending", fields: &["pending"], unique: false }],
};
/// Technologies as building management names them.
pub(crate) static TECHNOLOGIES: CollectionSpec =
    CollectionSpec { name: "technologies", indexes: &[] };
/// Implantable devices as the twin layer knows them.
pub(crate) static DEVICES: CollectionSpec = CollectionSpec {
    name: "devices",
    indexes: &[Index { name: "pending", fields: &["pending"], unique: false }],
};
/// What the twin layer should show of a process, and what it was made to show.
pub(crate) static TWINS: CollectionSpec = CollectionSpec {
    name: "twins",
    indexes: &[Index { name: "pending", fields: &["pending"], unique: false }],
};

/// What a fact is looked up as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Class {
    /// Somebody's entry into a room.
    Entry,
    /// Somebody's exit from a room.
    Exit,
    /// A button of a room that names no process: belongs to whoever was there.
    Button,
    /// A technology's usage: belongs to whoever was in its room.
    Usage,
    /// Anything else, which names its patient.
    Own,
}

impl Class {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Button => "button",
            Self::Usage => "usage",
            Self::Own => "own",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FactDocument {
    /// `None` for facts of rooms.
    pub(crate) patient_id: Option<String>,
    /// `None` also for a usage whose room is not known, or that had none.
    pub(crate) room: Option<String>,
    pub(crate) class: Class,
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    pub(crate) surgery_id: Option<String>,
    pub(crate) technology_id: Option<String>,
    /// Orders tellings of one fact: the greater is the later.
    pub(crate) event: String,
    pub(crate) fact: FactContent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum FactContent {
    Booked {
        version: u32,
        tax_code: String,
        professional_id: String,
        surgery_type: String,
        #[serde(with = "text")]
        planned: Timestamp,
    },
    Cancelled,
    Emergency {
        command_id: String,
        tax_code: Option<String>,
    },
    Left {
        operating: bool,
    },
    Entered {
        operating: bool,
    },
    OnTable,
    Manual {
        button: String,
        process_id: Option<String>,
    },
    Device {
        device_id: String,
    },
    Technology {
        in_use: bool,
    },
}

/// A stored document that this release cannot read back.
#[derive(Debug, thiserror::Error)]
#[error("stored {what} of {id} cannot be understood")]
pub(crate) struct Garbled {
    what: &'static str,
    id: String,
}

fn kind_of(operating: bool) -> RoomKind {
    if operating { RoomKind::Operating } else { RoomKind::PrePost }
}

fn garbled(what: &'static str, id: &str) -> Garbled {
    Garbled { what, id: id.to_owned() }
}

impl FactDocument {
    /// The fact, as the domain takes it; `None` for a usage that is in no room.
    pub(crate) fn fact(&self, id: &str) -> Result<Option<Fact>, Garbled> {
        let room = || {
            let room = self.room.as_deref().ok_or_else(|| garbled("room", id))?;
            Ok(RoomId::new(room))
        };
        let surgery = || {
            let surgery = self.surgery_id.as_deref().ok_or_else(|| garbled("surgery", id))?;
            Ok(SurgeryId::new(surgery))
        };
        let kind = match &self.fact {
            FactContent::Booked { version, tax_code, professional_id, surgery_type, planned } => {
                let patient = self.patient_id.as_deref().ok_or_else(|| garbled("patient", id))?;
                FactKind::Booked(Booked {
                    surgery: surgery()?,
                    version: *version,
                    patient: PatientId::new(patient),
                    tax_code: TaxCode::new(tax_code),
                    professional: ProfessionalId::new(professional_id),
                    surgery_type: surgery_type.clone(),
                    planned: *planned,
                })
            }
            FactContent::Cancelled => FactKind::Cancelled { surgery: surgery()? },
            FactContent::Emergency { command_id, tax_code } => FactKind::Emergency {
                command: CommandId::new(command_id),
                room: room()?,
                tax_code: tax_code.clone().map(TaxCode::new),
            },
            FactContent::Left { operating } => {
                FactKind::Left { room: room()?, kind: kind_of(*operating) }
            }
            FactContent::Entered { operating } => {
                FactKind::Entered { room: room()?, kind: kind_of(*operating) }
            }
            FactContent::OnTable => FactKind::OnTable,
            FactContent::Manual { button, process_id } => {
                let known = Button::ALL.into_iter().find(|known| known.name() == button);
                FactKind::Manual {
                    room: room()?,
                    button: known.ok_or_else(|| garbled("button", id))?,
                    process: process_id.clone().map(ProcessId::new),
                }
            }
            FactContent::Device { device_id } => {
                FactKind::Device { device: DeviceId::new(device_id) }
            }
            FactContent::Technology { in_use } => {
                let Some(room) = &self.room else { return Ok(None) };
                let technology =
                    self.technology_id.as_deref().ok_or_else(|| garbled("technology", id))?;
                FactKind::Technology {
                    technology: TechnologyId::new(technology),
                    room: RoomId::new(room),
                    in_use: *in_use,
                }
            }
        };
        Ok(Some(Fact { id: FactId::new(id), at: self.at, kind }))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PatientDocument {
    pub(crate) past: PastDocument,
    pub(crate) told: Vec<ToldDocument>,
    /// Not settled, by start.
    pub(crate) processes: Vec<ProcessDocument>,
    /// Of the last settled process.
    pub(crate) aftermath: Vec<EntryDocument>,
    /// Settled and not yet projected.
    pub(crate) settled: Vec<SettledDocument>,
    /// Told no more, and not yet projected.
    pub(crate) voided: Vec<ProcessDocument>,
    /// Whether something settled or voided has not been projected yet.
    pub(crate) unprojected: bool,
    /// The end of the first process, when it has one: it is to be settled.
    #[serde(with = "option")]
    pub(crate) ended_at: Option<Timestamp>,
    /// When the patient's twin is to be deleted, if it can be.
    #[serde(with = "option")]
    pub(crate) twin_due_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettledDocument {
    pub(crate) process: ProcessDocument,
    pub(crate) aftermath: Vec<EntryDocument>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PastDocument {
    pub(crate) resume: Option<ResumeDocument>,
    pub(crate) used: BTreeSet<(String, u32)>,
    pub(crate) last: Option<FormerDocument>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormerDocument {
    pub(crate) process_id: String,
    #[serde(with = "text")]
    pub(crate) end: Timestamp,
    pub(crate) professional_id: Option<String>,
    pub(crate) tax_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResumeDocument {
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    pub(crate) rank: u8,
    pub(crate) room: String,
    pub(crate) fact: String,
    pub(crate) again: bool,
}

impl From<&Resume> for ResumeDocument {
    fn from(resume: &Resume) -> Self {
        let Resume { order: Order { at, rank, room, id }, again } = resume;
        let fact = id.as_str().to_owned();
        Self { at: *at, rank: *rank, room: room.clone(), fact, again: *again }
    }
}

impl From<&ResumeDocument> for Resume {
    fn from(stored: &ResumeDocument) -> Self {
        let ResumeDocument { at, rank, room, fact, again } = stored;
        let id = FactId::new(fact);
        Self { order: Order { at: *at, rank: *rank, room: room.clone(), id }, again: *again }
    }
}

impl From<&Past> for PastDocument {
    fn from(past: &Past) -> Self {
        Self {
            resume: past.resume.as_ref().map(ResumeDocument::from),
            used: past
                .used
                .iter()
                .map(|(it, version)| (it.as_str().to_owned(), *version))
                .collect(),
            last: past.last.as_ref().map(|last| FormerDocument {
                process_id: last.id.as_str().to_owned(),
                end: last.end,
                professional_id: last.professional.as_ref().map(|it| it.as_str().to_owned()),
                tax_code: last.tax_code.as_ref().map(|it| it.as_str().to_owned()),
            }),
        }
    }
}

impl From<&PastDocument> for Past {
    fn from(stored: &PastDocument) -> Self {
        Self {
            resume: stored.resume.as_ref().map(Resume::from),
            used: stored.used.iter().map(|(it, version)| (SurgeryId::new(it), *version)).collect(),
            last: stored.last.as_ref().map(|last| Former {
                id: ProcessId::new(&last.process_id),
                end: last.end,
                professional: last.professional_id.clone().map(ProfessionalId::new),
                tax_code: last.tax_code.clone().map(TaxCode::new),
            }),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToldDocument {
    pub(crate) process_id: String,
    pub(crate) opened_by: OpenedByDocument,
    pub(crate) version: u64,
    pub(crate) life: LifeDocument,
    pub(crate) summarised: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum LifeDocument {
    Open,
    Ended,
    Void,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum OpenedByDocument {
    Booking { surgery_id: String, version: u32 },
    Emergency { command_id: String },
    Return { former: String },
}

impl From<&OpenedBy> for OpenedByDocument {
    fn from(opened_by: &OpenedBy) -> Self {
        match opened_by {
            OpenedBy::Booking { surgery, version } => {
                Self::Booking { surgery_id: surgery.as_str().to_owned(), version: *version }
            }
            OpenedBy::Emergency { command } => {
                Self::Emergency { command_id: command.as_str().to_owned() }
            }
            OpenedBy::Return { former } => Self::Return { former: former.as_str().to_owned() },
        }
    }
}

impl From<&OpenedByDocument> for OpenedBy {
    fn from(stored: &OpenedByDocument) -> Self {
        match stored {
            OpenedByDocument::Booking { surgery_id, version } => {
                Self::Booking { surgery: SurgeryId::new(surgery_id), version: *version }
            }
            OpenedByDocument::Emergency { command_id } => {
                Self::Emergency { command: CommandId::new(command_id) }
            }
            OpenedByDocument::Return { former } => Self::Return { former: ProcessId::new(former) },
        }
    }
}

impl From<&Told> for ToldDocument {
    fn from(told: &Told) -> Self {
        Self {
            process_id: told.id.as_str().to_owned(),
            opened_by: (&told.opened_by).into(),
            version: told.version,
            life: match told.life {
                Life::Open => LifeDocument::Open,
                Life::Ended => LifeDocument::Ended,
                Life::Void => LifeDocument::Void,
            },
            summarised: told.summarised,
        }
    }
}

impl From<&ToldDocument> for Told {
    fn from(stored: &ToldDocument) -> Self {
        Self {
            id: ProcessId::new(&stored.process_id),
            opened_by: (&stored.opened_by).into(),
            version: stored.version,
            life: match stored.life {
                LifeDocument::Open => Life::Open,
                LifeDocument::Ended => Life::Ended,
                LifeDocument::Void => Life::Void,
            },
            summarised: stored.summarised,
        }
    }
}

/// A process with everything that is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessDocument {
    pub(crate) process_id: String,
    pub(crate) patient_id: String,
    pub(crate) opened_by: OpenedByDocument,
    #[serde(with = "text")]
    pub(crate) date_time: Timestamp,
    pub(crate) surgery_type: String,
    pub(crate) surgery_id: Option<String>,
    pub(crate) booking_version: Option<u32>,
    pub(crate) professional_id: Option<String>,
    pub(crate) tax_code: Option<String>,
    pub(crate) pre_room: Option<String>,
    pub(crate) operating_room: Option<String>,
    pub(crate) post_room: Option<String>,
    pub(crate) state: String,
    pub(crate) step: Option<String>,
    #[serde(with = "option")]
    pub(crate) end: Option<Timestamp>,
    pub(crate) stays: Vec<StayDocument>,
    pub(crate) devices: Vec<DeviceUseDocument>,
    pub(crate) technologies: Vec<TechnologyUseDocument>,
    pub(crate) in_use_at_entry: Vec<InUseAtEntryDocument>,
    pub(crate) history: Vec<EntryDocument>,
    #[serde(with = "text")]
    pub(crate) last_fact: Timestamp,
    pub(crate) weighed: BTreeSet<String>,
    pub(crate) resume: Option<ResumeDocument>,
    pub(crate) settled: bool,
    pub(crate) version: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StayDocument {
    pub(crate) room: String,
    pub(crate) operating: bool,
    #[serde(with = "text")]
    pub(crate) from: Timestamp,
    #[serde(with = "option")]
    pub(crate) to: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceUseDocument {
    pub(crate) device_id: String,
    /// `None` until the twin layer has told it.
    pub(crate) kind: Option<DeviceKind>,
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TechnologyUseDocument {
    pub(crate) technology: TechnologyDocument,
    pub(crate) room: String,
    pub(crate) in_use: bool,
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InUseAtEntryDocument {
    pub(crate) technology: TechnologyDocument,
    pub(crate) room: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryDocument {
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    pub(crate) kind: EntryKind,
    pub(crate) value: Option<String>,
    pub(crate) reason: Option<String>,
}

/// Kinds of lines of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EntryKind {
    /// The process came to a state.
    State,
    /// The process came to a step.
    Step,
    /// The patient entered a room, or left one for nowhere.
    Room,
    /// A fact did not fit.
    Refused,
    /// A fact became known after the process was settled.
    Late,
}

impl From<&Entry> for EntryDocument {
    fn from(entry: &Entry) -> Self {
        let (kind, value, reason) = match &entry.what {
            What::State(state) => (EntryKind::State, Some(state.name().to_owned()), None),
            What::Step(step) => (EntryKind::Step, Some(step.name().to_owned()), None),
            What::Room(room) => {
                (EntryKind::Room, room.as_ref().map(|room| room.as_str().to_owned()), None)
            }
            What::Refused { fact, reason } => {
                (EntryKind::Refused, Some(fact.clone()), Some(reason.to_string()))
            }
            What::Late { fact } => (EntryKind::Late, Some(fact.clone()), Some(LATE.to_owned())),
        };
        Self { at: entry.at, kind, value, reason }
    }
}

/// Why a late fact does not count.
pub(crate) const LATE: &str = "the process was settled";

/// What is known of technologies and devices beside the facts.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub(crate) technologies: BTreeMap<String, TechnologyDocument>,
    pub(crate) devices: BTreeMap<String, DeviceKind>,
}

impl Knowledge {
    fn technology(&self, id: &TechnologyId) -> TechnologyDocument {
        self.technologies.get(id.as_str()).cloned().unwrap_or_else(|| TechnologyDocument {
            id: id.as_str().to_owned(),
            name: String::new(),
            description: None,
            kind: None,
        })
    }
}

impl ProcessDocument {
    pub(crate) fn of(process: &Process, knowledge: &Knowledge) -> Self {
        let text = |id: &str| id.to_owned();
        let devices = process.devices.iter().map(|used| DeviceUseDocument {
            device_id: text(used.device.as_str()),
            kind: knowledge.devices.get(used.device.as_str()).copied(),
            at: used.at,
        });
        let technologies = process.technologies.iter().map(|used| TechnologyUseDocument {
            technology: knowledge.technology(&used.technology),
            room: text(used.room.as_str()),
            in_use: used.in_use,
            at: used.at,
        });
        let in_use =
            process.in_use_at_entry.iter().map(|(technology, room)| InUseAtEntryDocument {
                technology: knowledge.technology(technology),
                room: text(room.as_str()),
            });
        let stays = process.stays.iter().map(|stay| StayDocument {
            room: text(stay.room.as_str()),
            operating: stay.kind == RoomKind::Operating,
            from: stay.from,
            to: stay.to,
        });
        Self {
            process_id: text(process.id.as_str()),
            patient_id: text(process.patient.as_str()),
            opened_by: (&process.opened_by).into(),
            date_time: process.start,
            surgery_type: process.surgery_type.clone(),
            surgery_id: process.booking.as_ref().map(|(surgery, _)| text(surgery.as_str())),
            booking_version: process.booking.as_ref().map(|(_, version)| *version),
            professional_id: process.professional.as_ref().map(|it| text(it.as_str())),
            tax_code: process.tax_code.as_ref().map(|it| text(it.as_str())),
            pre_room: process.pre_room.as_ref().map(|it| text(it.as_str())),
            operating_room: process.operating_room.as_ref().map(|it| text(it.as_str())),
            post_room: process.post_room.as_ref().map(|it| text(it.as_str())),
            state: text(process.state.name()),
            step: process.step.map(|step| text(step.name())),
            end: process.end,
            stays: stays.collect(),
            devices: devices.collect(),
            technologies: technologies.collect(),
            in_use_at_entry: in_use.collect(),
            history: process.history.iter().map(EntryDocument::from).collect(),
            last_fact: process.last_fact,
            weighed: process.weighed.iter().map(|id| text(id.as_str())).collect(),
            resume: process.resume.as_ref().map(ResumeDocument::from),
            settled: false,
            version: 0,
        }
    }

    /// Whether it goes on.
    pub(crate) fn is_open(&self) -> bool {
        self.end.is_none()
    }
}

/// A process as others read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessRow {
    pub(crate) process: ProcessDocument,
    pub(crate) standing: Standing,
    /// Refused after it was settled, while no other process was open.
    pub(crate) aftermath: Vec<EntryDocument>,
    /// Facts, vital signs aside, that came too late.
    pub(crate) late: Vec<EntryDocument>,
    /// The version of the patient's document that it shows.
    pub(crate) patient_version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Standing {
    Open,
    Ended,
    Void,
}

impl Standing {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ended => "ended",
            Self::Void => "void",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MinuteDocument {
    pub(crate) patient_id: String,
    #[serde(with = "text")]
    pub(crate) minute: Timestamp,
    pub(crate) signs: Signs,
    /// What came too late for a settled process.
    #[serde(default)]
    pub(crate) late_signs: Signs,
    pub(crate) any_late: bool,
}

/// By quantity: milliseconds into the minute, value, event id; ascending.
type Signs = BTreeMap<String, Vec<(u16, f64, String)>>;

impl MinuteDocument {
    pub(crate) fn empty(patient_id: &str, minute: Timestamp) -> Self {
        let patient_id = patient_id.to_owned();
        let (signs, late_signs) = (Signs::new(), Signs::new());
        Self { patient_id, minute, signs, late_signs, any_late: false }
    }

    /// Where a minute of a patient is kept. The patient comes last, so that no id runs into
    /// another's.
    pub(crate) fn id(patient_id: &str, minute: Timestamp) -> String {
        format!("{}/{patient_id}", instant::write(minute))
    }

    /// Takes a sample in, and tells whether it made a difference. Of one quantity and instant the
    /// one with the greater event id stays; what is late replaces nothing that was in time.
    pub(crate) fn take(&mut self, sample: &Sample, event: &str, is_late: bool) -> bool {
        let Ok(offset) = u16::try_from(sample.at.duration_since(self.minute).as_millis()) else {
            return false;
        };
        let place = |known: &(u16, f64, String)| known.0.cmp(&offset);
        let quantity = sample.quantity.name();
        if is_late {
            let in_time = self.signs.get(quantity).map_or(&[][..], Vec::as_slice);
            if let Ok(index) = in_time.binary_search_by(place)
                && in_time.get(index).is_some_and(|known| event <= known.2.as_str())
            {
                return false;
            }
            self.any_late = true;
        }
        let signs = if is_late { &mut self.late_signs } else { &mut self.signs };
        let signs = signs.entry(quantity.to_owned()).or_default();
        match signs.binary_search_by(place) {
            Ok(index) => match signs.get_mut(index) {
                Some(known) if known.2.as_str() < event => {
                    *known = (offset, sample.value, event.to_owned());
                }
                _ => return false,
            },
            Err(index) => signs.insert(index, (offset, sample.value, event.to_owned())),
        }
        true
    }

    /// The samples that came in time, by time then quantity.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.by_time(&[&self.signs])
    }

    /// Those and the late ones, which stand in for what was said of their instant in time.
    pub(crate) fn samples_with_late(&self) -> Vec<Sample> {
        self.by_time(&[&self.signs, &self.late_signs])
    }

    /// By time then quantity; of one quantity and instant the last counts.
    fn by_time(&self, told: &[&Signs]) -> Vec<Sample> {
        let mut samples = BTreeMap::new();
        for signs in told {
            for quantity in Quantity::ALL {
                for (offset, value, _) in signs.get(quantity.name()).into_iter().flatten() {
                    samples.insert((*offset, quantity), *value);
                }
            }
        }
        let sample =
            |((offset, quantity), value)| Sample { at: self.instant(offset), quantity, value };
        samples.into_iter().map(sample).collect()
    }

    /// Milliseconds into the minute and quantity of what came late, ascending.
    pub(crate) fn late(&self) -> BTreeSet<(u16, &str)> {
        let mut late = BTreeSet::new();
        for (quantity, signs) in &self.late_signs {
            late.extend(signs.iter().map(|(offset, ..)| (*offset, quantity.as_str())));
        }
        late
    }

    /// The instant so many milliseconds into the minute.
    pub(crate) fn instant(&self, offset: u16) -> Timestamp {
        let offset = jiff::SignedDuration::from_millis(i64::from(offset));
        self.minute.saturating_add(offset).unwrap_or(Timestamp::MAX)
    }
}

/// The minute in which an instant lies.
pub(crate) fn minute_of(at: Timestamp) -> Timestamp {
    let second = at.as_second().div_euclid(60) * 60;
    Timestamp::from_second(second).unwrap_or(at)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocationDocument {
    pub(crate) technology_id: String,
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    /// `None`: nowhere, or not known while pending.
    pub(crate) room: Option<String>,
    pub(crate) pending: bool,
    /// The usage whose room it is.
    pub(crate) usage: Option<String>,
    /// The patients who asked because they entered a room then.
    pub(crate) patients: BTreeSet<String>,
}

impl LocationDocument {
    pub(crate) fn id(technology: &str, at: Timestamp) -> String {
        format!("{}/{technology}", instant::write(at))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TechnologyDocument {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: Option<TechnologyKind>,
}

/// Kinds of technologies, spelled as building management and reports do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum TechnologyKind {
    /// An endoscope.
    Endoscope,
    /// An X-ray unit.
    #[serde(alias = "X_RAY")]
    Xray,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceDocument {
    pub(crate) kind: Option<DeviceKind>,
    pub(crate) pending: bool,
    pub(crate) patients: BTreeSet<String>,
}

/// Kinds of implantable devices, spelled as reports do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum DeviceKind {
    /// A pacemaker.
    Pacemaker,
    /// A catheter.
    Catheter,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TwinDocument {
    pub(crate) wanted: Wanted,
    /// The last that the twin layer was made to show; `None` nothing yet.
    pub(crate) shown: Option<Wanted>,
    pub(crate) pending: bool,
}

/// What the twin layer should show of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Wanted {
    /// There, in this state.
    There {
        patient_id: String,
        surgery_id: Option<String>,
        state: u8,
        step: Option<u8>,
        /// Where the process is; nowhere once it ended.
        room: Option<String>,
        emergency: Option<Arrival>,
    },
    /// Settled: gone, with what was used up by it.
    Settled { surgery_id: Option<String>, booking_version: Option<u32>, devices: Vec<String> },
    /// Never was.
    Void,
}

/// The patient of an emergency, whom nobody else has brought into the twin layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Arrival {
    #[serde(with = "text")]
    pub(crate) at: Timestamp,
    /// The theatre; `None` when the patient has been elsewhere since.
    pub(crate) room: Option<String>,
    pub(crate) tax_code: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_telling_of_a_sample_stays() {
        let minute = "2026-05-15T08:41:00Z".parse().unwrap();
        let sample = |value| Sample {
            at: "2026-05-15T08:41:12.5Z".parse().unwrap(),
            quantity: Quantity::HeartBeat,
            value,
        };
        let mut document = MinuteDocument::empty("p", minute);
        assert!(document.take(&sample(70.0), "5", false));
        assert!(!document.take(&sample(60.0), "4", false));
        assert!(!document.take(&sample(70.0), "5", false));
        assert!(document.take(&sample(71.0), "6", false));
        assert_eq!(document.samples(), [sample(71.0)]);
        assert_eq!(document.samples_with_late(), [sample(71.0)]);
        assert_eq!(document.late(), [].into());
    }

    #[test]
    fn what_is_late_replaces_nothing_that_was_in_time() {
        let minute = "2026-05-15T08:41:00Z".parse().unwrap();
        let sample = |value| Sample {
            at: "2026-05-15T08:41:12.5Z".parse().unwrap(),
            quantity: Quantity::HeartBeat,
            value,
        };
        let mut document = MinuteDocument::empty("p", minute);
        assert!(document.take(&sample(70.0), "5", false));
        // Told again, or told before: nothing new.
        assert!(!document.take(&sample(70.0), "5", true));
        assert!(!document.take(&sample(60.0), "4", true));
        assert!(!document.any_late);
        assert!(document.take(&sample(80.0), "6", true));
        assert!(!document.take(&sample(80.0), "6", true));
        assert_eq!(document.samples(), [sample(70.0)]);
        assert_eq!(document.samples_with_late(), [sample(80.0)]);
        assert_eq!(document.late(), [(12_500, "heartBeat")].into());
    }
}
