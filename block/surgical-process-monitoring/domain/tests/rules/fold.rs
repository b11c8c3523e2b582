//! The transition table, line by line. Every case runs in many orders of arrival with facts told
//! twice, and must come to the same in all of them.

use crate::text::{facts, learn, nameless, orders, show};
use surgical_process_monitoring_domain::fold::Past;

#[track_caller]
fn check(known: &str, expected: &str) {
    let known = facts(known);
    let reference = nameless(learn(&Past::default(), &known));
    assert_eq!(show(&reference), expected);
    for order in orders(&known) {
        let folded = nameless(learn(&Past::default(), &order));
        assert_eq!(folded, reference, "known in the order {order:?}: {}", show(&folded));
    }
}

#[test]
fn nothing_without_a_reason() {
    check("", "");
    check("08:10 +pre-1", "1 unattached");
    check("08:10 +or-1, 08:20 table, 08:30 anesthesia@or-1", "3 unattached");
    check("08:10 +pre-1, 08:20 -pre-1", "1 unattached");
}

#[test]
fn an_elective_surgery() {
    check(
        "07:00 book s1 09:00, 08:10 +pre-1, 08:25 -pre-1, 08:25 +or-1, 08:30 table, \
         08:35 anesthesia@or-1, 08:40 cut@or-1, 09:30 closing@or-1, 09:40 -or-1, 09:40 +pre-2, \
         11:00 -pre-2",
        "s1(s1/1): 08:10 @pre-1 PRE prepared, 08:25 @or-1, 08:30 SURGERY table, \
         08:35 anesthesia, 08:40 cut, 09:30 closing, 09:40 @pre-2 POST observed, \
         11:00 @ TERMINATED",
    );
    // Doors that are a minute apart.
    check(
        "07:00 book s1 09:00, 08:10 +pre-1, 08:25 -pre-1, 08:26 +or-1, 08:30 table, 09:40 -or-1, \
         09:41 +pre-1, 11:00 -pre-1",
        "s1(s1/1): 08:10 @pre-1 PRE prepared, 08:25 @, 08:26 @or-1, 08:30 SURGERY table, \
         09:40 @, 09:41 @pre-1 POST observed, 11:00 @ TERMINATED",
    );
}

#[test]
fn which_booking_counts() {
    // Posted at the very instant.
    check("08:10 book s1 09:00, 08:10 +pre-1", "s1(s1/1): 08:10 @pre-1 PRE prepared");
    check("08:10:01 book s1 09:00, 08:10 +pre-1", "1 unattached");
    // A day around its planned start, both ends included.
    check("07:00 book s1 16T08:10, 08:10 +pre-1", "s1(s1/1): 08:10 @pre-1 PRE prepared");
    check("07:00 book s1 16T08:10:01, 08:10 +pre-1", "1 unattached");
    check("07:00 book s1 14T08:10, 08:10 +pre-1", "s1(s1/1): 08:10 @pre-1 PRE prepared");
    check("07:00 book s1 14T08:09:59, 08:10 +pre-1", "1 unattached");
    // The nearest; of two as near the earlier; of two at one time the lesser id.
    check(
        "07:00 book s1 12:00, 07:00 book s2 06:00, 08:10 +pre-1",
        "s2(s2/1): 08:10 @pre-1 PRE prepared",
    );
    check(
        "07:00 book s1 09:10, 07:00 book s2 07:10, 08:10 +pre-1",
        "s2(s2/1): 08:10 @pre-1 PRE prepared",
    );
    check(
        "07:00 book s2 09:00, 07:00 book s1 09:00, 08:10 +pre-1",
        "s1(s1/1): 08:10 @pre-1 PRE prepared",
    );
    // Used up once.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:05 interrupted@pre-1, 08:06 -pre-1, 08:07 +pre-2",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:05 INTERRUPTED, 08:07 !ENTERED pre-2[NoBooking]",
    );
    // Called off at the very instant.
    check("07:00 book s1 09:00, 08:10 cancel s1, 08:10 +pre-1", "1 unattached");
    check("07:00 book s1 09:00, 07:30 book s1/2 20T09:00, 08:10 +pre-1", "1 unattached");
    check(
        "07:00 book s1 20T09:00, 07:30 book s1/2 09:00, 08:10 +pre-1",
        "s1(s1/2): 08:10 @pre-1 PRE prepared",
    );
}

#[test]
fn whose_booking_counts() {
    check("07:00 book s1 09:00 bob, 08:10 +pre-1", "1 unattached");
    // Given to another patient by a reschedule, which ends it here.
    check("07:00 book s1 09:00, 07:30 book s1/2 09:00 bob, 08:10 +pre-1", "1 unattached");
    check(
        "07:00 book s1 09:00, 08:10 +pre-1, 08:30 book s1/2 09:00 bob",
        "s1(s1/1): 08:10 @pre-1 PRE prepared, 08:30 INTERRUPTED",
    );
}

#[test]
fn who_is_responsible() {
    let say = |known: &str, expected: &[(&str, &str)]| {
        let folded = learn(&Past::default(), &facts(known));
        let found: Vec<_> = folded
            .processes
            .iter()
            .map(|process| {
                let professional = process.professional.as_ref().map_or("", |it| it.as_str());
                (professional, process.tax_code.as_ref().map_or("", |it| it.as_str()))
            })
            .collect();
        assert_eq!(found, expected, "{known}");
    };
    say("07:00 book s1 09:00, 08:10 +pre-1", &[("hp-s1", "ADA")]);
    say("08:00 emergency c1 or-1", &[("", "")]);
    say("08:00 emergency c1 or-1, 08:10 book s1 08:00", &[("hp-s1", "ADA")]);
    // A return has those of the former, and takes no booking.
    say(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 09:00 +pre-1, 10:00 +or-2, \
         10:10 book s2 10:00",
        &[("hp-s1", "ADA"), ("hp-s1", "ADA")],
    );
}

#[test]
fn called_off() {
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 cancel s1, 08:20 -pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 INTERRUPTED",
    );
    // A reschedule frees the booking again: a read at the door later opens the next process.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 book s1/2 15:00, 08:20 -pre-1, 14:30 +pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 INTERRUPTED | \
         s1(s1/2): 14:30 @pre-1 PRE prepared",
    );
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:05 table, 08:10 cancel s1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:05 SURGERY table, 08:10 !CANCELLED s1[State]",
    );
    // Another booking's.
    check(
        "07:00 book s1 09:00, 07:00 book s2 15:00, 08:00 +pre-1, 08:10 cancel s2",
        "s1(s1/1): 08:00 @pre-1 PRE prepared",
    );
}

#[test]
fn rooms_before_and_after() {
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 +pre-2, 08:20 +or-1, 08:21 +or-2, 08:30 table",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 @pre-2, 08:20 @or-1, 08:21 @or-2, \
         08:30 SURGERY table",
    );
    // Leaving ends nothing before the end of surgery.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 -pre-1, 09:10 +pre-1, 09:20 table, 09:30 -pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 @, 09:10 @pre-1, 09:20 SURGERY table, 09:30 @",
    );
    // A missed exit, and the old door read after the new one.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 08:20 +pre-1, 08:30 +pre-2, 08:40 -pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 SURGERY table, \
         08:20 @pre-1 POST observed, 08:30 @pre-2",
    );
}

#[test]
fn a_minute_to_come_back() {
    let before = "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 09:00 +pre-1, 10:00 -pre-1";
    let shown = "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 SURGERY table, \
                 09:00 @pre-1 POST observed, 10:00 @";
    check(before, &format!("{shown} TERMINATED"));
    check(&format!("{before}, 10:01 +pre-2"), &format!("{shown}, 10:01 @pre-2"));
    check(
        &format!("{before}, 10:01:01 +pre-2"),
        &format!("{shown} TERMINATED, 10:01:01 !ENTERED pre-2[NoBooking]"),
    );
    check(
        &format!("{before}, 10:00 +pre-2"),
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 SURGERY table, \
         09:00 @pre-1 POST observed, 10:00 @pre-2",
    );
    check(
        &format!("{before}, 10:00:30 +pre-2, 11:00 -pre-2"),
        &format!("{shown}, 10:00:30 @pre-2, 11:00 @ TERMINATED"),
    );
}

#[test]
fn back_to_theatre() {
    let before = "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 09:00 +pre-1";
    let shown =
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 SURGERY table, 09:00 @pre-1 POST observed";
    check(
        &format!("{before}, 10:00 +or-2"),
        &format!("{shown}, 10:00 TERMINATED | Emergency: 10:00 @or-2 SURGERY"),
    );
    check(
        &format!("{before}, 10:00 -pre-1, 10:00 +or-2"),
        &format!("{shown}, 10:00 TERMINATED | Emergency: 10:00 @or-2 SURGERY"),
    );
    check(
        &format!("{before}, 10:00 -pre-1, 10:00:30 +or-2, 10:00:50 cut@or-2"),
        &format!("{shown}, 10:00 @ TERMINATED | Emergency: 10:00:30 @or-2 SURGERY, 10:00:50 cut"),
    );
    check(
        &format!("{before}, 10:00 -pre-1, 16T10:00 +or-2"),
        &format!("{shown}, 10:00 @ TERMINATED | Emergency: 16T10:00 @or-2 SURGERY"),
    );
    check(
        &format!("{before}, 10:00 -pre-1, 16T10:00:01 +or-2"),
        &format!("{shown}, 10:00 @ TERMINATED | 1 unattached"),
    );
    // And back once more.
    check(
        &format!("{before}, 10:00 +or-2, 11:00 +pre-1, 12:00 +or-1, 13:00 +pre-1, 14:00 -pre-1"),
        &format!(
            "{shown}, 10:00 TERMINATED | \
             Emergency: 10:00 @or-2 SURGERY, 11:00 @pre-1 POST observed, 12:00 TERMINATED | \
             Emergency: 12:00 @or-1 SURGERY, 13:00 @pre-1 POST observed, 14:00 @ TERMINATED"
        ),
    );
    // A repeated read at a door is no return.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 +or-1, 08:20 interrupted@or-1, 08:30 +or-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 @or-1, 08:20 INTERRUPTED",
    );
}

#[test]
fn on_the_table() {
    check(
        "07:00 book s1 09:00, 08:00 +or-1, 08:05 +pre-1, 08:10 table, 08:11 cut@pre-1, 08:20 table",
        "s1(s1/1): 08:05 @pre-1 PRE prepared, 08:10 SURGERY table, 08:11 cut | 1 unattached",
    );
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 table, 09:00 +pre-1, 09:10 table",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 SURGERY table, 09:00 @pre-1 POST observed, \
         09:10 !ON_TABLE[State]",
    );
}

#[test]
fn buttons() {
    let before = "07:00 book s1 09:00, 08:00 +pre-1, 08:10 +or-1";
    let shown = "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 @or-1";
    check(
        &format!("{before}, 08:20 anesthesia@or-1"),
        &format!("{shown}, 08:20 !MANUAL ANESTHESIA[State]"),
    );
    // Steps may be skipped, and never repeat or go back; at one instant they apply by ordinal.
    check(
        &format!("{before}, 08:20 table, 08:30 cut@or-1, 08:30 anesthesia@or-1"),
        &format!("{shown}, 08:20 SURGERY table, 08:30 anesthesia cut"),
    );
    check(
        &format!("{before}, 08:20 table, 08:30 cut@or-1, 08:31 anesthesia@or-1, 08:32 cut@or-1"),
        &format!(
            "{shown}, 08:20 SURGERY table, 08:30 cut, 08:31 !MANUAL ANESTHESIA[Backwards], \
             08:32 !MANUAL SURGERY_IN_PROGRESS[Backwards]"
        ),
    );
    check(
        &format!("{before}, 08:20 table, 08:30 cut@or-2"),
        &format!("{shown}, 08:20 SURGERY table, 08:30 !MANUAL SURGERY_IN_PROGRESS[Elsewhere]"),
    );
    // Gone at the very instant; come at the very instant.
    check(
        &format!("{before}, 08:20 table, 08:30 -or-1, 08:30 cut@or-1"),
        &format!("{shown}, 08:20 SURGERY table, 08:30 @ !MANUAL SURGERY_IN_PROGRESS[Elsewhere]"),
    );
    check(
        &format!("{before}, 08:20 table, 08:30 +or-2, 08:30 cut@or-2"),
        &format!("{shown}, 08:20 SURGERY table, 08:30 @or-2 cut"),
    );
    check(
        &format!("{before}, 08:20 interrupted@or-1, 08:21 table"),
        &format!("{shown}, 08:20 INTERRUPTED, 08:21 !ON_TABLE[NotOpen]"),
    );
    check(
        &format!("{before}, 08:20 table, 09:00 +pre-1, 09:10 interrupted@pre-1"),
        &format!(
            "{shown}, 08:20 SURGERY table, 09:00 @pre-1 POST observed, \
             09:10 !MANUAL INTERRUPTED[State]"
        ),
    );
}

#[test]
fn buttons_that_name_a_process() {
    let before = "07:00 book s1 09:00, 08:00 +pre-1, 08:10 +or-1";
    let shown = "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 @or-1";
    let id = "ada-2026-05-15T08.00.00.000Z";
    let say = |known: &str, expected: &str| {
        // The name says when the process was first thought to begin, so order of arrival counts.
        let folded = learn(&Past::default(), &facts(&format!("{before}, {known}")));
        assert_eq!(show(&folded), format!("{shown}, {expected}"));
    };
    say(&format!("08:20 terminated@or-1={id}"), "08:20 TERMINATED");
    say(&format!("08:20 terminated@or-9={id}"), "08:20 TERMINATED");
    say("08:20 terminated@or-1", "08:20 !MANUAL TERMINATED[Unnamed]");
    say("08:20 terminated@or-1=other", "08:20 !MANUAL TERMINATED[OtherProcess]");
    say(&format!("08:20 interrupted@or-2={id}"), "08:20 !MANUAL INTERRUPTED[Elsewhere]");
    say(&format!("08:20 interrupted@or-1={id}"), "08:20 INTERRUPTED");
}

#[test]
fn emergencies() {
    check("08:00 emergency c1 or-1", "Emergency: 08:00 @or-1 SURGERY");
    check(
        "08:00 emergency c1 or-1, 08:05 table, 08:10 cut@or-1, 09:00 +pre-1, 10:00 -pre-1",
        "Emergency: 08:00 @or-1 SURGERY, 08:05 table, 08:10 cut, 09:00 @pre-1 POST observed, \
         10:00 @ TERMINATED",
    );
    check(
        "08:00 emergency c1 or-1, 08:10 anesthesia@or-1, 08:20 interrupted@or-1",
        "Emergency: 08:00 @or-1 SURGERY, 08:10 anesthesia, 08:20 INTERRUPTED",
    );
    // A booking posted later joins; the type stays.
    check(
        "08:00 emergency c1 or-1, 08:10 book s1 08:00, 09:00 +pre-1, 09:30 -pre-1, 09:40 +pre-2",
        "Emergency(s1/1): 08:00 @or-1 SURGERY, 09:00 @pre-1 POST observed, \
         09:30 @ TERMINATED, 09:40 !ENTERED pre-2[NoBooking]",
    );
    check("08:00 emergency c1 or-1, 08:10 book s1 20T08:00", "Emergency: 08:00 @or-1 SURGERY");
    // A second one does not, and a return takes none.
    check(
        "08:00 emergency c1 or-1, 08:10 book s1 08:00, 08:20 book s2 08:00",
        "Emergency(s1/1): 08:00 @or-1 SURGERY",
    );
    // The movement that the twin layer tells of it is the same entry once more.
    check("08:00 emergency c1 or-1, 08:00 +or-1", "Emergency: 08:00 @or-1 SURGERY");
}

#[test]
fn usages() {
    check(
        "07:00 book s1 09:00, 07:30 device d0, 08:00 +pre-1, 08:10 device d1, 08:20 device d1, \
         08:30 on t1@pre-1, 08:40 off t1@pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared; d1; t1=true; t1=false | 1 unattached",
    );
    // The end comes first at one instant.
    check(
        "07:00 book s1 09:00, 08:00 +pre-1, 08:10 interrupted@pre-1, 08:10 device d1, \
         08:10 on t1@pre-1",
        "s1(s1/1): 08:00 @pre-1 PRE prepared, 08:10 INTERRUPTED !DEVICE d1[NotOpen]",
    );
}
