//! What a room's control unit says, line by line: one JSON object each.
//!
//! The reference's units speak the ten types of lines below; ours may say besides when it was
//! (`time`), by what name the answer is to be (`id`), and whose a fact is (`patient_id`,
//! `from_room_id`). Fields that are not known are ignored, since firmware is older or newer than
//! we are. Values out of range are refused here, where they enter.

use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::actuator::Kind;

/// The longest id, in bytes; that of a twin.
const MOST_ID_BYTES: usize = 128;
/// The longest token, in bytes.
const MOST_TOKEN_BYTES: usize = 4_096;
/// What a room's temperature may be, in degrees Celsius.
const TEMPERATURES: std::ops::RangeInclusive<f64> = -50.0..=100.0;
/// What a room's relative humidity may be, in percent.
const HUMIDITIES: std::ops::RangeInclusive<f64> = 0.0..=100.0;

/// One line that was understood.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Who speaks from here on.
    Token {
        /// The bearer token of a device account.
        token: String,
        /// The name of the answer; none is wanted when `None`.
        id: Option<String>,
    },
    /// What became of a command.
    Answer {
        /// The command's id.
        id: String,
        /// As in HTTP.
        status: u16,
    },
    /// Something that happened.
    Line(Line),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The name of the answer; none is wanted when `None`.
    pub id: Option<String>,
    /// When it happened; `None`: now.
    pub time: Option<Timestamp>,
    /// What happened.
    pub said: Said,
}

/// The types of lines.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the lines, named alike")]
pub enum Said {
    /// Types 0 to 3: a sensor of a room.
    Measured { room: String, reading: Reading },
    /// Type 4: how an actuator is now.
    State { actuator: String, state: State },
    /// Type 5: a badge was read. `room` `None`: the person left.
    Moved { person: String, room: Option<String>, left: Left },
    /// Type 6: a device was put into the patient.
    Implanted { device: String, kind: Device, room: String, patient: Option<String> },
    /// Type 7: the patient lies on the operating table.
    OnTable { room: String, patient: Option<String> },
    /// Type 8: the unit has this actuator.
    Actuator { actuator: String, kind: Kind, room: String },
    /// Type 9: the unit is that of this room.
    Room { room: String },
}

/// What a sensor measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// In degrees Celsius.
    Temperature(f64),
    /// In whole percent; a fraction is cut off.
    Humidity(i64),
    /// In lux.
    Luminosity(f64),
    /// Whether somebody is inside.
    Presence(bool),
}

/// How an actuator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether it is on.
    pub on: bool,
    /// Lux of a light, percent of the others.
    pub intensity: i64,
}

/// Which rooms a person has left with a movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// All but the one entered: the reader knows one place only.
    Elsewhere,
    /// This one, at whose door the badge was read; none when `None`.
    Room(Option<String>),
}

/// Kinds of implantable devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A pacemaker.
    Pacemaker,
    /// A catheter.
    Catheter,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct BadLine {
    /// The name of the answer, as far as it could be read.
    pub id: Option<String>,
    /// What is expected, for the unit's maker.
    pub detail: String,
}

/// Reads one line, without its end.
///
/// # Errors
///
/// [`BadLine`] with the reason.
pub fn parse(bytes: &[u8]) -> Result<Incoming, BadLine> {
    let bad = |id: Option<String>, detail: &str| BadLine { id, detail: detail.to_owned() };
    let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else {
        return Err(bad(None, "a line is one JSON object"));
    };
    let fields = Fields(&fields);
    let id = fields.id("id").map_err(|detail| BadLine { id: None, detail })?;
    read(&fields, id.clone()).map_err(|detail| BadLine { id, detail })
}

fn read(fields: &Fields<'_>, id: Option<String>) -> Result<Incoming, String> {
    if let Some(token) = fields.0.get("token") {
        return match token.as_str() {
            Some(token) if token.len() <= MOST_TOKEN_BYTES => {
                Ok(Incoming::Token { token: token.to_owned(), id })
            }
            _ => Err("token must be text".to_owned()),
        };
    }
    let Some(number) = fields.0.get("type") else {
        let status = fields.0.get("status").and_then(Value::as_u64);
        return match (id, status.and_then(|status| u16::try_from(status).ok())) {
            (Some(id), Some(status @ 100..=599)) => Ok(Incoming::Answer { id, status }),
            _ => Err("a line has a type, or answers with id and status".to_owned()),
        };
    };
    let time = match fields.0.get("time") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            Some(instant::parse(text).map_err(|err| format!("time: {err}"))?)
        }
        Some(_) => return Err("time must be an instant".to_owned()),
    };
    let said = said(fields, number.as_u64())?;
    Ok(Incoming::Line(Line { id, time, said }))
}

fn said(fields: &Fields<'_>, number: Option<u64>) -> Result<Said, String> {
    let measured = |reading| Ok(Said::Measured { room: fields.required("room_id")?, reading });
    match number {
        Some(0) => measured(Reading::Temperature(fields.within(
            "temperature_value",
            TEMPERATURES,
            ("temperature_unit", "celsius"),
        )?)),
        Some(1) => {
            let percent = fields.within("humidity_percentage", HUMIDITIES, ("", ""))?;
            #[expect(clippy::cast_possible_truncation, reason = "cutting off is the rule")]
            measured(Reading::Humidity(percent as i64))
        }
        Some(2) => measured(Reading::Luminosity(fields.within(
            "luminosity_value",
            0.0..=f64::MAX,
            ("luminosity_unit", "lux"),
        )?)),
        Some(3) => match fields.0.get("person_inside") {
            Some(Value::Bool(inside)) => measured(Reading::Presence(*inside)),
            _ => Err("person_inside must be true or false".to_owned()),
        },
        Some(4) => {
            let on = match fields.0.get("state").and_then(Value::as_str) {
                Some("on") => true,
                Some("off") => false,
                _ => return Err("state must be on or off".to_owned()),
            };
            let intensity = fields.0.get("intensity").and_then(Value::as_i64);
            let intensity = intensity.filter(|intensity| (0..=200_000).contains(intensity));
            let intensity = intensity.ok_or("intensity must be an integer from 0 to 200000")?;
            let actuator = fields.required("actuator_id")?;
            Ok(Said::State { actuator, state: State { on, intensity } })
        }
        Some(5) => fields.moved(),
        Some(6) => {
            let kind = match fields.0.get("device_type") {
                Some(Value::String(word)) => Device::parse(word),
                Some(Value::Number(number)) => Device::parse(&number.to_string()),
                _ => None,
            };
            Ok(Said::Implanted {
                device: fields.required("device_id")?,
                kind: kind.ok_or("device_type must be pace_maker or catheter")?,
                room: fields.required("room_id")?,
                patient: fields.id("patient_id")?,
            })
        }
        Some(7) => Ok(Said::OnTable {
            room: fields.required("room_id")?,
            patient: fields.id("patient_id")?,
        }),
        Some(8) => {
            let kind = fields.0.get("actuator_type").and_then(Value::as_u64);
            Ok(Said::Actuator {
                actuator: fields.required("actuator_id")?,
                kind: kind
                    .and_then(Kind::from_number)
                    .ok_or("actuator_type must be an integer from 0 to 4")?,
                room: fields.required("room_id")?,
            })
        }
        Some(9) => Ok(Said::Room { room: fields.required("room_id")? }),
        _ => Err("type must be an integer from 0 to 9".to_owned()),
    }
}

impl Device {
    /// The number of the models' enumeration.
    pub fn number(self) -> i64 {
        match self {
            Self::Pacemaker => 0,
            Self::Catheter => 1,
        }
    }

    /// Reads all spellings: the units' `pace_marker`, the models' `pace_maker`, the tag's number.
    fn parse(word: &str) -> Option<Self> {
        match word {
            "pace_marker" | "pace_maker" | "pacemaker" | "0" => Some(Self::Pacemaker),
            "catheter" | "1" => Some(Self::Catheter),
            _ => None,
        }
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// An id; `None` when it is absent or null.
    fn id(&self, name: &str) -> Result<Option<String>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(id)) if is_id(id) => Ok(Some(id.clone())),
            Some(_) => Err(format!("{name} must be text of 1 to {MOST_ID_BYTES} bytes")),
        }
    }

    fn required(&self, name: &str) -> Result<String, String> {
        self.id(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    /// A number in range; its unit, where one is named, is the only one known.
    fn within(
        &self,
        name: &str,
        range: std::ops::RangeInclusive<f64>,
        (unit, known): (&str, &str),
    ) -> Result<f64, String> {
        let number = self.0.get(name).and_then(Value::as_f64).filter(|n| n.is_finite());
        let number = number.ok_or_else(|| format!("{name} must be a number"))?;
        if !range.contains(&number) {
            return Err(format!("{name} is out of range"));
        }
        match self.0.get(unit) {
            None | Some(Value::Null) => Ok(number),
            Some(given) if given == known => Ok(number),
            Some(_) => Err(format!("{unit} must be {known}")),
        }
    }

    fn moved(&self) -> Result<Said, String> {
        // It changes nothing, but a unit that does not know it reads badges wrongly.
        if !matches!(
            self.0.get("person_role").and_then(Value::as_str),
            Some("health_professional" | "patient")
        ) {
            return Err("person_role must be health_professional or patient".to_owned());
        }
        if !self.0.contains_key("room_id") {
            return Err("room_id is missing; null says that the person left".to_owned());
        }
        let left = if self.0.contains_key("from_room_id") {
            Left::Room(self.id("from_room_id")?)
        } else {
            Left::Elsewhere
        };
        Ok(Said::Moved { person: self.required("person_id")?, room: self.id("room_id")?, left })
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MOST_ID_BYTES && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> Said {
        match parse(text.as_bytes()) {
            Ok(Incoming::Line(line)) => line.said,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn room() -> String {
        "operatingRoom".to_owned()
    }

    #[test]
    fn the_references_lines_are_read() {
        // As its units send them.
        for (text, expected) in [
            (
                r#"{"type":0,"room_id":"operatingRoom","temperature_value":24.6,"temperature_unit":"celsius"}"#,
                Said::Measured { room: room(), reading: Reading::Temperature(24.6) },
            ),
            (
                r#"{"type":1,"room_id":"operatingRoom","humidity_percentage":57}"#,
                Said::Measured { room: room(), reading: Reading::Humidity(57) },
            ),
            (
                r#"{"type":2,"room_id":"operatingRoom","luminosity_value":104,"luminosity_unit":"lux"}"#,
                Said::Measured { room: room(), reading: Reading::Luminosity(104.0) },
            ),
            (
                r#"{"type":3,"room_id":"operatingRoom","person_inside":false}"#,
                Said::Measured { room: room(), reading: Reading::Presence(false) },
            ),
            (
                r#"{"type":4,"actuator_id":"al-324","state":"on","intensity":100}"#,
                Said::State {
                    actuator: "al-324".to_owned(),
                    state: State { on: true, intensity: 100 },
                },
            ),
            (
                r#"{"type":5,"person_id":"hp-7","person_role":"health_professional","room_id":"operatingRoom"}"#,
                Said::Moved {
                    person: "hp-7".to_owned(),
                    room: Some(room()),
                    left: Left::Elsewhere,
                },
            ),
            (
                r#"{"type":5,"person_id":"patient-7","person_role":"patient","room_id":null}"#,
                Said::Moved { person: "patient-7".to_owned(), room: None, left: Left::Elsewhere },
            ),
            (
                r#"{"type":6,"device_id":"pm-0091","device_type":"pace_marker","room_id":"operatingRoom"}"#,
                Said::Implanted {
                    device: "pm-0091".to_owned(),
                    kind: Device::Pacemaker,
                    room: room(),
                    patient: None,
                },
            ),
            (
                r#"{"type":7,"room_id":"operatingRoom"}"#,
                Said::OnTable { room: room(), patient: None },
            ),
            (
                r#"{"type":8,"actuator_id":"hor-324","actuator_type":0,"room_id":"operatingRoom"}"#,
                Said::Actuator {
                    actuator: "hor-324".to_owned(),
                    kind: Kind::Heating,
                    room: room(),
                },
            ),
            (r#"{"type":9,"room_id":"operatingRoom"}"#, Said::Room { room: room() }),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn humidity_is_cut_to_a_whole_number() {
        let humidity = |text: &str| {
            said(&format!(r#"{{"type":1,"room_id":"r","humidity_percentage":{text}}}"#))
        };
        for (text, expected) in [("57.9", 57), ("0.99", 0), ("100", 100), ("1e1", 10)] {
            let Said::Measured { reading: Reading::Humidity(percent), .. } = humidity(text) else {
                panic!("{text}")
            };
            assert_eq!(percent, expected, "{text}");
        }
    }

    #[test]
    fn what_is_ours_is_read_too() {
        let line = r#"{"type":7,"room_id":"r","patient_id":"p","id":"l-1","time":"2026-05-15T08:10:00.1239+02:00","x":1}"#;
        let expected = Line {
            id: Some("l-1".to_owned()),
            time: Some("2026-05-15T06:10:00.123Z".parse().unwrap()),
            said: Said::OnTable { room: "r".to_owned(), patient: Some("p".to_owned()) },
        };
        assert_eq!(parse(line.as_bytes()), Ok(Incoming::Line(expected)));
        let token = parse(br#"{"token":"t","id":"l-0"}"#);
        let id = Some("l-0".to_owned());
        assert_eq!(token, Ok(Incoming::Token { token: "t".to_owned(), id }));
        let answer = parse(br#"{"id":"c-1","status":200}"#);
        assert_eq!(answer, Ok(Incoming::Answer { id: "c-1".to_owned(), status: 200 }));
        let left = |from: &str| {
            let line = format!(
                r#"{{"type":5,"person_id":"a","person_role":"patient","room_id":null{from}}}"#
            );
            let Said::Moved { left, .. } = said(&line) else { panic!("{line}") };
            left
        };
        assert_eq!(left(""), Left::Elsewhere);
        assert_eq!(left(r#","from_room_id":"r""#), Left::Room(Some("r".to_owned())));
        assert_eq!(left(r#","from_room_id":null"#), Left::Room(None));
    }

    #[test]
    fn what_is_wrong_is_refused_with_the_answers_name() {
        for (line, id) in [
            (r"", None),
            (r"[]", None),
            (r#""type""#, None),
            (r#"{"type":0,"room_id":"r","temperature_value":20"#, None),
            (r#"{"id":"l"}"#, Some("l")),
            (r#"{"id":"l","status":99}"#, Some("l")),
            (r#"{"id":"l","type":10}"#, Some("l")),
            (r#"{"id":"l","type":"0"}"#, Some("l")),
            (r#"{"id":"l","token":7}"#, Some("l")),
            (r#"{"id":7,"type":9,"room_id":"r"}"#, None),
            (r#"{"id":"l","type":9}"#, Some("l")),
            (r#"{"id":"l","type":9,"room_id":""}"#, Some("l")),
            (r#"{"id":"l","type":9,"room_id":"a\nb"}"#, Some("l")),
            (r#"{"id":"l","type":9,"room_id":"r","time":"08:10"}"#, Some("l")),
            (r#"{"id":"l","type":0,"room_id":"r","temperature_value":100.1}"#, Some("l")),
            (r#"{"id":"l","type":0,"room_id":"r","temperature_value":-50.1}"#, Some("l")),
            (r#"{"id":"l","type":0,"room_id":"r","temperature_value":"20"}"#, Some("l")),
            (
                r#"{"id":"l","type":0,"room_id":"r","temperature_value":20,"temperature_unit":"kelvin"}"#,
                Some("l"),
            ),
            (r#"{"id":"l","type":1,"room_id":"r","humidity_percentage":100.5}"#, Some("l")),
            (r#"{"id":"l","type":1,"room_id":"r","humidity_percentage":-0.5}"#, Some("l")),
            (r#"{"id":"l","type":2,"room_id":"r","luminosity_value":-1}"#, Some("l")),
            (r#"{"id":"l","type":3,"room_id":"r","person_inside":1}"#, Some("l")),
            (r#"{"id":"l","type":4,"actuator_id":"a","state":"dim","intensity":1}"#, Some("l")),
            (r#"{"id":"l","type":4,"actuator_id":"a","state":"on","intensity":1.5}"#, Some("l")),
            (r#"{"id":"l","type":4,"actuator_id":"a","state":"on","intensity":-1}"#, Some("l")),
            (r#"{"id":"l","type":5,"person_id":"a","person_role":"patient"}"#, Some("l")),
            (r#"{"id":"l","type":5,"person_id":"a","person_role":"x","room_id":"r"}"#, Some("l")),
            (
                r#"{"id":"l","type":6,"device_id":"d","device_type":"screw","room_id":"r"}"#,
                Some("l"),
            ),
            (r#"{"id":"l","type":8,"actuator_id":"a","actuator_type":5,"room_id":"r"}"#, Some("l")),
        ] {
            let bad = parse(line.as_bytes()).expect_err(line);
            assert_eq!(bad.id.as_deref(), id, "{line}");
            assert!(!bad.detail.is_empty(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_is_read_is_in_range(number in 0_u64..11, value in prop_oneof![
            any::<f64>().prop_map(|n| serde_json::json!(n)),
            any::<i64>().prop_map(|n| serde_json::json!(n)),
            any::<bool>().prop_map(Value::from),
            "\\PC{0,140}".prop_map(Value::from),
        ]) {
            let line = serde_json::json!({
                "type": number, "room_id": "r", "temperature_value": value,
                "humidity_percentage": value, "luminosity_value": value, "person_inside": value,
                "actuator_id": value, "state": "on", "intensity": value, "person_id": value,
                "person_role": "patient", "device_id": value, "device_type": value,
                "actuator_type": value, "time": "2026-05-15T08:10:00Z", "id": "l",
            });
            match parse(line.to_string().as_bytes()) {
                Ok(Incoming::Line(line)) => match line.said {
                    Said::Measured { reading: Reading::Humidity(percent), .. } => {
                        prop_assert!((0..=100).contains(&percent));
                    }
                    Said::Measured { reading: Reading::Temperature(celsius), .. } => {
                        prop_assert!((-50.0..=100.0).contains(&celsius));
                    }
                    Said::Measured { reading: Reading::Luminosity(lux), .. } => {
                        prop_assert!(0.0 <= lux && lux.is_finite());
                    }
                    Said::State { state, .. } => prop_assert!(0 <= state.intensity),
                    _ => {}
                },
                Ok(other) => prop_assert!(false, "{:?}", other),
                Err(bad) => prop_assert_eq!(bad.id.as_deref(), Some("l")),
            }
        }
    }
}
