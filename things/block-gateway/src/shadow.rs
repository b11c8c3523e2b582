//! What units say becomes changes of twins, each at the time at which it happened.
//!
//! Every line can be said again: a unit that has no answer says it once more under the same id,
//! and the second time changes nothing that the first did not. A line is done when its last twin
//! is written; nothing is held back for later, so a line that finds no patient is refused at once
//! and its sender tries again.

use jiff::Timestamp;
use twin_client::{Patch, Properties, Query, TwinError, Twins, models};

use crate::actuator::Kind;
use crate::known::{Everything, KnownError};
use crate::line::{Device, Left, Reading, Said, State};

/// A line was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDone {
    /// A twin that the line names, or the patient whom it means, is not there.
    #[error("{0}")]
    Unknown(&'static str),
    /// The twin layer.
    #[error(transparent)]
    Twin(#[from] TwinError),
    /// Our own store.
    #[error(transparent)]
    Known(#[from] KnownError),
}

impl NotDone {
    /// As in HTTP.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Unknown(_) | Self::Twin(TwinError::NotFound { .. }) => 404,
            Self::Twin(TwinError::Precondition) => 409,
            // Our own grants are no fault of the unit.
            Self::Twin(
                TwinError::Refused { status: 401 | 403, .. } | TwinError::Unavailable(_),
            )
            | Self::Known(_) => 503,
            Self::Twin(TwinError::Refused { status, .. }) => *status,
            Self::Twin(TwinError::Protocol(_)) => 500,
        }
    }

    /// For the unit's maker.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Unknown(what) => (*what).to_owned(),
            Self::Twin(TwinError::NotFound { .. }) => "no twin of this id".to_owned(),
            Self::Twin(TwinError::Refused { message, .. }) if self.status() < 500 => {
                message.clone()
            }
            _ => "try again".to_owned(),
        }
    }
}

/// The twin layer as units change it.
#[derive(Clone)]
pub(crate) struct Shadow {
    twins: Twins,
    known: Everything,
}

impl Shadow {
    pub(crate) fn new(twins: Twins, known: Everything) -> Self {
        Self { twins, known }
    }

    /// Does what a line says happened at `at`.
    pub(crate) async fn apply(&self, said: &Said, at: Timestamp) -> Result<(), NotDone> {
        match said {
            Said::Measured { room, reading } => self.measured(room, *reading, at).await,
            Said::State { actuator, state } => self.state(actuator, *state, at).await,
            Said::Moved { person, room, left } => {
                self.moved(person, room.as_deref(), left, at).await
            }
            Said::Implanted { device, kind, room, patient } => {
                self.implanted(device, *kind, room, patient.as_deref(), at).await
            }
            Said::OnTable { room, patient } => {
                let patient = self.patient(room, patient.as_deref()).await?;
                let patch = Patch::new().set("is_on_operating_table", true, Some(at));
                Ok(self.twins.patch_twin(&patient, patch).await?)
            }
            Said::Actuator { actuator, kind, room } => {
                self.announced(actuator, *kind, room, at).await
            }
            Said::Room { room } => match self.twins.get_twin(room).await? {
                Some(twin) if is_room(&twin.model) => Ok(()),
                _ => Err(NotDone::Unknown("no room of this id")),
            },
        }
    }

    async fn measured(&self, room: &str, reading: Reading, at: Timestamp) -> Result<(), NotDone> {
        let patch = Patch::new();
        let patch = match reading {
            Reading::Temperature(celsius) => patch.set("temperature", celsius, Some(at)),
            Reading::Humidity(percent) => patch.set("humidity", percent, Some(at)),
            Reading::Luminosity(lux) => patch.set("luminosity", lux, Some(at)),
            Reading::Presence(inside) => patch.set("presence_inside", inside, Some(at)),
        };
        Ok(self.twins.patch_twin(room, patch).await?)
    }

    async fn state(&self, id: &str, state: State, at: Timestamp) -> Result<(), NotDone> {
        let Some(actuator) = self.known.actuator(id).await? else {
            return Err(NotDone::Unknown("this actuator was not announced"));
        };
        let patch = Patch::new()
            .set("intensity", state.intensity, Some(at))
            .set("power_state", if state.on { "on" } else { "off" }, Some(at))
            .set("type", actuator.kind.number(), Some(at));
        self.twins.patch_twin(id, patch).await?;
        Ok(self.known.is_now(id, state, at).await?)
    }

    /// Enters first and leaves then, at one time: one move, and nobody is ever nowhere between two
    /// rooms. A first entrance has nothing to leave. An exit that no reader saw leaves a relationship
    /// behind: who comes back to that room gets a second one, since only what is new is told.
    async fn moved(
        &self,
        person: &str,
        room: Option<&str>,
        left: &Left,
        at: Timestamp,
    ) -> Result<(), NotDone> {
        let inside = self.twins.relationships(person, Some(models::REL_IS_INSIDE)).await?;
        if let Some(room) = room {
            let mut id = format!("{room}-{person}");
            let there = inside.iter().any(|inside| inside.target == room);
            // Said again it is the same entrance.
            if there && self.known.entry(person, room).await? != Some(at) {
                id = format!("{id}-{}", at.as_millisecond());
            }
            self.twins.put_relationship(person, &id, models::REL_IS_INSIDE, room, Some(at)).await?;
            self.known.entered(person, room, at).await?;
        }
        let leaves = |target: &str| {
            Some(target) != room
                && match left {
                    Left::Elsewhere => true,
                    Left::Room(from) => from.as_deref() == Some(target),
                }
        };
        for relationship in inside.iter().filter(|inside| leaves(&inside.target)) {
            self.twins.delete_relationship(person, &relationship.id, Some(at)).await?;
            self.known.left(person, &relationship.target).await?;
        }
        Ok(())
    }

    /// The patient who is named, or the one in the room; of several the latest to enter.
    async fn patient(&self, room: &str, named: Option<&str>) -> Result<String, NotDone> {
        if let Some(named) = named {
            return Ok(named.to_owned());
        }
        let query = Query::twins("Patient")
            .join("Room", "Patient", models::REL_IS_INSIDE)
            .with_id("Room", room)
            .with_model("Patient", models::PATIENT)
            .ids_of("Patient");
        let inside = self.twins.ids(&query).await?;
        let latest = self.known.latest(room, inside).await?;
        latest.ok_or(NotDone::Unknown("no patient is in this room"))
    }

    async fn implanted(
        &self,
        device: &str,
        kind: Device,
        room: &str,
        patient: Option<&str>,
        at: Timestamp,
    ) -> Result<(), NotDone> {
        let patient = self.patient(room, patient).await?;
        let process = self.process_of(&patient).await?;
        let properties = Properties::new().with("type", kind.number());
        self.twins
            .put_twin(device, models::IMPLANTABLE_MEDICAL_DEVICE, properties, Some(at))
            .await?;
        let id = format!("{process}-{device}");
        self.twins.put_relationship(&process, &id, models::REL_USE, device, Some(at)).await?;
        Ok(())
    }

    /// The patient's process that is inside a room: one that has ended is in none. Where none is,
    /// the latest to begin, which its id tells.
    async fn process_of(&self, patient: &str) -> Result<String, NotDone> {
        let mut processes = self.twins.ids(&Query::processes_of_patient(patient)).await?;
        processes.sort();
        if 1 < processes.len() {
            for process in processes.iter().rev() {
                let inside =
                    match self.twins.relationships(process, Some(models::REL_IS_INSIDE)).await {
                        Ok(inside) => inside,
                        // It went in between.
                        Err(TwinError::NotFound { .. }) => continue,
                        Err(err) => return Err(err.into()),
                    };
                if !inside.is_empty() {
                    return Ok(process.clone());
                }
            }
        }
        processes.pop().ok_or(NotDone::Unknown("no process involves this patient"))
    }

    /// The twin is made once: a unit that comes back must not wipe out how its actuators are.
    async fn announced(
        &self,
        id: &str,
        kind: Kind,
        room: &str,
        at: Timestamp,
    ) -> Result<(), NotDone> {
        match self.twins.get_twin(room).await? {
            Some(twin) if is_room(&twin.model) => {}
            _ => return Err(NotDone::Unknown("no room of this id")),
        }
        let properties = Properties::new().with("type", kind.number());
        if !self.twins.create_twin(id, models::ACTUATOR, properties, Some(at)).await? {
            let twin = self.twins.get_twin(id).await?;
            match twin {
                Some(twin) if twin.model != models::ACTUATOR => {
                    return Err(NotDone::Unknown("this id is that of something else"));
                }
                Some(twin) if twin.integer("type") == Some(kind.number()) => {}
                _ => {
                    let patch = Patch::new().set("type", kind.number(), Some(at));
                    self.twins.patch_twin(id, patch).await?;
                }
            }
        }
        let mut there = false;
        for incoming in self.twins.incoming(id).await? {
            if incoming.name != models::REL_HAS_ACTUATOR {
                continue;
            }
            if incoming.source == room {
                there = true;
            } else {
                // It was moved to another room.
                self.twins.delete_relationship(&incoming.source, &incoming.id, Some(at)).await?;
            }
        }
        if !there {
            let relationship = format!("{room}-{id}");
            self.twins
                .put_relationship(room, &relationship, models::REL_HAS_ACTUATOR, id, Some(at))
                .await?;
        }
        Ok(self.known.announced(id, kind, room).await?)
    }
}

fn is_room(model: &str) -> bool {
    [models::ROOM, models::OPERATING_ROOM, models::PRE_POST_OPERATING_ROOM].contains(&model)
}
