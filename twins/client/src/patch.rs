//! Changes of a twin's properties as one atomic JSON Patch.

use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Property changes that take effect together or not at all, in the order in which they were
/// added.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch(Vec<Value>);

impl Patch {
    /// No change.
    pub fn new() -> Patch {
        Patch::default()
    }

    /// Sets a property, whether or not it was set before. `source_time` is when the value was
    /// observed; without it the layer's clock counts.
    #[must_use]
    pub fn set(
        mut self,
        property: &str,
        value: impl Into<Value>,
        source_time: Option<Timestamp>,
    ) -> Patch {
        let name = escape(property);
        // `add` and not `replace`, which the layer refuses for a property that was never set.
        self.0.push(json!({"op": "add", "path": format!("/{name}"), "value": value.into()}));
        if let Some(at) = source_time {
            let path = format!("/$metadata/{name}/sourceTime");
            self.0.push(json!({"op": "add", "path": path, "value": instant::write(at)}));
        }
        self
    }

    /// Removes a property; the layer refuses the patch when it is not set.
    #[must_use]
    pub fn remove(mut self, property: &str) -> Patch {
        self.0.push(json!({"op": "remove", "path": format!("/{}", escape(property))}));
        self
    }

    /// True when there is nothing to do; the client sends no such patch.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Array(self.0)
    }
}

/// RFC 6901, section 3.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
