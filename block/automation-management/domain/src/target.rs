//! Who owns a target: of all that want something of a quantity, the strongest.
//!
//! Owners are named instead of stacked, so that each "stop" ends what its own "start" began and
//! nothing else.

use crate::{
    policy::{Environment, Lights, Policy, RoomKind, Technology},
    room::{Room, Vacancy},
};

/// What a target is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Temperature in °C.
    Temperature,
    /// Relative humidity in percent.
    Humidity,
    /// Ambient light in lux.
    AmbientLight,
    /// Surgical light in lux.
    SurgicalLight,
}

/// Who wants it; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Somebody set the lights by hand.
    CustomLight,
    /// A technology's scenario, asked for by the team.
    MedicalTechnology(Technology),
    /// A surgery in progress.
    SurgeryInProgress,
    /// Nobody is there.
    Standby,
    /// The room's kind.
    RoomDefault,
}

/// What is wanted of a quantity, and by whom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// In the quantity's unit; whole for lights.
    pub value: f64,
    /// Who owns it.
    pub owner: Owner,
}

impl Room {
    /// The target in force; `None` for the surgical light of a room that has none.
    pub fn target(&self, policy: &Policy, quantity: Quantity) -> Option<Target> {
        if quantity == Quantity::SurgicalLight && self.kind == RoomKind::PrePost {
            return None;
        }
        if let Some((owner, lights)) = self.light_owner(policy)
            && let Some(value) = of_lights(lights, quantity)
        {
            return Some(Target { value, owner });
        }
        let (owner, environment) = self.environment_owner(policy);
        let value = match quantity {
            Quantity::Temperature => environment.temperature(),
            Quantity::Humidity => environment.humidity(),
            Quantity::AmbientLight => f64::from(environment.lights().ambient()),
            Quantity::SurgicalLight => f64::from(environment.lights().surgical()),
        };
        Some(Target { value, owner })
    }

    /// Who wants something of the lights alone.
    fn light_owner(&self, policy: &Policy) -> Option<(Owner, Lights)> {
        if let Some(lights) = self.custom_light() {
            return Some((Owner::CustomLight, lights));
        }
        // Of several that are supported the one asked for last.
        let (technology, _) = self.supported.iter().max_by_key(|(_, asked)| (*asked).clone())?;
        let lights = policy.scenarios.get(technology)?;
        Some((Owner::MedicalTechnology(*technology), *lights))
    }

    /// Who wants something of everything.
    fn environment_owner(&self, policy: &Policy) -> (Owner, Environment) {
        let of_kind = policy.of(self.kind);
        if self.is_operated_in() {
            return (Owner::SurgeryInProgress, policy.surgery.unwrap_or(of_kind.environment));
        }
        if let (Vacancy::Standby(_), Some(standby)) = (self.vacancy, of_kind.standby) {
            return (Owner::Standby, standby.environment);
        }
        (Owner::RoomDefault, of_kind.environment)
    }
}

fn of_lights(lights: Lights, quantity: Quantity) -> Option<f64> {
    match quantity {
        Quantity::Temperature | Quantity::Humidity => None,
        Quantity::AmbientLight => Some(f64::from(lights.ambient())),
        Quantity::SurgicalLight => Some(f64::from(lights.surgical())),
    }
}
