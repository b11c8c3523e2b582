//! What is wrong with a descriptor, and what to write instead.

use serde_json::{Map, Value};

use super::kinds::{Field, Kinds, Shape, core};
use super::reference::EntityRef;

/// One thing that is wrong with an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: a JSON Pointer (RFC 6901) into the entity.
    pub pointer: String,
    /// What is wrong and what to write, for people.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// Everything that is wrong with an entity; empty when it is valid. The `spec` of a kind that
/// configuration adds is judged elsewhere.
#[must_use]
pub fn validate(entity: &Value, kinds: &Kinds) -> Vec<Fault> {
    let Some(members) = entity.as_object() else {
        let detail = "must be an object with apiVersion, kind, metadata and spec";
        return vec![Fault::new("", detail)];
    };
    let mut faults = Vec::new();
    metadata(members, &mut faults);
    let Some(kind) = text(members, "kind") else {
        let detail = format!("is missing: write one of {}", kinds.names());
        faults.push(Fault::new("/kind", detail));
        return faults;
    };
    match (core(kind), kinds.own(kind)) {
        (Some(known), _) => {
            spelled(kind, known.name, &mut faults);
            api_version(members, known.api_versions, &mut faults);
            spec(members, known.fields, &mut faults);
        }
        (None, Some(own)) => {
            spelled(kind, &own.name, &mut faults);
            let versions: Vec<&str> = own.api_versions.iter().map(String::as_str).collect();
            api_version(members, &versions, &mut faults);
        }
        (None, None) => {
            let detail = format!("`{kind}` is not known: write one of {}", kinds.names());
            faults.push(Fault::new("/kind", detail));
        }
    }
    faults
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn spelled(kind: &str, name: &str, faults: &mut Vec<Fault>) {
    if kind != name {
        faults.push(Fault::new("/kind", format!("is `{kind}`: write `kind: {name}`")));
    }
}

fn api_version(members: &Map<String, Value>, versions: &[&str], faults: &mut Vec<Fault>) {
    let example = versions.first().copied().unwrap_or("backstage.io/v1alpha1");
    match text(members, "apiVersion") {
        None => {
            let detail = format!("is missing: write `apiVersion: {example}`");
            faults.push(Fault::new("/apiVersion", detail));
        }
        Some(version) if !versions.is_empty() && !versions.contains(&version) => {
            let detail = format!("`{version}` is not known: write `apiVersion: {example}`");
            faults.push(Fault::new("/apiVersion", detail));
        }
        Some(_) => {}
    }
}

fn metadata(members: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let Some(metadata) = members.get("metadata").and_then(Value::as_object) else {
        let detail = "must be an object: write `metadata: {name: my-service}`";
        faults.push(Fault::new("/metadata", detail));
        return;
    };
    match metadata.get("name").map(Value::as_str) {
        None => {
            let detail = "is missing: write `name: my-service`";
            faults.push(Fault::new("/metadata/name", detail));
        }
        Some(name) if !name.is_some_and(is_name) => {
            let detail = "must have 1 to 63 letters, digits, `-`, `_` or `.`, the first and the \
                          last a letter or digit, as in `name: my-service`";
            faults.push(Fault::new("/metadata/name", detail));
        }
        Some(_) => {}
    }
    if let Some(namespace) = metadata.get("namespace")
        && !namespace.as_str().is_some_and(is_dns_label)
    {
        let detail = "must have 1 to 63 lower case letters, digits or `-`, the first and the last \
                      no `-`, as in `namespace: default`";
        faults.push(Fault::new("/metadata/namespace", detail));
    }
    for name in ["title", "description", "uid", "etag"] {
        if metadata.get(name).is_some_and(|value| !value.is_string()) {
            let detail = "must be a text: put it in quotes";
            faults.push(Fault::new(format!("/metadata/{name}"), detail));
        }
    }
    let label = |value: &Value| value.as_str().is_some_and(|text| text.is_empty() || is_name(text));
    let detail = "must be empty, or as a name: up to 63 letters, digits, `-`, `_` or `.`";
    pairs(metadata, "labels", label, detail, faults);
    pairs(metadata, "annotations", Value::is_string, "must be a text: put it in quotes", faults);
    tags(metadata, faults);
    links(metadata, faults);
}

fn pairs(
    metadata: &Map<String, Value>,
    name: &str,
    right: impl Fn(&Value) -> bool,
    detail: &str,
    faults: &mut Vec<Fault>,
) {
    let Some(given) = metadata.get(name) else { return };
    let Some(given) = given.as_object() else {
        let detail = "must be an object of names and texts";
        faults.push(Fault::new(format!("/metadata/{name}"), detail));
        return;
    };
    for (key, value) in given {
        let pointer = || format!("/metadata/{name}/{}", escaped(key));
        if !is_qualified_name(key) {
            let detail = "the key must be a name, or a DNS name, `/` and a name, as in \
                          `example.com/tier`";
            faults.push(Fault::new(pointer(), detail));
        }
        if !right(value) {
            faults.push(Fault::new(pointer(), detail));
        }
    }
}

fn tags(metadata: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let Some(tags) = metadata.get("tags") else { return };
    let Some(tags) = tags.as_array() else {
        faults.push(Fault::new("/metadata/tags", "must be a list: write `tags: [java]`"));
        return;
    };
    for (nth, tag) in tags.iter().enumerate() {
        if !tag.as_str().is_some_and(is_tag) {
            let detail = "must have 1 to 63 lower case letters, digits, `:`, `+` or `#`, in runs \
                          joined by `-`, as in `java-17`";
            faults.push(Fault::new(format!("/metadata/tags/{nth}"), detail));
        }
    }
}

fn links(metadata: &Map<String, Value>, faults: &mut Vec<Fault>) {
    let Some(links) = metadata.get("links") else { return };
    let Some(links) = links.as_array() else {
        let detail = "must be a list: write `links: [{url: https://host}]`";
        faults.push(Fault::new("/metadata/links", detail));
        return;
    };
    for (nth, link) in links.iter().enumerate() {
        let url = link.get("url").and_then(Value::as_str).filter(|url| !url.is_empty());
        if url.is_none() {
            let detail = "must be a text that is not empty: write `url: https://host`";
            faults.push(Fault::new(format!("/metadata/links/{nth}/url"), detail));
        }
        for name in ["title", "icon", "type"] {
            if link.get(name).is_some_and(|value| value.as_str().is_none_or(str::is_empty)) {
                let detail = "must be a text that is not empty, or be left out";
                faults.push(Fault::new(format!("/metadata/links/{nth}/{name}"), detail));
            }
        }
    }
}

fn spec(members: &Map<String, Value>, fields: &[Field], faults: &mut Vec<Fault>) {
    let Some(spec) = members.get("spec").and_then(Value::as_object) else {
        let required = fields.iter().filter(|field| field.required);
        let examples: Vec<&str> = required.map(|field| field.example).collect();
        let detail = if examples.is_empty() {
            "must be an object".to_owned()
        } else {
            format!("must be an object with `{}`", examples.join("`, `"))
        };
        faults.push(Fault::new("/spec", detail));
        return;
    };
    let namespace = "default";
    for field in fields {
        let pointer = format!("/spec/{}", field.name);
        match spec.get(field.name) {
            None if field.required => {
                let detail = format!("is missing: write `{}`", field.example);
                faults.push(Fault::new(pointer, detail));
            }
            None => {}
            Some(value) => shaped(value, field, &pointer, namespace, faults),
        }
    }
}

fn shaped(value: &Value, field: &Field, pointer: &str, namespace: &str, faults: &mut Vec<Fault>) {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let is_texts = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(is_text));
    let right = match field.shape {
        Shape::Text | Shape::One(_) => is_text(value),
        Shape::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Shape::Texts | Shape::Many(_) => is_texts(value),
        Shape::Profile => value.as_object().is_some_and(|profile| {
            let fields = ["displayName", "email", "picture"];
            fields.iter().all(|name| profile.get(*name).is_none_or(Value::is_string))
        }),
        Shape::Steps => value
            .as_array()
            .is_some_and(|steps| steps.iter().all(|step| step.get("action").is_some_and(is_text))),
        Shape::Pages => {
            value.is_object()
                || value.as_array().is_some_and(|pages| pages.iter().all(Value::is_object))
        }
        Shape::Object => value.is_object(),
    };
    if !right {
        let found = short(value);
        let detail = format!("is {found}: write `{}`", field.example);
        faults.push(Fault::new(pointer, detail));
        return;
    }
    match field.shape {
        Shape::One(link) => {
            if let Some(text) = value.as_str()
                && let Err(wrong) = EntityRef::parse(text, link.kind, namespace)
            {
                faults.push(Fault::new(pointer, wrong.to_string()));
            }
        }
        Shape::Many(link) => {
            for (nth, text) in value.as_array().into_iter().flatten().enumerate() {
                if let Some(text) = text.as_str()
                    && let Err(wrong) = EntityRef::parse(text, link.kind, namespace)
                {
                    faults.push(Fault::new(format!("{pointer}/{nth}"), wrong.to_string()));
                }
            }
        }
        _ => {}
    }
}

/// A value as a message shows it.
#[must_use]
pub fn short(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null => "empty".to_owned(),
        scalar => {
            let text = scalar.to_string();
            let cut: String = text.chars().take(40).collect();
            if cut.len() < text.len() { format!("{cut}…") } else { cut }
        }
    }
}

/// A key as a part of a JSON Pointer.
#[must_use]
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// 1 to 63 of `A-Za-z0-9-_.`, the first and the last alphanumeric.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63 && bytes.iter().all(plain) && ends(bytes.first()) && ends(bytes.last())
}

/// A DNS label (RFC 1123) in lower case.
fn is_dns_label(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A name, with a DNS name and a slash before it or without.
fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        None => is_name(text),
        Some((prefix, name)) => {
            let prefix = prefix.to_ascii_lowercase();
            prefix.len() <= 253 && prefix.split('.').all(is_dns_label) && is_name(name)
        }
    }
}

/// 1 to 63 of `a-z0-9:+#`, in runs joined by `-`.
fn is_tag(text: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'+' | b'#')
    };
    (1..=63).contains(&text.len())
        && text.split('-').all(|run| !run.is_empty() && run.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The pointers of what is wrong after `change`.
    fn wrong(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut entity = json!({
            "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
            "metadata": {"name": "a"},
            "spec": {"type": "service", "lifecycle": "production", "owner": "team"},
        });
        change(&mut entity);
        validate(&entity, &Kinds::default()).into_iter().map(|fault| fault.pointer).collect()
    }

    #[expect(clippy::needless_pass_by_value, reason = "a value is written where it is set")]
    fn set(pointer: &'static str, value: Value) -> Vec<String> {
        wrong(|entity| {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let name = name.replace("~1", "/");
            entity.pointer_mut(parent).unwrap()[name] = value.clone();
        })
    }

    #[test]
    fn names_tags_labels_and_links_follow_the_format() {
        assert_eq!(wrong(|_| {}), Vec::<String>::new());
        let long = "a".repeat(64);
        for (pointer, good, bad) in [
            (
                "/metadata/name",
                &["a--b", "A.b_C-1", "x"][..],
                &["", "a b", "-a", "a-", long.as_str()][..],
            ),
            ("/metadata/namespace", &["tools-2"], &["Tools", "", "a.b", "-a"]),
        ] {
            for text in good {
                assert_eq!(set(pointer, json!(text)), Vec::<String>::new(), "{text}");
            }
            for text in bad {
                assert_eq!(set(pointer, json!(text)), [pointer], "{text}");
            }
        }
        assert!(set("/metadata/tags", json!(["java17", "a-b-c", "c++", "c#", "k:v"])).is_empty());
        for tag in ["Has Space", "", "a--b", "A", "-a"] {
            assert_eq!(set("/metadata/tags", json!(["ok", tag])), ["/metadata/tags/1"], "{tag}");
        }
        assert!(set("/metadata/labels", json!({"acme.dev/tier": "tier-1", "x": ""})).is_empty());
        let wrong = json!({"acme.dev/tier": "a b", "/x": "y"});
        let pointers = ["/metadata/labels/~1x", "/metadata/labels/acme.dev~1tier"];
        assert_eq!(set("/metadata/labels", wrong), pointers);
        assert_eq!(set("/metadata/annotations", json!({"a/b": 1})), ["/metadata/annotations/a~1b"]);
        assert!(set("/metadata/links", json!([{"url": "https://a", "title": "A"}])).is_empty());
        let links = json!([{"title": "A"}, {"url": "u", "icon": ""}]);
        let pointers = ["/metadata/links/0/url", "/metadata/links/1/icon"];
        assert_eq!(set("/metadata/links", links), pointers);
        assert_eq!(set("/metadata/description", json!(1)), ["/metadata/description"]);
    }

    #[test]
    fn a_kind_says_which_fields_it_needs() {
        assert_eq!(set("/apiVersion", json!("backstage.io/v9")), ["/apiVersion"]);
        assert!(set("/apiVersion", json!("backstage.io/v1beta1")).is_empty());
        assert_eq!(set("/kind", json!("component")), ["/kind"]);
        assert_eq!(set("/kind", json!("Zed")), ["/kind"]);
        assert_eq!(set("/spec", json!({})), ["/spec/type", "/spec/lifecycle", "/spec/owner"]);
        assert_eq!(set("/spec", Value::Null), ["/spec"]);
        assert_eq!(set("/spec/owner", json!("a/b/c")), ["/spec/owner"]);
        assert_eq!(set("/spec/owner", json!(["a"])), ["/spec/owner"]);
        assert_eq!(set("/spec/dependsOn", json!(["resource:db", "db"])), ["/spec/dependsOn/1"]);
        assert!(set("/spec/own", json!({"anything": [1, null]})).is_empty());
        let spec = json!({"type": "url", "targets": ["./a"], "presence": "maybe"});
        let location = wrong(|entity| {
            entity["kind"] = json!("Location");
            entity["spec"] = spec.clone();
        });
        assert_eq!(location, ["/spec/presence"]);
    }

    #[test]
    fn a_fault_says_what_to_write() {
        let entity = json!({"kind": "User", "metadata": {"name": "ada"}, "spec": {}});
        let faults: Vec<String> = validate(&entity, &Kinds::default())
            .iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.detail))
            .collect();
        assert_eq!(
            faults,
            [
                "/apiVersion is missing: write `apiVersion: backstage.io/v1alpha1`",
                "/spec/memberOf is missing: write `memberOf: [team-a]`",
            ]
        );
    }

    #[test]
    fn kinds_of_configuration_are_taken_under_their_versions() {
        let own = super::super::kinds::OwnKind {
            name: "Device".to_owned(),
            api_versions: vec!["example.com/v1".to_owned()],
        };
        let kinds = Kinds::with(vec![own]);
        let mut device = json!({"apiVersion": "example.com/v1", "kind": "Device",
            "metadata": {"name": "x"}});
        assert_eq!(validate(&device, &kinds), []);
        device["apiVersion"] = json!("backstage.io/v1alpha1");
        assert_eq!(validate(&device, &kinds).len(), 1);
        assert!(kinds.allows("device") && kinds.allows("api") && !kinds.allows("unknown"));
    }
}
