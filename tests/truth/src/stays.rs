//! Statistics of staff: how long, with whom, how many, through which doors, by plain addition.
#![expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a day are far below what a decimal holds"
)]

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::course::Process;
use crate::difference::Found;
use crate::journal::{Journal, written};
use crate::product::{Product, port};
use crate::report::Movement;

/// Somebody in a room, from an entry until the leaving or the entry elsewhere.
#[derive(Debug, Clone)]
struct Stay {
    professional: String,
    room: String,
    from: Timestamp,
    /// `None` when nobody saw them leave.
    to: Option<Timestamp>,
}

/// The stays of everybody, in the order of their beginning.
fn stays(movements: &[Movement]) -> Vec<Stay> {
    let mut all: Vec<Stay> = Vec::new();
    for movement in movements {
        let open = all
            .iter_mut()
            .rev()
            .find(|stay| stay.professional == movement.professional && stay.to.is_none());
        match open {
            // Seen entering once more: still there.
            Some(stay) if movement.enters && stay.room == movement.room => continue,
            Some(stay) if movement.enters || stay.room == movement.room => {
                stay.to = Some(movement.t);
            }
            _ => {}
        }
        if movement.enters {
            all.push(Stay {
                professional: movement.professional.clone(),
                room: movement.room.clone(),
                from: movement.t,
                to: None,
            });
        }
    }
    all
}

/// A span of time, both ends within it, and the rooms that count.
struct Span {
    from: Timestamp,
    to: Timestamp,
    rooms: BTreeSet<String>,
}

impl Span {
    /// The part of a stay within the span, in milliseconds; `None` when there is none. Who leaves at
    /// the first instant was there before; who enters at the last is there.
    fn clip(&self, stay: &Stay) -> Option<(i64, i64)> {
        let over = stay.to.is_some_and(|to| to <= self.from);
        if over || self.to < stay.from || !self.rooms.contains(&stay.room) {
            return None;
        }
        let to = stay.to.map_or(self.to, |to| to.min(self.to));
        Some((stay.from.max(self.from).as_millisecond(), to.as_millisecond()))
    }
}

/// Compares the statistics of the whole day, and of two spans that begin and end with a movement.
pub(crate) async fn of_the_day(
    journal: &Journal,
    product: &Product,
    movements: &[Movement],
    found: &mut Found,
) -> Result<()> {
    let nth = |fraction: usize| movements.get(movements.len() * fraction / 10).map(|m| m.t);
    let mut spans = vec![(journal.epoch, journal.end)];
    for (from, to) in [(2, 5), (4, 9)] {
        spans.extend(nth(from).zip(nth(to)).filter(|(from, to)| from < to));
    }
    for (from, to) in spans {
        let rooms = journal.of("room").map(|fact| fact.text("roomId").to_owned()).collect();
        let (written_from, written_to) = (written(from), written(to));
        let query = [("from", written_from.as_str()), ("to", written_to.as_str())];
        let span = Span { from, to, rooms };
        of_span(journal, product, movements, (&span, &query), found).await?;
    }
    Ok(())
}

/// Compares the statistics of a process's rooms and time, alone and cut by a span.
pub(crate) async fn of_process(
    journal: &Journal,
    product: &Product,
    movements: &[Movement],
    (process, id, end): (&Process, &str, Timestamp),
    found: &mut Found,
) -> Result<()> {
    let rooms: BTreeSet<String> = process.rooms().into_iter().map(|(room, _)| room).collect();
    let whole = Span { from: process.start, to: end, rooms: rooms.clone() };
    of_span(journal, product, movements, (&whole, &[("processId", id)]), found).await?;
    let within: Vec<Timestamp> = movements
        .iter()
        .map(|movement| movement.t)
        .filter(|t| process.start < *t && *t < end)
        .collect();
    let Some(middle) = within.get(within.len() / 2) else { return Ok(()) };
    let (from, to) = (written(*middle), written(journal.end));
    let query = [("processId", id), ("from", from.as_str()), ("to", to.as_str())];
    let cut = Span { from: *middle, to: end, rooms };
    of_span(journal, product, movements, (&cut, &query), found).await
}

async fn of_span(
    journal: &Journal,
    product: &Product,
    movements: &[Movement],
    (span, query): (&Span, &[(&str, &str)]),
    found: &mut Found,
) -> Result<()> {
    let stays = stays(movements);
    let ask = async |statistic: &str, more: Option<(&str, &str)>| -> Result<Value> {
        let path = format!("/api/v1/statistics/{statistic}");
        let mut query = query.to_vec();
        query.extend(more);
        let answer = product.get(port::STAFF, &path, &query).await?.unwrap_or(Value::Null);
        Ok(answer.get("entries").cloned().unwrap_or(Value::Null))
    };
    let place = |statistic: &str, of: &str| format!("{statistic} {of} {query:?}");
    let dwell = ask("dwell-times", None).await?;
    found.same(&place("dwell times", ""), &dwell_times(&stays, span), &dwell);
    for person in journal.of("professional").map(|fact| fact.text("healthProfessionalId")) {
        let actual = ask("co-presence", Some(("healthProfessionalId", person))).await?;
        found.same(&place("co-presence", person), &co_presence(&stays, span, person), &actual);
    }
    for room in &span.rooms {
        let actual = ask("headcount", Some(("roomId", room))).await?;
        found.same(&place("headcount", room), &headcount(&stays, span, room), &actual);
        let passages: Vec<Value> = movements
            .iter()
            .filter(|m| m.room == *room && span.from <= m.t && m.t <= span.to)
            .map(|m| {
                json!({
                    "dateTime": written(m.t), "healthProfessionalId": m.professional,
                    "trackingType": if m.enters { "ENTER" } else { "EXIT" },
                })
            })
            .collect();
        let actual = ask("door-openings", Some(("roomId", room))).await?;
        found.same(&place("door openings", room), &json!(passages), &actual);
    }
    Ok(())
}

/// By professional, then room.
fn dwell_times(stays: &[Stay], span: &Span) -> Value {
    let mut sums: BTreeMap<(&str, &str), (i64, u64)> = BTreeMap::new();
    for stay in stays {
        let Some((from, to)) = span.clip(stay) else { continue };
        let sum = sums.entry((&stay.professional, &stay.room)).or_default();
        *sum = (sum.0 + to - from, sum.1 + 1);
    }
    sums.iter()
        .map(|((professional, room), (ms, visits))| {
            json!({
                "healthProfessionalId": professional, "roomId": room,
                "seconds": *ms as f64 / 1_000.0, "visits": visits,
            })
        })
        .collect()
}

/// By the other professional, then room.
fn co_presence(stays: &[Stay], span: &Span, person: &str) -> Value {
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for mine in stays.iter().filter(|stay| stay.professional == person) {
        let Some((mine_from, mine_to)) = span.clip(mine) else { continue };
        let together = stays.iter().filter(|s| s.professional != person && s.room == mine.room);
        for other in together {
            let Some((from, to)) = span.clip(other) else { continue };
            let ms = mine_to.min(to) - mine_from.max(from);
            if 0 < ms {
                *sums.entry((&other.professional, &other.room)).or_default() += ms;
            }
        }
    }
    sums.iter()
        .map(|((professional, room), ms)| {
            json!({
                "healthProfessionalId": professional, "roomId": room,
                "seconds": *ms as f64 / 1_000.0,
            })
        })
        .collect()
}

/// How many there are at the beginning, and after each instant that changes it.
fn headcount(stays: &[Stay], span: &Span, room: &str) -> Value {
    let here = || stays.iter().filter(|stay| stay.room == room);
    let mut instants: BTreeSet<Timestamp> = BTreeSet::from([span.from]);
    let ends = here().flat_map(|stay| [Some(stay.from), stay.to]).flatten();
    instants.extend(ends.filter(|t| span.from <= *t && *t <= span.to));
    let mut entries: Vec<(Timestamp, usize)> = Vec::new();
    for t in instants {
        let inside = |stay: &&Stay| stay.from <= t && stay.to.is_none_or(|to| t < to);
        let count = here().filter(inside).count();
        if entries.last().is_none_or(|(_, before)| *before != count) {
            entries.push((t, count));
        }
    }
    entries.iter().map(|(t, count)| json!({"dateTime": written(*t), "count": count})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// A in room x from 10 to 40, B from 20 to 30 and again from 40.
    fn day() -> Vec<Stay> {
        let movement = |t, enters, professional: &str| Movement {
            t: at(t),
            enters,
            professional: professional.to_owned(),
            room: "x".to_owned(),
        };
        stays(&[
            movement(10, true, "A"),
            movement(20, true, "B"),
            movement(25, true, "B"),
            movement(30, false, "B"),
            movement(40, false, "A"),
            movement(40, true, "B"),
        ])
    }

    fn span(from: i64, to: i64) -> Span {
        Span { from: at(from), to: at(to), rooms: BTreeSet::from(["x".to_owned()]) }
    }

    fn dwelt(from: i64, to: i64) -> Vec<(String, f64, u64)> {
        let times = dwell_times(&day(), &span(from, to));
        let row = |row: &Value| {
            let person = row["healthProfessionalId"].as_str()?.to_owned();
            Some((person, row["seconds"].as_f64()?, row["visits"].as_u64()?))
        };
        times.as_array().unwrap().iter().map(|entry| row(entry).unwrap()).collect()
    }

    #[test]
    fn stays_are_clipped_and_counted() {
        let row = |person: &str, seconds: f64, visits| (person.to_owned(), seconds, visits);
        assert_eq!(dwelt(0, 100), [row("A", 30.0, 1), row("B", 70.0, 2)]);
        assert_eq!(dwelt(15, 25), [row("A", 10.0, 1), row("B", 5.0, 1)]);
        // Who leaves at the first instant does not count, who enters at the last does.
        assert_eq!(dwelt(30, 40), [row("A", 10.0, 1), row("B", 0.0, 1)]);
        assert_eq!(dwelt(40, 50), [row("B", 10.0, 1)]);
    }

    #[test]
    fn together_is_as_long_as_both_are_there() {
        let with = |from, to| {
            let rows = co_presence(&day(), &span(from, to), "A");
            rows.as_array().unwrap().first().map(|row| row["seconds"].as_f64().unwrap())
        };
        assert_eq!(with(0, 100), Some(10.0));
        assert_eq!(with(25, 100), Some(5.0));
        assert_eq!(with(30, 40), None);
    }

    #[test]
    fn a_headcount_tells_the_beginning_and_each_change() {
        let counts = |from, to| {
            let counts = headcount(&day(), &span(from, to), "x");
            let counts = counts.as_array().unwrap().clone();
            counts.iter().map(|entry| entry["count"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        // At 40 one goes and one comes: no change.
        assert_eq!(counts(0, 100), [0, 1, 2, 1]);
        assert_eq!(counts(20, 30), [2, 1]);
    }
}
