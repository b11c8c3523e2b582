//! How the domain's words are spelled in answers, events and documents, in one table.

use automation_management_domain::{
    actuator::Actuator,
    command::{Outcome, Trigger, Trouble},
    policy::{RoomKind, Technology},
    regulation::Rule,
    target::{Owner, Quantity},
};
use serde::{Deserialize, Deserializer, Serializer, de};

/// A closed set of words.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// Each with its spelling.
    const NAMES: &'static [(Self, &'static str)];

    /// Its spelling.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(it, _)| *it == self).map_or("UNKNOWN", |(_, name)| name)
    }

    /// The word that is spelled so.
    fn of(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(it, _)| *it)
    }
}

impl Named for Actuator {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Heating, "HEATING"),
        (Self::Cooling, "COOLING"),
        (Self::Ventilation, "VENTILATION"),
        (Self::AmbientLight, "AMBIENT_LIGHT"),
        (Self::SurgicalLight, "SURGICAL_LIGHT"),
    ];
}

impl Named for RoomKind {
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::Operating, "OPERATING_ROOM"), (Self::PrePost, "PRE_OPERATING_ROOM")];
}

impl Named for Technology {
    const NAMES: &'static [(Self, &'static str)] =
        &[(Self::Endoscope, "endoscope"), (Self::Xray, "xray")];
}

impl Named for Quantity {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Temperature, "TEMPERATURE"),
        (Self::Humidity, "HUMIDITY"),
        (Self::AmbientLight, "AMBIENT_LIGHT"),
        (Self::SurgicalLight, "SURGICAL_LIGHT"),
    ];
}

impl Named for Owner {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::CustomLight, "CUSTOM_LIGHT"),
        (Self::MedicalTechnology(Technology::Endoscope), "MEDICAL_TECHNOLOGY/endoscope"),
        (Self::MedicalTechnology(Technology::Xray), "MEDICAL_TECHNOLOGY/xray"),
        (Self::SurgeryInProgress, "SURGERY_IN_PROGRESS"),
        (Self::Standby, "STANDBY"),
        (Self::RoomDefault, "ROOM_DEFAULT"),
    ];
}

impl Named for Rule {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::TooWarm, "TOO_WARM"),
        (Self::TooCold, "TOO_COLD"),
        (Self::CooledDown, "COOLED_DOWN"),
        (Self::WarmedUp, "WARMED_UP"),
        (Self::TooHumid, "TOO_HUMID"),
        (Self::DriedOut, "DRIED_OUT"),
        (Self::LightDiffers, "LIGHT_DIFFERS"),
    ];
}

impl Named for Trigger {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Measurement, "MEASUREMENT"),
        (Self::Presence, "PRESENCE"),
        (Self::StandbyTimer, "STANDBY_TIMER"),
        (Self::TechnologyUsage, "TECHNOLOGY_USAGE"),
        (Self::TechnologyRequest, "TECHNOLOGY_REQUEST"),
        (Self::CustomLight, "CUSTOM_LIGHT"),
        (Self::Surgery, "SURGERY"),
    ];
}

impl Named for Outcome {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Confirmed, "CONFIRMED"),
        (Self::Failed, "FAILED"),
        (Self::Superseded, "SUPERSEDED"),
        (Self::Expired, "EXPIRED"),
    ];
}

impl Named for Trouble {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::NoActuator, "NO_ACTUATOR"),
        (Self::NoTwinLayer, "NO_TWIN_LAYER"),
        (Self::NoDirectory, "NO_DIRECTORY"),
        (Self::NoDescription, "NO_DESCRIPTION"),
        (Self::BadDescription, "BAD_DESCRIPTION"),
        (Self::NoGateway, "NO_GATEWAY"),
        (Self::Refused, "REFUSED"),
        (Self::NotConfirmed, "NOT_CONFIRMED"),
        (Self::OppositeStillOn, "OPPOSITE_STILL_ON"),
    ];
}

/// Writes a word; for `#[serde(with = "name")]` in documents.
pub(crate) fn serialize<T: Named, S: Serializer>(word: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(word.name())
}

/// Reads a word.
pub(crate) fn deserialize<'de, T: Named, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    T::of(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no word of this place")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Named + std::fmt::Debug>() {
        for (word, name) in T::NAMES {
            assert_eq!(word.name(), *name);
            assert_eq!(T::of(name), Some(*word));
        }
        assert_eq!(T::of("LUNCH"), None);
    }

    #[test]
    fn every_word_has_a_spelling_of_its_own() {
        check::<Actuator>();
        check::<RoomKind>();
        check::<Technology>();
        check::<Quantity>();
        check::<Owner>();
        check::<Rule>();
        check::<Trigger>();
        check::<Outcome>();
        check::<Trouble>();
        assert_eq!(Actuator::NAMES.len(), Actuator::ALL.len());
    }
}
