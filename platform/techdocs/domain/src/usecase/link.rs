//! Links of a page: which file or address they name, and where they lead in the site.

use crate::entity::{address, is_page, relative, resolve};

/// A link or image of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// As written.
    pub target: String,
    /// The file below the folder of the documents; `None` when it is outside.
    pub file: Option<String>,
    /// The address of the site, for links that name no file but a folder as readers see it.
    pub address: Option<String>,
    /// The anchor, without `#`.
    pub anchor: Option<String>,
    /// Whether it is an image.
    pub is_image: bool,
}

/// The link that a target is, and the target to write in its place; `None` in place of that where it
/// stays as it is. `None` for what leads out of the site.
pub(super) fn lead(path: &str, target: &str, is_image: bool) -> Option<(Link, Option<String>)> {
    if target.is_empty() || target.starts_with(['/', '?']) || has_scheme(target) {
        return None;
    }
    let here = address(path);
    let (rest, anchor) = match target.split_once('#') {
        Some((rest, anchor)) => (rest, Some(anchor)),
        None => (target, None),
    };
    let (way, query) = match rest.split_once('?') {
        Some((way, query)) => (way, format!("?{query}")),
        None => (rest, String::new()),
    };
    let way = decoded(way);
    let mut link = Link {
        target: target.to_owned(),
        file: if way.is_empty() { Some(path.to_owned()) } else { resolve(path, &way) },
        address: None,
        anchor: anchor.filter(|anchor| !anchor.is_empty()).map(decoded),
        is_image,
    };
    if way.is_empty() {
        return Some((link, None));
    }
    let name = way.rsplit('/').next().unwrap_or_default();
    if !name.contains('.') || matches!(name, "." | "..") {
        // A folder, as readers see the site.
        link.address = resolve(&format!("{here}x"), &way);
        return Some((link, None));
    }
    let leads = link.file.as_deref().map(|file| {
        let to = if is_page(file) { address(file) } else { file.to_owned() };
        let to = to.replace('%', "%25").replace('#', "%23").replace('?', "%3F");
        let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
        format!("{}{query}{anchor}", relative(&here, &to))
    });
    Some((link, leads))
}

/// Whether an address begins with a scheme (RFC 3986, section 3.1).
fn has_scheme(target: &str) -> bool {
    let Some((scheme, _)) = target.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// A text whose percent escapes are resolved; as it is where that makes no text.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escape = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let escaped = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
