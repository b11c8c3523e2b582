//! What the protocol says, without a socket or a store.

pub(crate) mod fault;
pub(crate) mod filter;
pub(crate) mod operation;
pub(crate) mod paging;
pub(crate) mod records;
