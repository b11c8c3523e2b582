//! What becomes of a process: its report, and how it changes.

use chiron_broker::{Headers, NewRecord};
use serde_json::{Value, json};

use crate::hospital::{Hospital, event};

#[tokio::test]
async fn a_completed_process_has_a_report() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let report = hospital.report().await;
    let step_data = &report["stepData"];
    let table = &step_data["PATIENT_ON_OPERATING_TABLE"];

    let without = |mut report: Value| {
        let apart = ["stepData", "steps", "curvesDigest"];
        report.as_object_mut().unwrap().retain(|name, _| !apart.contains(&name.as_str()));
        report
    };
    assert_eq!(report["curvesDigest"].as_str().unwrap().len(), 64);
    assert_eq!(
        without(report.clone()),
        json!({
            "revision": 1, "version": 1, "signature": null, "signedVersion": null,
            "additions": [],
            "surgicalProcessID": "p-1",
            "surgeryDate": "2026-05-15T08:10:00.000Z",
            "surgicalProcessDescription": "Appendectomy",
            "patientID": "patient-7",
            "roomsInvolved": [
                {"id": "pre-2", "type": "PRE_OPERATING_ROOM"},
                {"id": "or-2", "type": "OPERATING_ROOM"},
                {"id": "pre-3", "type": "PRE_OPERATING_ROOM"},
            ],
            "inChargeHealthProfessionalID": "hp-7",
            "healthcareUser":
                {"taxCode": "VRDLCU85T10A562S", "name": "Luca", "surname": "Verdi"},
            "consumedImplantableMedicalDevice": [{"id": "pm-0091", "type": "PACEMAKER"}],
            "medicalTechnologyUsageData": [{
                "dateTime": "2026-05-15T08:40:00.000Z",
                "medicalTechnology": {
                    "id": "endo-1", "name": "Endoscope", "description": "Flexible endoscope",
                    "type": "ENDOSCOPE", "inUse": true,
                },
            }],
            "healthProfessionalTrackingInformation": [
                {"dateTime": "2026-05-15T08:11:00.000Z", "healthProfessionalId": "hp-7",
                    "roomID": "or-2", "trackType": "ENTER"},
                {"dateTime": "2026-05-15T08:45:00.000Z", "healthProfessionalId": "hp-7",
                    "roomID": "or-2", "trackType": "EXIT"},
                {"dateTime": "2026-05-15T08:45:00.000Z", "healthProfessionalId": "hp-8",
                    "roomID": "or-2", "trackType": "ENTER"},
            ],
            "additionalData": "",
            "surgeryId": "surgery-1",
            "finalState": "TERMINATED",
            "endDateTime": "2026-05-15T09:00:00.000Z",
            "settled": false,
            "complete": true,
            "missing": [],
            "technologiesInUseAtEntry": [{
                "id": "xray-1", "name": "X-ray", "type": "XRAY", "roomId": "or-2",
            }],
            "healthProfessionalsPresentAtStart":
                [{"healthProfessionalId": "hp-3", "roomId": "or-2"}],
        })
    );

    assert_eq!(table["startDateTime"], "2026-05-15T08:30:00.000Z");
    assert_eq!(table["stopDateTime"], "2026-05-15T08:50:00.000Z");
    let vital = &table["patientVitalSignAggregateData"];
    assert_eq!(
        vital["average"],
        json!({"heartBeat": 62, "diastolicBloodPressure": null, "systolicBloodPressure": null,
            "respiratoryRate": null, "saturationPercentage": 97.5, "bodyTemperature": null})
    );
    assert_eq!(vital["std"]["heartBeat"], json!(2));
    assert_eq!(vital["std"]["saturationPercentage"], json!(0.5));
    assert_eq!(vital["maximum"]["heartBeat"], json!(65));
    assert_eq!(vital["minimum"]["heartBeat"], json!(60));
    // 60 for one second, 65 for five.
    assert_eq!(vital["timeWeightedAverage"]["heartBeat"], json!(64.166_666_67));
    assert_eq!(
        vital["samples"]["heartBeat"],
        json!({"count": 2, "first": "2026-05-15T08:30:00.000Z",
            "last": "2026-05-15T08:30:01.000Z", "secondsCovered": 6.0})
    );
    assert_eq!(
        vital["samples"]["respiratoryRate"],
        json!({"count": 0, "first": null, "last": null, "secondsCovered": 0.0})
    );
    let environment = &table["environmentalAggregateData"];
    let names: Vec<_> = environment.as_object().unwrap().keys().collect();
    assert_eq!(names, ["OPERATING_ROOM", "PRE_OPERATING_ROOM"]);
    let theatre = &environment["OPERATING_ROOM"];
    assert_eq!(
        theatre["average"],
        json!({"temperature": {"value": 24.9, "unit": "CELSIUS"}, "humidity": 55.0,
            "luminosity": null, "presence": null})
    );
    assert_eq!(theatre["std"]["temperature"]["value"], json!(0.1));
    assert_eq!(
        theatre["timeWeightedAverage"],
        json!({"temperature": {"value": 24.9, "unit": "CELSIUS"}, "humidity": 55.0,
            "luminosity": null})
    );
    assert_eq!(theatre["samples"]["temperature"]["secondsCovered"], json!(50.0));
    assert_eq!(table["environmentByRoom"]["or-2"], *theatre);
    let rooms: Vec<_> = table["environmentByRoom"].as_object().unwrap().keys().collect();
    assert_eq!(rooms, ["or-2", "pre-2", "pre-3"]);
    // The end of the process belongs to the last step.
    let last = &step_data["PATIENT_UNDER_OBSERVATION"]["patientVitalSignAggregateData"];
    assert_eq!(
        last["average"]["bodyTemperature"],
        json!({"value": 37.222_222_22, "unit": "CELSIUS"})
    );

    let steps = report["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|it| it["step"].as_str().unwrap()).collect();
    let expected =
        ["PATIENT_IN_PREPARATION", "PATIENT_ON_OPERATING_TABLE", "PATIENT_UNDER_OBSERVATION"];
    assert_eq!(names, expected);
    for step in steps {
        let mut data = step.clone();
        let name = data.as_object_mut().unwrap().remove("step").unwrap();
        assert_eq!(data, step_data[name.as_str().unwrap()]);
    }
}

#[tokio::test]
async fn asks_for_what_the_statistics_need() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let asked = hospital.world().asked.join("\n").replace("%3A", ":");
    for expected in [
        // Five times the longest nominal period and a millisecond before the start.
        "/api/v1/processes/p-1/vital-signs?from=2026-05-15T08:04:59.999Z&to=2026-05-15T08:24:59.999Z",
        "/api/v1/processes/p-1/vital-signs?from=2026-05-15T08:44:59.999Z&to=2026-05-15T09:00:00.000Z",
        "/api/v1/rooms/data/or-2?from=2026-05-15T08:04:59.999Z&to=2026-05-15T09:00:00.000Z",
        "/api/v1/rooms-tracking-data/or-2?from=2026-05-15T08:10:00.000Z&to=2026-05-15T09:00:00.000Z",
        // Inside since before the start.
        "/api/v1/rooms-tracking-data/or-2?at=2026-05-15T08:09:59.999Z",
    ] {
        assert!(asked.contains(expected), "{expected} not in\n{asked}");
    }
    assert!(!asked.contains("medical-technologies/xray-1"), "it was told already");
}

#[tokio::test]
async fn the_way_through_an_open_process_makes_no_report() {
    let hospital = Hospital::open().await;
    let open = json!({"state": "SURGERY", "step": "ANESTHESIA", "endDateTime": null});
    hospital.tell("CHANGED", 3, open).await;
    assert_eq!(hospital.status().await, 404);
    assert!(hospital.world().asked.is_empty());
}

#[tokio::test]
async fn settles_when_the_process_is_settled_and_never_changes_again() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    assert_eq!(hospital.report().await["settled"], json!(false));

    hospital.move_to("2026-05-15T09:10:00Z");
    {
        let mut world = hospital.world();
        let (version, process) = world.processes.get_mut("processes/p-1").unwrap();
        *version = 6;
        process["settled"] = json!(true);
        // A movement that came late, and a source that has not caught up.
        world.lists.get_mut("rooms-tracking-data/or-2").unwrap().push(json!({
            "dateTime": "2026-05-15T08:46:00Z", "roomId": "or-2",
            "healthProfessionalId": "hp-9", "trackingType": "ENTER",
        }));
        world.complete_to = Some("2026-05-15T09:09:59.999Z");
    }
    hospital.tell("SETTLED", 6, json!({"settled": true})).await;
    let report = hospital.report().await;
    assert_eq!((&report["settled"], &report["complete"]), (&json!(false), &json!(true)));
    assert_eq!(report["healthProfessionalTrackingInformation"].as_array().unwrap().len(), 4);

    hospital.world().complete_to = Some("2026-05-15T09:10:00.000Z");
    hospital.move_to("2026-05-15T09:10:01Z");
    hospital.settle().await;
    let settled = hospital.bytes("/api/v1/reports/p-1").await;
    assert_eq!(hospital.report().await["settled"], json!(true));

    // Whatever comes now, twice or late, the report stays.
    hospital.world().lists.get_mut("rooms-tracking-data/or-2").unwrap().clear();
    for (change, version) in [("SETTLED", 6), ("COMPLETED", 5), ("CHANGED", 7), ("VOIDED", 8)] {
        hospital.tell(change, version, json!({})).await;
    }
    assert_eq!(hospital.bytes("/api/v1/reports/p-1").await, settled);
}

#[tokio::test]
async fn the_same_sources_give_the_same_bytes_however_they_come() {
    let orders: [&[(&str, u64)]; 3] = [
        &[("CHANGED", 5), ("COMPLETED", 5)],
        &[("COMPLETED", 5), ("COMPLETED", 5), ("CHANGED", 4), ("COMPLETED", 5)],
        &[("COMPLETED", 4), ("CHANGED", 5), ("COMPLETED", 5)],
    ];
    let mut found = Vec::new();
    for (nth, order) in orders.into_iter().enumerate() {
        let hospital = Hospital::open().await;
        if nth == 2 {
            let mut world = hospital.world();
            for list in world.lists.values_mut() {
                list.reverse();
            }
            // Of two samples of one instant the later counts; it is out of range here anyway.
            let doubled = world.lists["processes/p-1/vital-signs"].clone();
            world.lists.get_mut("processes/p-1/vital-signs").unwrap().extend(doubled);
        }
        for (change, version) in order {
            hospital.tell(change, *version, json!({})).await;
        }
        found.push(hospital.bytes("/api/v1/reports/p-1").await);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_read_later() {
    let hospital = Hospital::open().await;
    hospital.world().down =
        ["rooms-tracking-data", "rooms/data", "patients", "medical-technologies"].into();
    hospital.tell("COMPLETED", 5, json!({})).await;
    let report = hospital.report().await;
    assert_eq!(report["complete"], json!(false));
    assert_eq!(
        report["missing"],
        json!(["building-management", "patient-management-integration", "staff-tracking"])
    );
    assert_eq!(report["healthcareUser"], Value::Null);
    assert_eq!(report["stepData"].as_object().unwrap().len(), 3);
    let listed: Value = serde_json::from_slice(&hospital.bytes("/api/v1/reports").await).unwrap();
    assert_eq!(listed["entries"][0]["entry"]["complete"], json!(false));

    hospital.world().down = ["rooms-tracking-data"].into();
    hospital.move_to("2026-05-15T09:00:02Z");
    hospital.settle().await;
    let report = hospital.report().await;
    assert_eq!(report["missing"], json!(["staff-tracking"]));
    assert_eq!(report["healthcareUser"]["surname"], "Verdi");

    hospital.world().down.clear();
    hospital.move_to("2026-05-15T09:00:10Z");
    hospital.settle().await;
    assert_eq!(hospital.report().await["complete"], json!(true));

    // A worse moment later takes nothing away.
    hospital.world().down = ["patients"].into();
    hospital.tell("CHANGED", 5, json!({})).await;
    assert_eq!(hospital.report().await["complete"], json!(true));
}

#[tokio::test]
async fn a_report_is_there_even_when_the_process_cannot_be_read() {
    let hospital = Hospital::open().await;
    hospital.world().down = ["processes"].into();
    hospital.tell("COMPLETED", 5, json!({})).await;
    let report = hospital.report().await;
    assert_eq!(report["missing"], json!(["surgical-process-monitoring"]));
    assert_eq!(report["finalState"], "TERMINATED");
    assert_eq!(report["healthcareUser"]["name"], "Luca");
    assert_eq!(report["stepData"], json!({}));
    hospital.world().down.clear();
    hospital.move_to("2026-05-15T09:00:03Z");
    hospital.settle().await;
    assert_eq!(hospital.report().await["complete"], json!(true));
}

#[tokio::test]
async fn a_process_that_is_open_again_lacks_its_end() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    {
        let mut world = hospital.world();
        let (version, process) = world.processes.get_mut("processes/p-1").unwrap();
        *version = 6;
        process["state"] = json!("POST_SURGERY");
        process["endDateTime"] = Value::Null;
    }
    let open = json!({"state": "POST_SURGERY", "endDateTime": null});
    hospital.tell("REOPENED", 6, open).await;
    let report = hospital.report().await;
    assert_eq!((&report["complete"], &report["missing"]), (&json!(false), &json!(["end"])));
    assert_eq!((&report["endDateTime"], &report["finalState"]), (&Value::Null, &Value::Null));
    let last = &report["stepData"]["PATIENT_UNDER_OBSERVATION"];
    assert_eq!(last["stopDateTime"], Value::Null);
}

#[tokio::test]
async fn the_report_of_a_process_that_never_was_is_withdrawn() {
    let hospital = Hospital::open().await;
    hospital.tell("COMPLETED", 5, json!({})).await;
    let (_, process) = hospital.world().processes.remove("processes/p-1").unwrap();
    hospital.tell("VOIDED", 6, json!({})).await;
    assert_eq!(hospital.status().await, 404);
    let list = hospital.as_nurse("GET", "/api/v1/reports").send().await.unwrap();
    assert_eq!(list.status(), 204);
    let add = hospital.as_nurse("PATCH", "/api/v1/reports/p-1");
    let add = add.json(&json!({"additionalData": "x"})).send().await.unwrap();
    assert_eq!(add.status(), 404);

    // It exists again: while it is open there is nothing to show.
    hospital.world().processes.insert("processes/p-1".into(), (7, process.clone()));
    let open = json!({"state": "POST_SURGERY", "endDateTime": null});
    hospital.tell("CHANGED", 7, open).await;
    assert_eq!(hospital.status().await, 404);

    hospital.world().processes.insert("processes/p-1".into(), (8, process));
    hospital.tell("COMPLETED", 8, json!({})).await;
    assert_eq!(hospital.report().await["complete"], json!(true));
}

#[tokio::test]
async fn events_that_make_no_sense_are_dead_letters() {
    let hospital = Hospital::open().await;
    let contradictions = [
        json!({"step": "ANESTHESIA", "state": "POST_SURGERY", "endDateTime": null}),
        json!({"state": "SURGERY", "step": null}),
        json!({"patientId": ""}),
    ];
    for (version, changes) in (5..).zip(contradictions) {
        hospital.tell("COMPLETED", version, changes).await;
    }
    assert_eq!(hospital.dead_letters("surgical-process-events").await.len(), 3);
    assert_eq!(hospital.status().await, 404);
}

/// The contract's example of another producer's summary, with `changes` laid over it.
pub(crate) fn summary(source: Option<&str>, changes: Value) -> NewRecord {
    let at = |time: &str, second: Value| json!({"first": format!("2026-05-15T{time}.123456700Z"), "second": second});
    let heart = |bpm: u32, percentage: Option<u32>| {
        json!({"heartBeat": {"bpm": bpm}, "diastolicBloodPressure": null,
            "systolicBloodPressure": null, "respiratoryRate": null,
            "saturationPercentage": percentage.map(|it| json!({"percentage": it})),
            "bodyTemperature": null})
    };
    let mut data = json!({
        "processId": "p-1", "processType": "Appendectomy", "patientId": "patient-7",
        "patientTaxCode": "VRDLCU85T10A562S", "healthProfessionalId": null,
        "preOperatingRoomId": null, "operatingRoomId": "or-2",
        "processStates": [
            at("08:10:00", json!("PRE_SURGERY")),
            at("08:30:00", json!("SURGERY")),
            at("09:00:00", json!("TERMINATED")),
        ],
        "processSteps": [
            at("08:50:00", json!("ANESTHESIA")),
            at("08:10:00", json!("PATIENT_IN_PREPARATION")),
            at("08:30:00", json!("ANESTHESIA")),
            at("08:40:00", json!("SURGERY_IN_PROGRESS")),
        ],
        "patientMedicalData": [
            at("08:31:00", heart(70, None)),
            at("08:31:01", heart(70, Some(98))),
            at("08:51:00", heart(80, Some(98))),
        ],
        "medicalDeviceUsage": [{"id": {"id": "pm-0091"}, "type": "PACE_MAKER"}],
        "medicalTechnologyUsage": [at("08:40:00", json!({
            "id": {"id": "x-1"}, "name": "X-ray", "description": null, "type": "X_RAY",
            "inUse": true,
        }))],
    });
    for (name, value) in changes.as_object().unwrap() {
        data[name] = value.clone();
    }
    let value =
        json!({"key": "SURGERY_REPORT_EVENT", "data": data, "dateTime": "2026-05-15T09:00:02Z"});
    let headers = Headers::new();
    NewRecord {
        topic: "process-summary-events".into(),
        aggregate: "p-1".into(),
        key: "SURGERY_REPORT_EVENT".into(),
        value: value.to_string(),
        headers: match source {
            Some(source) => headers.with("ce_source", source),
            None => headers,
        },
    }
}

#[tokio::test]
async fn another_producers_summary_makes_a_report() {
    let hospital = Hospital::open().await;
    hospital.publish(summary(None, json!({}))).await;
    let report = hospital.report().await;
    assert_eq!(report["surgeryDate"], "2026-05-15T08:10:00.123Z");
    assert_eq!(report["roomsInvolved"], json!([{"id": "or-2", "type": "OPERATING_ROOM"}]));
    assert_eq!(report["inChargeHealthProfessionalID"], Value::Null);
    assert_eq!((&report["complete"], &report["settled"]), (&json!(true), &json!(false)));
    assert_eq!(
        report["consumedImplantableMedicalDevice"],
        json!([{"id": "pm-0091", "type": "PACEMAKER"}])
    );
    let used = &report["medicalTechnologyUsageData"][0]["medicalTechnology"];
    assert_eq!(used["type"], "XRAY");
    // A repeated step: from first start to last stop, over both intervals, a value repeated by
    // the next snapshot being no sample.
    let anesthesia = &report["stepData"]["ANESTHESIA"];
    assert_eq!(anesthesia["startDateTime"], "2026-05-15T08:30:00.123Z");
    assert_eq!(anesthesia["stopDateTime"], "2026-05-15T09:00:00.123Z");
    let vital = &anesthesia["patientVitalSignAggregateData"];
    assert_eq!(vital["average"]["heartBeat"], json!(75));
    assert_eq!(vital["samples"]["heartBeat"]["count"], json!(2));
    assert_eq!(vital["samples"]["saturationPercentage"]["count"], json!(1));
    assert_eq!(report["steps"].as_array().unwrap().len(), 4);
    assert!(!hospital.world().asked.iter().any(|path| path.contains("/processes/")));

    // A second summary yields nothing.
    hospital.publish(summary(None, json!({"processType": "Something else"}))).await;
    assert_eq!(hospital.report().await, report);

    // After the late window it is settled, by sources that are complete to then.
    hospital.world().complete_to = Some("2026-05-15T09:10:00.122Z");
    hospital.move_to("2026-05-15T09:10:00.123Z");
    hospital.settle().await;
    assert_eq!(hospital.report().await["settled"], json!(false));
    hospital.world().complete_to = Some("2026-05-15T09:10:00.123Z");
    hospital.move_to("2026-05-15T09:10:02Z");
    hospital.settle().await;
    assert_eq!(hospital.report().await["settled"], json!(true));
}

#[tokio::test]
async fn our_own_summary_says_nothing_new() {
    let hospital = Hospital::open().await;
    hospital.publish(summary(Some("surgical-process-monitoring"), json!({}))).await;
    assert_eq!(hospital.status().await, 404);
    hospital.publish(summary(Some("elsewhere"), json!({}))).await;
    assert_eq!(hospital.status().await, 200);
}

#[tokio::test]
async fn summaries_with_impossible_values_are_dead_letters() {
    let hospital = Hospital::open().await;
    let at = "2026-05-15T08:31:00Z";
    let medical = |name: &str, value: Value| {
        let mut second = json!({"heartBeat": null, "diastolicBloodPressure": null,
            "systolicBloodPressure": null, "respiratoryRate": null,
            "saturationPercentage": null, "bodyTemperature": null});
        second[name] = value;
        json!({"patientMedicalData": [{"first": at, "second": second}]})
    };
    let impossible = [
        medical("heartBeat", json!({"bpm": -1})),
        medical("saturationPercentage", json!({"percentage": 101})),
        medical("bodyTemperature", json!({"degree": -0.1, "unit": "CELSIUS"})),
        json!({"processId": ""}),
        json!({"patientTaxCode": ""}),
        json!({"operatingRoomId": ""}),
        json!({"processStates": [{"first": at, "second": "SURGERY"}]}),
        json!({"processStates": "none"}),
    ];
    let count = impossible.len();
    for changes in impossible {
        hospital.publish(summary(None, changes)).await;
    }
    let letters = hospital.dead_letters("process-summary-events").await;
    assert_eq!(letters.len(), count);
    for letter in letters {
        let reason = letter.headers.get("dead-letter-reason").unwrap();
        assert!(!reason.contains("VRDLCU85T10A562S"), "{reason}");
    }
    assert_eq!(hospital.status().await, 404);
}

/// A crash between the event and the report costs nothing: the errand is still there.
#[tokio::test]
async fn an_errand_outlives_the_process_that_took_it() {
    let hospital = Hospital::open().await;
    hospital.world().down = ["processes", "rooms", "patients", "rooms-tracking-data"].into();
    hospital.publish(event("COMPLETED", 5, json!({}))).await;
    assert_eq!(hospital.report().await["complete"], json!(false));
    let snapshot = hospital.runtime.activity.snapshot();
    assert!(snapshot.next_timer.is_some(), "what waits is a timer: {snapshot:?}");
}
