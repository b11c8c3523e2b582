//! Search over the catalogue, its documentation and its APIs; speaks Backstage's search API.
//!
//! What is looked for, what ranks before what and what is shown of a text is `search-domain`'s. This
//! crate keeps an index of every entity and of every page of documentation, which the catalogue and
//! the hub tell it of as they change ([`platform_language`]); one task writes, and readers wait
//! for nobody. The index says nothing that the others do not: it is made again from them where it is
//! missing, damaged or of another version. Nobody finds what they may not read: the catalogue's
//! rules are terms of the index, and the catalogue is asked once more about every page of results.

mod application;
mod infrastructure;

use std::path::PathBuf;
use std::sync::Arc;

use chiron_chassis::{Api, Runtime};
use platform_language::{Entities, Sites};

use infrastructure::http::Search;
use infrastructure::keeper::Keeper;

/// The service's name.
pub const NAME: &str = "search";

/// Starts what keeps the index, and answers the routes. The index is in `folder`, in memory when
/// there is none.
#[must_use]
pub fn start(
    runtime: &Runtime,
    entities: Arc<dyn Entities>,
    sites: Arc<dyn Sites>,
    folder: Option<PathBuf>,
) -> Api {
    let keeper = Keeper::new(Arc::clone(&entities), sites, folder);
    let index = keeper.index();
    let shutdown = runtime.shutdown.clone();
    runtime.health.check("search index", {
        let index = Arc::clone(&index);
        move || index.engine().map(drop).ok_or_else(|| "it is being made".to_owned())
    });
    runtime.tasks.spawn("search index", async move { keeper.run(shutdown).await });
    infrastructure::http::api(Search { index, entities, ids: runtime.ids.clone() })
}
