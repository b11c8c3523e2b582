//! The index: documents by their words, names and facets, on tantivy.
//!
//! SQLite's full text search was the other candidate. It has neither typos nor stems of Italian, and
//! would have needed code of our own where this has an automaton and postings with scores.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use search_domain::entity::{PREFIX_LETTERS, Part, forms, names, parts, words};
use serde_json::{Value, json};
use tantivy::collector::sort_key::{SortBySimilarityScore, SortByString};
use tantivy::collector::{Count, TopDocs};
use tantivy::indexer::IndexWriter;
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, Query, TermSetQuery};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
    Value as _,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    DocAddress, Index, IndexReader, Order, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    Term,
};

use super::matching::{self, Demand};
use crate::application::{Document, Found, Hit, Kind, Question, VERSION};

/// Memory in which new documents are gathered before they are written, in bytes.
const GATHERED: usize = 32 * 1024 * 1024;
/// Results after which another search takes out what may not be told, before they are just left
/// out.
const ROUNDS: usize = 8;
/// How far apart places of different names lie, so that nothing is found across two.
const APART: usize = 10_000;
/// Documents with all words, as they were typed, beside which those with typos are not wanted.
const ENOUGH: usize = 10;
/// Words of one text that count; places are numbers of 32 bits.
const MOST_WORDS: usize = 1_000_000;

/// The index cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("the index cannot be read or written")]
    Index(#[from] TantivyError),
    #[error("the folder of the index cannot be used")]
    Folder(#[from] io::Error),
    #[error("{0} files of the index are damaged")]
    Damaged(usize),
    #[error("a document of the index cannot be read")]
    Document,
}

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What is replaced together.
    group: Field,
    /// The digest of its group.
    digest: Field,
    /// The entity that it is, or is about.
    reference: Field,
    /// What lists are ordered by.
    order: Field,
    /// Terms of facets, of rules, and of the kind of document.
    terms: Field,
    /// What is answered.
    stored: Field,
    /// Names in full, as they are looked for; with the kind of document.
    pub(super) exact: Field,
    /// Beginnings of names; with the kind of document.
    pub(super) prefix: Field,
    /// Pieces of names.
    pub(super) parts: Field,
    /// Words of names, in all their forms.
    pub(super) title: Field,
    /// Words of texts, in all their forms.
    pub(super) text: Field,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // What is made into tokens before it comes here has a tokenizer that is never asked.
    let tokens = |record| {
        let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(record);
        TextOptions::default().set_indexing_options(indexing)
    };
    let plain = STRING;
    let fields = Fields {
        group: schema.add_text_field("group", plain.clone().set_fast("raw")),
        digest: schema.add_u64_field("digest", FAST),
        reference: schema.add_text_field("reference", plain.clone().set_stored()),
        order: schema.add_text_field("order", TextOptions::default().set_fast("raw")),
        terms: schema.add_text_field("terms", plain),
        stored: schema.add_text_field("stored", STORED),
        exact: schema.add_text_field("exact", tokens(IndexRecordOption::Basic)),
        prefix: schema.add_text_field("prefix", tokens(IndexRecordOption::Basic)),
        parts: schema.add_text_field("parts", tokens(IndexRecordOption::WithFreqsAndPositions)),
        title: schema.add_text_field("title", tokens(IndexRecordOption::WithFreqs)),
        text: schema.add_text_field("text", tokens(IndexRecordOption::WithFreqs)),
    };
    (schema.build(), fields)
}

/// A name, or a beginning of one, of a kind of document: entities go before pages of that name.
pub(super) fn of_kind(kind: Kind, name: &str) -> String {
    match kind {
        Kind::SoftwareCatalog => format!("e {name}"),
        Kind::Techdocs => format!("d {name}"),
    }
}

/// A piece of a name, as it is indexed.
pub(super) fn piece(part: &Part) -> String {
    match part {
        Part::Start(letters) => format!("^{letters}"),
        Part::Middle(letters, _) => letters.clone(),
    }
}

fn kind_term(kind: Kind) -> String {
    format!("of={}", kind.name())
}

fn rule_term(rule: u16) -> String {
    format!("rule={rule}")
}

/// Reads the index. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    reader: IndexReader,
    fields: Fields,
    enough: usize,
}

/// Writes the index; there is one.
pub(crate) struct Writer {
    index: IndexWriter,
    reader: IndexReader,
    fields: Fields,
}

/// Opens the index in a folder, or in memory. What is damaged or of another version is thrown away,
/// and an empty one begins; one that another writer has is left alone, with an error.
pub(crate) fn open(folder: Option<&Path>) -> Result<(Engine, Writer), EngineError> {
    let Some(folder) = folder else {
        let (schema, fields) = schema();
        return parts_of(&Index::create_in_ram(schema), fields);
    };
    let own = folder.join(format!("index-{VERSION}"));
    match existing(&own) {
        Ok(Some(opened)) => return Ok(opened),
        Ok(None) => {}
        // Somebody still writes it, who may end at any moment.
        Err(error @ EngineError::Index(TantivyError::LockFailure(..))) => return Err(error),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the search index cannot be used and is made again");
        }
    }
    // A damaged index, and those of other versions.
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("index-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    fs::create_dir_all(&own)?;
    let (schema, fields) = schema();
    parts_of(&Index::create_in_dir(&own, schema)?, fields)
}

/// The index in a folder, when there is one and it is whole.
fn existing(folder: &Path) -> Result<Option<(Engine, Writer)>, EngineError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let (schema, fields) = schema();
    let index = Index::open_in_dir(folder)?;
    if index.schema() != schema {
        return Ok(None);
    }
    let damaged = index.validate_checksum()?.len();
    if 0 < damaged {
        return Err(EngineError::Damaged(damaged));
    }
    parts_of(&index, fields).map(Some)
}

fn parts_of(index: &Index, fields: Fields) -> Result<(Engine, Writer), EngineError> {
    let reader: IndexReader =
        index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let index = index.writer_with_num_threads(1, GATHERED)?;
    Ok((
        Engine { reader: reader.clone(), fields, enough: ENOUGH },
        Writer { index, reader, fields },
    ))
}

impl Writer {
    /// Puts documents in the place of those that their group had.
    pub(crate) fn replace(
        &mut self,
        group: &str,
        digest: u64,
        documents: &[Document],
    ) -> Result<(), EngineError> {
        self.remove(group);
        for document in documents {
            self.index.add_document(self.indexed(group, digest, document))?;
        }
        Ok(())
    }

    /// Takes a group out.
    pub(crate) fn remove(&mut self, group: &str) {
        self.index.delete_term(Term::from_field_text(self.fields.group, group));
    }

    /// Makes everything durable, and shows it to readers.
    pub(crate) fn commit(&mut self) -> Result<(), EngineError> {
        self.index.commit()?;
        self.reader.reload()?;
        Ok(())
    }

    fn indexed(&self, group: &str, digest: u64, document: &Document) -> TantivyDocument {
        let Fields { terms, exact, prefix, parts: pieces, title, text, .. } = self.fields;
        let mut indexed = TantivyDocument::new();
        indexed.add_text(self.fields.group, group);
        indexed.add_u64(self.fields.digest, digest);
        indexed.add_text(self.fields.reference, &document.reference);
        indexed.add_text(self.fields.order, &document.order);
        let stored = json!({
            "kind": document.kind.name(), "shown": document.shown, "beside": document.beside,
        });
        indexed.add_text(self.fields.stored, stored.to_string());
        indexed.add_text(terms, kind_term(document.kind));
        for rule in &document.rules {
            indexed.add_text(terms, rule_term(*rule));
        }
        for facet in &document.facets {
            indexed.add_text(terms, facet);
        }
        let mut full: Vec<String> = document.names.iter().flat_map(|name| names(name)).collect();
        let begun: Vec<String> = full.iter().flat_map(|name| beginnings(name)).collect();
        full.extend(document.in_full.iter().flat_map(|name| names(name)));
        for (field, mut all) in [(exact, full), (prefix, begun)] {
            all.sort();
            all.dedup();
            let tokens = all.iter().map(|name| (of_kind(document.kind, name), 0));
            indexed.add_pre_tokenized_text(field, tokenized(tokens));
        }
        let places = document.names.iter().enumerate().flat_map(|(nth, name)| {
            parts(name).into_iter().map(move |part| {
                let place = match &part {
                    Part::Start(_) => 0,
                    Part::Middle(_, place) => *place,
                };
                (piece(&part), nth * APART + place)
            })
        });
        let mut places: Vec<(String, usize)> = places.collect();
        places.sort_by_key(|(_, place)| *place);
        indexed.add_pre_tokenized_text(pieces, tokenized(places.into_iter()));
        for (field, texts) in [(title, &document.names), (text, &document.texts)] {
            let all = texts.iter().flat_map(|text| words(text)).take(MOST_WORDS);
            let all = all.enumerate().flat_map(|(place, word)| {
                forms(&word.folded).into_iter().map(move |form| (form, place))
            });
            indexed.add_pre_tokenized_text(field, tokenized(all));
        }
        indexed
    }
}

/// The beginnings of a name, up to as many letters as are compared.
fn beginnings(name: &str) -> Vec<String> {
    let ends = name.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let ends = ends.take(PREFIX_LETTERS);
    ends.filter_map(|end| name.get(..end)).map(str::to_owned).collect()
}

fn tokenized(tokens: impl Iterator<Item = (String, usize)>) -> PreTokenizedString {
    let token = |(text, position): (String, usize)| Token {
        position,
        text,
        position_length: 1,
        ..Token::default()
    };
    PreTokenizedString { text: String::new(), tokens: tokens.map(token).collect() }
}

impl Engine {
    /// The groups that are there, with their digests.
    pub(crate) fn groups(&self) -> Result<HashMap<String, u64>, EngineError> {
        let searcher = self.reader.searcher();
        let mut groups = HashMap::new();
        for segment in searcher.segment_readers() {
            let names = segment.fast_fields().str("group")?.ok_or(EngineError::Document)?;
            let digests = segment.fast_fields().u64("digest")?;
            let mut name = String::new();
            for doc in segment.doc_ids_alive() {
                let Some(place) = names.term_ords(doc).next() else { continue };
                name.clear();
                names.ord_to_str(place, &mut name)?;
                groups.insert(name.clone(), digests.first(doc).unwrap_or_default());
            }
        }
        Ok(groups)
    }

    /// The documents of a page. `rules` are those by which the caller reads, `None` when they see
    /// everything; `visible` says once more, as it is now, which entities they see.
    pub(crate) fn find(
        &self,
        question: &Question,
        rules: Option<&[u16]>,
        visible: impl Fn(&[&str]) -> Vec<bool>,
    ) -> Result<Found, EngineError> {
        let searcher = self.reader.searcher();
        let mut hidden: Vec<String> = Vec::new();
        for round in 1.. {
            let mut found = self.look(&searcher, question, rules, &hidden)?;
            let references: Vec<&str> =
                found.hits.iter().map(|hit| hit.reference.as_str()).collect();
            let seen = visible(&references);
            let unseen = references.iter().zip(&seen).filter(|(_, seen)| !**seen);
            let unseen: Vec<String> = unseen.map(|(own, _)| (*own).to_owned()).collect();
            if unseen.is_empty() {
                return Ok(found);
            }
            if ROUNDS <= round {
                found.hits.retain(|hit| !unseen.contains(&hit.reference));
                found.total = found.total.saturating_sub(unseen.len());
                return Ok(found);
            }
            // The index is behind: the page is filled with others.
            hidden.extend(unseen);
        }
        Err(EngineError::Document)
    }

    /// The page of those that have the most of what is looked for. Fewer words than all are enough
    /// only where nobody has all: then it is a guess, and the reader sees what of it was found.
    fn look(
        &self,
        searcher: &Searcher,
        question: &Question,
        rules: Option<&[u16]>,
        hidden: &[String],
    ) -> Result<Found, EngineError> {
        let page = |demand| {
            let query = self.query(question, demand, rules, hidden);
            self.page(searcher, query.as_ref(), question)
        };
        let found = page(Demand::AsTyped)?;
        if self.enough <= found.total || question.query.is_empty() {
            return Ok(found);
        }
        // One word is all of them.
        if 1 < question.query.words().len() {
            let found = page(Demand::All)?;
            if 0 < found.total {
                return Ok(found);
            }
        }
        page(Demand::Any)
    }

    fn query(
        &self,
        question: &Question,
        demand: Demand,
        rules: Option<&[u16]>,
        hidden: &[String],
    ) -> Box<dyn Query> {
        let term = |text: &String| Term::from_field_text(self.fields.terms, text);
        let one_of = |texts: Vec<String>| -> Box<dyn Query> {
            let set = TermSetQuery::new(texts.iter().map(term));
            Box::new(ConstScoreQuery::new(Box::new(set), 0.0))
        };
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        if let Some(rules) = rules {
            let rules = rules.iter().map(|rule| rule_term(*rule)).collect();
            clauses.push((Occur::Must, one_of(rules)));
        }
        if !question.kinds.is_empty() {
            let kinds = question.kinds.iter().map(|kind| kind_term(*kind)).collect();
            clauses.push((Occur::Must, one_of(kinds)));
        }
        for (_, terms) in &question.filters {
            clauses.push((Occur::Must, one_of(terms.clone())));
        }
        if !hidden.is_empty() {
            let terms = hidden.iter();
            let terms = terms.map(|own| Term::from_field_text(self.fields.reference, own));
            clauses.push((Occur::MustNot, Box::new(TermSetQuery::new(terms))));
        }
        let sought: Box<dyn Query> = if question.query.is_empty() {
            Box::new(AllQuery)
        } else {
            matching::query(&question.query, demand, self.fields)
        };
        clauses.push((Occur::Must, sought));
        Box::new(BooleanQuery::new(clauses))
    }

    fn page(
        &self,
        searcher: &Searcher,
        query: &dyn Query,
        question: &Question,
    ) -> Result<Found, EngineError> {
        let page = question.page;
        let by_name = || (SortByString::for_field("order"), Order::Asc);
        // Room is kept for all results up to the end of the page: no more than there can be.
        let from = usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX).min(page.from.0);
        // A page of nothing still says how many there are.
        let most = || TopDocs::with_limit(page.limit.max(1)).and_offset(from);
        let (total, places): (usize, Vec<DocAddress>) = if question.query.is_empty() {
            let (total, found) = searcher.search(query, &(Count, most().order_by(by_name())))?;
            (total, found.into_iter().map(|(_, place)| place).collect())
        } else {
            let by_rank = (SortBySimilarityScore, by_name());
            let (total, found) = searcher.search(query, &(Count, most().order_by(by_rank)))?;
            (total, found.into_iter().map(|(_, place)| place).collect())
        };
        let hits = places.into_iter().take(page.limit).map(|place| self.hit(searcher, place));
        Ok(Found { hits: hits.collect::<Result<_, _>>()?, total })
    }

    fn hit(&self, searcher: &Searcher, place: DocAddress) -> Result<Hit, EngineError> {
        let document: TantivyDocument = searcher.doc(place)?;
        let text = |field| document.get_first(field).and_then(|value| value.as_str());
        let reference = text(self.fields.reference).ok_or(EngineError::Document)?.to_owned();
        let stored = text(self.fields.stored).ok_or(EngineError::Document)?;
        let mut stored: Value = serde_json::from_str(stored).map_err(|_| EngineError::Document)?;
        let mut taken = |name: &str| stored.get_mut(name).map(Value::take).unwrap_or_default();
        let string = |value: Value| match value {
            Value::String(text) => text,
            _ => String::new(),
        };
        Ok(Hit {
            kind: string(taken("kind")),
            reference,
            shown: taken("shown"),
            beside: string(taken("beside")),
        })
    }
}

#[cfg(test)]
mod tests;
