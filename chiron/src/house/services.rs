//! How each service is started: what it works on, and what is said to it.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use chiron_broker::{Broker, Durability};
use chiron_chassis::audit::Audit;
use chiron_chassis::{
    Calls, Completeness, Connections, Endpoints, Guard, Health, Runtime, Secret, Service,
    TokenSource,
};
use chiron_clock::{Activity, Shutdown, Tasks};
use chiron_store::{CollectionSpec, Store};
use tokio::net::TcpListener;

use crate::accounts::Accounts;
use crate::house::grants::client_accounts;
use crate::house::{Running, World, open_store};
use crate::settings::{Identity, Settings};

/// What starting a service needs.
pub(super) struct Builder<'a> {
    pub(super) settings: &'a Settings,
    pub(super) world: &'a World,
    pub(super) accounts: &'a Accounts,
    pub(super) client: reqwest::Client,
    pub(super) endpoints: Endpoints,
    pub(super) broker: Broker,
    pub(super) audit: Audit,
    pub(super) durability: Durability,
    pub(super) connections: Connections,
    pub(super) shutdown: Shutdown,
    pub(super) stores: Vec<Store>,
    pub(super) activities: Vec<Activity>,
}

impl Builder<'_> {
    /// The runtime and listener of one service; its database is its own.
    async fn service(&mut self, service: Service) -> Result<(Runtime, TcpListener)> {
        let name = service.name();
        let listener = self.listener(service).await?;
        let store = open_store(self.settings, self.durability, name, collections(service));
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

    /// Opens what the service works on and adds it to those that are running.
    ///
    /// # Errors
    ///
    /// A database that cannot be opened, or a port that is taken.
    pub(super) async fn start(&mut self, service: Service, running: &mut Running) -> Result<()> {
        match service {
            Service::GatewayBlock | Service::GatewayRoom | Service::GatewayWeb => {
                self.gateway(running).await
            }
            Service::UserManagement => self.users(running).await,
            Service::TwinEngine => self.twins(running).await,
            Service::EventGateway => self.twin_events(running).await,
            Service::BuildingManagement => self.building(running).await,
            Service::StaffTracking => self.staff(running).await,
            Service::PatientManagement => self.patients(running).await,
            Service::SurgeryBooking => self.booking(running).await,
            Service::MedicalInstrument => self.instruments(running).await,
            Service::SurgicalProcess => self.processes(running).await,
            Service::SurgeryReport => self.reports(running).await,
            Service::ThingDirectory => self.directory(running).await,
            Service::BlockGateway => self.control_units(running).await,
            Service::AutomationManagement => self.automation(running).await,
            Service::Hl7Gateway => self.hl7(running).await,
            Service::Performance => self.performance(running).await,
            Service::Catalog => self.catalogue(running).await,
        }
    }

    /// The doors for people, with the keys that sign tokens.
    async fn gateway(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, block) = self.service(Service::GatewayBlock).await?;
        // The gateway asks in people's names; the services asked record where those people are.
        let calls = runtime.calls.vouching(self.audit.vouch());
        let runtime = Runtime { calls, ..runtime };
        let listeners = api_gateway::Listeners {
            block,
            room: self.listener(Service::GatewayRoom).await?,
            web: self.listener(Service::GatewayWeb).await?,
        };
        let mut gateway = self.settings.gateway.clone();
        gateway.source_time_users.extend(self.settings.source_time_users.iter().cloned());
        gateway.dashboards.time_zone.clone_from(&self.settings.time_zone);
        let clients = client_accounts(self.accounts)?;
        let work = api_gateway::run(runtime, gateway, clients, listeners, crate::pages::pages());
        running.spawn(async move { (api_gateway::NAME, work.await) });
        Ok(())
    }

    /// The directory of the Web of Things.
    async fn directory(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::ThingDirectory).await?;
        let work = thing_directory::run(runtime, listener);
        running.spawn(async move { (thing_directory::NAME, work.await) });
        Ok(())
    }

    /// The door of the rooms' control units.
    async fn control_units(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, http) = self.service(Service::BlockGateway).await?;
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
        let (runtime, http) = self.service(Service::Hl7Gateway).await?;
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

    async fn users(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::UserManagement).await?;
        first_password(&runtime, self.settings, self.accounts).await?;
        let users = user_management_integration::Settings {
            twin_layer: self.settings.twin_layer.clone(),
            ..user_management_integration::Settings::standard()
        };
        let work = user_management_integration::run(runtime, users, listener);
        running.spawn(async move { (user_management_integration::NAME, work.await) });
        Ok(())
    }

    async fn twins(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::TwinEngine).await?;
        let engine: twin_engine::Settings = serde_json::from_value(serde_json::json!({}))?;
        let work = twin_engine::run(runtime, engine, listener);
        running.spawn(async move { (twin_engine::NAME, work.await) });
        Ok(())
    }

    async fn twin_events(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::EventGateway).await?;
        let work =
            twin_event_gateway::run(runtime, twin_event_gateway::Settings::default(), listener);
        running.spawn(async move { (twin_event_gateway::NAME, work.await) });
        Ok(())
    }

    async fn building(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::BuildingManagement).await?;
        let building =
            building_management::Settings { twin_layer: self.settings.twin_layer.clone() };
        let work = building_management::run(runtime, building, listener);
        running.spawn(async move { (building_management::NAME, work.await) });
        Ok(())
    }

    async fn staff(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::StaffTracking).await?;
        let work = staff_tracking::run(runtime, listener);
        running.spawn(async move { (staff_tracking::NAME, work.await) });
        Ok(())
    }

    async fn patients(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::PatientManagement).await?;
        let work = patient_management_integration::run(runtime, listener);
        running.spawn(async move { (patient_management_integration::NAME, work.await) });
        Ok(())
    }

    async fn booking(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::SurgeryBooking).await?;
        let booking = surgery_booking_integration::Settings {
            time_zone: self.settings.time_zone.clone().try_into().context("reading time_zone")?,
            twin_layer: self.settings.twin_layer.clone(),
            ..surgery_booking_integration::Settings::standard()
        };
        let work = surgery_booking_integration::run(runtime, booking, listener);
        running.spawn(async move { (surgery_booking_integration::NAME, work.await) });
        Ok(())
    }

    async fn instruments(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::MedicalInstrument).await?;
        let instrument = medical_instrument_integration::Settings {
            twin_layer: self.settings.twin_layer.clone(),
        };
        let work = medical_instrument_integration::run(runtime, instrument, listener);
        running.spawn(async move { (medical_instrument_integration::NAME, work.await) });
        Ok(())
    }

    async fn processes(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::SurgicalProcess).await?;
        let process = surgical_process_monitoring::Settings {
            late_window_s: self.settings.late_window_seconds,
            twin_layer: self.settings.twin_layer.clone(),
        };
        let work = surgical_process_monitoring::run(runtime, process, listener);
        running.spawn(async move { (surgical_process_monitoring::NAME, work.await) });
        Ok(())
    }

    async fn reports(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::SurgeryReport).await?;
        let report = surgery_report::Settings {
            late_window_s: self.settings.late_window_seconds,
            environment_period_ms: self.settings.periods.environment_ms,
            vital_sign_period_ms: self.settings.periods.vital_signs_ms,
            blood_pressure_period_ms: self.settings.periods.blood_pressure_ms,
            time_zone: self.settings.time_zone.clone().try_into().context("reading time_zone")?,
        };
        let work = surgery_report::run(runtime, report, listener);
        running.spawn(async move { (surgery_report::NAME, work.await) });
        Ok(())
    }

    async fn performance(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::Performance).await?;
        let ranges = &self.settings.gateway.dashboards.ranges;
        let range =
            |range: api_gateway::Range| performance::Range { low: range.low, high: range.high };
        let house = performance::House {
            time_zone: self.settings.time_zone.clone().try_into().context("reading time_zone")?,
            wanted: performance::Wanted {
                temperature: range(ranges.theatre_temperature),
                humidity: range(ranges.theatre_humidity),
            },
        };
        let settings = self.settings.performance.clone();
        let work = performance::run(runtime, settings, house, listener);
        running.spawn(async move { (performance::NAME, work.await) });
        Ok(())
    }

    /// The developer platform: its catalogue, over the descriptors of the product itself unless
    /// settings name others, the documentation of what is in it, and the search over both.
    async fn catalogue(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::Catalog).await?;
        let data = &self.settings.data;
        let settings = crate::estate::settings(&self.settings.catalog, data)?;
        let database = data.join("catalogue.sqlite");
        let durable = self.durability == Durability::Durable;
        let (techdocs, sites) = (self.settings.techdocs.clone(), data.join("techdocs"));
        let index = data.join("search");
        let beside = move |runtime: &Runtime, entities| {
            let hub = techdocs::start(runtime, &techdocs, Some(sites));
            vec![hub.api, search::start(runtime, entities, hub.sites, Some(index))]
        };
        let work = catalog::run(runtime, settings, Some(database), durable, beside, listener);
        running.spawn(async move { (catalog::NAME, work.await) });
        Ok(())
    }

    async fn automation(&mut self, running: &mut Running) -> Result<()> {
        let (runtime, listener) = self.service(Service::AutomationManagement).await?;
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

/// What a service keeps.
pub(crate) fn collections(service: Service) -> &'static [&'static CollectionSpec] {
    match service {
        Service::GatewayBlock | Service::GatewayRoom | Service::GatewayWeb => {
            api_gateway::COLLECTIONS
        }
        Service::UserManagement => user_management_integration::COLLECTIONS,
        Service::TwinEngine => twin_engine::COLLECTIONS,
        Service::EventGateway => twin_event_gateway::COLLECTIONS,
        Service::BuildingManagement => building_management::COLLECTIONS,
        Service::StaffTracking => staff_tracking::COLLECTIONS,
        Service::PatientManagement => patient_management_integration::COLLECTIONS,
        Service::SurgeryBooking => surgery_booking_integration::COLLECTIONS,
        // The instruments' door keeps nothing, and the catalogue has a database of its own kind.
        Service::MedicalInstrument | Service::Catalog => &[],
        Service::SurgicalProcess => surgical_process_monitoring::COLLECTIONS,
        Service::SurgeryReport => surgery_report::COLLECTIONS,
        Service::ThingDirectory => thing_directory::COLLECTIONS,
        Service::BlockGateway => block_gateway::COLLECTIONS,
        Service::AutomationManagement => automation_management::COLLECTIONS,
        Service::Hl7Gateway => hl7_gateway::COLLECTIONS,
        Service::Performance => performance::COLLECTIONS,
    }
}

/// Makes the first administrator. In a demonstration the password is kept with the others; else it
/// is shown once on the terminal, or kept in a file of its own where there is none.
async fn first_password(runtime: &Runtime, settings: &Settings, accounts: &Accounts) -> Result<()> {
    user_management_integration::prepare(runtime, |admin| {
        accounts.first_password(&settings.accounts_path(), &admin.user_id, admin.password.expose())
    })
    .await
    .context("creating the first administrator")
}
