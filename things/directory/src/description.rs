//! What a Thing Description must be to be kept, and how it is shown.
//!
//! A description is judged by W3C's own JSON Schema, so that what we keep is what others accept;
//! the few rules that a schema cannot say (names of security definitions that exist) stand here.
//! Registration information is kept apart from the description: its author owns the one, the
//! directory the other.

use std::collections::BTreeSet;

use chiron_chassis::FieldError;
use chiron_clock::instant;
use jiff::{SignedDuration, Timestamp};
use jsonschema::{Draft, Validator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// W3C Thing Description 1.1, "JSON Schema for TD Instance Validation", version 12 March 2025.
const SCHEMA: &str = include_str!("../schema/td-json-schema-validation.json");
/// The vocabulary of registration information (W3C Web of Things Discovery, "Enriched TD").
pub(crate) const DISCOVERY: &str = "https://www.w3.org/2022/wot/discovery";
/// Mistakes that are told of one description at most.
const MOST_MISTAKES: usize = 20;
/// The longest explanation of a mistake, in characters.
const LONGEST_DETAIL: usize = 300;

/// The schema cannot be used: a broken build.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON.
    #[error("the schema of Thing Descriptions is not JSON")]
    Json(#[from] serde_json::Error),
    /// It is no schema.
    #[error("the schema of Thing Descriptions is not valid: {0}")]
    Schema(String),
}

/// Judges descriptions.
#[derive(Debug)]
pub struct Judge(Validator);

/// What the author of a description says about its registration (W3C Web of Things Discovery,
/// "Registration Information").
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Wish {
    /// When it ends.
    pub(crate) expires: Option<Timestamp>,
    /// How long it lasts from each registration on, in seconds; wins over `expires`.
    pub(crate) ttl_s: Option<f64>,
}

/// Registration information as kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Registration {
    /// When it was first registered; survives updates.
    #[serde(with = "instant::text")]
    pub(crate) created: Timestamp,
    /// When it was last registered.
    #[serde(with = "instant::text")]
    pub(crate) modified: Timestamp,
    /// When it ends; never, when `None`.
    #[serde(with = "instant::option")]
    pub(crate) expires: Option<Timestamp>,
    /// In seconds, as its author said; `None` when not said.
    pub(crate) ttl: Option<f64>,
}

impl Judge {
    /// Compiles the schema.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] in a broken build only.
    pub fn new() -> Result<Self, SchemaError> {
        let schema: Value = serde_json::from_str(SCHEMA)?;
        jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .build(&schema)
            .map(Self)
            .map_err(|err| SchemaError::Schema(err.to_string()))
    }

    /// What is wrong with a description; empty when it is valid.
    pub fn mistakes(&self, description: &Value) -> Vec<FieldError> {
        let mut mistakes: Vec<FieldError> = self
            .0
            .iter_errors(description)
            .take(MOST_MISTAKES)
            .map(|error| {
                let detail: String =
                    error.masked().to_string().chars().take(LONGEST_DETAIL).collect();
                FieldError::new(error.instance_path().to_string(), detail)
            })
            .collect();
        if mistakes.is_empty() {
            undefined_security(description, &mut mistakes);
            mistakes.truncate(MOST_MISTAKES);
        }
        mistakes
    }
}

/// "The value of `security` MUST be among the names of `securityDefinitions`" (Thing Description
/// 1.1, "Thing" and "Form"). Looks into forms of interactions and of the Thing itself.
fn undefined_security(description: &Value, mistakes: &mut Vec<FieldError>) {
    let defined: BTreeSet<&str> = description
        .get("securityDefinitions")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|defined| defined.keys().map(String::as_str))
        .collect();
    let mut check = |of: &Value, at: &str| {
        let named: Vec<&str> = match of.get("security") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for name in named.into_iter().filter(|name| !defined.contains(name)) {
            let detail = format!("{name:?} is not in securityDefinitions");
            mistakes.push(FieldError::new(format!("{at}/security"), detail));
        }
    };
    check(description, "");
    let forms_of = |of: &Value| of.get("forms").and_then(Value::as_array).cloned();
    for (nth, form) in forms_of(description).into_iter().flatten().enumerate() {
        check(&form, &format!("/forms/{nth}"));
    }
    for kind in ["properties", "actions", "events"] {
        let Some(interactions) = description.get(kind).and_then(Value::as_object) else { continue };
        for (name, interaction) in interactions {
            for (nth, form) in forms_of(interaction).into_iter().flatten().enumerate() {
                check(&form, &format!("/{kind}/{name}/forms/{nth}"));
            }
        }
    }
}

/// Takes the registration information out of a description as it came. Only `expires` and `ttl`
/// are its author's; the rest is the directory's and ignored.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn take_wish(description: &mut Map<String, Value>) -> Result<Wish, Vec<FieldError>> {
    let wrong = |pointer: &str, detail: &str| Err(vec![FieldError::new(pointer, detail)]);
    let registration = match description.remove("registration") {
        None | Some(Value::Null) => return Ok(Wish::default()),
        Some(Value::Object(registration)) => registration,
        Some(_) => return wrong("/registration", "must be an object"),
    };
    let expires = match registration.get("expires") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => match instant::parse(text) {
            Ok(at) => Some(at),
            Err(err) => return wrong("/registration/expires", &err.to_string()),
        },
        Some(_) => return wrong("/registration/expires", "must be an instant"),
    };
    let ttl_s = match registration.get("ttl") {
        None | Some(Value::Null) => None,
        Some(number) => match number.as_f64() {
            Some(seconds) if seconds > 0.0 && seconds.is_finite() => Some(seconds),
            _ => return wrong("/registration/ttl", "must be a number of seconds greater than 0"),
        },
    };
    Ok(Wish { expires, ttl_s })
}

impl Registration {
    /// A registration made `now`; `created` is that of the one before.
    pub(crate) fn made(wish: Wish, now: Timestamp, created: Option<Timestamp>) -> Self {
        let lasts = wish.ttl_s.map(|seconds| {
            SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
        });
        let expires = match lasts {
            Some(lasts) => Some(now.saturating_add(lasts).unwrap_or(Timestamp::MAX)),
            None => wish.expires,
        };
        Self { created: created.unwrap_or(now), modified: now, expires, ttl: wish.ttl_s }
    }

    /// What its author had said.
    pub(crate) fn wish(&self) -> Wish {
        let expires = if self.ttl.is_some() { None } else { self.expires };
        Wish { expires, ttl_s: self.ttl }
    }

    /// Whether it has ended at `now`.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    fn shown(&self, retrieved: Timestamp) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("created", json!(instant::write(self.created)));
        put("modified", json!(instant::write(self.modified)));
        if let Some(expires) = self.expires {
            put("expires", json!(instant::write(expires)));
        }
        if let Some(ttl) = self.ttl {
            put("ttl", seconds(ttl));
        }
        put("retrieved", json!(instant::write(retrieved)));
        Value::Object(shown)
    }
}

/// Whole seconds without a fraction, as they were sent.
fn seconds(ttl: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, checked")]
    if ttl.fract() == 0.0 && ttl < 9.0e15 { json!(ttl as i64) } else { json!(ttl) }
}

/// The description with its registration information and the context that names it: an Enriched
/// TD (W3C Web of Things Discovery, "Enriched TD").
pub(crate) fn enriched(
    description: &Map<String, Value>,
    registration: &Registration,
    now: Timestamp,
) -> Value {
    let mut shown = description.clone();
    if let Some(context) = shown.get_mut("@context") {
        let mut contexts = match context.take() {
            Value::Array(contexts) => contexts,
            one => vec![one],
        };
        let discovery = Value::String(DISCOVERY.to_owned());
        if !contexts.contains(&discovery) {
            // Never first: the first says which version of Thing Descriptions this is.
            contexts.insert(contexts.len().min(1), discovery);
        }
        *context = Value::Array(contexts);
    }
    shown.insert("registration".to_owned(), registration.shown(now));
    Value::Object(shown)
}

/// Applies a merge patch (RFC 7396).
pub(crate) fn merge(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut merged = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            merged.remove(name);
        } else {
            let before = merged.remove(name).unwrap_or(Value::Null);
            merged.insert(name.clone(), merge(before, change));
        }
    }
    Value::Object(merged)
}

/// The merge patch that makes `after` of `before`: what a notification tells of an update.
pub(crate) fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in after {
        match (before.get(name), value) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                patch.insert(name.clone(), difference(old, new));
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_merge_patch_does_what_its_standard_shows() {
        // RFC 7396, appendix A.
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            assert_eq!(merge(target.clone(), &patch), expected, "{target} {patch}");
        }
    }

    #[test]
    fn the_directory_computes_when_a_registration_ends() {
        let now = at("2026-05-15T06:00:00Z");
        let ends = |registration: Value| {
            let mut td = Map::from_iter([("registration".to_owned(), registration)]);
            let wish = take_wish(&mut td).map_err(|errors| errors[0].pointer.clone())?;
            assert!(td.is_empty());
            Ok(Registration::made(wish, now, None).expires.map(instant::write))
        };
        let some = |text: &str| Ok(Some(text.to_owned()));
        for (registration, expected) in [
            (json!(null), Ok(None)),
            (json!({}), Ok(None)),
            (json!({"ttl": 60}), some("2026-05-15T06:01:00.000Z")),
            (json!({"ttl": 0.5}), some("2026-05-15T06:00:00.500Z")),
            (json!({"expires": "2026-05-15T09:00:00+02:00"}), some("2026-05-15T07:00:00.000Z")),
            (
                json!({"ttl": 60, "expires": "2030-01-01T00:00:00Z"}),
                some("2026-05-15T06:01:00.000Z"),
            ),
            (json!({"created": "1970-01-01T00:00:00Z", "ttl": null}), Ok(None)),
            (json!({"ttl": 0}), Err("/registration/ttl".to_owned())),
            (json!({"ttl": "60"}), Err("/registration/ttl".to_owned())),
            (json!({"expires": "2026-05-15T09:00:00"}), Err("/registration/expires".to_owned())),
            (json!([]), Err("/registration".to_owned())),
        ] {
            assert_eq!(ends(registration.clone()), expected, "{registration}");
        }
    }

    #[test]
    fn the_discovery_context_is_added_once_and_never_first() {
        let registration = Registration::made(Wish::default(), at("2026-05-15T06:00:00Z"), None);
        let td = "https://www.w3.org/2022/wot/td/v1.1";
        for (context, expected) in [
            (json!(td), json!([td, DISCOVERY])),
            (json!([td, {"x": "urn:x"}]), json!([td, DISCOVERY, {"x": "urn:x"}])),
            (json!([td, DISCOVERY]), json!([td, DISCOVERY])),
        ] {
            let description = Map::from_iter([("@context".to_owned(), context)]);
            let shown = enriched(&description, &registration, registration.created);
            assert_eq!(shown["@context"], expected);
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z@]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let name = prop_oneof![
                Just("@context".to_owned()),
                Just("security".to_owned()),
                Just("securityDefinitions".to_owned()),
                Just("properties".to_owned()),
                Just("forms".to_owned()),
                Just("title".to_owned()),
                Just("registration".to_owned()),
                "[a-c]",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn without_nulls(value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            ),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn a_difference_is_what_a_merge_undoes(before in json_value(), after in json_value()) {
            let (Value::Object(before), Value::Object(after)) =
                (without_nulls(before), without_nulls(after)) else { return Ok(()) };
            let patch = difference(&before, &after);
            prop_assert_eq!(merge(Value::Object(before), &patch), Value::Object(after));
        }

        #[test]
        fn any_json_is_judged_with_a_reason(description in json_value()) {
            static JUDGE: std::sync::LazyLock<Judge> =
                std::sync::LazyLock::new(|| Judge::new().unwrap());
            let mistakes = JUDGE.mistakes(&description);
            // Nothing that small and random is a Thing Description.
            prop_assert!(!mistakes.is_empty());
            prop_assert!(mistakes.iter().all(|mistake| !mistake.detail.is_empty()));
        }
    }
}
