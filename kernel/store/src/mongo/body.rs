//! Documents as BSON, without loss.
//!
//! Integers are always Int64, other numbers Double, objects keep the order of their names. What BSON
//! has no form for is escaped, and `~` says that it is:
//!
//! | JSON | BSON |
//! | --- | --- |
//! | a name with `~`, `.`, a `$` in front, or U+0000 in it, or an empty one | `~0`, `~1`, `~2`, `~4`, `~3` in their places |
//! | an integer above 2⁶³ − 1 | `{"~u": "<digits>"}` |
//! | what is nested deeper than [`DEEPEST`] | `{"~j": "<JSON>"}`; servers refuse more than 100 levels |

use std::fmt::{self, Formatter};

use mongodb::bson::{Bson, Document};
use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Levels of nesting that are kept as BSON.
const DEEPEST: usize = 64;
/// The name in front of an integer that is too large for Int64.
const UNSIGNED: &str = "~u";
/// The name in front of JSON text.
const TEXT: &str = "~j";

/// BSON of a JSON text.
pub(super) fn to_bson(json: &str) -> Result<Bson, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let bson = Level(0).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(bson)
}

/// The JSON text of which this is the BSON, up to white space.
pub(super) fn to_json(bson: &Bson) -> Result<String, serde_json::Error> {
    let mut json = String::new();
    write(bson, &mut json)?;
    Ok(json)
}

/// Makes BSON at this level of nesting.
struct Level(usize);

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Bson;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bson, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Bson;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Bson, E> {
        Ok(Bson::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Bson, E> {
        Ok(Bson::Boolean(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Bson, E> {
        Ok(Bson::Int64(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Bson, E> {
        Ok(i64::try_from(number).map_or_else(|_| marked(UNSIGNED, number.to_string()), Bson::Int64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Bson, E> {
        Ok(Bson::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Bson, E> {
        Ok(Bson::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Bson, E> {
        Ok(Bson::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bson, A::Error> {
        if DEEPEST <= self.0 {
            return deep(&Value::deserialize(SeqAccessDeserializer::new(seq))?);
        }
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Level(self.0 + 1))? {
            items.push(item);
        }
        Ok(Bson::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bson, A::Error> {
        if DEEPEST <= self.0 {
            return deep(&Value::deserialize(MapAccessDeserializer::new(map))?);
        }
        let mut document = Document::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Level(self.0 + 1))?;
            document.insert(escape(name), value);
        }
        Ok(Bson::Document(document))
    }
}

fn marked(mark: &str, text: String) -> Bson {
    let mut document = Document::new();
    document.insert(mark, text);
    Bson::Document(document)
}

fn deep<E: serde::de::Error>(value: &Value) -> Result<Bson, E> {
    Ok(marked(TEXT, serde_json::to_string(value).map_err(E::custom)?))
}

fn escape(name: String) -> String {
    if name.is_empty() {
        return "~3".to_owned();
    }
    if !name.starts_with('$') && !name.contains(['~', '.', '\0']) {
        return name;
    }
    let mut escaped = String::with_capacity(name.len() + 4);
    for (place, c) in name.char_indices() {
        match c {
            '~' => escaped.push_str("~0"),
            '.' => escaped.push_str("~1"),
            '$' if place == 0 => escaped.push_str("~2"),
            '\0' => escaped.push_str("~4"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn unescape(name: &str) -> Result<String, serde_json::Error> {
    let mut plain = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        if c != '~' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('0') => plain.push('~'),
            Some('1') => plain.push('.'),
            Some('2') => plain.push('$'),
            Some('3') => {}
            Some('4') => plain.push('\0'),
            _ => return Err(serde_json::Error::custom("a name that nobody here has written")),
        }
    }
    Ok(plain)
}

fn write(bson: &Bson, json: &mut String) -> Result<(), serde_json::Error> {
    match bson {
        Bson::Null => json.push_str("null"),
        Bson::Boolean(flag) => json.push_str(if *flag { "true" } else { "false" }),
        Bson::Int32(number) => json.push_str(&number.to_string()),
        Bson::Int64(number) => json.push_str(&number.to_string()),
        Bson::Double(number) => json.push_str(&serde_json::to_string(number)?),
        Bson::String(text) => json.push_str(&serde_json::to_string(text)?),
        Bson::Array(items) => {
            json.push('[');
            for (place, item) in items.iter().enumerate() {
                if 0 < place {
                    json.push(',');
                }
                write(item, json)?;
            }
            json.push(']');
        }
        Bson::Document(document) => write_document(document, json)?,
        other => {
            let kind = other.element_type();
            let reason = format!("a document of ours holds no {kind:?}");
            return Err(serde_json::Error::custom(reason));
        }
    }
    Ok(())
}

fn write_document(document: &Document, json: &mut String) -> Result<(), serde_json::Error> {
    if let (1, Some((name, Bson::String(text)))) = (document.len(), document.iter().next())
        && (name == UNSIGNED || name == TEXT)
    {
        // It is written as it stands, so it has to be what it says.
        serde_json::from_str::<serde::de::IgnoredAny>(text)?;
        json.push_str(text);
        return Ok(());
    }
    json.push('{');
    for (place, (name, value)) in document.iter().enumerate() {
        if 0 < place {
            json.push(',');
        }
        if name.contains('~') {
            json.push_str(&serde_json::to_string(&unescape(name)?)?);
        } else {
            json.push_str(&serde_json::to_string(name)?);
        }
        json.push(':');
        write(value, json)?;
    }
    json.push('}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{self, doc, oid::ObjectId};
    use proptest::prelude::*;

    use super::*;

    fn back(json: &str) -> String {
        let bson = to_bson(json).unwrap();
        // As it goes over the wire.
        let bytes = bson::serialize_to_vec(&doc! { "body": bson }).unwrap();
        let document: Document = bson::deserialize_from_slice(&bytes).unwrap();
        to_json(document.get("body").unwrap()).unwrap()
    }

    #[test]
    fn everything_comes_back_as_it_was() {
        for json in [
            "null",
            "[]",
            "{}",
            r#"{"b":1,"a":-1,"c":1.0,"d":-0.0,"e":1e+300,"f":5e-324}"#,
            "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615]",
            r#"{"":1,"~":2,"~0":3,"a.b":4,"$set":5,"a$":6,".":7,"~u":"8","~j":"9","~3":10,"x\u0000y":11}"#,
            r#"[{"~u":"12"},{"~j":"{}"},{"~0u":1}]"#,
            r#"{"text":"a\u0000b \"q\" \\ 日本 😀\n"}"#,
        ] {
            assert_eq!(back(json), json, "{:?}", to_bson(json).unwrap());
        }
        let deep = format!("{}1{}", "[{\"a.b\":".repeat(55), "}]".repeat(55));
        assert_eq!(back(&deep), deep);
        assert!(to_bson("1 2").is_err());
        assert!(to_bson("{\"a\":").is_err());
    }

    #[test]
    fn names_that_servers_take_for_something_else_are_not_sent() {
        let Bson::Document(document) = to_bson(r#"{"$inc":1,"a.b":2,"":3}"#).unwrap() else {
            panic!("an object is a document");
        };
        let names: Vec<&String> = document.keys().collect();
        assert_eq!(names, ["~2inc", "a~1b", "~3"]);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        for bson in [
            Bson::ObjectId(ObjectId::new()),
            Bson::Document(doc! { "~9": 1 }),
            Bson::Document(doc! { "a~": 1 }),
            Bson::Document(doc! { "~j": "{" }),
            Bson::Document(doc! { "~u": "" }),
        ] {
            assert!(to_json(&bson).is_err(), "{bson:?}");
        }
    }

    proptest! {
        #[test]
        fn any_json_comes_back(value in test_support::hostile::json_value()) {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(back(&json), json);
        }

        #[test]
        fn any_name_comes_back(name in any::<String>()) {
            prop_assert_eq!(unescape(&escape(name.clone())).unwrap(), name);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = to_bson(&text);
            let _ = unescape(&text);
        }
    }
}
