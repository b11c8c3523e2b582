//! The software catalogue: reads descriptors from their sources and speaks Backstage's catalogue
//! API.
//!
//! The rules of descriptors, relations and conflicts are `catalog-domain`'s. This crate reads the
//! sources ([`Settings::locations`], and what people register), keeps what came of them in a
//! database of its own, and answers from an index in memory. One task writes; everybody reads.

mod application;
mod infrastructure;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog_domain::entity::{DEFAULT_NAMESPACE, EntityRef, Predicate, parse_filters};
use catalog_domain::usecase::LocationRef;
use chiron_chassis::{Api, Runtime, ServeError, http_client};
use platform_language::Entities;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub use infrastructure::check::{CheckError, Finding, Level, Report, Rule, check};
pub use infrastructure::judge::KindError;
pub use infrastructure::store::StoreError;
pub use infrastructure::yaml::WriteError;

use infrastructure::core::{Core, Shared};
use infrastructure::http::Catalog;
use infrastructure::ingest::Ingest;
use infrastructure::judge::Judge;
use infrastructure::source::Sources;
use infrastructure::store::Sqlite;
use infrastructure::told::{ReadRule, Told};

/// The service's name.
pub const NAME: &str = "catalog";

/// Wishes that wait for the writer before callers wait in turn.
const WISHES: usize = 256;

/// A location in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// `file` or `url`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A path, which may have `*`, `?` and `**`, relative to where the program runs; or an address.
    pub target: String,
}

/// A kind of entity beside Backstage's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSettings {
    /// Its name.
    pub kind: String,
    /// The `apiVersion` that it takes, or a list of them; any when left out.
    #[serde(rename = "apiVersion", default, deserialize_with = "one_or_more")]
    pub api_versions: Vec<String>,
    /// A file with the JSON Schema of its entities, draft 2020-12 unless it names another.
    #[serde(default)]
    pub schema: Option<PathBuf>,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum Given {
        One(String),
        More(Vec<String>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::One(one) => vec![one],
        Given::More(more) => more,
    })
}

/// Who may see what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSettings {
    /// Who has one of these roles …
    pub roles: Vec<String>,
    /// … sees what this filter lets through, such as `metadata.namespace=default`.
    pub filter: String,
}

/// What an operator may say about the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where descriptors are.
    pub locations: Vec<Location>,
    /// Hosts that addresses may be read from, with a port where it is not the usual one;
    /// `*.example.com` for all below. None unless they are named.
    pub allow_hosts: Vec<String>,
    /// Whether relative `$text`, `$json` and `$yaml` also work in files, as far as they stay in the
    /// folder of the configured location (Backstage knows them in addresses alone).
    pub file_placeholders: bool,
    /// Seconds after which addresses are asked again, at least 1.
    pub refresh_seconds: u64,
    /// Kinds of entities beside Backstage's.
    pub kinds: Vec<KindSettings>,
    /// Who may see what; everybody who may read sees everything when there is no rule, and with
    /// rules nobody sees what none lets through.
    pub read_rules: Vec<ReadSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            locations: Vec::new(),
            allow_hosts: Vec::new(),
            file_placeholders: true,
            refresh_seconds: 120,
            kinds: Vec::new(),
            read_rules: Vec::new(),
        }
    }
}

/// The service could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody could be asked over HTTP.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
    /// A rule of who may read cannot be read.
    #[error("the filter `{0}` of catalog.read_rules cannot be read")]
    Rule(String),
    /// A kind of the settings cannot be used.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// A path of the settings has no absolute form.
    #[error("the path `{0}` of catalog.locations cannot be found")]
    Path(String),
}

/// Runs the service until shutdown is requested and everything under way has ended. `database` is
/// its file, memory when there is none; `durable` says whether a write is acknowledged when the disk
/// has it. `beside` makes the routes of the platform's other services, which share the listener and
/// are told of the entities.
///
/// # Errors
///
/// See [`ServeError`]; in its source [`StartError`].
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    database: Option<PathBuf>,
    durable: bool,
    beside: impl FnOnce(&Runtime, Arc<dyn Entities>) -> Vec<Api>,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let Started { api, entities } = start(&runtime, &settings, database.as_deref(), durable)
        .map_err(|source| ServeError::Start { service: NAME, source: Box::new(source) })?;
    let api = beside(&runtime, entities).into_iter().fold(api, Api::beside);
    chiron_chassis::serve(api, listener, runtime).await
}

/// What was started.
#[derive(Debug)]
pub struct Started {
    /// The routes.
    pub api: Api,
    /// The entities, for the platform's other services.
    pub entities: Arc<dyn Entities>,
}

/// Starts what runs beside requests, and answers the routes.
///
/// # Errors
///
/// See [`StartError`].
pub fn start(
    runtime: &Runtime,
    settings: &Settings,
    database: Option<&Path>,
    durable: bool,
) -> Result<Started, StartError> {
    let judge = Judge::new(&settings.kinds)?;
    let rules = settings.read_rules.iter().map(read_rule).collect::<Result<Vec<_>, _>>()?;
    let locations = settings.locations.iter().map(whole).collect::<Result<Vec<_>, _>>()?;
    let store = Sqlite::open(database, durable)?;
    let (clock, ids) = (runtime.clock.clone(), runtime.ids.clone());
    let (mut core, shared): (Core, Arc<Shared>) = Core::open(store, judge.clone(), clock, ids)?;
    core.configure(&locations);

    let sources = Sources::new(http_client()?, settings.allow_hosts.clone())
        .with_file_placeholders(settings.file_placeholders);
    let (wishes, asked) = mpsc::channel(WISHES);
    let refresh = Duration::from_secs(settings.refresh_seconds.max(1));
    let ingest = Ingest::new(core, sources.clone(), refresh);
    let shutdown = runtime.shutdown.clone();
    runtime.tasks.spawn("catalogue ingestion", async move { ingest.run(asked, shutdown).await });
    let rules: Arc<[ReadRule]> = rules.into();
    let entities = Arc::new(Told { shared: Arc::clone(&shared), rules: Arc::clone(&rules) });
    let catalog = Catalog { shared, wishes, sources, judge, rules, ids: runtime.ids.clone() };
    Ok(Started { api: infrastructure::http::api(catalog), entities })
}

/// Values as YAML, a document each, as descriptors are written.
///
/// # Errors
///
/// [`WriteError`].
pub fn to_yaml(values: &[serde_json::Value]) -> Result<String, WriteError> {
    infrastructure::yaml::written(values)
}

/// The parts of a reference that names a kind, `kind:[namespace/]name`, in lower case: kind,
/// namespace, name. `None` when the text is none.
#[must_use]
pub fn reference(text: &str) -> Option<[String; 3]> {
    let reference = EntityRef::parse(text, None, DEFAULT_NAMESPACE).ok()?;
    let parts = [reference.kind(), reference.namespace(), reference.name()];
    Some(parts.map(str::to_owned))
}

fn read_rule(rule: &ReadSettings) -> Result<ReadRule, StartError> {
    let wrong = || StartError::Rule(rule.filter.clone());
    let filter = parse_filters([rule.filter.as_str()].into_iter()).map_err(|_| wrong())?;
    Ok(ReadRule { roles: rule.roles.clone(), filter: filter.unwrap_or(Predicate::All(Vec::new())) })
}

/// A location whose path, if it is one, is absolute.
fn whole(location: &Location) -> Result<LocationRef, StartError> {
    let target = if location.kind == "file" {
        let wrong = || StartError::Path(location.target.clone());
        let path = std::path::absolute(&location.target).map_err(|_| wrong())?;
        path.to_str().ok_or_else(wrong)?.to_owned()
    } else {
        location.target.clone()
    };
    Ok(LocationRef::new(&location.kind, target))
}
