//! What was found, as a person reads it: on the terminal and in `RESULTS.md`.

use std::fmt;
use std::fmt::Write as _;

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
