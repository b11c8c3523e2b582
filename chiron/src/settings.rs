//! The settings of the whole, as `chiron.toml` holds them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use chiron_broker::{Durability, KafkaSettings};
use chiron_chassis::settings::{Effective, Loaded, Origin, SettingsError};
use chiron_chassis::{Endpoints, Secret, Service, machine_now};
use chiron_clock::{Clock, instant};
use chiron_store::MongoSettings;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use simulator::Scenario;
use twin_client::TwinLayer;

use crate::bearer::Issuer;
use crate::{accounts, reference};

/// The file that is read when the command line names none.
const DEFAULT_FILE: &str = "chiron.toml";
/// The variable with a token to show to running services. It is no setting: it belongs to who calls.
pub(crate) const TOKEN: &str = "CHIRON_TOKEN";

/// Everything that can be set. Every default is safe: loopback, sign-in, durable writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Folder of databases, events, keys and generated passwords.
    pub(crate) data: PathBuf,
    /// The address that listeners bind.
    pub(crate) host: IpAddr,
    /// Added to every listener's port.
    pub(crate) port_offset: u16,
    /// Where services are that run elsewhere, such as `staff-tracking = "http://staff:3004"`; on
    /// this machine at their default ports when not said.
    pub(crate) services: BTreeMap<String, String>,
    /// The file with the secrets by which services know each other; `accounts.json` in the data
    /// folder when not set.
    pub(crate) accounts: Option<PathBuf>,
    /// A simulated day in several processes, each of which is told the same; none when not set.
    pub(crate) demonstration: Option<Demonstration>,
    /// Whether identity is required.
    pub(crate) identity: Identity,
    /// When a write is acknowledged.
    pub(crate) durability: Writes,
    /// Where events are kept.
    pub(crate) events: Events,
    /// Where documents are kept.
    pub(crate) documents: Documents,
    /// Partitions of each topic that is created, 1 to 256; fixed when a topic begins.
    pub(crate) partitions: u32,
    /// How long after its end a process still takes facts, in seconds.
    pub(crate) late_window_seconds: u32,
    /// The hospital's time zone (IANA name), which decides what a day is.
    pub(crate) time_zone: String,
    /// How often things are nominally measured.
    pub(crate) periods: Periods,
    /// Where the twins live: `chiron`, or an Azure Digital Twins instance.
    pub(crate) twin_layer: TwinLayer,
    /// Where clients reach the Things, such as `http://gateway.hospital:1880`; at the block
    /// gateway's own listener when not set.
    pub(crate) things_url: Option<String>,
    /// Users whose tokens may say when a fact happened.
    pub(crate) source_time_users: Vec<String>,
    /// What is wanted of rooms, and where it is written.
    pub(crate) automation: automation_management::Settings,
    /// Messages of the hospital's HL7 v2 systems.
    pub(crate) hl7: hl7_gateway::Settings,
    /// When theatres are staffed, and why surgeries are late.
    pub(crate) performance: performance::Settings,
    /// What the software catalogue reads, and who may see it.
    pub(crate) catalog: catalog::Settings,
    /// Where built documentation is kept, and when it is built.
    pub(crate) techdocs: techdocs::Settings,
    /// Tokens, cookies and live streams.
    pub(crate) gateway: api_gateway::Settings,
    /// What the audit trail believes.
    pub(crate) audit: AuditSettings,
    /// How logs are written.
    pub(crate) log: Log,
}

impl Settings {
    /// The file of the audit trail, where documents are in files.
    pub(crate) fn audit_path(&self) -> PathBuf {
        self.data.join("audit.sqlite")
    }

    /// The file of accounts.
    pub(crate) fn accounts_path(&self) -> PathBuf {
        self.accounts.clone().unwrap_or_else(|| self.data.join(accounts::FILE))
    }

    /// Where each service is.
    pub(crate) fn endpoints(&self) -> Endpoints {
        let endpoints = Endpoints::local(self.port_offset);
        for service in Service::ALL {
            if let Some(base) = self.elsewhere(service) {
                endpoints.set(service, base);
            }
        }
        endpoints
    }

    /// Where a service is that runs elsewhere. A variable's name has no hyphens.
    pub(crate) fn elsewhere(&self, service: Service) -> Option<&str> {
        let named = |name: &str| self.services.get(name).map(String::as_str);
        named(service.name()).or_else(|| named(&service.name().replace('-', "_")))
    }

    /// The file of the event log.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.data.join("events.sqlite")
    }
}

/// A simulated day.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demonstration {
    /// What is simulated.
    pub(crate) scenario: Scenario,
    /// Decides every detail.
    pub(crate) seed: u64,
    /// When simulated time begins.
    #[serde(with = "instant::text")]
    pub(crate) epoch: Timestamp,
    /// The instant of the machines at which it does.
    #[serde(with = "instant::text")]
    pub(crate) begins: Timestamp,
    /// Simulated seconds per second, 1 to 60.
    pub(crate) rate: u8,
    /// Simulated hours instead of the scenario's own, 2 to 10.
    #[serde(default)]
    pub(crate) hours: Option<u32>,
    /// Whether some facts are told twice, late and out of order.
    #[serde(default)]
    pub(crate) disturb: bool,
}

impl Demonstration {
    /// The time by which its processes live.
    pub(crate) fn clock(&self) -> Clock {
        let passed = machine_now().duration_since(self.begins).as_secs_f64();
        let passed = SignedDuration::from_secs_f64(passed * f64::from(self.rate));
        let now = self.epoch.saturating_add(passed).unwrap_or(self.epoch);
        Clock::paced(now, f64::from(self.rate))
    }
}

/// Where events are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Events {
    /// `log`, in the data folder, or `kafka`.
    pub(crate) broker: EventBroker,
    /// The cluster, for `kafka`.
    pub(crate) kafka: Cluster,
}

/// What keeps events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EventBroker {
    /// The embedded log.
    #[default]
    Log,
    /// A Kafka cluster.
    Kafka,
}

/// A Kafka cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cluster {
    /// `host:port` of some brokers, with commas between them.
    pub(crate) bootstrap_servers: String,
    /// Copies of each record of the topics that are created; as the cluster says when not set.
    pub(crate) replication: Option<u16>,
    /// How many days the topics that are created keep records; as the cluster says when not set.
    pub(crate) retention_days: Option<u32>,
    /// Whether missing topics are created.
    pub(crate) create_topics: bool,
    /// Any property of librdkafka, such as `"security.protocol" = "SASL_SSL"`.
    pub(crate) options: BTreeMap<String, String>,
    /// Properties that nobody is to see, such as `"sasl.password"`.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Who gives out tokens, where clients sign in by them (SASL's OAUTHBEARER).
    pub(crate) tokens: Option<Issuer>,
}

/// Properties of librdkafka that are secrets.
const SECRETS: [&str; 5] = [
    "sasl.password",
    "sasl.oauthbearer.client.secret",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
];

impl Default for Cluster {
    fn default() -> Self {
        Self {
            bootstrap_servers: String::new(),
            replication: None,
            retention_days: None,
            create_topics: true,
            options: BTreeMap::new(),
            secrets: BTreeMap::new(),
            tokens: None,
        }
    }
}

impl Cluster {
    /// What the client needs to know; topics are made with so many partitions.
    pub(crate) fn client(&self, partitions: u32) -> KafkaSettings {
        let day = SignedDuration::from_hours(24);
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(name, secret)| (name.clone(), secret.expose().to_owned()));
        let settings = KafkaSettings {
            partitions,
            replication: self.replication,
            retention: self
                .retention_days
                .map(|days| day * i32::try_from(days).unwrap_or(i32::MAX)),
            create_topics: self.create_topics,
            options: self.options.clone().into_iter().chain(secrets).collect(),
            ..KafkaSettings::new(&self.bootstrap_servers)
        };
        match &self.tokens {
            Some(issuer) => settings.with_tokens(issuer.clone().tokens()),
            None => settings,
        }
    }
}

impl Documents {
    /// Refuses what looks into files, where documents are elsewhere.
    pub(crate) fn in_files(&self) -> Result<()> {
        ensure!(
            self.store == DocumentStore::Sqlite,
            "documents are kept by MongoDB (documents.store), and this command looks into files"
        );
        Ok(())
    }
}

impl Events {
    /// Refuses what looks into the embedded log, where events are elsewhere.
    pub(crate) fn in_the_log(&self) -> Result<()> {
        ensure!(
            self.broker == EventBroker::Log,
            "events are kept by Kafka (events.broker), and this command looks into the embedded \
             log: use the cluster's own tools"
        );
        Ok(())
    }
}

/// Where documents are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Documents {
    /// `sqlite`, files in the data folder, or `mongodb`.
    pub(crate) store: DocumentStore,
    /// The servers, for `mongodb`.
    pub(crate) mongodb: MongoDb,
}

/// What keeps documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DocumentStore {
    /// A file for each service.
    #[default]
    Sqlite,
    /// A database for each service.
    MongoDb,
}

/// Servers with `MongoDB`'s protocol.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MongoDb {
    /// The connection string; hidden, since passwords stand in it.
    pub(crate) uri: Option<Secret>,
    /// Stands before the names of databases.
    pub(crate) database_prefix: String,
    /// Milliseconds until an operation is given up.
    pub(crate) operation_timeout_ms: u64,
    /// Milliseconds to wait for a server that can answer.
    pub(crate) server_selection_timeout_ms: u64,
    /// Milliseconds to wait for a connection.
    pub(crate) connect_timeout_ms: u64,
    /// Connections of one service at most.
    pub(crate) max_pool_size: u32,
    /// Milliseconds between two looks for events that other processes have saved.
    pub(crate) look_every_ms: u64,
}

impl Default for MongoDb {
    fn default() -> Self {
        let client = MongoSettings::new("");
        Self {
            uri: None,
            database_prefix: client.database_prefix,
            operation_timeout_ms: client.operation_timeout_ms,
            server_selection_timeout_ms: client.server_selection_timeout_ms,
            connect_timeout_ms: client.connect_timeout_ms,
            max_pool_size: client.max_pool_size,
            look_every_ms: client.look_every_ms,
        }
    }
}

impl MongoDb {
    /// What the client needs to know.
    pub(crate) fn client(&self, durability: Durability) -> MongoSettings {
        let uri = self.uri.as_ref().map_or("", Secret::expose);
        MongoSettings {
            database_prefix: self.database_prefix.clone(),
            durability,
            operation_timeout_ms: self.operation_timeout_ms,
            server_selection_timeout_ms: self.server_selection_timeout_ms,
            connect_timeout_ms: self.connect_timeout_ms,
            max_pool_size: self.max_pool_size,
            look_every_ms: self.look_every_ms,
            ..MongoSettings::new(uri)
        }
    }
}

/// What the audit trail believes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditSettings {
    /// Addresses of proxies whose `X-Forwarded-For` says where a request comes from; none unless
    /// they are named.
    pub(crate) trusted_proxies: Vec<IpAddr>,
}

/// Whether identity is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Identity {
    /// Every route that is not public needs a token.
    Required,
    /// For compatibility tests on loopback only.
    Off,
}

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Writes {
    /// When the disk has it.
    Durable,
    /// When the operating system has it: a power cut may lose it.
    Relaxed,
}

impl From<Writes> for Durability {
    fn from(writes: Writes) -> Self {
        match writes {
            Writes::Durable => Self::Durable,
            Writes::Relaxed => Self::Relaxed,
        }
    }
}

/// How often things are nominally measured, in milliseconds. A value counts as known for five of
/// them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "a setting names its unit")]
pub(crate) struct Periods {
    /// Temperature, humidity, luminosity and presence of rooms.
    pub(crate) environment_ms: u32,
    /// Vital signs but blood pressures.
    pub(crate) vital_signs_ms: u32,
    /// Blood pressures.
    pub(crate) blood_pressure_ms: u32,
}

impl Default for Periods {
    fn default() -> Self {
        Self { environment_ms: 5_000, vital_signs_ms: 1_000, blood_pressure_ms: 60_000 }
    }
}

impl Periods {
    /// The periods of a simulated day.
    pub(crate) fn of(plan: &simulator::Plan) -> Self {
        let ms =
            |quantity: &str| plan.periods.get(quantity).map_or(1_000, |seconds| seconds * 1_000);
        Self {
            environment_ms: ms("temperature"),
            vital_signs_ms: ms("heartBeat"),
            blood_pressure_ms: ms("systolicBloodPressure"),
        }
    }
}

/// How logs are written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `auto` (readable on a terminal, else ECS), `readable` or `ecs`.
    pub(crate) style: LogForm,
    /// As in `info,chiron_broker=debug`.
    pub(crate) filter: String,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogForm {
    /// Readable on a terminal, else ECS.
    Auto,
    /// For a person.
    Readable,
    /// JSON lines in the Elastic Common Schema.
    Ecs,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            host: IpAddr::from([127, 0, 0, 1]),
            port_offset: 0,
            services: BTreeMap::new(),
            accounts: None,
            demonstration: None,
            identity: Identity::Required,
            durability: Writes::Durable,
            events: Events::default(),
            documents: Documents::default(),
            partitions: 4,
            late_window_seconds: 600,
            time_zone: "UTC".to_owned(),
            periods: Periods::default(),
            twin_layer: TwinLayer::default(),
            things_url: None,
            source_time_users: Vec::new(),
            automation: automation_management::Settings::default(),
            hl7: hl7_gateway::Settings::default(),
            performance: performance::Settings::default(),
            catalog: catalog::Settings::default(),
            techdocs: techdocs::Settings::default(),
            gateway: api_gateway::Settings::standard(),
            audit: AuditSettings::default(),
            log: Log::default(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { style: LogForm::Auto, filter: "warn,chiron=info".to_owned() }
    }
}

/// Loads the settings: the file that is named, else `chiron.toml` when there is one; then the
/// environment, our own names over those of the [`reference`]; then what the command line says.
///
/// # Errors
///
/// [`SettingsError`], naming the key and where its value came from.
pub(crate) fn load(
    file: Option<&Path>,
    overrides: &[(&'static str, String)],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded<Settings>, SettingsError> {
    let default = Path::new(DEFAULT_FILE);
    let file = file.or_else(|| default.exists().then_some(default));
    let given = overrides
        .iter()
        .map(|(key, value)| (format!("CHIRON_{}", key.to_ascii_uppercase()), value.clone()));
    let environment: BTreeMap<String, String> =
        environment.into_iter().filter(|(name, _)| name != TOKEN).collect();
    let named = reference::named(&environment)?;
    let mut loaded: Loaded<Settings> =
        chiron_chassis::settings::load(file, named, environment.into_iter().chain(given))?;
    for (key, _) in overrides {
        if let Some(Effective { origin, .. }) = loaded.origins.get_mut(*key) {
            *origin = Origin::Environment("command line".to_owned());
        }
    }
    check(&loaded.settings)?;
    Ok(loaded)
}

fn check(settings: &Settings) -> Result<(), SettingsError> {
    let mut mistakes = Vec::new();
    if !(1..=256).contains(&settings.partitions) {
        mistakes.push("partitions must be from 1 to 256".to_owned());
    }
    let servers = settings.events.kafka.bootstrap_servers.trim();
    if settings.events.broker == EventBroker::Kafka && servers.is_empty() {
        let mistake = "events.kafka.bootstrap_servers must name a broker, as in kafka-1:9092";
        mistakes.push(mistake.to_owned());
    }
    for name in settings.services.keys() {
        let known = |service: &Service| service.name() == name.replace('_', "-");
        if !Service::ALL.iter().any(known) {
            mistakes.push(format!("services.{name} is not known; known are {}", known_services()));
        }
    }
    if let Some(Demonstration { rate, hours, .. }) = &settings.demonstration {
        if !(1..=60).contains(rate) {
            mistakes.push("demonstration.rate must be from 1 to 60".to_owned());
        }
        if hours.is_some_and(|hours| !(2..=10).contains(&hours)) {
            mistakes.push("demonstration.hours must be from 2 to 10".to_owned());
        }
    }
    if settings.documents.store == DocumentStore::MongoDb
        && settings.documents.mongodb.uri.is_none()
    {
        let mistake = "documents.mongodb.uri must name a server, as in mongodb://db-1:27017/";
        mistakes.push(mistake.to_owned());
    }
    let options = settings.events.kafka.options.keys();
    for name in options.filter(|name| SECRETS.contains(&name.as_str())) {
        let place = format!("events.kafka.options.{name} is shown to whoever asks: write it to");
        mistakes.push(format!("{place} events.kafka.secrets"));
    }
    // The highest default port plus the offset must be a port.
    if settings.port_offset > u16::MAX - 8080 {
        mistakes.push(format!("port_offset must be at most {}", u16::MAX - 8080));
    }
    if let Err(unusable) = settings.performance.check() {
        mistakes.push(unusable.to_string());
    }
    if jiff::tz::TimeZone::get(&settings.time_zone).is_err() {
        mistakes.push("time_zone must be an IANA name such as Europe/Rome".to_owned());
    }
    if mistakes.is_empty() { Ok(()) } else { Err(SettingsError::Invalid { mistakes }) }
}

fn known_services() -> String {
    let names: Vec<_> = Service::ALL.iter().map(|service| service.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(environment: &[(&str, &str)]) -> Result<Loaded<Settings>, String> {
        let environment =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chiron.toml");
        std::fs::write(&file, "port_offset = 7\n[log]\nfilter = \"debug\"\n").unwrap();
        load(Some(&file), &[("data", "/tmp/elsewhere".to_owned())], environment)
            .map_err(|err| err.to_string())
    }

    #[test]
    fn file_environment_and_command_line_each_leave_their_name() {
        let loaded = loaded(&[
            ("CHIRON_LATE_WINDOW_SECONDS", "60"),
            ("CHIRON_GATEWAY__LIVE_QUEUE", "9"),
            ("CHIRON_TOKEN", "is no setting"),
        ])
        .unwrap();
        assert_eq!(loaded.settings.gateway.live_queue, 9);
        assert_eq!(loaded.settings.gateway.access_token_minutes, 15);
        assert_eq!(loaded.settings.port_offset, 7);
        assert_eq!(loaded.settings.late_window_seconds, 60);
        assert_eq!(loaded.settings.data, PathBuf::from("/tmp/elsewhere"));
        let origin = |key: &str| loaded.origins.get(key).unwrap().origin.to_string();
        assert!(origin("port_offset").ends_with("chiron.toml"));
        assert_eq!(origin("late_window_seconds"), "CHIRON_LATE_WINDOW_SECONDS");
        assert_eq!(origin("data"), "command line");
        assert_eq!(origin("host"), "default");
    }

    #[test]
    fn the_reference_s_names_are_read_and_ours_win() {
        let theirs = [
            ("BOOTSTRAP_SERVER_URL", "http://broker:29092"),
            ("SURGERY_REPORT_MICROSERVICE_URL", "http://report:3000/api/v1"),
            ("MONGODB_CONNECTION_STRING", "mongodb://chiron:word@db"),
            ("AZURE_DT_ENDPOINT", "https://twins.example"),
            ("AZURE_TENANT_ID", "0123"),
            ("AZURE_CLIENT_ID", "42"),
            ("AZURE_CLIENT_SECRET", "word"),
        ];
        let ours = [("CHIRON_EVENTS__KAFKA__BOOTSTRAP_SERVERS", "other:9092")];
        let loaded = loaded(&[&theirs[..], &ours[..]].concat()).unwrap();
        let Settings { events, documents, .. } = &loaded.settings;
        assert_eq!(events.broker, EventBroker::Kafka);
        assert_eq!(events.kafka.bootstrap_servers, "other:9092");
        assert_eq!(documents.store, DocumentStore::MongoDb);
        let report = loaded.settings.elsewhere(Service::SurgeryReport);
        assert_eq!(report, Some("http://report:3000"));
        let TwinLayer::Azure(layer) = &loaded.settings.twin_layer else { panic!("another layer") };
        assert_eq!((layer.tenant.as_str(), layer.client_id.as_str()), ("0123", "42"));
        let origin = |key: &str| loaded.origins.get(key).unwrap().origin.to_string();
        assert_eq!(origin("events.broker"), "BOOTSTRAP_SERVER_URL");
        assert_eq!(origin("services.surgery-report"), "SURGERY_REPORT_MICROSERVICE_URL");
        assert_eq!(origin("documents.mongodb.uri"), "MONGODB_CONNECTION_STRING");
        assert!(!format!("{loaded:?}").contains("word"));
    }

    #[test]
    fn the_compose_file_says_where_every_service_is() {
        let compose = include_str!("../../deploy/compose.yaml");
        let lines = compose.lines().filter_map(|line| line.trim().split_once(": "));
        let environment: Vec<_> =
            lines.clone().filter(|(name, _)| name.starts_with("CHIRON_")).collect();
        let loaded = loaded(&environment).unwrap();
        assert_eq!(loaded.settings.events.broker, EventBroker::Kafka);
        assert_eq!(loaded.settings.documents.store, DocumentStore::MongoDb);
        let served: Vec<_> = lines.filter(|(name, _)| *name == "command").collect();
        for service in Service::ALL {
            let base = loaded.settings.elsewhere(service).unwrap();
            let (host, port) = base.trim_start_matches("http://").split_once(':').unwrap();
            assert_eq!(port, service.default_port().to_string(), "{service}");
            let command = format!("[\"serve\", \"{host}\"]");
            assert!(served.contains(&("command", &command)), "{service} is served by nobody");
        }
    }

    #[test]
    fn a_mistake_names_its_key() {
        for (name, value, expected) in [
            ("CHIRON_PORTOFFSET", "1", "portoffset (CHIRON_PORTOFFSET) is not known"),
            ("CHIRON_PARTITIONS", "0", "partitions must be from 1 to 256"),
            ("CHIRON_TIME_ZONE", "Mars/Olympus", "time_zone must be an IANA name"),
            ("CHIRON_PORT_OFFSET", "60000", "port_offset must be at most"),
            ("CHIRON_EVENTS__BROKER", "kafka", "events.kafka.bootstrap_servers must name a broker"),
            ("CHIRON_SERVICES__ELSEWHERE", "http://a", "services.elsewhere is not known"),
            ("CHIRON_DOCUMENTS__STORE", "mongodb", "documents.mongodb.uri must name a server"),
        ] {
            let refused = loaded(&[(name, value)]).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
