//! The routes of Backstage's catalogue API, at `/api/catalog`.

mod entities;
mod locations;

use std::sync::{Arc, PoisonError, RwLockReadGuard};

use catalog_domain::entity::{EntityRef, Predicate};
use chiron_backstage::{Refusal, alone, packed, problem};
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, Need};
use chiron_clock::Ids;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use utoipa_axum::routes;

use super::core::Shared;
use super::index::Index;
use super::ingest::{Asked as Wished, Wish};
use super::judge::Judge;
use super::source::Sources;
use super::told::{ReadRule, visible};
use crate::NAME;

const READERS: &[&str] =
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"];
const READ: Need = Need::new("catalogue", "read", READERS);
/// Who may ask what would come of something, which changes nothing.
const CHECK: Need = Need::new("catalogue", "read", READERS);
const WRITE: Need =
    Need::new("catalogue", "write", &["developer", "admin"]).recorded(Recorded::Always);
/// The role that may unregister what others own.
const ADMIN: &str = "admin";

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Catalog {
    pub(crate) shared: Arc<Shared>,
    pub(crate) wishes: mpsc::Sender<Wished>,
    pub(crate) sources: Sources,
    pub(crate) judge: Judge,
    pub(crate) rules: Arc<[ReadRule]>,
    pub(crate) ids: Ids,
}

/// The routes of the service.
pub(crate) fn api(catalog: Catalog) -> Api {
    Api::new(NAME, "Software catalogue (Backstage's catalogue API)")
        .route(READ, alone(routes!(entities::list)))
        .route(READ, alone(routes!(entities::query)))
        .route(READ, packed(routes!(entities::query_by_body)))
        .route(READ, alone(routes!(entities::by_uid)))
        .route(WRITE, packed(routes!(entities::remove)))
        .route(READ, alone(routes!(entities::by_name)))
        .route(READ, alone(routes!(entities::ancestry)))
        .route(READ, alone(routes!(entities::by_refs)))
        .route(READ, alone(routes!(entities::facets)))
        .route(READ, packed(routes!(entities::facets_by_body)))
        .route(READ, alone(routes!(locations::list)))
        .route(WRITE, packed(routes!(locations::register)))
        .route(READ, alone(routes!(locations::show)))
        .route(WRITE, packed(routes!(locations::replace)))
        .route(WRITE, packed(routes!(locations::remove)))
        .route(READ, alone(routes!(locations::by_entity)))
        .route(READ, alone(routes!(locations::query)))
        .route(READ, alone(routes!(entities::refresh)))
        .route(CHECK, alone(routes!(entities::validate)))
        .route(CHECK, alone(routes!(locations::analyze)))
        .route(READ, alone(routes!(entities::problems)))
        .face(problem)
        .with_state(catalog)
}

impl Catalog {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a caller may see; `None` for everything.
    fn visible(&self, caller: &Caller) -> Option<Predicate> {
        visible(&self.rules, caller)
    }

    /// Asks the writer, and waits until it is stored and shown.
    async fn wish(&self, wish: Wish) -> Result<(), Refusal> {
        let (done, answer) = oneshot::channel();
        let ended = || Refusal::unavailable("the catalogue is ending");
        self.wishes.send(Wished { wish, done }).await.map_err(|_| ended())?;
        match answer.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Refusal::unavailable("it could not be stored; try again")),
            Err(_) => Err(ended()),
        }
    }

    /// Whether a caller owns an entity: as its owner, or as a member of the group that is.
    fn owns(&self, caller: &Caller, entity: &Value) -> bool {
        let own = EntityRef::new("user", "default", &caller.subject).to_string();
        let owners = related(entity, "ownedBy");
        if owners.contains(&own) {
            return true;
        }
        let index = self.index();
        let user = index.by_reference(&own).and_then(|slot| index.entry(slot));
        let user: Option<Value> = user.and_then(|user| serde_json::from_slice(&user.json).ok());
        user.is_some_and(|user| related(&user, "memberOf").iter().any(|g| owners.contains(g)))
    }
}

/// The targets of a relation.
fn related(entity: &Value, kind: &str) -> Vec<String> {
    let all = entity.get("relations").and_then(Value::as_array).into_iter().flatten();
    all.filter(|relation| relation.get("type").and_then(Value::as_str) == Some(kind))
        .filter_map(|relation| relation.get("targetRef")?.as_str().map(str::to_owned))
        .collect()
}
