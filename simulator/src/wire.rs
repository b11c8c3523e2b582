//! How each fact is told: one function per kind, over the protocol that its real sender speaks.
//!
//! Badge readers, sensors and actuators speak through their room's control unit, lines over TCP to
//! the block gateway; technologies patch the twin layer; monitors post FHIR observations; people
//! use the gateway and the services' own routes. Every call carries the fact's own time.

mod by_unit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chiron_clock::{Tasks, instant};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::delivery::Delivery;
use crate::fact::{Booking, Fact, Light, RoomType, TechnologyType, Vital, What};
use crate::unit::{Books, Inventory, Unit};

const ADT_VERSION: &str = "2023-10-31";
/// Unreserved characters of RFC 3986, section 2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The header that says how current an answer is.
const COMPLETE_TO: &str = "chiron-complete-to";

/// Who the simulator signs in as.
#[derive(Debug, Clone)]
pub struct Account {
    /// User or client id.
    pub id: String,
    /// Password or client secret.
    pub secret: String,
}

/// The accounts of the people and devices of the day. All need the claim `source_time`.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Creates rooms, technologies, professionals and users; must exist.
    pub admin: Account,
    /// Registers patients and books; created when absent.
    pub manager: Account,
    /// Presses the buttons; created when absent.
    pub nurse: Account,
    /// Control units, technologies and monitors: a client of the gateway; must exist.
    pub device: Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Admin,
    Manager,
    Nurse,
    Device,
}

/// A call that did not succeed, and what its sender does next.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Send it again: nothing says that it cannot succeed.
    #[error("{call} was not answered with success: {reason}")]
    TryAgain {
        /// Method and path.
        call: String,
        /// Status and body, or why there is none.
        reason: String,
    },
    /// The product refuses what it must accept, or accepts what it must refuse.
    #[error("{call} was answered {status}: {body}")]
    Difference {
        /// Method and path.
        call: String,
        /// Status of the answer.
        status: u16,
        /// Its body.
        body: String,
    },
}

/// The product's listeners, as its users reach them.
#[derive(Debug)]
pub struct Hospital {
    client: Client,
    host: String,
    port_offset: u16,
    /// Base URLs of listeners that are elsewhere, by their default port.
    elsewhere: HashMap<u16, String>,
    accounts: Accounts,
    tokens: Mutex<HashMap<Who, (String, Instant)>>,
    units: tokio::sync::Mutex<HashMap<String, Arc<Unit>>>,
    inventory: Inventory,
    books: Mutex<Option<Books>>,
    tasks: Tasks,
}

/// Default ports of the listeners (decisions on ports: those of the reference, and ours).
mod port {
    pub(super) const MEDICAL_INSTRUMENT: u16 = 3000;
    pub(super) const USERS: u16 = 3001;
    pub(super) const BOOKING: u16 = 3002;
    pub(super) const PATIENTS: u16 = 3003;
    pub(super) const STAFF: u16 = 3004;
    pub(super) const BUILDING: u16 = 3005;
    pub(super) const PROCESSES: u16 = 3006;
    pub(super) const REPORT: u16 = 3007;
    pub(super) const GATEWAY_BLOCK: u16 = 3008;
    pub(super) const GATEWAY_ROOM: u16 = 3009;
    pub(super) const TWINS: u16 = 3010;
    pub(super) const BLOCK_GATEWAY: u16 = 1880;
    /// The control units' lines.
    pub(super) const LINES: u16 = 1881;
}

impl Hospital {
    /// The product at `host`, its ports shifted by `port_offset`.
    ///
    /// # Errors
    ///
    /// The HTTP client cannot be built.
    pub fn new(host: &str, port_offset: u16, accounts: Accounts) -> Result<Self, reqwest::Error> {
        let client = Client::builder().timeout(Duration::from_secs(30)).no_proxy().build()?;
        Ok(Self {
            client,
            host: host.to_owned(),
            port_offset,
            elsewhere: HashMap::new(),
            accounts,
            tokens: Mutex::default(),
            units: tokio::sync::Mutex::default(),
            inventory: Inventory::default(),
            books: Mutex::default(),
            tasks: Tasks::new(),
        })
    }

    /// Says that the listener whose default port this is answers at another base URL.
    pub fn is_elsewhere(&mut self, default_port: u16, base: &str) {
        self.elsewhere.insert(default_port, base.trim_end_matches('/').to_owned());
    }

    fn url(&self, port: u16, path: &str) -> String {
        match self.elsewhere.get(&port) {
            Some(base) => format!("{base}{path}"),
            None => format!("http://{}:{}{path}", self.host, port + self.port_offset),
        }
    }

    /// Where control units send their lines: at the block gateway.
    fn lines(&self) -> String {
        let elsewhere = self.elsewhere.get(&port::BLOCK_GATEWAY);
        let host = elsewhere.and_then(|base| base.parse::<reqwest::Url>().ok());
        match host.as_ref().and_then(reqwest::Url::host_str) {
            Some(host) => format!("{host}:{}", port::LINES),
            None => format!("{}:{}", self.host, port::LINES + self.port_offset),
        }
    }

    /// Creates the people of the day; those that exist stay.
    ///
    /// # Errors
    ///
    /// The product cannot be reached or refuses.
    pub async fn seed_users(&self) -> Result<(), WireError> {
        for (account, role) in
            [(&self.accounts.manager, "block-manager"), (&self.accounts.nurse, "nurse")]
        {
            let body = json!({"userId": account.id, "password": account.secret, "roles": [role]});
            let request = self.request(Who::Admin, Method::POST, port::USERS, "/api/v1/users");
            let answer = self.send(request.await?.json(&body)).await?;
            if answer.status != StatusCode::CONFLICT {
                answer.accepted()?;
            }
        }
        Ok(())
    }

    /// Whether the product has heard of everything until `at`, as it says itself, and every report
    /// that it has is settled.
    ///
    /// # Errors
    ///
    /// The product cannot be reached or refuses.
    pub async fn has_settled(&self, at: Timestamp) -> Result<bool, WireError> {
        for (port, path) in
            [(port::PROCESSES, "/api/v1/processes"), (port::STAFF, "/api/v1/block-tracking-data")]
        {
            let request = self.request(Who::Manager, Method::GET, port, path).await?;
            let complete_to = self.send(request).await?.accepted()?.complete_to;
            if complete_to.is_none_or(|complete_to| complete_to < at) {
                return Ok(false);
            }
        }
        let request = self.request(Who::Manager, Method::GET, port::REPORT, "/api/v1/reports");
        let answer = self.send(request.await?).await?.accepted()?;
        let entries = answer.body.get("entries").and_then(Value::as_array);
        let is_settled =
            |entry: &Value| entry.pointer("/entry/settled") == Some(&Value::Bool(true));
        Ok(entries.is_some_and(|entries| entries.iter().all(is_settled)))
    }

    /// The reports that the product has, each in one line for a person.
    ///
    /// # Errors
    ///
    /// The product cannot be reached or refuses.
    pub async fn reports(&self) -> Result<Vec<String>, WireError> {
        let request = self.request(Who::Manager, Method::GET, port::REPORT, "/api/v1/reports");
        let answer = self.send(request.await?).await?.accepted()?;
        let entries = answer.body.get("entries").and_then(Value::as_array).cloned();
        let line = |entry: &Value| {
            let text = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or("?");
            let settled = entry.pointer("/entry/settled") == Some(&Value::Bool(true));
            format!(
                "{} of {}: {}{}  {}",
                text("/entry/surgicalProcessDescription"),
                text("/entry/patientId"),
                text("/entry/finalState"),
                if settled { "" } else { " (not settled)" },
                text("/url"),
            )
        };
        Ok(entries.unwrap_or_default().iter().map(line).collect())
    }

    /// Tells the product a delivery.
    ///
    /// # Errors
    ///
    /// [`WireError`] says whether to send it again.
    pub(crate) async fn tell(&self, delivery: &Delivery) -> Result<(), WireError> {
        let Some(fact) = delivery.facts.first() else { return Ok(()) };
        if let Some(status) = fact.expected {
            return match self.tell_one(fact, delivery).await {
                Err(WireError::Difference { status: actual, .. }) if actual == status => Ok(()),
                Err(WireError::TryAgain { reason, .. })
                    if reason.starts_with(&status.to_string()) =>
                {
                    Ok(())
                }
                Err(err) => Err(err),
                Ok(()) => Err(WireError::Difference {
                    call: fact.id.clone(),
                    status: 200,
                    body: format!("accepted, though {status} was due"),
                }),
            };
        }
        self.tell_one(fact, delivery).await
    }

    async fn tell_one(&self, fact: &Fact, delivery: &Delivery) -> Result<(), WireError> {
        let at = fact.t;
        match &fact.what {
            What::PatientMoved { .. }
            | What::StaffMoved { .. }
            | What::OnTable { .. }
            | What::Implant { .. }
            | What::Environment { .. }
            | What::Actuator { .. }
            | What::ActuatorState { .. } => self.tell_by_unit(fact).await,
            // Done to the product, not told to it.
            What::Fault { .. } => Ok(()),
            What::Step { room_id, step, .. } => {
                let path = "/api/v1/ord/process-manual-events";
                let request =
                    self.request(Who::Nurse, Method::POST, port::GATEWAY_ROOM, path).await?;
                let query = [("roomId", room_id.as_str()), ("event", step.word())];
                let request = request.query(&query);
                self.accept(timed(request, at).header("x-command-id", command_id(&fact.id))).await
            }
            What::Technology { technology_id, in_use, .. } => {
                self.patch_twin(technology_id, "is_in_use", &json!(in_use), at).await
            }
            What::Vital { .. } => self.observe(at, &delivery.facts).await,
            What::Emergency { command_id, room_id, patient_id, tax_code } => {
                let path = "/api/v1/ord/emergency-surgeries";
                let request =
                    self.request(Who::Nurse, Method::POST, port::GATEWAY_ROOM, path).await?;
                let mut query = vec![("roomId", room_id.as_str())];
                query.extend(tax_code.as_deref().map(|code| ("patientTaxCode", code)));
                let request = timed(request.query(&query), at);
                let answer =
                    self.send(request.header("x-command-id", command_id)).await?.accepted()?;
                if answer.body.get("patientId").and_then(Value::as_str) == Some(patient_id) {
                    return Ok(());
                }
                let (status, body) = (answer.status.as_u16(), answer.body.to_string());
                Err(WireError::Difference { call: answer.call, status, body })
            }
            What::LightRequest { command_id, room_id, action } => {
                self.ask_for_lights(at, command_id, room_id, action).await
            }
            desk => self.tell_from_the_desk(at, desk).await,
        }
    }

    async fn ask_for_lights(
        &self,
        at: Timestamp,
        command_id: &str,
        room_id: &str,
        action: &Light,
    ) -> Result<(), WireError> {
        let (path, query) = match action {
            Light::Setup { ambient_light_lux, surgical_light_lux } => (
                "custom-automation-scenario",
                vec![
                    ("ambientLightLux", ambient_light_lux.to_string()),
                    ("surgicalLightLux", surgical_light_lux.to_string()),
                ],
            ),
            Light::Stop => ("stop-custom-automation-scenario", Vec::new()),
            Light::Adapt { medical_technology_type } => (
                "adapt-environment",
                vec![("medicalTechnologyType", medical_technology_type.word().to_lowercase())],
            ),
        };
        let path = format!("/api/v1/ord/{path}");
        let request = self.request(Who::Nurse, Method::POST, port::GATEWAY_ROOM, &path).await?;
        let request = request.query(&[("roomId", room_id)]).query(&query);
        self.accept(timed(request, at).header("x-command-id", command_id)).await
    }

    /// What the hospital's offices and the block's manager enter.
    async fn tell_from_the_desk(&self, at: Timestamp, what: &What) -> Result<(), WireError> {
        match what {
            What::Room { room_id, name, room_type, zone_id } => {
                self.room(at, room_id, name, *room_type, zone_id).await
            }
            What::Professional { health_professional_id, name, surname, role } => {
                let body = json!({
                    "healthProfessionalId": health_professional_id, "name": name,
                    "surname": surname, "gender": "OTHER", "birthdate": "1980-02-11",
                    "emailAddress": format!("{health_professional_id}@example.org"),
                    "phoneNumber": "+39 051 000000", "role": role.word(),
                });
                let shown =
                    format!("/api/v1/healthProfessionals/{}", segment(health_professional_id));
                self.create(
                    Who::Admin,
                    port::USERS,
                    "/api/v1/healthProfessionals",
                    &shown,
                    at,
                    &body,
                )
                .await
            }
            What::Patient { tax_code, name, surname, .. } => {
                let body = json!({
                    "taxCode": tax_code, "name": name, "surname": surname, "height": 172.5,
                    "weight": 70.0, "birthdate": "1985-12-10", "bloodGroup": "ZERO_POSITIVE",
                });
                let shown = format!("/api/v1/patients/{}", segment(tax_code));
                self.create(Who::Manager, port::PATIENTS, "/api/v1/patients", &shown, at, &body)
                    .await
            }
            What::TechnologyRegistered { technology_id, name, technology_type } => {
                self.technology(at, technology_id, name, *technology_type).await
            }
            What::TechnologyPlaced { technology_id, room_id } => {
                let path = format!("/api/v1/medical-technologies/{}", segment(technology_id));
                let request =
                    self.request(Who::Admin, Method::PATCH, port::BUILDING, &path).await?;
                self.accept(timed(request, at).json(&json!({"roomId": room_id}))).await
            }
            What::Booked(booking) => self.book(at, booking).await,
            What::Rescheduled(booking) => {
                let path = format!("/api/v1/surgeryBookings/{}", segment(&booking.surgery_id));
                let request = self.request(Who::Manager, Method::PUT, port::BOOKING, &path).await?;
                self.accept(timed(request, at).json(&booking_body(booking))).await
            }
            What::Cancelled(booking) => {
                let path = format!("/api/v1/surgeryBookings/{}", segment(&booking.surgery_id));
                let request =
                    self.request(Who::Manager, Method::DELETE, port::BOOKING, &path).await?;
                self.accept_or_gone(timed(request, at)).await
            }
            // The rest is known to the journal alone: a zone exists by its rooms.
            _ => Ok(()),
        }
    }

    async fn room(
        &self,
        at: Timestamp,
        room_id: &str,
        name: &str,
        room_type: RoomType,
        zone_id: &str,
    ) -> Result<(), WireError> {
        let body =
            json!({"id": room_id, "name": name, "zoneId": zone_id, "type": room_type.word()});
        let shown = format!("/api/v1/rooms/{}", segment(room_id));
        self.create(Who::Admin, port::BUILDING, "/api/v1/rooms", &shown, at, &body).await
    }

    async fn technology(
        &self,
        at: Timestamp,
        id: &str,
        name: &str,
        technology_type: TechnologyType,
    ) -> Result<(), WireError> {
        let body = json!({
            "id": id, "name": name, "description": name, "type": technology_type.word(),
        });
        let shown = format!("/api/v1/medical-technologies/{}", segment(id));
        self.create(Who::Admin, port::BUILDING, "/api/v1/medical-technologies", &shown, at, &body)
            .await
    }

    async fn book(&self, at: Timestamp, booking: &Booking) -> Result<(), WireError> {
        let path = "/api/v1/surgeryBooking";
        let request = self.request(Who::Manager, Method::POST, port::BOOKING, path).await?;
        self.accept(timed(request, at).json(&booking_body(booking))).await
    }

    async fn rooms_of(&self, person: &str) -> Result<Vec<String>, WireError> {
        let path = format!("/digitaltwins/{}/relationships", segment(person));
        let request = self.twins(Method::GET, &path).await?;
        let request = request.query(&[("relationshipName", "rel_is_inside")]);
        let answer = self.send(request).await?.accepted()?;
        let found = answer.body.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(found
            .iter()
            .filter_map(|found| found.get("$targetId")?.as_str().map(str::to_owned))
            .collect())
    }

    async fn patch_twin(
        &self,
        twin: &str,
        property: &str,
        value: &Value,
        at: Timestamp,
    ) -> Result<(), WireError> {
        let patch = json!([
            {"op": "add", "path": format!("/{property}"), "value": value},
            {"op": "add", "path": format!("/$metadata/{property}/sourceTime"), "value": instant::write(at)},
        ]);
        let request =
            self.twins(Method::PATCH, &format!("/digitaltwins/{}", segment(twin))).await?;
        let request = request.body(patch.to_string());
        self.accept(request.header("content-type", "application/json-patch+json")).await
    }

    /// One FHIR R4 Observation with a component per vital sign.
    async fn observe(&self, at: Timestamp, facts: &[Fact]) -> Result<(), WireError> {
        let mut subject = "";
        let mut components = Vec::with_capacity(facts.len());
        for fact in facts {
            let What::Vital { patient_id, quantity, value, unit } = &fact.what else { continue };
            subject = patient_id;
            components.push(json!({
                "code": {"coding": [{"system": "http://loinc.org", "code": loinc(*quantity)}]},
                "valueQuantity": {
                    "value": value, "unit": unit,
                    "system": "http://unitsofmeasure.org", "code": unit,
                },
            }));
        }
        let body = json!({
            "resourceType": "Observation", "status": "final",
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "vital-signs",
            }]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "85353-1"}]},
            "subject": {"reference": format!("Patient/{subject}")},
            "device": {"reference": "Device/monitor"},
            "effectiveDateTime": instant::write(at),
            "component": components,
        });
        let path = "/api/v1/telemetrySystem";
        let request =
            self.request(Who::Device, Method::POST, port::MEDICAL_INSTRUMENT, path).await?;
        self.accept(request.json(&body)).await
    }

    /// Creates a thing; when it is there already, its content must be the same.
    async fn create(
        &self,
        who: Who,
        port: u16,
        path: &str,
        shown: &str,
        at: Timestamp,
        body: &Value,
    ) -> Result<(), WireError> {
        let request = self.request(who, Method::POST, port, path).await?;
        let answer = self.send(timed(request, at).json(body)).await?;
        if answer.status != StatusCode::CONFLICT {
            answer.accepted()?;
            return Ok(());
        }
        let request = self.request(who, Method::GET, port, shown).await?;
        let existing = self.send(request).await?.accepted()?;
        let same = body.as_object().is_some_and(|sent| {
            sent.iter().all(|(name, value)| existing.body.get(name) == Some(value))
        });
        if same { Ok(()) } else { answer.accepted().map(drop) }
    }

    async fn twins(&self, method: Method, path: &str) -> Result<RequestBuilder, WireError> {
        let request = self.request(Who::Device, method, port::TWINS, path).await?;
        Ok(request.query(&[("api-version", ADT_VERSION)]))
    }

    async fn request(
        &self,
        who: Who,
        method: Method,
        port: u16,
        path: &str,
    ) -> Result<RequestBuilder, WireError> {
        let token = self.token(who).await?;
        Ok(self.client.request(method, self.url(port, path)).bearer_auth(token))
    }

    /// A token of the account, renewed a minute before it expires.
    async fn token(&self, who: Who) -> Result<String, WireError> {
        {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((token, until)) = tokens.get(&who)
                && Instant::now() < *until
            {
                return Ok(token.clone());
            }
        }
        let request = match who {
            Who::Device => {
                let account = &self.accounts.device;
                let form = format!(
                    "grant_type=client_credentials&client_id={}&client_secret={}",
                    segment(&account.id),
                    segment(&account.secret)
                );
                self.client
                    .post(self.url(port::GATEWAY_BLOCK, "/oauth2/token"))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form)
            }
            Who::Admin | Who::Manager | Who::Nurse => {
                let account = match who {
                    Who::Admin => &self.accounts.admin,
                    Who::Manager => &self.accounts.manager,
                    Who::Nurse | Who::Device => &self.accounts.nurse,
                };
                self.client
                    .post(self.url(port::GATEWAY_BLOCK, "/api/v1/obd/auth"))
                    .json(&json!({"userId": account.id, "password": account.secret}))
            }
        };
        let answer = self.send(request).await?.accepted()?;
        let read = |name: &str| answer.body.get(name).or_else(|| answer.body.get(snake(name)));
        let token = read("accessToken").and_then(Value::as_str).unwrap_or_default().to_owned();
        let lasts_s = read("expiresIn").and_then(Value::as_u64).unwrap_or(60);
        let until = Instant::now() + Duration::from_secs(lasts_s.saturating_sub(60));
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(who, (token.clone(), until));
        Ok(token)
    }

    async fn accept(&self, request: RequestBuilder) -> Result<(), WireError> {
        self.send(request).await?.accepted().map(drop)
    }

    /// For a deletion: what a repetition no longer finds is deleted.
    async fn accept_or_gone(&self, request: RequestBuilder) -> Result<(), WireError> {
        let answer = self.send(request).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        answer.accepted().map(drop)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, WireError> {
        let (client, request) = request.build_split();
        let request = request.map_err(|err| WireError::TryAgain {
            call: "building a request".to_owned(),
            reason: err.to_string(),
        })?;
        let call = format!("{} {}", request.method(), request.url());
        let failed =
            |err: reqwest::Error| WireError::TryAgain { call: call.clone(), reason: chain(&err) };
        let answer = client.execute(request).await.map_err(&failed)?;
        let status = answer.status();
        let complete_to = answer.headers().get(COMPLETE_TO).and_then(|it| it.to_str().ok());
        let complete_to = complete_to.and_then(|text| instant::parse(text).ok());
        let text = answer.text().await.map_err(&failed)?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { call, status, complete_to, body })
    }
}

#[derive(Debug)]
struct Answer {
    call: String,
    status: StatusCode,
    /// To when the answer holds everything.
    complete_to: Option<Timestamp>,
    body: Value,
}

impl Answer {
    fn accepted(self) -> Result<Self, WireError> {
        let status = self.status;
        if status.is_success() {
            return Ok(self);
        }
        let again = status.is_server_error()
            || [
                StatusCode::NOT_FOUND,
                StatusCode::REQUEST_TIMEOUT,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::UNAUTHORIZED,
            ]
            .contains(&status);
        if again {
            let reason = format!("{} {}", status.as_u16(), self.body);
            return Err(WireError::TryAgain { call: self.call, reason });
        }
        let (status, body) = (status.as_u16(), self.body.to_string());
        Err(WireError::Difference { call: self.call, status, body })
    }
}

fn booking_body(booking: &Booking) -> Value {
    json!({
        "surgeryID": booking.surgery_id, "surgeryType": booking.surgery_type,
        "healthcareUserID": booking.tax_code, "healthProfessionalID": booking.professional_id,
        "patientID": booking.patient_id, "surgeryDateTime": instant::write(booking.planned_start),
        "operatingRoomId": booking.operating_room_id,
        "expectedDurationMinutes": booking.planned_minutes,
    })
}

/// LOINC codes of the vital signs (FHIR R4, vital signs profiles).
fn loinc(vital: Vital) -> &'static str {
    match vital {
        Vital::SystolicBloodPressure => "8480-6",
        Vital::DiastolicBloodPressure => "8462-4",
        Vital::BodyTemperature => "8310-5",
        Vital::HeartBeat => "8867-4",
        Vital::RespiratoryRate => "9279-1",
        Vital::SaturationPercentage => "2708-6",
    }
}

fn timed(request: RequestBuilder, at: Timestamp) -> RequestBuilder {
    request.header("x-source-time", instant::write(at))
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The same command for the same fact, however often it is sent: a name-based id in the form of a
/// version 8 UUID (RFC 9562, section 5.8).
fn command_id(fact: &str) -> String {
    let mut hash: u128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
    for byte in fact.bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B);
    }
    let hex = format!("{hash:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn snake(name: &str) -> &str {
    match name {
        "accessToken" => "access_token",
        "expiresIn" => "expires_in",
        other => other,
    }
}

fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut source = err.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
