//! What others of the platform are told of the sites.

use std::error::Error;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use platform_language::Sites;
use serde_json::Value;
use tokio::sync::broadcast;

use super::builder::{BuildError, Builder, Built, SEARCH};
use crate::application::{OriginError, origin};

/// Sites that were built and that a slow listener has not heard of, at most; who misses some is
/// told so.
pub(crate) const UNHEARD: usize = 1_024;

/// Why there is no up-to-date site.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SiteError {
    #[error(transparent)]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Brings the site of an entity up to date, and tells it when there was anything to do. Blocks
/// while it reads and builds.
pub(crate) fn build(builder: &Builder, entity: &Value) -> Result<Built, SiteError> {
    let origin = origin(entity)?;
    let text = |pointer: &str| entity.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name").unwrap_or_default();
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let kind = text("/kind").unwrap_or_default();
    let site = format!("{namespace}/{kind}/{name}").to_lowercase();
    let built = builder.build(&site, text("/metadata/title").unwrap_or(name), &origin)?;
    if built.updated {
        let reference = format!("{kind}:{namespace}/{name}").to_lowercase();
        // Nobody may be listening.
        let _heard = builder.built.send(reference.into());
    }
    Ok(built)
}

/// Where the site of an entity is kept, by its reference.
fn site_of(reference: &str) -> Option<String> {
    let (kind, rest) = reference.split_once(':')?;
    let (namespace, name) = rest.split_once('/')?;
    Some(format!("{namespace}/{kind}/{name}"))
}

/// The sites, as others of the platform see them.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) builder: Arc<Builder>,
}

impl Sites for Told {
    fn built(&self) -> broadcast::Receiver<Arc<str>> {
        self.builder.built.subscribe()
    }

    fn build(&self, entity: &Value) -> Result<(), Box<dyn Error + Send + Sync>> {
        build(&self.builder, entity)?;
        Ok(())
    }

    fn search_index(&self, reference: &str) -> io::Result<Option<Bytes>> {
        match site_of(reference) {
            Some(site) => self.builder.shelf.read(&site, SEARCH),
            None => Ok(None),
        }
    }
}
