//! The one way in which services reach a twin layer: Chiron's own engine, or Azure Digital Twins.
//!
//! Both speak one protocol and differ in address and credential only, so there is one client and
//! no trait. It knows the protocol (percent-encoded ids, conditions, pages, error bodies) and the
//! block's own questions to the graph ([`Query`]); it knows no rule of any service. It does not
//! retry: whether a failed write may be repeated is known to the caller, who reads
//! [`TwinError::is_retryable`].
//!
//! ```no_run
//! # async fn example(calls: chiron_chassis::Calls) -> Result<(), twin_client::TwinError> {
//! use twin_client::{Patch, Properties, Query, Twins, models};
//!
//! let twins = Twins::ours(calls);
//! twins
//!     .put_twin("room-1", models::OPERATING_ROOM, Properties::new().with("name", "OR 1"), None)
//!     .await?;
//! twins.patch_twin("room-1", Patch::new().set("temperature", 21.5, None)).await?;
//! let process = twins.first_id(&Query::process_inside_room("room-1")).await?;
//! # let _ = process; Ok(()) }
//! ```

mod azure;
mod error;
pub mod models;
mod patch;
mod query;
mod transport;
mod twin;
mod twins;

pub use azure::AzureLayer;
pub use error::TwinError;
pub use patch::Patch;
pub use query::{Query, Selection, quote};
pub use twin::{Incoming, Properties, Relationship, Twin};
pub use twins::{Row, TwinLayer, Twins};
