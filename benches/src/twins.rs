//! The twin engine: how many changes it makes durable, and how soon it answers.
//!
//! The block's own models are populated with operating rooms, each with its actuators, a
//! technology, a patient, a process and a booking, related as in a real block. A change sets one
//! property with the instant at which it was observed, as every sensor does. Beside it runs what
//! runs beside it in a hospital: the relay that tells changes to the event log.
//!
//! The reference for changes is the plain file of [`crate::log`], which appends events of the same
//! size in batches of as many as the engine had in a commit; for reads it is a handler that knows
//! its answer.

mod population;

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use chiron_chassis::{Runtime, TestHands};
use tokio::net::TcpListener;
use tokio::sync::{Barrier, oneshot};
use tokio::task::JoinSet;
use twin_engine::Engine;
use twin_engine_domain::query::{MAX_PAGE_SIZE, parse};

use self::population::Population;
use crate::http::{CONNECTIONS, Connection, ask_all, request};
use crate::log::append;
use crate::results::{Line, Target, median, p99, rate, say};
use crate::surroundings::{all, close, surroundings};

/// Those that write at the same time, in process as over HTTP.
const WRITERS: usize = CONNECTIONS;
const API_VERSION: &str = "api-version=2023-10-31";
/// Events whose size is looked at.
const SEEN_EVENTS: usize = 64;

/// How much is measured.
#[derive(Clone, Copy)]
struct Amount {
    rounds: usize,
    /// Changes, or reads, of a round.
    requests: usize,
    /// How often each query is asked.
    questions: usize,
}

/// Measures small and large populations.
pub(crate) fn measure(folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (sizes, amount): (&[usize], _) = if smoke {
        (&[200], Amount { rounds: 1, requests: 256, questions: 20 })
    } else {
        (&[10_000, 100_000], Amount { rounds: 7, requests: 12_800, questions: 2_000 })
    };
    let mut lines = Vec::new();
    for twins in sizes {
        let place = folder.join(format!("twins-{twins}"));
        std::fs::create_dir(&place)?;
        lines.extend(runtime.block_on(measure_with(&place, *twins, amount))?);
    }
    Ok(lines)
}

async fn measure_with(folder: &Path, twins: usize, amount: Amount) -> Result<Vec<Line>> {
    let mut bed = Bed::open(folder, twins).await?;
    let mut lines = Vec::new();
    let mut add = |line: Line| {
        say(&line.to_string());
        lines.push(line);
    };
    for way in [Way::InProcess, Way::Http] {
        let found = bed.compare_changes(way, Twins::All, amount).await?;
        add(Line {
            what: format!("twins, {twins}: updates {}", way.name()),
            measured: found.told(),
            value: found.rate / found.reference,
            unit: "",
            target: Target::None,
        });
    }
    for way in [Way::InProcess, Way::Http] {
        let found = bed.compare_changes(way, Twins::One, amount).await?;
        add(Line {
            what: format!("twins, {twins}: updates of one hot twin {}", way.name()),
            measured: found.told(),
            value: found.rate,
            unit: " /s",
            target: Target::AtLeast(2_000.0),
        });
    }
    add(bed.compare_reads(twins, amount).await?);
    add(bed.queries(twins, amount).await?);
    bed.close().await?;
    Ok(lines)
}

/// How a change reaches the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    InProcess,
    Http,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::InProcess => "in process",
            Self::Http => "over HTTP",
        }
    }
}

/// What is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twins {
    /// Rooms and patients in turn.
    All,
    /// One room, over and over.
    One,
}

/// Changes beside their reference, medians of rounds.
struct Changes {
    /// Durable changes per second.
    rate: f64,
    /// Until all of them were in the event log as well, per second.
    relayed: f64,
    /// Changes that shared a commit.
    batch: f64,
    /// Appended and brought to the disk per second, in batches of as many.
    reference: f64,
    /// Size of the event of a change.
    bytes: usize,
}

impl Changes {
    fn told(&self) -> String {
        let Self { rate, relayed, batch, reference, bytes } = self;
        format!(
            "{rate:.0} durable updates/s by {WRITERS} writers, {batch:.0} to a commit, {relayed:.0} \
             until the log has them; reference {reference:.0} of {bytes} bytes"
        )
    }
}

/// An engine with its listener, and who asks it.
struct Bed {
    runtime: Runtime,
    hands: TestHands,
    engine: Engine,
    population: Population,
    address: SocketAddr,
    token: String,
    /// Changes made so far.
    changes: usize,
    reference: File,
    serving: JoinSet<Result<()>>,
    close: oneshot::Sender<()>,
}

impl Bed {
    async fn open(folder: &Path, twins: usize) -> Result<Self> {
        let (runtime, hands) = surroundings(twin_engine::NAME, twin_engine::COLLECTIONS, folder)?;
        let settings = twin_engine::Settings {
            source: twin_engine::NAME.to_owned(),
            snapshot_every: 10_000,
            load_block_models: true,
            endpoints: Vec::new(),
        };
        let (engine, work) = Engine::open(&runtime, &settings).await?;
        let (close, closing) = oneshot::channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move { Ok(work.run(closing).await?) });
        let (store, broker) = (runtime.store.clone(), runtime.broker.clone());
        let (activity, shutdown) = (runtime.activity.clone(), runtime.shutdown.clone());
        runtime.tasks.spawn("relay", async move { store.relay(broker, activity, shutdown).await });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let api = twin_engine::api(&runtime, &settings, engine.clone());
        let server = chiron_chassis::serve(api, listener, runtime.clone());
        serving.spawn(async move { Ok(server.await?) });
        let begun = Instant::now();
        let population = Population::create(&engine, twins).await?;
        runtime.store.relayed().await;
        say(&format!("{twins} twins in {:.1} s", begun.elapsed().as_secs_f64()));
        let token = hands.token("bench", &[], &["twins:read", "twins:write"], true);
        let reference =
            OpenOptions::new().create_new(true).append(true).open(folder.join("reference"))?;
        Ok(Self {
            runtime,
            hands,
            engine,
            population,
            address,
            token,
            changes: 0,
            reference,
            serving,
            close,
        })
    }

    async fn connections(&self, address: SocketAddr) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(address).await?);
        }
        Ok(connections)
    }

    async fn compare_changes(&mut self, way: Way, twins: Twins, amount: Amount) -> Result<Changes> {
        let Amount { rounds, requests, .. } = amount;
        let mut connections = self.connections(self.address).await?;
        let (mut rates, mut relayed_rates) = (Vec::new(), Vec::new());
        let (mut batches, mut references) = (Vec::new(), Vec::new());
        let (mut batch, mut bytes) = (1.0, 0);
        // The first round meets cold twins, shows how many changes share a commit, and is not
        // counted.
        for round in 0..=rounds {
            let referred_first = 0 < round && round % 2 == 0;
            if referred_first {
                references.push(self.refer(requests, batch, bytes)?);
            }
            let (before, begun) = (commits()?, Instant::now());
            let took = match way {
                Way::InProcess => self.change(twins, requests).await?,
                Way::Http => {
                    let (took, back) = self.patch(twins, requests, connections).await?;
                    connections = back;
                    took
                }
            };
            self.runtime.store.relayed().await;
            let relayed = begun.elapsed();
            let after = commits()?;
            batch = (after.0 - before.0) / (after.1 - before.1).max(1.0);
            if 0 < round {
                rates.push(rate(requests, took));
                relayed_rates.push(rate(requests, relayed));
                batches.push(batch);
            } else {
                bytes = self.event_bytes().await?;
            }
            if 0 < round && !referred_first {
                references.push(self.refer(requests, batch, bytes)?);
            }
        }
        Ok(Changes {
            rate: median(rates),
            relayed: median(relayed_rates),
            batch: median(batches),
            reference: median(references),
            bytes,
        })
    }

    /// Changes asked for in process, and how long it took until the last was durable.
    async fn change(&mut self, twins: Twins, changes: usize) -> Result<Duration> {
        let first = self.changes;
        self.changes += changes;
        let at = self.runtime.clock.now();
        let mut writers = JoinSet::new();
        let all_ready = Arc::new(Barrier::new(WRITERS + 1));
        for writer in 0..WRITERS {
            let numbers = (writer..changes).step_by(WRITERS).map(|number| first + number);
            let commands: Vec<_> =
                numbers.map(|number| self.population.change(number, twins, at)).collect();
            let (engine, all_ready) = (self.engine.clone(), Arc::clone(&all_ready));
            writers.spawn(async move {
                all_ready.wait().await;
                for command in commands {
                    engine.write(command, None).await?;
                }
                Ok(())
            });
        }
        all_ready.wait().await;
        let begun = Instant::now();
        all(writers).await?;
        Ok(begun.elapsed())
    }

    /// Changes asked for over HTTP.
    async fn patch(
        &mut self,
        twins: Twins,
        changes: usize,
        connections: Vec<Connection>,
    ) -> Result<(Duration, Vec<Connection>)> {
        let first = self.changes;
        self.changes += changes;
        let at = self.runtime.clock.now();
        let requests = |writer: usize| {
            let numbers = (writer..changes).step_by(CONNECTIONS).map(|number| first + number);
            let requests = numbers.map(|number| {
                let (id, patch) = self.population.patch(number, twins, at);
                let target = format!("/digitaltwins/{id}?{API_VERSION}");
                let kind = "application/json-patch+json";
                Bytes::from(request("PATCH", &target, &self.token, kind, &patch.to_string()))
            });
            requests.collect::<Vec<_>>()
        };
        ask_all(connections, requests).await
    }

    /// The plain file, as many bytes in batches of the same size: events per second.
    fn refer(&mut self, events: usize, batch: f64, bytes: usize) -> Result<f64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 256")]
        let batch = batch.round() as usize;
        let content = vec![b'x'; batch * bytes];
        let batches = events / batch.max(1);
        let mut took = Duration::ZERO;
        for _ in 0..batches {
            took += append(&mut self.reference, &content)?;
        }
        Ok(rate(batches * batch, took))
    }

    /// The size of an event that tells of a change: the mean of the newest ones.
    async fn event_bytes(&self) -> Result<usize> {
        let broker = &self.runtime.broker;
        let (mut bytes, mut events) = (0, 0);
        for (partition, end) in broker.ends(twin_engine::TOPIC).await? {
            let from = end.saturating_sub(SEEN_EVENTS as u64);
            for record in broker.read(twin_engine::TOPIC, partition, from, SEEN_EVENTS).await? {
                let headers = record.headers.iter().map(|(name, value)| name.len() + value.len());
                bytes += headers.sum::<usize>() + record.value.len();
                bytes += record.key.map_or(0, |key| key.len());
                events += 1;
            }
        }
        if events == 0 {
            bail!("the log has no event of a change");
        }
        Ok(bytes / events)
    }

    async fn compare_reads(&self, twins: usize, amount: Amount) -> Result<Line> {
        let Amount { rounds, requests, .. } = amount;
        let (known, bare) = self.bare().await?;
        let mut of_engine = self.connections(self.address).await?;
        let mut of_bare = self.connections(bare).await?;
        let reads = |reader: usize| {
            let numbers = (reader..requests).step_by(CONNECTIONS);
            let reads = numbers.map(|number| self.read(number));
            reads.collect::<Vec<_>>()
        };
        let (mut rates, mut references) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let mut times = [Duration::ZERO; 2];
            // Who begins takes turns.
            for turn in [round % 2, (round + 1) % 2] {
                if turn == 0 {
                    (times[0], of_engine) = ask_all(of_engine, reads).await?;
                } else {
                    (times[1], of_bare) = ask_all(of_bare, reads).await?;
                }
            }
            if 0 < round {
                rates.push(rate(requests, times[0]));
                references.push(rate(requests, times[1]));
            }
        }
        let (rate, reference) = (median(rates), median(references));
        Ok(Line {
            what: format!("twins, {twins}: reads over HTTP"),
            measured: format!(
                "{rate:.0} reads/s on {CONNECTIONS} connections, a bare handler {reference:.0} \
                 ({known} bytes)"
            ),
            value: rate / reference,
            unit: "",
            target: Target::AtLeast(0.5),
        })
    }

    fn read(&self, number: usize) -> Bytes {
        let target = format!("/digitaltwins/{}?{API_VERSION}", self.population.room(number));
        Bytes::from(request("GET", &target, &self.token, "application/json", ""))
    }

    /// A handler that gives the bytes of one room to whoever asks: how many, and where.
    async fn bare(&self) -> Result<(usize, SocketAddr)> {
        let mut connection = Connection::open(self.address).await?;
        let room = Bytes::copy_from_slice(connection.ask(&self.read(0)).await?.accepted()?.body);
        let known = room.len();
        let answer = move || {
            let room = room.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], room) }
        };
        let app = Router::new().route("/digitaltwins/{id}", get(answer));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| {
            // Costs speed and nothing else.
            let _refused = stream.set_nodelay(true);
        });
        let shutdown = self.runtime.shutdown.clone();
        self.runtime.tasks.spawn("bare handler", async move {
            let server = axum::serve(listener, app)
                .with_graceful_shutdown(async move { shutdown.requested().await });
            if let Err(error) = server.await {
                say(&format!("the bare handler failed: {error}"));
            }
        });
        Ok((known, address))
    }

    /// Every query that the services of the block ask, each as the engine answers it: parsed, run
    /// off the threads that serve, one at a time.
    async fn queries(&self, twins: usize, amount: Amount) -> Result<Line> {
        let mut found = Vec::new();
        for (name, query) in population::QUERIES {
            let mut times = Vec::with_capacity(amount.questions);
            for question in 0..amount.questions {
                let text = query(&self.population.unit(question));
                let begun = Instant::now();
                let query = parse(&text)?;
                let run = move |graph: &_| query.run(graph, None, MAX_PAGE_SIZE);
                let page = self.engine.read_long(run).await??;
                times.push(begun.elapsed().as_secs_f64() * 1_000.0);
                if page.rows.len() != 1 {
                    bail!("{text} found {} rows", page.rows.len());
                }
            }
            found.push((name, p99(times.clone()), median(times)));
        }
        let each: Vec<_> = found
            .iter()
            .map(|(name, p99, median)| format!("{name} {p99:.3} (median {median:.3})"))
            .collect();
        Ok(Line {
            what: format!("twins, {twins}: slowest query of the block, p99"),
            measured: format!("in process, ms: {}", each.join(", ")),
            value: found.iter().map(|(_, p99, _)| *p99).fold(0.0, f64::max),
            unit: " ms",
            target: Target::AtMost(1.0),
        })
    }

    async fn close(self) -> Result<()> {
        let Self { runtime, hands, engine, close: end, serving, .. } = self;
        hands.shut_down();
        drop((engine, end));
        all(serving).await?;
        close(runtime).await;
        Ok(())
    }
}

/// Changes and commits that the engines of this process have counted so far.
fn commits() -> Result<(f64, f64)> {
    let metrics = chiron_chassis::metrics::render();
    let counted = |name: &str| -> Result<f64> {
        let mut lines = metrics.lines().filter(|line| line.starts_with(name));
        let line = lines.next().and_then(|line| line.rsplit(' ').next());
        Ok(line.with_context(|| format!("{name} is not counted"))?.parse()?)
    };
    Ok((counted("chiron_twin_engine_changes_total")?, counted("chiron_twin_engine_commits_total")?))
}
