//! Routes of what zones are called and where rooms lie on the floor plan.

use axum::extract::State;
use axum::http::StatusCode;
use building_management_domain::entity::floor::{Layout, ZoneLabel};
use building_management_domain::entity::place::ZoneId;
use chiron_chassis::{Json, Path, Problem};

use crate::application::wire::{LayoutV1, List, ZoneEntry, ZoneLabelV1};
use crate::infrastructure::http::rooms::parse_id;
use crate::infrastructure::http::{Served, invalid};

/// Lists the zones that have a name, by order, then id.
#[utoipa::path(get, path = "/api/v1/zones", responses((status = 200, body = List<ZoneEntry>)))]
pub(super) async fn zones(State(served): State<Served>) -> Result<Json<List<ZoneEntry>>, Problem> {
    let zones = served.floor.zones().await?.into_iter();
    let entries: Vec<_> = zones
        .map(|(zone_id, ZoneLabel { name, order })| ZoneEntry { zone_id, name, order })
        .collect();
    let total = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    Ok(Json(List { entries, total, next: None }))
}

/// Names a zone and says where it stands among the others. Zones are those of rooms: one without a
/// room is shown nowhere.
#[utoipa::path(put, path = "/api/v1/zones/{zoneId}", params(("zoneId" = String, Path)),
    request_body = ZoneLabelV1, responses((status = 204), (status = 400)))]
pub(super) async fn label(
    State(served): State<Served>,
    Path(zone): Path<String>,
    Json(label): Json<ZoneLabelV1>,
) -> Result<StatusCode, Problem> {
    let zone: ZoneId = zone.parse().map_err(|error| invalid("{zoneId}", error))?;
    if label.name.trim().is_empty() {
        return Err(Problem::bad_request("/name", "must not be blank"));
    }
    served.floor.label(&zone, ZoneLabel { name: label.name, order: label.order }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Places a room on the floor plan.
#[utoipa::path(put, path = "/api/v1/rooms/{roomId}/layout", params(("roomId" = String, Path)),
    request_body = LayoutV1, responses((status = 204), (status = 400), (status = 404)))]
pub(super) async fn place(
    State(served): State<Served>,
    Path(room): Path<String>,
    Json(LayoutV1 { x, y, w, h }): Json<LayoutV1>,
) -> Result<StatusCode, Problem> {
    let layout =
        Layout::new(x, y, w, h).map_err(|error| invalid(&format!("/{}", error.side()), error))?;
    let record = served.room_there(&room).await?;
    served.floor.place(&record.room.id, layout).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a room off the floor plan.
#[utoipa::path(delete, path = "/api/v1/rooms/{roomId}/layout", params(("roomId" = String, Path)),
    responses((status = 204), (status = 400)))]
pub(super) async fn unplace(
    State(served): State<Served>,
    Path(room): Path<String>,
) -> Result<StatusCode, Problem> {
    served.floor.unplace(&parse_id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
