//! The truth journal, read: acknowledged facts in event order.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde_json::Value;

/// One fact that the product acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) t: Timestamp,
    /// The clock when it had been told.
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    /// The whole line.
    pub(crate) line: Value,
    pub(crate) late: bool,
    /// Position of its acknowledgement: of two with one property and time the later counts.
    pub(crate) nth: usize,
}

impl Fact {
    /// A text field; empty when there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.line.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text field that may be null or absent.
    pub(crate) fn option(&self, field: &str) -> Option<String> {
        self.line.get(field).and_then(Value::as_str).map(str::to_owned)
    }

    pub(crate) fn value(&self, field: &str) -> Value {
        self.line.get(field).cloned().unwrap_or(Value::Null)
    }
}

/// All that the product was told.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Ascending by time; of one instant in the order of acknowledgement.
    pub(crate) facts: Vec<Fact>,
    pub(crate) epoch: Timestamp,
    pub(crate) end: Timestamp,
    /// Nominal seconds between two samples, by quantity.
    pub(crate) periods: BTreeMap<String, i64>,
}

pub(crate) fn instant(text: &str) -> Result<Timestamp> {
    text.parse().with_context(|| format!("{text:?} is no instant"))
}

/// The written form: UTC with three fraction digits.
pub(crate) fn written(at: Timestamp) -> String {
    format!("{at:.3}")
}

impl Journal {
    /// Reads the journal. Facts that were never acknowledged may or may not have happened: after a
    /// run that came to its end there are none.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let (mut announced, mut acknowledged) = (HashMap::new(), HashMap::new());
        for (nth, line) in text.lines().enumerate() {
            let line: Value = serde_json::from_str(line)
                .with_context(|| format!("line {} of the journal", nth + 1))?;
            let id = line.get("id").and_then(Value::as_str).context("a line without id")?;
            let acked = line.get("ack").and_then(Value::as_bool) == Some(true);
            let into = if acked { &mut acknowledged } else { &mut announced };
            into.insert(id.to_owned(), (nth, line));
        }
        // What the product does by itself may be cut off by its end; it tries again under a new id.
        let by_itself =
            |line: &Value| matches!(line["kind"].as_str(), Some("command" | "actuator_state"));
        let open = announced
            .iter()
            .filter(|(id, (_, line))| !acknowledged.contains_key(*id) && !by_itself(line))
            .count();
        ensure!(open == 0, "{open} facts were sent and never acknowledged");
        let mut facts = Vec::new();
        for (nth, line) in acknowledged.into_values() {
            if line.get("expected").is_some() {
                continue;
            }
            let t = instant(line.get("t").and_then(Value::as_str).unwrap_or_default())?;
            let at = line.get("at").and_then(Value::as_str).map_or(Ok(t), instant)?;
            let kind = line.get("kind").and_then(Value::as_str).context("a line without kind")?;
            let late = line.get("late").and_then(Value::as_bool) == Some(true);
            facts.push(Fact { t, at, kind: kind.to_owned(), late, nth, line });
        }
        facts.sort_by_key(|fact| (fact.t, fact.nth));
        let run = facts.iter().find(|fact| fact.kind == "run").context("no line of kind run")?;
        let periods = run
            .value("periodSeconds")
            .as_object()
            .context("run without periodSeconds")?
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_i64()?)))
            .collect();
        let (epoch, end) = (instant(run.text("epoch"))?, instant(run.text("end"))?);
        Ok(Self { facts, epoch, end, periods })
    }

    /// Facts of one kind.
    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.kind == kind)
    }

    /// How many facts of each kind there are.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for fact in &self.facts {
            *counts.entry(fact.kind.clone()).or_insert(0) += 1;
        }
        counts
    }
}
