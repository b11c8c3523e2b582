//! Simulated surgeries through the whole product, and the oracle's verdict on each.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use end_to_end::Run;

fn check(run: &Run) {
    let verdict = run.finish().unwrap();
    assert!(verdict.clean, "{}", verdict.printed);
}

#[test]
fn three_surgeries_have_true_reports_and_the_same_seed_gives_the_same_bytes() {
    let (one, two) =
        (Run::new("three-surgeries", 1).unwrap(), Run::new("three-surgeries", 1).unwrap());
    check(&one);
    check(&two);
    assert_eq!(one.reports().unwrap(), two.reports().unwrap());
}

#[test]
fn a_test_day_has_no_difference() {
    check(&Run::new("test-day", 2).unwrap());
}

#[test]
fn another_test_day_told_twice_late_and_out_of_order_has_none_either() {
    let run = Run::new("test-day", 3).unwrap().disturbed();
    check(&run);
    let folded = run.folded_again().unwrap();
    assert!(folded.contains("processes: 3 as before, 0 changed, 0 gone, 0 more"), "{folded}");
}

#[test]
fn a_day_on_which_everything_goes_wrong_has_none_either() {
    let run = Run::new("bad-day", 1).unwrap().hours(2);
    check(&run);
    run.folded_again().unwrap();
}
