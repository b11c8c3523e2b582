//! Cuts a query into tokens. Never fails on any text but with an error that names the place.

use crate::query::{MAX_QUERY_CHARS, QueryError};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword, as written.
    Word(String),
    /// A name in `[[ ]]`, never a keyword.
    Quoted(String),
    Text(String),
    Integer(i64),
    Number(f64),
    Symbol(&'static str),
    End,
}

/// A token and where it begins, in characters from 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) position: usize,
}

/// Longer symbols first, so that the first match is the longest.
const SYMBOLS: [&str; 14] =
    ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", "[", "]", ",", ".", "*"];

/// All tokens; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, QueryError> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MAX_QUERY_CHARS {
        let message = "a query has at most 8,000 characters".to_owned();
        return Err(QueryError { position: MAX_QUERY_CHARS, message });
    }
    let mut lexer = Lexer { chars, position: 0 };
    let mut tokens = Vec::new();
    loop {
        let placed = lexer.next()?;
        // The patterns of MATCH have signs of their own; it is refused before they are met.
        let is_end = placed.token == Token::End || is_match(&placed.token, tokens.last());
        tokens.push(placed);
        if is_end {
            return Ok(tokens);
        }
    }
}

fn is_match(token: &Token, before: Option<&Placed>) -> bool {
    let behind_dot = before.is_some_and(|before| before.token == Token::Symbol("."));
    matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("MATCH")) && !behind_dot
}

struct Lexer {
    chars: Vec<char>,
    position: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.position + ahead).copied()
    }

    fn next(&mut self) -> Result<Placed, QueryError> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.position += 1;
        }
        let position = self.position;
        let Some(first) = self.peek(0) else {
            return Ok(Placed { token: Token::End, position });
        };
        let token = match first {
            '\'' => self.text()?,
            '[' if self.peek(1) == Some('[') => self.quoted()?,
            '0'..='9' | '-' | '+' => self.number()?,
            first if is_word(first) => {
                let word = self.take_while(is_word);
                Token::Word(word)
            }
            _ => self.symbol()?,
        };
        Ok(Placed { token, position })
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(char) = self.peek(0).filter(|char| wanted(*char)) {
            taken.push(char);
            self.position += 1;
        }
        taken
    }

    /// `'…'` with `\` before a character that stands for itself.
    fn text(&mut self) -> Result<Token, QueryError> {
        let position = self.position;
        self.position += 1;
        let mut text = String::new();
        while let Some(char) = self.peek(0) {
            self.position += 1;
            match char {
                '\'' => return Ok(Token::Text(text)),
                '\\' => match self.peek(0) {
                    Some(escaped) => {
                        text.push(escaped);
                        self.position += 1;
                    }
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(QueryError { position, message: "a text is not closed".to_owned() })
    }

    fn quoted(&mut self) -> Result<Token, QueryError> {
        let position = self.position;
        self.position += 2;
        let name = self.take_while(|char| char != ']');
        if self.peek(0) == Some(']') && self.peek(1) == Some(']') && !name.trim().is_empty() {
            self.position += 2;
            return Ok(Token::Quoted(name.trim().to_owned()));
        }
        Err(QueryError { position, message: "a name in [[ ]] is not closed or empty".to_owned() })
    }

    fn number(&mut self) -> Result<Token, QueryError> {
        let position = self.position;
        let mut written = String::new();
        if let Some(sign) = self.peek(0).filter(|char| matches!(char, '-' | '+')) {
            self.position += 1;
            if sign == '-' {
                written.push(sign);
            }
        }
        written.push_str(&self.take_while(|char| char.is_ascii_digit()));
        if self.peek(0) == Some('.') && self.peek(1).is_some_and(|char| char.is_ascii_digit()) {
            self.position += 1;
            written.push('.');
            written.push_str(&self.take_while(|char| char.is_ascii_digit()));
        }
        if self.peek(0).is_some_and(|char| matches!(char, 'e' | 'E')) {
            written.push('e');
            self.position += 1;
            if let Some(sign) = self.peek(0).filter(|char| matches!(char, '-' | '+')) {
                written.push(sign);
                self.position += 1;
            }
            written.push_str(&self.take_while(|char| char.is_ascii_digit()));
        }
        let runs_on = self.peek(0).is_some_and(is_word);
        if let (Ok(integer), false) = (written.parse::<i64>(), runs_on) {
            return Ok(Token::Integer(integer));
        }
        match written.parse::<f64>() {
            Ok(number) if number.is_finite() && !runs_on => Ok(Token::Number(number)),
            _ => Err(QueryError { position, message: "this is no number".to_owned() }),
        }
    }

    fn symbol(&mut self) -> Result<Token, QueryError> {
        for symbol in SYMBOLS {
            let matches = symbol.chars().enumerate().all(|(at, char)| self.peek(at) == Some(char));
            if matches {
                self.position += symbol.chars().count();
                return Ok(Token::Symbol(symbol));
            }
        }
        let message = "this character has no meaning here".to_owned();
        Err(QueryError { position: self.position, message })
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}
