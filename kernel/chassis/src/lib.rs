//! What every service stands on, so that a service holds only its own rules.
//!
//! A service says which routes it has and who may use them ([`Api`], [`Need`]), reads its input
//! through extractors that answer RFC 9457 problems ([`Json`], [`Query`], [`Path`], [`FactTime`]),
//! and calls other services by [`Calls`], or reads from them by [`Reading`]. Identity, limits, time-outs, trace context, metrics,
//! health and a graceful end are added in one place, [`serve`], so that no service can forget
//! them. Roles are opaque here: this crate knows nothing of hospitals.

pub mod audit;
pub mod identity;
pub mod metrics;
pub mod settings;
pub mod telemetry;

mod api;
mod breaker;
mod calls;
mod completeness;
mod decode;
mod extract;
mod fact_time;
mod health;
mod hex;
mod limits;
mod listen;
mod machine;
mod problem;
mod reading;
mod runtime;
mod serve;
mod testing;

pub use api::{Api, Need, RouteEntry};
pub use calls::{Answer, Call, CallError, Calls, Endpoints, Service, TokenSource, http_client};
pub use chiron_broker::chain;
pub use completeness::{COMPLETE_TO, Completeness};
pub use decode::{from_json, from_pairs};
pub use extract::{Authority, Form, Json, Path, Query, RawBody, SameOrigin, Token, form_text};
pub use fact_time::FactTime;
pub use health::Health;
pub use hex::hex;
pub use identity::{Caller, Guard};
pub use limits::Limits;
pub use listen::Connections;
pub use machine::now as machine_now;
pub use problem::{FieldError, Problem, ProblemDocument};
pub use reading::{ReadError, Reading};
pub use runtime::Runtime;
pub use serve::{ServeError, router, serve};
pub use settings::Secret;
pub use testing::TestHands;
