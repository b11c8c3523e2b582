//! How long a long surgery takes to write down. Printed, not asserted: a machine may be slow.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::hospital::Hospital;

/// Eight hours with six vital signs: five every second, both blood pressures every minute, and a
/// theatre measured every five seconds. With a gap, so that there is one to draw.
#[tokio::test]
#[ignore = "a measurement: run with --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "a measurement is read by people")]
async fn an_eight_hour_surgery() {
    let hospital = Hospital::open().await;
    let start: Timestamp = "2026-05-15T08:10:00Z".parse().unwrap();
    let at = |second: i64| Timestamp::from_second(start.as_second() + second).unwrap().to_string();
    let seconds = 8 * 3_600;
    {
        let mut world = hospital.world();
        let (_, process) = world.processes.get_mut("processes/p-1").unwrap();
        process["endDateTime"] = json!(at(seconds));
        let steps = [
            ("PATIENT_IN_PREPARATION", 0),
            ("PATIENT_ON_OPERATING_TABLE", 1_500),
            ("ANESTHESIA", 2_000),
            ("SURGERY_IN_PROGRESS", 4_000),
            ("END_OF_SURGERY", 25_000),
            ("PATIENT_UNDER_OBSERVATION", 26_000),
        ];
        let steps = steps.map(|(step, second)| {
            json!({"dateTime": at(second), "kind": "STEP", "value": step, "reason": null})
        });
        world.lists.insert("processes/p-1/history".into(), steps.to_vec());
        let mut vital: Vec<Value> = Vec::new();
        for second in 0..seconds {
            if (9_000..9_300).contains(&second) {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let wave = (second as f64 / 700.0).sin();
            let mut push = |quantity: &str, value: f64| {
                vital.push(json!({"dateTime": at(second), "quantity": quantity, "value": value,
                    "unit": "1"}));
            };
            push("heartBeat", (75.0 + 12.0 * wave).round());
            push("saturationPercentage", (97.0 + 2.0 * wave).round());
            push("respiratoryRate", (14.0 + 2.0 * wave).round());
            push("bodyTemperature", 36.6 + 0.3 * wave);
            push("diastolicBloodPressure", (78.0 + 6.0 * wave).round());
            push("systolicBloodPressure", (122.0 + 9.0 * wave).round());
        }
        println!("{} vital signs", vital.len());
        world.lists.insert("processes/p-1/vital-signs".into(), vital);
        world.page = 10_000;
        world.complete_to = None;
    }
    hospital.move_to("2026-05-15T16:10:01Z");
    let begun = Instant::now();
    let ended = json!({"endDateTime": at(seconds)});
    hospital.tell("COMPLETED", 5, ended).await;
    println!("read, composed and filed: {:?}", begun.elapsed());
    for accept in ["application/json", "text/html", "application/pdf"] {
        let begun = Instant::now();
        let (status, _, body) = hospital.form("/api/v1/reports/p-1", accept, "en").await;
        println!("{accept}: {status}, {} bytes, {:?}", body.len(), begun.elapsed());
        let name = accept.rsplit('/').next().unwrap();
        std::fs::write(std::env::temp_dir().join(format!("long-report.{name}")), body).unwrap();
    }
}
