//! Enumerates the rows of a query, page by page.

use std::{collections::BTreeSet, ops::ControlFlow};

use serde_json::{Map, Value, json};

use crate::{
    error::{EngineError, ErrorCode},
    graph::{Document, Graph},
    query::{
        Continuation, MAX_PAGE_SIZE, Query,
        ast::Projection,
        evaluate::{find, holds},
        plan::{Plan, Start, Step, plan},
    },
    twin::text,
};

/// Most rows that one page may look at. A limit of ours in the place of the documented 60 s,
/// which a pure function cannot measure.
const MAX_EXAMINED: u64 = 10_000_000;

/// One page of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Rows, in a stable order; at most the page size.
    pub rows: Vec<Value>,
    /// Where the next page begins; `None` after the last row.
    pub next: Option<Continuation>,
    /// For the header `query-charge`; grows with the rows looked at.
    pub charge: f64,
}

impl Query {
    /// Runs the query from its start or from a continuation. `page_size` is 1 to
    /// [`MAX_PAGE_SIZE`]; other sizes are brought into that range.
    ///
    /// # Errors
    /// `BadRequest` when the continuation belongs to another query; `TimeoutError` when the page
    /// would look at more than 10 million rows.
    pub fn run(
        &self,
        graph: &Graph,
        from: Option<&Continuation>,
        page_size: usize,
    ) -> Result<Page, EngineError> {
        if from.is_some_and(|from| from.query != self.text) {
            let message = "the continuation token belongs to another query";
            return Err(EngineError::new(ErrorCode::BadRequest, message));
        }
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let returned = from.map_or(0, |from| from.returned);
        let left = self.ast.top.map(|top| top.saturating_sub(returned));
        let mut walk = Walk {
            graph,
            query: self,
            plan: plan(&self.ast),
            after: from.map(|from| from.after.as_slice()),
            row: vec![None; 1 + 2 * self.ast.joins.len()],
            key: Vec::new(),
            wanted: match left {
                Some(left) => page_size.min(usize::try_from(left).unwrap_or(usize::MAX)),
                None => page_size,
            },
            top_left: left,
            rows: Vec::new(),
            last: Vec::new(),
            count: 0,
            examined: 0,
            has_more: false,
        };
        if left != Some(0) {
            let _ = walk.start();
        }
        if walk.examined > MAX_EXAMINED {
            let message = "the query looks at more than 10 million rows; narrow its WHERE";
            return Err(EngineError::new(ErrorCode::TimeoutError, message));
        }
        Ok(walk.page(returned, left))
    }
}

struct Walk<'a> {
    graph: &'a Graph,
    query: &'a Query,
    plan: Plan<'a>,
    after: Option<&'a [String]>,
    row: Vec<Option<&'a Value>>,
    /// Ids of the row in the order of the plan; rows come in the order of these.
    key: Vec<&'a str>,
    wanted: usize,
    top_left: Option<u64>,
    rows: Vec<Value>,
    last: Vec<String>,
    count: u64,
    examined: u64,
    has_more: bool,
}

impl<'a> Walk<'a> {
    fn page(self, returned: u64, left: Option<u64>) -> Page {
        #[expect(clippy::cast_precision_loss, reason = "a charge is an approximation")]
        let charge = 1.0 + self.examined as f64 / 1_000.0;
        if self.query.ast.projection == Projection::Count {
            // That the key is COUNT is known from an independent implementation only.
            return Page { rows: vec![json!({"COUNT": self.count})], next: None, charge };
        }
        let given = self.rows.len() as u64;
        let exhausted = left.is_some_and(|left| left <= given);
        let next = (self.has_more && !exhausted).then(|| Continuation {
            query: self.query.text.clone(),
            after: self.last,
            returned: returned + given,
        });
        Page { rows: self.rows, next, charge }
    }

    /// First id of the row to continue behind; what lies before it need not be looked at.
    fn from(&self) -> Option<&'a str> {
        self.after?.first().map(String::as_str)
    }

    fn start(&mut self) -> ControlFlow<()> {
        let from = self.from();
        match &self.plan.start {
            Start::Twins(slot, ids) => {
                let slot = *slot;
                let ids: Vec<&str> = ids.iter().copied().collect();
                for id in ids.into_iter().filter(|id| from.is_none_or(|from| *id >= from)) {
                    if let Some(document) = self.graph.twin(id) {
                        self.begin(slot, id, document)?;
                    }
                }
            }
            Start::Model { model, exact } => {
                let (model, exact) = (*model, *exact);
                let models: Vec<&str> =
                    if exact { vec![model] } else { self.graph.models().subtypes(model).collect() };
                let ids: BTreeSet<&'a str> = models
                    .into_iter()
                    .flat_map(|model| self.graph.twins_of_model_from(model, from))
                    .collect();
                for id in ids {
                    if let Some(document) = self.graph.twin(id) {
                        self.begin(0, id, document)?;
                    }
                }
            }
            Start::AllTwins => {
                for (id, document) in self.graph.twins_from(from) {
                    self.begin(0, id, document)?;
                }
            }
            Start::Sources(sources) => {
                let sources: Vec<&str> = sources.iter().copied().collect();
                for source in sources.into_iter().filter(|id| from.is_none_or(|from| *id >= from)) {
                    for document in self.graph.relationships(source, None) {
                        self.edge(document)?;
                    }
                }
            }
            Start::Targets(targets) => {
                let mut found: Vec<&Document> = Vec::new();
                for target in targets {
                    found.extend(self.graph.incoming_documents(target));
                }
                self.edges_in_order(found)?;
            }
            Start::Names(names) => {
                let mut found: Vec<&Document> = Vec::new();
                for name in names {
                    let keys = self.graph.relationships_named(name);
                    found.extend(
                        keys.filter_map(|(source, id)| self.graph.relationship(source, id)),
                    );
                }
                self.edges_in_order(found)?;
            }
            Start::AllRelationships => {
                for (source, _) in self.graph.twins_from(from) {
                    for document in self.graph.relationships(source, None) {
                        self.edge(document)?;
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn edges_in_order(&mut self, mut edges: Vec<&'a Document>) -> ControlFlow<()> {
        edges.sort_by_key(|edge| (text(edge, "$sourceId"), text(edge, "$relationshipId")));
        edges.into_iter().try_for_each(|edge| self.edge(edge))
    }

    fn begin(&mut self, slot: usize, id: &'a str, document: &'a Value) -> ControlFlow<()> {
        self.key = vec![id];
        self.bind(slot, document);
        self.step(0)
    }

    /// A row of FROM RELATIONSHIPS.
    fn edge(&mut self, document: &'a Value) -> ControlFlow<()> {
        self.key = vec![text(document, "$sourceId"), text(document, "$relationshipId")];
        self.bind(0, document);
        self.finish()
    }

    fn bind(&mut self, slot: usize, document: &'a Value) {
        if let Some(place) = self.row.get_mut(slot) {
            *place = Some(document);
        }
    }

    fn step(&mut self, depth: usize) -> ControlFlow<()> {
        let Some(step) = self.plan.steps.get(depth) else { return self.finish() };
        let (join, known, is_forward) = match *step {
            Step::Forward(join) => (join, join.source, true),
            Step::Backward(join) => (join, join.twin, false),
        };
        let twin = self.row.get(known).copied().flatten().map(|twin| text(twin, "$dtId"));
        let graph = self.graph;
        let edges: Box<dyn Iterator<Item = &'a Document>> = match (twin, is_forward) {
            (None, _) => Box::new(std::iter::empty()),
            (Some(twin), true) => graph.relationships(twin, None),
            (Some(twin), false) => Box::new(graph.incoming_documents(twin)),
        };
        let (end, slot) =
            if is_forward { ("$targetId", join.twin) } else { ("$sourceId", join.source) };
        for edge in edges {
            self.look()?;
            let other = text(edge, end);
            if text(edge, "$relationshipName") != join.name || !self.plan.allows(slot, other) {
                continue;
            }
            let Some(document) = graph.twin(other) else { continue };
            let length = self.key.len();
            if !is_forward {
                self.key.push(other);
            }
            self.key.push(text(edge, "$relationshipId"));
            self.bind(slot, document);
            self.bind(join.edge, edge);
            self.step(depth + 1)?;
            self.key.truncate(length);
        }
        ControlFlow::Continue(())
    }

    fn look(&mut self) -> ControlFlow<()> {
        self.examined += 1;
        if self.examined > MAX_EXAMINED {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// A row with all its slots bound.
    fn finish(&mut self) -> ControlFlow<()> {
        self.look()?;
        let is_before =
            |after: &[String]| self.key.iter().copied().le(after.iter().map(String::as_str));
        if self.after.is_some_and(is_before) {
            return ControlFlow::Continue(());
        }
        if let Some(condition) = &self.query.ast.condition
            && holds(self.graph, condition, &self.row) != Some(true)
        {
            return ControlFlow::Continue(());
        }
        if self.query.ast.projection == Projection::Count {
            self.count += 1;
            return ControlFlow::Continue(());
        }
        if self.rows.len() >= self.wanted {
            self.has_more = true;
            return ControlFlow::Break(());
        }
        self.rows.push(self.project());
        self.last = self.key.iter().map(|id| (*id).to_owned()).collect();
        // What TOP asked for is complete: do not search for one row more.
        if self.top_left == Some(self.rows.len() as u64) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn project(&self) -> Value {
        match &self.query.ast.projection {
            Projection::All => self.row.first().copied().flatten().cloned().unwrap_or_default(),
            Projection::Count => Value::Null,
            Projection::Items(items) => {
                let values = items.iter().filter_map(|item| {
                    find(&item.path, &self.row).map(|value| (item.key.clone(), value.clone()))
                });
                Value::Object(values.collect::<Map<String, Value>>())
            }
        }
    }
}
