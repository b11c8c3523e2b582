//! Filters of event routes: which events go to an endpoint.
//!
//! `true`, `false`, or an expression over `type`, `source`, `subject`, `dataschema`,
//! `datacontenttype`, `specversion` and `$body.<path>`, with `AND OR ( )`, comparisons, and the
//! functions `STARTS_WITH`, `ENDS_WITH`, `CONTAINS` (with underscores here, unlike in queries).
//! Names and values are case sensitive. What an event does not have compares as null.

use std::cmp::Ordering;

use serde_json::Value;

/// The longest filter, in bytes; our choice.
const MAX_LENGTH: usize = 4_096;
/// The deepest nesting of parentheses; our choice.
const MAX_DEPTH: usize = 20;

/// What a filter looks at.
pub(crate) trait Event {
    /// An attribute of the event; `None` when it has none of that name.
    fn attribute(&self, name: &str) -> Option<&str>;
    /// The event's data.
    fn body(&self) -> &Value;
}

/// A filter that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter(Expression);

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {position}")]
pub(crate) struct FilterError {
    message: &'static str,
    position: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Always(bool),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Compare(Operand, Comparison, Operand),
    Call(Function, Operand, Operand),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Attribute(String),
    Body(Vec<String>),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Filter, FilterError> {
        if MAX_LENGTH < text.len() {
            return Err(FilterError { message: "the filter is too long", position: MAX_LENGTH });
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, end: text.chars().count() };
        let expression = parser.any_of(0)?;
        if parser.peek().is_some() {
            return Err(parser.error("more text than one expression"));
        }
        Ok(Filter(expression))
    }

    pub(crate) fn matches(&self, event: &impl Event) -> bool {
        self.0.holds(event)
    }
}

impl Expression {
    fn holds(&self, event: &impl Event) -> bool {
        match self {
            Expression::Always(answer) => *answer,
            Expression::And(parts) => parts.iter().all(|part| part.holds(event)),
            Expression::Or(parts) => parts.iter().any(|part| part.holds(event)),
            Expression::Compare(left, comparison, right) => {
                comparison.holds(&left.value(event), &right.value(event))
            }
            Expression::Call(function, text, part) => {
                match (text.value(event), part.value(event)) {
                    (Value::String(text), Value::String(part)) => match function {
                        Function::StartsWith => text.starts_with(&part),
                        Function::EndsWith => text.ends_with(&part),
                        Function::Contains => text.contains(&part),
                    },
                    _ => false,
                }
            }
        }
    }
}

impl Operand {
    fn value(&self, event: &impl Event) -> Value {
        match self {
            Operand::Attribute(name) => event.attribute(name).map_or(Value::Null, Value::from),
            Operand::Body(path) => path
                .iter()
                .try_fold(event.body(), |value, name| value.as_object()?.get(name))
                .cloned()
                .unwrap_or(Value::Null),
            Operand::Literal(value) => value.clone(),
        }
    }
}

impl Comparison {
    /// Values of different kinds are unequal, and neither is less.
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
            }
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (Value::Null, Value::Null) => Some(Ordering::Equal),
            _ => None,
        };
        match self {
            Comparison::Equal => order == Some(Ordering::Equal),
            Comparison::NotEqual => order != Some(Ordering::Equal),
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(Value),
    Compare(Comparison),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FilterError> {
    let mut found = Vec::new();
    let mut characters = text.chars().enumerate().peekable();
    while let Some((position, character)) = characters.next() {
        let mut then_equals = || characters.next_if(|(_, next)| *next == '=').is_some();
        let token = match character {
            _ if character.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '=' => Token::Compare(Comparison::Equal),
            '<' if then_equals() => Token::Compare(Comparison::LessOrEqual),
            '<' => Token::Compare(Comparison::Less),
            '>' if then_equals() => Token::Compare(Comparison::GreaterOrEqual),
            '>' => Token::Compare(Comparison::Greater),
            '!' if then_equals() => Token::Compare(Comparison::NotEqual),
            '\'' => {
                let mut content = String::new();
                loop {
                    match characters.next() {
                        Some((_, '\'')) => break,
                        Some((_, '\\')) => content.extend(characters.next().map(|(_, next)| next)),
                        Some((_, other)) => content.push(other),
                        None => {
                            return Err(FilterError { message: "a text does not end", position });
                        }
                    }
                }
                Token::Text(content)
            }
            _ if character.is_alphanumeric() || matches!(character, '$' | '_' | '-') => {
                let mut word = String::from(character);
                let belongs = |next: char| {
                    next.is_alphanumeric() || matches!(next, '$' | '_' | '-' | '.' | '+')
                };
                while let Some((_, next)) = characters.next_if(|(_, next)| belongs(*next)) {
                    word.push(next);
                }
                if character.is_ascii_digit() || character == '-' {
                    let number = serde_json::from_str(&word).ok().filter(Value::is_number);
                    let message = "not a number";
                    Token::Number(number.ok_or(FilterError { message, position })?)
                } else {
                    Token::Word(word)
                }
            }
            _ => return Err(FilterError { message: "an unexpected character", position }),
        };
        found.push((position, token));
    }
    Ok(found)
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn error(&self, message: &'static str) -> FilterError {
        let position = self.tokens.get(self.at).map_or(self.end, |(position, _)| *position);
        FilterError { message, position }
    }

    fn next_is_word(&self, expected: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word == expected)
    }

    fn any_of(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if MAX_DEPTH < depth {
            return Err(self.error("too many parentheses"));
        }
        let mut parts = vec![self.all_of(depth)?];
        while self.next_is_word("OR") {
            self.at += 1;
            parts.push(self.all_of(depth)?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn all_of(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut parts = vec![self.condition(depth)?];
        while self.next_is_word("AND") {
            self.at += 1;
            parts.push(self.condition(depth)?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn condition(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.any_of(depth + 1)?;
            self.expect(&Token::Close, "a closing parenthesis is missing")?;
            return Ok(inner);
        }
        let function = match self.peek() {
            Some(Token::Word(word)) => match word.as_str() {
                "STARTS_WITH" => Some(Function::StartsWith),
                "ENDS_WITH" => Some(Function::EndsWith),
                "CONTAINS" => Some(Function::Contains),
                _ => None,
            },
            _ => None,
        };
        if let Some(function) = function {
            self.at += 1;
            self.expect(&Token::Open, "a function needs its arguments in parentheses")?;
            let text = self.operand()?;
            self.expect(&Token::Comma, "a function needs two arguments")?;
            let part = self.operand()?;
            self.expect(&Token::Close, "a closing parenthesis is missing")?;
            return Ok(Expression::Call(function, text, part));
        }
        let left = self.operand()?;
        if let Some(Token::Compare(comparison)) = self.peek() {
            let comparison = *comparison;
            self.at += 1;
            let right = self.operand()?;
            return Ok(Expression::Compare(left, comparison, right));
        }
        match left {
            Operand::Literal(Value::Bool(answer)) => Ok(Expression::Always(answer)),
            _ => Err(self.error("a comparison is missing")),
        }
    }

    fn operand(&mut self) -> Result<Operand, FilterError> {
        let at = self.at;
        let operand = match self.next() {
            Some(Token::Text(text)) => Operand::Literal(Value::String(text)),
            Some(Token::Number(number)) => Operand::Literal(number),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Operand::Literal(Value::Bool(true)),
                "false" => Operand::Literal(Value::Bool(false)),
                "null" => Operand::Literal(Value::Null),
                "type" | "source" | "subject" | "dataschema" | "datacontenttype"
                | "specversion" => Operand::Attribute(word),
                _ => match word.strip_prefix("$body.") {
                    Some(path) if path.split('.').all(|name| !name.is_empty()) => {
                        Operand::Body(path.split('.').map(str::to_owned).collect())
                    }
                    _ => {
                        self.at = at;
                        return Err(self.error("an unknown name"));
                    }
                },
            },
            _ => {
                self.at = at;
                return Err(self.error("a name or a value is missing"));
            }
        };
        Ok(operand)
    }

    fn expect(&mut self, expected: &Token, message: &'static str) -> Result<(), FilterError> {
        if self.peek() == Some(expected) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(message))
        }
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Event, Filter};

    struct Sample(Value);

    impl Event for Sample {
        fn attribute(&self, name: &str) -> Option<&str> {
            match name {
                "type" => Some("Microsoft.DigitalTwins.Twin.Update"),
                "subject" => Some("room-1"),
                _ => None,
            }
        }
        fn body(&self) -> &Value {
            &self.0
        }
    }

    #[test]
    fn filters_choose_events() {
        let event = Sample(json!({"modelId": "dtmi:a;1", "n": 5, "deep": {"er": true}}));
        let cases = [
            ("true", true),
            ("false", false),
            ("type = 'Microsoft.DigitalTwins.Twin.Update'", true),
            ("type = 'microsoft.digitaltwins.twin.update'", false),
            ("type != 'x' AND subject = 'room-1'", true),
            ("type = 'x' OR subject = 'room-1' AND false", false),
            ("(type = 'x' OR subject = 'room-1') AND true", true),
            ("STARTS_WITH($body.modelId, 'dtmi:')", true),
            ("ENDS_WITH(subject, '-2') OR CONTAINS(subject, 'om-')", true),
            ("$body.n >= 5 AND $body.n < 5.5 AND $body.n > -1e3", true),
            ("$body.deep.er = true", true),
            ("$body.deep.er = 'true'", false),
            ("$body.none = null AND dataschema = null", true),
            ("$body.none > 3", false),
        ];
        for (text, expected) in cases {
            assert_eq!(Filter::parse(text).unwrap().matches(&event), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = "(".repeat(50) + "true" + &")".repeat(50);
        for text in [
            "",
            "type",
            "type =",
            "type = 'x",
            "type == 'x'",
            "colour = 'x'",
            "$body = 1",
            "$body..a = 1",
            "true true",
            "(true",
            "STARTS_WITH(type)",
            "STARTSWITH(type, 'x')",
            "type = 1x",
            "a;b",
            "!",
            deep.as_str(),
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
