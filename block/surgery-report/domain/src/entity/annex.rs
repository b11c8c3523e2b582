//! What stands beside a report so that it can be read by people: courses to draw, and names.
//!
//! It is kept with the version that it was read for and never compared: a room that gets another
//! name does not make another report.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

use super::{
    curve::{StayOver, StepCurves},
    process::{ProfessionalId, RoomId},
    report::NominalPeriods,
};

/// The annex of a version.
#[derive(Debug, Clone, PartialEq)]
pub struct Annex {
    /// The patient's stays, in order.
    pub stays: Vec<StayOver>,
    /// Curves of each interval of the report, in its order.
    pub curves: Vec<StepCurves>,
    /// The nominal periods that decided what a gap is.
    pub periods: NominalPeriods,
    /// Who and what is named.
    pub directory: Directory,
}

/// Names of what a report names by id, as far as anybody could tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    /// Names of rooms.
    pub rooms: BTreeMap<RoomId, String>,
    /// The professionals.
    pub people: BTreeMap<ProfessionalId, Person>,
    /// When the patient was born.
    pub birthdate: Option<Date>,
    /// What was planned.
    pub plan: Option<Plan>,
}

/// A professional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// First name.
    pub name: String,
    /// Family name.
    pub surname: String,
    /// What they do, in the words of user management; `None` when it does not say.
    pub role: Option<String>,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The beginning.
    pub start: Timestamp,
    /// How long, in minutes.
    pub minutes: u32,
}
