//! What an entity is: its reference, its kind's rules, its relations, what it is found by.

mod fields;
mod filter;
mod finish;
mod kinds;
mod like;
mod marks;
mod reference;
mod search;
mod validate;

pub use fields::{FieldError, parse_fields, project};
pub use filter::{FilterError, Predicate, PredicateError, parse_filters, parse_predicate};
pub use finish::{Finished, Relation, finish, references};
pub use kinds::{Kinds, OwnKind};
pub use like::Like;
pub use marks::{Marks, Place};
pub use reference::{DEFAULT_NAMESPACE, EntityRef, RefError, reference_of};
pub use search::{MOST_CHARS, Row, rows};
pub use validate::{Fault, escaped, short, validate};
