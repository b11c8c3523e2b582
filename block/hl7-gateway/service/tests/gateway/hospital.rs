//! A hospital: a gateway before real services, and a system that sends to it.

use std::net::SocketAddr;
use std::path::Path;

use chiron_chassis::{Runtime, Service, TestHands};
use chiron_store::Store;
use hl7_gateway::{COLLECTIONS, NAME, Settings};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const MODELS: &str = "dtmi:io:github:smartoperatingblock:";

struct Served {
    runtime: Runtime,
    hands: TestHands,
    base: String,
}

pub(crate) struct Hospital {
    pub(crate) runtime: Runtime,
    pub(crate) hands: TestHands,
    pub(crate) base: String,
    pub(crate) mllp: SocketAddr,
    client: reqwest::Client,
    engine: Served,
    patients: Served,
    bookings: Served,
    instrument: Served,
}

impl Hospital {
    pub(crate) async fn open() -> Self {
        Self::with(Settings::default(), None).await
    }

    /// A hospital in Rome, with two theatres and two surgeons. Its gateway keeps its messages in the
    /// file, where there is one.
    pub(crate) async fn with(settings: Settings, file: Option<&Path>) -> Self {
        let engine = engine().await;
        let patients = {
            use patient_management_integration as service;
            let (runtime, hands) = Runtime::for_test(service::NAME, service::COLLECTIONS);
            let base = hands.serve(service::api(&runtime), &runtime).await;
            Served { runtime, hands, base }
        };
        let bookings = {
            use surgery_booking_integration as service;
            let (runtime, hands) = Runtime::for_test(service::NAME, service::COLLECTIONS);
            hands.own_grants(&["twins:read", "twins:write", "patients:read"]);
            hands.point(Service::TwinEngine, engine.base.as_str());
            hands.point(Service::PatientManagement, patients.base.as_str());
            let api = service::start(&runtime, &service::Settings::standard()).unwrap();
            let base = hands.serve(api, &runtime).await;
            Served { runtime, hands, base }
        };
        let instrument = {
            use medical_instrument_integration as service;
            let (runtime, hands) = Runtime::for_test(service::NAME, service::COLLECTIONS);
            hands.own_grants(&["twins:read", "twins:write"]);
            hands.point(Service::TwinEngine, engine.base.as_str());
            let api = service::api(&runtime, &service::Settings::default()).unwrap();
            let base = hands.serve(api, &runtime).await;
            Served { runtime, hands, base }
        };
        let (mut runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        if let Some(file) = file {
            let durability = chiron_broker::Durability::Relaxed;
            runtime.store = Store::open(file, durability, COLLECTIONS).unwrap();
        }
        hands.own_grants(&[
            "patients:read",
            "patients:write",
            "bookings:read",
            "bookings:write",
            "vitals:write",
        ]);
        let (base, mllp) = listen(&runtime, &hands, settings).await;
        let client = chiron_chassis::http_client().unwrap();
        let hospital =
            Self { runtime, hands, base, mllp, client, engine, patients, bookings, instrument };
        hospital.connect(true);
        for (id, model) in [
            ("or-1", "OperatingRoom"),
            ("or-2", "OperatingRoom"),
            ("hp-1", "HealthProfessional"),
            ("hp-2", "HealthProfessional"),
        ] {
            hospital.twin(id, model).await;
        }
        hospital
    }

    /// Lets the gateway reach the services, or none of them.
    pub(crate) fn connect(&self, reachable: bool) {
        for (service, served) in [
            (Service::PatientManagement, &self.patients),
            (Service::SurgeryBooking, &self.bookings),
            (Service::MedicalInstrument, &self.instrument),
        ] {
            let base = if reachable { served.base.as_str() } else { "http://127.0.0.1:1" };
            self.hands.point(service, base);
        }
    }

    /// The gateway again on the same store: what a restart leaves.
    pub(crate) async fn restart(&mut self, settings: Settings) {
        (self.base, self.mllp) = listen(&self.runtime, &self.hands, settings).await;
    }

    fn admin(&self) -> String {
        let grants = &["twins:read", "twins:write", "internal:read"];
        self.hands.token("somebody", &["block-manager"], grants, true)
    }

    pub(crate) async fn twin(&self, id: &str, model: &str) {
        let model = format!("{MODELS}{model};1");
        let url = format!("{}/digitaltwins/{id}?api-version=2023-10-31", self.engine.base);
        let twin = json!({"$metadata": {"$model": model}});
        let put = self.client.put(url).bearer_auth(self.admin()).json(&twin);
        let answer = put.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        url: String,
        token: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A patient as patient management has it; null when there is none.
    pub(crate) async fn patient(&self, tax_code: &str) -> Value {
        let url = format!("{}/api/v1/patients/{tax_code}", self.patients.base);
        match self.ask("GET", url, &self.admin(), None).await {
            (200, patient) => patient,
            _ => Value::Null,
        }
    }

    pub(crate) async fn booking(&self, id: &str) -> Value {
        let url = format!("{}/api/v1/surgeryBookings/{id}", self.bookings.base);
        match self.ask("GET", url, &self.admin(), None).await {
            (200, booking) => booking,
            _ => Value::Null,
        }
    }

    /// A property of a twin and when it was observed.
    pub(crate) async fn property(&self, id: &str, name: &str) -> (Value, Value) {
        let url = format!("{}/digitaltwins/{id}?api-version=2023-10-31", self.engine.base);
        let (_, twin) = self.ask("GET", url, &self.admin(), None).await;
        (twin[name].clone(), twin["$metadata"][name]["sourceTime"].clone())
    }

    /// How many events the twin engine and the bookings have told so far.
    pub(crate) async fn events(&self) -> u64 {
        let mut events = 0;
        for served in [&self.engine, &self.bookings] {
            let url = format!("{}/internal/relayed", served.base);
            self.ask("GET", url, &self.admin(), None).await;
            events += served.runtime.activity.snapshot().appended;
        }
        events
    }

    /// A route of the gateway, as somebody with this role.
    pub(crate) async fn as_role(&self, role: &str, method: &str, path: &str) -> (u16, Value) {
        let token = self.hands.token("someone", &[role], &[], false);
        self.ask(method, format!("{}{path}", self.base), &token, None).await
    }

    /// A route of the gateway, as a block manager.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.as_role("block-manager", "GET", path).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn system(&self) -> System {
        System(TcpStream::connect(self.mllp).await.unwrap())
    }

    /// Sends a message on a connection of its own.
    pub(crate) async fn send(&self, message: &str) -> Ack {
        self.system().await.send(message).await
    }

    pub(crate) fn stop_patients(&self) {
        self.patients.hands.shut_down();
    }
}

async fn engine() -> Served {
    let (runtime, hands) = Runtime::for_test("twin-engine", twin_engine::COLLECTIONS);
    let settings = serde_json::from_value(json!({})).unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = runtime.clone();
    // A set of its own: the engine waits for its runtime's tasks before it ends.
    chiron_clock::Tasks::new().spawn("engine", async move {
        twin_engine::run(serving, settings, listener).await.unwrap();
    });
    Served { runtime, hands, base }
}

async fn listen(runtime: &Runtime, hands: &TestHands, settings: Settings) -> (String, SocketAddr) {
    let mllp = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = mllp.local_addr().unwrap();
    let zone = TimeZone::get("Europe/Rome").unwrap();
    let api = hl7_gateway::start(runtime, settings, zone, Some(mllp)).unwrap();
    (hands.serve(api, runtime).await, address)
}

/// A system of the hospital: a connection.
pub(crate) struct System(pub(crate) TcpStream);

impl System {
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Sends a message, whose segments stand in lines.
    pub(crate) async fn send(&mut self, message: &str) -> Ack {
        self.write(&framed(message)).await;
        self.hear().await.unwrap()
    }

    /// The next answer; `None` at the end of the connection.
    pub(crate) async fn hear(&mut self) -> Option<Ack> {
        let mut heard = Vec::new();
        loop {
            let mut byte = [0];
            match self.0.read(&mut byte).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => heard.push(byte[0]),
            }
            if heard.ends_with(b"\x1c\r") {
                assert_eq!(heard[0], 0x0b);
                return Some(Ack::read(&heard[1..heard.len() - 2]));
            }
        }
    }
}

/// A message, whose segments stand in lines, in its frame.
pub(crate) fn framed(message: &str) -> Vec<u8> {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let text: Vec<&str> = lines.collect();
    hl7_gateway_domain::frame::frame(format!("{}\r", text.join("\r")).as_bytes())
}

/// An acknowledgement, taken apart without the product's help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) bytes: Vec<u8>,
    pub(crate) text: String,
}

impl Ack {
    fn read(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), text: String::from_utf8_lossy(bytes).into_owned() }
    }

    pub(crate) fn segments(&self, name: &str) -> Vec<Vec<String>> {
        self.text
            .split('\r')
            .filter(|segment| segment.starts_with(name))
            .map(|segment| segment.split('|').map(str::to_owned).collect())
            .collect()
    }

    /// MSA-1.
    pub(crate) fn code(&self) -> String {
        self.segments("MSA")[0][1].clone()
    }

    /// MSA-2.
    pub(crate) fn control_id(&self) -> String {
        self.segments("MSA")[0][2].clone()
    }

    /// ERR-2 and the code of ERR-3 of each error, as in `PID^1^3 101`.
    pub(crate) fn errors(&self) -> Vec<String> {
        let errors = self.segments("ERR");
        let code = |error: &Vec<String>| error[3].split('^').next().unwrap().to_owned();
        errors.iter().map(|error| format!("{} {}", error[2], code(error))).collect()
    }

    /// The code and the errors, as in `AE PID^1^3 101`.
    pub(crate) fn outcome(&self) -> String {
        let mut parts = vec![self.code()];
        parts.extend(self.errors());
        parts.join(" ")
    }
}

/// A header. The clock of a test stands at 06:00 UTC, 08:00 in Rome.
pub(crate) fn msh(kind: &str, id: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|ROME|CHIRON|BLOCK|20260515075900||{kind}|{id}|P|2.5.1||||||UNICODE UTF-8"
    )
}

pub(crate) const PID: &str =
    "PID|1||p-1^^^HIS^PI~VRDLCU85T10A562S^^^MEF^NNITA||Verdi^Luca^Maria||19851210|M";

/// An admission under this control id.
pub(crate) fn admission(id: &str) -> String {
    format!("{}\nEVN|A01|20260515075800\n{PID}\nPV1|1|I", msh("ADT^A01^ADT_A01", id))
}
