//! A service's surroundings for a test: real parts, small and its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use chiron_broker::{Broker, Durability, LogSettings};
use chiron_clock::{Activity, Clock, Hand, Ids, Shutdown, Tasks, Trigger};
use chiron_store::{CollectionSpec, Store};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

use crate::api::Api;
use crate::audit::{Audit, Recorded};
use crate::calls::{Calls, Endpoints, Service, TokenSource, http_client};
use crate::completeness::Completeness;
use crate::health::Health;
use crate::identity::{AUDIENCE, Claims, Guard, ISSUER, KeySet, Signer};
use crate::limits::Limits;
use crate::listen::{Connections, listen};
use crate::machine;
use crate::runtime::Runtime;

/// When a test begins: 2026-05-15T06:00:00Z.
const EPOCH_S: i64 = 1_778_824_800;
/// All test runtimes sign with the same key, so that services of one test know each other's
/// tokens. It protects nothing.
const SEED: [u8; 32] = [7; 32];
/// How long a test's token is valid, in seconds.
const VALID_S: u64 = 3_600;

/// What a test holds of a service's surroundings. Dropping it removes the temporary folder.
#[derive(Debug)]
pub struct TestHands {
    signer: Signer,
    own_grants: Arc<Mutex<Vec<String>>>,
    endpoints: Endpoints,
    hand: Hand,
    trigger: Trigger,
    folder: PathBuf,
    clock: Clock,
}

impl TestHands {
    /// A bearer token, valid for an hour.
    ///
    /// # Panics
    ///
    /// When it cannot be signed.
    #[must_use]
    pub fn token(&self, sub: &str, roles: &[&str], grants: &[&str], source_time: bool) -> String {
        let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect();
        sign(&self.signer, sub, texts(roles), texts(grants), source_time, VALID_S)
    }

    /// A bearer token that ends after so many seconds of the machine's clock.
    ///
    /// # Panics
    ///
    /// When it cannot be signed.
    #[must_use]
    pub fn short_token(&self, sub: &str, roles: &[&str], grants: &[&str], seconds: u64) -> String {
        let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect();
        sign(&self.signer, sub, texts(roles), texts(grants), false, seconds)
    }

    /// The grants of the tokens with which the service under test calls others.
    pub fn own_grants(&self, grants: &[&str]) {
        let mut own = self.own_grants.lock().unwrap_or_else(PoisonError::into_inner);
        *own = grants.iter().map(|grant| (*grant).to_owned()).collect();
    }

    /// Says where another service is (a base URL such as `http://127.0.0.1:4711`).
    pub fn point(&self, service: Service, base: impl Into<String>) {
        self.endpoints.set(service, base);
    }

    /// Moves the clock.
    pub fn move_to(&self, at: Timestamp) {
        self.hand.move_to(at);
    }

    /// Moves the clock on by a time.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.hand.move_to(self.clock.now().saturating_add(by).unwrap_or(Timestamp::MAX));
    }

    /// Requests the shutdown.
    pub fn shut_down(&self) {
        self.trigger.trigger();
    }

    /// Serves an API on a free port of this machine, on the runtime's tasks, and tells its base
    /// URL: a stub of another service, or the service under test.
    ///
    /// # Panics
    ///
    /// When no port is free.
    #[expect(clippy::expect_used, reason = "a test cannot go on without a listener")]
    pub async fn serve(&self, api: Api, runtime: &Runtime) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let app = crate::serve::router(api, runtime);
        let (shutdown, connections) = (runtime.shutdown.clone(), runtime.connections.clone());
        runtime.tasks.spawn("test server", async move {
            listen(app, listener, connections, shutdown).await;
        });
        format!("http://{address}")
    }

    /// The routes whose requests are recorded in the audit trail, as `GET /path`, in the order of
    /// the table. Each route that is not public is asked without an identity, which must leave one
    /// entry where requests are recorded and none where they are not.
    ///
    /// # Panics
    ///
    /// When a route does otherwise.
    #[expect(clippy::expect_used, reason = "a test cannot go on without an answer")]
    pub async fn audited(&self, api: Api, runtime: &Runtime) -> Vec<String> {
        let routes = api.routes();
        let base = self.serve(api, runtime).await;
        let client = http_client().expect("a client");
        let mut audited = Vec::new();
        for route in routes {
            let name = format!("{} {}", route.method, route.path);
            let is_recorded = route.recorded != Recorded::Never;
            if route.need.is_some() {
                let before = runtime.audit.count().await.expect("a count");
                let url = format!("{base}{}", route.path.replace(['{', '}', '*'], ""));
                let answer = client.request(route.method, url).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
                let left = runtime.audit.count().await.expect("a count") - before;
                assert_eq!(left, u64::from(is_recorded), "entries of {name}");
            }
            if is_recorded {
                audited.push(name);
            }
        }
        audited
    }
}

impl Drop for TestHands {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of temporary files.
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

#[expect(clippy::expect_used, reason = "a test cannot go on without its parts")]
fn sign(
    signer: &Signer,
    sub: &str,
    roles: Vec<String>,
    grants: Vec<String>,
    source_time: bool,
    valid_s: u64,
) -> String {
    let iat = u64::try_from(machine::now().as_second()).unwrap_or(0);
    let claims = Claims {
        sub: sub.to_owned(),
        roles,
        grants,
        source_time,
        name: None,
        exp: iat + valid_s,
        iat,
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        jti: format!("test-{iat}"),
    };
    signer.sign(&claims).expect("a signed token")
}

#[expect(clippy::expect_used, reason = "a test cannot go on without its parts")]
pub(crate) fn runtime(
    service: &'static str,
    collections: &[&'static CollectionSpec],
) -> (Runtime, TestHands) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0_u8; 4];
    getrandom::fill(&mut random).expect("randomness");
    let name =
        format!("chiron-test-{}-{count}-{:08x}", std::process::id(), u32::from_ne_bytes(random));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a temporary folder");

    let epoch = Timestamp::from_second(EPOCH_S).expect("an instant");
    let (clock, hand) = Clock::lock_step(epoch);
    let activity = Activity::new(clock.clone());
    let settings = LogSettings::new(Durability::Relaxed);
    let broker = Broker::open(&folder.join("events.db"), settings, clock.clone())
        .expect("an empty log")
        .with_activity(activity.clone());
    let store = Store::in_memory(collections).expect("an empty store");
    let signer = Signer::from_seed(&SEED).expect("a key");
    let keys = KeySet::new();
    keys.set([signer.jwk()]);
    // Nobody listens at port 1: what a test does not stub cannot be reached.
    let endpoints = Endpoints::local(0);
    for target in Service::ALL {
        endpoints.set(target, "http://127.0.0.1:1");
    }
    let own_grants = Arc::new(Mutex::new(Vec::new()));
    let tokens = {
        let (signer, own_grants) = (signer.clone(), Arc::clone(&own_grants));
        TokenSource::own(move || {
            let grants = own_grants.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(sign(&signer, service, Vec::new(), grants, true, VALID_S))
        })
    };
    let client = http_client().expect("a client");
    let calls = Calls::new(client, endpoints.clone(), tokens, activity.clone());
    let (trigger, shutdown) = Shutdown::new();
    let runtime = Runtime {
        service,
        ids: Ids::seeded(7),
        activity,
        broker,
        store,
        audit: Audit::in_memory(clock.clone()).expect("an empty trail"),
        guard: Guard::given(keys),
        calls,
        tasks: Tasks::new(),
        shutdown,
        limits: Limits::standard(),
        connections: Connections::at_most(10_000),
        completeness: Completeness::new(clock.clone()),
        health: Health::new(),
        clock: clock.clone(),
    };
    let hands = TestHands { signer, own_grants, endpoints, hand, trigger, folder, clock };
    (runtime, hands)
}
