//! Orders of entities, and places in them.

use uuid::Uuid;

/// Which way a key is ordered. Descending is the same sequence from its end, ids included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// By what entities are ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// In lower case.
    pub(crate) key: String,
    pub(crate) direction: Direction,
}

/// A place in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The value that is ordered by; `None` without an order, and for what is too long to compare.
    pub(crate) value: Option<String>,
    pub(crate) uid: Uuid,
}
