//! What was found, as a person reads it: on the terminal and in `RESULTS.md`.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use crate::machine::Machine;

/// Prints while measuring, since that takes minutes.
#[expect(clippy::print_stdout, reason = "the one place of this tool that prints")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// What is promised of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing: for comparison.
    None,
}

/// One row of the results.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) what: String,
    /// What was measured, in words and absolute figures.
    pub(crate) measured: String,
    /// What is judged.
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
}

impl Line {
    /// Whether the target is met; `None` without one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::AtLeast(least) => Some(least <= self.value),
            Target::AtMost(most) => Some(self.value <= most),
            Target::None => None,
        }
    }

    fn judged(&self) -> String {
        format!("{:.*}{}", self.digits(), self.value, self.unit)
    }

    fn digits(&self) -> usize {
        if self.value.abs() < 10.0 { 2 } else { 0 }
    }

    fn promised(&self) -> String {
        match self.target {
            Target::AtLeast(least) => format!("≥ {least}{}", self.unit),
            Target::AtMost(most) => format!("≤ {most}{}", self.unit),
            Target::None => "–".to_owned(),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "–",
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (judged, promised) = (self.judged(), self.promised());
        write!(f, "{:44} {judged:>9}  target {promised:9}  {}", self.what, self.measured)
    }
}

/// The middle one, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => 0.0,
    }
}

/// The value that 99 of 100 do not exceed; 0 of nothing.
pub(crate) fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * 99).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// A count among measured values.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// How often in a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    number(count) / time.as_secs_f64()
}

/// `RESULTS.md`.
pub(crate) fn document(machine: &Machine, lines: &[Line]) -> String {
    let mut text = format!(
        "# Results of `cargo xtask bench`\n\n\
         Written by the command; do not edit.\n\n{machine}\n\
         ## Measured\n\n\
         | What | Measured | Value | Target | |\n|---|---|---|---|---|\n"
    );
    for line in lines {
        let Line { what, measured, .. } = line;
        let (judged, promised, verdict) = (line.judged(), line.promised(), line.verdict());
        // Writing to a `String` cannot fail.
        let _infallible =
            writeln!(text, "| {what} | {measured} | {judged} | {promised} | {verdict} |");
    }
    text.push_str(
        "\n## How\n\n\
         The event log: one publisher publishes batches one after the other, each acknowledged only \
         when it is on the disk, and takes turns with a reference on the same disk that appends the \
         same bytes to a file and calls `fdatasync` after each batch.\n\
         An event has a value of 256 bytes, a key and the headers of CloudEvents 1.0, and the \
         reference appends all of these bytes; both sides get their batch ready made.\n\
         Both figures are medians over the rounds, the value is the ratio of the two.\n\
         It depends on the disk: the slower its fsync, the less the rest counts, and the nearer the \
         ratio comes to 1.\n\n\
         Twins: operating rooms with their actuators, technologies, patients, processes and bookings \
         in the block's own models, related as in a block.\n\
         An update sets one property of a room or a patient with the instant of its observation; 64 \
         writers wait for theirs to be durable, at the engine's interface in process or on as many \
         connections, while the relay tells each change to the event log.\n\
         The reference appends the bytes of the changes' events to a file in batches of as many as \
         the engine had to a commit, with `fdatasync` after each.\n\
         Reads take turns with a handler on a listener of its own that returns the bytes of one \
         room to whoever asks; its client is the same and runs in the same process, as do both \
         servers.\n\
         Queries are those that the block's services ask, one at a time, each over other twins.\n\n\
         Live stream: sensors patch rooms of a running `chiron up` over 64 connections, each change \
         at its time whether or not those before it were answered, and a listener on \
         `/api/v1/obd/live` recognises each by its value; the time is from when the change was sent, \
         or due, until its line was read.\n\
         A change is made durable three times on its way: in the twin engine, in the log as a change \
         of a twin, and in the log as an event of the block.\n\
         The reference is one event appended to a file and `fdatasync`; it takes turns with the \
         stream, so it has the disk for itself.\n\n\
         Who is where: passages recorded through staff tracking's own recording into its own store; \
         the value is the worst ratio of the four questions between the two histories.\n\n\
         Report: a surgery with six vital signs every second and three rooms measured every five, \
         made in process from its samples to the stored report, and by the service from the event \
         that the process has ended until its route answers, looked at every 10 ms.\n\
         The services around it have their answers ready.\n\n\
         Start: from the moment at which `chiron up --no-simulation` is started until `/health/ready` \
         of every listener has answered 200; on an empty data folder, which includes making every \
         database, key and account, and once more on the folder that the first run has left.\n\
         The median of several runs.\n\n\
         Memory: resident memory (`VmRSS`) of the one process with all services, 10 s after it was \
         ready.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expected) in
            [(vec![], 0.0), (vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 3.0], 2.5)]
        {
            assert!((median(values) - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn one_of_a_hundred_may_exceed_the_99th_percentile() {
        let upto = |last: usize| (1..=last).map(number).collect::<Vec<_>>();
        for (values, expected) in
            [(vec![], 0.0), (upto(1), 1.0), (upto(99), 99.0), (upto(100), 99.0), (upto(200), 198.0)]
        {
            assert!((p99(values) - expected).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn a_target_is_met_or_not() {
        let line = |value, target| Line {
            what: "x".to_owned(),
            measured: "y".to_owned(),
            value,
            unit: " s",
            target,
        };
        assert_eq!(line(0.5, Target::AtLeast(0.5)).is_met(), Some(true));
        assert_eq!(line(0.4, Target::AtLeast(0.5)).verdict(), "**not met**");
        assert_eq!(line(1.0, Target::AtMost(1.0)).promised(), "≤ 1 s");
        assert_eq!(line(1.01, Target::AtMost(1.0)).is_met(), Some(false));
        assert_eq!(line(1.0, Target::None).is_met(), None);
    }
}
