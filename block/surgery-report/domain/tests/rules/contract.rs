//! What every store of reports does, whatever it is made of. The service runs the same suite on
//! its database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use surgery_report_domain::{
    entity::{
        process::{
            Device, DeviceId, DeviceKind, Ending, FinalState, InUseAtEntry, PatientId, Process,
            ProcessId, ProfessionalId, RoomId, RoomKind, Stay, Step, SurgeryId, TaxCode,
            Technology, TechnologyId, TechnologyKind, Usage,
        },
        report::{
            HealthcareUser, Missing, Movement, NominalPeriods, Passage, PresentAtStart, Report,
            Settlement, Sources, compose,
        },
        sample::{Climate, Sample, Series, VitalSign},
    },
    usecase::{
        Addition, FileError, Filed, Filing, ReportStore, Withdrawal, add_to_report, file_report,
        withdraw_report,
    },
};

/// Runs the suite, each part on a store of its own.
pub(crate) async fn suite<S: ReportStore>(empty: impl Fn() -> S) {
    returns_what_was_filed(&empty()).await;
    refuses_a_version_that_does_not_follow(&empty()).await;
    keeps_reports_apart(&empty()).await;
    numbers_additions(&empty()).await;
    changes_make_versions_until_settled(&empty()).await;
    withdraws_and_returns(&empty()).await;
}

async fn returns_what_was_filed<S: ReportStore>(store: &S) {
    let id = ProcessId::new("process-1").unwrap();
    assert_eq!(store.newest(&id).await.unwrap(), None);
    for (version, report) in [rich(), bare(), reopened()].into_iter().enumerate() {
        let version = u32::try_from(version).unwrap() + 1;
        let filed = Filed { version, at: at("10:00"), withdrawn: version == 2, report };
        store.file(filed.clone()).await.unwrap();
        assert_eq!(store.newest(&id).await.unwrap(), Some(filed));
    }
}

async fn refuses_a_version_that_does_not_follow<S: ReportStore>(store: &S) {
    let filed = |version| Filed { version, at: at("10:00"), withdrawn: false, report: rich() };
    assert!(matches!(store.file(filed(2)).await, Err(FileError::Conflict)));
    store.file(filed(1)).await.unwrap();
    assert!(matches!(store.file(filed(1)).await, Err(FileError::Conflict)));
    assert!(matches!(store.file(filed(3)).await, Err(FileError::Conflict)));
    store.file(filed(2)).await.unwrap();
    assert_eq!(store.newest(&rich().process).await.unwrap().unwrap().version, 2);
}

async fn keeps_reports_apart<S: ReportStore>(store: &S) {
    let of = |id: &str| Report { process: ProcessId::new(id).unwrap(), ..bare() };
    for id in ["p", "p/1", "p-1", "p 2é"] {
        assert_eq!(
            file_report(store, at("10:00"), of(id)).await.unwrap(),
            Filing::New { version: 1 }
        );
        add_to_report(store, at("10:00"), &of(id).process, "nurse".into(), id.into())
            .await
            .unwrap();
    }
    for id in ["p", "p/1", "p-1", "p 2é"] {
        assert_eq!(store.newest(&of(id).process).await.unwrap().unwrap().report, of(id));
        let addition = store.newest_addition(&of(id).process).await.unwrap().unwrap();
        assert_eq!((addition.number, addition.text.as_str()), (1, id));
    }
}

async fn numbers_additions<S: ReportStore>(store: &S) {
    let id = bare().process;
    let add = async |text: &str| {
        add_to_report(store, at("10:00"), &id, "surgeon".into(), text.into()).await
    };
    add("nothing to add to").await.unwrap_err();
    file_report(store, at("10:00"), bare()).await.unwrap();
    assert_eq!(store.newest_addition(&id).await.unwrap(), None);
    for number in 1..=12 {
        assert_eq!(add("same words").await.unwrap().number, number);
    }
    let taken = Addition { number: 12, author: "b".into(), at: at("10:00"), text: "c".into() };
    assert!(matches!(store.add(&id, taken).await, Err(FileError::Conflict)));
    let newest = store.newest_addition(&id).await.unwrap().unwrap();
    assert_eq!((newest.number, newest.text.as_str()), (12, "same words"));
    assert_eq!((newest.author.as_str(), newest.at), ("surgeon", at("10:00")));
}

async fn changes_make_versions_until_settled<S: ReportStore>(store: &S) {
    let file = async |report: Report| file_report(store, at("10:00"), report).await.unwrap();
    assert_eq!(file(bare()).await, Filing::New { version: 1 });
    assert_eq!(file(bare()).await, Filing::Same);
    let poorer = Report {
        missing: BTreeSet::from([Missing::StaffTracking, Missing::PatientManagement]),
        ..bare()
    };
    assert_eq!(file(poorer).await, Filing::Poorer);
    assert_eq!(file(reopened()).await, Filing::New { version: 2 });
    assert_eq!(file(rich()).await, Filing::New { version: 3 });
    assert!(rich().settled);
    assert_eq!(file(rich()).await, Filing::Settled);
    assert_eq!(file(reopened()).await, Filing::Settled);
    let withdrawal = withdraw_report(store, at("10:00"), &rich().process).await.unwrap();
    assert_eq!(withdrawal, Withdrawal::Settled);
    assert_eq!(store.newest(&rich().process).await.unwrap().unwrap().report, rich());
}

async fn withdraws_and_returns<S: ReportStore>(store: &S) {
    let id = bare().process;
    let withdraw = async || withdraw_report(store, at("10:00"), &id).await.unwrap();
    assert_eq!(withdraw().await, Withdrawal::Nothing);
    file_report(store, at("10:00"), bare()).await.unwrap();
    assert_eq!(withdraw().await, Withdrawal::Done);
    assert_eq!(withdraw().await, Withdrawal::Nothing);
    let withdrawn = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((withdrawn.version, withdrawn.withdrawn), (2, true));
    add_to_report(store, at("10:00"), &id, "nurse".into(), "x".into()).await.unwrap_err();
    let back = file_report(store, at("10:00"), bare()).await.unwrap();
    assert_eq!(back, Filing::New { version: 3 });
}

/// An instant of the day.
pub(crate) fn at(time: &str) -> Timestamp {
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-05-15T{time}{seconds}Z").parse().unwrap()
}

/// The contract's nominal periods.
pub(crate) const PERIODS: NominalPeriods =
    NominalPeriods { climate_ms: 5_000, vital_signs_ms: 1_000, blood_pressure_ms: 60_000 };

/// A report in which every field says something, awkward decimals included.
pub(crate) fn rich() -> Report {
    let room = |id: &str| RoomId::new(id).unwrap();
    let ada = ProfessionalId::new("hp-7").unwrap();
    let endoscope = Technology {
        id: TechnologyId::new("endo-1").unwrap(),
        name: "Endoscope".into(),
        description: Some("Flexible endoscope".into()),
        kind: Some(TechnologyKind::Endoscope),
    };
    let stay = |id: &str, kind, from: &str| Stay { room: room(id), kind, from: at(from) };
    let vital = |time: &str, quantity, value| Sample::vital(at(time), quantity, value).unwrap();
    let climate = |time: &str, quantity, value| Sample::climate(at(time), quantity, value).unwrap();
    let process = Process {
        id: ProcessId::new("process-1").unwrap(),
        description: "Appendectomy".into(),
        patient: PatientId::new("patient-7").unwrap(),
        tax_code: Some(TaxCode::new("VRDLCU85T10A562S").unwrap()),
        surgery: Some(SurgeryId::new("surgery-1").unwrap()),
        professional: Some(ada.clone()),
        start: at("08:10"),
        ending: Some(Ending { at: at("09:00"), state: FinalState::Terminated }),
        steps: vec![
            (at("08:10"), Step::PatientInPreparation),
            (at("08:30:00.250"), Step::PatientOnOperatingTable),
            (at("08:50"), Step::PatientUnderObservation),
        ],
        pre_operating_room: Some(room("pre-2")),
        post_operating_room: Some(room("pre-3")),
        stays: vec![
            stay("pre-2", RoomKind::PreOperating, "08:10"),
            stay("or-2", RoomKind::Operating, "08:28"),
            stay("pre-3", RoomKind::PreOperating, "08:50"),
        ],
        devices: vec![Device {
            id: DeviceId::new("pm-0091").unwrap(),
            kind: Some(DeviceKind::Pacemaker),
        }],
        usages: vec![Usage { at: at("08:40"), technology: endoscope, in_use: true }],
        in_use_at_entry: vec![InUseAtEntry {
            id: TechnologyId::new("xray-1").unwrap(),
            name: "X-ray".into(),
            kind: Some(TechnologyKind::Xray),
            room: room("or-2"),
        }],
    };
    let sources = Sources {
        process,
        settlement: Settlement::Settled { at: at("09:10"), complete_to: Some(at("09:10")) },
        vital_signs: Series::new([
            vital("08:09:58", VitalSign::HeartBeat, 61.0),
            vital("08:31", VitalSign::HeartBeat, 70.0),
            vital("08:31:01", VitalSign::HeartBeat, 72.0),
            vital("08:31", VitalSign::SaturationPercentage, 97.0),
            vital("08:31:01.007", VitalSign::SaturationPercentage, 98.0),
            vital("08:31:02", VitalSign::SaturationPercentage, 96.0),
            vital("08:31", VitalSign::BodyTemperature, 37.222_222_222_222_22),
            vital("08:31:03", VitalSign::BodyTemperature, 36.1),
            vital("08:31:05", VitalSign::BodyTemperature, 36.4),
        ]),
        climate: BTreeMap::from([(
            room("or-2"),
            Series::new([
                climate("08:40", Climate::Luminosity, 123.456_789_012_3),
                climate("08:41", Climate::Luminosity, 0.1),
                climate("08:41", Climate::Temperature, -0.1),
            ]),
        )]),
        movements: vec![Movement {
            at: at("08:28"),
            passage: Passage::Enter,
            professional: ada.clone(),
            room: room("or-2"),
        }],
        present_at_start: vec![PresentAtStart { professional: ada, room: room("or-2") }],
        healthcare_user: Some(HealthcareUser {
            tax_code: TaxCode::new("VRDLCU85T10A562S").unwrap(),
            name: "Luca".into(),
            surname: "Verdi".into(),
        }),
        missing: BTreeSet::new(),
    };
    compose(sources, &PERIODS)
}

/// An emergency of which next to nothing is known.
pub(crate) fn bare() -> Report {
    let sources = Sources {
        process: Process {
            id: ProcessId::new("process-1").unwrap(),
            description: "Emergency".into(),
            patient: PatientId::new("emergency-patient-1").unwrap(),
            tax_code: None,
            surgery: None,
            professional: None,
            start: at("08:10:00.001"),
            ending: Some(Ending { at: at("08:25"), state: FinalState::Interrupted }),
            steps: vec![],
            pre_operating_room: None,
            post_operating_room: None,
            stays: vec![],
            devices: vec![],
            usages: vec![],
            in_use_at_entry: vec![],
        },
        settlement: Settlement::Pending,
        vital_signs: Series::default(),
        climate: BTreeMap::new(),
        movements: vec![],
        present_at_start: vec![],
        healthcare_user: None,
        missing: BTreeSet::from([Missing::StaffTracking]),
    };
    compose(sources, &PERIODS)
}

/// A process that is open again, in its first step.
pub(crate) fn reopened() -> Report {
    let mut report = rich();
    report.steps.clear();
    report.intervals.truncate(1);
    for (step, it) in &mut report.intervals {
        it.stop = None;
        report.steps.insert(*step, it.clone());
    }
    report.final_state = None;
    report.end = None;
    report.settled = false;
    report.missing = BTreeSet::from([Missing::End]);
    report
}
