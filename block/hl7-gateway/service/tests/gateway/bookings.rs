//! Surgeries: booked, planned otherwise, called off.

use std::collections::BTreeMap;

use hl7_gateway::Settings;
use serde_json::{Value, json};

use crate::hospital::{Hospital, PID, admission, msh};

/// A message of an appointment on 16 May, of this start (SCH-11), with these resources.
fn siu(event: &str, id: &str, start: &str, resources: &str) -> String {
    let header = msh(&format!("SIU^{event}^SIU_S12"), id);
    format!("{header}\nSCH|R-7|S-7|||||||90|min|^^^{start}\n{PID}\nRGS|1\n{resources}")
}

const RESOURCES: &str = "AIS|1|A|47.01^Appendectomy^I9\n\
                         AIL|1|A|OPBLOCK^or-1\n\
                         AIP|1|A|hp-2^Bianchi^Ada|NURSE\n\
                         AIP|2|A|hp-1^Rossi^Ugo|SURGEON";

async fn admitted() -> Hospital {
    let hospital = Hospital::open().await;
    assert_eq!(hospital.send(&admission("adt")).await.code(), "AA");
    hospital
}

fn booked() -> Value {
    json!({
        "surgeryID": "S-7", "surgeryType": "Appendectomy", "healthcareUserID": "VRDLCU85T10A562S",
        "healthProfessionalID": "hp-1", "patientID": "p-1",
        "surgeryDateTime": "2026-05-16T06:30:00.000Z", "operatingRoomId": "or-1",
        "expectedDurationMinutes": 90, "processId": null, "status": "BOOKED",
    })
}

#[tokio::test]
async fn a_surgery_from_booking_to_cancellation() {
    let hospital = admitted().await;
    let answer = hospital.send(&siu("S12", "1", "20260516083000", RESOURCES)).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    assert_eq!(hospital.booking("S-7").await, booked());

    // A new start, and the theatre with it; the rest stays.
    let later = siu("S13", "2", "20260516110000+0200", "AIL|1|U|OPBLOCK^or-2");
    assert_eq!(hospital.send(&later).await.code(), "AA");
    let mut expected = booked();
    expected["surgeryDateTime"] = json!("2026-05-16T09:00:00.000Z");
    expected["operatingRoomId"] = json!("or-2");
    assert_eq!(hospital.booking("S-7").await, expected);

    // Another surgeon and no theatre yet; found by the name of who asked, too.
    let header = msh("SIU^S14", "3");
    let change = format!("{header}\nSCH|S-7||||||||2|h\nAIL|1|D|OPBLOCK^or-2\nAIP|1|U|hp-2");
    assert_eq!(hospital.send(&change).await.code(), "AA");
    expected["healthProfessionalID"] = json!("hp-2");
    expected["operatingRoomId"] = Value::Null;
    expected["expectedDurationMinutes"] = json!(120);
    assert_eq!(hospital.booking("S-7").await, expected);

    let header = msh("SIU^S15", "4");
    let answer = hospital.send(&format!("{header}\nSCH|R-7|S-7\n{PID}")).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    assert_eq!(hospital.booking("S-7").await["status"], "CANCELLED");
    // What is cancelled stays so.
    let again = siu("S13", "5", "20260517083000", RESOURCES);
    assert_eq!(hospital.send(&again).await.outcome(), "AE SCH^1^2 205");
    let again = siu("S12", "6", "20260516083000", RESOURCES);
    assert_eq!(hospital.send(&again).await.outcome(), "AE SCH^1^2 205");
}

#[tokio::test]
async fn times_and_durations_are_read_where_they_stand() {
    let hospital = admitted().await;
    let pid = PID;
    for (nth, (sch, more, start, minutes)) in [
        ("||||||||||^^^202605160830^202605161015", "", "06:30", 105),
        ("||||||||||^^^202605160630Z", "", "", 0),
        ("|||||||||", "TQ1|1||||||202605160830|202605160900", "06:30", 30),
        ("||||||||1.5|h|", "TQ1|1||||||202605160830+0000", "08:30", 90),
        ("|||||||||", "AIS|1||47.01|20260516083000|||45|min", "06:30", 45),
        ("||||||||7200|s|^^^20260516083000", "", "06:30", 120),
        ("|||||||||", "", "", 0),
        ("||||||||0|min|^^^20260516083000", "", "", 0),
        ("||||||||10|days|^^^20260516083000", "", "", 0),
        ("||||||||||^^^20260516", "", "", 0),
        ("||||||||||^^^20260516083000^20260516083000", "", "", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("T-{nth}");
        let (header, sch) = (msh("SIU^S12", &id), sch.strip_prefix('|').unwrap());
        let service = if more.starts_with("AIS") { "" } else { "AIS|1||47.01\n" };
        let message = format!("{header}\nSCH||{id}{sch}\n{more}\n{pid}\n{service}AIP|1||hp-1");
        let answer = hospital.send(&message).await;
        let booking = hospital.booking(&id).await;
        if start.is_empty() {
            assert_eq!(answer.code(), "AE", "{nth}: {}", answer.text);
            assert_eq!(booking, Value::Null);
            continue;
        }
        assert_eq!(answer.code(), "AA", "{nth}: {}", answer.text);
        assert_eq!(booking["surgeryDateTime"], format!("2026-05-16T{start}:00.000Z"), "{nth}");
        assert_eq!(booking["expectedDurationMinutes"], minutes, "{nth}");
        assert_eq!(booking["surgeryType"], "47.01");
    }
}

#[tokio::test]
async fn the_zone_of_the_message_counts_for_its_times() {
    let hospital = admitted().await;
    let message = siu("S12", "1", "20260516083000", RESOURCES);
    let message = message.replace("20260515075900", "20260515015900-0400");
    assert_eq!(hospital.send(&message).await.code(), "AA");
    let booking = hospital.booking("S-7").await;
    assert_eq!(booking["surgeryDateTime"], "2026-05-16T12:30:00.000Z");
}

#[tokio::test]
async fn the_hospitals_codes_become_the_blocks() {
    let table = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect()
    };
    let settings = Settings {
        surgery_types: table(&[("47.01", "Appendicectomy")]),
        rooms: table(&[("or-1", "or-2")]),
        professionals: table(&[("hp-2", "hp-1")]),
        surgeon_roles: vec!["OP1".to_owned()],
        ..Settings::default()
    };
    let hospital = Hospital::with(settings, None).await;
    hospital.send(&admission("adt")).await;
    let resources = RESOURCES.replace("NURSE", "op1^First operator");
    let answer = hospital.send(&siu("S12", "1", "20260516083000", &resources)).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    let booking = hospital.booking("S-7").await;
    let told = ["surgeryType", "operatingRoomId", "healthProfessionalID"].map(|it| &booking[it]);
    assert_eq!(told, [&json!("Appendicectomy"), &json!("or-2"), &json!("hp-1")]);
}

#[tokio::test]
async fn what_cannot_be_booked_is_refused_in_the_messages_own_terms() {
    let hospital = admitted().await;
    let book = |id: &str, start: &str, resources: &str| siu("S12", id, start, resources);
    let future = "20260516083000";
    assert_eq!(hospital.send(&book("1", future, RESOURCES)).await.code(), "AA");
    let cases = [
        (book("2", "20260515075800", RESOURCES).replace("S-7", "S-8"), "AE SCH^1^11 102"),
        (
            book("3", future, &RESOURCES.replace("hp-1", "hp-x")).replace("S-7", "S-8"),
            "AE AIP^1^3 102",
        ),
        (
            book("4", future, &RESOURCES.replace("or-1", "or-x")).replace("S-7", "S-8"),
            "AE AIL^1^3 102",
        ),
        (
            book("5", future, RESOURCES).replace("VRDLCU85T10A562S", "X").replace("S-7", "S-8"),
            "AE PID^1^3 102",
        ),
        (book("6", future, "AIL|1||x^or-1").replace("S-7", "S-8"), "AE AIS^1^3 101 AIP^1^3 101"),
        (
            book("7", future, RESOURCES).replace("~VRDLCU85T10A562S^^^MEF^NNITA", ""),
            "AE PID^1^3 101",
        ),
        (book("8", future, RESOURCES).replace("|R-7|S-7|", "|||"), "AE SCH^1^2 101"),
        // The same name, and another start.
        (book("9", "20260516093000", RESOURCES), "AE SCH^1^2 205"),
        (siu("S13", "10", future, "").replace("-7", "-8"), "AE SCH^1^2 204"),
        (siu("S15", "11", future, "").replace("-7", "-8"), "AE SCH^1^2 204"),
        // Another patient's message does not touch the booking.
        (siu("S15", "12", future, "").replace("p-1^", "p-2^"), "AE PID^1^3 205"),
        (siu("S13", "13", "20260516103000", "").replace("VRDLCU85T10A562S", "X"), "AE PID^1^3 205"),
        (siu("S13", "14", "20260515075800", ""), "AE SCH^1^11 102"),
    ];
    for (message, expected) in cases {
        let answer = hospital.send(&message).await;
        assert_eq!(answer.outcome(), expected, "{message}\n{}", answer.text);
    }
    assert_eq!(hospital.booking("S-7").await, booked());
    assert_eq!(hospital.booking("S-8").await, Value::Null);
}

#[tokio::test]
async fn a_booking_follows_its_patient_through_a_merge() {
    let hospital = admitted().await;
    assert_eq!(hospital.send(&siu("S12", "1", "20260516083000", RESOURCES)).await.code(), "AA");
    let pid = "PID|1||p-2^^^^PI~NEW^^^^NNITA||Verdi^Luca||19851210";
    let mrg = "MRG|p-1^^^^PI~VRDLCU85T10A562S^^^^NNITA";
    let merge = format!("{}\n{pid}\n{mrg}", msh("ADT^A40", "2"));
    assert_eq!(hospital.send(&merge).await.code(), "AA");
    // The booking keeps the names under which it was made; both names find it.
    let message = siu("S13", "3", "20260516103000", "").replace(PID, pid);
    let answer = hospital.send(&message).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    let mut expected = booked();
    expected["surgeryDateTime"] = json!("2026-05-16T08:30:00.000Z");
    assert_eq!(hospital.booking("S-7").await, expected);
    let message = siu("S13", "4", "20260516113000", "");
    assert_eq!(hospital.send(&message).await.code(), "AA");
    // And the vital signs of the one reach the twin of the other.
    let obx = "OBX|1|NM|8867-4^^LN||71|/min^^UCUM|||||F|||20260515080001";
    let message = format!("{}\n{pid}\nOBR|1\n{obx}", msh("ORU^R01", "5"));
    assert_eq!(hospital.send(&message).await.code(), "AA");
    let (value, at) = hospital.property("p-1", "heart_beat").await;
    assert_eq!((value, at), (json!(71), json!("2026-05-15T06:00:01.000Z")));
}
