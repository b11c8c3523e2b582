//! Rooms as documents. The domain does not know how it is stored.

use std::collections::BTreeMap;

use automation_management_domain::{
    actuator::{Actuator, Setting, Shadow},
    command::{Cause, Decision, Hold, Outcome, Progress, Trigger, Trouble},
    id::InvalidId,
    policy::{Lights, OutOfRange, RoomKind, Technology},
    regulation::Rule,
    room::{Room, Sample, Stamp, Surgery, Usage, Vacancy},
    target::{Owner, Target},
};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::application::name;

/// A stored document that says something impossible.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Corrupt {
    #[error("a stored id is invalid")]
    Id(#[from] InvalidId),
    #[error("a stored light is out of range")]
    Light(#[from] OutOfRange),
    #[error("a stored word is unknown")]
    Word,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomDocument {
    #[serde(with = "name")]
    kind: RoomKind,
    temperature: Option<SampleV1<f64>>,
    humidity: Option<SampleV1<f64>>,
    luminosity: Option<SampleV1<f64>>,
    presence: Option<SampleV1<bool>>,
    vacancy: VacancyV1,
    usages: BTreeMap<String, UsageV1>,
    supported: BTreeMap<String, StampV1>,
    custom: Option<SampleV1<Option<LightsV1>>>,
    surgeries: BTreeMap<String, SurgeryV1>,
    actuators: BTreeMap<String, ShadowV1>,
    holds: BTreeMap<String, HoldV1>,
    decisions: Vec<DecisionV1>,
    /// When something is to be done about the room; for the index.
    #[serde(with = "instant::option")]
    pub(crate) due_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StampV1 {
    #[serde(with = "instant::text")]
    at: Timestamp,
    event: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct SampleV1<T> {
    value: T,
    stamp: StampV1,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum VacancyV1 {
    Occupied,
    #[serde(with = "instant::text")]
    EmptySince(Timestamp),
    #[serde(with = "instant::text")]
    Standby(Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct LightsV1 {
    ambient: u32,
    surgical: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageV1 {
    #[serde(with = "name")]
    kind: Technology,
    in_use: SampleV1<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SurgeryV1 {
    version: u64,
    in_progress: bool,
    #[serde(with = "instant::text")]
    at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SettingV1 {
    On,
    Off,
    Intensity(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ShadowV1 {
    id: String,
    setting: Option<(SettingV1, StampV1)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct HoldV1 {
    setting: SettingV1,
    #[serde(with = "instant::text")]
    until: Timestamp,
    failures: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DecisionV1 {
    id: String,
    #[serde(with = "instant::text")]
    decided_at: Timestamp,
    #[serde(with = "name")]
    trigger: Trigger,
    cause: StampV1,
    #[serde(with = "name")]
    rule: Rule,
    measured: Option<MeasuredV1>,
    found: Option<SettingV1>,
    target: f64,
    #[serde(with = "name")]
    owner: Owner,
    #[serde(with = "name")]
    actuator: Actuator,
    actuator_id: Option<String>,
    setting: SettingV1,
    attempts: u32,
    #[serde(with = "instant::option")]
    sent_at: Option<Timestamp>,
    trouble: Option<TroubleV1>,
    progress: ProgressV1,
    shown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct MeasuredV1 {
    value: f64,
    #[serde(with = "instant::text")]
    at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct TroubleV1(#[serde(with = "name")] Trouble);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ProgressV1 {
    #[serde(with = "instant::text")]
    Due(Timestamp),
    #[serde(with = "instant::text")]
    Sending(Timestamp),
    #[serde(with = "instant::text")]
    Unconfirmed(Timestamp),
    Ended {
        #[serde(with = "name")]
        outcome: Outcome,
        #[serde(with = "instant::text")]
        at: Timestamp,
    },
}

impl RoomDocument {
    /// The room as it is stored.
    pub(crate) fn of(room: &Room, due_at: Option<Timestamp>) -> Self {
        use name::Named as _;

        Self {
            kind: room.kind,
            temperature: room.temperature.as_ref().map(SampleV1::of),
            humidity: room.humidity.as_ref().map(SampleV1::of),
            luminosity: room.luminosity.as_ref().map(SampleV1::of),
            presence: room.presence.as_ref().map(SampleV1::of),
            vacancy: match room.vacancy {
                Vacancy::Occupied => VacancyV1::Occupied,
                Vacancy::EmptySince(at) => VacancyV1::EmptySince(at),
                Vacancy::Standby(at) => VacancyV1::Standby(at),
            },
            usages: room
                .usages
                .iter()
                .map(|(id, usage)| {
                    let in_use = SampleV1::of(&usage.in_use);
                    (id.to_string(), UsageV1 { kind: usage.kind, in_use })
                })
                .collect(),
            supported: room
                .supported
                .iter()
                .map(|(kind, stamp)| (kind.name().to_owned(), StampV1::of(stamp)))
                .collect(),
            custom: room.custom.as_ref().map(|custom| SampleV1 {
                value: custom
                    .value
                    .map(|it| LightsV1 { ambient: it.ambient(), surgical: it.surgical() }),
                stamp: StampV1::of(&custom.stamp),
            }),
            surgeries: room
                .surgeries
                .iter()
                .map(|(id, surgery)| {
                    let Surgery { version, in_progress, at } = *surgery;
                    (id.to_string(), SurgeryV1 { version, in_progress, at })
                })
                .collect(),
            actuators: room
                .actuators
                .iter()
                .map(|(actuator, shadow)| (actuator.name().to_owned(), ShadowV1::of(shadow)))
                .collect(),
            holds: room
                .holds
                .iter()
                .map(|(actuator, hold)| {
                    let Hold { setting, until, failures } = *hold;
                    let setting = SettingV1::of(setting);
                    (actuator.name().to_owned(), HoldV1 { setting, until, failures })
                })
                .collect(),
            decisions: room.decisions.iter().map(DecisionV1::of).collect(),
            due_at,
        }
    }

    /// The room that was stored.
    pub(crate) fn read(self, id: &str) -> Result<Room, Corrupt> {
        let mut room = Room::new(id.parse()?, self.kind);
        room.temperature = self.temperature.map(SampleV1::read);
        room.humidity = self.humidity.map(SampleV1::read);
        room.luminosity = self.luminosity.map(SampleV1::read);
        room.presence = self.presence.map(SampleV1::read);
        room.vacancy = match self.vacancy {
            VacancyV1::Occupied => Vacancy::Occupied,
            VacancyV1::EmptySince(at) => Vacancy::EmptySince(at),
            VacancyV1::Standby(at) => Vacancy::Standby(at),
        };
        for (id, UsageV1 { kind, in_use }) in self.usages {
            room.usages.insert(id.parse()?, Usage { kind, in_use: in_use.read() });
        }
        for (kind, stamp) in self.supported {
            room.supported.insert(word(&kind)?, stamp.read());
        }
        room.custom = match self.custom {
            None => None,
            Some(SampleV1 { value, stamp }) => {
                let lights = value
                    .map(|it| Lights::new(i64::from(it.ambient), i64::from(it.surgical)))
                    .transpose()?;
                Some(Sample { value: lights, stamp: stamp.read() })
            }
        };
        for (id, SurgeryV1 { version, in_progress, at }) in self.surgeries {
            room.surgeries.insert(id.parse()?, Surgery { version, in_progress, at });
        }
        for (actuator, shadow) in self.actuators {
            room.actuators.insert(word(&actuator)?, shadow.read()?);
        }
        for (actuator, HoldV1 { setting, until, failures }) in self.holds {
            let hold = Hold { setting: setting.read(), until, failures };
            room.holds.insert(word(&actuator)?, hold);
        }
        for decision in self.decisions {
            room.decisions.push(decision.read()?);
        }
        Ok(room)
    }
}

fn word<T: name::Named>(text: &str) -> Result<T, Corrupt> {
    T::of(text).ok_or(Corrupt::Word)
}

impl StampV1 {
    fn of(stamp: &Stamp) -> Self {
        Self { at: stamp.at, event: stamp.event.clone() }
    }

    fn read(self) -> Stamp {
        Stamp { at: self.at, event: self.event }
    }
}

impl<T: Clone> SampleV1<T> {
    fn of(sample: &Sample<T>) -> Self {
        Self { value: sample.value.clone(), stamp: StampV1::of(&sample.stamp) }
    }

    fn read(self) -> Sample<T> {
        Sample { value: self.value, stamp: self.stamp.read() }
    }
}

impl SettingV1 {
    fn of(setting: Setting) -> Self {
        match setting {
            Setting::On => Self::On,
            Setting::Off => Self::Off,
            Setting::Intensity(intensity) => Self::Intensity(intensity),
        }
    }

    fn read(self) -> Setting {
        match self {
            Self::On => Setting::On,
            Self::Off => Setting::Off,
            Self::Intensity(intensity) => Setting::Intensity(intensity),
        }
    }
}

impl ShadowV1 {
    fn of(shadow: &Shadow) -> Self {
        let setting = shadow.setting.as_ref();
        Self {
            id: shadow.id.to_string(),
            setting: setting.map(|(setting, stamp)| (SettingV1::of(*setting), StampV1::of(stamp))),
        }
    }

    fn read(self) -> Result<Shadow, Corrupt> {
        let setting = self.setting.map(|(setting, stamp)| (setting.read(), stamp.read()));
        Ok(Shadow { id: self.id.parse()?, setting })
    }
}

impl DecisionV1 {
    fn of(decision: &Decision) -> Self {
        Self {
            id: decision.id.clone(),
            decided_at: decision.decided_at,
            trigger: decision.cause.trigger,
            cause: StampV1::of(&decision.cause.stamp),
            rule: decision.rule,
            measured: decision.measured.map(|(value, at)| MeasuredV1 { value, at }),
            found: decision.found.map(SettingV1::of),
            target: decision.target.value,
            owner: decision.target.owner,
            actuator: decision.actuator,
            actuator_id: decision.actuator_id.as_ref().map(ToString::to_string),
            setting: SettingV1::of(decision.setting),
            attempts: decision.attempts,
            sent_at: decision.sent_at,
            trouble: decision.trouble.map(TroubleV1),
            progress: match decision.progress {
                Progress::Due(at) => ProgressV1::Due(at),
                Progress::Sending(at) => ProgressV1::Sending(at),
                Progress::Unconfirmed(at) => ProgressV1::Unconfirmed(at),
                Progress::Ended(outcome, at) => ProgressV1::Ended { outcome, at },
            },
            shown: decision.shown,
        }
    }

    fn read(self) -> Result<Decision, Corrupt> {
        Ok(Decision {
            id: self.id,
            decided_at: self.decided_at,
            cause: Cause { trigger: self.trigger, stamp: self.cause.read() },
            rule: self.rule,
            measured: self.measured.map(|MeasuredV1 { value, at }| (value, at)),
            found: self.found.map(SettingV1::read),
            target: Target { value: self.target, owner: self.owner },
            actuator: self.actuator,
            actuator_id: self.actuator_id.as_deref().map(str::parse).transpose()?,
            setting: self.setting.read(),
            attempts: self.attempts,
            sent_at: self.sent_at,
            trouble: self.trouble.map(|TroubleV1(trouble)| trouble),
            progress: match self.progress {
                ProgressV1::Due(at) => Progress::Due(at),
                ProgressV1::Sending(at) => Progress::Sending(at),
                ProgressV1::Unconfirmed(at) => Progress::Unconfirmed(at),
                ProgressV1::Ended { outcome, at } => Progress::Ended(outcome, at),
            },
            shown: self.shown,
        })
    }
}
