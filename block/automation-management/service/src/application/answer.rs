//! How a decision is told to people: the rule, what it looked at, the target and its owner, the
//! command, and what became of it.

use automation_management_domain::{
    actuator::{Actuator, Setting},
    command::{Decision, Progress, Trigger},
    id::RoomId,
    regulation::{FULL_VENTILATION, HUMIDITY_TOLERANCE, Rule, TEMPERATURE_TOLERANCE},
    target::{Owner, Quantity},
};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::application::name::Named as _;

/// Decisions, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decisions {
    /// Those of this page.
    pub(crate) entries: Vec<DecisionEntry>,
    /// How many there are in all.
    pub(crate) total: u64,
    /// Where the next page begins; null on the last.
    pub(crate) next: Option<String>,
}

/// A command and why it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionEntry {
    /// Room, cause and actuator.
    #[schema(example = "or-2/0000000000004711-000/Cooling")]
    pub(crate) id: String,
    /// The room.
    #[schema(example = "or-2")]
    pub(crate) room_id: String,
    /// When it was decided.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    /// `TOO_WARM`, `TOO_COLD`, `COOLED_DOWN`, `WARMED_UP`, `TOO_HUMID`, `DRIED_OUT` or
    /// `LIGHT_DIFFERS`.
    #[schema(example = "TOO_WARM")]
    pub(crate) rule: String,
    /// The same in words.
    #[schema(example = "22.6 °C is more than 0.5 °C above the target of 21 °C")]
    pub(crate) explanation: String,
    /// What was looked at.
    pub(crate) inputs: Inputs,
    /// What was wanted.
    pub(crate) target: Wanted,
    /// What was commanded.
    pub(crate) command: Command,
    /// What became of it.
    pub(crate) outcome: Became,
}

/// What a decision looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Inputs {
    /// `MEASUREMENT`, or what changed the target: `PRESENCE`, `STANDBY_TIMER`,
    /// `TECHNOLOGY_USAGE`, `TECHNOLOGY_REQUEST`, `CUSTOM_LIGHT`, `SURGERY`.
    #[schema(example = "MEASUREMENT")]
    pub(crate) trigger: String,
    /// The event that it follows from; the client's command id for a wish of the team.
    pub(crate) cause_id: String,
    /// When that happened.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) cause_date_time: Timestamp,
    /// The newest measurement of the quantity; null when none was needed, or recent enough.
    pub(crate) measured: Option<Measured>,
    /// How far from the target the room may be; 0 for lights.
    pub(crate) tolerance: f64,
    /// `on`, `off` or the intensity that the actuator's twin told; null when it had told nothing.
    pub(crate) found: Option<String>,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Measured {
    /// In the target's unit.
    pub(crate) value: f64,
    /// When.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
}

/// What is wanted, and by whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    /// `TEMPERATURE`, `HUMIDITY`, `AMBIENT_LIGHT` or `SURGICAL_LIGHT`.
    pub(crate) quantity: String,
    /// How much.
    pub(crate) value: f64,
    /// UCUM: `Cel`, `%` or `lx`.
    pub(crate) unit: String,
    /// Strongest first: `CUSTOM_LIGHT`, `MEDICAL_TECHNOLOGY`, `SURGERY_IN_PROGRESS`, `STANDBY`,
    /// `ROOM_DEFAULT`.
    #[schema(example = "ROOM_DEFAULT")]
    pub(crate) owner: String,
    /// `endoscope` or `xray` for `MEDICAL_TECHNOLOGY`, else null.
    pub(crate) medical_technology_type: Option<String>,
}

/// What was commanded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Command {
    /// `HEATING`, `COOLING`, `VENTILATION`, `AMBIENT_LIGHT` or `SURGICAL_LIGHT`.
    pub(crate) actuator_type: String,
    /// The actuator; null when the room has none, or it was not asked for yet.
    pub(crate) actuator_id: Option<String>,
    /// The Thing's action: `on`, `off` or `setIntensity`.
    pub(crate) action: String,
    /// Percent or lux of `setIntensity`, else null.
    pub(crate) intensity: Option<u32>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Became {
    /// `PENDING` (to be sent), `SENT` (not confirmed yet), `CONFIRMED`, `FAILED`, `SUPERSEDED` or
    /// `EXPIRED`.
    #[schema(example = "CONFIRMED")]
    pub(crate) status: String,
    /// Why the last attempt failed; null when none did.
    pub(crate) reason: Option<String>,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// When it was last sent and taken; null before.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) sent_date_time: Option<Timestamp>,
    /// When it came to its end; null before.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) ended_date_time: Option<Timestamp>,
}

/// The Thing's action, and its intensity.
pub(crate) fn action(setting: Setting) -> (&'static str, Option<u32>) {
    match setting {
        Setting::On => ("on", None),
        Setting::Off => ("off", None),
        Setting::Intensity(intensity) => ("setIntensity", Some(intensity)),
    }
}

fn quantity(actuator: Actuator) -> Quantity {
    match actuator {
        Actuator::Heating | Actuator::Cooling => Quantity::Temperature,
        Actuator::Ventilation => Quantity::Humidity,
        Actuator::AmbientLight => Quantity::AmbientLight,
        Actuator::SurgicalLight => Quantity::SurgicalLight,
    }
}

impl DecisionEntry {
    /// A decision of a room.
    pub(crate) fn of(room: &RoomId, decision: &Decision) -> Self {
        let quantity = quantity(decision.actuator);
        let (unit, tolerance) = match quantity {
            Quantity::Temperature => ("Cel", TEMPERATURE_TOLERANCE),
            Quantity::Humidity => ("%", HUMIDITY_TOLERANCE),
            Quantity::AmbientLight | Quantity::SurgicalLight => ("lx", 0.0),
        };
        let (action, intensity) = action(decision.setting);
        let owner = decision.target.owner.name();
        let (owner, technology) = match owner.split_once('/') {
            Some((owner, technology)) => (owner, Some(technology.to_owned())),
            None => (owner, None),
        };
        let (status, ended) = match decision.progress {
            Progress::Due(_) | Progress::Sending(_) => ("PENDING", None),
            Progress::Unconfirmed(_) => ("SENT", None),
            Progress::Ended(outcome, at) => (outcome.name(), Some(at)),
        };
        Self {
            id: decision.id.clone(),
            room_id: room.to_string(),
            date_time: decision.decided_at,
            rule: decision.rule.name().to_owned(),
            explanation: explain(decision),
            inputs: Inputs {
                trigger: decision.cause.trigger.name().to_owned(),
                cause_id: decision.cause.stamp.event.clone(),
                cause_date_time: decision.cause.stamp.at,
                measured: decision.measured.map(|(value, date_time)| Measured { value, date_time }),
                tolerance,
                found: decision.found.map(|setting| match setting {
                    Setting::On => "on".to_owned(),
                    Setting::Off => "off".to_owned(),
                    Setting::Intensity(intensity) => intensity.to_string(),
                }),
            },
            target: Wanted {
                quantity: quantity.name().to_owned(),
                value: decision.target.value,
                unit: unit.to_owned(),
                owner: owner.to_owned(),
                medical_technology_type: technology,
            },
            command: Command {
                actuator_type: decision.actuator.name().to_owned(),
                actuator_id: decision.actuator_id.as_ref().map(ToString::to_string),
                action: action.to_owned(),
                intensity,
            },
            outcome: Became {
                status: status.to_owned(),
                reason: decision.trouble.map(|trouble| trouble.name().to_owned()),
                attempts: decision.attempts,
                sent_date_time: decision.sent_at,
                ended_date_time: ended,
            },
        }
    }
}

/// The rule with its numbers, for a person.
fn explain(decision: &Decision) -> String {
    let target = decision.target.value;
    let measured = decision.measured.map_or(0.0, |(value, _)| value);
    match decision.rule {
        Rule::TooWarm => format!(
            "{measured} °C is more than {TEMPERATURE_TOLERANCE} °C above the target of {target} °C"
        ),
        Rule::TooCold => format!(
            "{measured} °C is more than {TEMPERATURE_TOLERANCE} °C below the target of {target} °C"
        ),
        Rule::CooledDown => {
            format!("cooling has reached the target of {target} °C: it is {measured} °C")
        }
        Rule::WarmedUp => {
            format!("heating has reached the target of {target} °C: it is {measured} °C")
        }
        Rule::TooHumid => format!(
            "{measured} % is at least {HUMIDITY_TOLERANCE} % above the target of {target} %: \
             ventilation to {FULL_VENTILATION} %"
        ),
        Rule::DriedOut => {
            format!("ventilation has reached the target of {target} %: it is {measured} %")
        }
        Rule::LightDiffers => {
            let who = owner(decision.target.owner);
            let found = match decision.found {
                Some(Setting::Intensity(lux)) => format!("it gives {lux} lux"),
                _ => "what it gives is not known".to_owned(),
            };
            let why = match decision.cause.trigger {
                Trigger::Measurement => "seen at a measurement",
                _ => "since the target has changed",
            };
            format!("{who} wants {target} lux, {found}; {why}")
        }
    }
}

fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::CustomLight => "the light set by hand",
        Owner::MedicalTechnology(_) => "the technology's scenario",
        Owner::SurgeryInProgress => "the surgery in progress",
        Owner::Standby => "standby",
        Owner::RoomDefault => "the room",
    }
}
