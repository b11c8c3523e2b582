//! `chiron serve`: some services in this process; the others run elsewhere.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use chiron_chassis::{Limits, Service};
use chiron_clock::{Clock, Ids};

use crate::accounts::Accounts;
use crate::cli::ServeArgs;
use crate::house::{self, House, World};
use crate::settings::{DocumentStore, EventBroker, Periods, Settings};
use crate::{show, simulate, up};

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// Events or documents are kept where other processes do not reach them, there are no accounts, or
/// a service does not start or fails.
pub(crate) async fn run(mut settings: Settings, args: &ServeArgs) -> Result<ExitCode> {
    show::logs(&settings)?;
    ensure!(
        settings.events.broker == EventBroker::Kafka
            && settings.documents.store == DocumentStore::MongoDb,
        "services of several processes meet in Kafka and MongoDB: set events.broker = \"kafka\" \
         and documents.store = \"mongodb\", or run everything in one process with `chiron up`"
    );
    let accounts = Accounts::read(&settings.accounts_path())?;
    let (clock, limits) = match settings.demonstration.clone() {
        None => (Clock::system(), Limits::standard()),
        Some(day) => {
            simulate::prepare_people(&mut settings);
            settings.periods = Periods::of(&simulate::of(&settings, &day)?);
            (day.clock(), simulate::generous())
        }
    };
    let world = World { clock, ids: Ids::random(), limits };
    // Before anybody can see that it runs, and ask it to end.
    let stop = up::stop_signal()?;
    let house = House::start(&settings, &world, &accounts, &args.services).await;
    let mut house = house.with_context(|| format!("starting {}", names(&args.services)))?;
    show::line(&format!("serving {}", names(&args.services)));
    let broken = tokio::select! {
        () = stop => None,
        broken = house.broken() => Some(broken),
    };
    house.stop().await?;
    broken.map_or(Ok(ExitCode::SUCCESS), Err)
}

fn names(services: &[Service]) -> String {
    services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ")
}

/// Reads the name of a service that can be served.
///
/// # Errors
///
/// It is none; the message names those that are.
pub(crate) fn parse(name: &str) -> Result<Service, String> {
    let served = house::SERVED.into_iter();
    let found = served.clone().find(|service| service.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = served.map(Service::name).collect();
        format!("there are {}", names.join(", "))
    })
}
