//! Conditional requests: `If-Match` and `If-None-Match` against a document's `$etag`.

use serde_json::Value;

use crate::{
    error::{EngineError, ErrorCode},
    twin::text,
};

/// Judges both conditions against what is stored, `None` when nothing is.
pub(super) fn check(
    stored: Option<&Value>,
    if_none_match: Option<&str>,
    if_match: Option<&str>,
) -> Result<(), EngineError> {
    let etag = stored.map(|document| text(document, "$etag"));
    if let Some(condition) = if_match
        && !etag.is_some_and(|etag| names(condition, etag))
    {
        return Err(refused("the object is not the one that If-Match names"));
    }
    if let Some(condition) = if_none_match
        && etag.is_some_and(|etag| names(condition, etag))
    {
        return Err(refused("the object exists already"));
    }
    Ok(())
}

fn refused(message: &str) -> EngineError {
    EngineError::new(ErrorCode::PreconditionFailed, message)
}

/// Whether a condition, `*` or a list of tags, names the tag. Tags compare weakly: `W/` does not
/// count. A client that lost the quotes on its way is understood too.
fn names(condition: &str, etag: &str) -> bool {
    let bare = |tag: &str| {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned()
    };
    condition.trim() == "*" || condition.split(',').any(|tag| bare(tag) == bare(etag))
}
