//! Zones and rooms.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chiron_chassis::{Calls, Json, Path, Problem, Service, Token};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Gateway;
use crate::behind::{Composition, Reply, read, reply};

const BUILDING: Service = Service::BuildingManagement;

/// A zone and its rooms.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZoneV1 {
    /// The zone.
    zone_id: String,
    /// Its name; null when nobody has given it one.
    name: Option<String>,
    /// Zones with a name come by this, before those without; null without.
    order: Option<u32>,
    /// Its first room for before and after surgery, by id.
    pre_operating_room_id: Option<String>,
    /// Its first theatre, by id.
    operating_room_id: Option<String>,
    /// All its rooms, by id.
    rooms: Vec<ZoneRoomV1>,
}

/// A room of a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ZoneRoomV1 {
    /// Its id.
    id: String,
    /// Its name; may be empty.
    name: String,
    /// `OPERATING_ROOM` or `PRE_OPERATING_ROOM`.
    #[serde(rename = "type")]
    room_type: String,
    /// Where it lies on the floor plan; null when nobody has placed it.
    #[serde(default)]
    layout: Option<LayoutV1>,
}

/// A rectangle on the floor plan, in units of its grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Layout)]
struct LayoutV1 {
    /// The left side.
    x: f64,
    /// The upper side.
    y: f64,
    /// The width.
    w: f64,
    /// The height.
    h: f64,
}

/// A room as building management lists it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    zone_id: String,
    #[serde(flatten)]
    room: ZoneRoomV1,
}

#[derive(Deserialize)]
struct Rooms {
    entries: Vec<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    entry: Listed,
}

#[derive(Deserialize)]
struct Labels {
    entries: Vec<Label>,
}

/// What building management says of a zone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Label {
    zone_id: String,
    name: String,
    order: u32,
}

/// Lists the zones: those with a name in their order, then those in which rooms appear.
#[utoipa::path(get, path = "/api/v1/obd/zones",
    responses((status = 200, body = [ZoneV1]), (status = 204, description = "There is none"),
        (status = 503)))]
pub(super) async fn zones(
    State(gateway): State<Gateway>,
    token: Token,
) -> Result<Response, Problem> {
    let call = gateway.ask(&token, BUILDING, "/api/v1/rooms");
    let rooms: Rooms = match reply(BUILDING, call).await? {
        Reply::Known(answer) => read(BUILDING, &answer)?,
        Reply::Empty(_) | Reply::Unknown => return Ok(StatusCode::NO_CONTENT.into_response()),
    };
    let call = gateway.ask(&token, BUILDING, "/api/v1/zones");
    let labels = match reply(BUILDING, call).await? {
        Reply::Known(answer) => read::<Labels>(BUILDING, &answer)?.entries,
        Reply::Empty(_) | Reply::Unknown => Vec::new(),
    };
    let zones = grouped(rooms.entries.into_iter().map(|linked| linked.entry));
    let zones = labelled(zones, labels);
    if zones.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(zones).into_response())
}

fn grouped(rooms: impl Iterator<Item = Listed>) -> Vec<ZoneV1> {
    let mut zones: Vec<ZoneV1> = Vec::new();
    for Listed { zone_id, room } in rooms {
        let at = zones.iter().position(|zone| zone.zone_id == zone_id).unwrap_or(zones.len());
        if at == zones.len() {
            zones.push(ZoneV1 {
                zone_id,
                name: None,
                order: None,
                pre_operating_room_id: None,
                operating_room_id: None,
                rooms: Vec::new(),
            });
        }
        let Some(zone) = zones.get_mut(at) else { continue };
        let first = match room.room_type.as_str() {
            "OPERATING_ROOM" => &mut zone.operating_room_id,
            _ => &mut zone.pre_operating_room_id,
        };
        first.get_or_insert_with(|| room.id.clone());
        zone.rooms.push(room);
    }
    zones
}

/// Gives zones their names and brings them into their order.
fn labelled(mut zones: Vec<ZoneV1>, labels: Vec<Label>) -> Vec<ZoneV1> {
    for Label { zone_id, name, order } in labels {
        if let Some(zone) = zones.iter_mut().find(|zone| zone.zone_id == zone_id) {
            (zone.name, zone.order) = (Some(name), Some(order));
        }
    }
    // Stable: what has no order stays in the order in which its rooms appear.
    zones.sort_by_key(|zone| zone.order.map_or(u64::MAX, u64::from));
    zones
}

/// A room and what it is like. What was never measured is left out.
#[utoipa::path(get, path = "/api/v1/obd/room-info/{roomId}",
    params(("roomId" = String, Path)),
    responses((status = 200), (status = 404), (status = 503)))]
pub(super) async fn of_block(
    State(gateway): State<Gateway>,
    token: Token,
    Path(room_id): Path<String>,
) -> Result<(HeaderMap, Json<Value>), Problem> {
    gateway.room_info(&token, &room_id).await
}

/// A room and what it is like. What was never measured is left out.
#[utoipa::path(get, path = "/api/v1/ord/room-info/{roomId}",
    params(("roomId" = String, Path)),
    responses((status = 200), (status = 404), (status = 503)))]
pub(super) async fn of_room(
    State(gateway): State<Gateway>,
    token: Token,
    Path(room_id): Path<String>,
) -> Result<(HeaderMap, Json<Value>), Problem> {
    gateway.room_info(&token, &room_id).await
}

impl Gateway {
    async fn room_info(
        &self,
        token: &Token,
        room_id: &str,
    ) -> Result<(HeaderMap, Json<Value>), Problem> {
        let path = format!("/api/v1/rooms/{}", Calls::segment(room_id));
        let Reply::Known(answer) = reply(BUILDING, self.ask(token, BUILDING, &path)).await? else {
            return Err(Problem::not_found("there is no such room"));
        };
        let mut composition = Composition::default();
        composition.took(&answer);
        let mut room: Map<String, Value> = read(BUILDING, &answer)?;
        leave_out_unknown(&mut room);
        Ok((composition.headers(), Json(Value::Object(room))))
    }
}

/// The dashboards' readers take an absent value for an unknown one: nulls are left out, and all of
/// the environment when nothing of it is known.
fn leave_out_unknown(room: &mut Map<String, Value>) {
    let Some(Value::Object(environment)) = room.get_mut("environmentalData") else { return };
    environment.retain(|_, value| !value.is_null());
    if environment.is_empty() {
        room.remove("environmentalData");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_of_a_zone_is_listed_and_the_first_of_each_kind_named() {
        let listed = |id: &str, zone: &str, kind: &str| Listed {
            zone_id: zone.to_owned(),
            room: ZoneRoomV1 {
                id: id.to_owned(),
                name: String::new(),
                room_type: kind.to_owned(),
                layout: None,
            },
        };
        let rooms = [
            listed("or-1", "b", "OPERATING_ROOM"),
            listed("or-2", "a", "OPERATING_ROOM"),
            listed("or-3", "b", "OPERATING_ROOM"),
            listed("pre-1", "b", "PRE_OPERATING_ROOM"),
        ];
        let zones = grouped(rooms.into_iter());
        let told: Vec<_> = zones
            .iter()
            .map(|zone| {
                let rooms: Vec<_> = zone.rooms.iter().map(|room| room.id.as_str()).collect();
                (
                    zone.zone_id.as_str(),
                    zone.operating_room_id.as_deref(),
                    zone.pre_operating_room_id.as_deref(),
                    rooms,
                )
            })
            .collect();
        let expected = [
            ("b", Some("or-1"), Some("pre-1"), vec!["or-1", "or-3", "pre-1"]),
            ("a", Some("or-2"), None, vec!["or-2"]),
        ];
        assert_eq!(told, expected);
        let label = |zone_id: &str, order| Label {
            zone_id: zone_id.to_owned(),
            name: zone_id.to_uppercase(),
            order,
        };
        let named = labelled(zones.clone(), vec![label("a", 7), label("gone", 1)]);
        let told: Vec<_> = named.iter().map(|it| (it.zone_id.as_str(), it.order)).collect();
        assert_eq!(told, [("a", Some(7)), ("b", None)]);
        assert_eq!(named.first().and_then(|zone| zone.name.as_deref()), Some("A"));
        let named = labelled(zones, vec![label("a", 7), label("b", 2)]);
        assert_eq!(named.first().map(|zone| zone.zone_id.as_str()), Some("b"));
    }
}
