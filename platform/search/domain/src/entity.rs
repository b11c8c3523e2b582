//! Words and names, what is looked for, ranks, excerpts and places between pages.

mod cursor;
mod excerpt;
mod name;
mod query;
mod rank;
mod word;

pub use cursor::{Cursor, Page};
pub use excerpt::{Excerpt, excerpt, marks};
pub use name::{PREFIX_LETTERS, Part, names, parts, parts_of_word};
pub use query::{MOST_WORDS, Query};
pub use rank::{Evidence, Match, Rank, Tier};
pub use word::{Word, fold, forgives, forms, one_typo, words};
