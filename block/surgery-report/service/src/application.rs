//! Wire and rows on one side, the domain on the other: every translation is here, once.

pub(crate) mod annex;
pub(crate) mod process;
pub(crate) mod render;
pub(crate) mod report;
pub(crate) mod summary;
pub(crate) mod words;
