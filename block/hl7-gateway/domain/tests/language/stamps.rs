//! Points in time.

use hl7_gateway_domain::stamp::{Stamp, Zone, write};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

fn rome(message: Option<i8>) -> Zone {
    let hospital = TimeZone::get("Europe/Rome").unwrap();
    Zone { message: message.map(Offset::constant), hospital }
}

/// The instant of a text, `day` when it has no time, `-` when it is none.
fn check(text: &str, zone: &Zone, expected: &str) {
    let found = match Stamp::parse(text) {
        Err(_) => "-".to_owned(),
        Ok(stamp) => match (stamp.instant(zone), stamp.date()) {
            (Some(instant), _) => instant.to_string(),
            (None, Some(date)) => date.to_string(),
            (None, None) => "coarse".to_owned(),
        },
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn stamps_are_as_precise_as_they_are_written() {
    let rome = rome(None);
    check("2026", &rome, "coarse");
    check("202605", &rome, "coarse");
    check("20260515", &rome, "2026-05-15");
    check("2026051508", &rome, "2026-05-15T06:00:00Z");
    check("202605150810", &rome, "2026-05-15T06:10:00Z");
    check("20260515081030", &rome, "2026-05-15T06:10:30Z");
    check("20260515081030.1", &rome, "2026-05-15T06:10:30.1Z");
    check("20260515081030.1239", &rome, "2026-05-15T06:10:30.123Z");
    check("20260515081030+0000", &rome, "2026-05-15T08:10:30Z");
    check("202605150810-0430", &rome, "2026-05-15T12:40:00Z");
    check("20261215081030", &rome, "2026-12-15T07:10:30Z");
    // Twice, of which the first counts; and left out, which is the hour after.
    check("20261025023000", &rome, "2026-10-25T00:30:00Z");
    check("20260329023000", &rome, "2026-03-29T01:30:00Z");
    for text in [
        "",
        "x",
        "202",
        "20265",
        "202613",
        "20260532",
        "20260230",
        "2026051524",
        "202605150860",
        "20260515081060",
        "20260515081030.",
        "20260515081030.12345",
        "202605150810.1",
        "20260515081030+",
        "20260515081030+1",
        "20260515081030+2600",
        "20260515081030+0160",
        "20260515081030Z",
        "2026-05-15",
        "2026051508103012",
        " 2026 05",
        "２０２６",
    ] {
        check(text, &rome, "-");
    }
}

#[test]
fn the_messages_own_zone_comes_before_the_hospitals() {
    check("20260515081030", &rome(Some(-4)), "2026-05-15T12:10:30Z");
    check("20260515081030+0000", &rome(Some(-4)), "2026-05-15T08:10:30Z");
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "[0-9+.-]{0,24}", other in "\\PC{0,20}") {
        for text in [text, other] {
            if let Ok(stamp) = Stamp::parse(&text) {
                let _ = stamp.instant(&rome(None));
            }
        }
    }

    #[test]
    fn written_and_read_is_the_same(seconds in 0_i64..4_000_000_000) {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        let zone = rome(None);
        let text = write(at, &zone.hospital);
        prop_assert_eq!(Stamp::parse(&text).unwrap().instant(&zone), Some(at));
    }
}
