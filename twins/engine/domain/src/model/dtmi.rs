//! Identifiers of models and their elements (DTMI).

use std::{fmt, str::FromStr};

/// Longest identifier of an interface, in characters.
pub const MAX_INTERFACE_ID: usize = 128;
/// Longest identifier of any other element, in characters.
pub const MAX_ELEMENT_ID: usize = 2048;

/// Identifier of a model, e.g. `dtmi:io:github:smartoperatingblock:Room;1`. Case sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(String);

/// Why a text is not the identifier of a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a valid model id: {reason}")]
pub struct InvalidModelId {
    /// The text.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl ModelId {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelId {
    type Err = InvalidModelId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match check(text, MAX_INTERFACE_ID) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(reason) => Err(InvalidModelId { text: text.to_owned(), reason }),
        }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Judges a DTMI that a model may use; `Err` names the rule.
pub(crate) fn check(text: &str, longest: usize) -> Result<(), &'static str> {
    let Some(rest) = text.strip_prefix("dtmi:") else {
        return Err("a DTMI begins with 'dtmi:'");
    };
    if text.chars().count() > longest {
        return Err("a DTMI of an interface has at most 128 characters, any other 2048");
    }
    let Some((path, version)) = rest.split_once(';') else {
        return Err("a DTMI ends with ';' and a version");
    };
    for segment in path.split(':') {
        check_segment(segment)?;
    }
    let digits = version.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !(1..=9).contains(&version.len()) || version.starts_with('0') {
        return Err("the version of a DTMI has 1 to 9 digits, the first not 0");
    }
    if rest.starts_with("dtdl:") || rest.starts_with("standard:") {
        return Err("the prefixes 'dtmi:dtdl:' and 'dtmi:standard:' are reserved");
    }
    Ok(())
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    if segment.starts_with('_') {
        return Err("a segment that begins with '_' is reserved for systems");
    }
    let letters = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins = segment.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !letters || !begins || segment.ends_with('_') {
        return Err("a segment has letters, digits and '_', begins with a letter and does not \
                    end with '_'");
    }
    Ok(())
}
