//! Which booking counts: the one a patient has come for.
//!
//! A version of a booking counts from when it was posted until it is rescheduled or called off,
//! within a day of its planned start, and once only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::fact::{Booked, Fact, FactKind, PatientId, SurgeryId};

/// How far from its planned start a booking counts, in both directions, inclusive.
pub const REACH: SignedDuration = SignedDuration::from_hours(24);

/// One version of a booking: what a process uses up.
pub type Version = (SurgeryId, u32);

/// The bookings of one patient as they were at any instant.
#[derive(Debug, Clone)]
pub struct Bookings<'a> {
    patient: &'a PatientId,
    versions: BTreeMap<SurgeryId, BTreeMap<u32, (Timestamp, &'a Booked)>>,
    cancelled: BTreeMap<SurgeryId, Timestamp>,
}

impl<'a> Bookings<'a> {
    /// Collects them from facts in any order. Of one version told with several times, and of
    /// several cancellations, the earliest counts.
    pub fn of(patient: &'a PatientId, facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut bookings = Self { patient, versions: BTreeMap::new(), cancelled: BTreeMap::new() };
        for fact in facts {
            match &fact.kind {
                FactKind::Booked(booked) => {
                    let known = bookings
                        .versions
                        .entry(booked.surgery.clone())
                        .or_default()
                        .entry(booked.version)
                        .or_insert((fact.at, booked));
                    known.0 = known.0.min(fact.at);
                }
                FactKind::Cancelled { surgery } => {
                    let known = bookings.cancelled.entry(surgery.clone()).or_insert(fact.at);
                    *known = fact.at.min(*known);
                }
                FactKind::Emergency { .. }
                | FactKind::Left { .. }
                | FactKind::Entered { .. }
                | FactKind::OnTable
                | FactKind::Manual { .. }
                | FactKind::Device { .. }
                | FactKind::Technology { .. } => {}
            }
        }
        bookings
    }

    /// The booking that counts at an instant and is not used up: of several the one with the
    /// nearest planned start, then the earlier start, then the lesser id.
    pub fn counting_at(&self, at: Timestamp, used: &BTreeSet<Version>) -> Option<&'a Booked> {
        self.versions
            .values()
            .flat_map(BTreeMap::values)
            .map(|(_, booked)| *booked)
            .filter(|booked| self.counts(booked, at))
            .filter(|booked| !used.contains(&(booked.surgery.clone(), booked.version)))
            .min_by_key(|booked| {
                let away = at.duration_since(booked.planned).abs();
                (away, booked.planned, booked.surgery.clone())
            })
    }

    fn counts(&self, booked: &Booked, at: Timestamp) -> bool {
        let Some(versions) = self.versions.get(&booked.surgery) else { return false };
        let posted = versions.get(&booked.version).is_some_and(|(from, _)| *from <= at);
        let replaced = versions.range(booked.version + 1..).any(|(_, (from, _))| *from <= at);
        let cancelled = self.cancelled.get(&booked.surgery).is_some_and(|from| *from <= at);
        let near = at.duration_since(booked.planned).abs() <= REACH;
        posted && !replaced && !cancelled && near && booked.patient == *self.patient
    }
}
