//! Backstage's wire: what is asked, what is answered, and the cursors between.

mod answer;
mod cursor;
mod order;
mod query;
mod request;

pub(crate) use answer::{Refusal, chassis_problem, empty, json, nowhere, raw};
pub(crate) use cursor::{After, Cursor};
pub(crate) use order::{Direction, Order, Place};
pub(crate) use query::{EntityQuery, ListQuery, RefsQuery, conjunction, facets_of};
pub(crate) use request::{Asked, Shape};
