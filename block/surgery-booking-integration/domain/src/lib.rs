//! Rules of the booked surgeries of the block.
//!
//! A booking is accepted only together with its twins: all of it or nothing, whatever fails in
//! between. [`entity`] holds what a booking is and what may become of it, [`usecase`] how it gets
//! there.

pub mod entity;
pub mod usecase;
