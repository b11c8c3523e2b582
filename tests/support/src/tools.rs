//! Tools of elsewhere, which a machine may lack.

use std::path::PathBuf;

/// What an environment variable names; `None`, said on the console, when it is not set and tests
/// may be skipped.
///
/// # Panics
///
/// When it is not set and nothing may be skipped (`CHIRON_REQUIRE_ALL=1`).
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the tool is the machine's affair")]
#[expect(clippy::print_stderr, reason = "a skipped suite says so")]
pub fn named(variable: &str, tool: &str) -> Option<PathBuf> {
    if let Ok(path) = std::env::var(variable) {
        return Some(path.into());
    }
    assert!(
        std::env::var("CHIRON_REQUIRE_ALL").as_deref() != Ok("1"),
        "{variable} is not set, and nothing may be skipped"
    );
    eprintln!("SKIPPED: {variable} does not name {tool}");
    None
}
