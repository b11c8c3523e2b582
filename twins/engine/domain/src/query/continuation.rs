//! Where the next page of a query begins.

use serde_json::{Value, json};

use crate::error::{EngineError, ErrorCode};

/// Where the next page of a query begins. Carries the query, so that it suffices alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continuation {
    pub(super) query: String,
    /// Ids of the last row, in the order of the plan.
    pub(super) after: Vec<String>,
    /// Rows answered so far, for TOP.
    pub(super) returned: u64,
}

impl Continuation {
    /// The query that the page belongs to.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Token for the wire: digits and the letters a to f only, so safe in headers and URLs.
    pub fn encode(&self) -> String {
        let text = json!([self.query, self.after, self.returned]).to_string();
        let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }

    /// Reads a token.
    ///
    /// # Errors
    /// `BadRequest` when it is not one of ours.
    pub fn decode(token: &str) -> Result<Self, EngineError> {
        read(token).ok_or_else(|| {
            EngineError::new(ErrorCode::BadRequest, "the continuation token cannot be read")
        })
    }
}

fn read(token: &str) -> Option<Continuation> {
    if !token.len().is_multiple_of(2) || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..token.len()).step_by(2).map(|at| token.get(at..at + 2));
    let bytes =
        pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let [query, after, returned] = value.as_array()?.as_slice() else { return None };
    let after = after.as_array()?.iter().map(|id| id.as_str().map(ToOwned::to_owned));
    Some(Continuation {
        query: query.as_str()?.to_owned(),
        after: after.collect::<Option<Vec<String>>>()?,
        returned: returned.as_u64()?,
    })
}
