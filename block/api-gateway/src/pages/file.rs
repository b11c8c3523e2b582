//! Which file a path asks for, and what is told of it.

use axum::http::header::{self, HeaderMap, HeaderValue};

use crate::pages::PAGE;

/// Paths below these belong to programs; there is never a page.
const PROGRAMS: [&str; 9] = [
    "api",
    "services",
    "oauth2",
    "health",
    "internal",
    "metrics",
    "docs",
    "openapi.json",
    "assets",
];
/// First segments of the application's places.
const PLACES: [&str; 10] = [
    "", "sign-in", "rooms", "block", "staff", "bookings", "reports", "building", "design", "portal",
];

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A file.
    File(Name),
    /// A place of the application, which the page shows.
    Place {
        /// Whether the application has such a place; else the page says that it has none.
        known: bool,
    },
}

impl Wanted {
    /// Reads a path; `None` when it cannot be one of the application's.
    pub(super) fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        if let Some(name) = Name::of(rest) {
            return Some(Self::File(name));
        }
        let mut segments = rest.split('/');
        let first = segments.next().unwrap_or_default();
        let is_program = PROGRAMS.contains(&first) || first.starts_with('.');
        // What is escaped stays escaped: the page reads it, and no file is looked for by it.
        let is_trick = |segment: &str| {
            let lower = segment.to_ascii_lowercase();
            let escaped = ["%2e", "%2f", "%5c", "%00"];
            matches!(segment, "." | "..")
                || segment.contains('\\')
                || escaped.iter().any(|it| lower.contains(it))
        };
        if is_program || rest.split('/').any(is_trick) || rest.starts_with('/') {
            return None;
        }
        Some(Self::Place { known: PLACES.contains(&first) })
    }
}

/// The name of a file of the application: letters, digits, `-`, `_` and dots, in at most two
/// folders, with an ending that says what it is. It cannot lead anywhere else.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    text: String,
    content_type: &'static str,
}

impl Name {
    /// The page.
    pub(super) fn page() -> Self {
        Self { text: PAGE.to_owned(), content_type: "text/html; charset=utf-8" }
    }

    fn of(text: &str) -> Option<Self> {
        let is_plain = |segment: &str| {
            let is_letter =
                |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
            !segment.is_empty() && !segment.starts_with('.') && segment.bytes().all(is_letter)
        };
        if 3 < text.split('/').count() || !text.split('/').all(is_plain) {
            return None;
        }
        let (_, ending) = text.rsplit_once('.')?;
        let content_type = match ending {
            "html" if text == PAGE => return Some(Self::page()),
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            "webmanifest" => "application/manifest+json",
            _ => return None,
        };
        Some(Self { text: text.to_owned(), content_type })
    }

    /// Below the application's root.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it is, and how long a browser may keep it: a year and unasked (RFC 8246) when its name
    /// has a digest of its content.
    pub(super) fn headers(&self) -> HeaderMap {
        let caching = if self.text.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static(caching)),
        ])
    }
}

/// Whether a client takes a content coding (RFC 9110, section 12.5.3): named, and not with weight 0.
pub(super) fn takes(asked: &HeaderMap, encoding: &str) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING);
    values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
        |given| {
            let mut parts = given.split(';').map(str::trim);
            let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let refused =
                weight.and_then(|text| text.parse::<f64>().ok()).is_some_and(|q| q <= 0.0);
            is_named && !refused
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_a_file_a_place_or_nothing() {
        let check = |path: &str, expected: &str| {
            let found = match Wanted::of(path) {
                Some(Wanted::File(name)) => name.text,
                Some(Wanted::Place { known: true }) => "place".to_owned(),
                Some(Wanted::Place { known: false }) => "unknown place".to_owned(),
                None => "nothing".to_owned(),
            };
            assert_eq!(found, expected, "{path}");
        };
        check("/", "place");
        check("/rooms/or-1", "place");
        check("/rooms/or-1.a", "place");
        check("/rooms/Saal%201", "place");
        check("/portal/docs/default/system/operating-block/adr/0001", "place");
        check("/index.html", "index.html");
        check("/icon.svg", "icon.svg");
        check("/assets/index-1a2b.js", "assets/index-1a2b.js");
        check("/assets/a.exe", "nothing");
        check("/assets/index-1a2b.js.br", "nothing");
        check("/other.html", "unknown place");
        check("/roomz", "unknown place");
        check("/api/v1/none", "nothing");
        check("/services/cellar/api", "nothing");
        check("/internal/x", "nothing");
        check("/.env", "nothing");
        check("/..", "nothing");
        check("/rooms/../../etc/passwd", "nothing");
        check("/rooms/%2e%2E/index", "nothing");
        check("/rooms/a%2fb", "nothing");
        check("/rooms/..%5c", "nothing");
        check("//elsewhere.example", "nothing");
        check("/assets/../Cargo.txt", "nothing");
        check("/assets//a.js", "nothing");
    }

    #[test]
    fn only_what_has_a_digest_in_its_name_is_kept() {
        let caching = |path: &str| match Wanted::of(path) {
            Some(Wanted::File(name)) => name.headers()[header::CACHE_CONTROL].clone(),
            other => panic!("{path}: {other:?}"),
        };
        assert!(caching("/assets/index-1a2b.js").to_str().unwrap().contains("immutable"));
        assert_eq!(caching("/index.html"), "no-cache");
        assert_eq!(caching("/icon.svg"), "no-cache");
    }

    #[test]
    fn codings_are_taken_when_named_and_not_refused() {
        let check = |text: &'static str, br: bool, gzip: bool| {
            let asked =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]);
            assert_eq!((takes(&asked, "br"), takes(&asked, "gzip")), (br, gzip), "{text}");
        };
        check("gzip, deflate, br", true, true);
        check("GZIP;q=0.5", false, true);
        check("br;q=0, gzip", false, true);
        check("brotli", false, false);
        check("*", false, false);
    }

    proptest! {
        #[test]
        fn no_path_leads_out(path in "/[a-z./%25eE\\\\]{0,40}") {
            if let Some(Wanted::File(name)) = Wanted::of(&path) {
                let outside = |segment: &str| segment.is_empty() || segment.starts_with('.');
                prop_assert!(!name.text().split('/').any(outside));
                prop_assert!(!name.text().contains(['%', '\\']));
            }
        }
    }
}
