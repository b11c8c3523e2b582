//! What the dashboards read: zones and rooms, processes, reports, and who is where.
//!
//! Nothing is kept here and no rule of the block is applied: services behind are asked in the
//! caller's name, and their answers are put together in the contract's shape. When the one service
//! that is asked is down, the answer is 503; when a part of a composed answer is missing, the rest
//! is answered and `Chiron-Partial` names who did not answer.

mod people;
mod process;
mod report;
mod room;

pub(crate) use people::Directory;

use chiron_chassis::Api;
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::{ADD_TO_REPORT, POSITIONS, PROCESSES, REPORTS, ROOMS};

/// What the block's dashboard reads.
pub(crate) fn of_block(api: Api<Gateway>) -> Api<Gateway> {
    api.route(ROOMS, routes!(room::zones))
        .route(ROOMS, routes!(room::of_block))
        .route(REPORTS, routes!(report::list))
        .route(REPORTS, routes!(report::show))
        .route(ADD_TO_REPORT, routes!(report::add))
        .route(PROCESSES, routes!(process::info))
        .route(POSITIONS, routes!(people::of_zone))
        .route(POSITIONS, routes!(people::of_block))
}

/// What a room's dashboard reads.
pub(crate) fn of_room(api: Api<Gateway>) -> Api<Gateway> {
    api.route(ROOMS, routes!(room::of_room)).route(PROCESSES, routes!(process::state))
}
