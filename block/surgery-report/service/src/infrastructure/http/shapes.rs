//! What the routes answer besides the report itself.

use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    application::report::{MissingV1, ReportEntryV1, ReportV1},
    infrastructure::store::{AuthorRowV1, KindV1, SignatureRowV1},
};

/// Reports by date, or a page of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportsV1 {
    pub(crate) entries: Vec<ListedV1>,
    /// Of all pages.
    pub(crate) total: u64,
    /// Where the next page begins; null on the last one.
    pub(crate) next: Option<String>,
}

/// A report of the list, and where it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedV1 {
    pub(crate) entry: ReportEntryV1,
    pub(crate) url: String,
}

/// The newest version of a report, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownV1 {
    #[serde(flatten)]
    pub(crate) report: ReportV1,
    /// Grows with every version and signature; also the `ETag`.
    pub(crate) revision: u32,
    /// The number of this version.
    pub(crate) version: u32,
    /// Who has signed this content; null when nobody has.
    pub(crate) signature: Option<SignatureV1>,
    /// The newest version that is signed; null when none is. A regeneration leaves it as it was,
    /// under `/versions/{version}`.
    pub(crate) signed_version: Option<u32>,
    /// Everything that people added, in order.
    pub(crate) additions: Vec<AddedV1>,
}

/// Somebody who did something to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AuthorV1 {
    /// The user.
    pub(crate) id: String,
    /// The user's name, when known.
    pub(crate) name: Option<String>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignatureV1 {
    /// The version that it pins.
    pub(crate) version: u32,
    /// Who signed.
    pub(crate) signed_by: AuthorV1,
    /// When.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    /// SHA-256, in hexadecimal, of the bytes that `/versions/{version}` answers as JSON.
    pub(crate) content_hash: String,
}

/// A text that somebody added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddedV1 {
    /// The version that it made.
    pub(crate) version: u32,
    /// Who added it.
    pub(crate) author: AuthorV1,
    /// When.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    /// The text, as given.
    pub(crate) text: String,
}

/// The versions of a report, in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionsV1 {
    pub(crate) entries: Vec<VersionV1>,
    /// How many.
    pub(crate) total: usize,
}

/// A version of a report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionV1 {
    /// Its number.
    pub(crate) version: u32,
    /// The revision in which it came.
    pub(crate) revision: u32,
    /// When it was made.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) date_time: Timestamp,
    /// What made it; never `SIGNATURE`, which makes none.
    pub(crate) kind: KindV1,
    /// Who made it; null when the process itself changed.
    pub(crate) author: Option<AuthorV1>,
    /// The text of an addition; null otherwise.
    pub(crate) text: Option<String>,
    /// Whether nothing that happens changed it by itself any more.
    pub(crate) settled: bool,
    /// Whether nothing was missing.
    pub(crate) complete: bool,
    /// What was missing.
    pub(crate) missing: Vec<MissingV1>,
    /// The signature that pins it; null when none does.
    pub(crate) signature: Option<SignatureV1>,
    /// Where it is.
    pub(crate) url: String,
}

/// What is added to a report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AdditionV1 {
    /// The text. It replaces the one shown; former ones are kept.
    pub(crate) additional_data: String,
}

/// What became of a regeneration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegenerationV1 {
    /// The newest version.
    pub(crate) version: u32,
    /// The report's revision.
    pub(crate) revision: u32,
    /// False when the sources told nothing new: then there is no new version.
    pub(crate) changed: bool,
}

impl From<AuthorRowV1> for AuthorV1 {
    fn from(row: AuthorRowV1) -> Self {
        Self { id: row.id, name: row.name }
    }
}

impl From<SignatureRowV1> for SignatureV1 {
    fn from(row: SignatureRowV1) -> Self {
        let SignatureRowV1 { version, author, at, content_hash } = row;
        Self { version, signed_by: author.into(), date_time: at, content_hash }
    }
}
