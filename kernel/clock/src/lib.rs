//! Time as a value, and the account of the work that is under way.
//!
//! Nothing in Chiron asks the machine what time it is: a service is given a [`Clock`], and the
//! binary decides whether that clock is the machine's, runs faster than it, or stands still until
//! the simulator moves it. Because a standing clock may only move when nothing is left to do,
//! this crate also keeps that account: an [`Activity`] per service knows what is pending and when
//! the next timer is due. Both live in one crate since neither is true without the other: a timer
//! that has fired but whose work has not begun would otherwise be invisible.

pub mod instant;

mod activity;
mod clock;
mod ids;
mod reconciler;
mod source_time;
mod tasks;
mod zone;

pub use activity::{Activity, Quiescence, Work, jittered};
pub use clock::{Clock, Hand};
pub use ids::Ids;
pub use reconciler::Reconciler;
pub use source_time::{SourceWindow, Unbelievable};
pub use tasks::{Finish, Panicked, Shutdown, Tasks, Trigger};
pub use zone::{ZoneName, parse_date};
