//! Connecting: what the settings say, whose database it is, its indexes, what waits in it.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chiron_broker::Durability;
use chiron_clock::Tasks;
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::options::{
    Acknowledgment, ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern,
};

use super::documents::{Versions, number};
use super::ledger::Ledger;
use super::{MARKER, Mongo, MongoSettings, ORPHANS, Stamps, WriteIds, fault};
use crate::error::{OpenError, StoreError};
use crate::spec::{CollectionSpec, check_specs};

/// The layout of documents that this release writes and the newest that it reads.
const LAYOUT: i64 = 1;
/// The longest name of a database.
const LONGEST_NAME: usize = 63;

impl Mongo {
    pub(crate) async fn connect(
        settings: &MongoSettings,
        database: &str,
        collections: &[&'static CollectionSpec],
    ) -> Result<Arc<Mongo>, OpenError> {
        check_specs(collections)?;
        for spec in collections {
            if spec.name.starts_with(MARKER) {
                let reason = "on MongoDB, names that begin with \"chiron\" are taken";
                return Err(OpenError::Spec { collection: spec.name, reason });
            }
        }
        let name = format!("{}{database}", settings.database_prefix);
        let options = options(settings, &name).await?;
        let client = Client::with_options(options).map_err(|error| refused(settings, &error))?;
        let mongo = Mongo {
            database: client.database(&name),
            client,
            collections: collections.to_vec(),
            limit: settings.operation_timeout(),
            look_every: Duration::from_millis(settings.look_every_ms),
            stamps: Stamps::after(0),
            writes: WriteIds::new(),
            ledger: Ledger::new(),
            versions: Versions::default(),
            tasks: Tasks::new(),
            closed: AtomicBool::new(false),
        };
        let opened = mongo.claim_and_prepare().await;
        if let Err(error) = opened {
            mongo.client.shutdown().immediate(true).await;
            return Err(error);
        }
        Ok(Arc::new(mongo))
    }

    async fn claim_and_prepare(&self) -> Result<(), OpenError> {
        self.claim().await?;
        self.prepare_orphans().await?;
        for spec in &self.collections {
            self.prepare(spec).await?;
        }
        // What an earlier process has left is known from the start.
        self.continue_after().await?;
        self.waiting().await.map_err(|source| self.failed(source))?;
        Ok(())
    }

    /// Makes sure that the database is ours: marks it when it is empty, refuses it otherwise.
    async fn claim(&self) -> Result<(), OpenError> {
        let database = || self.database.name().to_owned();
        // Listed before the mark is looked for, since whoever else begins marks it first.
        let names = self.within_open(self.database.list_collection_names()).await?;
        let empty = names.iter().all(|name| name.starts_with("system."));
        let marker = self.documents(MARKER);
        if empty {
            let layout = doc! { "_id": "layout", "layout": LAYOUT };
            let inserted = self.within(self.deadline(), marker.insert_one(layout)).await;
            match inserted.map_err(|error| self.failed(error))? {
                Err(error) if !fault::is_duplicate(&error) => {
                    return Err(self.failed(fault::told(error)));
                }
                _ => {}
            }
        }
        let found = self.within_open(marker.find_one(doc! { "_id": "layout" })).await?;
        let Some(layout) = found.and_then(|found| number(found.get("layout"))) else {
            return Err(OpenError::ForeignDatabase { database: database() });
        };
        if LAYOUT < layout {
            return Err(OpenError::NewerDatabase {
                database: database(),
                found: layout,
                known: LAYOUT,
            });
        }
        Ok(())
    }

    /// New events come behind those that wait, also when the machine's clock was set back.
    async fn continue_after(&self) -> Result<(), OpenError> {
        let mut newest = 0;
        for name in self.collections.iter().map(|spec| spec.name).chain([ORPHANS]) {
            let collection = self.documents(name);
            let last = collection
                .find_one(doc! { "pending": { "$gt": 0_i64 } })
                .sort(doc! { "pending": -1 })
                .projection(doc! { "pending": 1 });
            let last = self.within_open(last).await?;
            newest = newest.max(last.and_then(|last| number(last.get("pending"))).unwrap_or(0));
        }
        self.stamps.continue_after(newest);
        Ok(())
    }

    /// One operation of the opening.
    pub(super) async fn within_open<T>(
        &self,
        operation: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, OpenError> {
        self.ask(self.deadline(), operation).await.map_err(|error| self.failed(error))
    }

    pub(super) fn failed(&self, source: StoreError) -> OpenError {
        OpenError::Server { database: self.database.name().to_owned(), source }
    }
}

async fn options(settings: &MongoSettings, name: &str) -> Result<ClientOptions, OpenError> {
    if let Some((name, reason)) = settings.fault() {
        return Err(OpenError::Setting { name, reason: reason.to_owned() });
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || LONGEST_NAME < name.len() || !name.chars().all(plain) {
        return Err(OpenError::Setting {
            name: "database_prefix",
            reason: format!("makes {name:?}, which is not the name of a database"),
        });
    }
    let parsed = ClientOptions::parse(settings.uri.expose());
    let within = Duration::from_millis(settings.server_selection_timeout_ms);
    let Ok(parsed) = tokio::time::timeout(within, parsed).await else {
        let reason = "is not resolved in time: see to the name service".to_owned();
        return Err(OpenError::Setting { name: "uri", reason });
    };
    let mut options = parsed.map_err(|error| refused(settings, &error))?;
    let limit = settings.operation_timeout();
    options.app_name.get_or_insert_with(|| "chiron".to_owned());
    options.connect_timeout = Some(Duration::from_millis(settings.connect_timeout_ms));
    options.server_selection_timeout = Some(within);
    options.max_pool_size = Some(settings.max_pool_size);
    let journaled = (settings.durability == Durability::Durable).then_some(true);
    let mut write_concern = WriteConcern::majority();
    write_concern.w = Some(Acknowledgment::Majority);
    write_concern.journal = journaled;
    write_concern.w_timeout = Some(limit);
    options.write_concern = Some(write_concern);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    Ok(options)
}

/// What the driver says of the connection string, unless it repeats a part of it that may be
/// secret.
fn refused(settings: &MongoSettings, error: &Error) -> OpenError {
    let said = error.kind.to_string();
    let (_, rest) = settings.uri.expose().split_once("://").unwrap_or_default();
    let repeats = rest
        .rsplit_once('@')
        .map(|(who, _)| who)
        .into_iter()
        .flat_map(|who| who.split(':'))
        .chain(rest.split_once('?').map(|(_, options)| options).into_iter().flat_map(|options| {
            options.split('&').filter_map(|option| option.split_once('=')).map(|(_, value)| value)
        }))
        .any(|secret| !secret.is_empty() && said.contains(secret));
    let reason = if repeats {
        "is not a connection string; what is wrong would repeat a part of it".to_owned()
    } else {
        format!("is not usable: {said}")
    };
    OpenError::Setting { name: "uri", reason }
}
