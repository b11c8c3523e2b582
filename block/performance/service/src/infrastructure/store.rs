//! Plans, courses and causes in the service's own database, a document each.

use std::collections::BTreeMap;

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Find, ID, Index, Store, StoreError, Versioned, WriteError,
};
use jiff::{SignedDuration, Timestamp};
use performance_domain::entity::case::Case;
use performance_domain::entity::climate::Compliance;
use performance_domain::entity::course::{Course, Span, Stay};
use performance_domain::entity::delay::Explanation;
use performance_domain::entity::plan::{
    CauseId, EmptyId, PatientId, Plan, ProcessId, Status, SurgeryId, TheatreId,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Plans by booking.
pub(crate) static PLANS: CollectionSpec = CollectionSpec {
    name: "performance_plans",
    indexes: &[Index { name: "by_start", fields: &["start"], unique: false }],
};

/// Courses by process.
pub(crate) static COURSES: CollectionSpec = CollectionSpec {
    name: "performance_courses",
    indexes: &[Index { name: "by_start", fields: &["start"], unique: false }],
};

/// Causes of delays by process.
pub(crate) static CAUSES: CollectionSpec =
    CollectionSpec { name: "performance_causes", indexes: &[] };

/// How far apart planned start, theatre entry and beginning of one case may be: a booking counts
/// within a day of its planned start.
const REACH: SignedDuration = SignedDuration::from_hours(24);

/// Causes asked for at once.
const AT_ONCE: usize = 500;

/// Why the records could not be read or written.
#[derive(Debug, Error)]
pub(crate) enum RecordsError {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refuses a write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A document holds an empty id.
    #[error(transparent)]
    Id(#[from] EmptyId),
}

/// What became of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It stands.
    Done,
    /// Somebody else was first.
    Taken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument {
    kind: String,
    patient: String,
    theatre: Option<String>,
    #[serde(with = "instant::text")]
    start: Timestamp,
    length_ms: i64,
    status: StatusDocument,
    /// Which telling this is: a booking's version grows with each reschedule, and its status
    /// changes in between.
    version: u32,
    #[serde(with = "instant::text")]
    told_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum StatusDocument {
    Booked,
    InProgress,
    Done,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CourseDocument {
    patient: String,
    surgery: Option<String>,
    kind: String,
    state: String,
    step: Option<String>,
    #[serde(with = "instant::text")]
    start: Timestamp,
    #[serde(with = "instant::option")]
    end: Option<Timestamp>,
    settled: bool,
    stays: Vec<StayDocument>,
    surgery_time: Option<SpanDocument>,
    climate: Option<ClimateDocument>,
    /// The process's version.
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StayDocument {
    theatre: String,
    #[serde(flatten)]
    span: SpanDocument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct SpanDocument {
    #[serde(with = "instant::text")]
    from: Timestamp,
    #[serde(with = "instant::option")]
    to: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "a stored length says its unit")]
struct ClimateDocument {
    in_range_ms: i64,
    known_ms: i64,
    total_ms: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct CauseDocument {
    cause: String,
    by: String,
    #[serde(with = "instant::text")]
    at: Timestamp,
}

/// The records of a [`Store`] that was opened with [`COLLECTIONS`](crate::COLLECTIONS).
#[derive(Debug, Clone)]
pub(crate) struct Records {
    plans: Collection<PlanDocument>,
    courses: Collection<CourseDocument>,
    causes: Collection<CauseDocument>,
}

impl Records {
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            plans: store.collection(&PLANS),
            courses: store.collection(&COURSES),
            causes: store.collection(&CAUSES),
        }
    }

    /// Keeps a plan unless a newer telling of it is kept.
    pub(crate) async fn keep_plan(
        &self,
        plan: &Plan,
        told: (u32, Timestamp),
    ) -> Result<(), RecordsError> {
        let document = write_plan(plan, told);
        let newer = |kept: &PlanDocument| (kept.version, kept.told_at) <= told;
        keep(&self.plans, plan.surgery.as_str(), &document, newer).await
    }

    /// Keeps a course unless a newer version of it is kept.
    pub(crate) async fn keep_course(
        &self,
        course: &Course,
        version: u64,
    ) -> Result<(), RecordsError> {
        let document = write_course(course, version);
        let newer = |kept: &CourseDocument| kept.version <= version;
        keep(&self.courses, course.process.as_str(), &document, newer).await
    }

    /// Forgets a process that, as is known by now, never was.
    pub(crate) async fn forget_course(&self, process: &str) -> Result<(), RecordsError> {
        self.courses.delete(process, None).await?;
        Ok(())
    }

    /// The cases that may belong to days within [from, to), and some around them.
    pub(crate) async fn cases(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Case>, RecordsError> {
        let from = instant::write(from.saturating_sub(REACH).unwrap_or(from));
        let to = instant::write(to.saturating_add(REACH).unwrap_or(to));
        let around = Find::all().at_least("start", from).filter(chiron_store::before("start", to));
        let plans = self.plans.find(&around).await?.into_iter().map(read_plan);
        let courses = self.courses.find(&around).await?.into_iter().map(read_course);
        let (plans, courses) =
            (plans.collect::<Result<_, _>>()?, courses.collect::<Result<Vec<_>, _>>()?);
        let mut causes = BTreeMap::new();
        for some in courses.chunks(AT_ONCE) {
            let ids = some.iter().map(|course| course.process.as_str());
            for found in self.causes.find(&Find::all().any_of(ID, ids)).await? {
                causes.insert(ProcessId::new(found.id)?, read_cause(found.document)?);
            }
        }
        Ok(Case::join(plans, courses, causes))
    }

    /// The case of a process; `None` when none is known.
    pub(crate) async fn case(&self, process: &str) -> Result<Option<Case>, RecordsError> {
        let Some(course) = self.courses.get(process).await? else { return Ok(None) };
        let course = read_course(course)?;
        let plan = match &course.surgery {
            Some(surgery) => self.plans.get(surgery.as_str()).await?.map(read_plan).transpose()?,
            None => None,
        };
        let explanation = self.cause(&course.process).await?;
        Ok(Some(Case { plan, course: Some(course), explanation }))
    }

    async fn cause(&self, process: &ProcessId) -> Result<Option<Explanation>, RecordsError> {
        let found = self.causes.get(process.as_str()).await?;
        Ok(found.map(|found| read_cause(found.document)).transpose()?)
    }

    /// Keeps why a case is late. One that stands is replaced only when `again`.
    pub(crate) async fn explain(
        &self,
        process: &str,
        explanation: &Explanation,
        again: bool,
    ) -> Result<Kept, RecordsError> {
        let document = CauseDocument {
            cause: explanation.cause.as_str().to_owned(),
            by: explanation.by.clone(),
            at: explanation.at,
        };
        if again {
            self.causes.put(process, &document, Vec::new()).await?;
            return Ok(Kept::Done);
        }
        match self.causes.insert(process, &document, Vec::new()).await {
            Ok(_) => Ok(Kept::Done),
            Err(WriteError::AlreadyExists) => Ok(Kept::Taken),
            Err(error) => Err(error.into()),
        }
    }
}

/// Writes a document unless what is kept is newer, or the same. Another replica that writes at the
/// same time is looked at again.
async fn keep<T: Serialize + DeserializeOwned + PartialEq + Send + Sync + 'static>(
    documents: &Collection<T>,
    id: &str,
    document: &T,
    newer: impl Fn(&T) -> bool,
) -> Result<(), RecordsError> {
    loop {
        let written = match documents.get(id).await? {
            None => documents.insert(id, document, Vec::new()).await,
            Some(kept) if kept.document == *document || !newer(&kept.document) => return Ok(()),
            Some(kept) => documents.replace(id, kept.version, document, Vec::new()).await,
        };
        match written {
            Ok(_) => return Ok(()),
            Err(WriteError::AlreadyExists | WriteError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn write_plan(plan: &Plan, (version, told_at): (u32, Timestamp)) -> PlanDocument {
    PlanDocument {
        kind: plan.kind.clone(),
        patient: plan.patient.as_str().to_owned(),
        theatre: plan.theatre.as_ref().map(|theatre| theatre.as_str().to_owned()),
        start: plan.start,
        length_ms: milliseconds(plan.length),
        status: match plan.status {
            Status::Booked => StatusDocument::Booked,
            Status::InProgress => StatusDocument::InProgress,
            Status::Done => StatusDocument::Done,
            Status::Cancelled => StatusDocument::Cancelled,
        },
        version,
        told_at,
    }
}

fn read_plan(row: Versioned<PlanDocument>) -> Result<Plan, EmptyId> {
    let document = row.document;
    Ok(Plan {
        surgery: SurgeryId::new(row.id)?,
        kind: document.kind,
        patient: PatientId::new(document.patient)?,
        theatre: document.theatre.map(TheatreId::new).transpose()?,
        start: document.start,
        length: SignedDuration::from_millis(document.length_ms),
        status: match document.status {
            StatusDocument::Booked => Status::Booked,
            StatusDocument::InProgress => Status::InProgress,
            StatusDocument::Done => Status::Done,
            StatusDocument::Cancelled => Status::Cancelled,
        },
    })
}

fn read_cause(document: CauseDocument) -> Result<Explanation, EmptyId> {
    let CauseDocument { cause, by, at } = document;
    Ok(Explanation { cause: CauseId::new(cause)?, by, at })
}

fn write_course(course: &Course, version: u64) -> CourseDocument {
    let stay = |stay: &Stay| StayDocument {
        theatre: stay.theatre.as_str().to_owned(),
        span: stay.span.into(),
    };
    let climate = |climate: Compliance| ClimateDocument {
        in_range_ms: milliseconds(climate.in_range),
        known_ms: milliseconds(climate.known),
        total_ms: milliseconds(climate.total),
    };
    CourseDocument {
        patient: course.patient.as_str().to_owned(),
        surgery: course.surgery.as_ref().map(|surgery| surgery.as_str().to_owned()),
        kind: course.kind.clone(),
        state: course.state.clone(),
        step: course.step.clone(),
        start: course.start,
        end: course.end,
        settled: course.settled,
        stays: course.stays.iter().map(stay).collect(),
        surgery_time: course.surgery_time.map(SpanDocument::from),
        climate: course.climate.map(climate),
        version,
    }
}

fn read_course(row: Versioned<CourseDocument>) -> Result<Course, EmptyId> {
    let document = row.document;
    let stay = |stay: StayDocument| {
        Ok(Stay { theatre: TheatreId::new(stay.theatre)?, span: stay.span.into() })
    };
    let climate = |climate: ClimateDocument| Compliance {
        in_range: SignedDuration::from_millis(climate.in_range_ms),
        known: SignedDuration::from_millis(climate.known_ms),
        total: SignedDuration::from_millis(climate.total_ms),
    };
    Ok(Course {
        process: ProcessId::new(row.id)?,
        patient: PatientId::new(document.patient)?,
        surgery: document.surgery.map(SurgeryId::new).transpose()?,
        kind: document.kind,
        state: document.state,
        step: document.step,
        start: document.start,
        end: document.end,
        settled: document.settled,
        stays: document.stays.into_iter().map(stay).collect::<Result<_, _>>()?,
        surgery_time: document.surgery_time.map(Span::from),
        climate: document.climate.map(climate),
    })
}

impl From<Span> for SpanDocument {
    fn from(span: Span) -> Self {
        Self { from: span.from, to: span.to }
    }
}

impl From<SpanDocument> for Span {
    fn from(span: SpanDocument) -> Self {
        Self { from: span.from, to: span.to }
    }
}

/// Instants have milliseconds, and so do lengths between them.
fn milliseconds(length: SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
