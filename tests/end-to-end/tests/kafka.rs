//! The whole product with its events on a real Apache Kafka, and the oracle's verdict.

use end_to_end::Run;
use test_support::kafka::{self, Kafka};

#[test]
fn three_surgeries_have_true_reports_on_a_cluster() {
    let Some(jars) = kafka::jars() else { return };
    let folder = tempfile::tempdir().unwrap();
    let node = Kafka::start(&jars, folder.path()).unwrap();
    let run = Run::new("three-surgeries", 1)
        .unwrap()
        .with("CHIRON_EVENTS__BROKER", "kafka")
        .with("CHIRON_EVENTS__KAFKA__BOOTSTRAP_SERVERS", &node.servers());
    let verdict = run.finish().unwrap();
    assert!(verdict.clean, "{}", verdict.printed);
}
