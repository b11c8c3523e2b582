//! What is wanted of rooms, as `chiron.toml` and as the reference's own YAML file say it.
//!
//! The YAML file is read with its own rules: unknown keys are skipped, and truth values are those
//! of YAML 1.1 (`yes`, `no`, `on`, `off`) as well as `true` and `false`. Both give the same policy.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use automation_management_domain::policy::{
    Environment, KindPolicy, Lights, OutOfRange, Policy, Standby, Technology,
};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, de};
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
    /// What is wanted, from the file if one is named.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub(crate) fn policy(&self) -> Result<Policy, ConfigurationError> {
        match &self.yaml {
            Some(path) => read(path),
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

fn read(path: &Path) -> Result<Policy, ConfigurationError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigurationError::File { path: path.to_owned(), source })?;
    let file = parse(&text)
        .map_err(|source| ConfigurationError::Yaml { path: path.to_owned(), source })?;
    file.policy()
}

fn parse(text: &str) -> Result<FileV1, Box<dyn std::error::Error + Send + Sync>> {
    // As text: the parser's own error holds what is not `Send`.
    serde_saphyr::from_str(text).map_err(|error| error.to_string().into())
}

/// The reference's file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileV1 {
    operating_room: EnvironmentV1,
    operating_room_standby_mode: StandbyV1,
    pre_post_operating_room: EnvironmentV1,
    pre_post_operating_room_standby_mode: StandbyV1,
    medical_technology_scenarios: Vec<ScenarioV1>,
    surgery_in_progress: Option<EnvironmentV1>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvironmentV1 {
    temperature: f64,
    humidity: f64,
    ambient_illuminance: f64,
    #[serde(default)]
    surgical_illuminance: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StandbyV1 {
    #[serde(deserialize_with = "truth")]
    enabled: bool,
    minutes_to_enable: u32,
    environment: EnvironmentV1,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScenarioV1 {
    medical_technology_type: String,
    ambient_illuminance: f64,
    surgical_illuminance: f64,
}

impl FileV1 {
    fn policy(&self) -> Result<Policy, ConfigurationError> {
        let scenarios = self
            .medical_technology_scenarios
            .iter()
            .map(|scenario| {
                let section = "medicalTechnologyScenarios";
                Ok((
                    scenario.medical_technology_type.as_str(),
                    whole(section, scenario.ambient_illuminance)?,
                    whole(section, scenario.surgical_illuminance)?,
                ))
            })
            .collect::<Result<Vec<_>, ConfigurationError>>()?;
        let surgery = self.surgery_in_progress.as_ref();
        Ok(Policy {
            operating: KindPolicy {
                environment: self.operating_room.checked("operatingRoom")?,
                standby: self.operating_room_standby_mode.checked("operatingRoomStandbyMode")?,
            },
            pre_post: KindPolicy {
                environment: self.pre_post_operating_room.checked("prePostOperatingRoom")?,
                standby: self
                    .pre_post_operating_room_standby_mode
                    .checked("prePostOperatingRoomStandbyMode")?,
            },
            surgery: surgery.map(|it| it.checked("surgeryInProgress")).transpose()?,
            scenarios: self::scenarios(scenarios.into_iter())?,
        })
    }
}

impl EnvironmentV1 {
    fn values(&self, section: &'static str) -> Result<Values, ConfigurationError> {
        Ok(Values {
            temperature: self.temperature,
            humidity: self.humidity,
            ambient: whole(section, self.ambient_illuminance)?,
            surgical: whole(section, self.surgical_illuminance)?,
        })
    }

    fn checked(&self, section: &'static str) -> Result<Environment, ConfigurationError> {
        self.values(section)?.checked(section)
    }
}

impl StandbyV1 {
    fn checked(&self, section: &'static str) -> Result<Option<Standby>, ConfigurationError> {
        self.environment.values(section)?.standby(section, self.enabled, self.minutes_to_enable)
    }
}

fn whole(section: &'static str, lux: f64) -> Result<i64, ConfigurationError> {
    // What lies outside is out of any light's range, and is refused as that.
    let lux = lux.clamp(-1.0, 1e9);
    if lux.fract() != 0.0 {
        return Err(ConfigurationError::NotWhole { section });
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within the clamp")]
    Ok(lux as i64)
}

/// A truth value of YAML 1.1 or 1.2.
fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("yes, no, on, off, true or false")
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
            match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" | "y" => Ok(true),
                "no" | "off" | "false" | "n" => Ok(false),
                _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            }
        }
    }

    from.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use automation_management_domain::policy::RoomKind;
    use proptest::prelude::*;

    use super::*;

    const REFERENCE: &str = "\
operatingRoom:
  temperature: 25.0
  humidity: 55.0
  ambientIlluminance: 100
  surgicalIlluminance: 100000
operatingRoomStandbyMode:
  enabled: yes
  minutesToEnable: 1
  environment:
    temperature: 20.0
    humidity: 60.0
    ambientIlluminance: 50
    surgicalIlluminance: 150
prePostOperatingRoom:
  temperature: 25.0
  humidity: 55.0
  ambientIlluminance: 100
prePostOperatingRoomStandbyMode:
  enabled: yes
  minutesToEnable: 2
  environment:
    temperature: 22.0
    humidity: 65.0
    ambientIlluminance: 60
medicalTechnologyScenarios:
  - medicalTechnologyType: endoscope
    ambientIlluminance: 60
    surgicalIlluminance: 150000
";

    fn policy(text: &str) -> Result<Policy, String> {
        let file = parse(text).map_err(|error| error.to_string())?;
        file.policy().map_err(|error| crate::chain(&error).to_string())
    }

    #[test]
    fn the_reference_s_own_file_is_read() {
        let policy = policy(REFERENCE).unwrap();
        let theatre = policy.of(RoomKind::Operating);
        assert_eq!(theatre.environment.temperature().to_string(), "25");
        assert_eq!(theatre.environment.humidity().to_string(), "55");
        assert_eq!(theatre.environment.lights(), Lights::new(100, 100_000).unwrap());
        let standby = policy.of(RoomKind::PrePost).standby.unwrap();
        assert_eq!(standby.after, SignedDuration::from_mins(2));
        assert_eq!(standby.environment.lights().ambient(), 60);
        assert_eq!(policy.surgery, None);
        let scenario = Lights::new(60, 150_000).unwrap();
        assert_eq!(policy.scenarios, BTreeMap::from([(Technology::Endoscope, scenario)]));
    }

    #[test]
    fn truth_is_spelled_in_many_ways() {
        for (word, enabled) in [
            ("yes", true),
            ("Yes", true),
            ("on", true),
            ("true", true),
            ("'yes'", true),
            ("no", false),
            ("off", false),
            ("OFF", false),
            ("false", false),
        ] {
            let text = REFERENCE.replace("enabled: yes", &format!("enabled: {word}"));
            let standby = policy(&text).unwrap().operating.standby;
            assert_eq!(standby.is_some(), enabled, "{word}");
        }
    }

    #[test]
    fn unknown_keys_are_skipped_and_a_surgery_may_be_configured() {
        let text = format!(
            "colour: green\nsurgeryInProgress: {{temperature: 19, humidity: 45, \
             ambientIlluminance: 90, surgicalIlluminance: 120000, note: x}}\n{REFERENCE}"
        );
        assert_eq!(policy(&text).unwrap().surgery.unwrap().lights().surgical(), 120_000);
    }

    #[test]
    fn a_mistake_is_named() {
        for (from, to, expected) in [
            ("operatingRoomStandbyMode:", "other:", "operatingRoomStandbyMode"),
            ("enabled: yes", "enabled: perhaps", "yes, no, on, off"),
            ("ambientIlluminance: 50", "ambientIlluminance: 50.5", "lux are whole numbers"),
            ("humidity: 65.0", "humidity: 165", "0 to 100 %"),
            ("Illuminance: 150000", "Illuminance: 150000000", "0 to 200000 lux"),
            ("Type: endoscope", "Type: Endoscope", "not `Endoscope`"),
            ("temperature: 25.0", "temperature: .nan", "-50 to 100"),
        ] {
            let refused = policy(&REFERENCE.replacen(from, to, 2)).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
        let again = REFERENCE.lines().rev().take(3).collect::<Vec<_>>();
        let again: Vec<&str> = again.into_iter().rev().collect();
        let refused = policy(&format!("{REFERENCE}{}\n", again.join("\n"))).unwrap_err();
        assert!(refused.contains("more than one"), "{refused}");
        let missing = read(Path::new("/nowhere/config.yml")).unwrap_err().to_string();
        assert!(missing.contains("/nowhere/config.yml"), "{missing}");
    }

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

    proptest! {
        #[test]
        fn any_text_is_a_policy_or_a_mistake(text in "[ -~\n]{0,400}") {
            let _ = policy(&text);
        }

        #[test]
        fn a_damaged_file_is_a_policy_or_a_mistake(
            at in 0..REFERENCE.len(),
            with in "[ -~\n]{0,6}",
            drop in 0_usize..12,
        ) {
            let end = (at + drop).min(REFERENCE.len());
            let _ = policy(&format!("{}{with}{}", &REFERENCE[..at], &REFERENCE[end..]));
        }
    }
}
