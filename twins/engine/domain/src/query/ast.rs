//! A query as a tree.

use serde_json::Value;

/// What a name stands for: the row's twins and relationships are bound to slots.
pub(super) type Slot = usize;

/// A parsed query. Names are resolved: slot 0 is the collection of FROM, then for each join its
/// twin and its relationship, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub(super) top: Option<u64>,
    pub(super) projection: Projection,
    pub(super) collection: Collection,
    pub(super) joins: Vec<Join>,
    pub(super) condition: Option<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Twins,
    Relationships,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Projection {
    All,
    Count,
    Items(Vec<Item>),
}

/// One item of SELECT: a value and the key under which it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) path: Path,
    pub(super) key: String,
}

/// `JOIN <twin> RELATED <source>.<name> <edge>`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Join {
    pub(super) source: Slot,
    pub(super) name: String,
    pub(super) twin: Slot,
    pub(super) edge: Slot,
}

/// A value of the row; without members the whole document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    pub(super) slot: Slot,
    pub(super) members: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypeTest {
    Defined,
    Null,
    Bool,
    Number,
    String,
    Object,
    Primitive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Comparison, Operand),
    /// `IN`; `NIN` is its negation.
    In(Operand, Vec<Value>),
    Type(TypeTest, Path),
    Text(TextTest, Operand, Operand),
    ArrayContains(Path, Value),
    OfModel {
        slot: Slot,
        model: String,
        exact: bool,
    },
}
