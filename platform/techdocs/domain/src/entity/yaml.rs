//! YAML as `mkdocs.yml` and front matter have it.
//!
//! Only texts, lists and mappings matter here, in their order; tags such as `!!python/name:` and
//! `!ENV`, which MkDocs runs or fills in, are passed over. Aliases are bounded, so that a small text
//! cannot become a large value.

use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput};

/// Values in one text at most, those that aliases repeat included.
const MOST_VALUES: usize = 100_000;
/// How deep values may be nested.
const MOST_DEEP: usize = 50;

/// A value of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Yaml {
    /// Nothing.
    Null,
    /// A scalar, as it is written.
    Text(String),
    /// Values in their order.
    List(Vec<Yaml>),
    /// Keys and values in their order; of a key that stands twice the last counts.
    Mapping(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The scalar, as it is written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::List(_) | Self::Mapping(_) => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Mapping(members) => {
                members.iter().rev().find(|(own, _)| own == key).map(|(_, value)| value)
            }
            Self::Null | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// A text is no YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {detail}")]
pub struct YamlError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub detail: String,
}

/// Reads the first document of a text; an empty text is [`Yaml::Null`].
///
/// # Errors
///
/// [`YamlError`] where the text is no YAML, or larger than is read.
pub fn parse_yaml(text: &str) -> Result<Yaml, YamlError> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.simple_key_max_lookahead = 4_096;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { parser, anchors: HashMap::new(), values: 0 };
    while let Some((event, span)) = reader.next()? {
        if let Event::DocumentStart(..) = event {
            let (event, span) = reader.required(&span)?;
            return reader.value(event, &span, 0);
        }
    }
    Ok(Yaml::Null)
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Yaml>,
    values: usize,
}

type Next<'a> = (Event<'a>, Span);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Option<Next<'a>>, YamlError> {
        self.parser.next_event().transpose().map_err(|error| YamlError {
            line: error.marker().line(),
            detail: error.kind().to_string(),
        })
    }

    fn required(&mut self, after: &Span) -> Result<Next<'a>, YamlError> {
        self.next()?.ok_or_else(|| wrong(after, "the text ends too early"))
    }

    fn value(&mut self, event: Event<'a>, span: &Span, deep: usize) -> Result<Yaml, YamlError> {
        self.values += 1;
        if MOST_VALUES < self.values {
            return Err(wrong(span, "there are more values than are read from one text"));
        }
        if MOST_DEEP < deep {
            return Err(wrong(span, "it is nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null = style == ScalarStyle::Plain
                    && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let text = text.into_owned();
                (if is_null { Yaml::Null } else { Yaml::Text(text) }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.list(span, deep)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping(span, deep)?, anchor),
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

    fn list(&mut self, start: &Span, deep: usize) -> Result<Yaml, YamlError> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.required(start)?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Yaml::List(items));
            }
            items.push(self.value(event, &span, deep + 1)?);
        }
    }

    fn mapping(&mut self, start: &Span, deep: usize) -> Result<Yaml, YamlError> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.required(start)?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Yaml::Mapping(members));
            }
            let key = match self.value(event, &span, deep + 1)? {
                Yaml::Text(text) => text,
                Yaml::Null => String::new(),
                Yaml::List(_) | Yaml::Mapping(_) => {
                    return Err(wrong(&span, "a key must be a text"));
                }
            };
            let (event, span) = self.required(&span)?;
            members.push((key, self.value(event, &span, deep + 1)?));
        }
    }
}

fn wrong(span: &Span, detail: &str) -> YamlError {
    YamlError { line: span.start.line(), detail: detail.to_owned() }
}

fn size(value: &Yaml) -> usize {
    match value {
        Yaml::Null | Yaml::Text(_) => 1,
        Yaml::List(items) => items.iter().map(size).sum::<usize>() + 1,
        Yaml::Mapping(members) => members.iter().map(|(_, value)| size(value)).sum::<usize>() + 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_is_kept_and_tags_are_passed_over() {
        let text = "b: !!python/name:a.b.c\na: [x, ~, {c: 1.0}]\nc: !ENV [HOME, y]\n";
        let found = parse_yaml(text).unwrap();
        let Yaml::Mapping(members) = &found else { panic!("{found:?}") };
        let keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "c"]);
        let Some(Yaml::List(items)) = found.get("a") else { panic!("{found:?}") };
        assert_eq!(items.get(2).and_then(|item| item.get("c")).and_then(Yaml::text), Some("1.0"));
        assert_eq!(parse_yaml("").unwrap(), Yaml::Null);
    }

    #[test]
    fn aliases_cannot_explode_and_faults_have_a_line() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let all = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb = format!("{bomb}a{n}: &a{n} [{all}]\n");
        }
        assert!(parse_yaml(&bomb).unwrap_err().detail.contains("more values"));
        assert!(parse_yaml(&"[".repeat(1_000)).is_err());
        assert!(2 <= parse_yaml("a: 1\nb: [\n").unwrap_err().line);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "[a-z:\\-\\[\\]{}&*!|>'\"#%@ \n\t]{0,200}") {
            let _ = parse_yaml(&text);
        }
    }
}
