//! Thing Descriptions, as far as acting needs them (W3C `WoT` Thing Description 1.1, §5.3).
//!
//! A description comes from a directory that others write, so nothing in it is trusted: a form is
//! followed only over HTTP, and only one that invokes an action.

use std::collections::BTreeMap;

use axum::http::{Method, Uri, uri::Authority};
use serde::Deserialize;

/// What is invoked, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// Scheme and authority, without a slash at the end.
    pub(crate) origin: String,
    /// Path and query.
    pub(crate) path: String,
    /// The method.
    pub(crate) method: Method,
}

/// A Thing Description.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Description {
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    actions: BTreeMap<String, ActionV1>,
}

#[derive(Debug, Clone, Deserialize)]
struct ActionV1 {
    #[serde(default)]
    forms: Vec<FormV1>,
}

#[derive(Debug, Clone, Deserialize)]
struct FormV1 {
    href: String,
    #[serde(default)]
    op: Option<OpV1>,
    #[serde(default, rename = "contentType")]
    content_type: Option<String>,
    #[serde(default, rename = "htv:methodName")]
    method: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OpV1 {
    One(String),
    Many(Vec<String>),
}

impl Description {
    /// Reads a description; unknown members are its other readers' affair.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// How an action is invoked; `None` when the Thing has no such action, or no form of it that
    /// can be followed.
    pub(crate) fn invocation(&self, action: &str) -> Option<Invocation> {
        self.actions.get(action)?.forms.iter().find_map(|form| self.follow(form))
    }

    fn follow(&self, form: &FormV1) -> Option<Invocation> {
        // §5.3.4.2: a form of an action invokes it unless it says otherwise.
        let invokes = match &form.op {
            None => true,
            Some(OpV1::One(op)) => op == "invokeaction",
            Some(OpV1::Many(ops)) => ops.iter().any(|op| op == "invokeaction"),
        };
        let json = form.content_type.as_deref().is_none_or(|content_type| {
            let essence = content_type.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
        });
        if !invokes || !json {
            return None;
        }
        // WoT Binding Templates, HTTP: invoking an action is a POST unless the form says otherwise.
        let method = match form.method.as_deref() {
            None | Some("POST") => Method::POST,
            Some("PUT") => Method::PUT,
            Some(_) => return None,
        };
        let (origin, path) = self.resolve(&form.href)?;
        Some(Invocation { origin, path, method })
    }

    /// Origin and path of an address, which may be relative to the description's base (RFC 3986,
    /// §5.2, without dot segments: a gateway's addresses have none).
    fn resolve(&self, href: &str) -> Option<(String, String)> {
        if let Some(found) = absolute(href) {
            return Some(found);
        }
        if href.contains("://") || href.starts_with("//") {
            return None;
        }
        let (origin, base) = absolute(self.base.as_deref()?)?;
        if href.starts_with('/') {
            return Some((origin, path(href)?));
        }
        let folder = base.split(['?', '#']).next().unwrap_or_default();
        let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some((origin, path(&format!("{folder}/{href}"))?))
    }
}

fn absolute(href: &str) -> Option<(String, String)> {
    let uri: Uri = href.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    let authority: &Authority = uri.authority()?;
    // A password in an address is nothing to be sent along.
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Some((format!("{scheme}://{authority}"), path.to_owned()))
}

fn path(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    if uri.authority().is_some() {
        return None;
    }
    uri.path_and_query().map(|path| path.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn invoked(base: &str, form: &Value) -> Option<String> {
        let description = json!({"base": base, "actions": {"on": {"forms": [form]}}}).to_string();
        let invocation = Description::parse(description.as_bytes()).unwrap().invocation("on")?;
        let Invocation { origin, path, method } = invocation;
        Some(format!("{method} {origin} {path}"))
    }

    fn check(form: &Value, expected: Option<&str>) {
        assert_eq!(invoked("http://gw.example:1880/a/b?c", form).as_deref(), expected, "{form}");
    }

    #[test]
    fn forms_are_followed() {
        let there = Some("POST http://gw.example:1880 /switchable/h-1/on");
        check(&json!({"href": "http://gw.example:1880/switchable/h-1/on"}), there);
        check(&json!({"href": "/switchable/h-1/on", "op": "invokeaction"}), there);
        check(&json!({"href": "/switchable/h-1/on", "op": ["x", "invokeaction"]}), there);
        let relative = Some("POST http://gw.example:1880 /a/on?x=1");
        check(
            &json!({"href": "on?x=1", "contentType": "application/json; charset=utf-8"}),
            relative,
        );
        let put = json!({"href": "https://x/", "htv:methodName": "PUT"});
        check(&put, Some("PUT https://x /"));
    }

    #[test]
    fn what_cannot_be_followed_is_not() {
        for form in [
            json!({"href": "coap://gw.example/on"}),
            json!({"href": "ftp://gw.example/on"}),
            json!({"href": "http://user:secret@gw.example/on"}),
            json!({"href": "//elsewhere/on"}),
            json!({"href": "http://"}),
            json!({"href": "/on", "op": "queryaction"}),
            json!({"href": "/on", "op": []}),
            json!({"href": "/on", "contentType": "application/cbor"}),
            json!({"href": "/on", "htv:methodName": "DELETE"}),
            json!({"href": "/on with spaces"}),
        ] {
            check(&form, None);
        }
        let description = Description::parse(br#"{"title": "no actions"}"#).unwrap();
        assert_eq!(description.invocation("on"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_description_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(description) = Description::parse(&bytes) {
                let _ = description.invocation("on");
            }
        }

        #[test]
        fn any_address_is_followed_over_http_or_not_at_all(base in ".{0,40}", href in ".{0,60}") {
            if let Some(invoked) = invoked(&base, &json!({"href": href})) {
                prop_assert!(invoked.starts_with("POST http"), "{}", invoked);
                prop_assert!(!invoked.contains('@') || invoked.find('@') > invoked.find(" /"));
            }
        }
    }
}
