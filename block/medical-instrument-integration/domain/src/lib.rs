//! Rules of vital signs from bedside monitors: what a monitor may say, and in which terms the block
//! keeps it.

pub mod entity;
