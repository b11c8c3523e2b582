//! How hostile a run's surroundings are.
//!
//! Each seed draws its own mixture, in which some kinds of faults are strong and others absent:
//! faults that always come together hide each other, and a bug that needs many crashes but an
//! orderly bus would never be seen in a mixture that is always the same.

use std::fmt;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// Probabilities per step, call or record; a friendly run has none of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Hostility {
    /// A step is the last one of its process.
    pub crash: f64,
    /// A process stands still for a while and then goes on as if nothing had happened.
    pub freeze: f64,
    /// A read or write takes seconds.
    pub slow: f64,
    /// A read or write is refused and changes nothing.
    pub refuse: f64,
    /// A write is done, and the answer that says so is lost.
    pub unanswered: f64,
    /// A record is seen only after a while.
    pub delay: f64,
    /// A partition stands still for minutes; thrown every two minutes.
    pub stall: f64,
    /// A record is appended twice.
    pub duplicate: f64,
    /// The newest commits of a partition are lost, and it is read again from an earlier one.
    pub redeliver: f64,
    /// A request or its answer is lost between sender and door.
    pub lose: f64,
    /// A fact is told late.
    pub late: f64,
    /// A fact is told once more, later.
    pub repeat: f64,
}

impl Hostility {
    /// Draws a mixture: each kind is absent in one of four seeds, and up to fully there in the
    /// others.
    pub fn drawn(dice: &mut ChaCha8Rng) -> Self {
        let mut draw = |most: f64| {
            if dice.random_bool(0.25) { 0.0 } else { most * dice.random_range(0.1..1.0) }
        };
        Self {
            crash: draw(2e-3),
            freeze: draw(3e-4),
            slow: draw(0.02),
            refuse: draw(0.03),
            unanswered: draw(0.03),
            delay: draw(0.2),
            stall: draw(0.3),
            duplicate: draw(0.1),
            redeliver: draw(0.05),
            lose: draw(0.1),
            late: draw(0.15),
            repeat: draw(0.1),
        }
    }
}

/// Kinds of faults, as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// See [`Hostility::crash`].
    Crash,
    /// See [`Hostility::freeze`].
    Freeze,
    /// See [`Hostility::slow`].
    Slow,
    /// See [`Hostility::refuse`].
    Refused,
    /// See [`Hostility::unanswered`].
    Unanswered,
    /// See [`Hostility::delay`].
    Delayed,
    /// See [`Hostility::stall`].
    Stalled,
    /// See [`Hostility::duplicate`].
    Duplicated,
    /// See [`Hostility::redeliver`].
    Redelivered,
    /// See [`Hostility::lose`].
    Lost,
    /// See [`Hostility::late`].
    Late,
    /// See [`Hostility::repeat`].
    Repeated,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crash => "crashes",
            Self::Freeze => "freezes",
            Self::Slow => "slow calls",
            Self::Refused => "refused calls",
            Self::Unanswered => "writes unanswered",
            Self::Delayed => "records delayed",
            Self::Stalled => "partitions stalled",
            Self::Duplicated => "records doubled",
            Self::Redelivered => "redeliveries",
            Self::Lost => "requests lost",
            Self::Late => "facts late",
            Self::Repeated => "facts repeated",
        })
    }
}
