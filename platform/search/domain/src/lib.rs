//! Rules of search: what words are, what is looked for, what ranks before what, and what is shown
//! of a text.
//!
//! The engine that keeps the words is the service's. What it has to find, and in which order, is
//! said here, so that another engine would have to answer the same.

pub mod entity;
