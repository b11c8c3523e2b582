//! `kill -9` of the whole process at moments that a seed decides, and a disk that runs full, resumed
//! each time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;
use std::time::{Duration, Instant};

use end_to_end::{Run, binary};
use test_support::disk::with_room;

/// Lets the disk run full, until the process ends or does not come on, and hears what it said.
fn fill(run: &Run) -> String {
    let room = run.longest_file() + 100_000;
    let child = run.start_as(with_room(room, binary("chiron").unwrap())).unwrap();
    let pid = child.id().to_string();
    let (said, hears) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let output = child.wait_with_output().unwrap();
        // Nobody hears when the test has failed.
        let _gone = said.send(());
        assert!(!output.status.success(), "a full disk was passed over");
        String::from_utf8_lossy(&output.stderr).into_owned()
    });
    if hears.recv_timeout(Duration::from_secs(30)).is_err() {
        // A service that waits for room is right, too.
        Command::new("kill").args(["-9", &pid]).status().unwrap();
    }
    waiting.join().unwrap()
}

/// Kills the run once it has acknowledged as many facts as each moment says, then lets it end.
fn check(seed: u64, moments: &[usize]) {
    let run = Run::new("test-day", seed).unwrap();
    for moment in moments {
        let mut child = run.start().unwrap();
        let deadline = Instant::now() + Duration::from_mins(10);
        while run.acknowledged() < *moment {
            assert!(child.try_wait().unwrap().is_none(), "ended before it could be killed");
            assert!(Instant::now() < deadline, "the run does not come on");
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = fill(&run);
    assert!(said.contains("see whether it is full, at a limit or broken"), "{said}");
    let verdict = run.finish().unwrap();
    assert!(verdict.clean, "killed at {moments:?}\n{}", verdict.printed);
}

#[test]
fn three_kills_and_a_full_disk_lose_nothing_and_double_nothing() {
    check(4, &[37, 4_211, 9_873]);
}
