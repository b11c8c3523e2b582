//! What takes long: full days, named days, and twenty kills. Run by `cargo xtask soak`.
//!
//! What the oracle says of each run is written to `RESULTS.md` of this crate as it comes, to be
//! committed; it may be run in parts, since rows of other runs stay: `SOAK_DAYS` holds what
//! the names of the days to be run end with, between commas.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use end_to_end::{Run, Verdict};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
const HEAD: &str = "# Long runs

Each in lock-step from booking to report, with the named commit; the oracle compared every fact of
the journal with the product's answers.

| run | facts compared | verdict | minutes | commit |
| --- | --- | --- | --- | --- |
";
/// One writes at a time.
static WRITING: Mutex<()> = Mutex::new(());

/// The commit that is run, with a word when more than results was changed.
fn commit() -> String {
    let git = |args: &[&str]| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let told = Command::new("git").current_dir(folder).args(args).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().to_owned()
    };
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    let changed = git(&["status", "--short", "--untracked-files=no", "--", ".", ":!*/RESULTS.md"]);
    if changed.is_empty() { commit } else { format!("{commit}, changed") }
}

/// Notes a verdict. A difference is noted as well: it fails the test afterwards.
fn note(what: &str, began: Instant, verdict: &Verdict) {
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let said = |word: &str| {
        let mut lines = verdict.printed.lines().filter(|line| line.contains(word));
        lines.next_back().unwrap_or("nothing").to_owned()
    };
    let facts: u64 =
        said("compared: ").split([' ', ',']).filter_map(|word| word.parse::<u64>().ok()).sum();
    let verdict = said(" differences");
    let row = format!("| {what} | {facts} | {verdict} | {minutes:.1} | {} |", commit());
    let _writing = WRITING.lock().unwrap();
    let before = std::fs::read_to_string(RESULTS).unwrap_or_default();
    let before = before.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let mut rows: Vec<&str> =
        before.filter(|row| !row.starts_with(&format!("| {what} |"))).collect();
    rows.push(&row);
    std::fs::write(RESULTS, format!("{HEAD}{}\n", rows.join("\n"))).unwrap();
}

/// Whether a day is to be run.
#[expect(clippy::disallowed_methods, reason = "which days are run is the developer's affair")]
fn asked_for(what: &str) -> bool {
    let Ok(days) = std::env::var("SOAK_DAYS") else { return true };
    days.split(',').any(|day| what.ends_with(day.trim()))
}

/// Two at a time: what one waits for, the other works.
fn side_by_side(runs: Vec<(String, Run)>) {
    let runs = Mutex::new(runs.into_iter().filter(|(what, _run)| asked_for(what)));
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((what, run)) = runs.lock().unwrap().next() else { break };
                    let began = Instant::now();
                    let verdict = run.finish().unwrap();
                    note(&what, began, &verdict);
                    if !verdict.clean {
                        failed.lock().unwrap().push(format!("{what}\n{}", verdict.printed));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
#[ignore = "ten full days take an hour or two; `cargo xtask soak` runs them"]
fn full_days_have_no_difference() {
    let run = |seed: u64| (format!("full day, seed {seed}"), Run::new("full-day", seed).unwrap());
    side_by_side((100..110).map(run).collect());
}

#[test]
#[ignore = "whole days take long; `cargo xtask soak` runs them"]
fn named_and_random_days_have_no_difference() {
    let days = ["quiet-day", "busy-day", "bad-day", "random-day", "random-day", "random-day"];
    let runs = days.iter().zip(200..).map(|(day, seed)| {
        (format!("{}, seed {seed}", day.replace('-', " ")), Run::new(day, seed).unwrap())
    });
    side_by_side(runs.collect());
}

#[test]
#[ignore = "twenty kills take long; `cargo xtask soak` runs them"]
fn twenty_kills_lose_nothing_and_double_nothing() {
    let began = Instant::now();
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
    note("test day, seed 5, killed 20 times", began, &verdict);
    assert!(verdict.clean, "{}", verdict.printed);
}
