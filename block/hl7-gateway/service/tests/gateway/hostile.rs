//! What is no message, or none that is taken; and connections that do not behave.

use std::time::Duration;

use hl7_gateway::{Sender, Settings};
use hl7_gateway_domain::frame::frame;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::hospital::{Hospital, PID, admission, framed, msh};

#[tokio::test]
async fn what_is_not_taken_is_rejected_with_the_reason() {
    let hospital = Hospital::open().await;
    let good = admission("1");
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    for (message, expected) in [
        (with("ADT^A01^ADT_A01", "ADT^A03"), "AR MSH^1^9^1^2 201"),
        (with("ADT^A01^ADT_A01", "MDM^T02"), "AR MSH^1^9^1^1 200"),
        (with("ADT^A01^ADT_A01", ""), "AR MSH^1^9 101"),
        (with("|2.5.1|", "|2.2|"), "AR MSH^1^12 203"),
        (with("|2.5.1|", "|3.0|"), "AR MSH^1^12 203"),
        (with("|2.5.1|", "||"), "AR MSH^1^12 101"),
        (with("|P|", "|T|"), "AR MSH^1^11 202"),
        (with("|P|", "||"), "AR MSH^1^11 101"),
        (with("|1|P|", "||P|"), "AR MSH^1^10 101"),
        (with("|1|P|", &format!("|{}|P|", "x".repeat(200))), "AR MSH^1^10 102"),
        (with("20260515075900", "yesterday"), "AR MSH^1^7 102"),
        (with("UNICODE UTF-8", "KLINGON"), "AR MSH^1^18 103"),
        (with("UNICODE UTF-8", "ASCII~8859/1"), "AR MSH^1^18 103"),
        (with("^~\\&", "^^^^"), "AR MSH^1 100"),
        (with("^~\\&", "^"), "AR MSH^1 100"),
        (with("MSH|", "MSX|"), "AR MSH^1 100"),
        (with("EVN|", "evn|"), "AR  100"),
        (with("EVN|", "EVNX|"), "AR  100"),
        ("GET / HTTP/1.1".to_owned(), "AR MSH^1 100"),
        (String::new(), "AR MSH^1 100"),
    ] {
        let answer = hospital.send(&message).await;
        assert_eq!(answer.outcome(), expected, "{message}\n{}", answer.text);
    }
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, Value::Null);
    // Each is kept with its reason, and none was done.
    let bad = hospital.get("/api/v1/messages?state=REJECTED").await;
    assert!(bad["entries"].as_array().unwrap().len() >= 15, "{bad}");
    for entry in bad["entries"].as_array().unwrap() {
        assert!(!entry["reasons"].as_array().unwrap().is_empty(), "{entry}");
    }
}

#[tokio::test]
async fn every_version_is_answered_in_its_own_form() {
    let hospital = Hospital::open().await;
    for version in
        ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2"]
    {
        let good = admission(version).replace("|2.5.1|", &format!("|{version}|"));
        let answer = hospital.send(&good).await;
        assert_eq!(answer.code(), "AA", "{version}: {}", answer.text);
        assert_eq!(answer.segments("MSH")[0][11], version);
        let bad = good.replace("19851210", "1985").replacen(version, "bad", 1);
        let answer = hospital.send(&bad).await;
        let error = &answer.segments("ERR")[0];
        if ["2.3", "2.3.1", "2.4"].contains(&version) {
            assert_eq!(error[1], "PID^1^7^102&Data type error&HL70357", "{version}");
            assert!(!answer.segments("MSA")[0][3].is_empty());
        } else {
            assert_eq!((error[2].as_str(), error[4].as_str()), ("PID^1^7", "E"), "{version}");
        }
    }
}

#[tokio::test]
async fn letters_are_read_in_the_set_that_the_message_names() {
    let hospital = Hospital::open().await;
    let message =
        |set: &str, id: &str| admission(id).replace("UNICODE UTF-8", set).replace("Verdi", "Nuñez");
    let latin = |text: &str| -> Vec<u8> {
        text.lines().collect::<Vec<_>>().join("\r").chars().map(|it| it as u8).collect()
    };
    let name = || async { hospital.patient("VRDLCU85T10A562S").await["surname"].clone() };
    let mut system = hospital.system().await;
    for (nth, (set, bytes, expected)) in [
        ("UNICODE UTF-8", framed(&message("UNICODE UTF-8", "a")), "AA"),
        ("", framed(&message("", "b")), "AA"),
        ("8859/1", frame(&latin(&message("8859/1", "c"))), "AA"),
        ("ASCII", framed(&message("ASCII", "d")), "AR MSH^1^18 102"),
        ("", frame(&latin(&message("", "e"))), "AR MSH^1^18 102"),
        ("UNICODE UTF-8", frame(&latin(&message("UNICODE UTF-8", "f"))), "AR MSH^1^18 102"),
    ]
    .into_iter()
    .enumerate()
    {
        system.write(&bytes).await;
        let answer = system.hear().await.unwrap();
        assert_eq!(answer.outcome(), expected, "{set}: {}", answer.text);
        if expected == "AA" {
            assert_eq!(name().await, "Nuñez", "{nth}");
        }
        let undo = admission(&format!("undo-{nth}"));
        assert_eq!(system.send(&undo).await.code(), "AA");
        assert_eq!(name().await, "Verdi");
    }
    // Escapes, and delimiters of the sender's own.
    let header = "MSH*:%!@*HIS*ROME***20260515075900**ADT:A08*g*P*2.5.1";
    let pid = "PID*1**VRDLCU85T10A562S::::NNITA**D!T!Alò!S!!X4142!@x:Luca**19851210";
    let answer = system.send(&format!("{header}\n{pid}")).await;
    assert!(answer.text.contains("MSA*AA*g"), "{}", answer.text);
    assert_eq!(name().await, "D@Alò:AB");
}

#[tokio::test]
async fn frames_come_split_glued_and_after_garbage() {
    let hospital = Hospital::open().await;
    let mut system = hospital.system().await;
    let mut bytes = b"\r\n hello \x1c\r".to_vec();
    bytes.extend(b"\x0bMSH|^~\\&|cut off");
    bytes.extend(framed(&admission("1")));
    bytes.extend(framed(&admission("2")));
    for piece in bytes.chunks(7) {
        system.write(piece).await;
    }
    // Answered in the order in which they came.
    assert_eq!(system.hear().await.unwrap().control_id(), "1");
    assert_eq!(system.hear().await.unwrap().control_id(), "2");
    // Neither the last byte of a frame nor the last end of a segment is waited for.
    let framed = framed(&admission("3"));
    system.write(&framed[..framed.len() - 1]).await;
    assert_eq!(system.hear().await.unwrap().control_id(), "3");
}

#[tokio::test]
async fn a_message_that_is_too_long_is_rejected_and_the_next_is_read() {
    let hospital = Hospital::open().await;
    let mut system = hospital.system().await;
    let long = format!("{}\nNTE|1||{}", admission("long"), "x".repeat(3 << 20));
    let answer = system.send(&long).await;
    assert_eq!(answer.outcome(), "AR  207", "{}", answer.text);
    assert_eq!(answer.control_id(), "long");
    assert_eq!(system.send(&admission("next")).await.code(), "AA");
    // As long as it may be, and as many segments.
    let mut longest = format!("{}\nNTE|1||", admission("longest"));
    longest.push_str(&"x".repeat((1 << 20) - longest.len() - 8));
    assert_eq!(system.send(&longest).await.code(), "AA");
    let many = format!("{}\n{}", admission("many"), "NTE|1\n".repeat(10_001));
    assert_eq!(system.send(&many).await.outcome(), "AR  100");
    // Nothing but delimiters.
    let delimiters = format!("{}\nOBX|{}", admission("delimiters"), "|~^&".repeat(200_000));
    assert_eq!(system.send(&delimiters).await.code(), "AA");
    let kept = hospital.get("/api/v1/messages?state=REJECTED").await;
    let entry = kept["entries"].as_array().unwrap().iter();
    let long = entry.clone().find(|entry| entry["controlId"] == "long").unwrap();
    let id = long["id"].as_str().unwrap();
    let path = format!("/api/v1/messages/{id}");
    assert!(hospital.get(&path).await["text"].as_str().unwrap().len() < 20_000);
    let (status, _) = hospital.as_role("block-manager", "POST", &format!("{path}/replays")).await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn who_speaks_something_else_is_left() {
    let hospital = Hospital::open().await;
    let mut system = hospital.system().await;
    let garbage = vec![b'x'; 100 * 1024];
    // The connection may end while this is written.
    let _closed = tokio::io::AsyncWriteExt::write_all(&mut system.0, &garbage).await;
    assert_eq!(system.hear().await, None);
    assert_eq!(hospital.send(&admission("1")).await.code(), "AA");
}

#[tokio::test]
async fn connections_are_bounded_and_slow_ones_end() {
    let settings = Settings { idle_seconds: 1, ..Settings::default() };
    let hospital = Hospital::with(settings, None).await;
    let mut systems = Vec::new();
    for _ in 0..100 {
        systems.push(hospital.system().await);
    }
    // Each has its place once it was answered; one more has none.
    let mut one_more = hospital.system().await;
    let mut byte = [0];
    let read = one_more.0.read(&mut byte).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    // Whoever is silent makes room.
    for system in &mut systems {
        assert_eq!(system.hear().await, None);
    }
    let mut again = hospital.system().await;
    assert_eq!(again.send(&admission("1")).await.code(), "AA");
}

#[tokio::test]
async fn a_message_without_an_end_does_not_hold_its_place() {
    let hospital = Hospital::open().await;
    let mut system = hospital.system().await;
    let framed = framed(&admission("1"));
    system.write(&framed[..framed.len() - 2]).await;
    // Until the beginning has been read; the machine's own time is the test's from here.
    tokio::time::sleep(Duration::from_millis(100)).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    assert_eq!(system.hear().await, None);
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, Value::Null);
}

#[tokio::test]
async fn only_those_who_are_named_may_send() {
    let sender = |application: Option<&str>, facility: Option<&str>| Sender {
        application: application.map(ToOwned::to_owned),
        facility: facility.map(ToOwned::to_owned),
    };
    let senders = vec![sender(Some("HIS"), Some("ROME")), sender(Some("LAB"), None)];
    let settings = Settings { senders, ..Settings::default() };
    let hospital = Hospital::with(settings, None).await;
    for (parties, expected) in [
        ("HIS|ROME", "AA"),
        ("LAB|MILAN", "AA"),
        ("HIS|MILAN", "AR MSH^1^3 103"),
        ("|", "AR MSH^1^3 103"),
    ] {
        let message = admission(&format!("of {parties}").replace('|', "-"));
        let answer = hospital.send(&message.replace("HIS|ROME", parties)).await;
        assert_eq!(answer.outcome(), expected, "{parties}");
    }
    let settings = Settings { peers: vec!["192.0.2.0/24".to_owned()], ..Settings::default() };
    let hospital = Hospital::with(settings, None).await;
    assert_eq!(hospital.system().await.hear().await, None);
    let settings = Settings { peers: vec!["127.0.0.0/8".to_owned()], ..Settings::default() };
    let hospital = Hospital::with(settings, None).await;
    assert_eq!(hospital.send(&admission("1")).await.code(), "AA");
}

#[tokio::test]
async fn settings_that_cannot_be_followed_stop_the_start() {
    let (runtime, _hands) =
        chiron_chassis::Runtime::for_test(hl7_gateway::NAME, hl7_gateway::COLLECTIONS);
    let start = |settings: Settings, mllp| {
        let zone = jiff::tz::TimeZone::UTC;
        let refused = hl7_gateway::start(&runtime, settings, zone, mllp).unwrap_err();
        std::error::Error::source(&refused).unwrap().to_string()
    };
    let texts = |text: &str| vec![text.to_owned()];
    let standard = Settings::default;
    for (settings, expected) in [
        (
            Settings { character_set: "EBCDIC".to_owned(), ..standard() },
            "hl7.character_set is none",
        ),
        (Settings { peers: texts("the hospital"), ..standard() }, "hl7.peers must be"),
        (Settings { idle_seconds: 0, ..standard() }, "hl7.idle_seconds must be above 0"),
        (Settings { keep_days: 0, ..standard() }, "hl7.keep_days must be above 0"),
    ] {
        let refused = start(settings, None);
        assert!(refused.starts_with(expected), "{refused}");
    }
    let everywhere = tokio::net::TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let refused = start(standard(), Some(everywhere));
    assert!(refused.ends_with("from anywhere: name hl7.peers"), "{refused}");
    let _ = (PID, msh("", ""));
}
