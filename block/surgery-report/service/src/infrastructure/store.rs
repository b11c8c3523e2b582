//! Reports in the service's database.
//!
//! A report is a history of lines, each small, that name what they are about: content, sheet,
//! pages of curves and texts are documents of their own, named by the digest of what is in them,
//! so that they are written once, never change and are shared by the versions that have them.
//!
//! The newest line stands in the head, and the head is what is replaced on condition: that one
//! write is the change, with the events that tell of it. Before the next change the line is copied
//! into the history, which whoever comes first may do, since it is the same line for everybody. A
//! crash anywhere leaves documents that nobody names, or a line that is copied once more. The list
//! of reports reads heads only, and no document grows with a report's history.

use chiron_clock::instant;
use chiron_store::{
    Collection, CollectionSpec, Cursor, Find, Index, Store, StoreError as Failure, Versioned, eq,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use surgery_report_domain::entity::annex::Annex;

use crate::application::{
    annex::{PageV1, SheetV1},
    report::{MissingV1, ReportEntryV1, ReportV1},
};

/// What the list shows, and the newest line, by process.
pub(crate) static HEADS: CollectionSpec = CollectionSpec {
    name: "surgery_reports",
    indexes: &[Index {
        name: "shown_by_date",
        fields: &["withdrawn", "entry.surgeryDate"],
        unique: false,
    }],
};

/// Every line but the newest one, by process and revision.
pub(crate) static LINES: CollectionSpec = CollectionSpec {
    name: "surgery_report_lines",
    indexes: &[Index { name: "in_order", fields: &["processId", "revision"], unique: true }],
};

/// Contents of versions, by process and digest.
pub(crate) static CONTENTS: CollectionSpec =
    CollectionSpec { name: "surgery_report_contents", indexes: &[] };

/// Names and stays beside contents, by process and digest.
pub(crate) static SHEETS: CollectionSpec =
    CollectionSpec { name: "surgery_report_sheets", indexes: &[] };

/// Curves of intervals, by process and digest.
pub(crate) static PAGES: CollectionSpec =
    CollectionSpec { name: "surgery_report_pages", indexes: &[] };

/// What people added, by process and digest.
pub(crate) static TEXTS: CollectionSpec =
    CollectionSpec { name: "surgery_report_texts", indexes: &[] };

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeadRowV1 {
    pub(crate) withdrawn: bool,
    pub(crate) entry: ReportEntryV1,
    pub(crate) newest: LineRowV1,
}

/// What happened to a report, and what it is since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineRowV1 {
    pub(crate) process_id: String,
    pub(crate) revision: u32,
    pub(crate) version: u32,
    #[serde(with = "instant::text")]
    pub(crate) at: Timestamp,
    pub(crate) kind: KindV1,
    /// Who did it; null when the process itself changed.
    pub(crate) author: Option<AuthorRowV1>,
    /// When the content was filed.
    #[serde(with = "instant::text")]
    pub(crate) filed_at: Timestamp,
    pub(crate) content: String,
    pub(crate) sheet: String,
    /// The newest text; null while there is none.
    pub(crate) text: Option<String>,
    /// The signature under the content; null while there is none.
    pub(crate) signature: Option<SignatureRowV1>,
    pub(crate) settled: bool,
    pub(crate) complete: bool,
    pub(crate) missing: Vec<MissingV1>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum KindV1 {
    /// The process changed, and the content with it.
    Composed,
    /// Somebody had it read its sources again.
    Regenerated,
    /// Somebody added a text.
    Addition,
    /// Somebody signed.
    Signature,
    /// The process turned out not to exist.
    Withdrawn,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorRowV1 {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignatureRowV1 {
    pub(crate) version: u32,
    pub(crate) author: AuthorRowV1,
    #[serde(with = "instant::text")]
    pub(crate) at: Timestamp,
    pub(crate) content_hash: String,
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
    pub(crate) heads: Collection<HeadRowV1>,
    pub(crate) lines: Collection<LineRowV1>,
    pub(crate) contents: Collection<ReportV1>,
    pub(crate) sheets: Collection<SheetV1>,
    pub(crate) pages: Collection<PageV1>,
    pub(crate) texts: Collection<String>,
}

impl StoredReports {
    /// The reports of a store that was opened with the service's collections.
    pub fn new(store: &Store) -> Self {
        Self {
            heads: store.collection(&HEADS),
            lines: store.collection(&LINES),
            contents: store.collection(&CONTENTS),
            sheets: store.collection(&SHEETS),
            pages: store.collection(&PAGES),
            texts: store.collection(&TEXTS),
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

    /// The head of a report, withdrawn or not.
    pub(crate) async fn head(
        &self,
        process: &str,
    ) -> Result<Option<Versioned<HeadRowV1>>, Failure> {
        self.heads.get(process).await
    }

    /// The newest line of a report that is shown.
    pub(crate) async fn shown(&self, process: &str) -> Result<Option<LineRowV1>, Failure> {
        let head = self.head(process).await?.map(|head| head.document);
        Ok(head.filter(|head| !head.withdrawn).map(|head| head.newest))
    }

    /// Everything that happened to a report, in order; empty when there never was one.
    pub(crate) async fn all_lines(&self, process: &str) -> Result<Vec<LineRowV1>, Failure> {
        let Some(head) = self.head(process).await? else { return Ok(Vec::new()) };
        let newest = head.document.newest;
        let query = Find::all().eq("processId", process).ascending("revision");
        let mut lines: Vec<_> =
            self.lines.find(&query).await?.into_iter().map(|row| row.document).collect();
        // Copied since the head was read, or about to be copied: the head's own counts.
        lines.retain(|line| line.revision < newest.revision);
        lines.push(newest);
        Ok(lines)
    }

    /// The report as a line left it, with the text that was the newest then.
    pub(crate) async fn report_at(&self, line: &LineRowV1) -> Result<ReportV1, Failure> {
        let mut report = self.content(line).await?;
        if let Some(text) = self.text(line).await? {
            report.additional_data = text;
        }
        Ok(report)
    }

    /// The content that a line names.
    pub(crate) async fn content(&self, line: &LineRowV1) -> Result<ReportV1, Failure> {
        named(&self.contents, &CONTENTS, &line.process_id, &line.content).await
    }

    /// The text that was the newest at a line.
    pub(crate) async fn text(&self, line: &LineRowV1) -> Result<Option<String>, Failure> {
        match &line.text {
            None => Ok(None),
            Some(text) => named(&self.texts, &TEXTS, &line.process_id, text).await.map(Some),
        }
    }

    /// What the content of a line is drawn and named with.
    pub(crate) async fn annex(&self, line: &LineRowV1) -> Result<Annex, Failure> {
        let process = &line.process_id;
        let sheet = named(&self.sheets, &SHEETS, process, &line.sheet).await?;
        let mut pages = Vec::new();
        for page in &sheet.pages {
            pages.push(named(&self.pages, &PAGES, process, page).await?);
        }
        sheet.annex(pages).map_err(|error| Failure::Decode {
            collection: SHEETS.name,
            source: serde::de::Error::custom(error),
        })
    }

    /// Whether a report is shown that may still change.
    pub(crate) async fn is_unsettled(&self, process: &str) -> Result<bool, Failure> {
        Ok(self.shown(process).await?.is_some_and(|line| !line.settled))
    }

    /// Whether a report is shown.
    pub(crate) async fn is_shown(&self, process: &str) -> Result<bool, Failure> {
        Ok(self.shown(process).await?.is_some())
    }
}

/// A document that a line names. They are written before lines and never deleted.
async fn named<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    collection: &Collection<T>,
    spec: &'static CollectionSpec,
    process: &str,
    digest: &str,
) -> Result<T, Failure> {
    match collection.get(&document_id(process, digest)).await? {
        Some(found) => Ok(found.document),
        None => Err(Failure::Decode {
            collection: spec.name,
            source: serde::de::Error::custom("a document that a line names is missing"),
        }),
    }
}

/// Digests have one length, so no two pairs share an id.
pub(crate) fn document_id(process: &str, digest: &str) -> String {
    format!("{process}/{digest}")
}

/// Ids end in ten digits of the number, so no two pairs share one.
pub(crate) fn line_id(process: &str, revision: u32) -> String {
    format!("{process}/{revision:010}")
}
