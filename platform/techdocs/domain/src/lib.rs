//! Rules of the documentation hub: a site from its sources, as MkDocs understands them.
//!
//! A site is `mkdocs.yml` and a folder of Markdown. [`entity`] has what these say: settings,
//! navigation, addresses, anchors, problems. [`usecase`] makes pages of them: snippets and blocks
//! of MkDocs' extensions first, then CommonMark, then a sanitiser over everything, so that nothing
//! that an author writes can run in a reader's browser.
//!
//! Markdown, HTML and YAML are formats with parsers of their own, and reading them is what this
//! domain is about: beside what other domains may use it has those parsers. It does no input or
//! output and knows no clock; files are given to it as text.

pub mod entity;
pub mod usecase;
