//! A twin or relationship as it is kept, and its text.

use std::{
    borrow::Borrow,
    fmt::{self, Display},
    ops::Deref,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

/// A twin or relationship as GET gives it. Whoever reads it shares it with the graph, which never
/// changes a document but puts another in its place. So its text is written once, when it is first
/// asked for, and lies in one piece for all who read the document later.
#[derive(Clone, Default)]
pub struct Document(Arc<Written>);

#[derive(Default)]
struct Written {
    value: Value,
    text: OnceLock<String>,
}

impl Document {
    /// The document in JSON.
    pub fn text(&self) -> &str {
        self.0.text.get_or_init(|| self.0.value.to_string())
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self(Arc::new(Written { value, text: OnceLock::new() }))
    }
}

impl Deref for Document {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.value
    }
}

impl Borrow<Value> for Document {
    fn borrow(&self) -> &Value {
        self
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_who_share_a_document_share_its_text() {
        let document = Document::from(json!({"$dtId": "room-1", "name": "Ä \"1\""}));
        let shared = document.clone();
        let text = document.text();
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), *document);
        assert!(std::ptr::eq(text, shared.text()));
        assert_eq!(document, Document::from((*document).clone()));
        assert_ne!(document, Document::default());
    }
}
