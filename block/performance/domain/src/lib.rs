//! Plan against actual of the operating block, and the key figures of its days.
//!
//! Everything here is a value made of other values: what was planned and what came of it go in,
//! figures come out. `now` is an argument, so that the figures of a day under way are as much a
//! function of their input as those of last year.

pub mod entity;
