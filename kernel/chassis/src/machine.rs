//! The machine's own clock, for what is bound to the outer world: tokens, logs, time-outs.
//! The domain asks its injected `Clock` instead.

use jiff::Timestamp;

/// What the machine's clock reads, uncut.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tokens and logs live by the machine's clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
