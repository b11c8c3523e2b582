//! Services in this process, all of them or some: a listener, a database and a runtime each.
//!
//! Services know each other by HTTP only, also here, so that what runs on one machine is what
//! runs in a hospital.

pub(crate) mod grants;
pub(crate) mod services;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use block_language as language;
use chiron_broker::{Broker, Durability, LogSettings};
use chiron_chassis::audit::{self, Audit, HEADS};
use chiron_chassis::{Connections, Endpoints, Limits, ServeError, Service, http_client};
use chiron_clock::{Activity, Clock, Ids, Shutdown, Tasks, Trigger};
use chiron_store::{CollectionSpec, OpenError, Store};
use tokio::task::JoinSet;

use crate::accounts::Accounts;
use crate::house::services::Builder;
use crate::settings::{DocumentStore, EventBroker, Settings};

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

/// Every service, in an order in which they can be started. The gateway serves its other faces too.
pub(crate) const SERVED: [Service; 17] = [
    Service::GatewayBlock,
    Service::UserManagement,
    Service::TwinEngine,
    Service::EventGateway,
    Service::BuildingManagement,
    Service::StaffTracking,
    Service::PatientManagement,
    Service::SurgeryBooking,
    Service::MedicalInstrument,
    Service::SurgicalProcess,
    Service::SurgeryReport,
    Service::ThingDirectory,
    Service::BlockGateway,
    Service::AutomationManagement,
    Service::Hl7Gateway,
    Service::Performance,
    Service::Catalog,
];

/// The name of the audit trail's database.
pub(crate) const AUDIT: &str = "audit";

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
    services: Vec<Service>,
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
    /// Opens the trail where documents are kept: services of other processes go on with the same.
    async fn open(
        settings: &Settings,
        durability: Durability,
        world: &World,
        accounts: &Accounts,
    ) -> Result<(Self, Shutdown)> {
        let store = open_store(settings, durability, AUDIT, audit::COLLECTIONS);
        let store = store.await.context("opening the audit trail")?;
        let audit = Audit::over(store, world.clock.clone())
            .trusting(settings.audit.trusted_proxies.clone(), &accounts.vouch);
        let (trigger, shutdown) = Shutdown::new();
        Ok((Self { audit, tasks: Tasks::new(), trigger }, shutdown))
    }

    /// Publishes the trail's heads. What is still to be published counts as work of `activity`.
    fn publish_heads(&self, broker: Broker, activity: Activity, shutdown: Shutdown) {
        let audit = self.audit.clone();
        self.tasks.spawn("audit heads", async move {
            audit.publish(broker, activity, shutdown).await;
        });
    }

    /// Publishes what is left and closes the trail.
    async fn close(self) {
        self.trigger.trigger();
        self.tasks.join().await;
        self.audit.close().await;
    }
}

impl House {
    /// Connects to what keeps events and documents, or opens it, and starts these services in
    /// their order. In it the gateway comes before those who ask it for tokens.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened, or a port that is taken; what had been started ends.
    pub(crate) async fn start(
        settings: &Settings,
        world: &World,
        accounts: &Accounts,
        services: &[Service],
    ) -> Result<Self> {
        let durability = Durability::from(settings.durability);
        let broker = open_broker(settings, durability, &world.clock).await?;
        let (trail, heads) = Trail::open(settings, durability, world, accounts).await?;
        let (trigger, shutdown) = Shutdown::new();
        let endpoints = settings.endpoints();
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
        for service in services {
            build.start(*service, &mut running).await?;
        }
        let Builder { stores, activities, .. } = build;
        let activity = activities.first().context("no service was named")?;
        trail.publish_heads(broker.with_activity(activity.clone()), activity.clone(), heads);
        let services = services.to_vec();
        Ok(Self { trigger, running, stores, activities, broker, services, trail, endpoints })
    }

    /// The account of each service's work.
    pub(crate) fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// Waits until every service that was started says that it is ready.
    ///
    /// # Errors
    ///
    /// A service that ends, or is not ready in time.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let client = http_client()?;
        let deadline = tokio::time::Instant::now() + READY_WITHIN;
        for service in self.services.clone() {
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

/// Opens a service's documents, where the settings keep them.
///
/// # Errors
///
/// [`OpenError`].
pub(crate) async fn open_store(
    settings: &Settings,
    durability: Durability,
    service: &str,
    collections: &[&'static CollectionSpec],
) -> Result<Store, OpenError> {
    if collections.is_empty() {
        return Store::in_memory(&[]);
    }
    open_store_in(settings.documents.store, settings, durability, service, collections).await
}

/// Opens a service's documents in the store of that kind, whichever the services use.
///
/// # Errors
///
/// [`OpenError`].
pub(crate) async fn open_store_in(
    kind: DocumentStore,
    settings: &Settings,
    durability: Durability,
    service: &str,
    collections: &[&'static CollectionSpec],
) -> Result<Store, OpenError> {
    match kind {
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
