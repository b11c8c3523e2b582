//! W3C trace context: which request or event caused what happens now.
//!
//! Ids of traces are for people who look at logs, and no outcome depends on them, so they are
//! random even where the ids of the domain are seeded.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// 16 bytes, never all zero. Written as 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

/// 8 bytes, never all zero. Written as 16 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(u64);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The part of a trace that a piece of work belongs to
/// (<https://www.w3.org/TR/trace-context/>, version 00).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The whole trace.
    pub trace_id: TraceId,
    /// This piece of work.
    pub span_id: SpanId,
    flags: u8,
}

/// "Recorded": this side keeps its spans.
const SAMPLED: u8 = 1;

impl TraceContext {
    /// The name of the header, in HTTP and in records.
    pub const HEADER: &'static str = "traceparent";

    /// The beginning of a new trace.
    #[must_use]
    pub fn root() -> Self {
        let trace_id = (u128::from(random()) << 64) | u128::from(random());
        Self { trace_id: TraceId(trace_id), span_id: SpanId(random()), flags: SAMPLED }
    }

    /// The context of the work under way in this task, if any. It does not cross into spawned
    /// tasks by itself: take it before and [`scope`](Self::scope) the new task.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|current| *current).ok()
    }

    /// Runs `work` with this as its current context.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// A piece of work that this one causes: same trace, another span.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: SpanId(random()), ..*self }
    }

    /// Reads a `traceparent`; `None` when it is not one, in which case W3C asks to begin a new
    /// trace. Versions after 00 are read as far as they look like 00.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) || trace_id == 0 || span_id == 0 {
            return None;
        }
        Some(Self { trace_id: TraceId(trace_id), span_id: SpanId(span_id), flags })
    }

    /// The `traceparent` of this context, always version 00.
    #[must_use]
    pub fn write(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, self.flags & SAMPLED)
    }
}

/// Exactly `digits` lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if text.len() != digits || !lower {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

/// A random number other than 0. The keys of the standard library's hasher are random per process
/// and differ per call, which is enough for names in logs and needs no further crate.
fn random() -> u64 {
    RandomState::new().build_hasher().finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const W3C: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn reads_and_writes_the_example_of_the_standard() {
        let context = TraceContext::parse(W3C).expect("valid");
        assert_eq!(context.write(), W3C);
        assert_eq!(context.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span_id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn refuses_what_the_standard_refuses() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(text), None, "{text}");
        }
        assert!(TraceContext::parse(&format!("cc{}-more", &W3C[2..])).is_some());
    }

    #[tokio::test]
    async fn a_child_stays_in_the_trace() {
        assert_eq!(TraceContext::current(), None);
        let root = TraceContext::root();
        let seen = root.scope(async { TraceContext::current() }).await.expect("scoped");
        assert_eq!(seen, root);
        assert_eq!(root.child().trace_id, root.trace_id);
        assert_ne!(root.child().span_id, root.child().span_id);
    }
}
