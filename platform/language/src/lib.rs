//! What the platform's services tell each other within their process.
//!
//! The catalogue, the documentation hub and the search run in one process behind one listener. The
//! search has to know what the others hold and to learn of changes as they happen; asking for
//! everything over REST again and again would cost more the larger the estate is. So the catalogue
//! and the hub each hand out one of these when they are started. As `block/language` it holds
//! what is told and nothing else.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use chiron_chassis::Caller;
use serde_json::Value;
use tokio::sync::{broadcast, watch};

/// A rule of who may read what, by its place in the settings.
pub type Rule = u16;

/// The entities of the catalogue. Nothing here waits for anything but short locks.
pub trait Entities: Send + Sync + fmt::Debug {
    /// The number of the newest change; it grows with each.
    fn revisions(&self) -> watch::Receiver<u64>;

    /// What changed after a revision; everything where that is too long ago, or none is given.
    fn since(&self, revision: Option<u64>) -> Changes;

    /// The rules by which a caller reads: they see what one of them lets through. `None` when they
    /// see everything.
    fn rules_of(&self, caller: &Caller) -> Option<Vec<Rule>>;

    /// Which of these entities the caller may see now, in their order; those that are not there
    /// nobody sees.
    fn visible(&self, caller: &Caller, references: &[&str]) -> Vec<bool>;
}

/// What changed in the catalogue.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The newest change that is told.
    pub revision: u64,
    /// Whether [`Changes::entities`] are all that there are.
    pub whole: bool,
    /// What there is now, each once.
    pub entities: Vec<Entity>,
    /// References of what is no more.
    pub gone: Vec<Arc<str>>,
}

/// An entity as it is shown.
#[derive(Debug, Clone)]
pub struct Entity {
    /// `kind:namespace/name`, in lower case.
    pub reference: Arc<str>,
    /// The whole entity.
    pub json: Bytes,
    /// The rules that let it through, ascending.
    pub rules: Vec<Rule>,
}

/// The sites of the documentation hub.
pub trait Sites: Send + Sync + fmt::Debug {
    /// Tells the reference of each entity whose site was built anew.
    fn built(&self) -> broadcast::Receiver<Arc<str>>;

    /// Brings the site of an entity up to date. Blocks while it reads and builds.
    ///
    /// # Errors
    ///
    /// When the site cannot be built; what was built before is still there.
    fn build(&self, entity: &Value) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// The search index of an entity's site, as it was built last; `None` when it never was.
    /// Blocks while it reads.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn search_index(&self, reference: &str) -> io::Result<Option<Bytes>>;
}
