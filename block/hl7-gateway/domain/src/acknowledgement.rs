//! The answer to a message, in original mode (HL7 v2.5.1, section 2.9.2).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::envelope::Envelope;
use crate::fault::{Code, Fault, Place};
use crate::message::{Value, Writer, components, one};
use crate::stamp;

/// The receiver's name where a message names none.
const OWN_NAME: &str = "CHIRON";

/// What became of a message (HL7 table 0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// AA: it was done.
    Accepted,
    /// AE: its content is wrong; sending it again changes nothing.
    Error,
    /// AR: it is none that is taken, or it cannot be done now.
    Rejected,
}

impl Answer {
    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "AA",
            Self::Error => "AE",
            Self::Rejected => "AR",
        }
    }
}

/// Writes an acknowledgement. `id` is its own control id, `at` its time, written in `zone`. Faults
/// of an accepted message say what was left out, as information.
pub fn write(
    envelope: &Envelope,
    answer: Answer,
    faults: &[Fault],
    (id, at, zone): (&str, Timestamp, &TimeZone),
) -> String {
    let party = |parts: &[String]| {
        if parts.is_empty() { one("") } else { components(parts.iter().cloned()) }
    };
    let [application, facility] = &envelope.receiver;
    let [sender, place] = &envelope.sender;
    let own = if application.is_empty() { one(OWN_NAME) } else { party(application) };
    let kind = if envelope.event.is_empty() {
        one("ACK")
    } else {
        components(["ACK", envelope.event.as_str(), "ACK"])
    };
    let or = |text: &str, other: &str| one(if text.is_empty() { other } else { text });
    let mut header = vec![
        own,
        party(facility),
        party(sender),
        party(place),
        one(stamp::write(at, zone)),
        one(""),
        kind,
        one(id),
        or(&envelope.processing, "P"),
        or(&envelope.version, "2.5.1"),
    ];
    header.extend((13..18).map(|_| one("")));
    header.push(one(envelope.character_set.to_string()));
    let mut acknowledged = vec![one(answer.code()), one(envelope.control_id.as_str())];
    let old = envelope.minor() < 5;
    if old && let Some(fault) = faults.first() {
        acknowledged.push(one(fault.to_string()));
    }
    let mut writer =
        Writer::new(envelope.delimiters).segment("MSH", &header).segment("MSA", &acknowledged);
    for fault in faults {
        writer = writer.segment("ERR", &if old { before_5(fault) } else { error(fault, answer) });
    }
    writer.into_text()
}

/// ERR-1 of versions before 2.5: segment, sequence, field, code.
fn before_5(fault: &Fault) -> Vec<Value> {
    let (segment, sequence, field) = match fault.place {
        Some(place) => (place.segment, place.sequence.to_string(), number(place.field)),
        None => ("", String::new(), String::new()),
    };
    let code = [fault.code.number(), fault.code.words(), "HL70357"].map(ToOwned::to_owned);
    vec![vec![vec![vec![segment.to_owned()], vec![sequence], vec![field], code.to_vec()]]]
}

/// ERR-2 location, ERR-3 code, ERR-4 severity, ERR-8 words.
fn error(fault: &Fault, answer: Answer) -> Vec<Value> {
    let location = match fault.place {
        None => one(""),
        Some(Place { segment, sequence, field, component }) => {
            let mut parts = vec![segment.to_owned(), sequence.to_string()];
            if 0 < field {
                // Segment, sequence, field, repetition, component.
                parts.push(field.to_string());
                if 0 < component {
                    parts.extend(["1".to_owned(), component.to_string()]);
                }
            }
            components(parts)
        }
    };
    let severity = if answer == Answer::Accepted { "I" } else { "E" };
    let Fault { code, detail, .. } = fault;
    let code: &Code = code;
    vec![
        one(""),
        location,
        components([code.number(), code.words(), "HL70357"]),
        one(severity),
        one(""),
        one(""),
        one(""),
        one(detail.as_str()),
    ]
}

fn number(number: usize) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}
