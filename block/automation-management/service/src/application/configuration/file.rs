//! The reference's own configuration file, read with its own rules: unknown keys are skipped, and
//! truth values are those of YAML 1.1 (`yes`, `no`, `on`, `off`) as well as `true` and `false`.

use std::path::Path;

use automation_management_domain::policy::{Environment, KindPolicy, Policy, Standby};
use serde::{Deserialize, Deserializer, de};

use super::{ConfigurationError, Values, scenarios};

/// Reads the file.
///
/// # Errors
///
/// [`ConfigurationError`].
pub(super) fn read(path: &Path) -> Result<Policy, ConfigurationError> {
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
        let given = self
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
            scenarios: scenarios(given.into_iter())?,
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
    use std::collections::BTreeMap;

    use automation_management_domain::policy::{Lights, RoomKind, Technology};
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::super::Settings;
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
        file.policy().map_err(|error| chiron_chassis::chain(&error))
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
    fn what_a_file_says_can_be_said_in_sections() {
        let surgery = "surgeryInProgress: {temperature: 19, humidity: 45, \
                       ambientIlluminance: 90, surgicalIlluminance: 120000}\n";
        for text in [
            REFERENCE.to_owned(),
            format!("{surgery}{REFERENCE}"),
            REFERENCE.replace("enabled: yes", "enabled: no"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config.yml");
            std::fs::write(&path, &text).unwrap();
            let named = Settings { yaml: Some(path), ..Settings::default() };
            let in_force = named.in_force().unwrap();
            assert_eq!(in_force.yaml, None);
            assert_eq!(in_force.policy().unwrap(), policy(&text).unwrap());
        }
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
