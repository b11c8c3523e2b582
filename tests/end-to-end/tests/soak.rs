//! What takes long: full days, named days, and twenty kills. Run by `cargo xtask soak`.
//!
//! What the oracle says of each run is written to `RESULTS.md` of this crate as it comes, to be
//! committed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use end_to_end::{Run, Verdict};

/// Rows of the table, in the order in which the runs ended.
static ROWS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes a verdict. A difference is noted as well: it fails the test afterwards.
fn note(what: &str, began: Instant, verdict: &Verdict) {
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let said = |word: &str| {
        let mut lines = verdict.printed.lines().filter(|line| line.contains(word));
        lines.next_back().unwrap_or("nothing").to_owned()
    };
    let facts: u64 =
        said("compared: ").split([' ', ',']).filter_map(|word| word.parse::<u64>().ok()).sum();
    let row = format!("| {what} | {facts} | {} | {minutes:.1} |", said(" differences"));
    let mut rows = ROWS.lock().unwrap();
    rows.push(row);
    let mut text = String::from(
        "# Long runs\n\nEach in lock-step from booking to report; the oracle compared every fact of \
         the journal with the product's answers.\n\n\
         | run | facts compared | verdict | minutes |\n| --- | --- | --- | --- |\n",
    );
    for row in rows.iter() {
        writeln!(text, "{row}").unwrap();
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md"), text).unwrap();
}

/// Two at a time: what one waits for, the other works.
fn side_by_side(runs: Vec<(String, Run)>) {
    let runs = Mutex::new(runs.into_iter());
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
