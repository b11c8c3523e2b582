//! `kill -9` of the whole process at moments that a seed decides, resumed each time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, Instant};

use end_to_end::Run;

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
    let verdict = run.finish().unwrap();
    assert!(verdict.clean, "killed at {moments:?}\n{}", verdict.printed);
}

#[test]
fn three_kills_lose_nothing_and_double_nothing() {
    check(4, &[37, 4_211, 9_873]);
}
