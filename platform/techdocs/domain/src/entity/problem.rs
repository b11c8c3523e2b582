//! What is wrong with a site. A problem stops nothing: the page is shown as well as it can be.

use std::fmt;

/// Something that is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, below the folder of the documents; `mkdocs.yml` for the site itself.
    pub page: String,
    /// The line in that file, counted from 1; `None` where it concerns the whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A link leads to no page or file.
    BrokenLink(String),
    /// An image is not there.
    MissingImage(String),
    /// A link leads to a page that has no such anchor.
    MissingAnchor(String),
    /// The navigation does not lead to this page.
    Orphan,
    /// The navigation names a file that is not there.
    NavWithoutFile(String),
    /// A snippet is not there, or outside of the documents.
    MissingSnippet(String),
    /// More of something than is shown; what was left out or shown as text.
    TooMuch(&'static str),
}

impl Trouble {
    /// A word for programs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BrokenLink(_) => "broken-link",
            Self::MissingImage(_) => "missing-image",
            Self::MissingAnchor(_) => "missing-anchor",
            Self::Orphan => "orphan",
            Self::NavWithoutFile(_) => "nav-without-file",
            Self::MissingSnippet(_) => "missing-snippet",
            Self::TooMuch(_) => "too-much",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenLink(target) => write!(f, "`{target}` leads to no page or file"),
            Self::MissingImage(target) => write!(f, "the image `{target}` is not there"),
            Self::MissingAnchor(target) => write!(f, "`{target}`: the page has no such anchor"),
            Self::Orphan => f.write_str("the navigation does not lead here"),
            Self::NavWithoutFile(path) => write!(f, "nav names `{path}`, which is not there"),
            Self::MissingSnippet(path) => {
                write!(f, "the snippet `{path}` is not there, or outside of the documents")
            }
            Self::TooMuch(what) => f.write_str(what),
        }
    }
}
