//! Generated passwords and client secrets, kept in the data folder for its owner alone.
//!
//! Services of one process need credentials like any others; nobody has to invent them. The file
//! is written once, when the folder is new, with mode 0600, and never logged.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The file's name in the data folder.
pub(crate) const FILE: &str = "accounts.json";

/// The people of the demonstration.
pub(crate) const MANAGER: &str = "demo-manager";
/// Presses the buttons in the demonstration.
pub(crate) const NURSE: &str = "demo-nurse";
/// The client account of badge readers, sensors and monitors, simulated.
pub(crate) const DEVICE: &str = "simulator";

/// What the file holds.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Accounts {
    /// Passwords of people by their user id; `admin` among them in a demonstration.
    pub(crate) people: BTreeMap<String, String>,
    /// Secrets of services and devices by their client id.
    pub(crate) clients: BTreeMap<String, String>,
    /// What services show each other to be believed about where a person's request comes from.
    #[serde(default)]
    pub(crate) vouch: String,
}

impl Accounts {
    /// Reads the file, which somebody has made.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::find(path)?.with_context(|| {
            format!("{} is not there: `chiron accounts` makes it, for all services", path.display())
        })
    }

    fn find(path: &Path) -> Result<Option<Self>> {
        match fs::read(path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .with_context(|| format!("{} is not as it was written", path.display())),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(err).with_context(|| format!("reading {}", path.display())),
        }
    }

    /// Reads the file, or makes it, and adds a secret for each of these ids that has none.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or the machine gives no randomness.
    pub(crate) fn open(path: &Path, people: &[&str], clients: &[&str]) -> Result<Self> {
        let mut accounts = Self::find(path)?.unwrap_or_default();
        let mut changed = accounts.vouch.is_empty();
        if changed {
            accounts.vouch = secret()?;
        }
        for (wanted, kept) in [(people, &mut accounts.people), (clients, &mut accounts.clients)] {
            for id in wanted {
                if !kept.contains_key(*id) {
                    kept.insert((*id).to_owned(), secret()?);
                    changed = true;
                }
            }
        }
        if changed {
            accounts.write(path)?;
        }
        Ok(accounts)
    }

    /// Written beside and renamed: a crash leaves the old file or the new one.
    fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("creating the folder {}", folder.display()))?;
        }
        let fresh = path.with_extension("new");
        let text = serde_json::to_vec_pretty(self)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)
            .with_context(|| format!("writing {}", fresh.display()))?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, path).with_context(|| format!("writing {}", path.display()))
    }

    /// Takes the generated password of the first administrator: among the others when `people`
    /// expects it, else once on the terminal, else in a file for its owner alone.
    ///
    /// # Errors
    ///
    /// It can be brought nowhere.
    pub(crate) fn first_password(&self, path: &Path, user: &str, password: &str) -> io::Result<()> {
        if self.people.contains_key(user) {
            let mut known = self.clone();
            known.people.insert(user.to_owned(), password.to_owned());
            return known.write(path).map_err(io::Error::other);
        }
        if io::stdout().is_terminal() {
            crate::show::line(&format!("first account: {user}, password {password} (shown once)"));
            return Ok(());
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path.with_file_name("first-password"))?;
        writeln!(file, "{user} {password}")?;
        file.sync_all()
    }

    /// The password of a person.
    ///
    /// # Errors
    ///
    /// The file has none.
    pub(crate) fn password(&self, person: &str) -> Result<String> {
        self.people.get(person).cloned().with_context(|| format!("{FILE} lacks {person}"))
    }

    /// The secret of a client.
    ///
    /// # Errors
    ///
    /// The file has none.
    pub(crate) fn client(&self, client: &str) -> Result<String> {
        self.clients.get(client).cloned().with_context(|| format!("{FILE} lacks {client}"))
    }
}

/// Twenty characters of 32 (100 bits): within the contract's longest password, and without those
/// that are mistaken for each other.
fn secret() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(|err| anyhow::anyhow!("no randomness: {err}"))?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(bytes.iter().filter_map(|byte| letter(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert!(Accounts::read(&path).is_err());
        let first = Accounts::open(&path, &["admin"], &["twin-engine"]).unwrap();
        let again = Accounts::open(&path, &["admin"], &["twin-engine", "other"]).unwrap();
        assert_eq!(first.vouch, again.vouch);
        assert_eq!(Accounts::read(&path).unwrap().clients, again.clients);
        assert_eq!(first.password("admin").unwrap(), again.password("admin").unwrap());
        assert_eq!(first.client("twin-engine").unwrap(), again.client("twin-engine").unwrap());
        assert_eq!(again.client("other").unwrap().len(), 20);
        assert_ne!(again.client("other").unwrap(), again.client("twin-engine").unwrap());
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
