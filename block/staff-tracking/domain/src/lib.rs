//! Rules of where each health professional is and was.
//!
//! Doors tell who passed them, at least once and in any order. What is kept is every passage, each
//! once, and per professional the little that "where are they now" needs, so that the answer costs
//! the same after ten passages and after ten million.

pub mod entity;
pub mod usecase;
