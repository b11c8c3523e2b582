//! YAML as descriptors are written: several documents in one text, YAML 1.2 with its core schema,
//! read to JSON values.
//!
//! Built on the parser's events, not on a deserialiser: a value and a line of any field come from
//! one place, `yes` stays a text and `1.0` a whole number (as in the YAML library of Backstage), and
//! aliases cannot grow without bound.

use std::collections::HashMap;

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
    /// Which of the text's documents it is, empty ones counted too.
    pub(crate) nth: usize,
}

/// The documents of a text that are not empty.
pub(crate) fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    let mut reader = Reader::new(text);
    let mut documents = Vec::new();
    let mut nth = 0;
    while let Some((event, span)) = reader.next()? {
        match event {
            Event::DocumentStart(..) => {
                let (event, span) = reader.required(&span)?;
                let line = span.start.line();
                let value = reader.value(event, &span, 0)?;
                if !value.is_null() {
                    documents.push(Document { value, line, nth });
                }
                nth += 1;
                reader.anchors.clear();
            }
            Event::StreamEnd => break,
            _ => {}
        }
    }
    Ok(documents)
}

/// The line of a field (a JSON Pointer), or of what stands nearest around it; counted from 1.
/// `None` when the text has no such document.
pub(crate) fn line_of(text: &str, document: usize, pointer: &str) -> Option<usize> {
    let mut reader = Reader::new(text);
    let mut nth = 0;
    loop {
        let (event, span) = reader.next().ok()??;
        if let Event::DocumentStart(..) = event {
            let (event, span) = reader.required(&span).ok()?;
            if nth == document {
                reader.lines = Some(HashMap::from([(String::new(), span.start.line())]));
                // What was read before a fault is known.
                let _fault = reader.value(event, &span, 0);
                let lines = reader.lines.take()?;
                let mut pointer = pointer;
                loop {
                    if let Some(line) = lines.get(pointer) {
                        return Some(*line);
                    }
                    pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                }
            }
            reader.value(event, &span, 0).ok()?;
            nth += 1;
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    values: usize,
    /// Lines by pointer, when they are wanted, …
    lines: Option<HashMap<String, usize>>,
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
            lines: None,
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

    /// Notes the line of what is read next; answers how long the pointer was.
    fn enter(&mut self, key: &str, span: &Span) -> usize {
        let back = self.path.len();
        if let Some(lines) = &mut self.lines {
            self.path.push('/');
            self.path.push_str(&key.replace('~', "~0").replace('/', "~1"));
            lines.insert(self.path.clone(), span.start.line());
        }
        back
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
        let shown: Vec<_> = found.iter().map(|d| (d.line, d.nth, d.value.clone())).collect();
        assert_eq!(shown, [(3, 0, json!({"a": 1})), (6, 2, json!({"b": ["x", {"c": "d"}]}))]);
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
    fn a_field_has_a_line_and_a_missing_one_that_of_its_parent() {
        let text = "kind: A\n---\nkind: B\nspec:\n  type: x\n  list:\n    - a\n    - b/c: d\n";
        let line = |pointer| line_of(text, 1, pointer);
        assert_eq!(line("/kind"), Some(3));
        assert_eq!(line("/spec/owner"), Some(4));
        assert_eq!(line("/spec/type"), Some(5));
        assert_eq!(line("/spec/list/1/b~1c"), Some(8));
        assert_eq!(line(""), Some(3));
        assert_eq!(line_of(text, 2, ""), None);
    }

    proptest! {
        #[test]
        fn json_is_yaml(value in prop::collection::vec(("[a-z]{1,5}", "\\PC{0,20}"), 0..6)) {
            let members: Map<String, Value> =
                value.into_iter().map(|(key, text)| (key, Value::String(text))).collect();
            let value = Value::Object(members);
            prop_assert_eq!(values(&serde_json::to_string_pretty(&value).unwrap()), [value]);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[a-z:\\-\\[\\]{}&*!|>'\"#%@ \n\t]{0,200}") {
            let _ = documents(&text);
            let _ = line_of(&text, 0, "/a/b");
        }
    }
}
