//! The route of Backstage's search API, at `/api/search`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use chiron_backstage::{Asked, FRAMEWORK, Refusal, alone};
use chiron_chassis::{Api, Caller, Need, chain};
use chiron_clock::Ids;
use platform_language::Entities;
use serde_json::Value;
use utoipa_axum::routes;

use super::engine::Engine;
use super::keeper::Kept;
use crate::NAME;
use crate::application::{Question, Tags, answer};

/// Who may read the catalogue may look for what is in it.
const READ: Need = Need::new(
    "catalogue",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"],
);

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) index: Arc<Kept>,
    pub(crate) entities: Arc<dyn Entities>,
    pub(crate) ids: Ids,
}

/// The routes of the service.
pub(crate) fn api(search: Search) -> Api {
    Api::new(NAME, "Search (Backstage's search API)")
        .route(READ, alone(routes!(query)))
        .with_state(search)
}

/// Entities and pages of documentation that have what is looked for.
#[utoipa::path(get, path = "/api/search/query", tag = "search",
    params(
        ("term" = Option<String>, Query, description = "what is looked for; everything by name when empty"),
        ("types" = Option<Vec<String>>, Query, description = "software-catalog, techdocs; also types[] and types[0]"),
        ("filters" = Option<Value>, Query, description = "filters[kind], [type], [owner], [lifecycle], [namespace], [name]; repeated for or"),
        ("pageCursor" = Option<String>, Query, description = "where the list goes on"),
        ("pageLimit" = Option<u32>, Query, description = "0 to 100, 25 unless given")),
    responses(
        (status = 200, description = "results, numberOfResults, nextPageCursor, previousPageCursor"),
        (status = 400, description = "InputError"),
        (status = 503, description = "the index is being made")))]
pub(crate) async fn query(
    State(search): State<Search>,
    caller: Caller,
    asked: Asked,
) -> Response<Body> {
    let outcome = search.answer(&caller, &asked).await;
    let answer = outcome.map(|body| FRAMEWORK.json(&asked, StatusCode::OK, &body));
    FRAMEWORK.answered(&asked, answer)
}

impl Search {
    async fn answer(&self, caller: &Caller, asked: &Asked) -> Result<Value, Refusal> {
        let question = Question::of(asked)?;
        let engine = self.index.engine();
        let engine = engine
            .ok_or_else(|| Refusal::unavailable("the search index is being made; try again"))?;
        let (entities, caller) = (Arc::clone(&self.entities), caller.clone());
        let tags = Tags::new(self.ids.next());
        let work = move || found(&engine, entities.as_ref(), &caller, &question, &tags);
        let failed = |error: &dyn std::error::Error| {
            self.index.doubt();
            tracing::error!(error = %chain(error), "the search index cannot be read");
            Refusal::unavailable("the search index cannot be read; try again")
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

fn found(
    engine: &Engine,
    entities: &dyn Entities,
    caller: &Caller,
    question: &Question,
    tags: &Tags,
) -> Result<Value, super::engine::EngineError> {
    let rules = entities.rules_of(caller);
    let visible = |references: &[&str]| entities.visible(caller, references);
    let found = engine.find(question, rules.as_deref(), visible)?;
    Ok(answer(&found, &question.query, question.page, tags))
}
