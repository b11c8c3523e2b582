//! One form of a JSON value and no other, so that its hash can be computed by anybody: RFC 8785.

use serde_json::Value;

/// Writes a value as RFC 8785 says: no white space, members in the order of their names' UTF-16
/// code units, texts with the shortest escapes. Numbers are those of an entry, integers below 2⁵³,
/// whose form is their digits.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        // The writer of these has the escapes of RFC 8785, section 3.2.2.2.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
        Value::Array(items) => {
            text.push('[');
            for (nth, item) in items.iter().enumerate() {
                if 0 < nth {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (nth, (name, member)) in members.into_iter().enumerate() {
                if 0 < nth {
                    text.push(',');
                }
                write(&Value::String(name.clone()), text);
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The texts and the order are those of the examples of RFC 8785, sections 3.2.2 and 3.2.3.
    #[test]
    fn writes_what_the_standard_writes() {
        let check = |value: Value, expected: &str| assert_eq!(canonical(&value), expected);
        check(json!({"b": [null, true, false], "a": 10}), r#"{"a":10,"b":[null,true,false]}"#);
        check(
            json!("\u{20ac}$\u{000F}\u{000a}A'\u{0042}\u{0022}\u{005c}\\\"/"),
            r#""€$\u000f\nA'B\"\\\\\"/""#,
        );
        let names = json!({
            "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7,
        });
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
        check(names, expected);
        check(json!("\u{8}\u{c}\t\u{1f}\u{7f}"), "\"\\b\\f\\t\\u001f\u{7f}\"");
    }
}
