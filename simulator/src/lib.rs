//! The physical layer of an operating block, simulated.
//!
//! Two halves that meet in one type: a pure, seeded *world* that says what happens and when
//! ([`plan`]), and a *driver* that tells the product so, over the protocols that badge readers,
//! monitors and people use ([`run`]). What the product was told is written to the truth journal
//! before and after each call, so that an oracle can compare the product's answers with it.
//! The world never looks at the product, and the driver decides nothing.

mod delivery;
mod equipment;
mod fact;
mod journal;
mod mishap;
mod plan;
mod run;
mod unit;
mod wire;
mod world;

pub use delivery::{Delivery, Disturbance};
pub use fact::{Booking, Fact, Light, What};
pub use journal::{Journal, JournalError};
pub use plan::{Day, Plan, Scenario, plan};
pub use run::{Progress, RunError, lock_step, paced};
pub use wire::{Account, Accounts, Hospital, WireError};
