//! Days on the cluster, with everything that may happen to it: the oracle finds no difference, dead
//! letters hold exactly the garbage, and nothing had to be started by hand.
//!
//! `CLUSTER_SEED` repeats the faults of a run in their order; a run prints its own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(
    clippy::print_stdout,
    reason = "whoever looks for a failure reads the seed and the faults"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use cluster::{Cluster, Day, Documents, Plan, Process, SERVICES, is_clean};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use test_support::{kafka, mongo};

/// Between two faults: longer than any of them takes to be got over.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a process stands still.
const FROZEN: Duration = Duration::from_secs(30);
/// Simulated seconds per second.
const RATE: u8 = 20;
/// Where garbage is put.
const TOPIC: &str = "room-events";

/// A binary of this workspace, beside the test's own.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// A service is killed and started again.
    Killed(&'static str),
    /// A service stands still and goes on.
    Frozen(&'static str),
    /// Kafka is killed and started again.
    Broker,
    /// The database server is killed and started again.
    Database,
    /// Somebody publishes what nobody can read.
    Garbage,
}

const GARBAGE: [&str; 4] =
    ["no json", "{\"key\":\"NO_SUCH_EVENT\",\"data\":{},\"dateTime\":\"x\"}", "[]", "{\"key\":1"];

impl Fault {
    fn happen(self, cluster: &mut Cluster) {
        match self {
            Self::Killed(name) => {
                cluster.process(name).unwrap().kill().unwrap();
                cluster.serve(name).unwrap();
            }
            Self::Frozen(name) => {
                cluster.process(name).unwrap().signal("STOP").unwrap();
                std::thread::sleep(FROZEN);
                cluster.process(name).unwrap().signal("CONT").unwrap();
            }
            Self::Broker => {
                cluster.kafka.kill().unwrap();
                cluster.kafka.run().unwrap();
            }
            Self::Database => {
                let server = cluster.mongo.as_mut().unwrap();
                server.kill().unwrap();
                server.run().unwrap();
            }
            Self::Garbage => {
                let servers = cluster.kafka.servers();
                let args = ["--bootstrap-server", &servers, "--topic", TOPIC];
                let text = GARBAGE.join("\n") + "\n";
                let class = "org.apache.kafka.tools.ConsoleProducer";
                let sent = cluster.kafka.tool_reading(class, &args, &text).unwrap();
                assert!(sent.status.success(), "{sent:?}");
            }
        }
    }
}

/// What lies in the dead letters, each text once: two services read the topic.
fn dead_letters(cluster: &Cluster) -> BTreeSet<String> {
    let servers = cluster.kafka.servers();
    let dead = format!("{TOPIC}.dead-letters");
    let args = [
        "--bootstrap-server",
        &servers,
        "--topic",
        &dead,
        "--from-beginning",
        "--timeout-ms",
        "8000",
    ];
    let class = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    let read = cluster.kafka.tool(class, &args).unwrap();
    String::from_utf8(read.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "a quarter of an hour; `cargo xtask soak fault`"]
fn a_day_with_every_fault_is_true() {
    let (Some(kafka), Some(server)) = (kafka::jars(), mongo::nx()) else { return };
    let seed = std::process::id().into();
    #[expect(clippy::disallowed_methods, reason = "whoever repeats a run says which")]
    let seed = std::env::var("CLUSTER_SEED").map_or(seed, |seed| seed.parse().unwrap());
    println!("CLUSTER_SEED={seed}");
    let mut faults: Vec<Fault> = SERVICES.iter().map(|(name, _)| Fault::Killed(name)).collect();
    faults.extend([
        Fault::Broker,
        Fault::Database,
        Fault::Garbage,
        Fault::Frozen("surgical-process-monitoring"),
        Fault::Frozen("twin-engine"),
    ]);
    faults.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));

    let folder = tempfile::tempdir().unwrap();
    // Four times the longest fault, in simulated time.
    let late_window_s = u32::try_from(FROZEN.as_secs()).unwrap() * u32::from(RATE) * 4;
    let mut cluster = Cluster::start(Plan {
        chiron: binary("chiron"),
        kafka,
        documents: Documents::Server(server),
        folder: folder.path().to_owned(),
        port_offset: 15_000,
        day: Day {
            scenario: "three-surgeries".to_owned(),
            seed: 1,
            rate: RATE,
            late_window_s,
            disturb: false,
        },
    })
    .unwrap();
    let mut day: Process = cluster.demonstrate(&binary("truth")).unwrap();
    for fault in faults {
        std::thread::sleep(PAUSE);
        println!("{fault:?}");
        fault.happen(&mut cluster);
        let ended = day.ended().unwrap();
        assert!(ended.is_none(), "the day is over at {fault:?}: {ended:?}\n{}", cluster.told());
    }
    let status = day.wait().unwrap();
    let fallen = cluster.fallen().unwrap();
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
    assert!(is_clean(status), "{status}: {}", cluster.told());
    assert_eq!(dead_letters(&cluster), GARBAGE.map(str::to_owned).into());
}
