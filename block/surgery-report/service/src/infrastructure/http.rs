//! The routes under `/api/v1/reports`.

mod accept;
mod acting;
mod reading;
mod shapes;

use std::sync::Arc;

use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Need, Problem, Runtime};
use surgery_report_domain::usecase::{ActError, StoreError};
use utoipa_axum::routes;

use crate::{
    application::render::Press,
    infrastructure::{composing::Composer, store::StoredReports},
};

const READ: Need =
    Need::new("reports", "read", &["surgeon", "nurse", "anesthetist", "block-manager"])
        .recorded(Recorded::Always);
const ADD: Need =
    Need::new("reports", "add", &["surgeon", "nurse", "anesthetist"]).recorded(Recorded::Always);
const SIGN: Need = Need::new("reports", "sign", &["surgeon"]).recorded(Recorded::Always);
const REGENERATE: Need =
    Need::new("reports", "regenerate", &["block-manager"]).recorded(Recorded::Always);

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reports: StoredReports,
    pub(crate) composer: Composer,
    pub(crate) press: Arc<Press>,
}

pub(crate) fn api(runtime: &Runtime, composer: Composer, press: Arc<Press>) -> Api {
    let app = App { reports: StoredReports::new(&runtime.store), composer, press };
    Api::new(crate::NAME, "Surgery report")
        .route(READ, routes!(reading::list))
        .route(READ, routes!(reading::show))
        .route(ADD, routes!(acting::add))
        .route(READ, routes!(reading::versions))
        .route(READ, routes!(reading::version))
        .route(SIGN, routes!(acting::sign))
        .route(REGENERATE, routes!(acting::regenerate))
        .with_state(app)
}

/// What a refused wish is answered.
fn refused(error: ActError) -> Problem {
    match error {
        ActError::Unknown => unknown(),
        ActError::NotSettled => Problem::conflict(
            "facts of this process may still come; the report settles after the late window",
        ),
        ActError::Signed => Problem::conflict("somebody else has signed this content"),
        ActError::Changed { revision } => {
            Problem::precondition_failed(format!("the report is in revision {revision} now"))
        }
        ActError::Overtaken => Problem::conflict("the report has changed in the meantime"),
        ActError::Incomplete => {
            Problem::unavailable("not every source could be read; nothing was changed")
        }
        ActError::Store(error) => problem(error),
    }
}

/// The store's own failure, which knows best what the client is told.
fn problem(StoreError(error): StoreError) -> Problem {
    let error = match error.downcast::<chiron_store::StoreError>() {
        Ok(failed) => return Problem::from(*failed),
        Err(error) => error,
    };
    match error.downcast::<chiron_store::WriteError>() {
        Ok(refused) => Problem::from(*refused),
        Err(error) => Problem::internal(&*error),
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no report of this process")
}
