//! The routes, and what they share.

mod floor;
mod rooms;
mod technologies;

use std::fmt::Display;

use building_management_domain::usecase::{
    administration::ChangeError,
    ports::{StoreError, TwinFailure},
};
use chiron_chassis::{Api, Completeness, Need, Problem, Runtime};
use chiron_clock::{Clock, instant};
use chiron_store::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    NAME,
    application::administrator::Administrator,
    infrastructure::{floor::FloorPlan, store::DocumentStore, twins::TwinGraph},
};

const READ: Need = Need::new(
    "rooms",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "admin", "display"],
);
const WRITE: Need = Need::new("rooms", "write", &["block-manager", "admin"]);

/// Entries of one answer at most; longer lists are read in pages.
const MOST_ENTRIES: usize = 10_000;

/// What the handlers share.
#[derive(Clone)]
struct Served {
    store: DocumentStore,
    floor: FloorPlan,
    administrator: Administrator<DocumentStore, TwinGraph>,
    clock: Clock,
    completeness: Completeness,
}

/// The routes of the service.
pub fn api(
    runtime: &Runtime,
    store: DocumentStore,
    administrator: Administrator<DocumentStore, TwinGraph>,
) -> Api {
    let served = Served {
        store,
        floor: FloorPlan::new(&runtime.store),
        administrator,
        clock: runtime.clock.clone(),
        completeness: runtime.completeness.clone(),
    };
    Api::new(NAME, "Building management")
        .route(WRITE, routes!(rooms::create))
        .route(READ, routes!(rooms::list))
        .route(READ, routes!(rooms::read))
        .route(WRITE, routes!(rooms::change))
        .route(WRITE, routes!(rooms::remove))
        .route(READ, routes!(rooms::history))
        .route(WRITE, routes!(floor::place))
        .route(WRITE, routes!(floor::unplace))
        .route(READ, routes!(floor::zones))
        .route(WRITE, routes!(floor::label))
        .route(WRITE, routes!(technologies::create))
        .route(READ, routes!(technologies::list))
        .route(READ, routes!(technologies::read))
        .route(WRITE, routes!(technologies::place))
        .route(WRITE, routes!(technologies::remove))
        .with_state(served)
}

/// Which instant is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
struct Then {
    /// The state at this instant; without it the newest.
    date_time: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// Entries per page, from 1 to 10,000.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl Paging {
    fn limit(&self) -> Result<Option<usize>, Problem> {
        match self.limit {
            Some(limit @ 1..=MOST_ENTRIES) => Ok(Some(limit)),
            Some(_) => Err(Problem::bad_request("?limit", "must lie between 1 and 10000")),
            None => Ok(None),
        }
    }

    fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        let parse = |text: &String| text.parse().map_err(|err| invalid("?cursor", err));
        self.cursor.as_ref().map(parse).transpose()
    }
}

/// Refuses to answer more than the client can have expected.
fn check_total(total: u64, limit: Option<usize>) -> Result<(), Problem> {
    if limit.is_none() && MOST_ENTRIES < usize::try_from(total).unwrap_or(usize::MAX) {
        let detail = "there are more than 10000 entries: read them in pages";
        return Err(Problem::bad_request("?limit", detail));
    }
    Ok(())
}

fn parse_instant(pointer: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    match text {
        Some(text) => instant::parse(text).map(Some).map_err(|err| invalid(pointer, err)),
        None => Ok(None),
    }
}

fn invalid(pointer: &str, error: impl Display) -> Problem {
    Problem::bad_request(pointer, error.to_string())
}

fn store_problem(error: StoreError) -> Problem {
    match error.0.downcast::<chiron_store::StoreError>() {
        Ok(error) => Problem::from(*error),
        Err(other) => match other.downcast::<chiron_store::WriteError>() {
            Ok(error) => Problem::from(*error),
            Err(other) => Problem::internal(&*other),
        },
    }
}

fn change_problem(error: ChangeError) -> Problem {
    match error {
        ChangeError::Exists => Problem::conflict("there is one of that id already"),
        ChangeError::Unknown => Problem::not_found("there is none of that id"),
        ChangeError::UnknownRoom => Problem::not_found("there is no such room"),
        ChangeError::NotAnOperatingRoom | ChangeError::Refused { .. } => {
            Problem::conflict(error.to_string())
        }
        ChangeError::Unavailable(source) => {
            tracing::warn!(error = %source, "twin layer does not answer");
            Problem::unavailable("the twin layer does not answer; the change was not made")
        }
        ChangeError::Conflict => Problem::conflict("it was changed meanwhile; try again"),
        ChangeError::Store(error) => store_problem(error),
    }
}

fn twin_problem(failure: TwinFailure) -> Problem {
    match failure {
        TwinFailure::Unavailable(source) => {
            tracing::warn!(error = %source, "twin layer does not answer");
            Problem::unavailable("the twin layer does not answer")
        }
        TwinFailure::Missing | TwinFailure::Refused { .. } => Problem::internal(&failure),
    }
}
