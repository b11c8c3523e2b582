//! The documentation hub: builds sites from their sources, and speaks TechDocs' API.
//!
//! What a site is made of is `techdocs-domain`'s. This crate asks the catalogue for the entity, in
//! the name of who asks, so that nobody reads the documentation of what they may not see; reads the
//! sources that the entity points at; builds what changed; and keeps the site where it is served
//! from. Its routes stand beside the catalogue's on the platform's listener.

mod application;
mod infrastructure;

use std::path::PathBuf;
use std::sync::Arc;

use chiron_chassis::{Api, Runtime};
use serde::{Deserialize, Serialize};

use infrastructure::builder::Builder;
use infrastructure::http::Hub;
use infrastructure::shelf::Shelf;

/// The service's name.
pub const NAME: &str = "techdocs";

/// What an operator may say about the documentation hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The folder of built sites; `techdocs` in the data folder when not set.
    pub folder: Option<PathBuf>,
    /// Whether a page that is read is looked after: built again when its sources have changed. Else
    /// only `sync` builds, as in Backstage.
    pub follow_sources: bool,
    /// Megabytes that the files of one site may have together.
    pub site_megabytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folder: None, follow_sources: true, site_megabytes: 256 }
    }
}

/// The routes. Sites are kept in `folder`, in memory when there is none.
#[must_use]
pub fn api(runtime: &Runtime, settings: &Settings, folder: Option<PathBuf>) -> Api {
    let shelf = match settings.folder.clone().or(folder) {
        Some(folder) => Shelf::folder(folder),
        None => Shelf::memory(),
    };
    let most_bytes = settings.site_megabytes.saturating_mul(1024 * 1024);
    let builder = Arc::new(Builder::new(shelf, runtime.clock.clone(), most_bytes));
    let calls = runtime.calls.clone();
    infrastructure::http::api(Hub { calls, builder, follow: settings.follow_sources })
}
