//! Goes through everything that the product answers.
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::commands::commands;
use crate::course::{Process, processes};
use crate::difference::{Found, say};
use crate::journal::{Fact, Journal, written};
use crate::product::{Product, port};
use crate::report::{Movement, Sources, movements, positions, series};
use crate::{stays, things};

const QUANTITIES: [&str; 4] = ["temperature", "humidity", "luminosity", "presence"];

/// Compares all that the journal has.
pub(crate) async fn everything(
    journal: &Journal,
    product: &Product,
    patience_s: u64,
) -> Result<Found> {
    let mut found = Found::default();
    for (kind, count) in journal.counts() {
        found.due(&kind, count);
    }
    found.compared("run", 1);
    let expected = processes(journal)?;
    settled(product, &expected, patience_s, &mut found).await?;
    rooms(journal, product, &mut found).await?;
    technologies(journal, product, &mut found).await?;
    people(journal, product, &mut found).await?;
    things::actuators(journal, product, &mut found).await?;
    commands(journal, product, &expected, &mut found).await?;
    let movements = movements(journal);
    staff(journal, product, &movements, &mut found).await?;
    stays::of_the_day(journal, product, &movements, &mut found).await?;
    let room_ids = journal.of("room").map(|fact| fact.text("roomId").to_owned());
    let rooms =
        room_ids.map(|id| (id.clone(), series(journal, "environment", "roomId", &id))).collect();
    let sources = Sources { journal, movements, rooms };
    surgeries(&sources, product, &expected, &mut found).await?;
    Ok(found)
}

/// Waits until as many reports are settled as there must be.
async fn settled(
    product: &Product,
    expected: &[Process],
    patience_s: u64,
    found: &mut Found,
) -> Result<()> {
    let due = expected.iter().filter(|process| process.end.is_some()).count();
    let started = Instant::now();
    loop {
        let reports = product.get(port::REPORT, "/api/v1/reports", &[]).await?;
        let entries = reports.as_ref().and_then(|r| r.get("entries")).and_then(Value::as_array);
        let settled = entries
            .into_iter()
            .flatten()
            .filter(|entry| entry.pointer("/entry/settled").and_then(Value::as_bool) == Some(true));
        let count = settled.count();
        if count >= due {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(patience_s) {
            found.differs("reports", format!("{count} are settled, expected {due}"));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn rooms(journal: &Journal, product: &Product, found: &mut Found) -> Result<()> {
    let listed = product.get(port::BUILDING, "/api/v1/rooms", &[]).await?.unwrap_or(Value::Null);
    let listed = listed.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
    for room in journal.of("room") {
        let id = room.text("roomId");
        let expected = json!({
            "id": id, "name": room.text("name"), "zoneId": room.text("zoneId"),
            "type": room.text("roomType"),
        });
        let entry = listed.iter().find(|e| e.pointer("/entry/id") == Some(&json!(id)));
        match entry.and_then(|entry| entry.get("entry")) {
            Some(actual) => found.same(&format!("room {id}"), &expected, actual),
            None => found.differs(&format!("room {id}"), "not listed"),
        }
        found.compared("room", 1);
        environment(journal, product, id, found).await?;
    }
    found.compared("zone", journal.of("zone").count());
    Ok(())
}

/// One room's history, entry by entry: each names its own sample and carries the others' last.
async fn environment(
    journal: &Journal,
    product: &Product,
    room: &str,
    found: &mut Found,
) -> Result<()> {
    let mut told: BTreeMap<(Timestamp, usize), &Fact> = BTreeMap::new();
    let facts = journal.of("environment").filter(|fact| fact.text("roomId") == room);
    let mut count = 0;
    for fact in facts {
        count += 1;
        let order = QUANTITIES.iter().position(|quantity| *quantity == fact.text("quantity"));
        let slot = told.entry((fact.t, order.unwrap_or(9))).or_insert(fact);
        if slot.nth < fact.nth {
            *slot = fact;
        }
    }
    let mut state = json!({
        "temperature": null, "humidity": null, "luminosity": null, "presence": null,
    });
    let mut expected = Vec::new();
    for ((t, _), fact) in &told {
        let quantity = fact.text("quantity");
        let value = fact.value("value");
        state[quantity] = match quantity {
            "temperature" => json!({"value": value, "unit": "CELSIUS"}),
            "luminosity" => json!({"value": value, "unit": "LUX"}),
            _ => value,
        };
        expected.push(json!({"date": written(*t), "quantity": quantity, "entry": state}));
    }
    let from = written(journal.epoch - SignedDuration::from_secs(1));
    let query = [("from", from.as_str()), ("to", &written(journal.end))];
    let path = format!("/api/v1/rooms/data/{room}");
    let actual = product.list(port::BUILDING, &path, &query).await?;
    found.same(&format!("environment of {room}"), &json!(expected), &json!(actual));
    found.compared("environment", count);

    let path = format!("/api/v1/rooms/{room}");
    let now = product.get(port::BUILDING, &path, &[]).await?.unwrap_or(Value::Null);
    found.same(&format!("room {room} now"), &json!({"environmentalData": state}), &now);
    // As it was, at some instants.
    for nth in 1..5 {
        let Some(((t, _), _)) = told.iter().nth(told.len() * nth / 5) else { continue };
        let was = expected.iter().rev().find(|e| e["date"] == json!(written(*t)));
        let then = product.get(port::BUILDING, &path, &[("dateTime", &written(*t))]).await?;
        let expected = json!({"environmentalData": was.map(|entry| &entry["entry"])});
        let place = format!("room {room} at {}", written(*t));
        found.same(&place, &expected, &then.unwrap_or(Value::Null));
    }
    Ok(())
}

async fn technologies(journal: &Journal, product: &Product, found: &mut Found) -> Result<()> {
    for registered in journal.of("technology_registered") {
        let id = registered.text("technologyId");
        let mine = |fact: &&Fact| fact.text("technologyId") == id;
        let placed = journal.of("technology_placed").filter(mine).last();
        let usage = journal.of("technology").filter(mine).last();
        let expected = json!({
            "id": id, "name": registered.text("name"), "type": registered.text("type"),
            "roomId": placed.and_then(|fact| fact.option("roomId")),
            "inUse": usage.is_some_and(|fact| fact.value("inUse") == json!(true)),
        });
        let path = format!("/api/v1/medical-technologies/{id}");
        let actual = product.get(port::BUILDING, &path, &[]).await?.unwrap_or(Value::Null);
        found.same(&format!("technology {id}"), &expected, &actual);
        for usage in journal.of("technology").filter(mine) {
            let t = written(usage.t);
            let then = product.get(port::BUILDING, &path, &[("dateTime", &t)]).await?;
            let expected = json!({"inUse": usage.value("inUse"), "roomId": usage.text("roomId")});
            found.same(&format!("technology {id} at {t}"), &expected, &then.unwrap_or(Value::Null));
            found.compared("technology", 1);
        }
        found.compared("technology_registered", 1);
        found.compared("technology_placed", journal.of("technology_placed").filter(mine).count());
    }
    Ok(())
}

async fn people(journal: &Journal, product: &Product, found: &mut Found) -> Result<()> {
    for person in journal.of("professional") {
        let id = person.text("healthProfessionalId");
        let path = format!("/api/v1/healthProfessionals/{id}");
        let expected = json!({
            "healthProfessionalId": id, "name": person.text("name"),
            "surname": person.text("surname"), "role": person.text("role"),
        });
        let actual = product.get(port::USERS, &path, &[]).await?.unwrap_or(Value::Null);
        found.same(&format!("professional {id}"), &expected, &actual);
        found.compared("professional", 1);
    }
    for patient in journal.of("patient") {
        let tax_code = patient.text("taxCode");
        let path = format!("/api/v1/patients/{tax_code}");
        let expected = json!({
            "taxCode": tax_code, "name": patient.text("name"), "surname": patient.text("surname"),
        });
        let actual = product.get(port::PATIENTS, &path, &[]).await?.unwrap_or(Value::Null);
        // A tax code is a person's: it is named by the patient's id here.
        found.same(&format!("patient {}", patient.text("patientId")), &expected, &actual);
        found.compared("patient", 1);
    }
    Ok(())
}

async fn staff(
    journal: &Journal,
    product: &Product,
    movements: &[Movement],
    found: &mut Found,
) -> Result<()> {
    let shown = |m: &Movement| {
        json!({
            "dateTime": written(m.t), "healthProfessionalId": m.professional, "roomId": m.room,
            "trackingType": if m.enters { "ENTER" } else { "EXIT" },
        })
    };
    let (from, to) = (written(journal.epoch), written(journal.end));
    let range = [("from", from.as_str()), ("to", to.as_str())];
    let all: Vec<Value> = movements.iter().map(shown).collect();
    let actual = product.list(port::STAFF, "/api/v1/block-tracking-data", &range).await?;
    found.same("movements of the block", &json!(all), &json!(actual));
    for room in journal.of("room").map(|fact| fact.text("roomId")) {
        let mine: Vec<Value> = movements.iter().filter(|m| m.room == room).map(shown).collect();
        let path = format!("/api/v1/rooms-tracking-data/{room}");
        let actual = product.list(port::STAFF, &path, &range).await?;
        found.same(&format!("movements of {room}"), &json!(mine), &json!(actual));
    }
    for person in journal.of("professional").map(|fact| fact.text("healthProfessionalId")) {
        let mine: Vec<Value> =
            movements.iter().filter(|m| m.professional == person).map(shown).collect();
        let path = format!("/api/v1/health-professionals-tracking-data/{person}");
        let actual = product.list(port::STAFF, &path, &range).await?;
        found.same(&format!("movements of {person}"), &json!(mine), &json!(actual));
    }
    found.compared("staff_moved", journal.of("staff_moved").count());
    let mut instants: Vec<Timestamp> =
        (1..10).filter_map(|nth| movements.get(movements.len() * nth / 10).map(|m| m.t)).collect();
    instants.push(journal.end);
    for at in instants {
        let expected = positions(movements, at, false);
        let query = [("at", written(at))];
        let query: Vec<(&str, &str)> = query.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let query = if at == journal.end { &[][..] } else { &query };
        let list = product.list(port::STAFF, "/api/v1/block-tracking-data", query).await?;
        let actual: BTreeMap<String, String> = list
            .iter()
            .filter_map(|entry| {
                let text = |field: &str| Some(entry.get(field)?.as_str()?.to_owned());
                Some((text("healthProfessionalId")?, text("roomId")?))
            })
            .collect();
        found.same(&format!("positions at {}", written(at)), &json!(expected), &json!(actual));
    }
    Ok(())
}

async fn surgeries(
    sources: &Sources<'_>,
    product: &Product,
    expected: &[Process],
    found: &mut Found,
) -> Result<()> {
    let journal = sources.journal;
    let mut answered =
        product.list(port::PROCESS, "/api/v1/processes", &[("open", "false")]).await?;
    answered.extend(product.list(port::PROCESS, "/api/v1/processes", &[]).await?);
    let mut by_patient: BTreeMap<&str, Vec<&Process>> = BTreeMap::new();
    for patient in journal.of("patient").map(|fact| fact.text("patientId")) {
        by_patient.entry(patient).or_default();
    }
    for process in expected {
        by_patient.entry(&process.patient_id).or_default().push(process);
    }
    for (patient, processes) in by_patient {
        let mut actual: Vec<&Value> =
            answered.iter().filter(|entry| entry["patientId"] == json!(patient)).collect();
        actual.sort_by_key(|entry| entry["dateTime"].as_str().map(str::to_owned));
        if actual.len() != processes.len() {
            let (a, e) = (actual.len(), processes.len());
            found.differs(&format!("patient {patient}"), format!("{a} processes, expected {e}"));
        }
        for (process, actual) in processes.iter().zip(&actual) {
            let id = actual["processId"].as_str().unwrap_or_default();
            surgery(sources, product, process, id, found).await?;
        }
        bookings(journal, product, patient, &processes, &actual, found).await?;
        let of = |kind: &str, owner: &str| {
            journal.of(kind).filter(|fact| fact.text(owner) == patient).count()
        };
        for kind in ["patient_moved", "on_table", "step", "implant", "vital", "emergency"] {
            found.compared(kind, of(kind, "patientId"));
        }
    }
    Ok(())
}

async fn surgery(
    sources: &Sources<'_>,
    product: &Product,
    process: &Process,
    id: &str,
    found: &mut Found,
) -> Result<()> {
    let place = format!("process {id}");
    let path = format!("/api/v1/processes/{id}");
    let detail = product.get(port::PROCESS, &path, &[]).await?.unwrap_or(Value::Null);
    found.same(&place, &process.shown(), &detail);
    let lines = product.list(port::PROCESS, &format!("{path}/history"), &[]).await?;
    let Some(end) = process.end else {
        found.differs(&place, "never ended in the journal");
        return Ok(());
    };
    history(process, end, &lines, &place, found);
    vital_signs(sources.journal, product, process, end, &path, found).await?;
    let of = (process, id, end);
    stays::of_process(sources.journal, product, &sources.movements, of, found).await?;

    let report = product.get(port::REPORT, &format!("/api/v1/reports/{id}"), &[]).await?;
    match report {
        Some(report) => {
            found.same(&format!("report {id}"), &sources.report(process, end), &report);
            found.keep(report);
        }
        None => found.differs(&format!("report {id}"), "there is none"),
    }
    Ok(())
}

fn history(process: &Process, end: Timestamp, lines: &[Value], place: &str, found: &mut Found) {
    let line = |t: Timestamp, value: Value| json!({"dateTime": written(t), "value": value});
    let of = |kind: &str| -> Vec<&Value> {
        lines.iter().filter(|entry| entry["kind"] == json!(kind)).collect()
    };
    let states: Vec<Value> = process.states.iter().map(|(t, s)| line(*t, json!(s))).collect();
    let steps: Vec<Value> = process.steps.iter().map(|(t, s)| line(*t, json!(s))).collect();
    found.same(&format!("{place} states"), &json!(states), &json!(of("STATE")));
    found.same(&format!("{place} steps"), &json!(steps), &json!(of("STEP")));
    // Of the last instant only the ending counts: a leaving may belong to it or follow it.
    let moves = process.moves.iter().filter(|(t, _)| *t < end);
    let moves: Vec<Value> = moves.map(|(t, room)| line(*t, json!(room))).collect();
    let rooms: Vec<&Value> = of("ROOM")
        .into_iter()
        .filter(|entry| entry["dateTime"].as_str().is_some_and(|t| t < written(end).as_str()))
        .collect();
    found.same(&format!("{place} rooms"), &json!(moves), &json!(rooms));
    let late = of("LATE").len();
    if late != process.late {
        found.differs(place, format!("{late} late entries, expected {}", process.late));
    }
}

async fn vital_signs(
    journal: &Journal,
    product: &Product,
    process: &Process,
    end: Timestamp,
    path: &str,
    found: &mut Found,
) -> Result<()> {
    let late: Vec<Timestamp> = journal
        .of("vital")
        .filter(|fact| fact.late && fact.text("patientId") == process.patient_id)
        .map(|fact| fact.t)
        .collect();
    let (from, to) = (written(process.start), written(end));
    let query = [("from", from.as_str()), ("to", to.as_str())];
    let list = product.list(port::PROCESS, &format!("{path}/vital-signs"), &query).await?;
    let mut actual: BTreeMap<(String, String), Value> = BTreeMap::new();
    let (mut listed, mut latest) = (0, String::new());
    for entry in &list {
        let t = entry["dateTime"].as_str().unwrap_or_default().to_owned();
        if late.iter().any(|at| written(*at) == t) {
            continue;
        }
        if t < latest {
            found.differs(path, format!("vital signs are not ascending at {t}"));
        }
        latest.clone_from(&t);
        listed += 1;
        let quantity = entry["quantity"].as_str().unwrap_or_default().to_owned();
        actual.insert((t, quantity), entry["value"].clone());
    }
    let mut expected = 0;
    for (quantity, samples) in series(journal, "vital", "patientId", &process.patient_id) {
        for sample in samples.iter().filter(|s| process.start <= s.t && s.t <= end) {
            expected += 1;
            let t = written(sample.t);
            let place = format!("{path} {quantity} at {t}");
            match actual.get(&(t, quantity.clone())) {
                Some(value) => found.same(&place, &json!(sample.value), value),
                None => found.differs(&place, "missing"),
            }
        }
    }
    if listed != expected {
        found.differs(path, format!("{listed} vital signs, expected {expected}"));
    }
    Ok(())
}

async fn bookings(
    journal: &Journal,
    product: &Product,
    patient: &str,
    processes: &[&Process],
    actual: &[&Value],
    found: &mut Found,
) -> Result<()> {
    let mine = |fact: &&Fact| fact.text("patientId") == patient;
    for booked in journal.of("booked").filter(mine) {
        let id = booked.text("surgeryId");
        let this = |fact: &&Fact| fact.text("surgeryId") == id;
        let cancelled = journal.of("cancelled").filter(this).count();
        let rescheduled = journal.of("rescheduled").filter(this).last();
        let newest = rescheduled.unwrap_or(booked);
        let nth = processes.iter().position(|process| process.surgery_id.as_deref() == Some(id));
        let status = match nth.and_then(|nth| processes.get(nth)) {
            _ if cancelled > 0 => "CANCELLED",
            None => "BOOKED",
            Some(process) if process.end.is_some() => "DONE",
            Some(_) => "IN_PROGRESS",
        };
        let process_id = nth.and_then(|nth| actual.get(nth)).map(|entry| &entry["processId"]);
        let mut expected = json!({
            "surgeryID": id, "surgeryType": newest.text("surgeryType"),
            "healthcareUserID": newest.text("taxCode"), "patientID": patient,
            "healthProfessionalID": newest.text("professionalId"),
            "surgeryDateTime": newest.text("plannedStart"),
            "operatingRoomId": newest.value("operatingRoomId"),
            "expectedDurationMinutes": newest.value("plannedMinutes"),
            "status": status,
        });
        if cancelled == 0 {
            expected["processId"] = json!(process_id);
        }
        let path = format!("/api/v1/surgeryBookings/{id}");
        let shown = product.get(port::BOOKING, &path, &[]).await?.unwrap_or(Value::Null);
        found.same(&format!("booking {id}"), &expected, &shown);
        found.compared("booked", 1);
        found.compared("cancelled", cancelled);
        found.compared("rescheduled", journal.of("rescheduled").filter(this).count());
    }
    if processes.is_empty() && actual.is_empty() {
        say(&format!("patient {patient} had no surgery"));
    }
    Ok(())
}
