//! What happens, told while it happens: Server-Sent Events for both dashboards, and the room
//! dashboard's WebSocket.
//!
//! One task per replica follows the log ([`Hub`]) and hands every event that somebody may see to
//! all who listen. It follows by position alone, without a consumer group: there is nothing to
//! commit, since a stream begins where the log ends, or where its client says that it was. So each
//! replica sees every record, as with a group of its own, and an event costs no write.
//!
//! Three things must not happen. A listener must not slow the others or fill memory: all share one
//! ring of the newest events, and who falls behind it is told so by a `gap` and goes on from now. A
//! reconnect must neither lose nor repeat: the id of every event is the whole position in the log
//! after it ([`Positions`]), and what came since is read from the log again. And nobody may see
//! what they could not have asked for: every event is held against its reader ([`Reader`]).

mod event;
mod hub;
mod position;
mod reader;
mod replay;
mod socket;
mod stream;

pub(crate) use hub::Hub;

use chiron_chassis::Api;
use utoipa_axum::routes;

use crate::Gateway;
use crate::needs::{AUTOMATION, LIVE};

/// The stream of the block's dashboard.
pub(crate) fn of_block(api: Api<Gateway>) -> Api<Gateway> {
    api.route(LIVE, routes!(stream::of_block))
}

/// The stream and the WebSocket of a room's dashboard.
pub(crate) fn of_room(api: Api<Gateway>) -> Api<Gateway> {
    api.route(LIVE, routes!(stream::of_room)).route(AUTOMATION, routes!(socket::proposals))
}
