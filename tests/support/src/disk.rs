//! Processes under which the disk runs full, or that may not write where their user may not.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};

/// Nobody's user and group.
const NOBODY: u32 = 65_534;

/// Runs a program for which no file may grow beyond so many bytes: what a process sees of a full
/// disk (`setrlimit(2)`, `RLIMIT_FSIZE`), by `prlimit(1)`. Arguments are the program's.
#[must_use]
pub fn with_room(bytes: u64, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--fsize={bytes}:unlimited"))
        // Else the signal of the same name ends the process.
        .args(["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(program);
    command
}

/// Makes room for a process of [`with_room`].
///
/// # Errors
///
/// `prlimit(1)` cannot be started, or refuses.
pub fn make_room(child: &Child) -> io::Result<()> {
    let pid = child.id().to_string();
    let room = ["--pid", &pid, "--fsize=unlimited:unlimited"];
    let made = Command::new("prlimit").args(room).status()?;
    if made.success() { Ok(()) } else { Err(io::Error::other("prlimit refuses")) }
}

/// Runs a program as somebody who may not write everywhere: as nobody when the test is root.
///
/// # Errors
///
/// There is no `/proc`.
pub fn as_nobody(program: impl AsRef<OsStr>) -> io::Result<Command> {
    let mut command = Command::new(program);
    if fs::metadata("/proc/self")?.uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command)
}

/// Gives a folder, and the folders in it, one mode, and all files in them another.
///
/// # Errors
///
/// A mode cannot be set.
pub fn set_modes(folder: &Path, of_folders: u32, of_files: u32) -> io::Result<()> {
    // Before what is in it: without its own mode nothing in it can be reached.
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            set_modes(&entry.path(), of_folders, of_files)?;
        } else {
            fs::set_permissions(entry.path(), Permissions::from_mode(of_files))?;
        }
    }
    fs::set_permissions(folder, Permissions::from_mode(of_folders))
}
