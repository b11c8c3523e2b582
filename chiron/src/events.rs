//! `chiron events`: a look into the event log, and the one change that a person may make to it.
//!
//! Looking works beside running services, since the log's file is only read. A replay writes, and a
//! log has one writer, so it asks for the services to be stopped; a way through them was rejected
//! because a replay belongs to a moment in which nobody reads on.
//!
//! Events are printed as JSON lines, for `jq` and `grep` as much as for eyes.

use std::collections::{BTreeMap, VecDeque};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chiron_broker::{
    Broker, BrokerError, DEAD_LETTERS_SUFFIX, Headers, LogReader, LogSettings, OpenError, Record,
};
use chiron_clock::{Clock, instant};
use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::cli::{EventsArgs, EventsCommand};
use crate::settings::Settings;
use crate::show;

/// How often `tail` looks for more.
const POLL: Duration = Duration::from_millis(200);

/// Records read from one partition at a time.
const BATCH: usize = 256;

/// Runs one of the commands of `chiron events`.
///
/// # Errors
///
/// There is no event log in the data folder, a name is not known in it, or services are running
/// while it is to be changed.
pub(crate) async fn run(settings: &Settings, args: EventsArgs) -> Result<ExitCode> {
    settings.events.in_the_log()?;
    match obey(settings, args.command, &|line| show::piped(line)).await {
        Err(err) if show::is_closed_pipe(&err) => Ok(ExitCode::SUCCESS),
        outcome => outcome.map(|()| ExitCode::SUCCESS),
    }
}

/// Does what was asked, giving each line to `print`, and stops at the first that is not taken.
async fn obey(
    settings: &Settings,
    command: EventsCommand,
    print: &impl Fn(&str) -> std::io::Result<()>,
) -> Result<()> {
    match command {
        EventsCommand::Tail { topic, from, no_follow } => {
            let view = look(&path(settings))?;
            let from = from.as_deref().map(parse).transpose()?;
            // Who does not wait for what comes wants what is there.
            let otherwise = if no_follow { Start::Beginning } else { Start::Now };
            let topics = topic.map_or(Topics::All, Topics::One);
            let mut tail = Tail::new(view, topics, from.map_or(otherwise, Start::Instant))?;
            loop {
                tail.print(|line| Ok(print(&line)?))?;
                if no_follow {
                    break;
                }
                tokio::time::sleep(POLL).await;
            }
        }
        EventsCommand::DeadLetters { topic } => {
            let view = look(&path(settings))?;
            let count = dead_letters(view, topic.as_deref(), |line| Ok(print(&line)?))?;
            if count == 0 && std::io::stdout().is_terminal() {
                print("No dead letters: everything could be handled.")?;
            }
        }
        EventsCommand::Replay { group, topic, from } => {
            let from = from.as_deref().map(parse).transpose()?;
            for line in replay(settings, &group, &topic, from).await? {
                print(&line)?;
            }
        }
    }
    Ok(())
}

fn path(settings: &Settings) -> PathBuf {
    settings.log_path()
}

fn look(path: &Path) -> Result<LogReader> {
    if !path.exists() {
        bail!(
            "there is no event log {}; `chiron up` makes one, and --data names another folder",
            path.display()
        );
    }
    Ok(LogReader::open(path)?)
}

fn parse(text: &str) -> Result<Timestamp> {
    instant::parse(text).with_context(|| format!("--from {text}"))
}

/// Fails, naming what there is, unless `name` is among it.
fn expect_known(what: &str, name: &str, known: &[String]) -> Result<()> {
    if known.iter().any(|k| k == name) {
        return Ok(());
    }
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    bail!("there is no {what} {name}; there are: {known}")
}

/// Where a tail begins.
#[derive(Debug, Clone, Copy)]
enum Start {
    Beginning,
    Now,
    Instant(Timestamp),
}

/// What is read: also topics that come later.
#[derive(Debug)]
enum Topics {
    All,
    AllDeadLetters,
    One(String),
}

/// A reading of some topics, in the order of time as far as they have come.
struct Tail {
    view: LogReader,
    topics: Topics,
    // By topic and partition.
    places: BTreeMap<(String, u32), Place>,
}

/// How far one partition was read.
#[derive(Default)]
struct Place {
    next: u64,
    waiting: VecDeque<Record>,
}

impl Tail {
    fn new(view: LogReader, topics: Topics, start: Start) -> Result<Self> {
        if let Topics::One(topic) = &topics {
            expect_known("topic", topic, &view.topics()?)?;
        }
        let mut tail = Self { view, topics, places: BTreeMap::new() };
        for topic in tail.topics()? {
            let offsets = match start {
                Start::Beginning => tail.view.starts(&topic)?,
                Start::Now => tail.view.ends(&topic)?,
                Start::Instant(at) => tail.view.offsets_at(&topic, at)?,
            };
            for (partition, next) in offsets {
                tail.places.insert((topic.clone(), partition), Place { next, ..Place::default() });
            }
        }
        Ok(tail)
    }

    fn topics(&self) -> Result<Vec<String>, BrokerError> {
        let mut known = self.view.topics()?;
        match &self.topics {
            Topics::All => {}
            Topics::AllDeadLetters => known.retain(|topic| topic.ends_with(DEAD_LETTERS_SUFFIX)),
            Topics::One(one) => known.retain(|topic| topic == one),
        }
        Ok(known)
    }

    /// Everything that was appended since the last time and until now.
    fn print(&mut self, mut line: impl FnMut(String) -> Result<()>) -> Result<()> {
        self.each(|record| line(json(&Event::of(record), &record.value)?))
    }

    /// Each record that is there and was not yet given, in the order of time: of the next records of
    /// all partitions, the oldest. A topic that came meanwhile begins at its oldest record.
    fn each(&mut self, mut give: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        let mut ends = BTreeMap::new();
        for topic in self.topics()? {
            for (partition, end) in self.view.ends(&topic)? {
                ends.insert((topic.clone(), partition), end);
            }
        }
        loop {
            for (place, end) in &ends {
                if !self.places.contains_key(place) {
                    self.places.insert(place.clone(), Place::default());
                }
                let Some(found) = self.places.get_mut(place) else { continue };
                if !found.waiting.is_empty() || *end <= found.next {
                    continue;
                }
                let (topic, partition) = place;
                let mut records = self.view.read(topic, *partition, found.next, BATCH)?;
                // What came after the ends were asked for has its turn next time, beside what came
                // to other partitions.
                records.retain(|record| record.offset < *end);
                found.next = records.last().map_or(*end, |last| last.offset + 1);
                found.waiting = records.into();
            }
            let next = self
                .places
                .values_mut()
                .filter(|place| !place.waiting.is_empty())
                .min_by_key(|place| place.waiting.front().map(|record| record.appended_at));
            let Some(record) = next.and_then(|place| place.waiting.pop_front()) else {
                return Ok(());
            };
            give(&record)?;
        }
    }
}

/// Prints what could not be handled, of one source topic or of all, and answers how much it is.
fn dead_letters(
    view: LogReader,
    topic: Option<&str>,
    mut line: impl FnMut(String) -> Result<()>,
) -> Result<usize> {
    let topics = match topic {
        None => Topics::AllDeadLetters,
        Some(topic) => {
            let mut known = view.topics()?;
            let source = topic.strip_suffix(DEAD_LETTERS_SUFFIX).unwrap_or(topic);
            let letters = format!("{source}{DEAD_LETTERS_SUFFIX}");
            if !known.contains(&letters) {
                known.retain(|topic| !topic.ends_with(DEAD_LETTERS_SUFFIX));
                expect_known("topic", source, &known)?;
                return Ok(0);
            }
            Topics::One(letters)
        }
    };
    let mut count = 0;
    Tail::new(view, topics, Start::Beginning)?.each(|record| {
        count += 1;
        line(json(&DeadLetter::of(record), &record.value)?)
    })?;
    Ok(count)
}

/// Sets the group back, and answers what to tell about it. What the group has not read yet stays
/// unread: a replay from a later instant skips nothing.
async fn replay(
    settings: &Settings,
    group: &str,
    topic: &str,
    from: Option<Timestamp>,
) -> Result<Vec<String>> {
    let path = path(settings);
    let view = look(&path)?;
    expect_known("group", group, &view.groups()?)?;
    let topics = view.topics()?;
    expect_known("topic", topic, &topics)?;
    if view.committed(group, topic)?.is_empty() {
        let mut read = Vec::new();
        for other in topics {
            if !view.committed(group, &other)?.is_empty() {
                read.push(other);
            }
        }
        bail!("{group} does not read {topic}; it reads: {}", read.join(", "));
    }
    drop(view);

    let log = LogSettings::new(settings.durability.into()).with_partitions(settings.partitions);
    let broker = match Broker::open(&path, log, Clock::system()) {
        Ok(broker) => broker,
        Err(err @ OpenError::InUse { .. }) => {
            return Err(err)
                .context("services are running: stop them, then replay, then start them");
        }
        Err(err) => return Err(err.into()),
    };
    let outcome = rewind(&broker, group, topic, from).await;
    broker.close().await;
    let again = outcome?;
    let since = from.map_or("the beginning".to_owned(), instant::write);
    if again == 0 {
        return Ok(vec![format!("{group} has read nothing of {topic} since {since}.")]);
    }
    let records = if again == 1 { "1 record".to_owned() } else { format!("{again} records") };
    Ok(vec![
        format!("{group} will read {records} of {topic} again, from {since}"),
        "when the services run next.".to_owned(),
    ])
}

/// Answers how many records the group will get again.
async fn rewind(broker: &Broker, group: &str, topic: &str, from: Option<Timestamp>) -> Result<u64> {
    let wanted = match from {
        Some(at) => broker.offsets_at(topic, at).await?,
        None => broker.starts(topic).await?,
    };
    let mut offsets = BTreeMap::new();
    let mut again = 0;
    for (partition, committed) in broker.committed(group, topic).await? {
        let start = wanted.get(&partition).copied().unwrap_or(committed);
        if start < committed {
            again += committed - start;
            offsets.insert(partition, start);
        }
    }
    if again > 0 {
        broker.rewind(group, topic, &offsets).await?;
    }
    Ok(again)
}

/// An event as `tail` prints it, its value aside.
#[derive(Serialize)]
struct Event<'a> {
    topic: &'a str,
    partition: u32,
    offset: u64,
    /// When the log took it.
    #[serde(with = "instant::text")]
    time: Timestamp,
    key: Option<&'a str>,
    #[serde(serialize_with = "object")]
    headers: &'a Headers,
}

impl<'a> Event<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            topic: &record.topic,
            partition: record.partition,
            offset: record.offset,
            time: record.appended_at,
            key: record.key.as_deref(),
            headers: &record.headers,
        }
    }
}

/// A dead letter as `dead-letters` prints it, its value aside: topic, partition and offset are
/// those of the record that could not be handled. Numbers are null where they cannot be read.
#[derive(Serialize)]
struct DeadLetter<'a> {
    reason: Option<&'a str>,
    group: Option<&'a str>,
    topic: &'a str,
    partition: Option<u32>,
    offset: Option<u64>,
    /// When it was given up.
    #[serde(with = "instant::text")]
    time: Timestamp,
    key: Option<&'a str>,
}

impl<'a> DeadLetter<'a> {
    fn of(record: &'a Record) -> Self {
        let header = |name| record.headers.get(name);
        let source = record.topic.strip_suffix(DEAD_LETTERS_SUFFIX).unwrap_or(&record.topic);
        Self {
            reason: header("dead-letter-reason"),
            group: header("dead-letter-group"),
            topic: header("dead-letter-topic").unwrap_or(source),
            partition: header("dead-letter-partition").and_then(|text| text.parse().ok()),
            offset: header("dead-letter-offset").and_then(|text| text.parse().ok()),
            time: record.appended_at,
            key: record.key.as_deref(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn object<S: Serializer>(headers: &&Headers, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in headers.iter() {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// One line of JSON: `head`, which has fields, and the value as it was written, so that no number
/// loses a digit and no field its place. What is not JSON becomes a text.
fn json(head: &impl Serialize, value: &[u8]) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(head)?;
    line.pop();
    line.push_str(",\"value\":");
    match std::str::from_utf8(value) {
        Ok(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
            // Within texts of JSON line breaks are escaped, so these only lay it out.
            line.push_str(&text.replace(['\n', '\r'], " "));
        }
        _ => line.push_str(&serde_json::to_string(&String::from_utf8_lossy(value))?),
    }
    line.push('}');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use chiron_broker::{Consumer, Durability, Handled, NewRecord, each};
    use chiron_clock::{Activity, Hand, Shutdown};
    use jiff::SignedDuration;
    use serde_json::Value;

    use super::*;

    const GROUP: &str = "building-management-consumer";

    struct Hospital {
        folder: tempfile::TempDir,
        settings: Settings,
        broker: Broker,
        hand: Hand,
    }

    fn minute(n: i64) -> Timestamp {
        instant::parse("2026-05-15T06:00:00Z").unwrap() + SignedDuration::from_mins(n)
    }

    impl Hospital {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let settings =
                Settings { data: folder.path().to_owned(), partitions: 2, ..Settings::default() };
            let (clock, hand) = Clock::lock_step(minute(0));
            let log = LogSettings::new(Durability::Relaxed).with_partitions(2);
            let broker = Broker::open(&path(&settings), log, clock).unwrap();
            Self { folder, settings, broker, hand }
        }

        async fn publish(&self, at_minute: i64, topic: &str, aggregate: &str, value: &str) {
            self.hand.move_to(minute(at_minute));
            let record = NewRecord {
                topic: topic.to_owned(),
                aggregate: aggregate.to_owned(),
                key: "HAPPENED".to_owned(),
                value: value.to_owned(),
                headers: Headers::new().with("ce_id", format!("e-{at_minute}")),
            };
            self.broker.publish(vec![record]).await.unwrap();
        }

        fn tail(&self, topics: Topics, start: Start) -> Tail {
            Tail::new(look(&path(&self.settings)).unwrap(), topics, start).unwrap()
        }

        fn dead_letters(&self, topic: Option<&str>) -> Result<Vec<Value>> {
            let mut lines = Vec::new();
            dead_letters(look(&path(&self.settings))?, topic, |line| {
                lines.push(line);
                Ok(())
            })?;
            Ok(lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect())
        }

        async fn run(&self, command: EventsCommand) -> Result<ExitCode> {
            run(&self.settings, EventsArgs { command }).await
        }

        /// Reads and commits all that is there.
        async fn consume(&self, topic: &str) {
            let mut subscription = self.broker.subscribe(GROUP, &[topic]).await.unwrap();
            while self.broker.lag(GROUP, &[topic]).await.unwrap() > 0 {
                let batch = subscription.next_batch(100).await.unwrap();
                subscription.commit(&batch).await.unwrap();
            }
        }
    }

    fn times(tail: &mut Tail) -> Vec<String> {
        let mut times = Vec::new();
        tail.print(|line| {
            let event: Value = serde_json::from_str(&line).unwrap();
            let time = event["time"].as_str().unwrap();
            times.push(format!("{} {}", &time[11..16], event["topic"].as_str().unwrap()));
            Ok(())
        })
        .unwrap();
        times
    }

    #[tokio::test]
    async fn nothing_is_read_for_a_reader_who_has_gone() {
        let hospital = Hospital::new();
        hospital.publish(0, "room-events", "or-1", "{}").await;
        hospital.publish(1, "room-events", "or-1", "{}").await;
        let asked = std::cell::Cell::new(0);
        let gone = |_: &str| {
            asked.set(asked.get() + 1);
            Err(std::io::ErrorKind::BrokenPipe.into())
        };
        let command = EventsCommand::Tail { topic: None, from: None, no_follow: true };
        let err = obey(&hospital.settings, command, &gone).await.unwrap_err();
        assert!(show::is_closed_pipe(&err));
        assert_eq!(asked.get(), 1);
    }

    #[tokio::test]
    async fn an_event_is_one_line_with_its_value_as_written() {
        let hospital = Hospital::new();
        hospital.publish(1, "room-events", "a", "{\"z\": 1.10,\n \"a\": \"\\n\"}").await;
        hospital.publish(2, "room-events", "a", "not JSON \"").await;
        let partition = chiron_broker::partition_of("a", 2);
        let mut lines = Vec::new();
        hospital
            .tail(Topics::All, Start::Beginning)
            .print(|line| {
                lines.push(line);
                Ok(())
            })
            .unwrap();
        let event = |offset: u32, value: &str| {
            let minute = offset + 1;
            format!(
                "{{\"topic\":\"room-events\",\"partition\":{partition},\"offset\":{offset},\
                 \"time\":\"2026-05-15T06:0{minute}:00.000Z\",\"key\":\"HAPPENED\",\
                 \"headers\":{{\"ce_id\":\"e-{minute}\"}},\"value\":{value}}}"
            )
        };
        let expected = [event(0, "{\"z\": 1.10,  \"a\": \"\\n\"}"), event(1, "\"not JSON \\\"\"")];
        assert_eq!(lines, expected);
    }

    #[tokio::test]
    async fn a_tail_is_in_the_order_of_time_and_goes_on() {
        let hospital = Hospital::new();
        for n in 0..9 {
            let topic = ["room-events", "process-events", "tracking-events"][n % 3];
            hospital.publish(n.try_into().unwrap(), topic, &format!("a{n}"), "1").await;
        }
        let mut all = hospital.tail(Topics::All, Start::Beginning);
        let told = times(&mut all);
        assert_eq!(told.len(), 9);
        assert!(told.is_sorted(), "{told:?}");
        assert!(times(&mut all).is_empty());

        let mut rooms =
            hospital.tail(Topics::One("room-events".to_owned()), Start::Instant(minute(3)));
        assert_eq!(times(&mut rooms), ["06:03 room-events", "06:06 room-events"]);
        let mut now = hospital.tail(Topics::All, Start::Now);
        assert!(times(&mut now).is_empty());

        hospital.publish(10, "room-events", "a", "1").await;
        hospital.publish(11, "surgery-report-events", "a", "1").await;
        let new = ["06:10 room-events", "06:11 surgery-report-events"];
        assert_eq!(times(&mut now), new, "a topic that came meanwhile is there too");
        assert_eq!(times(&mut all), new);
        assert_eq!(times(&mut rooms), new[..1]);
    }

    #[tokio::test]
    async fn more_than_one_reading_of_a_partition_stays_in_the_order_of_time() {
        let hospital = Hospital::new();
        let many = 2 * BATCH + 7;
        for n in 0..many {
            // Nearly all in one place, few in another.
            let topic = if n % 100 == 0 { "b" } else { "a" };
            hospital.publish(n.try_into().unwrap(), topic, "x", "1").await;
        }
        let mut told = Vec::new();
        let mut tail = hospital.tail(Topics::All, Start::Beginning);
        tail.each(|record| {
            told.push(record.appended_at);
            Ok(())
        })
        .unwrap();
        assert_eq!(told, (0..).take(many).map(minute).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn dead_letters_say_why_and_from_where() {
        let hospital = Hospital::new();
        hospital.publish(1, "room-events", "a", "{\"roomId\":\"R1\"}").await;
        hospital.publish(2, "process-events", "a", "{}").await;
        assert!(hospital.dead_letters(None).unwrap().is_empty());
        assert!(hospital.dead_letters(Some("room-events")).unwrap().is_empty());

        let (trigger, shutdown) = Shutdown::new();
        let consumer = Consumer { group: GROUP, topics: &["room-events", "process-events"] };
        let refuse = each(async |record: Record| Handled::Reject(format!("no {}", record.topic)));
        let broker = hospital.broker.clone();
        let running = consumer.run(broker, Activity::new(Clock::system()), shutdown, refuse);
        let done = async {
            while hospital.broker.lag(GROUP, &["room-events", "process-events"]).await.unwrap() > 0
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            trigger.trigger();
        };
        tokio::join!(running, done);

        assert_eq!(hospital.dead_letters(None).unwrap().len(), 2);
        for topic in ["room-events", "room-events.dead-letters"] {
            let letters = hospital.dead_letters(Some(topic)).unwrap();
            let expected = serde_json::json!([{
                "reason": "no room-events",
                "group": GROUP,
                "topic": "room-events",
                "partition": chiron_broker::partition_of("a", 2),
                "offset": 0,
                "time": "2026-05-15T06:02:00.000Z",
                "key": "HAPPENED",
                "value": {"roomId": "R1"},
            }]);
            assert_eq!(Value::from(letters), expected);
        }
        let unknown = hospital.dead_letters(Some("rooms")).unwrap_err().to_string();
        assert_eq!(unknown, "there is no topic rooms; there are: process-events, room-events");
    }

    #[tokio::test]
    async fn a_replay_takes_back_what_was_read_since_and_skips_nothing() {
        let mut hospital = Hospital::new();
        for n in 0..6 {
            hospital.publish(n, "room-events", "a", "1").await;
        }
        hospital.consume("room-events").await;
        hospital.publish(6, "room-events", "a", "1").await;
        let again = replay(&hospital.settings, GROUP, "room-events", None).await.unwrap_err();
        assert!(again.to_string().contains("services are running"), "{again:#}");

        hospital.broker.close().await;
        let replay = async |from: Option<i64>| {
            let from = from.map(minute);
            replay(&hospital.settings, GROUP, "room-events", from).await.unwrap().join(" ")
        };
        assert_eq!(
            replay(Some(4)).await,
            "building-management-consumer will read 2 records of room-events again, \
             from 2026-05-15T06:04:00.000Z when the services run next."
        );
        // From the place that it has now: all before is still to be taken back.
        assert!(replay(Some(60)).await.contains("has read nothing of room-events since"));
        assert!(replay(None).await.contains("read 4 records of room-events again, from the begin"));

        let log = LogSettings::new(Durability::Relaxed).with_partitions(2);
        hospital.broker = Broker::open(&path(&hospital.settings), log, Clock::system()).unwrap();
        assert_eq!(hospital.broker.lag(GROUP, &["room-events"]).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn what_is_not_known_is_answered_with_what_is() {
        let hospital = Hospital::new();
        let tail = |topic: Option<&str>, from: Option<&str>| EventsCommand::Tail {
            topic: topic.map(str::to_owned),
            from: from.map(str::to_owned),
            no_follow: true,
        };
        let replay = |group: &str, topic: &str| EventsCommand::Replay {
            group: group.to_owned(),
            topic: topic.to_owned(),
            from: None,
        };
        let refusal = async |command| hospital.run(command).await.unwrap_err().to_string();
        assert_eq!(
            refusal(tail(Some("t"), None)).await,
            "there is no topic t; there are: none yet"
        );

        hospital.publish(1, "room-events", "a", "1").await;
        hospital.publish(1, "process-events", "a", "1").await;
        hospital.consume("room-events").await;
        for (command, expected) in [
            (tail(Some("t"), None), "there is no topic t; there are: process-events, room-events"),
            (tail(None, Some("yesterday")), "--from yesterday"),
            (replay("g", "room-events"), &*format!("there is no group g; there are: {GROUP}")),
            (replay(GROUP, "t"), "there is no topic t; there are: process-events, room-events"),
            (
                replay(GROUP, "process-events"),
                &*format!("{GROUP} does not read process-events; it reads: room-events"),
            ),
        ] {
            assert_eq!(refusal(command).await, expected);
        }
        assert_eq!(hospital.run(tail(None, None)).await.unwrap(), ExitCode::SUCCESS);
        let letters = EventsCommand::DeadLetters { topic: None };
        assert_eq!(hospital.run(letters).await.unwrap(), ExitCode::SUCCESS);

        let nowhere = hospital.folder.path().join("nowhere");
        let settings = Settings { data: nowhere.clone(), ..hospital.settings.clone() };
        let refused = run(&settings, EventsArgs { command: tail(None, None) }).await.unwrap_err();
        assert!(refused.to_string().contains("there is no event log"), "{refused:#}");
        assert!(!nowhere.exists());
    }
}
