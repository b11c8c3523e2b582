//! Rules of users, health professionals and their credentials.
//!
//! No ports and no in-memory twin: each operation reads and writes one document, and what there is
//! to decide (is this a password, may this person try again, what becomes of a refresh token) is
//! decided by the values here.

pub mod credential;
pub mod professional;
pub mod user;
