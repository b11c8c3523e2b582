//! The door of the block: sign-in, tokens and keys, and the commands of the dashboards.
