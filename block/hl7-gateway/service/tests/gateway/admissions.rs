//! Patients: admitted, changed, merged.

use serde_json::{Value, json};

use crate::hospital::{Hospital, PID, admission, msh};

#[tokio::test]
async fn an_admission_registers_a_patient() {
    let hospital = Hospital::open().await;
    let answer = hospital.send(&admission("1")).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    assert_eq!(answer.control_id(), "1");
    let header = &answer.segments("MSH")[0];
    // The receiver answers the sender: applications and facilities change places.
    assert_eq!(header[2..6], ["CHIRON", "BLOCK", "HIS", "ROME"]);
    assert_eq!((header[8].as_str(), header[11].as_str()), ("ACK^A01^ACK", "2.5.1"));
    assert_eq!(header[6], "20260515080000+0200");
    let expected = json!({
        "taxCode": "VRDLCU85T10A562S", "name": "Luca Maria", "surname": "Verdi", "height": null,
        "weight": null, "birthdate": "1985-12-10", "bloodGroup": null,
    });
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, expected);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_say() {
    let hospital = Hospital::open().await;
    let message = |kind: &str, id: &str, pid: &str, more: &str| {
        format!("{}\nEVN||20260515075800\n{pid}\nPV1|1|I\n{more}", msh(kind, id))
    };
    let obx = "OBX|1|NM|8302-2^^LN||1.785|m|||||F\n\
               OBX|2|NM|29463-7^^LN||74|kg|||||F\n\
               OBX|3|CWE|882-1^^LN||X^O Rh positive||||||F\n\
               OBX|4|NM|8867-4^^LN||70|/min|||||F";
    let answer = hospital.send(&message("ADT^A04", "1", PID, obx)).await;
    // What is not kept of a patient is said, and the message is accepted.
    assert_eq!(answer.outcome(), "AA OBX^4^3 0", "{}", answer.text);
    assert_eq!(answer.segments("ERR")[0][4], "I");
    let patient = hospital.patient("VRDLCU85T10A562S").await;
    let measured = [&patient["height"], &patient["weight"], &patient["bloodGroup"]];
    assert_eq!(measured, [&json!(178.5), &json!(74.0), &json!("ZERO_POSITIVE")]);

    let pid = "PID|1||VRDLCU85T10A562S^^^^NNITA||Neri~Verdi Neri^^^^^^L";
    let answer = hospital.send(&message("ADT^A08", "2", pid, "")).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    let mut expected = patient;
    expected["surname"] = json!("Verdi Neri");
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, expected);
}

#[tokio::test]
async fn what_is_wrong_with_an_admission_is_named() {
    let hospital = Hospital::open().await;
    for (nth, (pid, more, expected)) in [
        ("PID|1||p-1^^^^PI||Verdi^Luca||19851210", "", "AE PID^1^3 101"),
        ("PID|1||A^^^^NNITA~B^^^^NNITA||Verdi^Luca||19851210", "", "AE PID^1^3 205"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||19851210||||||||||||B", "", "AE PID^1^19 205"),
        ("PID|1||A^^^^NNITA||Verdi||19851210", "", "AE PID^1^5^1^2 101"),
        ("PID|1||A^^^^NNITA||^Luca||19851210", "", "AE PID^1^5^1^1 101"),
        ("PID|1||A^^^^NNITA||Verdi^Luca", "", "AE PID^1^7 101"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||1985", "", "AE PID^1^7 102"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||19850230", "", "AE PID^1^7 102"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||20270101", "", "AE PID^1^7 102"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||\"\"", "", "AE PID^1^7 101"),
        ("PID|1||A^^^^NNITA||Verdi^Luca||19851210|Q", "", "AE PID^1^8 103"),
        (PID, "OBX|1|NM|8302-2||178|feet|||||F", "AE OBX^1^6 103"),
        (PID, "OBX|1|NM|8302-2||tall|cm|||||F", "AE OBX^1^5 102"),
        (PID, "OBX|1|ST|x||\nOBX|2|NM|8302-2||400|cm|||||F", "AE OBX^2^5 102"),
        (PID, "OBX|1|CWE|882-1||Q+||||||F", "AE OBX^1^5 103"),
        ("PV1|1", "", "AE PID^1 100"),
    ]
    .into_iter()
    .enumerate()
    {
        let header = msh("ADT^A01", &format!("bad-{nth}"));
        let answer = hospital.send(&format!("{header}\nEVN||\n{pid}\n{more}")).await;
        assert_eq!(answer.outcome(), expected, "{pid} {more}: {}", answer.text);
    }
    assert_eq!(hospital.patient("A").await, Value::Null);
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await, Value::Null);
}

#[tokio::test]
async fn the_tax_code_may_be_the_national_number() {
    let hospital = Hospital::open().await;
    let pid = "PID|1||p-1||Verdi^Luca||19851210||||||||||||VRDLCU85T10A562S";
    let header = "MSH|^~\\&|HIS|ROME|||20260515075900||ADT^A01|1|P|2.3";
    let answer = hospital.send(&format!("{header}\n{pid}")).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    assert_eq!(hospital.patient("VRDLCU85T10A562S").await["surname"], "Verdi");
}

#[tokio::test]
async fn a_merge_leads_to_who_stays() {
    let hospital = Hospital::open().await;
    let old = "PID|1||p-9^^^^PI~OLD^^^^NNITA||Verde^Luca||19851210";
    let header = msh("ADT^A01", "1");
    assert_eq!(hospital.send(&format!("{header}\n{old}")).await.code(), "AA");
    let merge = |id: &str, pid: &str, mrg: &str| {
        format!("{}\nEVN||20260515075800\n{pid}\nMRG|{mrg}", msh("ADT^A40^ADT_A39", id))
    };
    // Who stays need not be known before: the message says who it is.
    let answer = hospital.send(&merge("2", PID, "OLD^^^^NNITA~p-9^^^^PI")).await;
    assert_eq!(answer.code(), "AA", "{}", answer.text);
    let survivor = hospital.patient("VRDLCU85T10A562S").await;
    assert_eq!(survivor["surname"], "Verdi");
    assert_eq!(hospital.patient("OLD").await, survivor);

    // Nobody is admitted under a code that is not used any more.
    let again = hospital.send(&format!("{}\n{old}", msh("ADT^A08", "3"))).await;
    assert_eq!(again.outcome(), "AE PID^1^3 204");
    // What cannot be merged is said.
    for (nth, (pid, mrg, expected)) in [
        (PID, "VRDLCU85T10A562S^^^^NNITA~p-1^^^^PI", "AE MRG^1^1 101"),
        (PID, "", "AE MRG^1^1 101"),
        (PID, "x^^^^VN", "AE MRG^1^1 101"),
        (PID, "p-2\nPID|2||p-3\nMRG|p-4", "AE MRG^2 100"),
        ("PID|1||NEW^^^^NNITA||Verdi^Luca||19851210", "OLD^^^^NNITA", "AE MRG^1^1 205"),
        ("PID|1||NEW2^^^^NNITA||Verdi^Luca", "OLD^^^^NNITA", "AE PID^1^7 101"),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = hospital.send(&merge(&format!("bad-{nth}"), pid, mrg)).await;
        assert_eq!(answer.outcome(), expected, "{mrg}: {}", answer.text);
    }
}
