//! The servers at hand, and stores on them.

use std::sync::atomic::{AtomicU32, Ordering};

use chiron_store::contract::{COLLECTIONS, PEOPLE, Person};
use chiron_store::{Collection, MongoSettings, Store};
use test_support::mongo::{self, Kind, Mongo};

/// A server, running as long as this lives.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) uri: String,
    /// `None` for a real one.
    pub(crate) process: Option<Mongo>,
    _folder: Option<tempfile::TempDir>,
    run: u64,
    databases: AtomicU32,
}

impl Server {
    fn start(name: &'static str, kind: &Kind) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let process = Mongo::start(kind, folder.path()).unwrap();
        Server {
            name,
            uri: process.uri(),
            process: Some(process),
            _folder: Some(folder),
            run: run(),
            databases: AtomicU32::new(0),
        }
    }

    pub(crate) fn settings(&self) -> MongoSettings {
        MongoSettings {
            database_prefix: format!("chiron_{}_", self.run),
            ..MongoSettings::new(&self.uri)
        }
    }

    /// A name that no other store here has.
    pub(crate) fn database(&self) -> String {
        format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// A store of its own.
    pub(crate) async fn store(&self) -> Store {
        self.open(&self.database()).await
    }

    pub(crate) async fn open(&self, database: &str) -> Store {
        Store::connect(&self.settings(), database, COLLECTIONS).await.unwrap()
    }

    /// The driver, for looking and for meddling.
    pub(crate) async fn driver(&self, database: &str) -> mongodb::Database {
        let client = mongodb::Client::with_uri_str(&self.uri).await.unwrap();
        client.database(&format!("chiron_{}_{database}", self.run))
    }
}

/// Names of databases on a real server are of this run alone.
fn run() -> u64 {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

pub(crate) fn nx() -> Option<Server> {
    mongo::nx().map(|kind| Server::start("NX-27017", &kind))
}

/// Every server at hand, started.
pub(crate) fn all() -> Vec<Server> {
    let java = mongo::java().map(|kind| Server::start("mongo-java-server", &kind));
    let real = mongo::real().map(|uri| Server {
        name: "MongoDB",
        uri,
        process: None,
        _folder: None,
        run: run(),
        databases: AtomicU32::new(0),
    });
    nx().into_iter().chain(java).chain(real).collect()
}

pub(crate) fn people(store: &Store) -> Collection<Person> {
    store.collection(&PEOPLE)
}
