//! The rules of the surgical process, as text: facts in, processes out.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::panic, reason = "a test may panic")]
#![expect(clippy::format_push_string, reason = "text for people who read failures")]

mod fold;
mod laws;
mod text;
