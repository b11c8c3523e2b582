//! What the routes answer. The contract's fields keep name, type and meaning; ours are new fields.

use chiron_clock::instant::{option, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgical_process_monitoring_domain::vital::Sample;
use utoipa::ToSchema;

use crate::application::document::{
    DeviceKind, EntryDocument, EntryKind, ProcessDocument, TechnologyKind,
};

/// A list: a page of its entries, how many there are in all, and where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    pub(crate) entries: Vec<T>,
    /// Of the whole list.
    pub(crate) total: u64,
    /// `cursor` of the next page; null on the last one.
    pub(crate) next: Option<String>,
}

/// A process in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessEntry {
    pub(crate) process_id: String,
    /// When it began.
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    /// Type of surgery of the booking, or `Emergency`.
    #[serde(rename = "type")]
    pub(crate) process_type: String,
    pub(crate) patient_id: String,
    pub(crate) health_professional_id: Option<String>,
    pub(crate) pre_operating_room: Option<Room>,
    pub(crate) operating_room: Option<Room>,
    pub(crate) state: String,
    /// Null before the first step of an emergency.
    pub(crate) step: Option<String>,
    pub(crate) surgery_id: Option<String>,
    pub(crate) post_operating_room: Option<Room>,
    /// Whether it is open and nothing has been heard of it for twelve hours.
    pub(crate) stale: bool,
}

/// A room, in the contract's form.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Room {
    pub(crate) id: RoomName,
    #[serde(rename = "type")]
    pub(crate) room_type: RoomType,
}

/// A room's id, wrapped as in the contract.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoomName {
    pub(crate) id: String,
}

/// Kinds of rooms, as this service has always spelled them.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RoomType {
    PrePostOperatingRoom,
    OperatingRoom,
}

/// A process by itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessDetail {
    #[serde(flatten)]
    pub(crate) entry: ProcessEntry,
    #[serde(with = "option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) end_date_time: Option<Timestamp>,
    /// Whether it will not change any more.
    pub(crate) settled: bool,
    /// Counts its changes; also the `ETag`.
    pub(crate) version: u64,
    /// Null when unknown, and for wall screens.
    pub(crate) patient_tax_code: Option<String>,
    /// Where the patient was, by entry.
    pub(crate) rooms: Vec<Stay>,
    /// What was implanted, by time.
    pub(crate) devices: Vec<Device>,
    /// Technologies that came into use or out of use, by time.
    pub(crate) medical_technology_usage: Vec<Usage>,
    /// Technologies in use already when the patient entered their room.
    pub(crate) technologies_in_use_at_entry: Vec<InUse>,
}

/// A stay in a room.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stay {
    pub(crate) room_id: String,
    pub(crate) room_type: RoomType,
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// Null while it lasts; at most the end of the process.
    #[serde(with = "option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) to: Option<Timestamp>,
}

/// An implanted device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Device {
    pub(crate) id: String,
    /// Null until it is known.
    #[serde(rename = "type")]
    pub(crate) kind: Option<DeviceKind>,
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
}

/// A technology that came into use or out of use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    pub(crate) medical_technology: Technology,
    pub(crate) room_id: String,
}

/// A technology, in the report's form.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Technology {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<TechnologyKind>,
    pub(crate) in_use: bool,
}

/// A technology in use already when the patient entered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InUse {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<TechnologyKind>,
    pub(crate) room_id: String,
}

/// A line of a history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryEntry {
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    pub(crate) kind: EntryKind,
    /// The state, the step, the room (null on leaving), or the fact's kind and argument.
    pub(crate) value: Option<String>,
    /// Why a fact was refused, or is late.
    pub(crate) reason: Option<String>,
}

/// A vital sign; of a bucket the average, at the bucket's beginning.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VitalSign {
    #[serde(with = "text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    pub(crate) quantity: &'static str,
    #[schema(value_type = f64)]
    pub(crate) value: serde_json::Number,
    /// UCUM.
    pub(crate) unit: &'static str,
}

/// What the list can be asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// `false`: those that have ended. Default `true`.
    pub(crate) open: Option<bool>,
    /// Those that had not ended before this instant.
    pub(crate) from: Option<String>,
    /// Those that had begun at this instant.
    pub(crate) to: Option<String>,
    /// Entries of a page, 1 to 10,000.
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// What vital signs can be asked.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VitalSignsQuery {
    /// From when, inclusive; may lie before the process. Default: its start.
    pub(crate) from: Option<String>,
    /// Until when, inclusive. Default: its end, if it has one.
    pub(crate) to: Option<String>,
    /// Whether those count too that came too late for a settled process. Default: no.
    pub(crate) late: Option<bool>,
    /// Averages of buckets of so many seconds, 1 to 86,400.
    pub(crate) resolution: Option<u32>,
    /// Entries of a page, 1 to 10,000.
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
}

fn room(id: Option<&String>, room_type: RoomType) -> Option<Room> {
    id.map(|id| Room { id: RoomName { id: id.clone() }, room_type })
}

impl ProcessEntry {
    pub(crate) fn of(process: &ProcessDocument, stale: bool) -> Self {
        Self {
            process_id: process.process_id.clone(),
            date_time: process.date_time,
            process_type: process.surgery_type.clone(),
            patient_id: process.patient_id.clone(),
            health_professional_id: process.professional_id.clone(),
            pre_operating_room: room(process.pre_room.as_ref(), RoomType::PrePostOperatingRoom),
            operating_room: room(process.operating_room.as_ref(), RoomType::OperatingRoom),
            state: process.state.clone(),
            step: process.step.clone(),
            surgery_id: process.surgery_id.clone(),
            post_operating_room: room(process.post_room.as_ref(), RoomType::PrePostOperatingRoom),
            stale,
        }
    }
}

impl ProcessDetail {
    pub(crate) fn of(process: &ProcessDocument, stale: bool, tells_codes_only: bool) -> Self {
        let stays = process.stays.iter().map(|stay| Stay {
            room_id: stay.room.clone(),
            room_type: if stay.operating {
                RoomType::OperatingRoom
            } else {
                RoomType::PrePostOperatingRoom
            },
            from: stay.from,
            to: stay.to,
        });
        let devices = process.devices.iter().map(|used| Device {
            id: used.device_id.clone(),
            kind: used.kind,
            date_time: used.at,
        });
        let usages = process.technologies.iter().map(|used| Usage {
            date_time: used.at,
            medical_technology: Technology {
                id: used.technology.id.clone(),
                name: used.technology.name.clone(),
                description: used.technology.description.clone(),
                kind: used.technology.kind,
                in_use: used.in_use,
            },
            room_id: used.room.clone(),
        });
        let in_use = process.in_use_at_entry.iter().map(|found| InUse {
            id: found.technology.id.clone(),
            name: found.technology.name.clone(),
            kind: found.technology.kind,
            room_id: found.room.clone(),
        });
        let patient_tax_code = if tells_codes_only { None } else { process.tax_code.clone() };
        Self {
            entry: ProcessEntry::of(process, stale),
            end_date_time: process.end,
            settled: process.settled,
            version: process.version,
            patient_tax_code,
            rooms: stays.collect(),
            devices: devices.collect(),
            medical_technology_usage: usages.collect(),
            technologies_in_use_at_entry: in_use.collect(),
        }
    }
}

impl From<EntryDocument> for HistoryEntry {
    fn from(entry: EntryDocument) -> Self {
        let EntryDocument { at, kind, value, reason } = entry;
        Self { date_time: at, kind, value, reason }
    }
}

impl VitalSign {
    /// Whole numbers are told as such; averages of them are not whole.
    pub(crate) fn of(sample: &Sample) -> Self {
        let Sample { at, quantity, value } = *sample;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        let number = if quantity.is_whole() && value.fract() == 0.0 && value.abs() < 1e15 {
            serde_json::Number::from(value as i64)
        } else {
            serde_json::Number::from_f64(value).unwrap_or_else(|| 0.into())
        };
        Self { date_time: at, quantity: quantity.name(), value: number, unit: quantity.unit() }
    }
}
