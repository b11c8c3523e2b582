//! Rules of the software catalogue, in Backstage's words.
//!
//! An entity of the catalogue *is* a JSON document: kinds, fields and relations are read from it,
//! and fields that nobody knows are kept and shown. So this domain works on JSON values, a
//! deviation from the rule that domains know no JSON which `cargo xtask arch` allows here and in
//! the twin engine alone. Everything else is as in other contexts: no clock, no input or output,
//! no hashing, no database.

pub mod entity;
pub mod usecase;
