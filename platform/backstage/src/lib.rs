//! How Backstage's servers speak HTTP, for the services of the platform that speak like them.
//!
//! What a request says of itself ([`Asked`], [`Params`], [`Body`]), how one that cannot be answered
//! is refused ([`Refusal`]), and how answers are written ([`Manner`]): tags, the answer to somebody
//! who has it already, the headers of every answer, and smaller bodies for clients that take them.
//! What the answers are about is the services'.

mod answer;
mod refusal;
mod request;
mod routes;
mod smaller;

pub use answer::{FRAMEWORK, Manner, Tags, nowhere, problem};
pub use refusal::Refusal;
pub use request::{Asked, Body, Params, Shape};
pub use routes::{alone, packed};
