//! Acknowledgements, to the letter.

use hl7_gateway_domain::acknowledgement::{Answer, write};
use hl7_gateway_domain::character_set::CharacterSet;
use hl7_gateway_domain::envelope::open;
use hl7_gateway_domain::fault::{Code, Fault, Place};
use jiff::tz::TimeZone;

fn check(header: &str, answer: Answer, faults: &[Fault], expected: &[&str]) {
    let opened = open(header.as_bytes(), CharacterSet::Utf8, &["P".to_owned()]);
    let at = "2026-05-15T06:00:00Z".parse().unwrap();
    let rome = TimeZone::get("Europe/Rome").unwrap();
    let written = write(&opened.envelope, answer, faults, ("c-1", at, &rome));
    let lines: Vec<&str> = written.split_terminator('\r').collect();
    assert_eq!(lines, expected, "{header}");
}

#[test]
fn answers_are_in_the_senders_own_form() {
    let place = Place::component("PID", 5, 2).of(2);
    let fault = [
        Fault::at(place, Code::RequiredField, "is missing | here"),
        Fault::nowhere(Code::Internal, "failed"),
    ];
    check(
        "MSH|^~\\&|HIS^1.2.3^ISO|ROME|CHIRON|BLOCK|20260515||ADT^A01^ADT_A01|m\\S\\1|P^A|2.5.1",
        Answer::Error,
        &fault,
        &[
            "MSH|^~\\&|CHIRON|BLOCK|HIS^1.2.3^ISO|ROME|20260515080000+0200||ACK^A01^ACK|c-1|P|2.5.1||||||UNICODE UTF-8",
            "MSA|AE|m\\S\\1",
            "ERR||PID^2^5^1^2|101^Required field missing^HL70357|E||||is missing \\F\\ here",
            "ERR|||207^Application internal error^HL70357|E||||failed",
        ],
    );
    check(
        "MSH#:+*@#HIS#ROME#####SIU:S12#7#P#2.4######8859/1",
        Answer::Rejected,
        &fault[..1],
        &[
            "MSH#:+*@#CHIRON##HIS#ROME#20260515080000*R*0200##ACK:S12:ACK#c-1#P#2.4######8859/1",
            "MSA#AR#7#PID(2)-5.2 is missing | here",
            "ERR#PID:2:5:101@Required field missing@HL70357",
        ],
    );
    // What would end the frame around the answer does not get into it.
    check(
        "MSH|^~\\&|||||20260515||ADT^A01|7\\X1C0D\\8|P|2.5",
        Answer::Accepted,
        &[],
        &[
            "MSH|^~\\&|CHIRON||||20260515080000+0200||ACK^A01^ACK|c-1|P|2.5||||||UNICODE UTF-8",
            "MSA|AA|7\\X1C\\\\X0D\\8",
        ],
    );
    check(
        "GET / HTTP/1.1",
        Answer::Rejected,
        &[],
        &["MSH|^~\\&|CHIRON||||20260515080000+0200||ACK|c-1|P|2.5.1||||||8859/1", "MSA|AR|"],
    );
}
