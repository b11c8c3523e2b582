//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use chiron_chassis::Service;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs a hospital's operating block as a digital twin, on one machine.
#[derive(Debug, Parser)]
#[command(
    name = "chiron",
    version,
    after_help = "\
Examples:
  chiron up                       everything, with a simulated day in ten minutes
  chiron up --no-simulation       everything, waiting for real surgeries
  chiron serve staff-tracking     one service, on Kafka and MongoDB
  chiron config                   every setting, its value and where it came from
  chiron events tail              what happens, as the services tell each other
  chiron audit verify             proves that nobody has touched the audit trail
  chiron catalog validate         says what is wrong with the descriptors in this folder"
)]
pub(crate) struct Cli {
    /// Settings file; `chiron.toml` in this folder when there is one
    #[arg(long, global = true, env = "CHIRON_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Folder of databases, events, keys and generated passwords
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,

    /// Added to every listener's port
    #[arg(long, global = true, value_name = "N")]
    pub(crate) port_offset: Option<u16>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Command {
    /// The exit code of a command that could not be obeyed. Who validates tells it from descriptors
    /// that are wrong.
    pub(crate) fn failure(&self) -> ExitCode {
        match self {
            Self::Catalog(CatalogArgs { command: CatalogCommand::Validate(_) }) => 2.into(),
            _ => ExitCode::FAILURE,
        }
    }
}

impl Cli {
    /// What the command line says of settings, as their keys.
    pub(crate) fn overrides(&self) -> Vec<(&'static str, String)> {
        let data = self.data.as_ref().map(|data| ("data", data.display().to_string()));
        let offset = self.port_offset.map(|offset| ("port_offset", offset.to_string()));
        data.into_iter().chain(offset).collect()
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts every service on this machine, and shows a simulated day
    Up(UpArgs),
    /// Runs a simulated day against every service, as fast as they can follow, and ends
    Simulate(SimulateArgs),
    /// Starts some services, which meet others in Kafka and `MongoDB`
    Serve(ServeArgs),
    /// Makes the file with the secrets by which services of several processes know each other, or
    /// adds what it lacks
    Accounts(AccountsArgs),
    /// Tells services that run elsewhere of a simulated day, as their settings describe it
    Demonstrate(DemonstrateArgs),
    /// Prints every setting with its value and where it came from; secrets are masked
    Config,
    /// Looks into the event log
    Events(EventsArgs),
    /// Folds what a service derived from events again, from the first of them; services must be
    /// stopped
    Rebuild(RebuildArgs),
    /// Moves what services keep from files to `MongoDB`, or back; services must be stopped
    Store(StoreArgs),
    /// Reads the audit trail: who read or changed what about whom; services may be running
    Audit(AuditArgs),
    /// Judges descriptors of the software catalogue, and asks a running one
    Catalog(CatalogArgs),
    /// Writes the `OpenAPI` documents of the services
    #[command(hide = true)]
    Openapi(OpenapiArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which, such as `staff-tracking`
    #[arg(required = true, value_name = "SERVICE", value_parser = crate::serve::parse)]
    pub(crate) services: Vec<Service>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountsArgs {
    /// With the people of a simulated day
    #[arg(long)]
    pub(crate) demonstration: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemonstrateArgs {
    /// A program to run at the end; it is given the journal and the address, and its exit code
    /// becomes this command's
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) then: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RebuiltArg {
    /// What was measured in rooms, and when technologies were used
    BuildingManagement,
    /// Where everybody is and was
    StaffTracking,
    /// Processes, from the facts about patients and rooms
    SurgicalProcessMonitoring,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Whose
    #[arg(value_enum)]
    pub(crate) context: RebuiltArg,

    /// Change nothing; fail when the result is not what is there
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Simulated seconds per second, 1 to 60
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u8).range(1..=60))]
    pub(crate) rate: u8,

    /// What is simulated; at sixty times its pace the busy day takes ten minutes
    #[arg(long, value_enum, default_value = "busy-day")]
    pub(crate) scenario: ScenarioArg,

    /// Start the services only
    #[arg(long)]
    pub(crate) no_simulation: bool,

    /// Decides every detail of the simulation; another one each time when left out
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ScenarioArg {
    /// An elective, an emergency and an interrupted surgery
    ThreeSurgeries,
    /// Two hours, two zones, three surgeries
    TestDay,
    /// Ten hours, four zones, twelve surgeries, sensors at their full pace
    FullDay,
    /// Ten hours, four zones, a few surgeries as planned
    QuietDay,
    /// Ten hours, four zones, sixteen surgeries: delays, rescheduling, shared technology
    BusyDay,
    /// Everything that can go wrong: sensors, badges, clocks, actuators, theatres
    BadDay,
    /// The seed decides how many surgeries there are and how much goes wrong
    RandomDay,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// What is simulated
    #[arg(long, value_enum, default_value = "three-surgeries")]
    pub(crate) scenario: ScenarioArg,

    /// Decides every detail; the same seed gives the same day
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Simulated hours instead of the scenario's own, 2 to 10
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=10))]
    pub(crate) hours: Option<u32>,

    /// Deliver some facts twice, late and out of order
    #[arg(long)]
    pub(crate) disturb: bool,

    /// When simulated time begins (RFC 3339)
    #[arg(long, default_value = "2026-05-15T06:00:00Z", value_name = "INSTANT")]
    pub(crate) epoch: String,

    /// Fsync every write, as in a hospital; without it a power cut may lose the simulation
    #[arg(long)]
    pub(crate) durable: bool,

    /// A program to run at the end while the services still answer; it is given the journal and
    /// the address, and its exit code becomes this command's
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) then: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    pub(crate) command: EventsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Prints events as they come, one JSON object a line; services may be running
    Tail {
        /// Only this topic; all of them when left out
        #[arg(long)]
        topic: Option<String>,
        /// From this instant on (RFC 3339); when left out from now on, or with `--no-follow` from
        /// the beginning
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// End when all that is there was printed
        #[arg(long)]
        no_follow: bool,
    },
    /// Makes a consumer group read its topics again; services must be stopped
    Replay {
        /// The group, such as `building-management-consumer`
        #[arg(long)]
        group: String,
        /// The topic
        #[arg(long)]
        topic: String,
        /// From this instant on (RFC 3339); from the beginning when left out
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
    },
    /// Prints the records that could not be handled, with the reason; services may be running
    DeadLetters {
        /// Only those of this topic
        #[arg(long)]
        topic: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Copies documents with their versions and the events that wait; goes on where it ended when
    /// it was interrupted, and proves by counts and hashes that both hold the same
    Copy {
        /// Where to; from the other
        #[arg(long, value_enum)]
        to: StoreKindArg,
        /// Only these services; all of them and the audit trail when left out
        #[arg(value_name = "SERVICE", value_parser = crate::serve::parse)]
        services: Vec<Service>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StoreKindArg {
    /// Files in the data folder
    Sqlite,
    /// `documents.mongodb`
    Mongodb,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Proves the chain whole: each hash, each link, no gap, and the heads that were published in
    /// the event log; else names what is wrong with which entry, and ends with 1
    Verify,
    /// Prints entries, newest first
    Show {
        /// Only what this user or account did
        #[arg(long, value_name = "ID")]
        actor: Option<String>,
        /// Only what is about this id: a tax code, a process, a professional, a user, a room
        #[arg(long, value_name = "ID")]
        subject: Option<String>,
        /// From this instant on (RFC 3339)
        #[arg(long, value_name = "INSTANT")]
        from: Option<String>,
        /// Until this instant, inclusive (RFC 3339)
        #[arg(long, value_name = "INSTANT")]
        to: Option<String>,
        /// Entries at most
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// One JSON object a line, as hashed
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct OpenapiArgs {
    /// Where the documents are
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// Write nothing; fail when one differs
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Says what is wrong with descriptors, at which line, and what to write instead; needs no
    /// server. Ends with 1 when there are errors, with 2 when there is nothing to look at
    Validate(ValidateArgs),
    /// Registers an address at a running catalogue, unless what stands there is not good
    Ingest(IngestArgs),
    /// Prints an entity, or a list of them
    Get(GetArgs),
    /// Prints what an entity depends on, and what depends on it
    Graph(GraphArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Files, folders, and patterns of files (`*`, `?`, `**`). In folders, files of YAML are looked
    /// at whose name is `catalog-info` or whose `apiVersion` is Backstage's
    #[arg(default_value = ".", value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    /// What for
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ReportFormat,

    /// Take warnings for errors
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Lines as compilers write them
    Text,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// How a running catalogue is reached.
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    /// Where the catalogue is; where the settings say when left out
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// A file with the token to show. Else the variable `CHIRON_TOKEN` counts; else, for the
    /// catalogue of the settings, the administrator of the accounts file signs in
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// The address of a descriptor
    pub(crate) target: String,

    /// Say what would come of it, and register nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Which entity, as `component:orders` or `component:tools/orders`; a list when left out
    #[arg(value_name = "REF", value_parser = reference)]
    pub(crate) reference: Option<[String; 3]>,

    /// Only entities with these values, as `kind=component,spec.type=service`; repeated, those that
    /// any of the filters lets through
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "reference")]
    pub(crate) filter: Vec<String>,

    /// How it is written
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: EntityFormat,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EntityFormat {
    /// A line each
    Table,
    /// Everything, as JSON
    Json,
    /// Everything, as YAML, a document each
    Yaml,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// Which entity, as `component:orders` or `component:tools/orders`
    #[arg(value_name = "REF", value_parser = reference)]
    pub(crate) reference: [String; 3],

    /// How many steps away, up to 20
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=20))]
    pub(crate) depth: u32,

    /// Which arrows are followed
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) direction: DirectionArg,

    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: GraphFormat,

    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DirectionArg {
    /// Those that lead to it: who uses it, what is a part of it
    In,
    /// Those that lead from it: what it uses, whose it is
    Out,
    /// All
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A tree
    Text,
    /// Graphviz
    Dot,
    /// Mermaid, for Markdown
    Mermaid,
    /// Entities and relations
    Json,
}

fn reference(text: &str) -> Result<[String; 3], String> {
    catalog::reference(text).ok_or_else(|| "write kind:name, or kind:namespace/name".to_owned())
}
