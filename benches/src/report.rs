//! The report of a long surgery: how long it takes to make, and until it can be read.
//!
//! Eight hours with six vital signs every second, and three rooms measured every five. Made in
//! process first, from samples to the stored report, which is what the report costs by itself; then
//! as a hospital sees it, from the event that the process has ended until the route answers,
//! everything read over HTTP in between. The services around are played by [`sources`], which have
//! their answers ready: what they cost themselves is theirs. The promises are absolute, so nothing
//! is compared.

mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chiron_broker::{Headers, NewRecord};
use chiron_chassis::{Runtime, Service, TestHands};
use jiff::Timestamp;
use serde_json::json;
use surgery_report::StoredReports;
use surgery_report_domain::entity::annex::{Annex, Directory};
use surgery_report_domain::entity::curve::{curves, stays};
use surgery_report_domain::entity::process::{
    Ending, FinalState, PatientId, Process, ProcessId, RoomId, RoomKind, Stay, Step,
};
use surgery_report_domain::entity::report::{NominalPeriods, Settlement, Sources, compose};
use surgery_report_domain::entity::sample::{Climate, Sample, Series, VitalSign};
use surgery_report_domain::usecase::{Composed, file_report};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use self::sources::{ROOMS, Surgery};
use crate::http::{Connection, request};
use crate::results::{Line, Target, median, say};
use crate::surroundings::{all, close, surroundings};

/// Between two looks whether the report is there. A person may look two hundred times a second.
const LOOK: Duration = Duration::from_millis(10);
/// Longer than any report takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures one surgery, several times.
pub(crate) fn measure(folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (seconds, rounds) = if smoke { (120, 1) } else { (8 * 3_600, 9) };
    let surgery = Surgery::of(seconds)?;
    let lines = runtime.block_on(measure_with(folder, surgery, rounds))?;
    for line in &lines {
        say(&line.to_string());
    }
    Ok(lines)
}

async fn measure_with(folder: &Path, surgery: Surgery, rounds: usize) -> Result<Vec<Line>> {
    let vital: Vec<Sample<VitalSign>> = surgery.vital_signs()?;
    let climate: Vec<Sample<Climate>> = surgery.climate()?;
    let hours = f64::from(surgery.seconds) / 3_600.0;
    let what = format!("report of {hours:.1} h with {} vital signs", vital.len());
    let bed = Bed::open(folder, surgery).await?;

    let (mut made, mut composing) = (Vec::new(), Vec::new());
    // The first round meets cold code and an empty database and is not counted.
    for round in 0..=rounds {
        let begun = Instant::now();
        let composed = composed(&bed.surgery, &format!("made-{round}"), &vital, &climate)?;
        let half = begun.elapsed();
        file_report(&StoredReports::new(&bed.runtime.store), bed.runtime.clock.now(), composed)
            .await?;
        if 0 < round {
            made.push(ms(begun.elapsed()));
            composing.push(ms(half));
        }
    }
    let mut shown = Vec::new();
    for round in 0..=rounds {
        let took = bed.told_to_shown(&format!("told-{round}")).await?;
        if 0 < round {
            shown.push(took.as_secs_f64());
        }
    }
    let mut forms = Vec::new();
    for form in ["application/json", "text/html", "application/pdf"] {
        let begun = Instant::now();
        let bytes = bed.shown("told-0", form).await?.context("the report is gone")?;
        forms.push(format!("{form} {bytes} bytes in {:.0} ms", ms(begun.elapsed())));
    }
    bed.close().await?;
    let (composing, slowest) = (median(composing), made.iter().copied().fold(0.0, f64::max));
    let report = Line {
        what: format!("{what}, made"),
        measured: format!(
            "from samples to the stored report; {composing:.0} ms of it composing, the slowest \
             {slowest:.0} ms"
        ),
        value: median(made),
        unit: " ms",
        target: Target::AtMost(200.0),
    };
    let slowest = shown.iter().copied().fold(0.0, f64::max);
    let available = Line {
        what: format!("{what}, available"),
        measured: format!(
            "from the event of the end until the route answers, with {} samples of rooms, all read \
             over HTTP; the slowest {slowest:.2} s; first {}",
            climate.len() * ROOMS.len(),
            forms.join(", ")
        ),
        value: median(shown),
        unit: " s",
        target: Target::AtMost(1.0),
    };
    Ok(vec![report, available])
}

/// What the service does with a process once everything is read.
fn composed(
    surgery: &Surgery,
    id: &str,
    vital: &[Sample<VitalSign>],
    climate: &[Sample<Climate>],
) -> Result<Composed> {
    let periods =
        NominalPeriods { climate_ms: 5_000, vital_signs_ms: 1_000, blood_pressure_ms: 60_000 };
    let process = process(surgery, id)?;
    let vital_signs = Series::new(vital.iter().copied());
    let mut rooms = BTreeMap::new();
    for (room, _) in ROOMS {
        rooms.insert(RoomId::new(room)?, Series::new(climate.iter().copied()));
    }
    let annex = Annex {
        stays: stays(&process),
        curves: curves(&process, &vital_signs, &rooms, &periods),
        periods,
        directory: Directory::default(),
    };
    let sources = Sources {
        process,
        settlement: Settlement::Pending,
        vital_signs,
        climate: rooms,
        movements: Vec::new(),
        present_at_start: Vec::new(),
        healthcare_user: None,
        missing: BTreeSet::new(),
    };
    Ok(Composed { report: compose(sources, &periods), annex })
}

fn process(surgery: &Surgery, id: &str) -> Result<Process> {
    let steps = [
        Step::PatientInPreparation,
        Step::PatientOnOperatingTable,
        Step::Anesthesia,
        Step::SurgeryInProgress,
        Step::EndOfSurgery,
        Step::PatientUnderObservation,
    ];
    let steps = steps.into_iter().zip(surgery.steps()).map(|(step, (_, at))| (at, step));
    let mut stays = Vec::new();
    for ((room, _), from) in ROOMS.into_iter().zip(surgery.stays()) {
        let kind = if room == "or-2" { RoomKind::Operating } else { RoomKind::PreOperating };
        stays.push(Stay { room: RoomId::new(room)?, kind, from });
    }
    Ok(Process {
        id: ProcessId::new(id)?,
        description: "Appendectomy".to_owned(),
        patient: PatientId::new("patient-7")?,
        tax_code: None,
        surgery: None,
        professional: None,
        start: surgery.start,
        ending: Some(Ending { at: surgery.end(), state: FinalState::Terminated }),
        steps: steps.collect(),
        pre_operating_room: None,
        post_operating_room: None,
        stays,
        devices: Vec::new(),
        usages: Vec::new(),
        in_use_at_entry: Vec::new(),
    })
}

/// The service with its listener, and the services around it.
struct Bed {
    runtime: Runtime,
    hands: TestHands,
    surgery: Surgery,
    address: SocketAddr,
    serving: JoinSet<Result<()>>,
}

impl Bed {
    async fn open(folder: &Path, surgery: Surgery) -> Result<Self> {
        let place = folder.join("report");
        std::fs::create_dir(&place)?;
        let (runtime, hands) =
            surroundings(surgery_report::NAME, surgery_report::COLLECTIONS, &place)?;
        let mut serving = JoinSet::new();
        let around = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", around.local_addr()?);
        for service in [
            Service::SurgicalProcess,
            Service::StaffTracking,
            Service::BuildingManagement,
            Service::PatientManagement,
            Service::UserManagement,
            Service::SurgeryBooking,
        ] {
            hands.point(service, &base);
        }
        let (app, shutdown) = (sources::app(&surgery), runtime.shutdown.clone());
        serving.spawn(async move {
            let server = axum::serve(around, app);
            Ok(server.with_graceful_shutdown(async move { shutdown.requested().await }).await?)
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let settings = surgery_report::Settings::standard();
        let service = surgery_report::run(runtime.clone(), settings, listener);
        serving.spawn(async move { Ok(service.await?) });
        Ok(Self { runtime, hands, surgery, address, serving })
    }

    /// How long after the event of its end a process has a report to show.
    async fn told_to_shown(&self, process: &str) -> Result<Duration> {
        let record = ended(&self.surgery, process);
        let begun = Instant::now();
        self.runtime.broker.publish(vec![record]).await?;
        while self.shown(process, "application/json").await?.is_none() {
            if PATIENCE < begun.elapsed() {
                bail!("there is no report of {process}");
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(begun.elapsed())
    }

    /// The length of the report in a form; `None` while there is none.
    async fn shown(&self, process: &str, form: &str) -> Result<Option<usize>> {
        let token = self.hands.token("nina", &["nurse"], &[], false);
        let target = format!("/api/v1/reports/{process}");
        let asked = request("GET", &target, &token, &format!("text/plain\r\naccept: {form}"), "");
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.ask(&asked).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        Ok(Some(answer.accepted()?.body.len()))
    }

    async fn close(self) -> Result<()> {
        let Self { runtime, hands, serving, .. } = self;
        hands.shut_down();
        all(serving).await?;
        close(runtime).await;
        Ok(())
    }
}

/// The event that the monitoring publishes when a process ends.
fn ended(surgery: &Surgery, process: &str) -> NewRecord {
    let (start, end) = (text(surgery.start), text(surgery.end()));
    let key = "SURGICAL_PROCESS_COMPLETED";
    let value = json!({
        "key": key,
        "data": {
            "processId": process, "patientId": "patient-7", "type": "Appendectomy",
            "state": "TERMINATED", "step": "PATIENT_UNDER_OBSERVATION", "startDateTime": start,
            "endDateTime": end, "settled": false, "version": sources::VERSION,
        },
        "dateTime": end,
    });
    NewRecord {
        topic: "surgical-process-events".to_owned(),
        aggregate: "patient-7".to_owned(),
        key: key.to_owned(),
        value: value.to_string(),
        headers: Headers::new()
            .with("ce_id", process)
            .with("ce_source", "surgical-process-monitoring"),
    }
}

fn text(at: Timestamp) -> String {
    chiron_clock::instant::write(at)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
