//! Rules of rooms, zones, medical technologies and what was measured in them.
//!
//! Two kinds of knowledge live here. *Records* (rooms, technologies, where these stand) are changed
//! by people, and each change must hold in the twin layer too: both or neither. *Histories*
//! (samples, usages) are folded from events that come repeatedly and in any order.

pub mod entity;
pub mod usecase;
