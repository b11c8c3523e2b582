//! `HAPI HL7v2` as published, unchanged, as the sending system: its structures, client and parser.
//!
//! Needs `CHIRON_TEST_HAPI`: a folder with the jars of `tests/hapi/pom.xml`; and a JDK on the path.

use std::process::{Command, Output};

use serde_json::json;
use test_support::tools;

use crate::hospital::Hospital;

const STORY: &str = "\
A01: AA
A01 again: AA
A08: AA
A08 of nobody: AE PID(1)-3 101
A03: AR MSH(1)-9 201
S12: AA
S13: AA
R01: AA
R01 of a wrong unit: AE OBX(2)-6 102
S15: AA
A40: AA
all done
";

#[tokio::test(flavor = "multi_thread")]
async fn hapi_admits_books_measures_and_merges() {
    let Some(jars) = tools::named("CHIRON_TEST_HAPI", "a folder with the jars of HAPI HL7v2")
    else {
        return;
    };
    let hospital = Hospital::open().await;
    hospital.twin("p-1", "Patient").await;
    let folder = tempfile::tempdir().unwrap();
    let classes = folder.path().to_str().unwrap().to_owned();
    let (host, port) = (hospital.mllp.ip().to_string(), hospital.mllp.port().to_string());
    let run = move || -> (Output, Output) {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hapi/Day.java");
        let jars = jars.join("*").display().to_string();
        let compiled = Command::new("javac")
            .args(["-encoding", "UTF-8", "-cp", &jars, "-d", &classes, source])
            .output()
            .unwrap();
        let path = format!("{classes}:{jars}");
        // What HAPI writes unless told otherwise is ASCII, whatever its header says.
        let told = Command::new("java")
            // It keeps a file where it runs.
            .current_dir(&classes)
            .arg("-Dca.uhn.hl7v2.llp.charset=UTF-8")
            .args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", &path, "Day"])
            .args([&host, &port, "20260515075900", "20260516083000"])
            .output()
            .unwrap();
        (compiled, told)
    };
    let (compiled, told) = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let errors = String::from_utf8_lossy(&told.stderr);
    assert_eq!(String::from_utf8_lossy(&told.stdout), STORY, "{errors}");

    let survivor = hospital.patient("VRDLCU85T10A563X").await;
    assert_eq!(survivor["surname"], "Verdì");
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, survivor);
    let booking = hospital.booking("hapi-surgery").await;
    let told = ["operatingRoomId", "surgeryDateTime", "expectedDurationMinutes", "status"];
    let told = told.map(|field| booking[field].clone());
    assert_eq!(
        told,
        [json!("or-2"), json!("2026-05-16T06:30:00.000Z"), json!(75), json!("CANCELLED")]
    );
    let beat = hospital.property("p-1", "heart_beat").await;
    assert_eq!(beat, (json!(71), json!("2026-05-15T05:59:00.000Z")));
    assert_eq!(hospital.property("p-1", "systolic_blood_pressure").await.0, json!(121));
    let messages = hospital.get("/api/v1/messages").await;
    assert_eq!(messages["total"], 10);
}
