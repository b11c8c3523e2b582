//! The block as a hospital runs it, on one machine: a process per service, events on a real Apache
//! Kafka, documents on a database server, everything on free loopback ports and logs in one folder.
//!
//! Needs the variables of `test-support`'s `kafka` and `mongo`, and the binary of the product.

mod process;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use test_support::kafka::Kafka;
use test_support::mongo::{self, Mongo};

pub use process::Process;

/// The services, each with the default port where it says how it is.
pub const SERVICES: [(&str, u16); 17] = [
    ("api-gateway", 3008),
    ("user-management-integration", 3001),
    ("twin-engine", 3010),
    ("event-gateway", 3012),
    ("building-management", 3005),
    ("staff-tracking", 3004),
    ("patient-management-integration", 3003),
    ("surgery-booking-integration", 3002),
    ("medical-instrument-integration", 3000),
    ("surgical-process-monitoring", 3006),
    ("surgery-report", 3007),
    ("thing-directory", 4000),
    ("block-gateway", 1880),
    ("automation-management", 3011),
    ("hl7-gateway", 2576),
    ("performance", 3013),
    ("catalog", 7007),
];

/// How long all services may take to be ready.
const READY_WITHIN: Duration = Duration::from_mins(3);

/// What is to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The product's binary.
    pub chiron: PathBuf,
    /// Jars of Kafka.
    pub kafka: PathBuf,
    /// The database server.
    pub documents: Documents,
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Added to every port of the services.
    pub port_offset: u16,
    /// The day that all processes are told of.
    pub day: Day,
}

/// Where documents are kept.
#[derive(Debug, Clone)]
pub enum Documents {
    /// A server that is started with the rest.
    Server(mongo::Kind),
    /// One that is there: its connection string.
    There(String),
}

/// A simulated day.
#[derive(Debug, Clone)]
pub struct Day {
    /// As `chiron simulate --scenario` names it.
    pub scenario: String,
    /// Decides every detail.
    pub seed: u64,
    /// Simulated seconds per second, 1 to 60.
    pub rate: u8,
    /// How long after its end a process takes facts, in simulated seconds.
    pub late_window_s: u32,
    /// Whether facts are told twice, late and out of order.
    pub disturb: bool,
}

/// Everything that runs; killed when dropped.
#[derive(Debug)]
pub struct Cluster {
    plan: Plan,
    /// The event broker.
    pub kafka: Kafka,
    /// The database server, when it is ours.
    pub mongo: Option<Mongo>,
    services: BTreeMap<&'static str, Process>,
}

impl Cluster {
    /// Starts Kafka, the database server and every service, and waits until all are ready.
    ///
    /// # Errors
    ///
    /// Something does not start, or is not ready within three minutes.
    pub fn start(plan: Plan) -> Result<Self> {
        fs::create_dir_all(plan.folder.join("logs"))?;
        let kafka = Kafka::start(&plan.kafka, &plan.folder).context("starting Kafka")?;
        let (mongo, uri) = match &plan.documents {
            Documents::There(uri) => (None, uri.clone()),
            Documents::Server(kind) => {
                let mongo = Mongo::start(kind, &plan.folder).context("starting the database")?;
                let uri = mongo.uri();
                (Some(mongo), uri)
            }
        };
        fs::write(plan.folder.join("chiron.toml"), plan.settings(&kafka.servers(), &uri)?)?;
        let made = plan.chiron(&["accounts", "--demonstration"]).output()?;
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        ensure!(made.status.success(), "making accounts: {said}");
        let mut cluster = Self { plan, kafka, mongo, services: BTreeMap::new() };
        for (name, _) in SERVICES {
            cluster.serve(name)?;
        }
        cluster.ready()?;
        Ok(cluster)
    }

    /// Starts a service's process; again, after it was killed.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn serve(&mut self, name: &'static str) -> Result<()> {
        let log = self.plan.folder.join("logs").join(format!("{name}.log"));
        let command = self.plan.chiron(&["serve", name]);
        let process = Process::start(command, &log).with_context(|| format!("starting {name}"))?;
        self.services.insert(name, process);
        Ok(())
    }

    /// The process of a service.
    ///
    /// # Errors
    ///
    /// There is no service of that name, or it was not started.
    pub fn process(&mut self, name: &str) -> Result<&mut Process> {
        self.services.get_mut(name).with_context(|| format!("{name} was not started"))
    }

    /// Waits until every service says that it is ready.
    ///
    /// # Errors
    ///
    /// One ended, or is not ready in time; with the end of its log.
    pub fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        for (name, port) in SERVICES {
            while !is_ready(port + self.plan.port_offset) {
                let ended = self.process(name)?.ended()?;
                if ended.is_some() || deadline < Instant::now() {
                    let log = self.plan.log(name);
                    bail!("{name} is not ready ({ended:?}):\n{log}");
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        Ok(())
    }

    /// The services whose process has ended by itself, with the end of their logs.
    ///
    /// # Errors
    ///
    /// The operating system does not say.
    pub fn fallen(&mut self) -> Result<Vec<String>> {
        let mut fallen = Vec::new();
        for (name, process) in &mut self.services {
            if let Some(status) = process.ended()? {
                fallen.push(format!("{name} ended with {status}:\n{}", self.plan.log(name)));
            }
        }
        Ok(fallen)
    }

    /// Begins to tell the day; `oracle` is run at its end.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn demonstrate(&self, oracle: &Path) -> Result<Process> {
        let mut command = self.plan.chiron(&["demonstrate", "--then"]);
        command.arg(oracle);
        Process::start(command, &self.plan.folder.join("logs/demonstration.log"))
    }

    /// What the demonstration printed, the oracle's verdict at its end.
    #[must_use]
    pub fn told(&self) -> String {
        fs::read_to_string(self.plan.folder.join("logs/demonstration.log")).unwrap_or_default()
    }

    /// Every process by name, Kafka and the database first.
    #[must_use]
    pub fn pids(&self) -> Vec<(String, u32)> {
        let kafka = self.kafka.pid().map(|pid| ("kafka".to_owned(), pid));
        let mongo = self.mongo.as_ref().and_then(Mongo::pid).map(|pid| ("mongodb".to_owned(), pid));
        let services = self.services.iter().map(|(name, it)| ((*name).to_owned(), it.pid()));
        kafka.into_iter().chain(mongo).chain(services).collect()
    }

    /// Leaves everything running when this program ends.
    pub fn leave(self) {
        std::mem::forget(self);
    }
}

impl Plan {
    /// The product with this cluster's settings.
    fn chiron(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.chiron);
        command.arg("--config").arg(self.folder.join("chiron.toml")).args(args);
        command.stdin(Stdio::null());
        command
    }

    /// The settings that all processes share.
    #[expect(clippy::disallowed_methods, reason = "a day begins when the machine is ready for it")]
    fn settings(&self, servers: &str, uri: &str) -> Result<String> {
        let Day { scenario, seed, rate, late_window_s, disturb } = &self.day;
        // Services come up before the day begins.
        let begins = Timestamp::now().checked_add(SignedDuration::from_secs(40))?;
        Ok(format!(
            "data = \"{data}\"\n\
             port_offset = {offset}\n\
             late_window_seconds = {late_window_s}\n\
             log.style = \"ecs\"\n\
             [events]\n\
             broker = \"kafka\"\n\
             kafka.bootstrap_servers = {servers:?}\n\
             [documents]\n\
             store = \"mongodb\"\n\
             mongodb.uri = {uri:?}\n\
             [demonstration]\n\
             scenario = {scenario:?}\n\
             seed = {seed}\n\
             epoch = \"2026-05-15T06:00:00Z\"\n\
             begins = \"{begins:.0}\"\n\
             rate = {rate}\n\
             disturb = {disturb}\n",
            data = self.folder.join("data").display(),
            offset = self.port_offset,
        ))
    }

    /// The end of a service's log.
    fn log(&self, name: &str) -> String {
        let log = fs::read_to_string(self.folder.join("logs").join(format!("{name}.log")));
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }
}

/// Whether a service answers 200 to `GET /health/ready` on a port of this machine.
#[must_use]
pub fn is_ready(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(
            b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// Whether a status is the oracle's for no difference.
#[must_use]
pub fn is_clean(status: ExitStatus) -> bool {
    status.code() == Some(0)
}
