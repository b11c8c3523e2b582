//! Event routes: which events go to which endpoint.
//!
//! A route is a document of the store and a parsed filter in memory. Endpoints are settings: their
//! addresses and secrets are the operator's affair and no client's.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
};

use chiron_broker::{Broker, Record};
use chiron_chassis::Runtime;
use chiron_store::{Collection, CollectionSpec, Find};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twin_engine_domain::error::{EngineError, ErrorCode};

use crate::{
    Settings,
    application::{
        fault::Fault,
        filter::{Event, Filter},
        records::TOPIC,
    },
    infrastructure::engine::OpenEngineError,
};

/// Event routes, by id.
pub(crate) static ROUTES: CollectionSpec = CollectionSpec { name: "event_routes", indexes: &[] };

/// The longest id of a route, in characters; our choice.
const MAX_ID_LENGTH: usize = 128;
/// Most routes; the documented limit is 6, which nothing here needs.
const MAX_ROUTES: usize = 100;

/// A route as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredRoute {
    id: String,
    endpoint_name: String,
    filter: String,
    /// Where each partition ended when the route was made: earlier events are not its affair.
    from: BTreeMap<u32, u64>,
}

impl StoredRoute {
    /// As the protocol shows it.
    pub(crate) fn to_json(&self) -> Value {
        json!({"id": self.id, "endpointName": self.endpoint_name, "filter": self.filter})
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

struct Route {
    stored: StoredRoute,
    filter: Filter,
}

/// The routes of this engine. Clones share them.
#[derive(Clone)]
pub(crate) struct Routes {
    collection: Collection<StoredRoute>,
    broker: Broker,
    endpoints: Arc<BTreeSet<String>>,
    current: Arc<RwLock<BTreeMap<String, Arc<Route>>>>,
    /// One change at a time, so that store and memory agree.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Routes {
    pub(crate) async fn open(
        runtime: &Runtime,
        settings: &Settings,
    ) -> Result<Routes, OpenEngineError> {
        let collection: Collection<StoredRoute> = runtime.store.collection(&ROUTES);
        let stored = collection.find(&Find::all()).await.map_err(OpenEngineError::Routes)?;
        let mut current = BTreeMap::new();
        for route in stored {
            let stored = route.document;
            // It was read when it was stored; a later release may have learnt better.
            match Filter::parse(&stored.filter) {
                Ok(filter) => {
                    current.insert(stored.id.clone(), Arc::new(Route { stored, filter }));
                }
                Err(error) => {
                    tracing::error!(route = stored.id, error = %error, "event route is ignored");
                }
            }
        }
        let endpoints = settings.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
        Ok(Routes {
            collection,
            broker: runtime.broker.clone(),
            endpoints: Arc::new(endpoints),
            current: Arc::new(RwLock::new(current)),
            changing: Arc::default(),
        })
    }

    /// All routes, by id.
    pub(crate) fn list(&self) -> Vec<StoredRoute> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.values().map(|route| route.stored.clone()).collect()
    }

    pub(crate) fn get(&self, id: &str) -> Result<StoredRoute, Fault> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match current.get(id) {
            Some(route) => Ok(route.stored.clone()),
            None => Err(not_found(id)),
        }
    }

    /// Creates or replaces a route. It begins with events published from now on; a repetition of
    /// the same content changes nothing.
    pub(crate) async fn put(&self, id: &str, body: &Value) -> Result<(), Fault> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.is_empty() || MAX_ID_LENGTH < id.len() || !id.chars().all(plain) {
            let message = format!(
                "the id of a route has 1 to {MAX_ID_LENGTH} letters, digits, '-', '_' or '.'"
            );
            return Err(EngineError::new(ErrorCode::EventRouteIdInvalid, message).into());
        }
        let endpoint_name = match body.get("endpointName").and_then(Value::as_str) {
            Some(name) if self.endpoints.contains(name) => name.to_owned(),
            _ => {
                let message = "endpointName must name an endpoint of this service's settings";
                return Err(EngineError::new(ErrorCode::EventRouteEndpointInvalid, message).into());
            }
        };
        let Some(text) = body.get("filter").and_then(Value::as_str) else {
            let message = "filter is required; `true` lets all events pass";
            return Err(EngineError::new(ErrorCode::EventRouteFilterInvalid, message).into());
        };
        let filter = Filter::parse(text)
            .map_err(|err| EngineError::new(ErrorCode::EventRouteFilterInvalid, err.to_string()))?;

        let _changing = self.changing.lock().await;
        let before = self.get(id).ok();
        if before.is_none() && MAX_ROUTES <= self.list().len() {
            let message = format!("at most {MAX_ROUTES} routes");
            return Err(EngineError::new(ErrorCode::LimitExceeded, message).into());
        }
        if let Some(before) = before
            && before.endpoint_name == endpoint_name
            && before.filter == text
        {
            return Ok(());
        }
        let from = self.broker.ends(TOPIC).await.map_err(|error| {
            tracing::error!(error = %chiron_chassis::chain(&error), "event route could not be placed");
            Fault::unavailable()
        })?;
        let stored =
            StoredRoute { id: id.to_owned(), endpoint_name, filter: text.to_owned(), from };
        if let Err(error) = self.collection.put(id, &stored, Vec::new()).await {
            tracing::error!(error = %chiron_chassis::chain(&error), "event route could not be stored");
            return Err(Fault::unavailable());
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.insert(id.to_owned(), Arc::new(Route { stored, filter }));
        Ok(())
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), Fault> {
        let _changing = self.changing.lock().await;
        self.get(id)?;
        if let Err(error) = self.collection.delete(id, None).await {
            tracing::error!(error = %chiron_chassis::chain(&error), "event route could not be deleted");
            return Err(Fault::unavailable());
        }
        self.current.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }

    /// Whether some route sends the event to the endpoint.
    pub(crate) fn lead_to(&self, endpoint: &str, record: &Record, event: &impl Event) -> bool {
        let candidates: Vec<Arc<Route>> = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            current.values().map(Arc::clone).collect()
        };
        candidates.iter().any(|route| {
            let from = route.stored.from.get(&record.partition).copied().unwrap_or(0);
            route.stored.endpoint_name == endpoint
                && from <= record.offset
                && route.filter.matches(event)
        })
    }
}

fn not_found(id: &str) -> Fault {
    EngineError::new(ErrorCode::EventRouteNotFound, format!("there is no event route {id}")).into()
}
