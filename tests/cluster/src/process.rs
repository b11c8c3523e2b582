//! A process that may be killed, frozen and started again; killed when dropped.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use anyhow::{Context as _, Result, ensure};

/// A running process.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts it; what it prints is added to `log`.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command.stdout(log.try_clone()?).stderr(log).spawn()?;
        Ok(Self(child))
    }

    /// Its id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// The operating system does not say.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// The operating system does not say.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }

    /// Ends it as `kill -9` does.
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    /// Asks it to end (`TERM`), stops it (`STOP`) or lets it go on (`CONT`).
    ///
    /// # Errors
    ///
    /// The operating system refuses.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args(["-s", signal, &self.pid().to_string()]).status();
        ensure!(sent.context("starting kill")?.success(), "{signal} was not sent");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.kill();
    }
}
