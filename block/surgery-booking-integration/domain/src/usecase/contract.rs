//! The suites that every implementation of the ports passes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a suite answers")]

use super::{
    Attempt, Bookings, Changed, Entry, Patient, Save, Surroundings, Twins, TwinsFailed, User,
};
use crate::entity::{Booking, Content, Process, Progress};

/// An invented booking with this id, for `patient-7` with tax code `VRDLCU85T10A562S`, by `hp-7`,
/// planned for this hour (0 to 23) of 15 May 2026.
pub fn content(surgery: &str, hour: u32) -> Content {
    Content {
        surgery: surgery.parse().unwrap(),
        kind: "Appendectomy".parse().unwrap(),
        user: "VRDLCU85T10A562S".parse().unwrap(),
        professional: "hp-7".parse().unwrap(),
        patient: "patient-7".parse().unwrap(),
        planned_start: format!("2026-05-15T{hour:02}:00:00Z").parse().unwrap(),
        theatre: None,
        minutes: 90.try_into().unwrap(),
    }
}

/// Checks every promise of [`Bookings`] on an empty one.
pub async fn check_bookings(bookings: &impl Bookings) {
    let attempt = Attempt { content: content("s-1", 8), adds_patient: true, adds_user: false };
    let mut entry = Entry {
        surgery: "s-1".parse().unwrap(),
        booking: None,
        attempt: Some(attempt),
        twin_to_remove: false,
    };
    assert_eq!(bookings.get(&entry.surgery).await.unwrap(), None);
    assert_eq!(bookings.save(&entry, Some(1), None).await.unwrap(), Save::Conflict);
    let Save::Done(first) = bookings.save(&entry, None, None).await.unwrap() else { panic!() };
    assert_eq!(bookings.save(&entry, None, None).await.unwrap(), Save::Conflict);
    assert_eq!(bookings.get(&entry.surgery).await.unwrap(), Some((entry.clone(), first)));
    assert_eq!(bookings.unsettled().await.unwrap(), [entry.surgery.clone()]);

    let at = "2026-05-01T10:00:00.123Z".parse().unwrap();
    let mut booking = Booking::posted(
        Content { theatre: Some("or-1".parse().unwrap()), ..content("s-1", 8) },
        at,
    );
    let process: crate::entity::ProcessId = "p-1".parse().unwrap();
    booking.process = Some(Process { id: process.clone(), progress: Progress::Preparing });
    booking.heard.insert(process.clone(), 3);
    let event = Changed { booking: booking.clone(), at, id: "s-1-1".to_owned() };
    entry.booking = Some(booking);
    entry.attempt = None;
    let Save::Done(second) = bookings.save(&entry, Some(first), Some(event)).await.unwrap() else {
        panic!()
    };
    assert!(first < second);
    assert_eq!(bookings.save(&entry, Some(first), None).await.unwrap(), Save::Conflict);
    assert_eq!(bookings.get(&entry.surgery).await.unwrap(), Some((entry.clone(), second)));
    assert!(bookings.unsettled().await.unwrap().is_empty());
    assert_eq!(bookings.of_process(&process).await.unwrap(), [entry.surgery.clone()]);
    assert!(bookings.of_process(&"p-2".parse().unwrap()).await.unwrap().is_empty());

    entry.twin_to_remove = true;
    let Save::Done(third) = bookings.save(&entry, Some(second), None).await.unwrap() else {
        panic!()
    };
    assert_eq!(bookings.unsettled().await.unwrap(), [entry.surgery.clone()]);
    assert_eq!(bookings.remove(&entry.surgery, second).await.unwrap(), Save::Conflict);
    assert_eq!(bookings.remove(&entry.surgery, third).await.unwrap(), Save::Done(0));
    assert_eq!(bookings.remove(&entry.surgery, third).await.unwrap(), Save::Done(0));
    assert_eq!(bookings.get(&entry.surgery).await.unwrap(), None);
}

/// Checks every promise of [`Twins`] on a graph that holds `hp-7`, `hp-8` and the theatre `or-1`,
/// while patient management knows `VRDLCU85T10A562S`.
pub async fn check_twins(twins: &impl Twins) {
    let first = Content { theatre: Some("or-1".parse().unwrap()), ..content("s-1", 8) };
    let around = twins.surroundings(&first).await.unwrap();
    assert_eq!((around.professional, around.theatre), (true, true));
    assert!(matches!(around.user, User::Person { .. }), "{around:?}");
    assert_eq!(around.patient, Patient::New);
    let nobody = Content {
        user: "NOBODY".parse().unwrap(),
        professional: "hp-9".parse().unwrap(),
        ..content("s-9", 8)
    };
    let unknown = twins.surroundings(&nobody).await.unwrap();
    assert_eq!((unknown.professional, unknown.user), (false, User::Unknown));
    let refused = twins.put_booking(&nobody, None).await;
    assert!(matches!(refused, Err(TwinsFailed::Refused(_))), "{refused:?}");
    twins.remove_booking(&nobody.surgery, None).await.unwrap();

    // Everything twice: the second time changes nothing.
    for _ in 0..2 {
        twins.put_people(&first, &around, None).await.unwrap();
        twins.put_booking(&first, None).await.unwrap();
    }
    let known = Surroundings {
        user: User::Twin,
        patient: Patient::Of(first.user.clone()),
        ..around.clone()
    };
    assert_eq!(twins.surroundings(&first).await.unwrap(), known);
    // Another professional takes over; nothing of the former one is left behind to be refused.
    let moved = Content { professional: "hp-8".parse().unwrap(), ..first.clone() };
    twins.put_booking(&moved, None).await.unwrap();

    // People whom another booking uses stay.
    let second = content("s-2", 9);
    twins.put_booking(&second, None).await.unwrap();
    let attempt = Attempt { content: first.clone(), adds_patient: true, adds_user: true };
    for _ in 0..2 {
        twins.remove_booking(&first.surgery, None).await.unwrap();
        twins.remove_people(&attempt).await.unwrap();
    }
    assert_eq!(twins.surroundings(&first).await.unwrap(), known);
    // And go when nobody does.
    for _ in 0..2 {
        twins.remove_booking(&second.surgery, None).await.unwrap();
        twins.remove_people(&attempt).await.unwrap();
    }
    assert_eq!(twins.surroundings(&first).await.unwrap(), around);
}
