//! What is compared, what is excused, and that what is wrong is named.

use super::faults::RECOVERY;
use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn switch(action: &'static str, found: i64) -> Decision {
    Decision {
        actuator: "COOLING",
        action,
        value: None,
        rule: "TOO_WARM",
        trigger: "MEASUREMENT",
        quantity: "TEMPERATURE",
        target: 21.0,
        owner: "ROOM_DEFAULT",
        technology: None,
        measured: Some((at(0), 22.0)),
        found: Some(found),
    }
}

/// As the product shows it when all went well.
fn shown(decision: &Decision, status: &str) -> Value {
    let mut shown = decision.shown();
    let t = written(at(0));
    shown["dateTime"] = json!(t);
    shown["command"]["actuatorId"] = json!("c-1");
    shown["inputs"]["found"] = word(decision);
    shown["outcome"] = json!({
        "status": status, "attempts": 1, "reason": null, "sentDateTime": t, "endedDateTime": t,
    });
    shown
}

fn differences(expected: &[Decision], decided: &[Value], received: &Value) -> usize {
    let mut found = Found::default();
    let expected: Vec<&Decision> = expected.iter().collect();
    let decided: Vec<&Value> = decided.iter().collect();
    decisions("c-1", "c-1", at(0), &expected, &decided, &mut found);
    commanded("c-1", &expected, received.as_array().unwrap(), &mut found);
    found.count()
}

#[test]
fn a_command_is_right_when_decided_sent_and_confirmed_at_its_instant() {
    let on = switch("on", 0);
    let received = json!([["on", null]]);
    let right = shown(&on, "CONFIRMED");
    assert_eq!(differences(std::slice::from_ref(&on), std::slice::from_ref(&right), &received), 0);
    let wrong = |path: &str, value: Value| {
        let mut wrong = right.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        differences(std::slice::from_ref(&on), &[wrong], &received)
    };
    for (path, value) in [
        ("/rule", json!("TOO_COLD")),
        ("/target/owner", json!("STANDBY")),
        ("/target/value", json!(20.0)),
        ("/inputs/trigger", json!("PRESENCE")),
        ("/inputs/found", json!("on")),
        ("/inputs/measured/value", json!(22.1)),
        ("/command/action", json!("off")),
        ("/outcome/status", json!("FAILED")),
        ("/outcome/sentDateTime", json!(written(at(1)))),
        ("/outcome/attempts", json!(2)),
    ] {
        assert!(0 < wrong(path, value), "{path}");
    }
    assert_eq!(differences(std::slice::from_ref(&on), &[], &received), 1);
    assert_eq!(differences(std::slice::from_ref(&on), std::slice::from_ref(&right), &json!([])), 1);
    assert_eq!(differences(&[], &[right], &received), 2);
}

#[test]
fn of_two_decisions_of_an_instant_the_first_may_give_up_its_place() {
    let two = [switch("on", 0), switch("off", 100)];
    let [on, off] = &two;
    let both = json!([["on", null], ["off", null]]);
    let confirmed = [shown(on, "CONFIRMED"), shown(off, "CONFIRMED")];
    assert_eq!(differences(&two, &confirmed, &both), 0);
    // Listed the other way round.
    let [first, second] = confirmed;
    assert_eq!(differences(&two, &[second.clone(), first], &both), 0);
    let superseded = shown(on, "SUPERSEDED");
    assert_eq!(differences(&two, &[superseded.clone(), second], &json!([["off", null]])), 0);
    // Nothing was sent yet: there is nothing to take back.
    assert_eq!(differences(&two, &[superseded], &json!([])), 0);
    assert!(0 < differences(&two, &[shown(on, "CONFIRMED")], &json!([["on", null]])));
}

#[test]
fn facts_of_one_way_keep_their_order() {
    let facts = [
        ("sensors", at(0), Told::Presence(true)),
        ("sensors", at(0), Told::Presence(false)),
        ("team", at(0), Told::Stop),
    ];
    let orders = orders(&facts);
    assert_eq!(orders.len(), 3);
    for order in orders {
        let of = |told: &Told| order.iter().position(|(_, it)| it == told);
        assert!(of(&Told::Presence(true)) < of(&Told::Presence(false)));
    }
}

#[test]
fn a_fault_excuses_its_actuator_until_it_has_recovered() {
    let spans =
        vec![(Some("or-1".to_owned()), Some("h-1".to_owned()), at(100), at(200) + RECOVERY)];
    let faults = Faults { spans, anywhere: false };
    let recovered = RECOVERY.as_secs();
    for (actuators, seconds, expected) in [
        (&["h-1"][..], 99, false),
        (&["h-1"], 100, true),
        (&["h-1"], 200 + recovered, true),
        (&["h-1"], 201 + recovered, false),
        (&["v-1"], 150, false),
        (&["c-1", "h-1"], 150, true),
    ] {
        assert_eq!(faults.excuse("or-1", actuators, at(seconds)), expected, "{seconds}");
    }
    let spans = vec![(Some("or-1".to_owned()), None, at(100), at(200))];
    let faults = Faults { spans, anywhere: false };
    assert!(faults.excuse("or-1", &["v-1"], at(150)));
    assert!(!faults.excuse("or-2", &["v-2"], at(150)));
}
