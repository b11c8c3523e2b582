//! `chiron store copy`: moves what services keep from files to MongoDB, or back.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use chiron_broker::Durability;
use chiron_chassis::audit;
use chiron_store::{Copied, Store, copy};

use crate::cli::{StoreArgs, StoreCommand, StoreKindArg};
use crate::house::services::collections;
use crate::house::{AUDIT, SERVED, open_store_in};
use crate::settings::{DocumentStore, Settings};
use crate::show;

/// Runs one of the commands of `chiron store`.
///
/// # Errors
///
/// A store cannot be opened, read or written, or both differ at the end. What was copied stays, and
/// running the command again goes on.
pub(crate) async fn run(settings: &Settings, args: StoreArgs) -> Result<ExitCode> {
    let StoreCommand::Copy { to, services } = args.command;
    ensure!(
        settings.documents.mongodb.uri.is_some(),
        "documents.mongodb.uri must name a server, as in mongodb://db-1:27017/"
    );
    let (from, to) = match to {
        StoreKindArg::Mongodb => (DocumentStore::Sqlite, DocumentStore::MongoDb),
        StoreKindArg::Sqlite => (DocumentStore::MongoDb, DocumentStore::Sqlite),
    };
    let durability = Durability::from(settings.durability);
    let chosen = SERVED.into_iter().filter(|it| services.is_empty() || services.contains(it));
    let mut kept: Vec<_> = chosen.map(|it| (it.name(), collections(it))).collect();
    kept.retain(|(_, collections)| !collections.is_empty());
    if services.is_empty() {
        kept.push((AUDIT, audit::COLLECTIONS));
    }
    for (name, collections) in kept {
        let open = async |kind| -> Result<Store> {
            let store = open_store_in(kind, settings, durability, name, collections).await;
            store.with_context(|| format!("opening {name}"))
        };
        let (source, target) = (open(from).await?, open(to).await?);
        let copied = copy(&source, &target).await.with_context(|| format!("copying {name}"));
        source.close().await;
        target.close().await;
        tell(name, &copied?);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(service: &str, copied: &Copied) {
    show::line(service);
    for it in &copied.collections {
        show::line(&format!(
            "  {:32} {:9} written, {:9} in both, sha256 {}",
            it.collection, it.written, it.sum.documents, it.sum.sha256
        ));
    }
    if 0 < copied.events {
        show::line(&format!("  {} events wait to be published", copied.events));
    }
}
