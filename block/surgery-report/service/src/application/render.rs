//! A report on paper: a page for a browser, and a document to print. Both are set from one sheet,
//! so they say the same, and both are functions of the report's revision, the language and the
//! hospital's time zone, so the same revision has the same bytes.

mod chart;
mod figures;
mod html;
mod ink;
mod pdf;
mod sheet;
mod typesetting;

use jiff::{Timestamp, tz::TimeZone};
use surgery_report_domain::entity::{annex::Annex, report::Report};
use thiserror::Error;

use self::{html::Pages, sheet::Sheet, typesetting::Fonts};
use crate::application::words::Language;

/// What is shown of a version.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The content.
    pub(crate) report: Report,
    /// What it is drawn and named with.
    pub(crate) annex: Annex,
    /// The version.
    pub(crate) version: u32,
    /// The report's revision.
    pub(crate) revision: u32,
    /// When the content was filed.
    pub(crate) filed_at: Timestamp,
    /// The content before it and its newest version; `None` when it is the first.
    pub(crate) before: Option<(u32, Report)>,
    /// Everything that had happened to the report by then.
    pub(crate) history: Vec<Happened>,
    /// Who signed, when, which version, and its fingerprint.
    pub(crate) signature: Option<(String, Timestamp, u32, String)>,
}

/// Something that happened to a report.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub(crate) version: u32,
    pub(crate) at: Timestamp,
    /// Who did it; `None` when the process itself changed.
    pub(crate) by: Option<String>,
    pub(crate) what: What,
}

/// What happened to a report.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Composed { settled: bool },
    Regenerated,
    Added(String),
    Signed,
    Withdrawn,
}

/// Why a report could not be drawn. Only a fault of this program can cause it.
#[derive(Debug, Error)]
pub(crate) enum RenderError {
    /// The template of the page.
    #[error("the page could not be set")]
    Page(#[from] minijinja::Error),
    /// A font that came with the program.
    #[error("a font cannot be read")]
    Font,
    /// The document.
    #[error("the document could not be written: {0}")]
    Document(String),
}

/// Draws reports.
pub(crate) struct Press {
    pages: Pages,
    fonts: Fonts,
    zone: TimeZone,
}

impl Press {
    /// A press for a hospital in a time zone.
    ///
    /// # Errors
    ///
    /// See [`RenderError`].
    pub(crate) fn new(zone: TimeZone) -> Result<Self, RenderError> {
        Ok(Self { pages: Pages::new()?, fonts: Fonts::new()?, zone })
    }

    /// The page: complete in itself, without scripts.
    ///
    /// # Errors
    ///
    /// See [`RenderError`].
    pub(crate) fn html(
        &self,
        document: &Document,
        language: Language,
    ) -> Result<String, RenderError> {
        self.pages.page(&Sheet::of(document, language, &self.zone))
    }

    /// The document to print.
    ///
    /// # Errors
    ///
    /// See [`RenderError`].
    pub(crate) fn pdf(
        &self,
        document: &Document,
        language: Language,
    ) -> Result<Vec<u8>, RenderError> {
        pdf::document(&Sheet::of(document, language, &self.zone), &self.fonts)
    }

    /// The content security policy under which the page is whole.
    pub(crate) fn policy(&self) -> &str {
        self.pages.policy()
    }
}
