//! Settings: one file, overridden by the environment, over defaults in the types themselves.
//!
//! Every value can be asked where it came from, and every mistake names its key and its origin.
//! The environment is an argument, since only the binary may read it. A variable is the key in
//! capitals with the prefix, and two underscores for a dot: `CHIRON_GATEWAY__PORT_OFFSET` sets
//! `gateway.port_offset`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Levels of a variable at most, and lists and objects that may begin in its text.
const DEEPEST: usize = 64;
/// What stands for a secret wherever settings are shown.
const MASK: &str = "********";

/// A text that is never shown: its `Debug` and its serialised form are masks.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// Settings as loaded, with where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// Every effective value by its key (dots between levels), secrets masked.
    pub origins: BTreeMap<String, Effective>,
}

/// One effective value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The value as JSON; a mask for a secret.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// Why settings could not be loaded. Several mistakes are listed together.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file does not exist or cannot be read.
    #[error("settings file {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A key is unknown, or its value has another form than expected.
    #[error("settings are not valid: {}", mistakes.join("; "))]
    Invalid {
        /// Each with its key and its origin; values are left out, since one may be a secret.
        mistakes: Vec<String>,
    },
}

/// A value that has a name of its own in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The variable.
    pub name: String,
    /// The key that it sets, with dots between levels.
    pub key: String,
    /// The value as written, in quotes where it is a text whatever it looks like.
    pub text: String,
}

/// Loads settings. `T` should deny unknown fields at every level and give defaults per field. What
/// `named` says wins over the file, and the environment over both.
///
/// # Errors
///
/// [`SettingsError`], before anything was started.
pub fn load<T: Serialize + DeserializeOwned>(
    file: Option<&Path>,
    named: impl IntoIterator<Item = Named>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<T>, SettingsError> {
    let mut figment = Figment::new();
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::File { path: path.to_owned(), source })?;
        figment = figment.merge(Document { path: path.to_owned(), text });
    }
    for named in named {
        figment = figment.merge(Variable(named));
    }
    for (name, text) in environment {
        if let Some(key) = key_of(&name) {
            figment = figment.merge(Variable(Named { name, key, text }));
        }
    }
    let settings: T = figment.extract().map_err(|err| SettingsError::Invalid {
        mistakes: err.into_iter().map(|mistake| describe(&mistake)).collect(),
    })?;
    let shown = serde_json::to_value(&settings)
        .map_err(|err| SettingsError::Invalid { mistakes: vec![err.to_string()] })?;
    let mut origins = BTreeMap::new();
    flatten(&figment, "", &shown, &mut origins);
    Ok(Loaded { settings, origins })
}

/// The key that a variable sets; `None` when it is not one of ours. `CHIRON_TEST_…`,
/// `CHIRON_REQUIRE_…` and `CHIRON_CONFIG` belong to tools and to the command line.
fn key_of(name: &str) -> Option<String> {
    let rest = name.strip_prefix("CHIRON_")?;
    let foreign = rest == "CONFIG" || rest.starts_with("TEST_") || rest.starts_with("REQUIRE_");
    if rest.is_empty() || foreign {
        return None;
    }
    Some(rest.to_ascii_lowercase().replace("__", "."))
}

fn describe(mistake: &figment::Error) -> String {
    use figment::error::Kind;
    let key = mistake.path.join(".");
    let origin = mistake
        .metadata
        .as_ref()
        .map_or_else(|| Origin::Default.to_string(), |metadata| metadata.name.to_string());
    match &mistake.kind {
        Kind::UnknownField(field, known) => {
            let key = if key.is_empty() || key == *field || key.ends_with(&format!(".{field}")) {
                if key.is_empty() { field.clone() } else { key }
            } else {
                format!("{key}.{field}")
            };
            format!("{key} ({origin}) is not known; known are {}", known.join(", "))
        }
        Kind::MissingField(field) => {
            let key = if key.is_empty() { field.to_string() } else { format!("{key}.{field}") };
            format!("{key} is missing")
        }
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("{key} ({origin}) must be {expected}")
        }
        Kind::UnknownVariant(_, known) => {
            format!("{key} ({origin}) must be one of {}", known.join(", "))
        }
        Kind::Message(message) if key.is_empty() => format!("{origin}: {message}"),
        Kind::Message(message) => format!("{key} ({origin}): {message}"),
        other => format!("{key} ({origin}): {other}"),
    }
}

fn flatten(
    figment: &Figment,
    key: &str,
    value: &serde_json::Value,
    into: &mut BTreeMap<String, Effective>,
) {
    if let serde_json::Value::Object(fields) = value
        && !fields.is_empty()
    {
        for (name, value) in fields {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            flatten(figment, &key, value, into);
        }
        return;
    }
    let origin = match figment.find_metadata(key) {
        None => Origin::Default,
        Some(metadata) => match metadata.source.as_ref().and_then(|source| source.file_path()) {
            Some(path) => Origin::File(path.to_owned()),
            None => Origin::Environment(metadata.name.to_string()),
        },
    };
    into.insert(key.to_owned(), Effective { value: value.to_string(), origin });
}

/// A TOML file that was read already, so that its absence is our own error.
struct Document {
    path: PathBuf,
    text: String,
}

impl Provider for Document {
    fn metadata(&self) -> Metadata {
        Metadata::from(self.path.display().to_string(), self.path.as_path())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Toml::string(&self.text).data()
    }
}

/// One variable of the environment.
struct Variable(Named);

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        // A text that is no number, boolean, list or object is itself; that never fails. So is one
        // that nests deeper than any setting, which the parser would follow to the stack's end.
        let Named { key, text, .. } = &self.0;
        let opens = text.chars().filter(|it| "[{(".contains(*it)).count();
        if DEEPEST < opens || DEEPEST < key.split('.').count() {
            let message = format!("nests deeper than {DEEPEST}");
            return Err(figment::Error::from(message));
        }
        let value = if text.is_ascii() || !text.contains('\\') {
            match text.parse() {
                Ok(value) => value,
                Err(never) => match never {},
            }
        } else {
            // Where escapes stand behind letters beyond ASCII figment's own parser panics.
            let read = Toml::string(&format!("value = {text}")).data().ok();
            let read = read.and_then(|mut profiles| profiles.remove(&Profile::Default));
            let read = read.and_then(|mut values| values.remove("value"));
            read.unwrap_or_else(|| Value::from(text.clone()))
        };
        let nested = figment::util::nest(key, value);
        let dict = nested.into_dict().unwrap_or_default();
        Ok(Map::from([(Profile::Default, dict)]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        #[serde(default = "host")]
        host: String,
        #[serde(default)]
        gateway: Gateway,
    }

    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Gateway {
        #[serde(default)]
        port_offset: u16,
        #[serde(default)]
        secret: Option<Secret>,
        #[serde(default)]
        people: Vec<String>,
    }

    fn host() -> String {
        "127.0.0.1".to_owned()
    }

    fn check(text: &str, environment: &[(&str, &str)]) -> Result<Loaded<Settings>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chiron.toml");
        std::fs::write(&path, text).expect("a file");
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load(Some(&path), Vec::new(), environment)
            .map_err(|err| err.to_string().replace(folder.path().to_str().expect("text"), "DIR"))
    }

    #[test]
    fn tells_where_each_value_came_from() {
        let loaded = check(
            "[gateway]\nport_offset = 5\nsecret = \"hunter2\"\n",
            &[
                ("CHIRON_GATEWAY__PEOPLE", "[\"anna\", \"otto\"]"),
                ("CHIRON_TEST_URL", "x"),
                ("PATH", "/bin"),
            ],
        )
        .expect("settings");
        assert_eq!(loaded.settings.gateway.port_offset, 5);
        assert_eq!(loaded.settings.gateway.people, ["anna", "otto"]);
        let secret = loaded.settings.gateway.secret.as_ref().expect("a secret");
        assert_eq!(secret.expose(), "hunter2");
        assert!(!format!("{loaded:?}").contains("hunter2"));
        let shown: Vec<String> = loaded
            .origins
            .iter()
            .map(|(key, effective)| {
                let origin = match &effective.origin {
                    Origin::File(path) => {
                        path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned()
                    }
                    other => other.to_string(),
                };
                format!("{key}={} {origin}", effective.value)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "gateway.people=[\"anna\",\"otto\"] CHIRON_GATEWAY__PEOPLE",
                "gateway.port_offset=5 chiron.toml",
                "gateway.secret=\"********\" chiron.toml",
                "host=\"127.0.0.1\" default",
            ]
        );
    }

    #[test]
    fn the_environment_wins() {
        let loaded = check("[gateway]\nport_offset = 5\n", &[("CHIRON_GATEWAY__PORT_OFFSET", "7")]);
        assert_eq!(loaded.expect("settings").settings.gateway.port_offset, 7);
    }

    #[test]
    fn names_key_and_origin_of_a_mistake() {
        let refused = |text, environment| check(text, environment).expect_err("a refusal");
        assert_eq!(
            refused("[gateway]\nport = 5\n", &[]),
            "settings are not valid: gateway.port (DIR/chiron.toml) is not known; known are port_offset, secret, people"
        );
        assert_eq!(
            refused("", &[("CHIRON_HOSTS", "x")]),
            "settings are not valid: hosts (CHIRON_HOSTS) is not known; known are host, gateway"
        );
        assert_eq!(
            refused("[gateway]\nport_offset = \"five\"\n", &[]),
            "settings are not valid: gateway.port_offset (DIR/chiron.toml) must be u16"
        );
        assert!(refused("host = ", &[]).contains("DIR/chiron.toml"), "the file is named");
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing =
            load::<Settings>(Some(Path::new("/nowhere/chiron.toml")), Vec::new(), Vec::new());
        let refused = missing.expect_err("a refusal").to_string();
        assert_eq!(refused, "settings file /nowhere/chiron.toml cannot be read");
    }

    const GOOD: &str = "host = \"::1\"\n[gateway]\nport_offset = 5\nsecret = \"hunter2hunter2\"\npeople = [\"anna\"]\n";

    /// Loads, or says why not: naming a place, in few words, and without the secret.
    fn loads_or_says(text: &str, environment: &[(&str, &str)]) -> Result<(), TestCaseError> {
        match check(text, environment) {
            Ok(loaded) => {
                let shown = format!("{loaded:?}");
                prop_assert!(!shown.contains("hunter2hunter2"), "{shown}");
            }
            Err(said) => {
                prop_assert!(said.len() > "settings are not valid: ".len(), "{said}");
                prop_assert!(said.len() < 4_000 + text.len(), "{said}");
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_text_is_settings_or_a_mistake(text in "[ -~\n]{0,300}") {
            loads_or_says(&text, &[])?;
        }

        #[test]
        fn a_damaged_file_is_settings_or_a_mistake(
            at in 0..GOOD.len(),
            drop in 0_usize..12,
            with in "[ -~\n]{0,8}",
        ) {
            let end = (at + drop).min(GOOD.len());
            loads_or_says(&format!("{}{with}{}", &GOOD[..at], &GOOD[end..]), &[])?;
        }

        #[test]
        fn any_variable_is_a_setting_or_a_mistake(
            name in "(HOST|GATEWAY|GATEWAY__PORT_OFFSET|GATEWAY__SECRET|[A-Z_]{0,20})(__[A-Z_]{0,9}){0,3}",
            value in "\\PC{0,60}",
        ) {
            loads_or_says(GOOD, &[(&format!("CHIRON_{name}"), &value)])?;
        }
    }

    #[test]
    fn letters_and_escapes_are_read_together() {
        let loaded =
            check("", &[("CHIRON_HOST", "\"ñ\\\"o\""), ("CHIRON_GATEWAY__SECRET", "ñ\\o")]);
        let settings = loaded.unwrap().settings;
        assert_eq!(settings.host, "ñ\"o");
        assert_eq!(settings.gateway.secret.unwrap().expose(), "ñ\\o");
    }

    #[test]
    fn what_nests_too_deep_is_a_mistake() {
        let deep = format!("host = {}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(check(&deep, &[]).is_err());
        let deep = format!("{}host = 1", "[a.".to_owned() + &"a.".repeat(20_000) + "a]\n");
        assert!(check(&deep, &[]).is_err());
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(check("", &[("CHIRON_HOST", &deep)]).is_err());
    }
}
