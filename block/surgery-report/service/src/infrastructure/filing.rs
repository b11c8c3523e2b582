//! Changing reports in the service's database, and telling of it.

use std::fmt::Write as _;

use block_language::surgery_report::{
    ReportAct, ReportAddition, ReportSignature, SurgeryReportEvent,
};
use chiron_store::{Collection, StoreError as Failure, Versioned, WriteError};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use surgery_report_domain::{
    entity::{process::ProcessId, report::Report},
    usecase::{
        Act, Author, Change, Composed, FileError, Filed, Line, ReportStore, Signature, StoreError,
    },
};

use crate::{
    application::{
        annex::{PageV1, SheetV1},
        report::{ReportEntryV1, ReportV1},
    },
    infrastructure::store::{
        AuthorRowV1, HeadRowV1, KindV1, LineRowV1, SignatureRowV1, StoredReports, document_id,
        line_id,
    },
};

/// What a change names, once it is written.
struct Documents {
    content: String,
    sheet: String,
    entry: ReportEntryV1,
}

impl StoredReports {
    /// Writes content and annex where nobody looks yet. Idempotent: the same is the same document.
    async fn write(&self, composed: &Composed) -> Result<Documents, FileError> {
        let process = composed.report.process.as_str();
        let mut pages = Vec::new();
        let mut curves = Sha256::new();
        for page in &composed.annex.curves {
            let page = keep(&self.pages, process, &PageV1::of(page)).await?;
            curves.update(&page);
            pages.push(page);
        }
        let sheet = keep(&self.sheets, process, &SheetV1::of(&composed.annex, pages)).await?;
        let mut report = ReportV1::from(&composed.report);
        report.curves_digest = hex(&curves.finalize());
        let content = keep(&self.contents, process, &report).await?;
        Ok(Documents { content, sheet, entry: ReportEntryV1::from(&report) })
    }

    /// The line behind another, or the first one.
    async fn line(
        &self,
        process: &str,
        before: Option<&HeadRowV1>,
        at: Timestamp,
        change: Change,
    ) -> Result<HeadRowV1, FileError> {
        let newest = before.map(|head| &head.newest);
        let revision = newest.map_or(0, |line| line.revision) + 1;
        if let Change::Compose { composed, by } = change {
            let Documents { content, sheet, entry } = self.write(&composed).await?;
            let line = LineRowV1 {
                process_id: process.to_owned(),
                revision,
                version: newest.map_or(0, |line| line.version) + 1,
                at,
                kind: if by.is_some() { KindV1::Regenerated } else { KindV1::Composed },
                author: by.map(AuthorRowV1::from),
                filed_at: at,
                content,
                sheet,
                text: newest.and_then(|line| line.text.clone()),
                signature: None,
                settled: entry.settled,
                complete: entry.complete,
                missing: entry.missing.clone(),
            };
            return Ok(HeadRowV1 { withdrawn: false, entry, newest: line });
        }
        // Nothing but content begins a report.
        let mut head = before.cloned().ok_or(FileError::Conflict)?;
        let line = &mut head.newest;
        (line.revision, line.at) = (revision, at);
        match change {
            Change::Sign { author, fingerprint } => {
                let author = AuthorRowV1::from(author);
                line.kind = KindV1::Signature;
                line.author = Some(author.clone());
                let (version, content_hash) = (line.version, fingerprint);
                line.signature = Some(SignatureRowV1 { version, author, at, content_hash });
            }
            Change::Add { author, text } => {
                line.version += 1;
                line.kind = KindV1::Addition;
                line.author = Some(author.into());
                line.text = Some(keep(&self.texts, process, &text).await?);
            }
            Change::Withdraw | Change::Compose { .. } => {
                line.version += 1;
                line.kind = KindV1::Withdrawn;
                line.author = None;
                line.filed_at = at;
                head.withdrawn = true;
            }
        }
        Ok(head)
    }
}

impl ReportStore for StoredReports {
    async fn newest(&self, process: &ProcessId) -> Result<Option<Filed>, StoreError> {
        let Some(head) = self.head(process.as_str()).await.map_err(failed)? else {
            return Ok(None);
        };
        let HeadRowV1 { withdrawn, newest, .. } = head.document;
        let content = self.content(&newest).await.map_err(failed)?;
        let report = Report::try_from(&content).map_err(|error| StoreError(error.into()))?;
        Ok(Some(Filed {
            revision: newest.revision,
            version: newest.version,
            at: newest.filed_at,
            withdrawn,
            report,
            signature: newest.signature.map(Signature::from),
        }))
    }

    async fn append(
        &self,
        process: &ProcessId,
        after: u32,
        at: Timestamp,
        change: Change,
    ) -> Result<(), FileError> {
        let process = process.as_str();
        let before = self.head(process).await.map_err(failed)?;
        let revision = before.as_ref().map_or(0, |head| head.document.newest.revision);
        if revision != after {
            return Err(FileError::Conflict);
        }
        if let Some(Versioned { document: head, .. }) = &before {
            let id = line_id(process, head.newest.revision);
            self.lines.put(&id, &head.newest, Vec::new()).await.map_err(refused)?;
        }
        let head = self.line(process, before.as_ref().map(|it| &it.document), at, change).await?;
        let events = match event(&head) {
            None => Vec::new(),
            Some(event) => {
                let id = format!("{process}/report/{}", head.newest.revision);
                let record = event.into_record(&id, crate::NAME);
                vec![record.map_err(|error| StoreError(error.into()))?]
            }
        };
        let moved = match before {
            None => self.heads.insert(process, &head, events).await,
            Some(before) => self.heads.replace(process, before.version, &head, events).await,
        };
        moved.map(drop).map_err(refused)
    }

    async fn history(&self, process: &ProcessId) -> Result<Vec<Line>, StoreError> {
        let mut history = Vec::new();
        for line in self.all_lines(process.as_str()).await.map_err(failed)? {
            let author = || Author::from(line.author.clone().unwrap_or_default());
            let act = match line.kind {
                KindV1::Composed => Act::Composed(None),
                KindV1::Regenerated => Act::Composed(Some(author())),
                KindV1::Withdrawn => Act::Withdrawn,
                KindV1::Addition => {
                    let text = self.text(&line).await.map_err(failed)?;
                    Act::Added(author(), text.unwrap_or_default())
                }
                KindV1::Signature => {
                    let hash = line.signature.as_ref().map(|it| it.content_hash.clone());
                    Act::Signed(author(), hash.unwrap_or_default())
                }
            };
            let LineRowV1 { revision, version, at, .. } = line;
            history.push(Line { revision, version, at, act });
        }
        Ok(history)
    }

    async fn fingerprint(&self, process: &ProcessId) -> Result<Option<String>, StoreError> {
        let Some(head) = self.head(process.as_str()).await.map_err(failed)? else {
            return Ok(None);
        };
        let report = self.report_at(&head.document.newest).await.map_err(failed)?;
        // The bytes that the route of the version answers.
        let bytes = serde_json::to_vec(&report).map_err(|error| StoreError(error.into()))?;
        Ok(Some(hex(&Sha256::digest(&bytes))))
    }
}

/// What a change tells others; `None` when they learn of it elsewhere.
fn event(head: &HeadRowV1) -> Option<SurgeryReportEvent> {
    let (line, entry) = (&head.newest, &head.entry);
    let (process_id, patient_id) = (line.process_id.clone(), entry.patient_id.clone());
    let surgery_id = entry.surgery_id.clone();
    let (revision, version) = (line.revision, line.version);
    let author = line.author.as_ref().map(|author| author.id.clone());
    let act = match line.kind {
        KindV1::Composed | KindV1::Regenerated | KindV1::Withdrawn => return None,
        KindV1::Addition => ReportAct::AddedTo(ReportAddition {
            process_id,
            patient_id,
            surgery_id,
            revision,
            version,
            author: author?,
        }),
        KindV1::Signature => ReportAct::Signed(ReportSignature {
            process_id,
            patient_id,
            surgery_id,
            revision,
            version,
            signed_by: author?,
            content_hash: line.signature.as_ref()?.content_hash.clone(),
        }),
    };
    Some(SurgeryReportEvent { act, date_time: line.at })
}

/// Keeps a document under its digest.
async fn keep<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
    collection: &Collection<T>,
    process: &str,
    document: &T,
) -> Result<String, FileError> {
    let bytes = serde_json::to_vec(document).map_err(|error| StoreError(error.into()))?;
    let digest = hex(&Sha256::digest(&bytes));
    let id = document_id(process, &digest);
    match collection.insert(&id, document, Vec::new()).await {
        Ok(_) | Err(WriteError::AlreadyExists) => Ok(digest),
        Err(error) => Err(refused(error)),
    }
}

/// Bytes in hexadecimal, in lower case.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl From<Author> for AuthorRowV1 {
    fn from(author: Author) -> Self {
        Self { id: author.id, name: author.name }
    }
}

impl From<AuthorRowV1> for Author {
    fn from(row: AuthorRowV1) -> Self {
        Self { id: row.id, name: row.name }
    }
}

impl From<SignatureRowV1> for Signature {
    fn from(row: SignatureRowV1) -> Self {
        let SignatureRowV1 { version, author, at, content_hash } = row;
        Self { version, author: author.into(), at, fingerprint: content_hash }
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
