//! Models, twins and relationships in memory, with the indexes that reads and queries need.

mod change;
mod command;
mod conditions;
mod prepare;
mod relationships;
mod snapshot;
