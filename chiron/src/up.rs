//! `chiron up`: everything on this machine, and a demonstration that ends in three reports.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chiron_chassis::{Limits, machine_now};
use chiron_clock::{Clock, Ids, Shutdown, instant};
use jiff::SignedDuration;
use simulator::{Journal, Light, Progress, What};
use tokio::signal::unix::{SignalKind, signal};

use crate::accounts::Accounts;
use crate::cli::UpArgs;
use crate::house::{self, House, World};
use crate::settings::{Periods, Settings};
use crate::show;
use crate::simulate::{self, ADMIN, Wanted};

/// Runs until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// A service does not start or fails, or the demonstration does.
pub(crate) async fn run(mut settings: Settings, args: &UpArgs) -> Result<ExitCode> {
    show::logs(&settings)?;
    std::fs::create_dir_all(&settings.data)
        .with_context(|| format!("creating the data folder {}", settings.data.display()))?;
    let now = machine_now();
    let begins = simulate::after(&settings.data, now);
    let (clock, limits) = if args.no_simulation {
        if begins > now + SignedDuration::from_secs(5) {
            bail!(
                "{} holds a demonstration whose time ran until {}; name another folder with --data",
                settings.data.display(),
                instant::write(begins)
            );
        }
        (Clock::system(), Limits::standard())
    } else {
        simulate::prepare_people(&mut settings);
        (Clock::paced(begins, f64::from(args.rate)), simulate::generous())
    };
    let seed = args.seed.unwrap_or_else(|| u64::try_from(now.as_millisecond()).unwrap_or(1));
    let epoch = begins + SignedDuration::from_secs(i64::from(args.rate) * 5);
    let wanted = Wanted { scenario: args.scenario.into(), seed, hours: None, disturb: false };
    let plan = simulate::plan(&settings, &wanted, epoch)?;
    if !args.no_simulation {
        settings.periods = Periods::of(&plan);
        simulate::note_until(&settings.data, plan.end)?;
    }
    let people: &[&str] = if args.no_simulation { &[ADMIN] } else { &simulate::PEOPLE };
    let accounts = Accounts::open(&settings.accounts_path(), people, &house::grants::clients())?;
    let world = World { clock: clock.clone(), ids: Ids::random(), limits };

    // Before anybody can see that it runs, and ask it to end.
    let stop = stop_signal()?;
    let mut house = House::start(&settings, &world, &accounts, &house::SERVED).await?;
    house.ready().await?;
    welcome(&settings, args, surgeries(&plan));
    tokio::pin!(stop);
    let demonstration = async {
        if args.no_simulation {
            return Ok(());
        }
        demonstrate(&settings, &clock, &plan).await
    };
    let outcome = {
        tokio::pin!(demonstration);
        tokio::select! {
            () = &mut stop => Ok(()),
            broken = house.broken() => Err(broken),
            shown = &mut demonstration => match shown {
                Ok(()) => tokio::select! {
                    () = &mut stop => Ok(()),
                    broken = house.broken() => Err(broken),
                },
                Err(err) => Err(err),
            },
        }
    };
    show::line("stopping");
    let stopped = house.stop().await;
    outcome?;
    stopped?;
    Ok(ExitCode::SUCCESS)
}

/// Resolves at Ctrl-C or SIGTERM, both of which end nothing by themselves from now on.
///
/// # Errors
///
/// The system does not let us listen.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn demonstrate(settings: &Settings, clock: &Clock, plan: &simulator::Plan) -> Result<()> {
    // Read anew: the first start has added the administrator's password.
    let accounts = Accounts::open(&settings.accounts_path(), &[], &[])?;
    let hospital = simulate::hospital(settings, &accounts)?;
    hospital.seed_users().await.context("creating the people of the demonstration")?;
    let path = settings.data.join(format!("truth-{}.jsonl", plan.seed));
    let journal = Journal::open(&path)?;
    let (_trigger, shutdown) = Shutdown::new();
    simulator::paced(plan, &hospital, clock, journal, shutdown, progress)
        .await
        .context("the demonstration failed")?;
    show::line("");
    show::line("The day is over, its reports settled:");
    for report in hospital.reports().await.context("reading the reports")? {
        show::line(&format!("  {report}"));
    }
    show::line(&format!("What really happened is in {}; compare it with", path.display()));
    show::line(&format!(
        "  cargo xtask truth --journal {} --port-offset {}",
        path.display(),
        settings.port_offset
    ));
    show::line("Everything goes on running; Ctrl-C ends it.");
    Ok(())
}

fn welcome(settings: &Settings, args: &UpArgs, surgeries: usize) {
    let at = |port: u16| format!("http://{}:{}", settings.host, port + settings.port_offset);
    show::line("Chiron is up.");
    for (what, port) in [
        ("reports", 3007),
        ("processes and vital signs", 3006),
        ("rooms and technologies", 3005),
        ("who is where", 3004),
        ("bookings", 3002),
        ("patients", 3003),
        ("users and professionals", 3001),
        ("sign-in", 3008),
        ("room dashboard's commands", 3009),
        ("why commands were given", 3011),
        ("everything for browsers", 8080),
        ("actuators", 1880),
        ("descriptions of Things", 4000),
    ] {
        show::line(&format!("  {what:26} {}/docs", at(port)));
    }
    show::line(&format!("  {:26} {}", "twin layer", at(3010)));
    show::line(&format!(
        "  {:26} {} (yours alone to read)",
        "accounts and passwords",
        settings.data.join("accounts.json").display()
    ));
    if !args.no_simulation {
        let rate = args.rate;
        show::line(&format!("{surgeries} surgeries are planned; simulated time runs at ×{rate}."));
        show::line("");
    }
}

/// Each surgery has a patient of its own.
fn surgeries(plan: &simulator::Plan) -> usize {
    let facts = plan.deliveries.iter().flat_map(|delivery| &delivery.facts);
    facts.filter(|fact| matches!(fact.what, What::Patient { .. })).count()
}

/// Prints what a person would say of it.
pub(crate) fn progress(progress: Progress) {
    let Some(what) = progress.what else { return };
    let Some(told) = sentence(&what) else { return };
    let clock = instant::write(progress.at);
    let time = clock.get(11..19).unwrap_or_default();
    show::line(&format!("{time}  {told}"));
}

/// What a person would say of it; `None` for what is only setting up.
fn sentence(what: &What) -> Option<String> {
    let place = |room: &Option<String>| {
        room.as_ref().map_or("leaves the block".to_owned(), |room| format!("enters {room}"))
    };
    Some(match what {
        What::Booked(booking) => format!(
            "{} is booked for {} in {}",
            booking.surgery_type,
            booking.patient_id,
            booking.operating_room_id.as_deref().unwrap_or("any theatre")
        ),
        What::Cancelled(booking) => format!("{} is cancelled", booking.surgery_id),
        What::Rescheduled(booking) => format!("{} is rescheduled", booking.surgery_id),
        What::PatientMoved { patient_id, room_id } => format!("{patient_id} {}", place(room_id)),
        What::StaffMoved { professional_id, room_id, .. } => {
            format!("{professional_id} {}", place(room_id))
        }
        What::OnTable { patient_id } => format!("{patient_id} is on the operating table"),
        What::Step { room_id, step, .. } => format!("{room_id}: {}", step.word()),
        What::Technology { technology_id, room_id, in_use } => {
            let verb = if *in_use { "in use" } else { "no longer in use" };
            format!("{technology_id} {verb} in {room_id}")
        }
        What::TechnologyPlaced { technology_id, room_id: Some(room) } => {
            format!("{technology_id} is brought into {room}")
        }
        What::LightRequest { room_id, action, .. } => match action {
            Light::Setup { .. } => format!("{room_id}: lights by hand"),
            Light::Stop => format!("{room_id}: lights by hand no longer"),
            Light::Adapt { .. } => format!("{room_id}: lights as proposed"),
        },
        What::Implant { device_id, patient_id, .. } => {
            format!("{device_id} is implanted in {patient_id}")
        }
        What::Emergency { room_id, patient_id, .. } => {
            format!("EMERGENCY in {room_id}: {patient_id}")
        }
        _ => return None,
    })
}
