//! What the context speaks of.

pub mod case;
pub mod climate;
pub mod course;
pub mod delay;
pub mod figures;
pub mod hours;
pub mod plan;
