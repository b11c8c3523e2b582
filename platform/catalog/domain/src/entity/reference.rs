//! References to entities: `[kind:][namespace/]name` (Backstage's descriptor format).

use std::fmt;

use serde_json::Value;

/// The namespace of entities that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// The identity of an entity. Its written form is lower case, since references are compared
/// without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    kind: String,
    namespace: String,
    name: String,
}

/// A text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefError {
    /// It has not the form.
    #[error("`{0}` is not of the form [kind:][namespace/]name")]
    Form(String),
    /// It names no kind where none is implied.
    #[error("`{0}` must begin with a kind here, as in `component:{0}`")]
    NoKind(String),
}

impl EntityRef {
    /// The reference of these parts.
    #[must_use]
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        let lower = |part: &str| part.to_lowercase();
        Self { kind: lower(kind), namespace: lower(namespace), name: lower(name) }
    }

    /// Reads a reference; parts that it leaves out are the ones given.
    ///
    /// # Errors
    ///
    /// [`RefError`] when it has not the form, or names no kind and none is given.
    pub fn parse(text: &str, kind: Option<&str>, namespace: &str) -> Result<Self, RefError> {
        let form = || RefError::Form(text.to_owned());
        let (own_kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (None, text),
        };
        let (own_namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        let whole = [own_kind.unwrap_or("k"), own_namespace.unwrap_or("n"), name];
        if whole.iter().any(|part| part.is_empty() || part.contains([':', '/'])) {
            return Err(form());
        }
        let kind = own_kind.or(kind).ok_or_else(|| RefError::NoKind(text.to_owned()))?;
        Ok(Self::new(kind, own_namespace.unwrap_or(namespace), name))
    }

    /// The kind, in lower case.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace, in lower case.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

/// The reference of an entity, when it has a kind and a name.
#[must_use]
pub fn reference_of(entity: &Value) -> Option<EntityRef> {
    let metadata = entity.get("metadata")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let kind = text(entity.get("kind"))?;
    let name = text(metadata.get("name"))?;
    let namespace = text(metadata.get("namespace"));
    Some(EntityRef::new(&kind, namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE), &name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        match EntityRef::parse(text, Some("Group"), "own") {
            Ok(reference) => reference.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn parts_left_out_are_the_fields_and_the_entitys_own() {
        assert_eq!(read("team-a"), "group:own/team-a");
        assert_eq!(read("Other/Team-A"), "group:other/team-a");
        assert_eq!(read("user:ada"), "user:own/ada");
        assert_eq!(read("User:default/Ada"), "user:default/ada");
        for wrong in ["", ":", "a:", "a:b:c", "a/b/c", "/a", "a:/b", "b/a:c"] {
            assert!(read(wrong).contains("is not of the form"), "{wrong}");
        }
        let without = EntityRef::parse("db", None, "own").unwrap_err();
        assert_eq!(without.to_string(), "`db` must begin with a kind here, as in `component:db`");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(text in "\\PC{0,20}") {
            if let Ok(reference) = EntityRef::parse(&text, Some("Group"), "default") {
                let again = EntityRef::parse(&reference.to_string(), None, "x").unwrap();
                prop_assert_eq!(again.to_string(), reference.to_string());
            }
        }
    }
}
