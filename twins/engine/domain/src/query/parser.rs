//! Reads SELECT, FROM and JOIN, and gives names their meaning; conditions are read beside.

use crate::query::{
    MAX_JOINS, QueryError,
    ast::{Collection, Condition, Item, Join, Operand, Path, Projection, Select, Slot},
    lexer::{Placed, Token, tokens},
};

/// Words that end a list of names.
const KEYWORDS: [&str; 13] = [
    "SELECT", "TOP", "FROM", "JOIN", "RELATED", "MATCH", "WHERE", "AND", "OR", "NOT", "IN", "NIN",
    "AS",
];

pub(super) fn parse(text: &str) -> Result<Select, QueryError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        names: Vec::new(),
        has_joins: false,
        depth: 0,
        connectives: 0,
    };
    let select = parser.select()?;
    match parser.peek() {
        Token::End => Ok(select),
        _ => Err(parser.error("the query does not end here")),
    }
}

/// A name of the query: an alias and what it is bound to.
struct Name {
    text: String,
    slot: Slot,
    is_twin: bool,
}

/// A dotted name as written, and where it stands.
pub(super) struct Dotted {
    pub(super) members: Vec<String>,
    pub(super) position: usize,
}

pub(super) struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    names: Vec<Name>,
    has_joins: bool,
    pub(super) depth: usize,
    pub(super) connectives: usize,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |placed| &placed.token)
    }

    pub(super) fn peek_second(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |placed| &placed.token)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn position(&self) -> usize {
        let placed = self.tokens.get(self.at).or(self.tokens.last());
        placed.map_or(0, |placed| placed.position)
    }

    pub(super) fn error(&self, message: impl Into<String>) -> QueryError {
        QueryError { position: self.position(), message: message.into() }
    }

    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Result<(), QueryError> {
        if self.take_keyword(keyword) {
            return Ok(());
        }
        Err(self.error(format!("{keyword} is expected here")))
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<(), QueryError> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err(self.error(format!("'{symbol}' is expected here")))
    }

    /// Whether the query has JOIN, so that names need an alias.
    pub(super) fn joined(&self) -> bool {
        self.has_joins
    }

    fn select(&mut self) -> Result<Select, QueryError> {
        self.expect_keyword("SELECT")?;
        let top = self.top()?;
        let selected_at = self.position();
        let selected = self.selected(top.is_some())?;
        self.expect_keyword("FROM")?;
        let collection = self.collection()?;
        let mut joins = Vec::new();
        while self.is_keyword("JOIN") {
            if collection == Collection::Relationships {
                return Err(self.error("RELATIONSHIPS cannot be joined"));
            }
            if joins.len() >= MAX_JOINS {
                return Err(self.error("a query has at most 5 JOIN"));
            }
            self.advance();
            joins.push(self.join(joins.len())?);
            self.has_joins = true;
        }
        if self.is_keyword("MATCH") {
            return Err(self.error("MATCH is not supported; use JOIN … RELATED"));
        }
        let projection = self.projection(selected, top, selected_at)?;
        let mut condition = None;
        let condition_at = self.position();
        if self.take_keyword("WHERE") {
            condition = Some(self.condition()?);
        }
        if self.has_joins && !condition.as_ref().is_some_and(names_a_twin) {
            let message = "a query with JOIN fixes the $dtId of a twin in WHERE".to_owned();
            return Err(QueryError { position: condition_at, message });
        }
        Ok(Select { top, projection, collection, joins, condition })
    }

    fn top(&mut self) -> Result<Option<u64>, QueryError> {
        if !self.is_keyword("TOP") || *self.peek_second() != Token::Symbol("(") {
            return Ok(None);
        }
        self.advance();
        self.expect_symbol("(")?;
        let Token::Integer(number) = *self.peek() else {
            return Err(self.error("TOP takes a number of rows"));
        };
        let Ok(number) = u64::try_from(number) else {
            return Err(self.error("TOP takes a number of rows, not a negative one"));
        };
        self.advance();
        self.expect_symbol(")")?;
        Ok(Some(number))
    }

    /// What stands between SELECT and FROM, names not resolved yet.
    fn selected(&mut self, may_be_empty: bool) -> Result<Selected, QueryError> {
        if self.take_symbol("*") || may_be_empty && self.is_keyword("FROM") {
            return Ok(Selected::All);
        }
        if self.is_keyword("COUNT") && *self.peek_second() == Token::Symbol("(") {
            self.advance();
            self.expect_symbol("(")?;
            self.expect_symbol(")")?;
            return Ok(Selected::Count);
        }
        let mut items = Vec::new();
        loop {
            let dotted = self.dotted()?;
            let key = if self.take_keyword("AS") { Some(self.name()?) } else { None };
            items.push((dotted, key));
            if !self.take_symbol(",") {
                return Ok(Selected::Items(items));
            }
        }
    }

    fn projection(
        &self,
        selected: Selected,
        top: Option<u64>,
        position: usize,
    ) -> Result<Projection, QueryError> {
        let refused = |message: &str| QueryError { position, message: message.to_owned() };
        match selected {
            Selected::All if self.has_joins => {
                Err(refused("with JOIN, SELECT names what it wants"))
            }
            Selected::All => Ok(Projection::All),
            Selected::Count if top.is_some() => Err(refused("TOP and COUNT() exclude each other")),
            Selected::Count => Ok(Projection::Count),
            Selected::Items(written) => {
                let mut items: Vec<Item> = Vec::new();
                for (dotted, key) in written {
                    let last = dotted.members.last().cloned().unwrap_or_default();
                    let key = key.unwrap_or(last);
                    if items.iter().any(|item| item.key == key) {
                        let message = format!("two items are called '{key}'; rename one with AS");
                        return Err(QueryError { position: dotted.position, message });
                    }
                    items.push(Item { path: self.resolve(dotted)?, key });
                }
                Ok(Projection::Items(items))
            }
        }
    }

    fn collection(&mut self) -> Result<Collection, QueryError> {
        let collection = if self.take_keyword("DIGITALTWINS") {
            Collection::Twins
        } else if self.take_keyword("RELATIONSHIPS") {
            Collection::Relationships
        } else {
            return Err(self.error("FROM takes DIGITALTWINS or RELATIONSHIPS"));
        };
        if let Some(text) = self.alias()? {
            self.declare(text, 0, collection == Collection::Twins)?;
        }
        Ok(collection)
    }

    /// `<twin> RELATED <source>.<relationship> [<alias>]`, behind JOIN.
    fn join(&mut self, position: usize) -> Result<Join, QueryError> {
        let (twin, edge) = (1 + 2 * position, 2 + 2 * position);
        let twin_name = self.name()?;
        self.expect_keyword("RELATED")?;
        let dotted = self.dotted()?;
        let [source, name] = dotted.members.as_slice() else {
            let message = "RELATED takes <alias>.<relationship>".to_owned();
            return Err(QueryError { position: dotted.position, message });
        };
        let source = self.names.iter().find(|known| known.is_twin && known.text == *source);
        let Some(source) = source.map(|source| source.slot) else {
            let message = "RELATED begins with the alias of a twin named before".to_owned();
            return Err(QueryError { position: dotted.position, message });
        };
        let name = name.clone();
        self.declare(twin_name, twin, true)?;
        if let Some(text) = self.alias()? {
            self.declare(text, edge, false)?;
        }
        Ok(Join { source, name, twin, edge })
    }

    fn declare(&mut self, text: String, slot: Slot, is_twin: bool) -> Result<(), QueryError> {
        if self.names.iter().any(|name| name.text == text) {
            return Err(self.error(format!("the alias '{text}' is used twice")));
        }
        self.names.push(Name { text, slot, is_twin });
        Ok(())
    }

    /// An alias if there is one here.
    fn alias(&mut self) -> Result<Option<String>, QueryError> {
        match self.peek() {
            Token::Word(word) if !is_reserved(word) => self.name().map(Some),
            Token::Quoted(_) => self.name().map(Some),
            _ => Ok(None),
        }
    }

    fn name(&mut self) -> Result<String, QueryError> {
        let name = match self.peek() {
            Token::Word(word) if !is_reserved(word) => word.clone(),
            Token::Quoted(name) => name.clone(),
            _ => return Err(self.error("a name is expected here")),
        };
        self.advance();
        Ok(name)
    }

    /// A dotted name. Behind a dot keywords are names too.
    pub(super) fn dotted(&mut self) -> Result<Dotted, QueryError> {
        let position = self.position();
        let mut members = vec![self.name()?];
        while self.take_symbol(".") {
            let member = match self.peek() {
                Token::Word(name) | Token::Quoted(name) => name.clone(),
                _ => return Err(self.error("a name is expected behind the dot")),
            };
            self.advance();
            members.push(member);
        }
        Ok(Dotted { members, position })
    }

    /// Gives a dotted name its meaning. Without JOIN, what is no alias is a property.
    pub(super) fn resolve(&self, dotted: Dotted) -> Result<Path, QueryError> {
        let Dotted { mut members, position } = dotted;
        let first = members.first().cloned().unwrap_or_default();
        if let Some(name) = self.names.iter().find(|name| name.text == first) {
            members.remove(0);
            return Ok(Path { slot: name.slot, members });
        }
        if self.has_joins {
            let message = format!("'{first}' is no alias of this query");
            return Err(QueryError { position, message });
        }
        Ok(Path { slot: 0, members })
    }
}

enum Selected {
    All,
    Count,
    Items(Vec<(Dotted, Option<String>)>),
}

fn is_reserved(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Whether the condition speaks of some twin's id.
fn names_a_twin(condition: &Condition) -> bool {
    let is_id = |operand: &Operand| matches!(operand, Operand::Path(path) if path.is_twin_id());
    match condition {
        Condition::And(left, right) | Condition::Or(left, right) => {
            names_a_twin(left) || names_a_twin(right)
        }
        Condition::Not(inner) => names_a_twin(inner),
        Condition::Compare(left, _, right) => is_id(left) || is_id(right),
        Condition::In(operand, _) => is_id(operand),
        Condition::Type(..)
        | Condition::Text(..)
        | Condition::ArrayContains(..)
        | Condition::OfModel { .. } => false,
    }
}

impl Path {
    /// Whether this is the `$dtId` of a twin.
    pub(super) fn is_twin_id(&self) -> bool {
        matches!(self.members.as_slice(), [member] if member == "$dtId")
    }
}
