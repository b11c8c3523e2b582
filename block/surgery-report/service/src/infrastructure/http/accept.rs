//! What of a report a client wants: its form, its language, and whether it has it already.

use axum::http::{HeaderMap, HeaderName, header};
use chiron_chassis::Problem;
use http::StatusCode;

use crate::application::words::Language;

/// The forms in which a report is answered, the standard one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Html,
    Pdf,
}

impl Form {
    const ALL: [Self; 3] = [Self::Json, Self::Html, Self::Pdf];

    /// Type and subtype.
    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Html => ("text", "html"),
            Self::Pdf => ("application", "pdf"),
        }
    }

    /// The form that the client likes best; of equals the first of the list above.
    ///
    /// # Errors
    ///
    /// 406 when it likes none.
    pub(crate) fn wanted(headers: &HeaderMap) -> Result<Self, Problem> {
        let accepted = weighted(headers, &header::ACCEPT);
        if accepted.is_empty() {
            return Ok(Self::Json);
        }
        let mut best: Option<(u16, Self)> = None;
        for form in Self::ALL {
            let weight = form.weight(&accepted);
            if 0 < weight && best.is_none_or(|(most, _)| most < weight) {
                best = Some((weight, form));
            }
        }
        best.map(|(_, form)| form).ok_or_else(|| {
            let title = "No acceptable form";
            let detail = "a report comes as application/json, text/html or application/pdf";
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", title, detail)
        })
    }

    /// The weight that the most specific range gives (RFC 9110, section 12.5.1).
    fn weight(self, accepted: &[(String, u16)]) -> u16 {
        let (kind, subtype) = self.media_type();
        let mut found: Option<(u8, u16)> = None;
        for (range, weight) in accepted {
            let specificity = match range.split_once('/') {
                Some((k, s)) if k == kind && s == subtype => 2,
                Some((k, "*")) if k == kind => 1,
                Some(("*", "*")) => 0,
                _ => continue,
            };
            if found.is_none_or(|(most, _)| most < specificity) {
                found = Some((specificity, *weight));
            }
        }
        found.map_or(0, |(_, weight)| weight)
    }
}

/// The language that the client likes best; English when it likes none of ours, since a report in
/// some language is better than none (RFC 9110, section 12.5.4).
pub(crate) fn language(headers: &HeaderMap) -> Language {
    let accepted = weighted(headers, &header::ACCEPT_LANGUAGE);
    let weight = |language: Language| {
        let tag = language.tag();
        let matches = |range: &str| {
            range == tag || range.strip_prefix(tag).is_some_and(|rest| rest.starts_with('-'))
        };
        let own = accepted.iter().filter(|(range, _)| matches(range)).map(|(_, weight)| *weight);
        let any = accepted.iter().filter(|(range, _)| range == "*").map(|(_, weight)| *weight);
        own.max().or_else(|| any.max()).unwrap_or(0)
    };
    if weight(Language::English) < weight(Language::Italian) {
        Language::Italian
    } else {
        Language::English
    }
}

/// The elements of a list header in lower case with their weights in thousandths, parameters left
/// out; what has no weight that can be read weighs nothing.
fn weighted(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u16)> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let elements = lines.flat_map(|line| line.split(','));
    let element = |element: &str| {
        let mut parts = element.split(';').map(str::trim);
        let range = parts.next().filter(|range| !range.is_empty())?.to_ascii_lowercase();
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1_000, |(_, weight)| thousandths(weight.trim()));
        Some((range, weight))
    };
    elements.filter_map(element).collect()
}

/// A weight of 0 to 1 with three decimals at most; 0 for anything else.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if 3 < decimals.len() || !decimals.bytes().all(|it| it.is_ascii_digit()) {
        return 0;
    }
    match (whole, format!("{decimals:0<3}").parse::<u16>()) {
        ("0", Ok(decimals)) => decimals,
        ("1", Ok(0)) => 1_000,
        _ => 0,
    }
}

/// Whether the client has what this tag names (RFC 9110, section 13.1.2: weakly compared).
pub(crate) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).into_iter();
    let lines = lines.filter_map(|value| value.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// The revision that a change is made for; `None` when the client does not say.
///
/// # Errors
///
/// 400 when several are named, or something that is no tag.
pub(crate) fn revision_read(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(tag) = tag.filter(|tag| !tag.contains('"')) else {
        return Err(Problem::bad_request("if-match", "must be one strong entity tag"));
    };
    // Tags of every form begin with the revision; revision 0 is of no report.
    let revision = tag.split('-').next().and_then(|revision| revision.parse().ok());
    Ok(Some(revision.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_form_liked_best() {
        for (accept, form) in [
            ("application/json", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            ("", Some(Form::Json)),
            ("TEXT/HTML; charset=utf-8", Some(Form::Html)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Form::Html)),
            ("application/*", Some(Form::Json)),
            ("application/*, application/json;q=0", Some(Form::Pdf)),
            ("application/pdf;q=0.5, text/*;q=0.6", Some(Form::Html)),
            ("application/pdf;q=0.51, text/html;q=0.5", Some(Form::Pdf)),
            ("application/json;q=0, */*;q=0.1", Some(Form::Html)),
            ("text/html;q=2, application/pdf;q=0.001", Some(Form::Pdf)),
            ("text/html;q=x", None),
            ("image/png", None),
            ("*/*;q=0", None),
            ("json", None),
        ] {
            assert_eq!(Form::wanted(&with(header::ACCEPT, accept)).ok(), form, "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()).unwrap(), Form::Json);
    }

    #[test]
    fn the_language_liked_best() {
        for (accept, language_) in [
            ("it", Language::Italian),
            ("it-CH, en;q=0.8", Language::Italian),
            ("en-GB, it;q=0.9", Language::English),
            ("de, it;q=0.2", Language::Italian),
            ("ita", Language::English),
            ("*, en;q=0.5", Language::Italian),
            ("de", Language::English),
        ] {
            assert_eq!(language(&with(header::ACCEPT_LANGUAGE, accept)), language_, "{accept}");
        }
    }

    #[test]
    fn what_the_client_has() {
        let has_it = |given: &str| has(&with(header::IF_NONE_MATCH, given), "\"7-html-en\"");
        assert!(has_it("\"7-html-en\""));
        assert!(has_it("\"6\", W/\"7-html-en\""));
        assert!(has_it("*"));
        assert!(!has_it("\"7\""));
        let read = |given: &str| revision_read(&with(header::IF_MATCH, given)).ok();
        assert_eq!(read("\"7\""), Some(Some(7)));
        assert_eq!(read("\"7-pdf-it\""), Some(Some(7)));
        assert_eq!(read("\"v7\""), Some(Some(0)));
        assert_eq!(read("*"), Some(None));
        assert_eq!(read("W/\"7\""), None);
        assert_eq!(read("\"7\", \"8\""), None);
        assert_eq!(read("7"), None);
    }
}
