//! What was compared, and what differed.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;

/// Decimals are compared within this, relative to their size.
const TOLERANCE: f64 = 1e-6;
/// Differences that are printed; the rest is counted.
const PRINTED: usize = 200;

/// Prints a line.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Found {
    differences: Vec<String>,
    compared: BTreeMap<String, u64>,
    due: BTreeMap<String, u64>,
    reports: Vec<Value>,
}

impl Found {
    /// Notes a difference.
    pub(crate) fn differs(&mut self, place: &str, what: impl AsRef<str>) {
        self.differences.push(format!("{place}: {}", what.as_ref()));
    }

    /// How many differences were noted.
    pub(crate) fn count(&self) -> usize {
        self.differences.len()
    }

    /// Takes over the differences of a part.
    pub(crate) fn absorb(&mut self, part: Self) {
        self.differences.extend(part.differences);
    }

    /// Keeps a report as it was answered.
    pub(crate) fn keep(&mut self, report: Value) {
        self.reports.push(report);
    }

    /// Every report as it was answered, for comparing runs with each other.
    pub(crate) fn reports(&self) -> String {
        let lines: Vec<String> = self.reports.iter().map(Value::to_string).collect();
        lines.join("\n")
    }

    /// Counts facts of a kind as compared.
    pub(crate) fn compared(&mut self, kind: &str, count: usize) {
        *self.compared.entry(kind.to_owned()).or_insert(0) += count as u64;
    }

    /// Says how many facts of a kind the journal has.
    pub(crate) fn due(&mut self, kind: &str, count: usize) {
        self.due.insert(kind.to_owned(), count as u64);
    }

    /// Compares two values: objects by the expected fields (others are the product's own), lists
    /// entry by entry, decimals within the tolerance.
    pub(crate) fn same(&mut self, place: &str, expected: &Value, actual: &Value) {
        match (expected, actual) {
            (Value::Object(expected), Value::Object(fields)) => {
                for (name, value) in expected {
                    let place = format!("{place}.{name}");
                    match fields.get(name) {
                        Some(actual) => self.same(&place, value, actual),
                        None => self.differs(&place, format!("missing, expected {value}")),
                    }
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                if expected.len() != actual.len() {
                    let (e, a) = (expected.len(), actual.len());
                    self.differs(place, format!("{a} entries, expected {e}"));
                }
                for (nth, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                    self.same(&format!("{place}[{nth}]"), expected, actual);
                }
            }
            (Value::Number(_), Value::Number(_)) => {
                let (Some(e), Some(a)) = (expected.as_f64(), actual.as_f64()) else { return };
                if (e - a).abs() > TOLERANCE * e.abs().max(1.0) {
                    self.differs(place, format!("{actual}, expected {expected}"));
                }
            }
            _ if expected == actual => {}
            _ => self.differs(place, format!("{actual}, expected {expected}")),
        }
    }

    /// Prints everything; whether nothing differed and nothing was passed over.
    pub(crate) fn conclude(mut self) -> bool {
        for (kind, due) in self.due.clone() {
            let compared = self.compared.get(&kind).copied().unwrap_or(0);
            if compared < due {
                self.differs(&kind, format!("{compared} of {due} facts were compared"));
            }
        }
        let counts: Vec<String> =
            self.compared.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        say(&format!("compared: {}", counts.join(", ")));
        for difference in self.differences.iter().take(PRINTED) {
            say(&format!("DIFFERENCE {difference}"));
        }
        say(&format!("{} differences", self.differences.len()));
        self.differences.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expected: &Value, actual: &Value, differences: usize) {
        let mut found = Found::default();
        found.same("x", expected, actual);
        assert_eq!(found.differences.len(), differences, "{:?}", found.differences);
    }

    #[test]
    fn extra_fields_are_the_products_own_and_everything_else_counts() {
        check(&json!({"a": 1}), &json!({"a": 1, "b": 2}), 0);
        check(&json!({"a": 1, "b": 2}), &json!({"a": 1}), 1);
        check(&json!([1, 2]), &json!([1, 2, 3]), 1);
        check(&json!(1.000_000_01), &json!(1), 0);
        check(&json!(1.001), &json!(1), 1);
        check(&json!(null), &json!(0), 1);
    }

    #[test]
    fn a_kind_that_was_passed_over_is_a_difference() {
        let mut found = Found::default();
        found.due("vital", 2);
        found.compared("vital", 1);
        assert!(!found.conclude());
    }
}
