//! Every service in one process: a listener, a database and a runtime each.
//!
//! Services know each other by HTTP only, also here, so that what runs on one machine is what
//! runs in a hospital.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use api_gateway::ClientAccount;
use block_language as language;
use chiron_broker::{Broker, Durability, LogSettings};
use chiron_chassis::audit::{Audit, HEADS};
use chiron_chassis::{
    Calls, Completeness, Connections, Endpoints, Guard, Health, Limits, Runtime, Secret,
    ServeError, Service, TokenSource, http_client,
};
use chiron_clock::{Activity, Clock, Ids, Shutdown, Tasks, Trigger};
use chiron_store::{CollectionSpec, OpenError, Store};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::accounts::{Accounts, DEVICE};
use crate::settings::{DocumentStore, EventBroker, Identity, Settings};

/// Every topic that services of Chiron publish to or read.
const TOPICS: [&str; 14] = [
    thing_directory::EVENTS,
    HEADS,
    language::automation::PROPOSAL_TOPIC,
    language::automation::REQUEST_TOPIC,
    language::booking::TOPIC,
    language::emergency::TOPIC,
    language::manual::TOPIC,
    language::process::TOPIC,
    language::room::TOPIC,
    language::summary::TOPIC,
    language::surgery_report::TOPIC,
    language::surgical_process::TOPIC,
    language::tracking::TOPIC,
    twin_event_gateway::TOPIC,
];

/// How long the services may take to answer that they are ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Whose time it is, and where ids come from.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    /// A simulator asks more often than people do.
    pub(crate) limits: Limits,
}

/// Services under way, by name, and how each ends.
type Running = JoinSet<(&'static str, Result<(), ServeError>)>;

/// The running services.
pub(crate) struct House {
    trigger: Trigger,
    running: Running,
    stores: Vec<Store>,
    activities: Vec<Activity>,
    broker: Broker,
    trail: Trail,
    endpoints: Endpoints,
}

/// The audit trail, and what publishes its heads until all services have ended.
struct Trail {
    audit: Audit,
    tasks: Tasks,
    trigger: Trigger,
}

impl Trail {
    /// Opens the trail. What it has still to publish counts as work of `activity`.
    fn open(
        settings: &Settings,
        durability: Durability,
        clock: &Clock,
    ) -> Result<(Self, Shutdown)> {
        let path = settings.audit_path();
        let audit = Audit::open(&path, durability, clock.clone())
            .with_context(|| format!("opening the audit trail {}", path.display()))?
            .trusting(settings.audit.trusted_proxies.clone());
        let (trigger, shutdown) = Shutdown::new();
        Ok((Self { audit, tasks: Tasks::new(), trigger }, shutdown))
    }

    /// Publishes what is left and closes the trail.
    async fn close(self) {
        self.trigger.trigger();
        self.tasks.join().await;
        self.audit.close().await;
    }
}

/// What starting a service needs.
struct Builder<'a> {
    settings: &'a Settings,
    world: &'a World,
    accounts: &'a Accounts,
    client: reqwest::Client,
    endpoints: Endpoints,
    broker: Broker,
    audit: Audit,
    durability: Durability,
    connections: Connections,
    shutdown: Shutdown,
    stores: Vec<Store>,
    activities: Vec<Activity>,
}

impl Builder<'_> {
    /// The runtime and listener of one service; its database is its own.
    async fn service(
        &mut self,
        service: Service,
        collections: &[&'static CollectionSpec],
    ) -> Result<(Runtime, TcpListener)> {
        let name = service.name();
        let listener = self.listener(service).await?;
        let store = open_store(self.settings, self.durability, name, collections);
        let store = store.await.with_context(|| format!("opening the database of {name}"))?;
        self.stores.push(store.clone());
        let activity = Activity::new(self.world.clock.clone());
        self.activities.push(activity.clone());
        let secret = Secret::new(self.accounts.client(name)?);
        let calls = Calls::new(
            self.client.clone(),
            self.endpoints.clone(),
            TokenSource::credentials(name, secret),
            activity.clone(),
        );
        let keys = format!("{}/.well-known/jwks.json", self.endpoints.base(Service::GatewayBlock));
        let guard = match self.settings.identity {
            Identity::Required => Guard::fetching(self.client.clone(), keys),
            Identity::Off => Guard::off(),
        };
        let runtime = Runtime {
            service: name,
            clock: self.world.clock.clone(),
            ids: self.world.ids.clone(),
            broker: self.broker.with_activity(activity.clone()),
            store,
            guard,
            audit: self.audit.clone(),
            calls,
            tasks: Tasks::new(),
            shutdown: self.shutdown.clone(),
            limits: self.world.limits.clone(),
            connections: self.connections.clone(),
            completeness: Completeness::new(self.world.clock.clone()),
            health: Health::new(),
            activity,
        };
        Ok((runtime, listener))
    }

    /// The doors for people: signs tokens, so it is started first.
    async fn gateway(
        &mut self,
        running: &mut Running,
        tasks: &Tasks,
        heads: Shutdown,
    ) -> Result<()> {
        let (runtime, block) =
            self.service(Service::GatewayBlock, api_gateway::COLLECTIONS).await?;
        // The gateway asks in people's names; the services asked record where those people are.
        let calls = runtime.calls.vouching(self.audit.vouch());
        let runtime = Runtime { calls, ..runtime };
        // What the trail has still to publish counts as the gateway's work, which shows the trail.
        let heads = (runtime.broker.clone(), runtime.activity.clone(), heads);
        let audit = self.audit.clone();
        tasks.spawn("audit heads", async move { audit.publish(heads.0, heads.1, heads.2).await });
        let listeners = api_gateway::Listeners {
            block,
            room: self.listener(Service::GatewayRoom).await?,
            web: self.listener(Service::GatewayWeb).await?,
        };
        let mut gateway = self.settings.gateway.clone();
        gateway.source_time_users.extend(self.settings.source_time_users.iter().cloned());
        let clients = client_accounts(self.accounts)?;
        let work = api_gateway::run(runtime, gateway, clients, listeners);
        running.spawn(async move { (api_gateway::NAME, work.await) });
        Ok(())
    }

    /// The Web of Things: the directory, and the door of the rooms' control units.
    async fn things(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) =
            self.service(Service::ThingDirectory, thing_directory::COLLECTIONS).await?;
        let work = thing_directory::run(runtime, listener);
        running.spawn(async move { (thing_directory::NAME, work.await) });

        let (runtime, http) =
            self.service(Service::BlockGateway, block_gateway::COLLECTIONS).await?;
        let lines = self.listener_at("block-gateway lines", block_gateway::LINES_PORT).await?;
        let listeners = block_gateway::Listeners { http, lines };
        let settings = block_gateway::Settings {
            public_url: self.settings.things_url.clone(),
            ..block_gateway::Settings::default()
        };
        let work = block_gateway::run(runtime, settings, listeners);
        running.spawn(async move { (block_gateway::NAME, work.await) });
        Ok(())
    }

    /// The door of the hospital's HL7 v2 systems, on an address of its own: the protocol knows no
    /// identity.
    async fn hl7(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, http) = self.service(Service::Hl7Gateway, hl7_gateway::COLLECTIONS).await?;
        let settings = self.settings.hl7.clone();
        let mllp = if settings.enabled {
            Some(self.listener_on(settings.host, "hl7-gateway MLLP", hl7_gateway::MLLP_PORT).await?)
        } else {
            None
        };
        let zone =
            jiff::tz::TimeZone::get(&self.settings.time_zone).context("reading time_zone")?;
        let listeners = hl7_gateway::Listeners { http, mllp };
        let work = hl7_gateway::run(runtime, settings, zone, listeners);
        running.spawn(async move { (hl7_gateway::NAME, work.await) });
        Ok(())
    }

    /// The developer platform's catalogue, over the descriptors of the product itself unless
    /// settings name others.
    async fn catalogue(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::Catalog, &[]).await?;
        let data = &self.settings.data;
        let settings = crate::estate::settings(&self.settings.catalog, data)?;
        let database = data.join("catalogue.sqlite");
        let durable = self.durability == Durability::Durable;
        let work = catalog::run(runtime, settings, Some(database), durable, listener);
        running.spawn(async move { (catalog::NAME, work.await) });
        Ok(())
    }

    async fn automation(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) =
            self.service(Service::AutomationManagement, automation_management::COLLECTIONS).await?;
        let automation = automation_management::Settings {
            twin_layer: self.settings.twin_layer.clone(),
            ..self.settings.automation.clone()
        };
        let work = automation_management::run(runtime, automation, listener);
        running.spawn(async move { (automation_management::NAME, work.await) });
        Ok(())
    }

    async fn listener(&self, service: Service) -> Result<TcpListener> {
        self.listener_at(service.name(), service.default_port()).await
    }

    async fn listener_at(&self, name: &str, default_port: u16) -> Result<TcpListener> {
        self.listener_on(self.settings.host, name, default_port).await
    }

    async fn listener_on(
        &self,
        host: IpAddr,
        name: &str,
        default_port: u16,
    ) -> Result<TcpListener> {
        let port = default_port + self.settings.port_offset;
        TcpListener::bind((host, port))
            .await
            .with_context(|| format!("{name} cannot listen on {host}:{port}"))
    }
}

impl House {
    /// Opens the log and the databases and starts every service.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened, or a port that is taken; what had been started ends.
    pub(crate) async fn start(
        settings: &Settings,
        world: &World,
        accounts: &Accounts,
    ) -> Result<Self> {
        let durability = Durability::from(settings.durability);
        let broker = open_broker(settings, durability, &world.clock).await?;
        let (trail, heads) = Trail::open(settings, durability, &world.clock)?;
        let (trigger, shutdown) = Shutdown::new();
        let endpoints = Endpoints::local(settings.port_offset);
        let mut build = Builder {
            settings,
            world,
            accounts,
            client: http_client().context("building the HTTP client")?,
            endpoints: endpoints.clone(),
            broker: broker.clone(),
            audit: trail.audit.clone(),
            durability,
            connections: Connections::of_this_process(),
            shutdown,
            stores: Vec::new(),
            activities: Vec::new(),
        };
        let mut running = JoinSet::new();

        build.gateway(&mut running, &trail.tasks, heads).await?;

        let (runtime, listener) = build
            .service(Service::UserManagement, user_management_integration::COLLECTIONS)
            .await?;
        first_password(&runtime, settings, accounts).await?;
        let users = user_management_integration::Settings {
            twin_layer: settings.twin_layer.clone(),
            ..user_management_integration::Settings::standard()
        };
        let work = user_management_integration::run(runtime, users, listener);
        running.spawn(async move { (user_management_integration::NAME, work.await) });

        let (runtime, listener) =
            build.service(Service::TwinEngine, twin_engine::COLLECTIONS).await?;
        let engine: twin_engine::Settings = serde_json::from_value(serde_json::json!({}))?;
        let work = twin_engine::run(runtime, engine, listener);
        running.spawn(async move { (twin_engine::NAME, work.await) });

        let (runtime, listener) =
            build.service(Service::EventGateway, twin_event_gateway::COLLECTIONS).await?;
        let work =
            twin_event_gateway::run(runtime, twin_event_gateway::Settings::default(), listener);
        running.spawn(async move { (twin_event_gateway::NAME, work.await) });

        let (runtime, listener) =
            build.service(Service::BuildingManagement, building_management::COLLECTIONS).await?;
        let building = building_management::Settings { twin_layer: settings.twin_layer.clone() };
        let work = building_management::run(runtime, building, listener);
        running.spawn(async move { (building_management::NAME, work.await) });

        let (runtime, listener) =
            build.service(Service::StaffTracking, staff_tracking::COLLECTIONS).await?;
        let work = staff_tracking::run(runtime, listener);
        running.spawn(async move { (staff_tracking::NAME, work.await) });

        let (runtime, listener) = build
            .service(Service::PatientManagement, patient_management_integration::COLLECTIONS)
            .await?;
        let work = patient_management_integration::run(runtime, listener);
        running.spawn(async move { (patient_management_integration::NAME, work.await) });

        let (runtime, listener) = build
            .service(Service::SurgeryBooking, surgery_booking_integration::COLLECTIONS)
            .await?;
        let booking = surgery_booking_integration::Settings {
            time_zone: settings.time_zone.clone().try_into().context("reading time_zone")?,
            twin_layer: settings.twin_layer.clone(),
            ..surgery_booking_integration::Settings::standard()
        };
        let work = surgery_booking_integration::run(runtime, booking, listener);
        running.spawn(async move { (surgery_booking_integration::NAME, work.await) });

        let (runtime, listener) = build.service(Service::MedicalInstrument, &[]).await?;
        let instrument =
            medical_instrument_integration::Settings { twin_layer: settings.twin_layer.clone() };
        let work = medical_instrument_integration::run(runtime, instrument, listener);
        running.spawn(async move { (medical_instrument_integration::NAME, work.await) });

        let (runtime, listener) = build
            .service(Service::SurgicalProcess, surgical_process_monitoring::COLLECTIONS)
            .await?;
        let process = surgical_process_monitoring::Settings {
            late_window_s: settings.late_window_seconds,
            twin_layer: settings.twin_layer.clone(),
        };
        let work = surgical_process_monitoring::run(runtime, process, listener);
        running.spawn(async move { (surgical_process_monitoring::NAME, work.await) });

        let (runtime, listener) =
            build.service(Service::SurgeryReport, surgery_report::COLLECTIONS).await?;
        let report = surgery_report::Settings {
            late_window_s: settings.late_window_seconds,
            environment_period_ms: settings.periods.environment_ms,
            vital_sign_period_ms: settings.periods.vital_signs_ms,
            blood_pressure_period_ms: settings.periods.blood_pressure_ms,
            time_zone: settings.time_zone.clone().try_into().context("reading time_zone")?,
        };
        let work = surgery_report::run(runtime, report, listener);
        running.spawn(async move { (surgery_report::NAME, work.await) });

        build.things(&mut running).await?;
        build.automation(&mut running).await?;
        build.hl7(&mut running).await?;
        build.catalogue(&mut running).await?;

        let Builder { stores, activities, .. } = build;
        Ok(Self { trigger, running, stores, activities, broker, trail, endpoints })
    }

    /// The account of each service's work.
    pub(crate) fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// Waits until every service says that it is ready.
    ///
    /// # Errors
    ///
    /// A service that ends, or is not ready in time.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let client = http_client()?;
        let deadline = tokio::time::Instant::now() + READY_WITHIN;
        for service in Service::ALL {
            let url = format!("{}/health/ready", self.endpoints.base(service));
            loop {
                if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                if let Some(ended) = self.running.try_join_next() {
                    let (name, ended) = ended.context("a service panicked")?;
                    ended.with_context(|| format!("{name} did not start"))?;
                    bail!("{name} ended before it was ready");
                }
                if tokio::time::Instant::now() > deadline {
                    bail!("{service} was not ready within {} s", READY_WITHIN.as_secs());
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }

    /// An error with what somebody has to see to, where the disk is to blame: whoever failed may
    /// have been told no more than that something was not stored.
    pub(crate) fn blamed(&self, err: anyhow::Error) -> anyhow::Error {
        let mut troubles = self.stores.iter().filter_map(Store::trouble);
        match self.broker.trouble().or_else(|| troubles.next()) {
            Some(trouble) if !format!("{err:#}").contains(&trouble.to_string()) => {
                err.context(trouble)
            }
            _ => err,
        }
    }

    /// Waits for a service to end by itself, which none should.
    pub(crate) async fn broken(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            ended = self.running.join_next() => ended,
            failed = self.broker.failed() => {
                return anyhow::Error::new(failed).context("the event log failed");
            }
            failed = self.trail.audit.failed() => {
                return anyhow::Error::new(failed).context("the audit trail failed");
            }
        };
        match ended {
            Some(Ok((name, Err(err)))) => anyhow::Error::new(err).context(format!("{name} failed")),
            Some(Ok((name, Ok(())))) => anyhow::anyhow!("{name} ended by itself"),
            Some(Err(err)) => anyhow::Error::new(err).context("a service panicked"),
            None => anyhow::anyhow!("no service is running"),
        }
    }

    /// Ends every service: listeners refuse, requests and handlers end, outboxes are flushed,
    /// databases close.
    ///
    /// # Errors
    ///
    /// The first service that ended badly.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.trigger.trigger();
        let mut outcome = Ok(());
        while let Some(ended) = self.running.join_next().await {
            let ended = match ended {
                Ok((name, ended)) => ended.with_context(|| format!("{name} ended badly")),
                Err(err) => Err(anyhow::Error::new(err).context("a service panicked")),
            };
            outcome = outcome.and(ended);
        }
        for store in &self.stores {
            store.close().await;
        }
        self.trail.close().await;
        self.broker.close().await;
        outcome
    }
}

/// Services with an account of their own, and what each may do at the others.
const GRANTS: [(&str, &[&str]); 17] = [
    (api_gateway::NAME, &[]),
    (user_management_integration::NAME, &["twins:read", "twins:write"]),
    (twin_engine::NAME, &[]),
    (twin_event_gateway::NAME, &["twins:read"]),
    (building_management::NAME, &["twins:read", "twins:write"]),
    (staff_tracking::NAME, &["processes:read"]),
    (patient_management_integration::NAME, &[]),
    (surgery_booking_integration::NAME, &["twins:read", "twins:write", "patients:read"]),
    (medical_instrument_integration::NAME, &["twins:read", "twins:write"]),
    (
        surgical_process_monitoring::NAME,
        &["twins:read", "twins:write", "rooms:read", "patients:read"],
    ),
    (
        surgery_report::NAME,
        &[
            "processes:read",
            "rooms:read",
            "positions:read",
            "positions-history:read",
            "patients:read",
            "professionals:read",
            "bookings:read",
        ],
    ),
    (thing_directory::NAME, &[]),
    (catalog::NAME, &[]),
    (block_gateway::NAME, &["twins:read", "twins:write", "things:write"]),
    (automation_management::NAME, &["twins:read", "things:read", "actuators:write"]),
    (
        hl7_gateway::NAME,
        &["patients:read", "patients:write", "bookings:read", "bookings:write", "vitals:write"],
    ),
    // Control units, technologies and monitors of the simulation.
    (DEVICE, &["lines:write", "twins:read", "twins:write", "vitals:write"]),
];

/// The clients that need a secret.
pub(crate) fn clients() -> Vec<&'static str> {
    GRANTS.iter().map(|(id, _)| *id).collect()
}

fn client_accounts(accounts: &Accounts) -> Result<Vec<ClientAccount>> {
    let account = |(id, grants): &(&str, &[&str])| {
        Ok(ClientAccount {
            id: (*id).to_owned(),
            secret: Some(Secret::new(accounts.client(id)?)),
            secret_sha256: None,
            // How far a service has come is asked by every other.
            grants: grants.iter().chain(&["internal:read"]).map(|g| (*g).to_owned()).collect(),
            roles: Vec::new(),
            source_time: true,
        })
    };
    GRANTS.iter().map(account).collect()
}

/// Makes the first administrator. In a demonstration the password is kept with the others; else it
/// is shown once on the terminal, or kept in a file of its own where there is none.
async fn first_password(runtime: &Runtime, settings: &Settings, accounts: &Accounts) -> Result<()> {
    user_management_integration::prepare(runtime, |admin| {
        accounts.first_password(&settings.data, &admin.user_id, admin.password.expose())
    })
    .await
    .context("creating the first administrator")
}

async fn open_broker(settings: &Settings, durability: Durability, clock: &Clock) -> Result<Broker> {
    let data: &Path = &settings.data;
    std::fs::create_dir_all(data)
        .with_context(|| format!("creating the data folder {}", data.display()))?;
    if settings.events.broker == EventBroker::Kafka {
        let cluster = settings.events.kafka.client(settings.partitions);
        return Broker::connect(cluster, &TOPICS).await.context("connecting to Kafka");
    }
    let log = LogSettings::new(durability).with_partitions(settings.partitions);
    let path = settings.log_path();
    Broker::open(&path, log, clock.clone())
        .with_context(|| format!("opening the event log {}", path.display()))
}

async fn open_store(
    settings: &Settings,
    durability: Durability,
    service: &str,
    collections: &[&'static CollectionSpec],
) -> Result<Store, OpenError> {
    if collections.is_empty() {
        return Store::in_memory(&[]);
    }
    match settings.documents.store {
        DocumentStore::Sqlite => {
            let path = settings.data.join(format!("{service}.sqlite"));
            Store::open(&path, durability, collections)
        }
        DocumentStore::MongoDb => {
            let client = settings.documents.mongodb.client(durability);
            Box::pin(Store::connect(&client, &service.replace('-', "_"), collections)).await
        }
    }
}
