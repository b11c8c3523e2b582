//! `room-events`: what the sensors of a room measured.

use std::borrow::Cow;

use chiron_broker::{NewRecord, Record};
use chiron_clock::instant::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rejection::Rejection,
    wire::{Label, NotWritten, key_of, read, unknown_key},
};

/// The topic.
pub const TOPIC: &str = "room-events";
/// Key of a temperature.
pub const TEMPERATURE_EVENT: &str = "TEMPERATURE_EVENT";
/// Key of a humidity.
pub const HUMIDITY_EVENT: &str = "HUMIDITY_EVENT";
/// Key of a luminosity.
pub const LUMINOSITY_EVENT: &str = "LUMINOSITY_EVENT";
/// Key of a presence.
pub const PRESENCE_EVENT: &str = "PRESENCE_EVENT";

/// One sensor's sample in one room.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomEvent {
    /// The room measured.
    pub room_id: String,
    /// Its kind.
    pub room_type: RoomType,
    /// What was measured.
    pub measurement: Measurement,
    /// When it was measured, in milliseconds.
    pub date_time: Timestamp,
}

/// The kind of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoomType {
    /// A theatre.
    OperatingRoom,
    /// A room for before and after.
    PreOperatingRoom,
}

/// A quantity and its value; ranges are the consumer's affair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measurement {
    /// Degrees Celsius.
    Temperature(f64),
    /// Relative humidity in whole percent.
    Humidity(i64),
    /// Lux.
    Luminosity(f64),
    /// Whether somebody is there.
    Presence(bool),
}

impl Measurement {
    /// The key of its event.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Temperature(_) => TEMPERATURE_EVENT,
            Self::Humidity(_) => HUMIDITY_EVENT,
            Self::Luminosity(_) => LUMINOSITY_EVENT,
            Self::Presence(_) => PRESENCE_EVENT,
        }
    }
}

impl RoomEvent {
    /// Reads a record of the topic.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn decode(record: &Record) -> Result<Self, Rejection> {
        let key = key_of(record)?;
        match &*key {
            TEMPERATURE_EVENT => decode_as(record, &key, |data: TemperatureData| {
                Measurement::Temperature(data.temperature_value)
            }),
            HUMIDITY_EVENT => decode_as(record, &key, |data: HumidityData| {
                Measurement::Humidity(data.humidity_percentage)
            }),
            LUMINOSITY_EVENT => decode_as(record, &key, |data: LuminosityData| {
                Measurement::Luminosity(data.luminosity_value)
            }),
            PRESENCE_EVENT => decode_as(record, &key, |data: PresenceData| {
                Measurement::Presence(data.presence_detected)
            }),
            _ => Err(unknown_key(record, &key)),
        }
    }

    /// Makes the record to publish; its aggregate is the room.
    ///
    /// # Errors
    ///
    /// See [`NotWritten`].
    pub fn into_record(self, ce_id: &str, source: &str) -> Result<NewRecord, NotWritten> {
        let key = self.measurement.key();
        let label = Label {
            topic: TOPIC,
            key,
            aggregate: &self.room_id,
            ce_id,
            source,
            at: self.date_time,
        };
        match self.measurement {
            Measurement::Temperature(temperature_value) => label.write(&self.envelope(
                key,
                TemperatureData { temperature_value, temperature_unit: TemperatureUnit::Celsius },
            )),
            Measurement::Humidity(humidity_percentage) => {
                label.write(&self.envelope(key, HumidityData { humidity_percentage }))
            }
            Measurement::Luminosity(luminosity_value) => label.write(&self.envelope(
                key,
                LuminosityData { luminosity_value, luminosity_unit: LuminosityUnit::Lux },
            )),
            Measurement::Presence(presence_detected) => {
                label.write(&self.envelope(key, PresenceData { presence_detected }))
            }
        }
    }

    fn envelope<D>(&self, key: &'static str, data: D) -> Envelope<D> {
        Envelope {
            key: Cow::Borrowed(key),
            room_id: self.room_id.clone(),
            room_type: self.room_type,
            data,
            date_time: self.date_time,
        }
    }
}

fn decode_as<D: for<'de> Deserialize<'de>>(
    record: &Record,
    key: &str,
    measurement: impl FnOnce(D) -> Measurement,
) -> Result<RoomEvent, Rejection> {
    let envelope: Envelope<D> = read(record, key)?;
    Ok(RoomEvent {
        room_id: envelope.room_id,
        room_type: envelope.room_type,
        measurement: measurement(envelope.data),
        date_time: envelope.date_time,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<D> {
    #[serde(skip_deserializing)]
    key: Cow<'static, str>,
    room_id: String,
    room_type: RoomType,
    data: D,
    #[serde(with = "text")]
    date_time: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemperatureData {
    temperature_value: f64,
    temperature_unit: TemperatureUnit,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TemperatureUnit {
    Celsius,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HumidityData {
    humidity_percentage: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LuminosityData {
    luminosity_value: f64,
    luminosity_unit: LuminosityUnit,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LuminosityUnit {
    Lux,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PresenceData {
    presence_detected: bool,
}
