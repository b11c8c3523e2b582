//! Bookings in the service's own database: one document each, with what is under way for it.

use std::collections::BTreeMap;

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Find, Index, Store, StoreError, Versioned, WriteError, before,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgery_booking_integration_domain::entity::{
    Booking, Content, Process, ProcessId, Progress, SurgeryId,
};
use surgery_booking_integration_domain::usecase::{
    Attempt, Bookings, Changed, Entry, Save, StoreFailed,
};

use crate::application::record;

/// The collection: found by planned start, by process, and by whether something is left to do.
pub(crate) const BOOKINGS: CollectionSpec = CollectionSpec {
    name: "bookings",
    indexes: &[
        Index { name: "planned", fields: &["booking.content.plannedStart"], unique: false },
        Index { name: "process", fields: &["booking.processId"], unique: false },
        Index { name: "unsettled", fields: &["unsettled"], unique: false },
    ],
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryDocument {
    booking: Option<BookingDocument>,
    attempt: Option<AttemptDocument>,
    twin_to_remove: bool,
    /// An attempt, or a twin to remove.
    unsettled: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BookingDocument {
    content: ContentDocument,
    version: u32,
    #[serde(with = "instant::text")]
    posted_at: Timestamp,
    cancelled: bool,
    process_id: Option<String>,
    progress: Option<ProgressDocument>,
    heard: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ProgressDocument {
    Preparing,
    Operating,
    Ended,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttemptDocument {
    content: ContentDocument,
    adds_patient: bool,
    adds_user: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentDocument {
    kind: String,
    user: String,
    professional: String,
    patient: String,
    #[serde(with = "instant::text")]
    planned_start: Timestamp,
    theatre: Option<String>,
    minutes: u32,
}

/// The bookings of a [`Store`].
#[derive(Clone, Debug)]
pub struct StoredBookings {
    documents: Collection<EntryDocument>,
}

impl StoredBookings {
    /// The bookings of this store, which was opened with [`COLLECTIONS`](crate::COLLECTIONS).
    pub fn new(store: &Store) -> StoredBookings {
        StoredBookings { documents: store.collection(&BOOKINGS) }
    }

    /// Accepted bookings planned to begin in [from, to), cancelled ones too, by planned start, then
    /// id.
    pub(crate) async fn planned(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Booking>, StoreFailed> {
        const START: &str = "booking.content.plannedStart";
        let find = Find::all()
            .at_least(START, instant::write(from))
            .filter(before(START, instant::write(to)))
            .ascending(START);
        let rows = self.documents.find(&find).await.map_err(failed)?;
        let mut bookings = Vec::with_capacity(rows.len());
        for row in rows {
            bookings.extend(read(row)?.booking);
        }
        Ok(bookings)
    }

    async fn ids(&self, find: Find) -> Result<Vec<SurgeryId>, StoreFailed> {
        let rows = self.documents.find(&find).await.map_err(failed)?;
        rows.iter().map(|row| parsed(&row.id)).collect()
    }
}

impl Bookings for StoredBookings {
    async fn get(&self, surgery: &SurgeryId) -> Result<Option<(Entry, u64)>, StoreFailed> {
        match self.documents.get(surgery.as_str()).await.map_err(failed)? {
            None => Ok(None),
            Some(row) => {
                let version = row.version;
                Ok(Some((read(row)?, version)))
            }
        }
    }

    async fn save(
        &self,
        entry: &Entry,
        expected: Option<u64>,
        event: Option<Changed>,
    ) -> Result<Save, StoreFailed> {
        let mut outbox = Vec::new();
        if let Some(event) = event {
            outbox.push(record(event).map_err(|error| StoreFailed(Box::new(error)))?);
        }
        let (id, document) = (entry.surgery.as_str(), write(entry));
        let saved = match expected {
            None => self.documents.insert(id, &document, outbox).await,
            Some(version) => self.documents.replace(id, version, &document, outbox).await,
        };
        match saved {
            Ok(version) => Ok(Save::Done(version)),
            Err(WriteError::AlreadyExists | WriteError::Conflict) => Ok(Save::Conflict),
            Err(error) => Err(write_failed(error)),
        }
    }

    async fn remove(&self, surgery: &SurgeryId, expected: u64) -> Result<Save, StoreFailed> {
        match self.documents.delete(surgery.as_str(), Some(expected)).await {
            Ok(_) => Ok(Save::Done(0)),
            Err(WriteError::Conflict) => Ok(Save::Conflict),
            Err(error) => Err(write_failed(error)),
        }
    }

    async fn of_process(&self, process: &ProcessId) -> Result<Vec<SurgeryId>, StoreFailed> {
        self.ids(Find::all().eq("booking.processId", process.as_str())).await
    }

    async fn unsettled(&self) -> Result<Vec<SurgeryId>, StoreFailed> {
        self.ids(Find::all().eq("unsettled", true)).await
    }
}

fn write(entry: &Entry) -> EntryDocument {
    EntryDocument {
        booking: entry.booking.as_ref().map(|booking| BookingDocument {
            content: write_content(&booking.content),
            version: booking.version,
            posted_at: booking.posted_at,
            cancelled: booking.cancelled,
            process_id: booking.process.as_ref().map(|process| process.id.to_string()),
            progress: booking.process.as_ref().map(|process| match process.progress {
                Progress::Preparing => ProgressDocument::Preparing,
                Progress::Operating => ProgressDocument::Operating,
                Progress::Ended => ProgressDocument::Ended,
            }),
            heard: booking.heard.iter().map(|(id, version)| (id.to_string(), *version)).collect(),
        }),
        attempt: entry.attempt.as_ref().map(|attempt| AttemptDocument {
            content: write_content(&attempt.content),
            adds_patient: attempt.adds_patient,
            adds_user: attempt.adds_user,
        }),
        twin_to_remove: entry.twin_to_remove,
        unsettled: entry.attempt.is_some() || entry.twin_to_remove,
    }
}

fn write_content(content: &Content) -> ContentDocument {
    ContentDocument {
        kind: content.kind.as_str().to_owned(),
        user: content.user.to_string(),
        professional: content.professional.to_string(),
        patient: content.patient.to_string(),
        planned_start: content.planned_start,
        theatre: content.theatre.as_ref().map(ToString::to_string),
        minutes: content.minutes.get(),
    }
}

fn read(row: Versioned<EntryDocument>) -> Result<Entry, StoreFailed> {
    let surgery: SurgeryId = parsed(&row.id)?;
    let booking = match row.document.booking {
        None => None,
        Some(document) => {
            let mut heard = BTreeMap::new();
            for (process, version) in document.heard {
                heard.insert(parsed(&process)?, version);
            }
            let process = match (document.process_id, document.progress) {
                (Some(id), Some(progress)) => Some(Process {
                    id: parsed(&id)?,
                    progress: match progress {
                        ProgressDocument::Preparing => Progress::Preparing,
                        ProgressDocument::Operating => Progress::Operating,
                        ProgressDocument::Ended => Progress::Ended,
                    },
                }),
                _ => None,
            };
            Some(Booking {
                content: read_content(&surgery, &document.content)?,
                version: document.version,
                posted_at: document.posted_at,
                cancelled: document.cancelled,
                process,
                heard,
            })
        }
    };
    let attempt = match row.document.attempt {
        None => None,
        Some(document) => Some(Attempt {
            content: read_content(&surgery, &document.content)?,
            adds_patient: document.adds_patient,
            adds_user: document.adds_user,
        }),
    };
    Ok(Entry { surgery, booking, attempt, twin_to_remove: row.document.twin_to_remove })
}

fn read_content(surgery: &SurgeryId, document: &ContentDocument) -> Result<Content, StoreFailed> {
    Ok(Content {
        surgery: surgery.clone(),
        kind: parsed(&document.kind)?,
        user: parsed(&document.user)?,
        professional: parsed(&document.professional)?,
        patient: parsed(&document.patient)?,
        planned_start: document.planned_start,
        theatre: document.theatre.as_deref().map(parsed).transpose()?,
        minutes: document.minutes.try_into().map_err(|error| StoreFailed(Box::new(error)))?,
    })
}

/// What was valid when it was stored.
fn parsed<T>(text: &str) -> Result<T, StoreFailed>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|error| StoreFailed(Box::new(error)))
}

fn failed(error: StoreError) -> StoreFailed {
    StoreFailed(Box::new(error))
}

fn write_failed(error: WriteError) -> StoreFailed {
    match error {
        WriteError::Store(error) => failed(error),
        other => StoreFailed(Box::new(other)),
    }
}
