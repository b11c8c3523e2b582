//! HL7 v2 as the hospital's systems speak it: frames, messages, and what they ask for.
//!
//! Nothing here reads a socket, a clock or a database. What comes in is bytes of strangers, so that
//! everything here is bounded and total: it never panics, and every refusal names its field.

pub mod acknowledgement;
pub mod character_set;
pub mod envelope;
pub mod fault;
pub mod frame;
pub mod message;
pub mod request;
pub mod stamp;
