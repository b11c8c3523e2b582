//! The catalogue under the conformance kit: recorded calls of a real Backstage over a fixture, and
//! Backstage's published JavaScript client.
//!
//! Needs `CHIRON_TEST_PYTHON`: any Python 3; and for the client `CHIRON_TEST_NODE_BACKSTAGE`: a folder
//! whose `node_modules` hold the packages of `tests/backstage/client/package.json`.

#![expect(clippy::unwrap_used, reason = "a test cannot go on without its parts")]

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use catalog::{Location, Settings};
use chiron_chassis::{Guard, Runtime};
use tokio::sync::Mutex;

/// The kit's fixture server has a fixed port: one test at a time.
static FIXTURE: Mutex<()> = Mutex::const_new(());

/// A program that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn kit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/backstage").canonicalize().unwrap()
}

async fn fixture_server(python: &Path) -> Ends {
    let fixture = kit().join("fixture");
    let server = Command::new(python)
        .arg(kit().join("fixture_server.py"))
        .arg(fixture)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let server = Ends(server);
    for _ in 0..200 {
        if TcpStream::connect("127.0.0.1:7099").is_ok() {
            return server;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the fixture is not served");
}

/// The settings of `app-config.fixture.yaml`.
fn settings() -> Settings {
    let file = |name: &str| Location {
        kind: "file".to_owned(),
        target: kit().join("fixture/catalog").join(name).to_str().unwrap().to_owned(),
    };
    let mut locations = Vec::from(
        [
            "all.yaml",
            "bad-yaml.yaml",
            "invalid.yaml",
            "unknown-kind.yaml",
            "does-not-exist.yaml",
            "broken-location.yaml",
            "optional-location.yaml",
        ]
        .map(file),
    );
    locations.push(Location {
        kind: "url".to_owned(),
        target: "http://127.0.0.1:7099/remote/apis-url.yaml".to_owned(),
    });
    Settings {
        locations,
        allow_hosts: vec!["127.0.0.1:7099".to_owned()],
        file_placeholders: false,
        ..Settings::default()
    }
}

/// Runs a program against the catalogue over the fixture; whether it was content, and what it said.
async fn judged(python: &Path, program: impl FnOnce(&str) -> Command) -> (bool, String) {
    let _alone = FIXTURE.lock().await;
    let _server = fixture_server(python).await;
    let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
    let runtime = Runtime { guard: Guard::off(), ..runtime };
    let api = catalog::start(&runtime, &settings(), None, false).unwrap().api;
    let base = hands.serve(api, &runtime).await;
    let mut program = program(&base);
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    hands.shut_down();
    runtime.tasks.join().await;
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_calls_of_a_real_backstage_are_answered_the_same() {
    let Some(python) = test_support::tools::named("CHIRON_TEST_PYTHON", "a Python") else { return };
    let (content, said) = judged(&python, |base| {
        let mut replay = Command::new(&python);
        replay.arg(kit().join("replay.py")).arg(base);
        replay.arg("--fixture-root").arg(kit().join("fixture"));
        replay
    })
    .await;
    assert!(content && said.contains(" FAIL 0 "), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_client_works() {
    let Some(python) = test_support::tools::named("CHIRON_TEST_PYTHON", "a Python") else { return };
    let packages = "a folder with @backstage/catalog-client";
    let Some(node) = test_support::tools::named("CHIRON_TEST_NODE_BACKSTAGE", packages) else {
        return;
    };
    // Packages are found from where the program lies.
    let program = node.join("client_check.mjs");
    std::fs::copy(kit().join("client/client_check.mjs"), &program).unwrap();
    let (content, said) = judged(&python, |base| {
        let mut client = Command::new("node");
        client.arg(&program).arg(base);
        client
    })
    .await;
    assert!(content && said.contains("FAIL 0"), "{said}");
}
