//! What takes long: full days, and twenty kills. Run by `cargo xtask soak`.

use std::time::{Duration, Instant};

use end_to_end::Run;

#[test]
#[ignore = "ten full days take hours; `cargo xtask soak` runs them"]
fn ten_full_days_have_no_difference() {
    for seed in 100..110 {
        let verdict = Run::new("full-day", seed).unwrap().finish().unwrap();
        assert!(verdict.clean, "seed {seed}\n{}", verdict.printed);
    }
}

#[test]
#[ignore = "twenty kills take long; `cargo xtask soak` runs them"]
fn twenty_kills_lose_nothing_and_double_nothing() {
    let run = Run::new("test-day", 5).unwrap();
    for nth in 1..=20_usize {
        let moment = nth * 643 + nth * nth * 7 % 97;
        let mut child = run.start().unwrap();
        let deadline = Instant::now() + Duration::from_mins(10);
        while run.acknowledged() < moment && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "the run does not come on");
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let verdict = run.finish().unwrap();
    assert!(verdict.clean, "{}", verdict.printed);
}
