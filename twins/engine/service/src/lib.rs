//! The twin engine: speaks the protocol of Azure Digital Twins.
