//! Reports in the service's database.
//!
//! Three collections: what the list shows of each report (the head, which also says which version
//! is the newest), every version of the content, and the additions. The list never reads content,
//! and no document grows with a report's history.
//!
//! Filing a version writes two documents, and the order makes it one step for readers: the version
//! is written first, where nobody looks yet, then the head is moved on if nobody else has moved
//! it. A crash in between leaves a version without a head, which the next attempt overwrites.

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Cursor, Find, Index, Store, StoreError as Failure, WriteError, eq,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use surgery_report_domain::{
    entity::{process::ProcessId, report::Report},
    usecase::{Addition, FileError, Filed, ReportStore, StoreError},
};

use crate::application::report::{ReportEntryV1, ReportV1};

/// What the list shows, by process.
pub(crate) static HEADS: CollectionSpec = CollectionSpec {
    name: "surgery_reports",
    indexes: &[Index {
        name: "shown_by_date",
        fields: &["withdrawn", "entry.surgeryDate"],
        unique: false,
    }],
};

/// Every version of every report, by process and number.
pub(crate) static VERSIONS: CollectionSpec =
    CollectionSpec { name: "surgery_report_versions", indexes: &[] };

/// What people added, by process and number.
pub(crate) static ADDITIONS: CollectionSpec = CollectionSpec {
    name: "surgery_report_additions",
    indexes: &[Index { name: "numbered", fields: &["processId", "number"], unique: true }],
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeadRowV1 {
    /// The newest version.
    version: u32,
    withdrawn: bool,
    pub(crate) entry: ReportEntryV1,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionRowV1 {
    version: u32,
    #[serde(with = "instant::text")]
    filed_at: Timestamp,
    withdrawn: bool,
    report: ReportV1,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdditionRowV1 {
    process_id: String,
    number: u32,
    author: String,
    #[serde(with = "instant::text")]
    at: Timestamp,
    text: String,
}

/// A page of the list.
pub(crate) struct Page {
    pub(crate) entries: Vec<ReportEntryV1>,
    pub(crate) total: u64,
    pub(crate) next: Option<Cursor>,
}

/// The reports.
#[derive(Debug, Clone)]
pub struct StoredReports {
    heads: Collection<HeadRowV1>,
    versions: Collection<VersionRowV1>,
    additions: Collection<AdditionRowV1>,
}

impl StoredReports {
    /// The reports of a store that was opened with the service's collections.
    pub fn new(store: &Store) -> Self {
        Self {
            heads: store.collection(&HEADS),
            versions: store.collection(&VERSIONS),
            additions: store.collection(&ADDITIONS),
        }
    }

    /// Reports that are not withdrawn, by date and id.
    pub(crate) async fn page(&self, limit: usize, after: Option<Cursor>) -> Result<Page, Failure> {
        let total = self.heads.count(&[eq("withdrawn", false)]).await?;
        let query = Find::all().eq("withdrawn", false).ascending("entry.surgeryDate").after(after);
        let mut rows = self.heads.find(&query.clone().limit(limit.saturating_add(1))).await?;
        let more = limit < rows.len();
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if more => Some(query.cursor(last)?),
            _ => None,
        };
        Ok(Page { entries: rows.into_iter().map(|row| row.document.entry).collect(), total, next })
    }

    /// The newest version with the newest addition; `None` for an unknown or withdrawn report.
    pub(crate) async fn shown(&self, process: &str) -> Result<Option<ReportV1>, Failure> {
        let Some(row) = self.newest_row(process).await? else { return Ok(None) };
        if row.withdrawn {
            return Ok(None);
        }
        let mut report = row.report;
        if let Some(addition) = self.newest_addition_row(process).await? {
            report.additional_data = addition.text;
        }
        Ok(Some(report))
    }

    /// Whether a report is shown that may still change.
    pub(crate) async fn is_unsettled(&self, process: &str) -> Result<bool, Failure> {
        let head = self.heads.get(process).await?.map(|head| head.document);
        Ok(head.is_some_and(|head| !head.withdrawn && !head.entry.settled))
    }

    /// Whether a report is shown.
    pub(crate) async fn is_shown(&self, process: &str) -> Result<bool, Failure> {
        let head = self.heads.get(process).await?;
        Ok(head.is_some_and(|head| !head.document.withdrawn))
    }

    async fn newest_row(&self, process: &str) -> Result<Option<VersionRowV1>, Failure> {
        let Some(head) = self.heads.get(process).await? else { return Ok(None) };
        let id = version_id(process, head.document.version);
        match self.versions.get(&id).await? {
            Some(row) => Ok(Some(row.document)),
            // Versions are written before heads and never deleted.
            None => Err(Failure::Decode {
                collection: VERSIONS.name,
                source: serde::de::Error::custom("the version that the head names is missing"),
            }),
        }
    }

    async fn newest_addition_row(&self, process: &str) -> Result<Option<AdditionRowV1>, Failure> {
        let newest = Find::all().eq("processId", process).descending("number").limit(1);
        Ok(self.additions.find(&newest).await?.into_iter().next().map(|row| row.document))
    }
}

/// Ids end in ten digits of the number, so no two pairs share one.
fn version_id(process: &str, number: u32) -> String {
    format!("{process}/{number:010}")
}

impl ReportStore for StoredReports {
    async fn newest(&self, process: &ProcessId) -> Result<Option<Filed>, StoreError> {
        let Some(row) = self.newest_row(process.as_str()).await.map_err(failed)? else {
            return Ok(None);
        };
        let VersionRowV1 { version, filed_at, withdrawn, report } = row;
        let report = Report::try_from(&report).map_err(|error| StoreError(error.into()))?;
        Ok(Some(Filed { version, at: filed_at, withdrawn, report }))
    }

    async fn file(&self, filed: Filed) -> Result<(), FileError> {
        let process = filed.report.process.as_str().to_owned();
        let head = self.heads.get(&process).await.map_err(failed)?;
        if filed.version != head.as_ref().map_or(0, |head| head.document.version) + 1 {
            return Err(FileError::Conflict);
        }
        let report = ReportV1::from(&filed.report);
        let Filed { version, at, withdrawn, .. } = filed;
        let row = HeadRowV1 { version, withdrawn, entry: ReportEntryV1::from(&report) };
        let content = VersionRowV1 { version, filed_at: at, withdrawn, report };
        let id = version_id(&process, version);
        self.versions.put(&id, &content, Vec::new()).await.map_err(refused)?;
        let moved = match head {
            None => self.heads.insert(&process, &row, Vec::new()).await,
            Some(head) => self.heads.replace(&process, head.version, &row, Vec::new()).await,
        };
        moved.map(drop).map_err(refused)
    }

    async fn newest_addition(&self, process: &ProcessId) -> Result<Option<Addition>, StoreError> {
        let newest = self.newest_addition_row(process.as_str()).await.map_err(failed)?;
        Ok(newest.map(|row| Addition {
            number: row.number,
            author: row.author,
            at: row.at,
            text: row.text,
        }))
    }

    async fn add(&self, process: &ProcessId, addition: Addition) -> Result<(), FileError> {
        let Addition { number, author, at, text } = addition;
        let process_id = process.as_str().to_owned();
        let row = AdditionRowV1 { process_id, number, author, at, text };
        let id = version_id(process.as_str(), number);
        self.additions.insert(&id, &row, Vec::new()).await.map(drop).map_err(refused)
    }
}

fn failed(error: Failure) -> StoreError {
    StoreError(error.into())
}

fn refused(error: WriteError) -> FileError {
    match error {
        WriteError::AlreadyExists | WriteError::Duplicate { .. } | WriteError::Conflict => {
            FileError::Conflict
        }
        WriteError::Store(error) => FileError::Store(failed(error)),
        error => FileError::Store(StoreError(error.into())),
    }
}
