//! What the twin layer knows: where technologies and actuators are, and what they are set to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use automation_management_domain::{
    actuator::{Actuator, Setting},
    id::{ActuatorId, RoomId, TechnologyId},
    policy::{RoomKind, Technology},
};
use jiff::Timestamp;
use twin_client::{Query, Twin, TwinError, Twins, models};

use crate::application::event::newest;

/// Questions to the twin layer. Clones share what was learnt.
#[derive(Clone)]
pub(crate) struct Surroundings {
    twins: Twins,
    /// In which room each actuator is. Learnt when one is first told of, forgotten when it moves.
    places: Arc<Mutex<BTreeMap<ActuatorId, RoomId>>>,
}

/// What an actuator's twin says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) kind: Actuator,
    pub(crate) setting: Setting,
    pub(crate) at: Timestamp,
}

impl Surroundings {
    pub(crate) fn new(twins: Twins) -> Self {
        Self { twins, places: Arc::default() }
    }

    /// A technology's kind and room; `None` when it has none of either.
    pub(crate) async fn technology(
        &self,
        id: &TechnologyId,
    ) -> Result<Option<(Technology, RoomId)>, TwinError> {
        let Some(twin) = known(self.twins.get_twin(id.as_str()).await)?.flatten() else {
            return Ok(None);
        };
        let kind = match twin.integer("type") {
            Some(0) => Technology::Endoscope,
            Some(1) => Technology::Xray,
            _ => return Ok(None),
        };
        let room = self.twins.first_id(&Query::room_of_technology(id.as_str())).await;
        let room = known(room)?.flatten().and_then(|room| room.parse().ok());
        Ok(room.map(|room| (kind, room)))
    }

    /// A room's kind; `None` when there is no such room.
    pub(crate) async fn room_kind(&self, id: &RoomId) -> Result<Option<RoomKind>, TwinError> {
        let twin = known(self.twins.get_twin(id.as_str()).await)?.flatten();
        Ok(twin.and_then(|twin| match twin.model.as_str() {
            models::OPERATING_ROOM => Some(RoomKind::Operating),
            models::PRE_POST_OPERATING_ROOM => Some(RoomKind::PrePost),
            _ => None,
        }))
    }

    /// A room's actuator of a kind; of several the twin layer's first.
    pub(crate) async fn actuator_in(
        &self,
        room: &RoomId,
        kind: Actuator,
    ) -> Result<Option<ActuatorId>, TwinError> {
        let query = Query::actuator_in_room(room.as_str(), kind.number());
        let found = known(self.twins.first_id(&query).await)?.flatten();
        Ok(found.and_then(|id| id.parse().ok()))
    }

    /// The room that an actuator is in; `None` when it is in none.
    pub(crate) async fn room_of(&self, actuator: &ActuatorId) -> Result<Option<RoomId>, TwinError> {
        if let Some(room) = self.places().get(actuator) {
            return Ok(Some(room.clone()));
        }
        let incoming = known(self.twins.incoming(actuator.as_str()).await)?.unwrap_or_default();
        let room: Option<RoomId> = incoming
            .iter()
            .filter(|relationship| relationship.name == models::REL_HAS_ACTUATOR)
            .find_map(|relationship| relationship.source.parse().ok());
        if let Some(room) = &room {
            self.places().insert(actuator.clone(), room.clone());
        }
        Ok(room)
    }

    /// Forgets where an actuator is.
    pub(crate) fn moved(&self, actuator: &ActuatorId) {
        self.places().remove(actuator);
    }

    /// What an actuator's twin says it is set to; `None` when it says nothing of the kind.
    pub(crate) async fn state(&self, actuator: &ActuatorId) -> Result<Option<State>, TwinError> {
        let twin = known(self.twins.get_twin(actuator.as_str()).await)?.flatten();
        Ok(twin.and_then(|twin| state(&twin)))
    }

    fn places(&self) -> std::sync::MutexGuard<'_, BTreeMap<ActuatorId, RoomId>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state(twin: &Twin) -> Option<State> {
    let kind = Actuator::of_number(twin.integer("type")?)?;
    let power = twin.text("power_state").map(|state| state == "on");
    let setting = Setting::read(kind, power, twin.integer("intensity"))?;
    // The source's own time where it said one.
    let of = ["power_state", "intensity"];
    let at = newest(of.map(|property| twin.source_time(property)))
        .or_else(|| newest(of.map(|property| twin.last_update_time(property))))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    Some(State { kind, setting, at })
}

/// What is not there, or is refused as no id, is unknown; only what may be answered later fails.
fn known<T>(asked: Result<T, TwinError>) -> Result<Option<T>, TwinError> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(TwinError::NotFound { .. } | TwinError::Refused { status: 400, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
