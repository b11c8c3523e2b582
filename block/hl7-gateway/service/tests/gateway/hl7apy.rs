//! hl7apy as published, unchanged, as the judge of what is answered: its structures are stricter
//! than HAPI's.
//!
//! Needs `CHIRON_TEST_PYTHON`: a Python with the package `hl7apy`.

use std::process::Command;

use test_support::tools;

use crate::hospital::Hospital;

#[tokio::test(flavor = "multi_thread")]
async fn hl7apy_finds_the_answers_valid() {
    let found = tools::named("CHIRON_TEST_PYTHON", "a Python with hl7apy");
    let Some(python) = found else { return };
    let hospital = Hospital::open().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hl7apy/judge.py");
    let (host, port) = (hospital.mllp.ip().to_string(), hospital.mllp.port().to_string());
    let run = move || {
        Command::new(python).args([script, &host, &port, "20260515075900"]).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let stories = ["2.5", "2.5.1", "2.6"].map(|version| {
        let line =
            |what: &str, nth: u8, errors: u8| format!("{what} hl7apy-{version}-{nth} {errors}\n");
        line("good AA", 1, 0) + &line("bad AE", 2, 1) + &line("other AR", 3, 1)
    });
    let story = stories.concat() + "all done\n";
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), story, "{errors}");
    assert_eq!(hospital.patient("TAX26").await["surname"], "Verdi");
}
