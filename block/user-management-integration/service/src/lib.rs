//! Service for users, health professionals and their credentials.
//!
//! Verifies passwords and says who somebody is; the gateway alone makes tokens of that. Passwords
//! are kept as argon2id hashes, refresh tokens as hashes too: who reads this database can sign in
//! as nobody. Professionals also have a twin, which is what the rest of the block sees of them.

mod application;
mod infrastructure;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_store::CollectionSpec;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use twin_client::{TwinLayer, Twins};

pub use application::wire::{
    CredentialsV1, HealthProfessionalV1, IdentityV1, NewRefreshTokenV1, NewUserV1, RefreshTokenV1,
    RefreshedV1, UserPatchV1, UserV1,
};
pub use infrastructure::first_start::{FirstAdmin, PrepareError, prepare};

/// The service's name.
pub const NAME: &str = "user-management-integration";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[
    &infrastructure::store::USERS,
    &infrastructure::store::PROFESSIONALS,
    &infrastructure::store::FAILURES,
    &infrastructure::store::FAMILIES,
];

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long a person stays signed in without doing anything, in days of the machine.
    #[serde(default = "refresh_token_days")]
    pub refresh_token_days: u32,
    /// Where the twins of professionals are.
    #[serde(default)]
    pub twin_layer: TwinLayer,
}

fn refresh_token_days() -> u32 {
    14
}

impl Settings {
    /// The settings of an empty section.
    #[must_use]
    pub fn standard() -> Self {
        Self { refresh_token_days: refresh_token_days(), twin_layer: TwinLayer::default() }
    }
}

/// The routes.
///
/// # Errors
///
/// When the settings name a twin layer that cannot be used.
pub fn api(runtime: &Runtime, settings: &Settings) -> Result<Api, ServeError> {
    let twins = Twins::open(settings.twin_layer.clone(), runtime.calls.clone())
        .map_err(|source| ServeError::Start { service: NAME, source: source.into() })?;
    Ok(infrastructure::http::api(runtime, settings, twins))
}

/// Serves until the shutdown. Whoever starts the service for the first time calls [`prepare`]
/// before, else nobody can sign in.
///
/// # Errors
///
/// When the settings cannot be followed or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    listener: TcpListener,
) -> Result<(), ServeError> {
    chiron_chassis::serve(api(&runtime, &settings)?, listener, runtime).await
}
