//! What an error of the driver means for whoever asked, and whether a write may have been done all
//! the same.

use std::sync::Arc;

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::error::StoreError;
use crate::spec::CollectionSpec;

/// Duplicate key.
const DUPLICATE: i32 = 11_000;
/// Where an index with this name is there already, made of other fields or with other options.
const INDEX_CONFLICTS: [i32; 2] = [85, 86];
const INDEX_NOT_FOUND: i32 = 27;
const NAMESPACE_NOT_FOUND: i32 = 26;
/// The result of an update would be larger than a document may be.
const TOO_LARGE: [i32; 2] = [10_334, 17_419];
/// Codes that say nothing of the operation but that this server cannot do it now: it is not the
/// primary, shuts down, or ran out of its time. See the server's list of error codes.
const PASSING: [i32; 15] =
    [6, 7, 50, 89, 91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_388, 13_435, 13_436];

/// Whether trying again may help; a write may then have been done, or may be done yet.
pub(super) fn passes(error: &Error) -> bool {
    if error.contains_label("RetryableWriteError") || error.contains_label("NetworkError") {
        return true;
    }
    match &*error.kind {
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::InvalidResponse { .. }
        // Written, but not yet by a majority.
        | ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
        ErrorKind::InsertMany(failed) => {
            failed.write_concern_error.is_some() && failed.write_errors.is_none()
        }
        _ => code(error).is_some_and(|code| PASSING.contains(&code)),
    }
}

/// The error in the words of the store.
pub(super) fn told(error: Error) -> StoreError {
    let passes = passes(&error);
    let kind = if passes { "unreachable" } else { "refused" };
    metrics::counter!("chiron_store_errors_total", "kind" => kind).increment(1);
    let error = Arc::new(error);
    if passes { StoreError::Unreachable(error) } else { StoreError::Refused(error) }
}

/// The server's code, where it gave one.
fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(failed) => Some(failed.code),
        ErrorKind::Write(WriteFailure::WriteError(failed)) => Some(failed.code),
        ErrorKind::InsertMany(failed) => {
            failed.write_errors.as_ref()?.first().map(|failed| failed.code)
        }
        _ => None,
    }
}

fn message(error: &Error) -> &str {
    match &*error.kind {
        ErrorKind::Command(failed) => &failed.message,
        ErrorKind::Write(WriteFailure::WriteError(failed)) => &failed.message,
        ErrorKind::InsertMany(failed) => failed
            .write_errors
            .as_ref()
            .and_then(|failed| failed.first())
            .map_or("", |failed| &failed.message),
        // One server gives no code with some errors, which the driver does not take for an answer.
        _ => error.server_response().and_then(|said| said.get_str("errmsg").ok()).unwrap_or(""),
    }
}

pub(super) fn is_index_conflict(error: &Error) -> bool {
    code(error).is_some_and(|code| INDEX_CONFLICTS.contains(&code))
}

pub(super) fn is_not_found(error: &Error) -> bool {
    code(error).is_some_and(|code| code == INDEX_NOT_FOUND || code == NAMESPACE_NOT_FOUND)
}

pub(super) fn is_too_large(error: &Error) -> bool {
    code(error).is_some_and(|code| TOO_LARGE.contains(&code))
        // What the driver itself refuses to send.
        || matches!(&*error.kind, ErrorKind::InvalidArgument { .. })
}

/// Whether a unique index refuses, `_id` included. One server says so in words only when an index
/// is built.
pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE)
        || message(error).contains("E11000")
        || message(error).starts_with("UNIQUE constraint failed")
}

/// Which document of several was refused.
pub(super) fn place(error: &Error) -> Option<usize> {
    match &*error.kind {
        ErrorKind::InsertMany(failed) => {
            failed.write_errors.as_ref()?.first().map(|failed| failed.index)
        }
        _ => None,
    }
}

/// What a unique index refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Duplicate {
    Id,
    Index(&'static str),
    /// The server's words say nothing that is known here.
    Unknown,
}

/// Read from the server's words, which have the same form since `MongoDB` 4.2: `E11000 duplicate
/// key error collection: <database>.<collection> index: <name> dup key: { … }`. What stands behind
/// the name comes from documents and is not looked at.
pub(super) fn duplicate(error: &Error, spec: &CollectionSpec) -> Duplicate {
    refused_by(message(error), spec)
}

fn refused_by(message: &str, spec: &CollectionSpec) -> Duplicate {
    let name = message
        .split_once(" index: ")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .unwrap_or_default();
    if name == "_id_" {
        return Duplicate::Id;
    }
    let declared = name
        .strip_prefix(super::UNIQUE_PREFIX)
        .and_then(|name| spec.indexes.iter().find(|index| index.unique && index.name == name));
    declared.map_or(Duplicate::Unknown, |index| Duplicate::Index(index.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::PEOPLE;

    #[test]
    fn the_index_is_read_from_the_words_before_the_values() {
        let told = |index: &str, value: &str| {
            let message = format!(
                "Plan executor error during findAndModify :: caused by :: E11000 duplicate key \
                 error collection: ward.people index: {index} dup key: {{ {value} }}"
            );
            refused_by(&message, &PEOPLE)
        };
        assert_eq!(told("_id_", "_id: \"1\""), Duplicate::Id);
        assert_eq!(
            told("chiron_u_badge", "unique.badge: \" index: _id_ \""),
            Duplicate::Index("badge")
        );
        assert_eq!(told("chiron_u_ward", "x"), Duplicate::Unknown, "it is not a unique one");
        assert_eq!(told("theirs", "x"), Duplicate::Unknown);
        let other = "UNIQUE constraint failed: index 'idx_people_unique_badge'";
        assert_eq!(refused_by(other, &PEOPLE), Duplicate::Unknown);
        assert_eq!(refused_by("", &PEOPLE), Duplicate::Unknown);
    }
}
