//! The first start: one administrator, whose password is shown once and kept nowhere.

use std::collections::BTreeSet;

use chiron_chassis::{Runtime, Secret};
use chiron_store::{StoreError, WriteError};
use user_management_integration_domain::user::{Role, User};

use crate::infrastructure::hashing::{Hashing, random_text};
use crate::infrastructure::store::{Documents, StoredUser};

/// The administrator's user id.
const ADMIN: &str = "admin";
/// Characters of the generated password: 80 bits.
const PASSWORD_CHARS: usize = 16;

/// The administrator that the first start creates.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// The user id.
    pub user_id: String,
    /// The generated password.
    pub password: Secret,
}

/// The first start did not succeed; it can be repeated.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The database failed.
    #[error("the users cannot be read")]
    Read(#[from] StoreError),
    /// The administrator could not be stored.
    #[error("the administrator cannot be stored")]
    Write(#[from] WriteError),
    /// The password could not be made.
    #[error("the administrator's password cannot be made")]
    Password(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The password could not be shown, so the administrator was not created.
    #[error("the administrator's password cannot be shown")]
    Show(#[source] std::io::Error),
}

/// Creates the user `admin` when there is no user at all. `show` brings the password to whoever
/// starts the product: once, on the terminal or in a file for its owner alone, never in a log. It
/// is shown before the user is stored: if the process ends in between, the next start shows
/// another one.
///
/// # Errors
///
/// [`PrepareError`].
pub async fn prepare(
    runtime: &Runtime,
    show: impl FnOnce(&FirstAdmin) -> std::io::Result<()>,
) -> Result<(), PrepareError> {
    let documents = Documents::new(&runtime.store);
    if documents.users.count(&[]).await? != 0 {
        return Ok(());
    }
    let failed = |err| PrepareError::Password(Box::new(err));
    let password = random_text(PASSWORD_CHARS).map_err(failed)?;
    let hash = Hashing::new().hash(&password).await.map_err(failed)?;
    let Ok(id) = ADMIN.parse() else { return Ok(()) };
    let user =
        User { id, professional: None, roles: BTreeSet::from([Role::Admin]), disabled: false };
    let admin = FirstAdmin { user_id: ADMIN.to_owned(), password: Secret::new(password) };
    show(&admin).map_err(PrepareError::Show)?;
    documents.users.insert(ADMIN, &StoredUser::new(&user, hash), Vec::new()).await?;
    tracing::info!(user_id = ADMIN, "first administrator created");
    Ok(())
}
