//! `chiron demonstrate`: a simulated day against services that run elsewhere.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chiron_chassis::http_client;
use chiron_clock::Shutdown;
use jiff::Timestamp;
use simulator::{Hospital, Journal};

use crate::accounts::Accounts;
use crate::cli::DemonstrateArgs;
use crate::settings::Settings;
use crate::{house, show, simulate, up};

/// How long the services may take to be ready.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// How long they may take to catch up after the day.
const SETTLED_WITHIN: Duration = Duration::from_mins(10);
/// So many looks in a row, a second apart, have to find everything settled.
const LOOKS: u32 = 5;

/// Tells the services of the day and waits until its reports are settled; with `--then`, the
/// program's exit code becomes ours.
///
/// # Errors
///
/// The services are not there, or do not take what they are told.
pub(crate) async fn run(settings: Settings, args: &DemonstrateArgs) -> Result<ExitCode> {
    show::logs(&settings)?;
    let day = settings.demonstration.clone().context(
        "demonstration is not set: every process is to be told of the same day, as in \
         docs/running.md",
    )?;
    std::fs::create_dir_all(&settings.data)
        .with_context(|| format!("creating the data folder {}", settings.data.display()))?;
    let plan = simulate::of(&settings, &day)?;
    ready(&settings).await?;
    let accounts = Accounts::read(&settings.accounts_path())?;
    let hospital = simulate::hospital(&settings, &accounts)?;
    hospital.seed_users().await.context("creating the people of the day")?;
    let path = settings.data.join(simulate::JOURNAL);
    let journal = Journal::open(&path)?;
    let (_trigger, shutdown) = Shutdown::new();
    let clock = day.clock();
    let told = simulator::paced(&plan, &hospital, &clock, journal, shutdown, up::progress);
    tokio::select! {
        told = told => told.context("the demonstration failed")?,
        () = up::stop_signal()? => bail!("stopped before the end of the day"),
    }
    settled(&hospital, plan.end).await?;
    for report in hospital.reports().await.context("reading the reports")? {
        show::line(&format!("  {report}"));
    }
    match &args.then {
        Some(program) => simulate::then(program, &path, &settings).await,
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Waits until the services have caught up and every report is settled: a machine that cannot keep
/// up shows lag, never slower time.
async fn settled(hospital: &Hospital, end: Timestamp) -> Result<()> {
    let deadline = tokio::time::Instant::now() + SETTLED_WITHIN;
    // What has been settled is told to the reports a moment later, so one look is not enough.
    let mut looks = 0;
    while looks < LOOKS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        match hospital.has_settled(end).await {
            Ok(true) => looks += 1,
            Ok(false) => looks = 0,
            Err(err) if deadline < tokio::time::Instant::now() => {
                return Err(err).context("the services do not answer");
            }
            Err(_passing) => looks = 0,
        }
        if deadline < tokio::time::Instant::now() {
            bail!("after {} min not every report is settled", SETTLED_WITHIN.as_secs() / 60);
        }
    }
    Ok(())
}

/// Waits until every service says that it is ready.
async fn ready(settings: &Settings) -> Result<()> {
    let (client, endpoints) = (http_client()?, settings.endpoints());
    let deadline = tokio::time::Instant::now() + READY_WITHIN;
    for service in house::SERVED {
        let url = format!("{}/health/ready", endpoints.base(service));
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if deadline < tokio::time::Instant::now() {
                bail!("{service} is not ready at {url} after {} s", READY_WITHIN.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}
