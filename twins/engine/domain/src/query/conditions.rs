//! Reads the conditions of WHERE.

use serde_json::{Value, json};

use crate::query::{
    MAX_CONNECTIVES, MAX_LIST_ITEMS, MAX_NESTING, QueryError,
    ast::{Comparison, Condition, Operand, Path, TextTest, TypeTest},
    lexer::Token,
    parser::Parser,
};

impl Parser {
    pub(super) fn condition(&mut self) -> Result<Condition, QueryError> {
        let mut left = self.conjunction()?;
        while self.take_connective("OR")? {
            left = Condition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, QueryError> {
        let mut left = self.negation()?;
        while self.take_connective("AND")? {
            left = Condition::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn take_connective(&mut self, keyword: &str) -> Result<bool, QueryError> {
        if !self.is_keyword(keyword) {
            return Ok(false);
        }
        if self.connectives >= MAX_CONNECTIVES {
            return Err(self.error("a query has at most 50 AND and OR"));
        }
        self.connectives += 1;
        self.advance();
        Ok(true)
    }

    fn negation(&mut self) -> Result<Condition, QueryError> {
        if self.depth >= MAX_NESTING {
            return Err(self.error("parentheses and NOT nest at most 64 levels"));
        }
        self.depth += 1;
        let condition = if self.take_keyword("NOT") {
            Condition::Not(Box::new(self.negation()?))
        } else if self.take_symbol("(") {
            let inner = self.condition()?;
            self.expect_symbol(")")?;
            inner
        } else {
            self.predicate()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn predicate(&mut self) -> Result<Condition, QueryError> {
        if let (Token::Word(word), Token::Symbol("(")) = (self.peek(), self.peek_second()) {
            let function = word.to_ascii_uppercase();
            return self.function(&function);
        }
        let left = self.operand()?;
        if self.take_keyword("IN") {
            return Ok(Condition::In(left, self.list()?));
        }
        if self.take_keyword("NIN") {
            return Ok(Condition::Not(Box::new(Condition::In(left, self.list()?))));
        }
        let comparison = match self.peek() {
            Token::Symbol("=") => Comparison::Equal,
            Token::Symbol("!=" | "<>") => Comparison::NotEqual,
            Token::Symbol("<") => Comparison::Less,
            Token::Symbol("<=") => Comparison::LessOrEqual,
            Token::Symbol(">") => Comparison::Greater,
            Token::Symbol(">=") => Comparison::GreaterOrEqual,
            _ => return Err(self.error("a comparison, IN or NIN is expected here")),
        };
        self.advance();
        Ok(Condition::Compare(left, comparison, self.operand()?))
    }

    fn function(&mut self, function: &str) -> Result<Condition, QueryError> {
        let condition = match function {
            "IS_OF_MODEL" => return self.of_model(),
            "IS_DEFINED" => TypeTest::Defined,
            "IS_NULL" => TypeTest::Null,
            "IS_BOOL" => TypeTest::Bool,
            "IS_NUMBER" => TypeTest::Number,
            "IS_STRING" => TypeTest::String,
            "IS_OBJECT" => TypeTest::Object,
            "IS_PRIMITIVE" => TypeTest::Primitive,
            "STARTSWITH" => return self.text_test(TextTest::StartsWith),
            "ENDSWITH" => return self.text_test(TextTest::EndsWith),
            "CONTAINS" => return self.text_test(TextTest::Contains),
            "ARRAY_CONTAINS" => return self.array_contains(),
            _ => return Err(self.error(format!("there is no function {function}"))),
        };
        self.open_call()?;
        let path = self.path()?;
        self.expect_symbol(")")?;
        Ok(Condition::Type(condition, path))
    }

    fn open_call(&mut self) -> Result<(), QueryError> {
        self.advance();
        self.expect_symbol("(")
    }

    fn of_model(&mut self) -> Result<Condition, QueryError> {
        self.open_call()?;
        let mut slot = 0;
        let position = self.position();
        if !matches!(self.peek(), Token::Text(_)) {
            let path = self.path()?;
            if !path.members.is_empty() {
                let message = "IS_OF_MODEL takes an alias and a model id".to_owned();
                return Err(QueryError { position, message });
            }
            slot = path.slot;
            self.expect_symbol(",")?;
        } else if self.joined() {
            return Err(self.error("with JOIN, IS_OF_MODEL begins with an alias"));
        }
        let Token::Text(model) = self.peek() else {
            return Err(self.error("IS_OF_MODEL takes a model id in quotes"));
        };
        let model = model.clone();
        self.advance();
        let mut exact = false;
        if self.take_symbol(",") {
            self.expect_keyword("EXACT")?;
            exact = true;
        }
        self.expect_symbol(")")?;
        Ok(Condition::OfModel { slot, model, exact })
    }

    fn text_test(&mut self, kind: TextTest) -> Result<Condition, QueryError> {
        self.open_call()?;
        let text = self.operand()?;
        self.expect_symbol(",")?;
        let part = self.operand()?;
        self.expect_symbol(")")?;
        Ok(Condition::Text(kind, text, part))
    }

    fn array_contains(&mut self) -> Result<Condition, QueryError> {
        self.open_call()?;
        let path = self.path()?;
        self.expect_symbol(",")?;
        let Some(value) = self.literal() else {
            return Err(self.error("ARRAY_CONTAINS takes a literal"));
        };
        self.expect_symbol(")")?;
        Ok(Condition::ArrayContains(path, value))
    }

    fn path(&mut self) -> Result<Path, QueryError> {
        let dotted = self.dotted()?;
        self.resolve(dotted)
    }

    fn operand(&mut self) -> Result<Operand, QueryError> {
        if let Some(literal) = self.literal() {
            return Ok(Operand::Literal(literal));
        }
        if self.is_keyword("NULL") {
            return Err(self.error("there is no literal null; use IS_NULL or IS_DEFINED"));
        }
        self.path().map(Operand::Path)
    }

    fn list(&mut self) -> Result<Vec<Value>, QueryError> {
        self.expect_symbol("[")?;
        let mut values = Vec::new();
        if self.take_symbol("]") {
            return Ok(values);
        }
        loop {
            if values.len() >= MAX_LIST_ITEMS {
                return Err(self.error("a list has at most 100 items"));
            }
            let Some(value) = self.literal() else {
                return Err(self.error("a list holds literals"));
            };
            values.push(value);
            if !self.take_symbol(",") {
                self.expect_symbol("]")?;
                return Ok(values);
            }
        }
    }

    /// A literal if there is one here.
    fn literal(&mut self) -> Option<Value> {
        let literal = match self.peek() {
            Token::Text(text) => json!(text),
            Token::Integer(number) => json!(number),
            Token::Number(number) => json!(number),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => json!(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => json!(false),
            _ => return None,
        };
        self.advance();
        Some(literal)
    }
}
