//! Twins of rooms and technologies, by the twin client.

use building_management_domain::{
    entity::{
        environment::{Celsius, Environment, Lux, Percent},
        place::{Room, RoomId, RoomType},
        technology::{Technology, TechnologyId, TechnologyType},
    },
    usecase::ports::{TwinFailure, TwinLayer},
};
use jiff::Timestamp;
use twin_client::{Patch, Properties, TwinError, Twins, models};

/// The twin layer that configuration names.
#[derive(Clone)]
pub struct TwinGraph {
    twins: Twins,
}

impl TwinGraph {
    /// By a client.
    pub fn new(twins: Twins) -> Self {
        Self { twins }
    }

    /// What a room's twin says the room is like. What no sensor can have measured is left out, and
    /// a room without a twin says nothing.
    ///
    /// # Errors
    ///
    /// When the twin layer does not answer.
    pub async fn environment(&self, room: &RoomId) -> Result<Environment, TwinFailure> {
        let Some(twin) = self.twins.get_twin(room.as_ref()).await.map_err(failure)? else {
            return Ok(Environment::default());
        };
        Ok(Environment {
            temperature: twin.number("temperature").and_then(|it| Celsius::new(it).ok()),
            humidity: twin.number("humidity").and_then(|it| Percent::new(it).ok()),
            luminosity: twin.number("luminosity").and_then(|it| Lux::new(it).ok()),
            presence: twin.boolean("presence_inside"),
        })
    }
}

impl TwinLayer for TwinGraph {
    async fn exists(&self, id: &str) -> Result<bool, TwinFailure> {
        self.twins.exists(id).await.map_err(failure)
    }

    async fn put_room(&self, room: &Room, at: Timestamp) -> Result<(), TwinFailure> {
        let model = match room.room_type {
            RoomType::OperatingRoom => models::OPERATING_ROOM,
            RoomType::PreOperatingRoom => models::PRE_POST_OPERATING_ROOM,
        };
        let properties =
            Properties::new().with("name", room.name.as_str()).with("zone_id", room.zone.as_ref());
        let put = self.twins.put_twin(room.id.as_ref(), model, properties, Some(at)).await;
        put.map(drop).map_err(failure)
    }

    async fn change_room(&self, room: &Room, at: Timestamp) -> Result<(), TwinFailure> {
        let patch = Patch::new().set("name", room.name.as_str(), Some(at)).set(
            "zone_id",
            room.zone.as_ref(),
            Some(at),
        );
        self.twins.patch_twin(room.id.as_ref(), patch).await.map_err(failure)
    }

    async fn put_technology(
        &self,
        technology: &Technology,
        at: Timestamp,
    ) -> Result<(), TwinFailure> {
        let kind = match technology.technology_type {
            TechnologyType::Endoscope => 0,
            TechnologyType::Xray => 1,
        };
        let properties = Properties::new()
            .with("name", technology.name.as_ref())
            .with("description", technology.description.as_ref())
            .with("type", kind)
            .with("is_in_use", false);
        let (id, model) = (technology.id.as_ref(), models::MEDICAL_TECHNOLOGY);
        let put = self.twins.put_twin(id, model, properties, Some(at)).await;
        put.map(drop).map_err(failure)
    }

    async fn place(
        &self,
        technology: &TechnologyId,
        room: Option<&RoomId>,
        at: Timestamp,
    ) -> Result<(), TwinFailure> {
        let id = technology.as_ref();
        let name = models::REL_IS_LOCATED;
        for located in self.twins.relationships(id, Some(name)).await.map_err(failure)? {
            self.twins.delete_relationship(id, &located.id, Some(at)).await.map_err(failure)?;
        }
        let Some(room) = room else { return Ok(()) };
        let relationship = format!("{id}-located");
        let put =
            self.twins.put_relationship(id, &relationship, name, room.as_ref(), Some(at)).await;
        put.map_err(failure)
    }

    async fn remove(&self, id: &str, at: Timestamp) -> Result<bool, TwinFailure> {
        self.twins.delete_twin_with_relationships(id, Some(at)).await.map_err(failure)
    }
}

fn failure(error: TwinError) -> TwinFailure {
    match error {
        TwinError::NotFound { .. } => TwinFailure::Missing,
        // Not the request is refused but this service: its account has to be put in order.
        TwinError::Refused { status: 401 | 403, .. } => TwinFailure::Unavailable(Box::new(error)),
        TwinError::Refused { message, .. } => TwinFailure::Refused { reason: message },
        other => TwinFailure::Unavailable(Box::new(other)),
    }
}
