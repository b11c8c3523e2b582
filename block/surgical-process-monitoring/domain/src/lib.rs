//! Rules of the surgical process as its facts tell it.
//!
//! Facts arrive late, doubled and in any order. Nothing here is therefore updated by a fact:
//! [`fold`](fold::fold) derives every process of a patient from all of that patient's facts in
//! event-time order, and is derived again when another fact becomes known. What arrives cannot
//! change what is concluded, only what is known can. The alternative, a state machine fed in
//! arrival order, needs an undo for every rule and was rejected for that.
//!
//! Reading order: what is known ([`fact`]), who was where ([`presence`]), which booking counts
//! ([`booking`]), what a process is ([`process`]), how it follows from the facts ([`fold`]), what
//! others are told of a new conclusion ([`change`]), what came too late ([`late`]), vital signs
//! ([`vital`]), and what must hold whatever the facts are ([`invariant`]).

pub mod fact;

pub mod booking;
pub mod presence;

pub mod process;

pub mod change;
pub mod fold;
pub mod late;

pub mod vital;

pub mod invariant;
