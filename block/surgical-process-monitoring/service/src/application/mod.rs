//! Between the domain and the outside: what events say, what is stored, what routes answer.

pub(crate) mod document;
pub(crate) mod event;
pub(crate) mod presentation;
pub(crate) mod telling;
