//! The environment variables of the Smart Operating Block, accepted beside our own.
//!
//! A hospital that moves from it keeps its deployment's environment. Each variable sets the keys of
//! `chiron.toml` that mean the same; our own variable for a key wins, and `chiron config` shows
//! which one said it. Variables that nothing here needs (`SCHEMA_REGISTRY_URL`, the two of `SignalR`,
//! `PORT`) are left alone: events are JSON without a registry, and twins tell their changes
//! themselves.

use std::collections::BTreeMap;

use chiron_chassis::Service;
use chiron_chassis::settings::{Named, SettingsError};

/// Where documents are: each service of the reference names its server by its own variable.
const DOCUMENTS: [&str; 7] = [
    "MONGODB_CONNECTION_STRING",
    "BUILDING_MANAGEMENT_MONGODB_URL",
    "PATIENT_MANAGEMENT_MONGODB_URL",
    "STAFF_TRACKING_MONGODB_URL",
    "SURGERY_REPORT_MONGODB_URL",
    "SURGICAL_PROCESS_MONGODB_URL",
    "USER_MANAGEMENT_MONGODB_URL",
];

/// Where services are, and the path that ends the variable's value there.
const SERVICES: [(&str, Service, &str); 7] = [
    ("BUILDING_MANAGEMENT_MICROSERVICE_URL", Service::BuildingManagement, API),
    ("PATIENT_MANAGEMENT_INTEGRATION_MICROSERVICE_URL", Service::PatientManagement, API),
    ("STAFF_TRACKING_MICROSERVICE_URL", Service::StaffTracking, API),
    ("SURGERY_REPORT_MICROSERVICE_URL", Service::SurgeryReport, API),
    ("SURGICAL_PROCESS_MONITORING_MICROSERVICE_URL", Service::SurgicalProcess, API),
    ("USER_MANAGEMENT_MICROSERVICE_URL", Service::UserManagement, API),
    ("THING_DESCRIPTION_DIRECTORY_BASE_URL", Service::ThingDirectory, "/things"),
];
const API: &str = "/api/v1";

/// The Azure Digital Twins instance; the names of the block gateway's are others.
const TWINS: [(&str, [&str; 2]); 4] = [
    ("url", ["AZURE_DT_ENDPOINT", "ADT_SERVICE_URL"]),
    ("tenant", ["AZURE_TENANT_ID", "AZURE_DT_TENANT_ID"]),
    ("client_id", ["AZURE_CLIENT_ID", "AZURE_DT_CLIENT_ID"]),
    ("client_secret", ["AZURE_CLIENT_SECRET", "AZURE_DT_CLIENT_SECRET"]),
];

/// What these variables say. An empty one says nothing.
///
/// # Errors
///
/// Two of them contradict each other, or one is not what it should be.
pub(crate) fn named(environment: &BTreeMap<String, String>) -> Result<Vec<Named>, SettingsError> {
    let mut said = Vec::new();
    let mut say = |name: &str, key: &str, text: &str| {
        said.push(Named { name: name.to_owned(), key: key.to_owned(), text: quoted(text) });
    };
    let value = |name: &str| environment.get(name).map(|it| it.trim()).filter(|it| !it.is_empty());
    if let Some(servers) = value(BROKERS) {
        say(BROKERS, "events.broker", "kafka");
        say(BROKERS, "events.kafka.bootstrap_servers", &without_schemes(servers));
    }
    let documents = DOCUMENTS.iter().filter_map(|name| Some((*name, value(name)?)));
    if let Some((name, uri)) = agreed(documents)? {
        say(name, "documents.store", "mongodb");
        say(name, "documents.mongodb.uri", uri);
    }
    for (name, service, path) in SERVICES {
        if let Some(url) = value(name) {
            let base = url.trim_end_matches('/');
            let key = format!("services.{}", service.name());
            say(name, &key, base.strip_suffix(path).unwrap_or(base));
        }
    }
    // Credentials alone name no instance: other programs are signed in by them.
    if TWINS[0].1.iter().any(|name| value(name).is_some()) {
        for (field, names) in TWINS {
            if let Some((name, text)) =
                agreed(names.iter().filter_map(|it| Some((*it, value(it)?))))?
            {
                say(name, &format!("twin_layer.azure.{field}"), text);
            }
        }
    }
    if let Some(path) = value("CONFIG_PATH") {
        say("CONFIG_PATH", "automation.yaml", path);
    }
    Ok(said)
}

const BROKERS: &str = "BOOTSTRAP_SERVER_URL";

/// The one that all say; `None` when none says any.
fn agreed<'e>(
    mut said: impl Iterator<Item = (&'static str, &'e str)>,
) -> Result<Option<(&'static str, &'e str)>, SettingsError> {
    let Some((first, value)) = said.next() else { return Ok(None) };
    match said.find(|(_, other)| *other != value) {
        None => Ok(Some((first, value))),
        // The values are left out: they may hold passwords.
        Some((other, _)) => Err(SettingsError::Invalid {
            mistakes: vec![format!("{first} and {other} say different things to one process")],
        }),
    }
}

/// `http://broker:29092` is written where Kafka wants `broker:29092`.
fn without_schemes(servers: &str) -> String {
    let bare = |server: &str| {
        let server = server.trim();
        server.split_once("://").map_or(server, |(_, rest)| rest).trim_end_matches('/').to_owned()
    };
    servers.split(',').map(bare).collect::<Vec<_>>().join(",")
}

/// As text, whatever it looks like.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(environment: &[(&str, &str)]) -> Result<Vec<(String, String, String)>, String> {
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let named = named(&environment.collect()).map_err(|err| err.to_string())?;
        Ok(named.into_iter().map(|it| (it.name, it.key, it.text)).collect())
    }

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        let all = said(&[(name, value)]).unwrap();
        assert!(all.iter().all(|(by, _, _)| by == name));
        all.into_iter().map(|(_, key, text)| (key, text)).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, text)| ((*key).to_owned(), quoted(text))).collect()
    }

    #[test]
    fn each_variable_sets_what_it_means() {
        assert_eq!(
            one("BOOTSTRAP_SERVER_URL", "http://broker:29092"),
            pairs(&[
                ("events.broker", "kafka"),
                ("events.kafka.bootstrap_servers", "broker:29092")
            ])
        );
        assert_eq!(
            one("STAFF_TRACKING_MONGODB_URL", "mongodb://db"),
            pairs(&[("documents.store", "mongodb"), ("documents.mongodb.uri", "mongodb://db")])
        );
        assert_eq!(
            one("STAFF_TRACKING_MICROSERVICE_URL", "http://staff:3000/api/v1"),
            pairs(&[("services.staff-tracking", "http://staff:3000")])
        );
        assert_eq!(
            one("THING_DESCRIPTION_DIRECTORY_BASE_URL", "http://directory:8081/things/"),
            pairs(&[("services.thing-directory", "http://directory:8081")])
        );
        assert_eq!(
            one("CONFIG_PATH", "./config.yml"),
            pairs(&[("automation.yaml", "./config.yml")])
        );
        assert_eq!(one("SCHEMA_REGISTRY_URL", "http://registry:8081"), []);
        assert_eq!(one("BOOTSTRAP_SERVER_URL", " "), []);
    }

    #[test]
    fn credentials_of_azure_count_where_an_instance_is_named() {
        let credentials =
            [("AZURE_CLIENT_ID", "c"), ("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_SECRET", "s")];
        assert_eq!(said(&credentials).unwrap(), []);
        let all = [&credentials[..], &[("AZURE_DT_ENDPOINT", "https://twins")]].concat();
        let keys: Vec<_> = said(&all).unwrap().into_iter().map(|(_, key, _)| key).collect();
        let expected = ["url", "tenant", "client_id", "client_secret"];
        assert_eq!(keys, expected.map(|field| format!("twin_layer.azure.{field}")));
    }

    #[test]
    fn two_servers_for_one_process_are_a_mistake() {
        let same = [
            ("MONGODB_CONNECTION_STRING", "mongodb://a"),
            ("SURGERY_REPORT_MONGODB_URL", "mongodb://a"),
        ];
        assert_eq!(said(&same).unwrap().len(), 2);
        let refused =
            said(&[same[0], ("SURGERY_REPORT_MONGODB_URL", "mongodb://b:word@b")]).unwrap_err();
        assert!(refused.contains("MONGODB_CONNECTION_STRING and SURGERY_REPORT_MONGODB_URL"));
        assert!(!refused.contains("word@"), "{refused}");
    }
}
