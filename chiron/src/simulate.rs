//! `chiron simulate`: a seeded day in lock-step, as fast as the services follow.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use chiron_chassis::{Limits, Service};
use chiron_clock::{Clock, Ids, instant};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use simulator::{Account, Accounts as Actors, Day, Disturbance, Hospital, Journal, Plan, Scenario};

use crate::accounts::{Accounts, DEVICE, MANAGER, NURSE};
use crate::cli::{ScenarioArg, SimulateArgs};
use crate::house::{self, House, World};
use crate::settings::{Demonstration, Periods, Settings, Writes};
use crate::show;

/// The first account, which the first start makes.
pub(crate) const ADMIN: &str = "admin";
/// Who acts in a simulated day.
pub(crate) const PEOPLE: [&str; 3] = [ADMIN, MANAGER, NURSE];
const RUN_FILE: &str = "run.json";
/// The journal's name in the data folder.
pub(crate) const JOURNAL: &str = "truth.jsonl";

/// What was begun in a data folder; going on with something else would mix two truths.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Begun {
    scenario: String,
    seed: u64,
    epoch: String,
    disturb: bool,
    #[serde(default)]
    hours: Option<u32>,
    /// How often this folder was started: ids of each start are its own.
    #[serde(default)]
    starts: u64,
}

impl From<ScenarioArg> for Scenario {
    fn from(scenario: ScenarioArg) -> Self {
        match scenario {
            ScenarioArg::ThreeSurgeries => Self::ThreeSurgeries,
            ScenarioArg::TestDay => Self::TestDay,
            ScenarioArg::FullDay => Self::FullDay,
            ScenarioArg::QuietDay => Self::QuietDay,
            ScenarioArg::BusyDay => Self::BusyDay,
            ScenarioArg::BadDay => Self::BadDay,
            ScenarioArg::RandomDay => Self::RandomDay,
        }
    }
}

/// Runs the simulation to its end; with `--then`, the program's exit code becomes ours.
///
/// # Errors
///
/// The product does not start, or does not take what it is told.
pub(crate) async fn run(mut settings: Settings, args: &SimulateArgs) -> Result<ExitCode> {
    fs::create_dir_all(&settings.data)
        .with_context(|| format!("creating the data folder {}", settings.data.display()))?;
    let starts = begin(&settings.data, args)?;
    let epoch = instant::parse(&args.epoch).context("reading --epoch")?;
    let wanted = Wanted {
        scenario: args.scenario.into(),
        seed: args.seed,
        hours: args.hours,
        disturb: args.disturb,
    };
    let plan = plan(&settings, &wanted, epoch)?;
    settings.periods = Periods::of(&plan);
    if !args.durable {
        settings.durability = Writes::Relaxed;
    }
    prepare_people(&mut settings);
    let accounts = Accounts::open(&settings.accounts_path(), &PEOPLE, &house::grants::clients())?;
    let journal_path = settings.data.join(JOURNAL);
    let mut journal = Journal::open(&journal_path)?;
    let (clock, hand) = Clock::lock_step(journal.last().unwrap_or(epoch));
    let ids = Ids::seeded(args.seed.wrapping_add(starts << 32));
    let world = World { clock: clock.clone(), ids, limits: generous() };

    let mut house = House::start(&settings, &world, &accounts, &house::SERVED).await?;
    house.ready().await?;
    let accounts = Accounts::open(&settings.accounts_path(), &[], &[])?;
    let hospital = hospital(&settings, &accounts)?;
    hospital.seed_users().await.context("creating the people of the day")?;
    let activities = house.activities().to_vec();
    let told = simulator::lock_step(&plan, &hospital, (&clock, &hand), &activities, &mut journal);
    let told = tokio::select! {
        told = told => told.context("the simulation failed"),
        broken = house.broken() => Err(broken),
    };
    let ended = match (told, &args.then) {
        (Ok(()), Some(program)) => then(program, &journal_path, &settings).await,
        (Ok(()), None) => {
            show::line(&format!("told {} deliveries until {}", plan.deliveries.len(), plan.end));
            Ok(ExitCode::SUCCESS)
        }
        (Err(err), _) => Err(house.blamed(err)),
    };
    let stopped = house.stop().await;
    let code = ended?;
    stopped?;
    Ok(code)
}

/// Which day is simulated.
pub(crate) struct Wanted {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    /// Instead of the scenario's own.
    pub(crate) hours: Option<u32>,
    /// Whether some facts are told twice, late and out of order.
    pub(crate) disturb: bool,
}

/// Plans a day that begins at `epoch`.
///
/// # Errors
///
/// The settings of the automation contradict each other.
pub(crate) fn plan(settings: &Settings, wanted: &Wanted, epoch: Timestamp) -> Result<Plan> {
    let late_window = SignedDuration::from_secs(i64::from(settings.late_window_seconds));
    let disturbance = wanted.disturb.then(|| Disturbance {
        duplicate: 0.1,
        delay: 0.1,
        longest: late_window / 2 - SignedDuration::from_secs(1),
    });
    Ok(simulator::plan(&Day {
        scenario: wanted.scenario,
        seed: wanted.seed,
        epoch,
        hours: wanted.hours,
        late_window,
        disturbance,
        automation: serde_json::to_value(settings.automation.in_force()?)?,
    }))
}

/// The plan of a demonstration in several processes.
///
/// # Errors
///
/// See [`plan`].
pub(crate) fn of(settings: &Settings, day: &Demonstration) -> Result<Plan> {
    let Demonstration { scenario, seed, hours, disturb, .. } = *day;
    plan(settings, &Wanted { scenario, seed, hours, disturb }, day.epoch)
}

/// The people of a simulation may say when things happened.
pub(crate) fn prepare_people(settings: &mut Settings) {
    settings.source_time_users.extend(PEOPLE.map(str::to_owned));
}

/// The product as the simulator reaches it.
pub(crate) fn hospital(settings: &Settings, accounts: &Accounts) -> Result<Hospital> {
    let person =
        |id: &str| anyhow::Ok(Account { id: id.to_owned(), secret: accounts.password(id)? });
    let actors = Actors {
        admin: person(ADMIN)?,
        manager: person(MANAGER)?,
        nurse: person(NURSE)?,
        device: Account { id: DEVICE.to_owned(), secret: accounts.client(DEVICE)? },
    };
    let mut hospital = Hospital::new(&settings.host.to_string(), settings.port_offset, actors)
        .context("building the simulator's client")?;
    for service in Service::ALL {
        if let Some(base) = settings.elsewhere(service) {
            hospital.is_elsewhere(service.default_port(), base);
        }
    }
    Ok(hospital)
}

/// A simulated day asks more per second than people and their screens do.
pub(crate) fn generous() -> Limits {
    Limits { person_per_second: 10_000, stranger_per_second: 10_000, ..Limits::standard() }
}

/// Notes what is begun in the folder, or checks that it is the same; tells the start's number.
fn begin(data: &Path, args: &SimulateArgs) -> Result<u64> {
    let path = data.join(RUN_FILE);
    let scenario = format!("{:?}", args.scenario);
    let mut begun = Begun {
        scenario,
        seed: args.seed,
        epoch: args.epoch.clone(),
        disturb: args.disturb,
        hours: args.hours,
        starts: 0,
    };
    if let Ok(text) = fs::read_to_string(&path) {
        let found: Begun = serde_json::from_str(&text)
            .with_context(|| format!("{} is not as it was written", path.display()))?;
        let starts = found.starts;
        if (Begun { starts: 0, ..found }) != begun {
            bail!(
                "{} holds another simulation ({text}); name another folder with --data",
                data.display()
            );
        }
        begun.starts = starts + 1;
    }
    fs::write(&path, serde_json::to_vec(&begun)?)
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(begun.starts)
}

/// Runs a program against the services; its exit code becomes ours.
pub(crate) async fn then(program: &Path, journal: &Path, settings: &Settings) -> Result<ExitCode> {
    let mut command = Command::new(program);
    command
        .arg("--journal")
        .arg(journal)
        .args(["--host", &settings.host.to_string()])
        .args(["--port-offset", &settings.port_offset.to_string()]);
    let status = tokio::task::spawn_blocking(move || command.status())
        .await?
        .with_context(|| format!("starting {}", program.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The instant from which a paced simulation of this folder may begin: after all that was told.
pub(crate) fn after(data: &Path, now: Timestamp) -> Timestamp {
    let told = fs::read_to_string(data.join(CLOCK_FILE)).ok();
    let told = told.and_then(|text| instant::parse(text.trim()).ok());
    told.map_or(now, |told| told.max(now))
}

/// Notes until when the simulated time of this folder may run.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn note_until(data: &Path, until: Timestamp) -> Result<()> {
    let path = data.join(CLOCK_FILE);
    fs::write(&path, instant::write(until)).with_context(|| format!("writing {}", path.display()))
}

const CLOCK_FILE: &str = "clock.txt";
