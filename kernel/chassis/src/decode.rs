//! Reading JSON and parameters so that every error names its place.
//!
//! Serde reports what is wrong but not where, and ignores unknown fields unless each type forbids
//! them. This deserialiser walks a JSON value knowing its own path: an error gets the JSON Pointer
//! of the innermost place, and whatever a type ignores is reported as unknown. Errors say what was
//! expected and leave out the value that was sent, since it may be about a patient.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected,
    IntoDeserializer as _, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::problem::FieldError;

/// Reads a JSON text into a type. Unknown fields are refused, whatever the type says of them.
///
/// # Errors
///
/// The places that are wrong: the first that the type refuses, or all unknown fields.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Vec<FieldError>> {
    let value: Value = serde_json::from_slice(text).map_err(|err| {
        let detail = format!("is not JSON: line {}, column {}", err.line(), err.column());
        vec![FieldError::new("", detail)]
    })?;
    let unknown = RefCell::new(Vec::new());
    let walk = Walk { notation: Notation::Json, unknown: &unknown };
    let read = T::deserialize(At { value: &value, path: Path::Root, walk });
    let unknown = unknown.into_inner();
    match read {
        Ok(read) if unknown.is_empty() => Ok(read),
        Ok(_) => Err(unknown),
        Err(fault) => Err(vec![fault.into_field_error(String::new())]),
    }
}

/// Reads named texts (of a query, say) into a type; a repeated name is a list, numbers and
/// booleans are read from their text, and names that the type does not know are ignored unless it
/// denies them. `place` writes the name of a parameter as a pointer, such as `?from`.
///
/// # Errors
///
/// The parameter that is wrong.
pub fn from_pairs<T: DeserializeOwned>(
    pairs: impl IntoIterator<Item = (String, String)>,
    place: fn(&str) -> String,
) -> Result<T, Vec<FieldError>> {
    let mut fields = Map::new();
    for (name, text) in pairs {
        match fields.get_mut(&name) {
            None => {
                fields.insert(name, Value::String(text));
            }
            Some(Value::Array(texts)) => texts.push(Value::String(text)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(text)]),
        }
    }
    let unknown = RefCell::new(Vec::new());
    let walk = Walk { notation: Notation::Text(place), unknown: &unknown };
    T::deserialize(At { value: &Value::Object(fields), path: Path::Root, walk })
        .map_err(|fault| vec![fault.into_field_error(String::new())])
}

/// Reads the parameters of a path, in their order, into one value, a tuple, or a struct by name.
///
/// # Errors
///
/// The parameter that is wrong, as `{name}`.
pub(crate) fn from_path<T: DeserializeOwned>(
    pairs: Vec<(String, String)>,
) -> Result<T, Vec<FieldError>> {
    let unknown = RefCell::new(Vec::new());
    let walk = Walk { notation: Notation::Text(|name| format!("{{{name}}}")), unknown: &unknown };
    let first = pairs.first().map(|(name, _)| format!("{{{name}}}")).unwrap_or_default();
    let mut names = Vec::new();
    let mut texts = Vec::new();
    for (name, text) in pairs {
        names.push(name);
        texts.push(Value::String(text));
    }
    T::deserialize(Parameters { names: &names, texts: &texts, walk })
        .map_err(|fault| vec![fault.into_field_error(first)])
}

#[derive(Clone, Copy)]
enum Notation {
    Json,
    Text(fn(&str) -> String),
}

#[derive(Clone, Copy)]
struct Walk<'w> {
    notation: Notation,
    unknown: &'w RefCell<Vec<FieldError>>,
}

#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn write(&self, notation: Notation) -> String {
        match (self, notation) {
            (Self::Root, _) => String::new(),
            (Self::Key(_, name), Notation::Text(place)) => place(name),
            (Self::Key(parent, name), Notation::Json) => {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                format!("{}/{escaped}", parent.write(notation))
            }
            (Self::Index(parent, _), Notation::Text(_)) => parent.write(notation),
            (Self::Index(parent, index), Notation::Json) => {
                format!("{}/{index}", parent.write(notation))
            }
        }
    }
}

/// Serde's error, which gets its place from the innermost deserialiser that it passes.
#[derive(Debug)]
struct Fault {
    place: Option<String>,
    /// A field below the place, when serde knows more than the path.
    field: Option<String>,
    detail: String,
}

impl Fault {
    fn new(detail: String) -> Self {
        Self { place: None, field: None, detail }
    }

    fn at(mut self, path: &Path<'_>, notation: Notation) -> Self {
        if self.place.is_none() {
            let place = match self.field.take() {
                Some(field) => Path::Key(path, &field).write(notation),
                None => path.write(notation),
            };
            self.place = Some(place);
        }
        self
    }

    fn into_field_error(self, otherwise: String) -> FieldError {
        FieldError { pointer: self.place.unwrap_or(otherwise), detail: self.detail }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        Self::new(msg.to_string())
    }

    fn invalid_type(unexp: Unexpected<'_>, exp: &dyn Expected) -> Self {
        let found = match unexp {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(_) => "a number",
            Unexpected::Str(_) | Unexpected::Char(_) => "text",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            _ => "something else",
        };
        Self::new(format!("expected {exp}, found {found}"))
    }

    fn invalid_value(_unexp: Unexpected<'_>, exp: &dyn Expected) -> Self {
        Self::new(format!("expected {exp}"))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let detail = format!("is not known here; known are {}", expected.join(", "));
        Self { place: None, field: Some(field.to_owned()), detail }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { place: None, field: Some(field.to_owned()), detail: "is missing".to_owned() }
    }
}

struct At<'de, 'p, 'w> {
    value: &'de Value,
    path: Path<'p>,
    walk: Walk<'w>,
}

impl<'de> At<'de, '_, '_> {
    fn visit<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => {
                if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else if let Some(number) = number.as_f64() {
                    visitor.visit_f64(number)
                } else {
                    Err(Fault::new("is a number out of range".to_owned()))
                }
            }
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => {
                visitor.visit_seq(Items { rest: items.iter(), index: 0, at: self })
            }
            Value::Object(fields) => {
                visitor.visit_map(Fields { rest: fields.iter(), next: None, at: self })
            }
        }
    }

    fn located<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| fault.at(&self.path, self.walk.notation))
    }

    fn text(&self) -> Option<&'de str> {
        match (self.walk.notation, self.value) {
            (Notation::Text(_), Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// Numbers and booleans: in text notation they are read from their text.
macro_rules! scalar {
    ($($method:ident $visit:ident $type:ty, $expected:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let read = match self.text() {
                None => self.visit(visitor),
                Some(text) => match text.parse::<$type>() {
                    Ok(parsed) => visitor.$visit(parsed),
                    Err(_) => Err(Fault::new(concat!("expected ", $expected).to_owned())),
                },
            };
            self.located(read)
        }
    )*};
}

impl<'de> Deserializer<'de> for At<'de, '_, '_> {
    type Error = Fault;

    scalar! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i8 visit_i64 i64, "a whole number";
        deserialize_i16 visit_i64 i64, "a whole number";
        deserialize_i32 visit_i64 i64, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u64 u64, "a whole number, not negative";
        deserialize_u16 visit_u64 u64, "a whole number, not negative";
        deserialize_u32 visit_u64 u64, "a whole number, not negative";
        deserialize_u64 visit_u64 u64, "a whole number, not negative";
        deserialize_f32 visit_f64 f64, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = self.visit(visitor);
        self.located(read)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (path, notation) = (self.path, self.walk.notation);
        visitor.visit_newtype_struct(self).map_err(|fault| fault.at(&path, notation))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let read = match self.text() {
            // One value of a parameter that may be repeated.
            Some(_) => {
                let only = std::slice::from_ref(self.value);
                visitor.visit_seq(Items { rest: only.iter(), index: 0, at: &self })
            }
            None => self.visit(visitor),
        };
        self.located(read)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        // A list would be read field by field; no contract has that form.
        let read = match self.value {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"an object")),
            _ => self.visit(visitor),
        };
        self.located(read)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = match self.value {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Object(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((name, value)) => visitor.visit_enum(Variant { name, value, at: &self }),
                None => Err(Fault::new("is empty".to_owned())),
            },
            _ => Err(de::Error::unknown_variant("", variants)),
        };
        self.located(read)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.walk.notation, Notation::Json) {
            let place = self.path.write(self.walk.notation);
            self.walk.unknown.borrow_mut().push(FieldError::new(place, "is not known here"));
        }
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct map identifier
    }
}

/// The parameters of a path: a struct sees their names, a tuple their order, and anything else the
/// only one.
struct Parameters<'de, 'w> {
    names: &'de [String],
    texts: &'de [Value],
    walk: Walk<'w>,
}

impl<'de, 'w> Parameters<'de, 'w> {
    fn only(&self) -> Result<At<'de, 'de, 'w>, Fault> {
        match (self.names, self.texts) {
            ([name], [value]) => {
                Ok(At { value, path: Path::Key(&Path::Root, name), walk: self.walk })
            }
            _ => Err(Fault::new("expected one parameter in the path".to_owned())),
        }
    }
}

macro_rules! only {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.only()?.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameters<'de, '_> {
    type Error = Fault;

    only! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32
        deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_identifier
        deserialize_ignored_any deserialize_unit
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(InOrder { rest: self.names.iter().zip(self.texts), walk: self.walk })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let rest = self.names.iter().zip(self.texts);
        visitor.visit_map(ByName { rest, next: None, walk: self.walk })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }
}

type Named<'de> = std::iter::Zip<std::slice::Iter<'de, String>, std::slice::Iter<'de, Value>>;

struct InOrder<'de, 'w> {
    rest: Named<'de>,
    walk: Walk<'w>,
}

impl<'de> SeqAccess<'de> for InOrder<'de, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        seed.deserialize(At { value, path: Path::Key(&Path::Root, name), walk: self.walk })
            .map(Some)
    }
}

struct ByName<'de, 'w> {
    rest: Named<'de>,
    next: Option<(&'de str, &'de Value)>,
    walk: Walk<'w>,
}

impl<'de> MapAccess<'de> for ByName<'de, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.next = Some((name, value));
        let key: de::value::BorrowedStrDeserializer<'de, Fault> =
            de::value::BorrowedStrDeserializer::new(name);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, value)) = self.next.take() else {
            return Err(Fault::new("has a value without a name".to_owned()));
        };
        seed.deserialize(At { value, path: Path::Key(&Path::Root, name), walk: self.walk })
    }
}

struct Items<'de, 'a, 'p, 'w> {
    rest: std::slice::Iter<'de, Value>,
    index: usize,
    at: &'a At<'de, 'p, 'w>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_, '_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let path = Path::Index(&self.at.path, self.index);
        self.index += 1;
        seed.deserialize(At { value, path, walk: self.at.walk }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Fields<'de, 'a, 'p, 'w> {
    rest: serde_json::map::Iter<'de>,
    next: Option<(&'de str, &'de Value)>,
    at: &'a At<'de, 'p, 'w>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_, '_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.next = Some((name, value));
        let key: de::value::BorrowedStrDeserializer<'de, Fault> =
            de::value::BorrowedStrDeserializer::new(name);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, value)) = self.next.take() else {
            return Err(Fault::new("has a value without a key".to_owned()));
        };
        let path = Path::Key(&self.at.path, name);
        seed.deserialize(At { value, path, walk: self.at.walk })
    }
}

struct Variant<'de, 'a, 'p, 'w> {
    name: &'de str,
    value: &'de Value,
    at: &'a At<'de, 'p, 'w>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_, '_, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name: de::value::BorrowedStrDeserializer<'de, Fault> =
            de::value::BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_, '_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        let path = Path::Key(&self.at.path, self.name);
        match self.value {
            Value::Null => Ok(()),
            _ => Err(Fault::new("has no content".to_owned()).at(&path, self.at.walk.notation)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let path = Path::Key(&self.at.path, self.name);
        seed.deserialize(At { value: self.value, path, walk: self.at.walk })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        let path = Path::Key(&self.at.path, self.name);
        At { value: self.value, path, walk: self.at.walk }.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let path = Path::Key(&self.at.path, self.name);
        At { value: self.value, path, walk: self.at.walk }.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only reading matters")]
    struct Room {
        name: String,
        kind: Kind,
        #[serde(default)]
        sensors: Vec<Sensor>,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum Kind {
        OperatingRoom,
        PreOperatingRoom,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only reading matters")]
    struct Sensor {
        period: u8,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        limit: Option<u32>,
        open: Option<bool>,
        #[serde(default)]
        room: Vec<String>,
    }

    fn check(text: &str, expected: &str) {
        let errors = from_json::<Room>(text.as_bytes()).err().unwrap_or_default();
        let found: Vec<String> =
            errors.iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
        assert_eq!(found.join(" | "), expected, "{text}");
    }

    #[test]
    fn names_the_place() {
        check(r#"{"name":"r","kind":"OPERATING_ROOM"}"#, "");
        check(r#"{"name":"r","kind":"OPERATING_ROOM","note":null,"sensors":[{"period":1}]}"#, "");
        check(
            r#"{"name":1,"kind":"OPERATING_ROOM"}"#,
            "/name expected a string, found a whole number",
        );
        check(r#"{"kind":"OPERATING_ROOM"}"#, "/name is missing");
        check(
            r#"{"name":"r","kind":"CELLAR"}"#,
            "/kind expected one of OPERATING_ROOM, PRE_OPERATING_ROOM",
        );
        check(
            r#"{"name":"r","kind":7}"#,
            "/kind expected one of OPERATING_ROOM, PRE_OPERATING_ROOM",
        );
        check(
            r#"{"name":"r","kind":"OPERATING_ROOM","sensors":[{"period":1},{"period":300}]}"#,
            "/sensors/1/period expected u8",
        );
        check(
            r#"{"name":"r","kind":"OPERATING_ROOM","sensors":[{"period":1,"a/b":2}]}"#,
            "/sensors/0/a~1b is not known here; known are period",
        );
        check(
            r#"{"name":"r","kind":"OPERATING_ROOM","x":1,"y":{"z":2}}"#,
            "/x is not known here | /y is not known here",
        );
        check(r#"["r","OPERATING_ROOM"]"#, " expected an object, found a list");
        check("{", " is not JSON: line 1, column 1");
        check("", " is not JSON: line 1, column 0");
    }

    #[test]
    fn reads_the_path() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Id(String);
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Both {
            room_id: Id,
            version: u32,
        }
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(from_path(pairs(&[("roomId", "or-1")])), Ok(Id("or-1".into())));
        assert_eq!(from_path(pairs(&[("roomId", "7")])), Ok(7_u32));
        let two = [("roomId", "or-1"), ("version", "3")];
        assert_eq!(from_path(pairs(&two)), Ok((Id("or-1".into()), 3_u32)));
        assert_eq!(from_path(pairs(&two)), Ok(Both { room_id: Id("or-1".into()), version: 3 }));
        let refused = from_path::<(Id, u32)>(pairs(&[("roomId", "or-1"), ("version", "x")]));
        let expected = FieldError::new("{version}", "expected a whole number, not negative");
        assert_eq!(refused, Err(vec![expected]));
    }

    #[test]
    fn reads_parameters() {
        let pairs = |text: &str| -> Vec<(String, String)> {
            text.split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        let place: fn(&str) -> String = |name| format!("?{name}");
        let page: Page =
            from_pairs(pairs("limit=5&open=true&room=a&room=b&other=1"), place).expect("a page");
        assert_eq!(
            page,
            Page { limit: Some(5), open: Some(true), room: vec!["a".into(), "b".into()] }
        );
        let page: Page = from_pairs(pairs("room=a"), place).expect("a page");
        assert_eq!(page.room, ["a"]);
        let refused = from_pairs::<Page>(pairs("limit=-1"), place).expect_err("a refusal");
        assert_eq!(refused, [FieldError::new("?limit", "expected a whole number, not negative")]);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused_with_places(
            text in prop_oneof![
                "\\PC{0,120}",
                "[\\[\\]{}:,\"0-9a-z]{0,120}",
                Just(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
                "\\PC{0,9}".prop_map(|odd| {
                    format!(r#"{{"name":{odd:?},"kind":"OPERATING_ROOM","{odd}":[1]}}"#)
                }),
            ],
        ) {
            if let Err(errors) = from_json::<Room>(text.as_bytes()) {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| !error.detail.is_empty()));
            }
        }

        #[test]
        fn any_query_is_read_or_refused_with_places(
            pairs in prop::collection::vec(
                ("(limit|open|room|\\PC{0,6})", "(\\PC{0,12}|-?[0-9]{0,25}|true)"), 0..8,
            ),
        ) {
            if let Err(errors) = from_pairs::<Page>(pairs, |name| format!("?{name}")) {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| error.pointer.starts_with('?')));
            }
        }
    }
}
