//! Backstage's wire: what is asked of a catalogue, and the cursors between pages.

mod cursor;
mod order;
mod query;

pub(crate) use cursor::{After, Cursor};
pub(crate) use order::{Direction, Order, Place};
pub(crate) use query::{EntityQuery, ListQuery, RefsQuery, conjunction, facets_of};
