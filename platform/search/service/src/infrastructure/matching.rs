//! What is looked for, as a query of the engine whose scores are ranks.

use std::fmt;

use search_domain::entity::{
    Evidence, Match, PREFIX_LETTERS, Query as Sought, Tier, forgives, forms, parts_of_word,
};
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EnableScoring, Explanation, FuzzyTermQuery,
    Occur, PhraseQuery, Query, Scorer, TermQuery, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SegmentReader, Term};

use super::engine::{Fields, of_kind, piece};
use crate::application::Kind;

/// Letters of the beginning of a word that is still being typed, at least.
const BEGUN: usize = 3;

/// What a document must have of what is looked for, the most first. A name that begins so will do
/// always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// All words, as they were typed or in another form.
    AsTyped,
    /// All words, if need be with typos.
    All,
    /// One of the words, if need be with a typo.
    Any,
}

/// Every document that has what is demanded. Its score is its rank, whatever was demanded.
pub(super) fn query(sought: &Sought, demand: Demand, fields: Fields) -> Box<dyn Query> {
    let named = DisjunctionMaxQuery::new(tiers(sought, fields));
    let last = sought.words().len().saturating_sub(1);
    let of_word = |(nth, word): (usize, &String)| -> Box<dyn Query> {
        Box::new(DisjunctionMaxQuery::new(of_word(word, nth == last, demand, fields)))
    };
    let words: Vec<_> = sought.words().iter().enumerate().map(of_word).collect();
    let each = |occur: Occur| words.iter().map(move |word| (occur, word.box_clone()));
    let with = |occur: Occur, words: Occur| {
        let named: (Occur, Box<dyn Query>) = (occur, Box::new(named.clone()));
        BooleanQuery::new(std::iter::once(named).chain(each(words)).collect())
    };
    match demand {
        Demand::Any => Box::new(with(Occur::Should, Occur::Should)),
        // Each document is one or the other, so that its words are added up once.
        Demand::AsTyped | Demand::All => Box::new(BooleanQuery::new(vec![
            (Occur::Should, Box::new(with(Occur::Must, Occur::Should))),
            (Occur::Should, Box::new(with(Occur::MustNot, Occur::Must))),
        ])),
    }
}

fn constant(query: impl Query, score: Score) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(query), score))
}

fn term(field: Field, text: &str, record: IndexRecordOption) -> TermQuery {
    TermQuery::new(Term::from_field_text(field, text), record)
}

/// Whose name it is, and whose name begins so; the greatest counts.
fn tiers(sought: &Sought, fields: Fields) -> Vec<Box<dyn Query>> {
    let whole = sought.whole();
    let tiers = [
        (Tier::Name, fields.exact, Kind::SoftwareCatalog),
        (Tier::Title, fields.exact, Kind::Techdocs),
        (Tier::NameBegins, fields.prefix, Kind::SoftwareCatalog),
        (Tier::TitleBegins, fields.prefix, Kind::Techdocs),
    ];
    // Beginnings are kept up to so many letters: what is longer is no beginning of any.
    let is_short = whole.chars().count() <= PREFIX_LETTERS;
    let tiers = tiers.into_iter().filter(|(_, field, _)| is_short || *field == fields.exact);
    let tiers = tiers.map(|(tier, field, kind)| {
        constant(term(field, &of_kind(kind, whole), IndexRecordOption::Basic), tier.worth())
    });
    tiers.collect()
}

/// Every way in which a document may have a word; the best counts.
fn of_word(word: &str, is_last: bool, demand: Demand, fields: Fields) -> Vec<Box<dyn Query>> {
    let mut ways: Vec<Box<dyn Query>> = Vec::new();
    for form in forms(word) {
        for (field, evidence) in
            [(fields.title, Evidence::WordOfName), (fields.text, Evidence::Text)]
        {
            let inner = Box::new(term(field, &form, IndexRecordOption::WithFreqs));
            ways.push(Box::new(Ranked { inner, found: Match::Word(evidence) }));
        }
    }
    let pieces: Vec<Term> = parts_of_word(word)
        .iter()
        .map(|part| Term::from_field_text(fields.parts, &piece(part)))
        .collect();
    let part = Match::Word(Evidence::PartOfName).worth();
    match pieces.as_slice() {
        [] => {}
        [one] => ways.push(constant(TermQuery::new(one.clone(), IndexRecordOption::Basic), part)),
        _ => ways.push(constant(PhraseQuery::new(pieces), part)),
    }
    if is_last && BEGUN <= word.chars().count() {
        let begun = FuzzyTermQuery::new_prefix(Term::from_field_text(fields.text, word), 0, false);
        ways.push(constant(begun, Match::Word(Evidence::Begun).worth()));
    }
    if demand != Demand::AsTyped && forgives(word) {
        for (field, found) in [(fields.title, Match::TypoOfName), (fields.text, Match::Typo)] {
            let typo = FuzzyTermQuery::new(Term::from_field_text(field, word), 1, true);
            ways.push(constant(typo, found.worth()));
        }
    }
    ways
}

/// A query whose scores say how much a document is about a word, made into what that adds to its
/// rank.
struct Ranked {
    inner: Box<dyn Query>,
    found: Match,
}

impl Clone for Ranked {
    fn clone(&self) -> Self {
        Self { inner: self.inner.box_clone(), found: self.found }
    }
}

impl fmt::Debug for Ranked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ranked").field(&self.found).field(&self.inner).finish()
    }
}

impl Query for Ranked {
    fn weight(&self, enable_scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let inner = self.inner.weight(enable_scoring)?;
        Ok(Box::new(RankedWeight { inner, found: self.found }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.inner.query_terms(visitor);
    }
}

struct RankedWeight {
    inner: Box<dyn Weight>,
    found: Match,
}

impl Weight for RankedWeight {
    fn scorer(&self, reader: &SegmentReader, _boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let inner = self.inner.scorer(reader, 1.0)?;
        Ok(Box::new(RankedScorer { inner, found: self.found }))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let inner = self.inner.explain(reader, doc)?;
        let mut own = Explanation::new("Rank", self.found.worth_with(inner.value()));
        own.add_detail(inner);
        Ok(own)
    }

    fn count(&self, reader: &SegmentReader) -> tantivy::Result<u32> {
        self.inner.count(reader)
    }
}

struct RankedScorer {
    inner: Box<dyn Scorer>,
    found: Match,
}

impl DocSet for RankedScorer {
    fn advance(&mut self) -> DocId {
        self.inner.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.inner.seek(target)
    }

    fn doc(&self) -> DocId {
        self.inner.doc()
    }

    fn size_hint(&self) -> u32 {
        self.inner.size_hint()
    }
}

impl Scorer for RankedScorer {
    fn score(&mut self) -> Score {
        self.found.worth_with(self.inner.score())
    }
}
