//! What is wanted of rooms, as `chiron.toml` and as the reference's own YAML file say it. Both give
//! the same policy.

mod file;

use std::{collections::BTreeMap, path::PathBuf};

use automation_management_domain::policy::{
    Environment, KindPolicy, Lights, OutOfRange, Policy, Standby, Technology,
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use twin_client::TwinLayer;

use crate::application::name::Named as _;

/// Settings of the service: the section `[automation]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// A configuration file of the reference (YAML). When there is one, it says all that the
    /// sections below say, and they are not read.
    pub yaml: Option<PathBuf>,
    /// Theatres.
    pub operating_room: OperatingRoom,
    /// Theatres in which nobody is.
    pub operating_room_standby: OperatingRoomStandby,
    /// Rooms for before and after.
    pub pre_post_operating_room: PrePostOperatingRoom,
    /// Rooms for before and after in which nobody is.
    pub pre_post_operating_room_standby: PrePostOperatingRoomStandby,
    /// Theatres in which a surgery is in progress; as other theatres when left out.
    pub surgery_in_progress: Option<SurgeryInProgress>,
    /// Lights that suit a technology; at most one entry a type.
    pub scenarios: Scenarios,
    /// The twin layer in which technologies and actuators are found.
    #[serde(skip)]
    pub twin_layer: TwinLayer,
}

/// Light scenarios. Those of the reference's file when nothing is said.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scenarios(Vec<Scenario>);

impl Default for Scenarios {
    fn default() -> Self {
        let technology = "endoscope".to_owned();
        Self(vec![Scenario { technology, ambient_lux: 60, surgical_lux: 150_000 }])
    }
}

/// Lights that suit a technology.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `endoscope` or `xray`.
    pub technology: String,
    /// From 0 to 5000.
    pub ambient_lux: i64,
    /// From 0 to 200000.
    pub surgical_lux: i64,
}

/// A theatre in which a surgery is in progress.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurgeryInProgress {
    /// In °C.
    pub temperature_celsius: f64,
    /// In percent.
    pub humidity_percent: f64,
    /// From 0 to 5000.
    pub ambient_lux: i64,
    /// From 0 to 200000.
    pub surgical_lux: i64,
}

/// A theatre. The defaults lie inside the usual ranges of a theatre, 20 to 24 °C and 20 to 60 %.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperatingRoom {
    /// In °C.
    pub temperature_celsius: f64,
    /// In percent.
    pub humidity_percent: f64,
    /// From 0 to 5000.
    pub ambient_lux: i64,
    /// From 0 to 200000.
    pub surgical_lux: i64,
}

impl Default for OperatingRoom {
    fn default() -> Self {
        Self {
            temperature_celsius: 21.0,
            humidity_percent: 50.0,
            ambient_lux: 100,
            surgical_lux: 100_000,
        }
    }
}

/// A theatre in which nobody is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperatingRoomStandby {
    /// Whether there is such a mode.
    pub enabled: bool,
    /// How long nobody must have been seen.
    pub minutes_to_enable: u32,
    /// In °C.
    pub temperature_celsius: f64,
    /// In percent.
    pub humidity_percent: f64,
    /// From 0 to 5000.
    pub ambient_lux: i64,
    /// From 0 to 200000.
    pub surgical_lux: i64,
}

impl Default for OperatingRoomStandby {
    fn default() -> Self {
        Self {
            enabled: true,
            minutes_to_enable: 1,
            temperature_celsius: 20.0,
            humidity_percent: 60.0,
            ambient_lux: 50,
            surgical_lux: 150,
        }
    }
}

/// A room for before and after.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrePostOperatingRoom {
    /// In °C.
    pub temperature_celsius: f64,
    /// In percent.
    pub humidity_percent: f64,
    /// From 0 to 5000.
    pub ambient_lux: i64,
}

impl Default for PrePostOperatingRoom {
    fn default() -> Self {
        Self { temperature_celsius: 21.0, humidity_percent: 50.0, ambient_lux: 100 }
    }
}

/// A room for before and after in which nobody is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrePostOperatingRoomStandby {
    /// Whether there is such a mode.
    pub enabled: bool,
    /// How long nobody must have been seen.
    pub minutes_to_enable: u32,
    /// In °C.
    pub temperature_celsius: f64,
    /// In percent.
    pub humidity_percent: f64,
    /// From 0 to 5000.
    pub ambient_lux: i64,
}

impl Default for PrePostOperatingRoomStandby {
    fn default() -> Self {
        Self {
            enabled: true,
            minutes_to_enable: 2,
            temperature_celsius: 22.0,
            humidity_percent: 60.0,
            ambient_lux: 60,
        }
    }
}

/// Why a configuration cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file does not exist or cannot be read.
    #[error("the automation's configuration {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the automation's configuration {} is not valid", path.display())]
    Yaml {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value that no room can have.
    #[error("{section} cannot be so")]
    OutOfRange {
        /// Where.
        section: &'static str,
        /// Which value.
        source: OutOfRange,
    },
    /// A light that is no whole number of lux.
    #[error("{section}: lux are whole numbers")]
    NotWhole {
        /// Where.
        section: &'static str,
    },
    /// A technology that there is not.
    #[error("a scenario is for `endoscope` or `xray`, not `{0}`")]
    Technology(String),
    /// Two scenarios of one technology.
    #[error("there is more than one scenario for `{0}`")]
    Twice(String),
}

impl Settings {
    /// The same without a file: what the file says, as sections. A standby mode that is not enabled
    /// has the values of the defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn in_force(&self) -> Result<Self, ConfigurationError> {
        Ok(Self { twin_layer: self.twin_layer.clone(), ..Self::of(&self.policy()?) })
    }

    fn of(policy: &Policy) -> Self {
        let (theatre, room) = (policy.operating.environment, policy.pre_post.environment);
        let surgery = policy.surgery.map(|environment| SurgeryInProgress {
            temperature_celsius: environment.temperature(),
            humidity_percent: environment.humidity(),
            ambient_lux: environment.lights().ambient().into(),
            surgical_lux: environment.lights().surgical().into(),
        });
        let minutes = |after: SignedDuration| u32::try_from(after.as_mins()).unwrap_or(u32::MAX);
        let off = OperatingRoomStandby { enabled: false, ..OperatingRoomStandby::default() };
        let theatre_standby = policy.operating.standby.map_or(off, |standby| {
            let environment = standby.environment;
            OperatingRoomStandby {
                enabled: true,
                minutes_to_enable: minutes(standby.after),
                temperature_celsius: environment.temperature(),
                humidity_percent: environment.humidity(),
                ambient_lux: environment.lights().ambient().into(),
                surgical_lux: environment.lights().surgical().into(),
            }
        });
        let off = PrePostOperatingRoomStandby {
            enabled: false,
            ..PrePostOperatingRoomStandby::default()
        };
        let room_standby = policy.pre_post.standby.map_or(off, |standby| {
            let environment = standby.environment;
            PrePostOperatingRoomStandby {
                enabled: true,
                minutes_to_enable: minutes(standby.after),
                temperature_celsius: environment.temperature(),
                humidity_percent: environment.humidity(),
                ambient_lux: environment.lights().ambient().into(),
            }
        });
        let scenarios = policy.scenarios.iter().map(|(technology, lights)| Scenario {
            technology: technology.name().to_owned(),
            ambient_lux: lights.ambient().into(),
            surgical_lux: lights.surgical().into(),
        });
        Self {
            yaml: None,
            operating_room: OperatingRoom {
                temperature_celsius: theatre.temperature(),
                humidity_percent: theatre.humidity(),
                ambient_lux: theatre.lights().ambient().into(),
                surgical_lux: theatre.lights().surgical().into(),
            },
            operating_room_standby: theatre_standby,
            pre_post_operating_room: PrePostOperatingRoom {
                temperature_celsius: room.temperature(),
                humidity_percent: room.humidity(),
                ambient_lux: room.lights().ambient().into(),
            },
            pre_post_operating_room_standby: room_standby,
            surgery_in_progress: surgery,
            scenarios: Scenarios(scenarios.collect()),
            twin_layer: TwinLayer::default(),
        }
    }

    /// What is wanted, from the file if one is named.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub(crate) fn policy(&self) -> Result<Policy, ConfigurationError> {
        match &self.yaml {
            Some(path) => file::read(path),
            None => self.of_sections(),
        }
    }

    fn of_sections(&self) -> Result<Policy, ConfigurationError> {
        let theatre = &self.operating_room;
        let empty_theatre = &self.operating_room_standby;
        let pre_post = &self.pre_post_operating_room;
        let empty = &self.pre_post_operating_room_standby;
        let surgery = self.surgery_in_progress.as_ref().map(|surgery| {
            Values {
                temperature: surgery.temperature_celsius,
                humidity: surgery.humidity_percent,
                ambient: surgery.ambient_lux,
                surgical: surgery.surgical_lux,
            }
            .checked("surgery_in_progress")
        });
        Ok(Policy {
            operating: KindPolicy {
                environment: Values {
                    temperature: theatre.temperature_celsius,
                    humidity: theatre.humidity_percent,
                    ambient: theatre.ambient_lux,
                    surgical: theatre.surgical_lux,
                }
                .checked("operating_room")?,
                standby: Values {
                    temperature: empty_theatre.temperature_celsius,
                    humidity: empty_theatre.humidity_percent,
                    ambient: empty_theatre.ambient_lux,
                    surgical: empty_theatre.surgical_lux,
                }
                .standby(
                    "operating_room_standby",
                    empty_theatre.enabled,
                    empty_theatre.minutes_to_enable,
                )?,
            },
            pre_post: KindPolicy {
                environment: Values {
                    temperature: pre_post.temperature_celsius,
                    humidity: pre_post.humidity_percent,
                    ambient: pre_post.ambient_lux,
                    surgical: 0,
                }
                .checked("pre_post_operating_room")?,
                standby: Values {
                    temperature: empty.temperature_celsius,
                    humidity: empty.humidity_percent,
                    ambient: empty.ambient_lux,
                    surgical: 0,
                }
                .standby(
                    "pre_post_operating_room_standby",
                    empty.enabled,
                    empty.minutes_to_enable,
                )?,
            },
            surgery: surgery.transpose()?,
            scenarios: scenarios(self.scenarios.0.iter().map(|scenario| {
                (scenario.technology.as_str(), scenario.ambient_lux, scenario.surgical_lux)
            }))?,
        })
    }
}

/// An environment as it is configured, unchecked.
struct Values {
    temperature: f64,
    humidity: f64,
    ambient: i64,
    surgical: i64,
}

impl Values {
    fn checked(&self, section: &'static str) -> Result<Environment, ConfigurationError> {
        Lights::new(self.ambient, self.surgical)
            .and_then(|lights| Environment::new(self.temperature, self.humidity, lights))
            .map_err(|source| ConfigurationError::OutOfRange { section, source })
    }

    /// Checked also when it is not enabled: it may be one day.
    fn standby(
        &self,
        section: &'static str,
        enabled: bool,
        minutes: u32,
    ) -> Result<Option<Standby>, ConfigurationError> {
        let environment = self.checked(section)?;
        let after = SignedDuration::from_mins(i64::from(minutes));
        Ok(enabled.then_some(Standby { after, environment }))
    }
}

fn scenarios<'a>(
    given: impl Iterator<Item = (&'a str, i64, i64)>,
) -> Result<BTreeMap<Technology, Lights>, ConfigurationError> {
    let mut scenarios = BTreeMap::new();
    for (name, ambient, surgical) in given {
        let technology =
            Technology::of(name).ok_or_else(|| ConfigurationError::Technology(name.to_owned()))?;
        let lights = Lights::new(ambient, surgical)
            .map_err(|source| ConfigurationError::OutOfRange { section: "scenarios", source })?;
        if scenarios.insert(technology, lights).is_some() {
            return Err(ConfigurationError::Twice(name.to_owned()));
        }
    }
    Ok(scenarios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_lie_inside_the_usual_ranges_of_a_theatre() {
        let policy = Settings::default().policy().unwrap();
        let standby = policy.operating.standby.unwrap().environment;
        for environment in [policy.operating.environment, standby] {
            assert!((20.0..=24.0).contains(&environment.temperature()));
            assert!((20.0..=60.0).contains(&environment.humidity()));
        }
        assert_eq!(policy.operating.environment.temperature().to_string(), "21");
        assert_eq!(policy.operating.environment.humidity().to_string(), "50");
    }
}
