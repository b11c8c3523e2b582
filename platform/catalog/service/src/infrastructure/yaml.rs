//! YAML as descriptors are written: several documents in one text, YAML 1.2 with its core schema,
//! read to JSON values.
//!
//! Built on the parser's events, not on a deserialiser: a value and a line of any field come from
//! one place, `yes` stays a text and `1.0` a whole number (as in the YAML library of Backstage), and
//! aliases cannot grow without bound.

use std::collections::HashMap;

use catalog_domain::entity::{Marks, Place, escaped};
use granit_parser::{Event, Options, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

/// Values in one text at most, those that aliases repeat included.
const MOST_VALUES: usize = 2_000_000;
/// How deep values may be nested.
const MOST_DEEP: usize = 200;

/// A text is no YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {detail}")]
pub(crate) struct YamlError {
    /// Counted from 1.
    pub(crate) line: usize,
    /// Counted from 1.
    pub(crate) column: usize,
    pub(crate) detail: String,
}

/// A document and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    /// The line, counted from 1.
    pub(crate) line: usize,
}

/// The documents of a text that are not empty.
pub(crate) fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    let read = read(text, false)?;
    Ok(read.into_iter().map(|(document, _)| document).collect())
}

/// The documents of a text that are not empty, and where each of their fields stands: a field of an
/// object where its key begins, an item of a list where it begins itself.
pub(crate) fn marked(text: &str) -> Result<Vec<(Document, Marks)>, YamlError> {
    read(text, true)
}

fn read(text: &str, mark: bool) -> Result<Vec<(Document, Marks)>, YamlError> {
    let mut reader = Reader::new(text);
    let mut documents = Vec::new();
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::DocumentStart(..) => {
                let (event, span) = reader.required(&span)?;
                let line = span.start.line();
                reader.marks = mark.then(Marks::default);
                reader.mark(&span);
                let value = reader.value(event, &span, 0)?;
                let marks = reader.marks.take().unwrap_or_default();
                if !value.is_null() {
                    documents.push((Document { value, line }, marks));
                }
                reader.anchors.clear();
            }
            Event::StreamEnd => break,
            _ => {}
        }
    }
    Ok(documents)
}

/// Values as YAML, a document each, which [`documents`] reads as the same values.
pub(crate) fn written(values: &[Value]) -> Result<String, WriteError> {
    let mut text = String::new();
    for (nth, value) in values.iter().enumerate() {
        if 0 < nth {
            text.push_str("---\n");
        }
        text.push_str(&serde_saphyr::to_string(value).map_err(Box::new)?);
    }
    Ok(text)
}

/// A value cannot be written as YAML; a mistake in the program.
#[derive(Debug, thiserror::Error)]
#[error("this cannot be written as YAML")]
pub struct WriteError(#[from] Box<serde_saphyr::SerializeError>);

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    values: usize,
    /// Where fields stand, when that is wanted, …
    marks: Option<Marks>,
    /// … and the pointer of what is being read.
    path: String,
}

type Next<'a> = (Event<'a>, Span);

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let mut options = Options::default();
        options.emit_comments = false;
        options.simple_key_max_lookahead = 4_096;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            values: 0,
            marks: None,
            path: String::new(),
        }
    }

    fn next(&mut self) -> Result<Option<Next<'a>>, YamlError> {
        self.parser.next_event().transpose().map_err(|error| {
            let marker = error.marker();
            YamlError {
                line: marker.line(),
                column: marker.col() + 1,
                detail: error.kind().to_string(),
            }
        })
    }

    fn required(&mut self, after: &Span) -> Result<Next<'a>, YamlError> {
        self.next()?.ok_or_else(|| wrong(after, "the text ends too early"))
    }

    fn value(&mut self, event: Event<'a>, span: &Span, deep: usize) -> Result<Value, YamlError> {
        self.values += 1;
        if MOST_VALUES < self.values {
            return Err(wrong(span, "has more values than are read from one text"));
        }
        if MOST_DEEP < deep {
            return Err(wrong(span, "is nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_ref().and_then(|tag| tag.core_suffix().map(str::to_owned));
                let value = match tag.as_deref() {
                    Some("str") => Value::String(text.into_owned()),
                    None if style != ScalarStyle::Plain => Value::String(text.into_owned()),
                    _ => plain(&text),
                };
                (value, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(span, deep)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.object(span, deep)?, anchor),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let value =
                    value.ok_or_else(|| wrong(span, "an alias stands inside its anchor"))?;
                self.values += size(&value);
                (value, 0)
            }
            _ => return Err(wrong(span, "a value is missing")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn list(&mut self, start: &Span, deep: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.required(start)?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::Array(items));
            }
            let back = self.enter(&items.len().to_string(), &span);
            items.push(self.value(event, &span, deep + 1)?);
            self.path.truncate(back);
        }
    }

    fn object(&mut self, start: &Span, deep: usize) -> Result<Value, YamlError> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.required(start)?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Object(members));
            }
            let key = match &event {
                Event::Scalar(text, ..) => text.as_ref().to_owned(),
                _ => match self.value(event, &span, deep + 1)? {
                    Value::String(text) => text,
                    Value::Array(_) | Value::Object(_) => {
                        return Err(wrong(&span, "a key must be a text"));
                    }
                    scalar => scalar.to_string(),
                },
            };
            let back = self.enter(&key, &span);
            let (event, value_span) = self.required(&span)?;
            let value = self.value(event, &value_span, deep + 1)?;
            self.path.truncate(back);
            if members.contains_key(&key) {
                return Err(wrong(&span, &format!("the key `{key}` stands here twice")));
            }
            members.insert(key, value);
        }
    }

    /// Notes where what is read next stands; answers how long the pointer was.
    fn enter(&mut self, key: &str, span: &Span) -> usize {
        let back = self.path.len();
        if self.marks.is_some() {
            self.path.push('/');
            self.path.push_str(&escaped(key));
            self.mark(span);
        }
        back
    }

    fn mark(&mut self, span: &Span) {
        if let Some(marks) = &mut self.marks {
            let place = Place { line: span.start.line(), column: span.start.col() + 1 };
            marks.note(self.path.clone(), place);
        }
    }
}

fn wrong(span: &Span, detail: &str) -> YamlError {
    let start = &span.start;
    YamlError { line: start.line(), column: start.col() + 1, detail: detail.to_owned() }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

/// A plain scalar by the core schema (YAML 1.2.2, section 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// The most of whole numbers that a double tells apart.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = match mantissa.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (mantissa, None),
    };
    let is_number = (digits(whole) || (whole.is_empty() && part.is_some_and(digits)))
        && part.is_none_or(|part| part.is_empty() || digits(part))
        && exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)));
    if !is_number {
        return None;
    }
    let bare = text.strip_prefix('+').unwrap_or(text);
    if part.is_none()
        && exponent.is_none()
        && let Ok(whole) = bare.parse::<i64>()
    {
        return Some(Number::from(whole));
    }
    let float: f64 = bare.parse().ok()?;
    if float.fract() == 0.0 && float.abs() <= MOST_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        return Some(Number::from(float as i64));
    }
    Number::from_f64(float)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values(text: &str) -> Vec<Value> {
        documents(text).unwrap().into_iter().map(|document| document.value).collect()
    }

    #[test]
    fn scalars_are_read_by_the_core_schema() {
        let text = "a: yes\nb: 010\nc: 1.0\nd: 1.5\ne: 0o17\nf: ~\ng: 'true'\nh: true\n\
                    i: 2026-01-01\nj: !!str 1\nk: -3\nl: 1e3\nm: .5\nn: 1.2.3\no: a-\np: 0x1F\n";
        assert_eq!(
            values(text),
            [json!({"a": "yes", "b": 10, "c": 1, "d": 1.5, "e": 15, "f": null, "g": "true",
                "h": true, "i": "2026-01-01", "j": "1", "k": -3, "l": 1000, "m": 0.5,
                "n": "1.2.3", "o": "a-", "p": 31})]
        );
    }

    #[test]
    fn a_text_has_several_documents_and_empty_ones_do_not_count() {
        let text = "# nothing\n---\na: 1\n---\n---\nb: [x, {c: d}]\n...\n---\n";
        let found = documents(text).unwrap();
        let shown: Vec<_> = found.iter().map(|d| (d.line, d.value.clone())).collect();
        assert_eq!(shown, [(3, json!({"a": 1})), (6, json!({"b": ["x", {"c": "d"}]}))]);
        assert_eq!(values(""), Vec::<Value>::new());
    }

    #[test]
    fn aliases_repeat_and_cannot_explode() {
        assert_eq!(values("a: &x [1]\nb: *x\n"), [json!({"a": [1], "b": [1]})]);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let alias = format!("*a{}", n - 1);
            let all = vec![alias; 10].join(", ");
            bomb = format!("{bomb}a{n}: &a{n} [{all}]\n");
        }
        assert!(documents(&bomb).unwrap_err().detail.contains("more values"));
    }

    #[test]
    fn faults_name_line_and_column() {
        for (text, line) in
            [("a: 1\nb: \"x\n  y: [z\n", 2), ("a: 1\na: 2\n", 2), ("a: 1\n---\n b:\n- [}\n", 4)]
        {
            assert!(documents(text).unwrap_err().line >= line, "{text}");
        }
        assert!(documents(&"[".repeat(1_000)).is_err());
    }

    #[test]
    fn a_field_stands_where_its_key_begins_and_a_missing_one_at_its_parent() {
        let text = "kind: A\n---\nkind: B\nspec:\n  type: x\n  list:\n    - a\n    - b/c: d\n\
                    \x20 flow: {é: [1, 2]}\n";
        let marks = marked(text).unwrap().pop().unwrap().1;
        let place = |pointer| marks.nearest(pointer).map(|place| (place.line, place.column));
        assert_eq!(place("/kind"), Some((3, 1)));
        assert_eq!(place("/spec/owner"), Some((4, 1)));
        assert_eq!(place("/spec/type"), Some((5, 3)));
        assert_eq!(place("/spec/list/0"), Some((7, 7)));
        assert_eq!(place("/spec/list/1/b~1c"), Some((8, 7)));
        assert_eq!(place("/spec/flow/é/1"), Some((9, 17)));
        assert_eq!(place(""), Some((3, 1)));
    }

    #[test]
    fn what_is_written_keeps_its_type() {
        let words = [
            "yes",
            "010",
            "1.0",
            "0o17",
            "~",
            "null",
            "true",
            "1e3",
            ".5",
            "0x1F",
            "-",
            "",
            " a ",
            "# a",
            "a: b",
            "- a",
            "a\nb\n",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "'",
            "\"",
            "\\",
            "---",
            "...",
            "2026-01-01",
            "{",
            "[",
            "a\tb",
            "+1",
            "1_000",
            "\u{7}",
        ];
        let words: Vec<Value> = words.map(Value::from).to_vec();
        let keys: Map<String, Value> = words
            .iter()
            .filter_map(|word| Some((word.as_str()?.to_owned(), json!([{"a": [], "b": {}}]))))
            .collect();
        let all = [json!({"words": words, "keys": keys, "n": [1, -1.5, true, null]}), json!([])];
        assert_eq!(values(&written(&all).unwrap()), all);
    }

    proptest! {
        #[test]
        fn json_is_yaml(value in prop::collection::vec(("[a-z]{1,5}", "\\PC{0,20}"), 0..6)) {
            let members: Map<String, Value> =
                value.into_iter().map(|(key, text)| (key, Value::String(text))).collect();
            let value = Value::Object(members);
            let yaml = written(std::slice::from_ref(&value)).unwrap();
            prop_assert_eq!(values(&yaml), std::slice::from_ref(&value), "{}", yaml);
            prop_assert_eq!(values(&serde_json::to_string_pretty(&value).unwrap()), [value]);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[a-z:\\-\\[\\]{}&*!|>'\"#%@ \n\t]{0,200}") {
            let _ = documents(&text);
            let _ = marked(&text);
        }
    }
}
