//! What every store of reports does, whatever it is made of. The service runs the same suite on
//! its database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use surgery_report_domain::{
    entity::{
        annex::{Annex, Directory, Person, Plan},
        curve::{Curve, StayOver, StepCurves},
        process::{
            Device, DeviceId, DeviceKind, Ending, FinalState, InUseAtEntry, PatientId, Process,
            ProcessId, ProfessionalId, RoomId, RoomKind, Stay, Step, SurgeryId, TaxCode,
            Technology, TechnologyId, TechnologyKind, Usage,
        },
        report::{
            HealthcareUser, Missing, Movement, NominalPeriods, Passage, PresentAtStart, Report,
            Settlement, Sources, compose,
        },
        sample::{Climate, Reading, Sample, Series, VitalSign},
    },
    usecase::{
        Act, ActError, Author, Change, Composed, FileError, Filed, Filing, Line, ReportStore,
        Signature, Withdrawal, add_to_report, file_report, regenerate_report, sign_report,
        withdraw_report,
    },
};

/// Runs the suite, each part on a store of its own.
pub(crate) async fn suite<S: ReportStore>(empty: impl Fn() -> S) {
    returns_what_was_filed(&empty()).await;
    refuses_what_does_not_follow(&empty()).await;
    keeps_reports_apart(&empty()).await;
    numbers_additions(&empty()).await;
    changes_make_versions_until_settled(&empty()).await;
    withdraws_and_returns(&empty()).await;
    signs_what_is_settled(&empty()).await;
    regenerates_beside_what_is_signed(&empty()).await;
    keeps_the_whole_history(&empty()).await;
}

async fn returns_what_was_filed<S: ReportStore>(store: &S) {
    let id = ProcessId::new("process-1").unwrap();
    assert_eq!(store.newest(&id).await.unwrap(), None);
    assert_eq!(store.history(&id).await.unwrap(), []);
    assert_eq!(store.fingerprint(&id).await.unwrap(), None);
    for (before, report) in (0..).zip([rich(), bare(), reopened()]) {
        store.append(&id, before, at("10:00"), composed(report.clone())).await.unwrap();
        let (revision, version) = (before + 1, before + 1);
        let (at, withdrawn, signature) = (at("10:00"), false, None);
        let filed = Filed { revision, version, at, withdrawn, report, signature };
        assert_eq!(store.newest(&id).await.unwrap(), Some(filed));
    }
}

async fn refuses_what_does_not_follow<S: ReportStore>(store: &S) {
    let id = rich().process;
    let append = async |after, change| store.append(&id, after, at("10:00"), change).await;
    let adding = || Change::Add { author: author("nina"), text: "x".into() };
    for change in [adding(), Change::Withdraw] {
        assert!(matches!(append(0, change).await, Err(FileError::Conflict)));
    }
    assert!(matches!(append(1, composed(rich())).await, Err(FileError::Conflict)));
    append(0, composed(rich())).await.unwrap();
    for change in [composed(bare()), adding(), Change::Withdraw] {
        assert!(matches!(append(0, change.clone()).await, Err(FileError::Conflict)));
        assert!(matches!(append(2, change).await, Err(FileError::Conflict)));
    }
    append(1, adding()).await.unwrap();
    let newest = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((newest.revision, newest.version, newest.report), (2, 2, rich()));
    assert_eq!(store.history(&id).await.unwrap().len(), 2);
}

async fn keeps_reports_apart<S: ReportStore>(store: &S) {
    let of = |id: &str| Report { process: ProcessId::new(id).unwrap(), ..bare() };
    for id in ["p", "p/1", "p-1", "p 2é"] {
        let filing = file_report(store, at("10:00"), beside(of(id))).await.unwrap();
        assert_eq!(filing, Filing::New { version: 1 });
        let process = of(id).process;
        add_to_report(store, at("10:00"), &process, None, author("nina"), id.into()).await.unwrap();
    }
    for id in ["p", "p/1", "p-1", "p 2é"] {
        let process = of(id).process;
        assert_eq!(store.newest(&process).await.unwrap().unwrap().report, of(id));
        let history = store.history(&process).await.unwrap();
        let added = Act::Added(author("nina"), id.into());
        let acts: Vec<_> = history.into_iter().map(|line| line.act).collect();
        assert_eq!(acts, [Act::Composed(None), added]);
    }
}

async fn numbers_additions<S: ReportStore>(store: &S) {
    let id = bare().process;
    let add = async |read: Option<u32>, text: &str| {
        add_to_report(store, at("10:00"), &id, read, author("elena"), text.into()).await
    };
    assert!(matches!(add(None, "nothing to add to").await, Err(ActError::Unknown)));
    file_report(store, at("10:00"), beside(bare())).await.unwrap();
    let mut prints = BTreeSet::from([store.fingerprint(&id).await.unwrap().unwrap()]);
    for revision in 2..=12 {
        assert_eq!(add(None, &format!("text {revision}")).await.unwrap(), revision);
        prints.insert(store.fingerprint(&id).await.unwrap().unwrap());
    }
    assert_eq!(prints.len(), 12, "every version has a print of its own");
    assert!(matches!(add(Some(11), "late").await, Err(ActError::Changed { revision: 12 })));
    assert_eq!(add(Some(12), "same words").await.unwrap(), 13);
    assert_eq!(add(None, "same words").await.unwrap(), 14);
    assert_eq!(store.newest(&id).await.unwrap().unwrap().version, 14);
}

async fn changes_make_versions_until_settled<S: ReportStore>(store: &S) {
    let file =
        async |report: Report| file_report(store, at("10:00"), beside(report)).await.unwrap();
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
    file_report(store, at("10:00"), beside(bare())).await.unwrap();
    assert_eq!(withdraw().await, Withdrawal::Done);
    assert_eq!(withdraw().await, Withdrawal::Nothing);
    let withdrawn = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((withdrawn.version, withdrawn.withdrawn), (2, true));
    let added = add_to_report(store, at("10:00"), &id, None, author("nina"), "x".into()).await;
    assert!(matches!(added, Err(ActError::Unknown)));
    let signed = sign_report(store, at("10:00"), &id, None, author("elena")).await;
    assert!(matches!(signed, Err(ActError::Unknown)));
    let again = regenerate_report(store, at("10:00"), beside(rich()), author("mara")).await;
    assert!(matches!(again, Err(ActError::Unknown)));
    let back = file_report(store, at("10:00"), beside(bare())).await.unwrap();
    assert_eq!(back, Filing::New { version: 3 });
}

async fn signs_what_is_settled<S: ReportStore>(store: &S) {
    let id = rich().process;
    let sign = async |who: &str, read: Option<u32>, time: &str| {
        sign_report(store, at(time), &id, read, author(who)).await
    };
    assert!(matches!(sign("elena", None, "10:00").await, Err(ActError::Unknown)));
    file_report(store, at("10:00"), beside(reopened())).await.unwrap();
    assert!(matches!(sign("elena", None, "10:00").await, Err(ActError::NotSettled)));
    file_report(store, at("10:05"), beside(rich())).await.unwrap();
    assert!(matches!(sign("elena", Some(1), "10:10").await, Err(ActError::Changed { .. })));
    let print = store.fingerprint(&id).await.unwrap().unwrap();
    let (signature, revision) = sign("elena", Some(2), "10:10").await.unwrap();
    let expected =
        Signature { version: 2, author: author("elena"), at: at("10:10"), fingerprint: print };
    assert_eq!((&signature, revision), (&expected, 3));
    let newest = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((newest.revision, newest.version), (3, 2), "a signature makes no version");
    assert_eq!(newest.signature, Some(expected.clone()));
    // Once more is the same signature; somebody else's is refused.
    assert_eq!(sign("elena", Some(2), "10:20").await.unwrap(), (expected.clone(), 3));
    assert!(matches!(sign("piero", None, "10:20").await, Err(ActError::Signed)));
    // An addition changes no content, so the signature stays, and pins what it pinned.
    add_to_report(store, at("10:30"), &id, None, author("nina"), "late".into()).await.unwrap();
    let newest = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((newest.version, newest.signature), (3, Some(expected)));
}

async fn regenerates_beside_what_is_signed<S: ReportStore>(store: &S) {
    let id = rich().process;
    let regenerate = async |report: Report| {
        regenerate_report(store, at("11:00"), beside(report), author("mara")).await
    };
    assert!(matches!(regenerate(rich()).await, Err(ActError::Unknown)));
    file_report(store, at("10:00"), beside(reopened())).await.unwrap();
    assert!(matches!(regenerate(rich()).await, Err(ActError::NotSettled)));
    file_report(store, at("10:00"), beside(rich())).await.unwrap();
    sign_report(store, at("10:10"), &id, None, author("elena")).await.unwrap();

    assert_eq!(regenerate(rich()).await.unwrap(), Filing::Same);
    assert!(store.newest(&id).await.unwrap().unwrap().signature.is_some());
    let half = Report { settled: false, ..rich() };
    assert!(matches!(regenerate(half).await, Err(ActError::Incomplete)));

    let later = Report { movements: Vec::new(), ..rich() };
    assert_eq!(regenerate(later.clone()).await.unwrap(), Filing::New { version: 3 });
    let newest = store.newest(&id).await.unwrap().unwrap();
    assert_eq!((newest.revision, newest.version), (4, 3));
    assert_eq!((newest.report, newest.signature), (later, None));
    let (signature, _) = sign_report(store, at("11:10"), &id, None, author("piero")).await.unwrap();
    assert_eq!(signature.version, 3);
}

async fn keeps_the_whole_history<S: ReportStore>(store: &S) {
    let id = rich().process;
    file_report(store, at("10:00"), beside(reopened())).await.unwrap();
    add_to_report(store, at("10:01"), &id, None, author("nina"), "a".into()).await.unwrap();
    file_report(store, at("10:02"), beside(rich())).await.unwrap();
    let (signature, _) = sign_report(store, at("10:03"), &id, None, author("elena")).await.unwrap();
    let later = Report { movements: Vec::new(), ..rich() };
    regenerate_report(store, at("10:04"), beside(later), author("mara")).await.unwrap();
    let line = |revision, version, time: &str, act| Line { revision, version, at: at(time), act };
    assert_eq!(
        store.history(&id).await.unwrap(),
        [
            line(1, 1, "10:00", Act::Composed(None)),
            line(2, 2, "10:01", Act::Added(author("nina"), "a".into())),
            line(3, 3, "10:02", Act::Composed(None)),
            line(4, 3, "10:03", Act::Signed(author("elena"), signature.fingerprint)),
            line(5, 4, "10:04", Act::Composed(Some(author("mara")))),
        ]
    );
}

fn author(id: &str) -> Author {
    Author { id: id.into(), name: None }
}

fn composed(report: Report) -> Change {
    Change::Compose { composed: Box::new(beside(report)), by: None }
}

/// A report with an annex that says something, too.
fn beside(report: Report) -> Composed {
    let room = || RoomId::new("or-2").unwrap();
    let reading = |time: &str, value| Reading { at: at(time), value };
    let curve = Curve { runs: vec![vec![reading("08:31", 0.1)], vec![reading("08:40", -2.5)]] };
    let step = StepCurves {
        vital_signs: BTreeMap::from([(VitalSign::HeartBeat, curve.clone())]),
        rooms: BTreeMap::from([(room(), BTreeMap::from([(Climate::Humidity, curve)]))]),
    };
    let stay = StayOver { room: room(), kind: RoomKind::Operating, from: at("08:28"), to: None };
    let ada = Person { name: "Ada".into(), surname: "Neri".into(), role: Some("SURGEON".into()) };
    let directory = Directory {
        rooms: BTreeMap::from([(room(), "OR 2".into())]),
        people: BTreeMap::from([(ProfessionalId::new("hp-7").unwrap(), ada)]),
        birthdate: Some("1985-12-10".parse().unwrap()),
        plan: Some(Plan { start: at("08:15"), minutes: 70 }),
    };
    let annex = Annex { stays: vec![stay], curves: vec![step], periods: PERIODS, directory };
    Composed { report, annex }
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
