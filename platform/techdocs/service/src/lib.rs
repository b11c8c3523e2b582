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
use platform_language::Sites;
use serde::{Deserialize, Serialize};

use infrastructure::builder::Builder;
use infrastructure::http::Hub;
use infrastructure::shelf::Shelf;
use infrastructure::told::Told;

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

/// What was started.
#[derive(Debug)]
pub struct Started {
    /// The routes.
    pub api: Api,
    /// The sites, for the platform's other services.
    pub sites: Arc<dyn Sites>,
}

/// The routes and the sites, which are kept in `folder`, in memory when there is none.
#[must_use]
pub fn start(runtime: &Runtime, settings: &Settings, folder: Option<PathBuf>) -> Started {
    let shelf = match settings.folder.clone().or(folder) {
        Some(folder) => Shelf::folder(folder),
        None => Shelf::memory(),
    };
    let most_bytes = settings.site_megabytes.saturating_mul(1024 * 1024);
    let builder = Arc::new(Builder::new(shelf, runtime.clock.clone(), most_bytes));
    let calls = runtime.calls.clone();
    let sites = Arc::new(Told { builder: Arc::clone(&builder) });
    let hub = Hub { calls, builder, follow: settings.follow_sources };
    Started { api: infrastructure::http::api(hub), sites }
}
