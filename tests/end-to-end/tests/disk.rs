//! A data folder that cannot be used: the process does not start, and says what to do.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use end_to_end::binary;
use test_support::disk::as_nobody;

/// What `chiron` says on its standard error before it ends.
fn said(command: &str, data: &Path) -> String {
    let mut chiron = as_nobody(binary("chiron").unwrap()).unwrap();
    chiron.arg(command).args(["--port-offset", "13900", "--data"]).arg(data).current_dir("/tmp");
    if command == "up" {
        chiron.arg("--no-simulation");
    } else {
        chiron.args(["--scenario", "three-surgeries", "--seed", "1"]);
    }
    let output = chiron.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{command} {}", data.display());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    for command in ["up", "simulate"] {
        for data in [folder.path().to_owned(), folder.path().join("data")] {
            let said = said(command, &data);
            assert!(said.contains(folder.path().to_str().unwrap()), "{command}: {said}");
            assert!(said.contains("let the account of this process write there"), "{said}");
        }
    }
}

/// Files of a data folder that are not what they were: each is named, with what to do.
#[test]
fn a_damaged_file_is_said() {
    for (file, expected) in [
        ("events.sqlite", "move it away"),
        ("audit.sqlite", "put back the newest backup"),
        ("staff-tracking.sqlite", "put back the newest backup"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let path = folder.path().join(file);
        fs::write(&path, vec![0x5A; 8192]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        let said = said("up", folder.path());
        assert!(said.contains(path.to_str().unwrap()), "{said}");
        assert!(said.contains(expected), "{said}");
        assert_eq!(fs::read(&path).unwrap(), vec![0x5A; 8192], "it was changed");
    }
}
