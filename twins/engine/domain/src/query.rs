//! The query language: `SELECT … FROM DIGITALTWINS …`.
//!
//! A query is parsed into [`Query`], planned from the ids that its WHERE fixes, and enumerated in
//! one stable order, the order of the ids along the plan. That order is what a continuation
//! names, so a page never repeats or skips a row that was there all the time, whatever was
//! written between two pages.

mod ast;
mod conditions;
mod continuation;
mod evaluate;
mod lexer;
mod parser;
mod plan;
mod run;

pub use continuation::Continuation;
pub use run::Page;

use crate::error::{EngineError, ErrorCode};

/// Longest query, in characters.
pub const MAX_QUERY_CHARS: usize = 8_000;
/// Most `AND` and `OR` of one query.
pub const MAX_CONNECTIVES: usize = 50;
/// Most items of one list; the documentation has 50 on one page and 100 on another.
pub const MAX_LIST_ITEMS: usize = 100;
/// Most `JOIN` of one query.
pub const MAX_JOINS: usize = 5;
/// Most rows of a page.
pub const MAX_PAGE_SIZE: usize = 1_000;
/// Deepest nesting of parentheses and `NOT`; a limit of ours.
pub const MAX_NESTING: usize = 64;

/// Why a query cannot be read. Its code is always `SqlQueryError`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {position})")]
pub struct QueryError {
    /// Offset of the offending token, in characters from 0.
    pub position: usize,
    /// What is wrong.
    pub message: String,
}

impl From<QueryError> for EngineError {
    fn from(err: QueryError) -> Self {
        EngineError::new(ErrorCode::SqlQueryError, err.to_string())
    }
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    text: String,
    ast: ast::Select,
}

/// Reads a query.
///
/// # Errors
/// When it is not in the language, passes a limit, or uses `MATCH`, which is not supported.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    let ast = parser::parse(text)?;
    Ok(Query { text: text.to_owned(), ast })
}

impl Query {
    /// The query as written.
    pub fn text(&self) -> &str {
        &self.text
    }
}
