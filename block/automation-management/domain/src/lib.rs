//! Rules of what each room's environment should be and which command follows.
//!
//! A [`Room`](room::Room) folds what sensors, technologies, processes and people say of it. Owners
//! (light set by hand, a technology's scenario, a surgery, standby, the room itself) each want
//! something of it; the strongest that wants a quantity owns its target ([`target`]). The rules of
//! [`regulation`] compare target and measurement, and [`command`] turns what they wish into as few
//! commands as possible, each kept with its reasons until it has come to an end.
//!
//! Time, ids and whether an event is fresh are arguments. Nothing here sends anything.

pub mod id;
pub mod policy;

pub mod actuator;
pub mod room;
pub mod target;

pub mod command;
pub mod regulation;

pub mod reaction;

pub mod invariant;
