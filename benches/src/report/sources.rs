//! The surgery that everybody around the report knows, and what they answer about it.
//!
//! One process under whatever id is asked for. Lists have the form and the pages that their
//! services give them; an answer is written when it is asked for the first time, and kept.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chiron_clock::instant;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use surgery_report_domain::entity::sample::{Climate, Sample, VitalSign};

/// The process' version.
pub(super) const VERSION: u64 = 5;
/// Rooms of the process in the order of the stays, and their kinds.
pub(super) const ROOMS: [(&str, &str); 3] = [
    ("pre-2", "PRE_POST_OPERATING_ROOM"),
    ("or-2", "OPERATING_ROOM"),
    ("pre-3", "PRE_POST_OPERATING_ROOM"),
];
/// Vital signs: the quantity, its name, its unit, its middle and how far it swings.
const VITAL_SIGNS: [(VitalSign, &str, &str, f64, f64); 6] = [
    (VitalSign::HeartBeat, "heartBeat", "/min", 75.0, 12.0),
    (VitalSign::SaturationPercentage, "saturationPercentage", "%", 97.0, 2.0),
    (VitalSign::RespiratoryRate, "respiratoryRate", "/min", 14.0, 2.0),
    (VitalSign::BodyTemperature, "bodyTemperature", "Cel", 36.6, 0.3),
    (VitalSign::DiastolicBloodPressure, "diastolicBloodPressure", "mm[Hg]", 78.0, 6.0),
    (VitalSign::SystolicBloodPressure, "systolicBloodPressure", "mm[Hg]", 122.0, 9.0),
];
/// Between two samples of a room, in seconds.
const ROOM_PERIOD: u32 = 5;

/// A surgery of some length.
#[derive(Debug, Clone)]
pub(super) struct Surgery {
    pub(super) start: Timestamp,
    pub(super) seconds: u32,
}

impl Surgery {
    pub(super) fn of(seconds: u32) -> Result<Self> {
        Ok(Self { start: "2026-05-15T08:10:00Z".parse()?, seconds })
    }

    pub(super) fn end(&self) -> Timestamp {
        self.at(f64::from(self.seconds))
    }

    fn at(&self, second: f64) -> Timestamp {
        self.start.saturating_add(SignedDuration::from_secs_f64(second)).unwrap_or(Timestamp::MAX)
    }

    /// The steps and when each began.
    pub(super) fn steps(&self) -> [(&'static str, Timestamp); 6] {
        [
            ("PATIENT_IN_PREPARATION", 0.0),
            ("PATIENT_ON_OPERATING_TABLE", 0.05),
            ("ANESTHESIA", 0.07),
            ("SURGERY_IN_PROGRESS", 0.14),
            ("END_OF_SURGERY", 0.87),
            ("PATIENT_UNDER_OBSERVATION", 0.9),
        ]
        .map(|(step, share)| (step, self.at((f64::from(self.seconds) * share).round())))
    }

    /// When the patient came into each of the rooms.
    pub(super) fn stays(&self) -> [Timestamp; 3] {
        let [first, second, .., last] = self.steps();
        [first.1, second.1, last.1]
    }

    /// A value that goes up and down.
    fn value(second: u32, middle: f64, swing: f64) -> f64 {
        ((middle + swing * (f64::from(second) / 700.0).sin()) * 10.0).round() / 10.0
    }

    pub(super) fn vital_signs(&self) -> Result<Vec<Sample<VitalSign>>> {
        let mut samples = Vec::new();
        for second in 0..self.seconds {
            for (quantity, .., middle, swing) in VITAL_SIGNS {
                let value = Self::value(second, middle, swing);
                samples.push(Sample::vital(self.at(f64::from(second)), quantity, value)?);
            }
        }
        Ok(samples)
    }

    /// Samples of one room; all have the same.
    pub(super) fn climate(&self) -> Result<Vec<Sample<Climate>>> {
        let mut samples = Vec::new();
        for second in (0..self.seconds).step_by(ROOM_PERIOD as usize) {
            let at = self.at(f64::from(second));
            let temperature = Self::value(second, 21.0, 1.0);
            samples.push(Sample::climate(at, Climate::Temperature, temperature)?);
            let humidity = Self::value(second, 45.0, 5.0);
            samples.push(Sample::climate(at, Climate::Humidity, humidity)?);
            let luminosity = Self::value(second, 800.0, 90.0);
            samples.push(Sample::climate(at, Climate::Luminosity, luminosity)?);
        }
        Ok(samples)
    }

    /// Entries of the vital signs between two instants, as the monitoring lists them.
    fn vital_entries(&self, from: &str, to: &str) -> Vec<Value> {
        let mut entries = Vec::new();
        for second in 0..self.seconds {
            let at = instant::write(self.at(f64::from(second)));
            if at.as_str() < from || to < at.as_str() {
                continue;
            }
            for (_, name, unit, middle, swing) in VITAL_SIGNS {
                let value = Self::value(second, middle, swing);
                entries
                    .push(json!({"dateTime": at, "quantity": name, "value": value, "unit": unit}));
            }
        }
        entries
    }

    /// Entries of a room, as building management lists them.
    fn room_entries(&self) -> Vec<Value> {
        let mut entries = Vec::new();
        for second in (0..self.seconds).step_by(ROOM_PERIOD as usize) {
            let date = instant::write(self.at(f64::from(second)));
            for quantity in ["temperature", "humidity", "luminosity"] {
                let entry = json!({
                    "temperature": {"value": Self::value(second, 21.0, 1.0), "unit": "CELSIUS"},
                    "humidity": Self::value(second, 45.0, 5.0),
                    "luminosity": {"value": Self::value(second, 800.0, 90.0), "unit": "LUX"},
                    "presence": true, "quantity": quantity,
                });
                entries.push(json!({"entry": entry, "date": date}));
            }
        }
        entries
    }

    fn process(&self, id: &str) -> Value {
        let room = |(id, kind): (&str, &str)| json!({"id": {"id": id}, "type": kind});
        let [first, second, last] = ROOMS;
        let stays = ROOMS.into_iter().zip(self.stays()).map(|((id, kind), from)| {
            json!({"roomId": id, "roomType": kind, "from": instant::write(from), "to": null})
        });
        json!({
            "processId": id, "dateTime": instant::write(self.start), "type": "Appendectomy",
            "patientId": "patient-7", "patientTaxCode": null, "healthProfessionalId": null,
            "preOperatingRoom": room(first), "operatingRoom": room(second),
            "postOperatingRoom": room(last), "state": "TERMINATED",
            "step": "PATIENT_UNDER_OBSERVATION", "surgeryId": null,
            "endDateTime": instant::write(self.end()), "settled": false, "stale": false,
            "rooms": stays.collect::<Vec<_>>(), "devices": [], "medicalTechnologyUsage": [],
            "technologiesInUseAtEntry": [],
        })
    }

    fn history(&self) -> Vec<Value> {
        let entry = |(step, at): (&str, Timestamp)| json!({"dateTime": instant::write(at), "kind": "STEP", "value": step, "reason": null});
        self.steps().map(entry).to_vec()
    }
}

/// The services, and what they have answered before.
struct Around {
    surgery: Surgery,
    answers: Mutex<HashMap<String, Option<Bytes>>>,
}

/// Every service around the report, behind one address.
pub(super) fn app(surgery: &Surgery) -> Router {
    let around = Around { surgery: surgery.clone(), answers: Mutex::default() };
    Router::new().fallback(answer).with_state(Arc::new(around))
}

async fn answer(
    State(around): State<Arc<Around>>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let path: Vec<&str> = uri.path().trim_start_matches("/api/v1/").split('/').collect();
    let json = [(header::CONTENT_TYPE, "application/json")];
    if let ["processes", id] = path.as_slice() {
        let tag = [(header::ETAG, format!("\"{VERSION}\""))];
        let process = around.surgery.process(id).to_string();
        return (json, tag, process).into_response();
    }
    // Whatever the id of the process: what is told of it is the same.
    let what = path.iter().enumerate().filter(|(place, _)| *place != 1).map(|(_, part)| *part);
    let key = format!("{} {}", what.collect::<Vec<_>>().join("/"), uri.query().unwrap_or_default());
    let mut answers = around.answers.lock().unwrap_or_else(PoisonError::into_inner);
    let known = answers.entry(key).or_insert_with(|| around.list(&path, &query));
    match known.clone() {
        Some(list) => (json, list).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Around {
    /// A page of a list; `None` for what nobody knows.
    fn list(&self, path: &[&str], query: &BTreeMap<String, String>) -> Option<Bytes> {
        let asked = |name: &str| query.get(name).map_or("", String::as_str);
        let entries = match path {
            ["processes", _, "history"] => self.surgery.history(),
            ["processes", _, "vital-signs"] => {
                self.surgery.vital_entries(asked("from"), asked("to"))
            }
            ["rooms", "data", _] => self.surgery.room_entries(),
            ["rooms-tracking-data", _] => Vec::new(),
            _ => return None,
        };
        let limit = asked("limit").parse().unwrap_or(10_000);
        let start: usize = asked("cursor").parse().unwrap_or(0);
        let total = entries.len();
        let next = Some(start + limit).filter(|next| *next < total).map(|next| next.to_string());
        let page: Vec<_> = entries.into_iter().skip(start).take(limit).collect();
        let page = json!({"entries": page, "total": total, "next": next});
        Some(Bytes::from(page.to_string()))
    }
}
