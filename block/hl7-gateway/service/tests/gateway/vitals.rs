//! Vital signs.

use serde_json::{Value, json};

use crate::hospital::{Hospital, msh};

async fn block() -> Hospital {
    let hospital = Hospital::open().await;
    hospital.twin("p-1", "Patient").await;
    hospital
}

fn oru(id: &str, rest: &str) -> String {
    format!("{}\nPID|1||p-1^^^^MR\n{rest}", msh("ORU^R01^ORU_R01", id))
}

#[tokio::test]
async fn observations_reach_the_patients_twin_at_their_own_time() {
    let hospital = block().await;
    let message = oru(
        "1",
        "OBR|1||||||20260515075800\n\
         OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC||||||||X\n\
         OBX|2|NM|8480-6^Systolic^LN||121.9|mm(hg)^^ISO+|||||F|||20260515075930.250\n\
         OBX|3|NM|8462-4^Diastolic^LN||80|mm[Hg]^^UCUM|||||F|||20260515075930.250\n\
         OBX|4|NM|150364^Temp^MDC^8310-5^Temp^LN||98.6|[degF]^^UCUM|||||P|||20260515055900+0000\n\
         OBX|5|NM|8867-4||71|/min|||||F\n\
         OBX|6|NM|9279-1^^LN|||/min|||||X\n\
         OBX|7|NM|8478-0^Mean^LN||93|mm[Hg]|||||F\n\
         OBX|8|NM|59408-5^^LN||97|%|||||C|||20260515075959",
    );
    let answer = hospital.send(&message).await;
    assert_eq!(answer.outcome(), "AA OBX^6^11 0 OBX^7^3 103", "{}", answer.text);
    let expected = [
        ("systolic_blood_pressure", json!(121), "05:59:30.250Z"),
        ("diastolic_blood_pressure", json!(80), "05:59:30.250Z"),
        ("body_temperature", json!(37.0), "05:59:00.000Z"),
        ("heart_beat", json!(71), "05:58:00.000Z"),
        ("saturation_percentage", json!(97), "05:59:59.000Z"),
    ];
    for (name, value, at) in expected {
        let found = hospital.property("p-1", name).await;
        assert_eq!(found, (value, json!(format!("2026-05-15T{at}"))), "{name}");
    }
    assert_eq!(hospital.property("p-1", "respiratory_rate").await.0, Value::Null);
}

#[tokio::test]
async fn what_fails_is_named_and_the_same_again_counts_once() {
    let hospital = block().await;
    let obx = |nth: usize, code: &str, value: &str, unit: &str, at: &str| {
        format!("OBX|{nth}|NM|{code}^^LN||{value}|{unit}|||||F|||{at}\n")
    };
    let cases = [
        (obx(1, "8867-4", "71", "mm[Hg]", "20260515075900"), "AE OBX^1^5 102"),
        (obx(1, "8867-4", "71", "furlong", "20260515075900"), "AE OBX^1^6 102"),
        (obx(1, "8867-4", "71", "", "20260515075900"), "AE OBX^1^6 101"),
        (obx(1, "8867-4", "fast", "/min", "20260515075900"), "AE OBX^1^5 102"),
        (obx(1, "8867-4", "1e2", "/min", "20260515075900"), "AE OBX^1^5 102"),
        (obx(1, "2708-6", "0", "%", "20260515075900"), "AE OBX^1^5 102"),
        (obx(1, "8867-4", "71", "/min", "20260515"), "AE OBX^1^14 102"),
        (obx(1, "8867-4", "71", "/min", "20260515080100"), "AE OBX^1^14 102"),
        (obx(1, "8867-4", "71", "/min", "20260501080000"), "AE OBX^1^14 102"),
        (obx(1, "8478-0", "93", "mm[Hg]", "20260515075900"), "AE OBX^1^3 103"),
        ("OBX|1|NM|8867-4||71|/min|||||D\n".to_owned(), "AE OBX^1^11 103"),
        ("OBX|1|NM|8867-4||71|/min\n".to_owned(), "AE OBX^1^11 101"),
        ("OBX|1|ST|8867-4||71|/min|||||F\n".to_owned(), "AE OBX^1^2 103"),
        ("OBX|1|NM|8867-4|||/min|||||F\n".to_owned(), "AE OBX^1^5 101"),
        (String::new(), "AE OBX^1 100"),
        // Two of one kind at one time: which is meant, nobody knows.
        (
            obx(1, "8867-4", "71", "/min", "20260515075900")
                + &obx(2, "8867-4", "72", "/min", "20260515075900"),
            "AE OBX^2^5 102",
        ),
    ];
    for (nth, (obx, expected)) in cases.into_iter().enumerate() {
        let answer = hospital.send(&oru(&format!("bad-{nth}"), &format!("OBR|1\n{obx}"))).await;
        assert_eq!(answer.outcome(), expected, "{obx}{}", answer.text);
    }
    assert_eq!(hospital.property("p-1", "heart_beat").await.0, Value::Null);
    for (pid, expected) in [("p-1^^^^MR", "AE PID^1^3 204"), ("", "AE PID^1^3 101")] {
        let rest = format!("OBR|1\n{}", obx(1, "8867-4", "71", "/min", "20260515075900"));
        let message = oru(&format!("nobody-{pid}"), &rest).replace("p-1^^^^MR", pid);
        let answer = hospital.send(&message.replace("p-1", "p-x")).await;
        assert_eq!(answer.outcome(), expected, "{pid}");
    }

    // One moment is wrong: it is named, the other was taken, and the corrected message may repeat
    // it.
    let good = obx(1, "8867-4", "71", "/min", "20260515075900");
    let bad = obx(2, "8867-4", "72", "%", "20260515075930");
    let answer = hospital.send(&oru("half", &format!("OBR|1\n{good}{bad}"))).await;
    assert_eq!(answer.outcome(), "AE OBX^2^5 102");
    let corrected = bad.replace('%', "/min");
    let answer = hospital.send(&oru("half-2", &format!("OBR|1\n{good}{corrected}"))).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    let found = hospital.property("p-1", "heart_beat").await;
    assert_eq!(found, (json!(72), json!("2026-05-15T05:59:30.000Z")));
}

#[tokio::test]
async fn several_patients_may_be_in_one_message() {
    let hospital = block().await;
    hospital.twin("p-2", "Patient").await;
    let rest = "OBR|1||||||20260515075900\n\
                OBX|1|NM|8867-4||71|/min|||||F\n\
                PID|2||p-2^^^^PI\nOBR|2||||||20260515075930\n\
                OBX|1|NM|8867-4||82|/min|||||F";
    assert_eq!(hospital.send(&oru("1", rest)).await.code(), "AA");
    assert_eq!(hospital.property("p-1", "heart_beat").await.0, json!(71));
    let second = hospital.property("p-2", "heart_beat").await;
    assert_eq!(second, (json!(82), json!("2026-05-15T05:59:30.000Z")));
}
