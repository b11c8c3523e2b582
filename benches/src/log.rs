//! The embedded log, as durable as it promises, against a file that only grows.
//!
//! The reference is the least that durability can cost: the same bytes, appended and brought to the
//! disk once per batch. What the log adds (order, offsets, an index, a crash-proof file) is what the
//! ratio shows.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chiron_broker::{Broker, Durability, Headers, LogSettings, NewRecord};
use chiron_clock::Clock;

use crate::results::{Line, Target, median, number, say};

/// Value of one event; its key and headers come on top, on both sides.
const VALUE_BYTES: usize = 256;

/// How many aggregates events are of, so that they go to every partition.
const AGGREGATES: usize = 32;

/// Measures batches of several sizes.
pub(crate) fn measure(folder: &Path, smoke: bool) -> Result<Vec<Line>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let (rounds, batches) = if smoke { (2, 5) } else { (15, 40) };
    let mut lines = Vec::new();
    for (size, target) in
        [(1, Target::None), (10, Target::None), (100, Target::None), (1_000, Target::AtLeast(0.5))]
    {
        let place = folder.join(format!("log-{size}"));
        std::fs::create_dir(&place)?;
        let line = runtime.block_on(compare(&place, size, target, rounds, batches))?;
        say(&line.to_string());
        lines.push(line);
    }
    Ok(lines)
}

async fn compare(
    folder: &Path,
    size: usize,
    target: Target,
    rounds: usize,
    batches: usize,
) -> Result<Line> {
    let settings = LogSettings::new(Durability::Durable);
    let broker = Broker::open(&folder.join("events.sqlite"), settings, Clock::system())?;
    let mut file =
        OpenOptions::new().create_new(true).append(true).open(folder.join("reference"))?;
    let (mut log_rates, mut raw_rates) = (Vec::new(), Vec::new());
    // The first round meets a cold log and is not counted.
    for round in 0..=rounds {
        let mut times = [Duration::ZERO; 2];
        for batch in 0..batches {
            let events = batch_of(size, (round * batches + batch) * size);
            let bytes = as_bytes(&events);
            // Who begins takes turns.
            if batch % 2 == 0 {
                times[0] += publish(&broker, events).await?;
                times[1] += append(&mut file, &bytes)?;
            } else {
                times[1] += append(&mut file, &bytes)?;
                times[0] += publish(&broker, events).await?;
            }
        }
        let [log, raw] = times;
        if 0 < round {
            let rate = |time: Duration| number(batches * size) / time.as_secs_f64();
            log_rates.push(rate(log));
            raw_rates.push(rate(raw));
        }
    }
    broker.close().await;
    let (log, raw) = (median(log_rates), median(raw_rates));
    let batch_ms = |rate: f64| number(size) / rate * 1_000.0;
    Ok(Line {
        what: format!("event log, batches of {size}"),
        measured: format!(
            "{log:.0} durable events/s ({:.2} ms a batch), reference {raw:.0} ({:.2} ms)",
            batch_ms(log),
            batch_ms(raw)
        ),
        value: log / raw,
        unit: "",
        target,
    })
}

async fn publish(broker: &Broker, batch: Vec<NewRecord>) -> Result<Duration> {
    let begun = Instant::now();
    broker.publish(batch).await.context("publishing")?;
    Ok(begun.elapsed())
}

/// The reference: what durability costs at least.
pub(crate) fn append(file: &mut File, batch: &[u8]) -> Result<Duration> {
    let begun = Instant::now();
    file.write_all(batch)?;
    file.sync_data()?;
    Ok(begun.elapsed())
}

/// Events as a room's sensor gives them.
fn batch_of(size: usize, first: usize) -> Vec<NewRecord> {
    (first..first + size).map(event).collect()
}

fn event(number: usize) -> NewRecord {
    let key = "TEMPERATURE_EVENT";
    let headers = Headers::new()
        .with("ce_specversion", "1.0")
        .with("ce_id", format!("{number:016}-000"))
        .with("ce_source", "/twin-event-gateway")
        .with("ce_type", key)
        .with("ce_time", "2026-05-15T08:10:00.123Z");
    let mut record = NewRecord {
        topic: "room-events".to_owned(),
        aggregate: format!("room-{}", number % AGGREGATES),
        key: key.to_owned(),
        value: "\"".to_owned(),
        headers,
    };
    record.value.extend(std::iter::repeat_n('x', VALUE_BYTES - 2));
    record.value.push('"');
    record
}

fn as_bytes(batch: &[NewRecord]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in batch {
        bytes.extend_from_slice(record.key.as_bytes());
        for (name, value) in record.headers.iter() {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes.extend_from_slice(record.value.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_write_the_same_bytes() {
        let batch = batch_of(100, 7);
        assert!(batch.iter().all(|record| record.value.len() == VALUE_BYTES));
        let bytes: usize = batch.iter().map(NewRecord::bytes).sum();
        assert_eq!(as_bytes(&batch).len(), bytes);
    }
}
