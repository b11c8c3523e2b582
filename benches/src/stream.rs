//! From a sensor's change to the value on a dashboard's stream, through the binary that people get.
//!
//! Sensors patch room twins over HTTP, a thousand times a second in all; a block manager listens
//! to `/api/v1/obd/live`. Each change has a value of its own, so that it is recognised on the
//! stream. On its way a change is made durable three times: in the twin engine's database, in the
//! event log as a change of a twin, and once more in the log as an event of the block, which the
//! event gateway translates it into; the API gateway follows the log and writes nothing.
//!
//! The reference is what one of these hops costs at least: one such event appended to a plain
//! file, and `fdatasync`.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chiron_chassis::Service;
use chiron_clock::{Clock, instant};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http::{CONNECTIONS, Connection, request};
use crate::log::append;
use crate::results::{Line, Target, median, number, p99, say};
use crate::start::{Hospital, PORT_OFFSET};

const ROOMS: usize = 12;
/// Size of the event of a change, as it lies in the log.
const EVENT_BYTES: usize = 480;
/// Durable writes between the sensor and the stream; see above.
const HOPS: usize = 3;
/// How long the last values of a round may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";

/// How much is measured.
#[derive(Clone, Copy)]
struct Amount {
    rounds: usize,
    /// Changes of a round.
    changes: usize,
    /// Changes per second.
    rate: u32,
}

/// Measures through a running hospital.
pub(crate) fn measure(binary: &Path, folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let amount = if smoke {
        Amount { rounds: 1, changes: 50, rate: 100 }
    } else {
        Amount { rounds: 5, changes: 6_000, rate: 1_000 }
    };
    let data = folder.join("stream-data");
    let hospital = Hospital::start(binary, &data)?;
    let file = folder.join("stream-reference");
    let reference = OpenOptions::new().create_new(true).append(true).open(file)?;
    let line = runtime.block_on(compare(&data, reference, amount))?;
    say(&line.to_string());
    hospital.stop()?;
    Ok(vec![line])
}

async fn compare(data: &Path, mut reference: File, amount: Amount) -> Result<Line> {
    let Amount { rounds, changes, rate } = amount;
    let Tokens { device, manager } = prepare(data).await?;
    let mut stream = Stream::open(&manager).await?;
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address(Service::TwinEngine)).await?);
    }
    let (mut of_stream, mut of_reference, mut medians) = (Vec::new(), Vec::new(), Vec::new());
    // The first round meets rooms that were never measured and is not counted.
    for round in 0..=rounds {
        let mut probe = || -> Result<f64> {
            let event = [b'x'; EVENT_BYTES];
            let times = (0..changes.min(1_000)).map(|_| append(&mut reference, &event));
            let times = times.map(|time| Ok(ms(time?))).collect::<Result<Vec<_>>>()?;
            Ok(p99(times))
        };
        let first = round * changes;
        // Who begins takes turns.
        let before = if round % 2 == 1 { Some(probe()?) } else { None };
        let sending = send(connections, &device, first, changes, rate);
        let (sent, received) = tokio::join!(sending, stream.values(first, changes));
        let (sent, back) = sent?;
        connections = back;
        let received = received?;
        let times: Vec<f64> = sent
            .iter()
            .zip(&received)
            .map(|(sent, received)| ms(received.saturating_duration_since(*sent)))
            .collect();
        let probed = match before {
            Some(probed) => probed,
            None => probe()?,
        };
        if 0 < round {
            medians.push(median(times.clone()));
            of_stream.push(p99(times));
            of_reference.push(probed);
        }
    }
    let (found, reference) = (median(of_stream), median(of_reference));
    Ok(Line {
        what: format!("sensor to live stream at {rate}/s, p99"),
        measured: format!(
            "{found:.1} ms (median {:.1} ms) with {HOPS} durable hops on the way, one append and \
             fdatasync {reference:.2} ms",
            median(medians)
        ),
        value: found / reference,
        unit: "×",
        target: Target::AtMost(8.0),
    })
}

struct Tokens {
    device: String,
    manager: String,
}

/// Makes rooms and somebody who may see them, and signs both in.
async fn prepare(data: &Path) -> Result<Tokens> {
    let accounts: Value = serde_json::from_slice(&std::fs::read(data.join("accounts.json"))?)?;
    let secret = |path: &str| text(&accounts, path);
    let (admin, device) = (secret("/people/admin")?, secret("/clients/simulator")?);
    let sign_in = json!({"userId": "admin", "password": admin});
    let session = post(Service::GatewayBlock, "/api/v1/obd/auth", "", &sign_in).await?;
    let token = text(&session, "/accessToken")?;
    // Any password will do, and this one is good.
    let manager = json!({
        "userId": "bench-manager", "password": &admin, "roles": ["block-manager"],
    });
    post(Service::UserManagement, "/api/v1/users", &token, &manager).await?;
    for number in 0..ROOMS {
        let room = json!({
            "id": format!("room-{number}"), "name": format!("Room {number}"),
            "zoneId": "zone-1", "type": "OPERATING_ROOM",
        });
        post(Service::BuildingManagement, "/api/v1/rooms", &token, &room).await?;
    }
    let sign_in = json!({"userId": "bench-manager", "password": &admin});
    let session = post(Service::GatewayBlock, "/api/v1/obd/auth", "", &sign_in).await?;
    let form = format!("grant_type=client_credentials&client_id=simulator&client_secret={device}");
    let form_type = "application/x-www-form-urlencoded";
    let account = ask(Service::GatewayBlock, "/oauth2/token", "", form_type, &form).await?;
    Ok(Tokens {
        device: text(&account, "/access_token")?,
        manager: text(&session, "/accessToken")?,
    })
}

async fn post(service: Service, path: &str, token: &str, body: &Value) -> Result<Value> {
    ask(service, path, token, JSON, &body.to_string()).await
}

/// Posts, and gives the answer; `null` when it is empty.
async fn ask(
    service: Service,
    path: &str,
    token: &str,
    content_type: &str,
    body: &str,
) -> Result<Value> {
    let mut connection = Connection::open(address(service)).await?;
    let answer = connection.ask(&request("POST", path, token, content_type, body)).await?;
    let answer = answer.accepted().with_context(|| format!("asking for {path}"))?;
    Ok(if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(answer.body)? })
}

fn text(value: &Value, path: &str) -> Result<String> {
    let found = value.pointer(path).and_then(Value::as_str);
    Ok(found.with_context(|| format!("there is no {path}"))?.to_owned())
}

fn address(service: Service) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, service.default_port() + PORT_OFFSET).into()
}

/// Sends the numbered changes at their rate, each at its time, and says when each was sent: when
/// it was due, if the answer before it had not come by then.
async fn send(
    connections: Vec<Connection>,
    token: &str,
    first: usize,
    changes: usize,
    rate: u32,
) -> Result<(Vec<Instant>, Vec<Connection>)> {
    let pause = Duration::from_secs(1) / rate;
    let begins = Instant::now() + Duration::from_millis(100);
    let token: Arc<str> = token.into();
    let mut senders = JoinSet::new();
    for (sender, mut connection) in connections.into_iter().enumerate() {
        let token = Arc::clone(&token);
        senders.spawn(async move {
            let clock = Clock::system();
            let mut sent = Vec::with_capacity(changes / CONNECTIONS + 1);
            for number in (sender..changes).step_by(CONNECTIONS) {
                let due = begins + pause * u32::try_from(number)?;
                let is_early = Instant::now() < due;
                tokio::time::sleep_until(due.into()).await;
                let change = change(first + number, &token, &instant::write(clock.now()));
                sent.push((number, if is_early { Instant::now() } else { due }));
                connection.ask(&change).await?.accepted()?;
            }
            anyhow::Ok((sent, connection))
        });
    }
    let mut sent = vec![begins; changes];
    let mut back = Vec::with_capacity(CONNECTIONS);
    while let Some(ended) = senders.join_next().await {
        let (times, connection) = ended.context("a sender panicked")??;
        for (number, at) in times {
            if let Some(sent) = sent.get_mut(number) {
                *sent = at;
            }
        }
        back.push(connection);
    }
    Ok((sent, back))
}

/// The request that tells of the numbered change. Its value is its number, in thousandths.
fn change(number: usize, token: &str, at: &str) -> Vec<u8> {
    let (room, value) = (number % ROOMS, self::number(number) / 1_000.0);
    let patch = json!([
        {"op": "add", "path": "/temperature", "value": value},
        {"op": "add", "path": "/$metadata/temperature/sourceTime", "value": at},
    ]);
    let target = format!("/digitaltwins/room-{room}?api-version=2023-10-31");
    request("PATCH", &target, token, "application/json-patch+json", &patch.to_string())
}

/// A dashboard's stream.
struct Stream(BufReader<TcpStream>);

impl Stream {
    /// Opens it, and returns when it has begun.
    async fn open(token: &str) -> Result<Self> {
        let connection = Connection::open(address(Service::GatewayBlock)).await?;
        // In HTTP/1.0 the body is the bytes that come, in no chunks.
        let request = format!(
            "GET /api/v1/obd/live?kind=room HTTP/1.0\r\nhost: localhost\r\n\
             authorization: Bearer {token}\r\n\r\n"
        );
        let mut stream = Self(BufReader::new(connection.follow(request.as_bytes()).await?));
        let status = stream.line().await?;
        if !status.contains(" 200 ") {
            bail!("the stream was answered {status}");
        }
        while !stream.line().await?.is_empty() {}
        Ok(stream)
    }

    /// When each of the numbered changes came, once all have come.
    async fn values(&mut self, first: usize, changes: usize) -> Result<Vec<Instant>> {
        let mut seen: Vec<Option<Instant>> = vec![None; changes];
        let mut missing = changes;
        while 0 < missing {
            let line = tokio::time::timeout(PATIENCE, self.line());
            let line = line.await.with_context(|| format!("{missing} values did not come"))??;
            if line == "event: gap" {
                bail!("the stream has a gap");
            }
            let Some(data) = line.strip_prefix("data: ") else { continue };
            let Some(number) = number_of(data)?.checked_sub(first) else { continue };
            if let Some(seen) = seen.get_mut(number)
                && seen.is_none()
            {
                *seen = Some(Instant::now());
                missing -= 1;
            }
        }
        Ok(seen.into_iter().flatten().collect())
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            bail!("the stream ended");
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

/// The number of the change that an event tells.
fn number_of(event: &str) -> Result<usize> {
    let event: Value = serde_json::from_str(event)?;
    let value = event.pointer("/data/temperatureValue").and_then(Value::as_f64);
    let value = value.with_context(|| format!("no temperature in {event}"))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "thousandths of it"
    )]
    let number = (value * 1_000.0).round() as usize;
    Ok(number)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_recognised_by_its_value() {
        for number in [0, 1, 999, 35_999] {
            let value = super::number(number) / 1_000.0;
            let event = json!({"key": "TEMPERATURE_EVENT", "data": {"temperatureValue": value}});
            assert_eq!(number_of(&event.to_string()).expect("a number"), number);
        }
        assert!(number_of("{}").is_err());
    }
}
