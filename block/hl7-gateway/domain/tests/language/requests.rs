//! Whatever comes in, it is read or refused with a reason.

use std::collections::BTreeMap;

use hl7_gateway_domain::acknowledgement::{Answer, write};
use hl7_gateway_domain::character_set::CharacterSet;
use hl7_gateway_domain::envelope::open;
use hl7_gateway_domain::message::Message;
use hl7_gateway_domain::request::{Conventions, Request, read};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn conventions() -> Conventions {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Conventions {
        zone: TimeZone::UTC,
        tax_code_types: texts(&["NNITA"]),
        patient_id_types: texts(&["PI"]),
        surgeon_roles: texts(&["SURGEON"]),
        surgery_types: BTreeMap::new(),
        rooms: BTreeMap::new(),
        professionals: BTreeMap::new(),
    }
}

/// Opens and reads bytes; whatever comes of it can be answered, and the answer is a message.
fn check(bytes: &[u8]) -> Option<Request> {
    let opened = open(bytes, CharacterSet::Utf8, &["P".to_owned()]);
    let mut request = None;
    let (answer, faults) = match &opened.message {
        Err(faults) => (Answer::Rejected, faults.clone()),
        Ok((message, header)) => match read(message, header, &conventions()) {
            Ok(read) => {
                request = Some(read.request);
                (Answer::Accepted, read.notes)
            }
            Err(faults) => (Answer::Error, faults),
        },
    };
    assert_eq!(answer == Answer::Accepted, request.is_some());
    assert!(answer == Answer::Accepted || !faults.is_empty());
    let own = ("id", Timestamp::UNIX_EPOCH, &TimeZone::UTC);
    let written = write(&opened.envelope, answer, &faults, own);
    let answered = Message::parse(written, CharacterSet::Utf8).unwrap();
    let acknowledged = answered.segment("MSA").unwrap();
    assert_eq!(acknowledged.value(1, 1), answer.code());
    let control_id = opened.envelope.control_id.trim();
    assert_eq!(acknowledged.value(2, 1), if control_id == "\"\"" { "" } else { control_id });
    request
}

const MESSAGES: [&str; 4] = [
    "MSH|^~\\&|HIS|ROME|||20260515075900||ADT^A01|1|P|2.5.1\rEVN||20260515075800\r\
     PID|1||p-1^^^^PI~T^^^^NNITA||Verdi^Luca||19851210|M\rOBX|1|NM|8302-2||178|cm|||||F\r",
    "MSH|^~\\&|HIS|ROME|||20260515075900||ADT^A40|1|P|2.5.1\r\
     PID|1||p-1^^^^PI~T^^^^NNITA||Verdi^Luca||19851210|M\rMRG|p-2^^^^PI~U^^^^NNITA\r",
    "MSH|^~\\&|HIS|ROME|||20260515075900||SIU^S12|1|P|2.3\r\
     SCH|R-7|S-7|||||||90|min|^^^20260516083000^20260516103000\r\
     PID|1||p-1^^^^PI~T^^^^NNITA\rAIS|1|A|47.01^Appendectomy\rAIL|1|A|B^or-1\r\
     AIP|1|A|hp-1^^|SURGEON\r",
    "MSH|^~\\&|HIS|ROME|||20260515075900||ORU^R01|1|P|2.8\rPID|1||p-1^^^^PI\r\
     OBR|1||||||20260515075900\rOBX|1|NM|8867-4^^LN||71|/min^^UCUM|||||F|||20260515075930\r\
     OBX|2|NM|8478-0^^LN||93|mm[Hg]|||||P\r",
];

#[test]
fn what_is_mutated_below_is_read() {
    for message in MESSAGES {
        assert!(check(message.as_bytes()).is_some(), "{message}");
    }
}

#[test]
fn messages_of_delimiters_are_read_like_others() {
    for message in MESSAGES {
        for delimiter in ["|", "^", "~", "\\", "&", "\\X4", "a~", "b^^^^PI~", "\rOBX", "\rPID|"] {
            let long = format!("{message}OBX|1|{}", delimiter.repeat((1 << 18) / delimiter.len()));
            check(long.as_bytes());
            let long = message.replace("p-1", &delimiter.repeat(100_000 / delimiter.len()));
            check(long.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_are_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn no_bytes_behind_a_header_are_a_panic(
        kind in prop_oneof![Just("ADT^A01"), Just("ADT^A40"), Just("SIU^S12"), Just("SIU^S13"), Just("ORU^R01")],
        rest in "([A-Z]{3}(\\|[0-9A-Z^~&\\\\ .+-]{0,9}){0,15}\r){0,8}",
    ) {
        check(format!("MSH|^~\\&|a|b|||20260515||{kind}|1|P|2.5\r{rest}").as_bytes());
    }

    #[test]
    fn mutated_messages_are_read_or_refused(
        which in 0..MESSAGES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6),
    ) {
        let mut bytes = MESSAGES[which].as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes[at] = b"|^~\\&\r\"-"[usize::from(byte % 8)],
            }
        }
        check(&bytes);
    }
}
