//! The door of the block: sign-in, tokens and keys, and the commands of the dashboards.
//!
//! It has three faces, each on a listener of its own: one for the block's dashboard
//! (`/api/v1/obd`, the token route and the published keys), one for a room's dashboard
//! (`/api/v1/ord`), and one for browsers, which serves both and the services behind under one
//! origin. It holds no rule of the block: whether a password is right is user management's affair,
//! whether an event fits is surgical process monitoring's. It never waits for ever: what it cannot
//! know it leaves out, and says so. What it owns are the keys that sign tokens, which never leave
//! it.

mod accounts;
mod audit;
mod keys;
mod tokens;

mod needs;

mod block;
mod lights;
mod room;

mod behind;
mod dashboard;

mod live;

mod codes;
mod showing;
mod web;

mod pages;

use std::time::Duration;

use chiron_chassis::{Api, Guard, Runtime, ServeError, TokenSource};
use chiron_store::CollectionSpec;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub use accounts::{AccountError, ClientAccount};
pub use block::{CredentialsV1, RefreshV1, SessionV1, TokenV1};
pub use keys::KeyError;
pub use pages::Pages;
pub use room::EmergencyV1;
pub use showing::{Dashboards, Range, Ranges};

use crate::accounts::Accounts;
use crate::codes::Codes;
use crate::dashboard::Directory;
use crate::keys::Keys;
use crate::live::Hub;
use crate::tokens::Tokens;

/// The service's name.
pub const NAME: &str = "api-gateway";

/// The collections of its store: the signing keys, and what patients are called.
pub const COLLECTIONS: &[&CollectionSpec] = &[&keys::KEYS, &codes::CODES];

/// The grants that the gateway gives itself.
const OWN_GRANTS: &[&str] =
    &["refresh-tokens:write", "rooms:read", "professionals:read", "users:read", "positions:read"];

/// Settings of the gateway. Times are of the machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long an access token is valid, in minutes, 1 to 1440.
    #[serde(default = "access_token_minutes")]
    pub access_token_minutes: u32,
    /// After how many days a new key signs, 1 to 3650; the old one is published as long as tokens
    /// of it are valid.
    #[serde(default = "key_days")]
    pub key_days: u32,
    /// People whose tokens may say when a fact happened: the simulator's.
    #[serde(default)]
    pub source_time_users: Vec<String>,
    /// Whether the cookie is for encrypted connections only; to be set wherever a proxy ends TLS
    /// before the gateway.
    #[serde(default)]
    pub secure_cookie: bool,
    /// Live events kept for those who read slowly, 1 to 1,048,576, shared by all streams. Who falls
    /// further behind is told of a gap.
    #[serde(default = "live_queue")]
    pub live_queue: usize,
    /// Streams and sockets open at the same time; beyond it 503.
    #[serde(default = "live_streams")]
    pub live_streams: usize,
    /// Records that are read again at most for a stream that is resumed; beyond it there is a gap.
    #[serde(default = "live_replay_records")]
    pub live_replay_records: u64,
    /// Seconds between signs of life on an idle stream, 1 or more.
    #[serde(default = "live_heartbeat_seconds")]
    pub live_heartbeat_seconds: u32,
    /// How the hospital wants its dashboards.
    #[serde(default)]
    pub dashboards: Dashboards,
}

fn access_token_minutes() -> u32 {
    15
}

fn key_days() -> u32 {
    30
}

fn live_queue() -> usize {
    4_096
}

fn live_streams() -> usize {
    2_048
}

fn live_replay_records() -> u64 {
    100_000
}

fn live_heartbeat_seconds() -> u32 {
    15
}

impl Settings {
    /// The settings of an empty section.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            access_token_minutes: access_token_minutes(),
            key_days: key_days(),
            source_time_users: Vec::new(),
            secure_cookie: false,
            live_queue: live_queue(),
            live_streams: live_streams(),
            live_replay_records: live_replay_records(),
            live_heartbeat_seconds: live_heartbeat_seconds(),
            dashboards: Dashboards::default(),
        }
    }
}

/// The gateway's listeners.
#[derive(Debug)]
pub struct Listeners {
    /// For the block's dashboard, the token route and the keys; 3008 unless told otherwise.
    pub block: TcpListener,
    /// For a room's dashboard; 3009 unless told otherwise.
    pub room: TcpListener,
    /// For browsers; 8080 unless told otherwise.
    pub web: TcpListener,
}

/// The gateway with its keys, ready to serve.
#[derive(Clone)]
pub struct Gateway {
    runtime: Runtime,
    tokens: Tokens,
    accounts: Accounts,
    secure_cookie: bool,
    directory: Directory,
    hub: Hub,
    dashboards: Dashboards,
    codes: Codes,
    pages: Pages,
}

/// Reads the keys, or makes the first one, and takes the service and device accounts. From here on
/// the gateway verifies tokens by its own keys and signs its own calls.
///
/// # Errors
///
/// [`ServeError::Start`].
pub async fn prepare(
    runtime: Runtime,
    settings: &Settings,
    clients: Vec<ClientAccount>,
) -> Result<Gateway, ServeError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ServeError::Start {
        service: NAME,
        source,
    };
    let accounts = Accounts::new(clients).map_err(|err| failed(err.into()))?;
    let keys = Keys::open(&runtime.store, settings).await.map_err(|err| failed(err.into()))?;
    let tokens = Tokens::new(keys.clone(), settings);
    let own = tokens.clone();
    let calls = runtime.calls.with_tokens(TokenSource::own(move || {
        let grants = OWN_GRANTS.iter().map(|grant| (*grant).to_owned()).collect();
        Ok(own.account(NAME, Vec::new(), grants, false)?)
    }));
    let guard = if runtime.guard.is_off() { Guard::off() } else { Guard::given(keys.published()) };
    let runtime = Runtime { guard, calls, ..runtime };
    let hub = Hub::start(&runtime, settings).await.map_err(|err| failed(err.into()))?;
    let (directory, secure_cookie) = (Directory::default(), settings.secure_cookie);
    let dashboards = settings.dashboards.clone().checked().map_err(|err| failed(err.into()))?;
    let zone = dashboards.time_zone.clone().try_into();
    let zone = zone.map_err(|err: jiff::Error| failed(err.into()))?;
    let codes = Codes::new(&runtime.store, runtime.ids.clone(), zone);
    let pages = Pages::default();
    Ok(Gateway {
        runtime,
        tokens,
        accounts,
        secure_cookie,
        directory,
        hub,
        dashboards,
        codes,
        pages,
    })
}

impl Gateway {
    /// Serves this web application on the listener for browsers.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// The routes for the block's dashboard, the token route and the keys.
    #[must_use]
    pub fn block_api(&self) -> Api {
        let api = Api::new(NAME, "API gateway, block dashboard");
        of_block(block::accounts(block::sessions(api))).with_state(self.clone())
    }

    /// The routes for a room's dashboard.
    #[must_use]
    pub fn room_api(&self) -> Api {
        of_room(Api::new(NAME, "API gateway, room dashboard")).with_state(self.clone())
    }

    /// The routes for browsers: those of both dashboards, the way to the services behind, and the
    /// web application.
    #[must_use]
    pub fn web_api(&self) -> Api {
        let api = block::sessions(Api::new(NAME, "API gateway, web"));
        pages::files(web::services(of_room(of_block(api)))).with_state(self.clone())
    }

    /// The runtime with the gateway's own guard and tokens.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Serves all faces until the shutdown.
    ///
    /// # Errors
    ///
    /// When a listener fails.
    pub async fn serve(self, listeners: Listeners) -> Result<(), ServeError> {
        let keys = self.tokens.keys().clone();
        let shutdown = self.runtime.shutdown.clone();
        self.runtime.tasks.spawn("key rotation", async move {
            loop {
                tokio::select! {
                    () = shutdown.requested() => return,
                    () = tokio::time::sleep(ROTATION_CHECK) => {}
                }
                if let Err(err) = keys.rotate().await {
                    tracing::error!(error = %err, "keys could not be rotated");
                }
            }
        });
        let block = chiron_chassis::serve(self.block_api(), listeners.block, self.runtime.clone());
        let room = chiron_chassis::serve(self.room_api(), listeners.room, self.runtime.clone());
        let web = chiron_chassis::serve(self.web_api(), listeners.web, self.runtime.clone());
        let ((), (), ()) = tokio::try_join!(block, room, web)?;
        Ok(())
    }
}

fn of_block(api: Api<Gateway>) -> Api<Gateway> {
    codes::patients(showing::settings(live::of_block(dashboard::of_block(audit::trail(api)))))
}

fn of_room(api: Api<Gateway>) -> Api<Gateway> {
    live::of_room(dashboard::of_room(lights::commands(room::commands(api))))
}

/// How often it is looked whether a new key is due.
const ROTATION_CHECK: Duration = Duration::from_mins(10);

/// Prepares and serves until the shutdown.
///
/// # Errors
///
/// When the keys cannot be read, an account is not usable, or a listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    clients: Vec<ClientAccount>,
    listeners: Listeners,
    pages: Pages,
) -> Result<(), ServeError> {
    prepare(runtime, &settings, clients).await?.with_pages(pages).serve(listeners).await
}
