//! Who sends a message, what it is called, and whether it is one that is taken at all.
//!
//! What cannot be taken is still answered, as far as the header can be read: an envelope is always
//! there, a message only when all of it can be read.

use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::character_set::CharacterSet;
use crate::fault::{Code, Fault, Place};
use crate::message::{Delimiters, Message, Segment};
use crate::stamp::{Stamp, Zone};

/// The longest message control id (MSH-10), in characters, as of v2.7; before it was 20.
const LONGEST_CONTROL_ID: usize = 199;
/// Of what is echoed, so many characters of each part.
const LONGEST_ECHO: usize = 200;

/// The versions of HL7 that are taken (HL7 table 0104).
const VERSIONS: [(&str, u8); 11] = [
    ("2.3", 3),
    ("2.3.1", 3),
    ("2.4", 4),
    ("2.5", 5),
    ("2.5.1", 5),
    ("2.6", 6),
    ("2.7", 7),
    ("2.7.1", 7),
    ("2.8", 8),
    ("2.8.1", 8),
    ("2.8.2", 8),
];

/// What is known of a message before it is known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The message's delimiters, in which it is answered.
    pub delimiters: Delimiters,
    /// The set of the answer.
    pub character_set: CharacterSet,
    /// MSH-3 and MSH-4, up to three components each.
    pub sender: [Vec<String>; 2],
    /// MSH-5 and MSH-6.
    pub receiver: [Vec<String>; 2],
    /// MSH-9.1, such as `ADT`.
    pub kind: String,
    /// MSH-9.2, such as `A01`.
    pub event: String,
    /// MSH-10; empty when there is none.
    pub control_id: String,
    /// MSH-11.1.
    pub processing: String,
    /// MSH-12.1.
    pub version: String,
}

impl Envelope {
    /// That of bytes in which no header can be found.
    fn unknown() -> Self {
        let nobody = || [Vec::new(), Vec::new()];
        Self {
            delimiters: Delimiters::USUAL,
            character_set: CharacterSet::Latin1,
            sender: nobody(),
            receiver: nobody(),
            kind: String::new(),
            event: String::new(),
            control_id: String::new(),
            processing: String::new(),
            version: String::new(),
        }
    }

    fn read(header: &Segment<'_>, delimiters: Delimiters, character_set: CharacterSet) -> Self {
        let echo = |text: String| text.chars().take(LONGEST_ECHO).collect::<String>();
        let value = |field, component| echo(header.value(field, component));
        let party = |field| {
            let mut parts: Vec<String> = (1..=3).map(|component| value(field, component)).collect();
            while parts.last().is_some_and(String::is_empty) {
                parts.pop();
            }
            parts
        };
        Self {
            delimiters,
            character_set,
            sender: [party(3), party(4)],
            receiver: [party(5), party(6)],
            kind: value(9, 1),
            event: value(9, 2),
            control_id: value(10, 1),
            processing: value(11, 1),
            version: value(12, 1),
        }
    }

    /// The minor version, such as 5; that of 2.5.1 where the message names none that is known.
    pub fn minor(&self) -> u8 {
        let known = VERSIONS.iter().find(|(name, _)| *name == self.version);
        known.map_or(5, |(_, minor)| *minor)
    }

    /// MSH-3.1 and MSH-4.1: who sends.
    pub fn sender(&self) -> (&str, &str) {
        let [application, facility] = &self.sender;
        (
            application.first().map_or("", String::as_str),
            facility.first().map_or("", String::as_str),
        )
    }
}

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// ADT^A01, A04 and A08: this is what is known of a patient.
    Register,
    /// ADT^A40: two records are one patient.
    Merge,
    /// SIU^S12: a surgery is booked.
    Book,
    /// SIU^S13 and S14: it is planned otherwise.
    Change,
    /// SIU^S15: it is called off.
    CallOff,
    /// ORU^R01: something was measured.
    Observe,
}

impl Kind {
    fn read(envelope: &Envelope) -> Result<Self, Fault> {
        match (envelope.kind.as_str(), envelope.event.as_str()) {
            ("ADT", "A01" | "A04" | "A08") => Ok(Self::Register),
            ("ADT", "A40") => Ok(Self::Merge),
            ("SIU", "S12") => Ok(Self::Book),
            ("SIU", "S13" | "S14") => Ok(Self::Change),
            ("SIU", "S15") => Ok(Self::CallOff),
            ("ORU", "R01") => Ok(Self::Observe),
            ("", _) => Err(missing(9)),
            ("ADT" | "SIU" | "ORU", _) => {
                let detail = "is an event that is not taken: A01, A04, A08, A40, S12 to S15, R01";
                Err(Fault::at(Place::component("MSH", 9, 2), Code::EventCode, detail))
            }
            _ => {
                let detail = "is a message that is not taken: ADT, SIU, ORU";
                Err(Fault::at(Place::component("MSH", 9, 1), Code::MessageType, detail))
            }
        }
    }
}

/// A message that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What it asks for.
    pub kind: Kind,
    /// When it was made (MSH-7); `None` when it does not say.
    pub at: Option<Stamp>,
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Who sends what.
    pub envelope: Envelope,
    /// The text, in Latin-1 when it could not be read in its own set.
    pub text: String,
    /// The message; or why it is rejected.
    pub message: Result<(Message, Header), Vec<Fault>>,
}

/// Opens a message. `unnamed` is the set of messages that name none; `processing` are the ids
/// (MSH-11, HL7 table 0103) that are taken, such as `P`: what is sent for training or debugging must
/// not change a patient.
pub fn open(bytes: &[u8], unnamed: CharacterSet, processing: &[String]) -> Opened {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Whatever its set, the header is read byte by byte first: delimiters are ASCII in all of them.
    let line = bytes.split(|byte| [b'\r', b'\n'].contains(byte)).find(|line| !line.is_empty());
    let header = line.map(|line| line.iter().copied().map(char::from).collect::<String>());
    let raw = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    let rejected = |envelope: Envelope, fault: Fault| Opened {
        envelope,
        text: raw(bytes),
        message: Err(vec![fault]),
    };
    let header = header.unwrap_or_default();
    let delimiters = match Delimiters::read(&header) {
        Ok(delimiters) => delimiters,
        Err(error) => {
            let place = Place { segment: "MSH", sequence: 1, field: 0, component: 0 };
            return rejected(Envelope::unknown(), Fault::at(place, Code::SegmentSequence, error));
        }
    };
    let segment = Segment::alone(&header, delimiters, CharacterSet::Latin1);
    let provisional = Envelope::read(&segment, delimiters, CharacterSet::Latin1);
    let place = Place::field("MSH", 18);
    let named: Vec<String> = segment
        .field(18)
        .repetitions()
        .map(|repetition| repetition.value(1))
        .filter(|name| !name.is_empty())
        .collect();
    let character_set = match named.as_slice() {
        [] => unnamed,
        [name] => match CharacterSet::from_str(name) {
            Ok(set) => set,
            Err(error) => return rejected(provisional, Fault::at(place, Code::TableValue, error)),
        },
        _ => {
            let detail = "must be one character set: switching within a message is not read";
            return rejected(provisional, Fault::at(place, Code::TableValue, detail));
        }
    };
    match character_set.decode(bytes) {
        Ok(text) => open_text(text, character_set, processing),
        Err(error) => rejected(provisional, Fault::at(place, Code::DataType, error)),
    }
}

/// Opens a message that was read from its set before.
pub fn open_text(text: String, character_set: CharacterSet, processing: &[String]) -> Opened {
    let message = match Message::parse(text.clone(), character_set) {
        Ok(message) => message,
        Err(error) => {
            let first = text.split(['\r', '\n']).find(|line| !line.is_empty()).unwrap_or_default();
            let envelope = match Delimiters::read(first) {
                Ok(delimiters) => {
                    let segment = Segment::alone(first, delimiters, character_set);
                    Envelope::read(&segment, delimiters, character_set)
                }
                Err(_) => Envelope::unknown(),
            };
            let fault = Fault::nowhere(Code::SegmentSequence, error);
            return Opened { envelope, text, message: Err(vec![fault]) };
        }
    };
    let segment = Segment::alone(
        message.segments().next().map_or("", |segment| segment.text()),
        message.delimiters(),
        character_set,
    );
    let envelope = Envelope::read(&segment, message.delimiters(), character_set);
    let header = check(&segment, &envelope, processing);
    let opened = match header {
        Ok(header) => Ok((message, header)),
        Err(faults) => Err(faults),
    };
    Opened { envelope, text, message: opened }
}

fn missing(field: usize) -> Fault {
    Fault::at(Place::field("MSH", field), Code::RequiredField, "is missing")
}

fn check(
    header: &Segment<'_>,
    envelope: &Envelope,
    processing: &[String],
) -> Result<Header, Vec<Fault>> {
    let mut faults = Vec::new();
    if envelope.version.is_empty() {
        faults.push(missing(12));
    } else if !VERSIONS.iter().any(|(name, _)| *name == envelope.version) {
        let detail = "must be a version from 2.3 to 2.8";
        faults.push(Fault::at(Place::field("MSH", 12), Code::VersionId, detail));
    }
    if envelope.processing.is_empty() {
        faults.push(missing(11));
    } else if !processing.contains(&envelope.processing) {
        let detail = format!("must be {} here", processing.join(" or "));
        faults.push(Fault::at(Place::field("MSH", 11), Code::ProcessingId, detail));
    }
    if envelope.control_id.is_empty() {
        faults.push(missing(10));
    } else if LONGEST_CONTROL_ID < header.value(10, 1).chars().count() {
        let detail = format!("must have at most {LONGEST_CONTROL_ID} characters");
        faults.push(Fault::at(Place::field("MSH", 10), Code::DataType, detail));
    }
    let written = header.value(7, 1);
    let at = if written.is_empty() {
        None
    } else {
        match Stamp::parse(&written) {
            Ok(stamp) => Some(stamp),
            Err(error) => {
                faults.push(Fault::at(Place::field("MSH", 7), Code::DataType, error));
                None
            }
        }
    };
    match Kind::read(envelope) {
        Ok(kind) if faults.is_empty() => Ok(Header { kind, at }),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.push(fault);
            Err(faults)
        }
    }
}

impl Header {
    /// The zone of the message's times.
    pub fn zone(&self, hospital: &TimeZone) -> Zone {
        Zone { message: self.at.and_then(|at| at.offset), hospital: hospital.clone() }
    }
}
