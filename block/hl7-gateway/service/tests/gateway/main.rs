//! The gateway between real services, and systems that send it messages.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod admissions;
mod bookings;
mod hapi;
mod hl7apy;
mod hospital;
mod hostile;
mod kept;
mod vitals;
