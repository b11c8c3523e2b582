//! What a check found, each with file and line.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::run::say;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root of the workspace.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// All broken rules of one check.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    pub(crate) fn add(&mut self, file: &Path, line: usize, message: impl Into<String>) {
        self.0.push(Finding { file: file.to_owned(), line, message: message.into() });
    }

    /// Prints what was found; an error when there is anything.
    pub(crate) fn report(mut self, check: &str) -> Result<()> {
        self.0.sort();
        for finding in &self.0 {
            say(&finding.to_string());
        }
        if !self.0.is_empty() {
            bail!("{check}: {} broken rules", self.0.len());
        }
        say(&format!("{check}: ok"));
        Ok(())
    }
}

/// The line (from 1) on which `needle` stands first, or 1.
pub(crate) fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |nth| nth + 1)
}
