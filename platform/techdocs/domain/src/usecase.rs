//! A site from its sources: snippets, blocks of extensions, Markdown, the sanitiser, the site that
//! the pages make, and the documents that readers get.

mod block;
mod document;
mod link;
mod page;
mod raw;
mod sanitise;
mod site;
mod snippet;

pub use document::{STYLESHEET, STYLESHEET_PATH, document, escape};
pub use link::Link;
pub use page::{Heading, Page, Part, render};
pub use site::{Leaf, Nav, Site, assemble};
pub use snippet::{Expanded, expand};
