//! The engine against a model that looks at every document.

use std::sync::Arc;

use proptest::prelude::*;
use search_domain::entity::{Cursor, Page, Query as Sought, Tier, fold, forgives, one_typo};
use serde_json::json;

use super::*;
use crate::application::Question;

fn document(kind: Kind, name: &str, text: &str) -> Document {
    Document {
        kind,
        reference: Arc::from(format!("component:default/{name}")),
        names: vec![name.to_owned()],
        in_full: None,
        texts: vec![text.to_owned()],
        facets: vec![format!("kind={}", fold(text.get(..1).unwrap_or_default()))],
        rules: Vec::new(),
        order: format!("{}\0{}", fold(name), kind.name()),
        shown: json!({"title": name, "text": text}),
        beside: String::new(),
    }
}

fn engine(documents: &[Document]) -> Engine {
    let (engine, mut writer) = open(None).unwrap();
    for (nth, document) in documents.iter().enumerate() {
        writer.replace(&format!("e:{nth}"), 7, std::slice::from_ref(document)).unwrap();
        // Several segments, so that nothing depends on there being one.
        if nth % 5 == 4 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    engine
}

fn question(typed: &str) -> Question {
    Question {
        query: Sought::parse(typed),
        kinds: Vec::new(),
        filters: Vec::new(),
        page: Page { from: Cursor(0), limit: 100 },
    }
}

fn everybody(references: &[&str]) -> Vec<bool> {
    vec![true; references.len()]
}

fn titles(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.shown["title"].as_str().unwrap()).collect()
}

fn looked_for(documents: &[(&str, &str)], typed: &str) -> String {
    let documents: Vec<Document> =
        documents.iter().map(|(name, text)| document(Kind::SoftwareCatalog, name, text)).collect();
    let found = engine(&documents).find(&question(typed), None, everybody).unwrap();
    assert_eq!(found.total, found.hits.len());
    titles(&found).join(", ")
}

/// What the model says of a document: the tier, the words that it has, and those without a typo.
/// `None` when it is not found.
fn judged(document: &Document, sought: &Sought) -> Option<(Tier, usize, usize)> {
    let full: Vec<String> = document.names.iter().flat_map(|name| names(name)).collect();
    let is_page = document.kind == Kind::Techdocs;
    let whole = sought.whole();
    let tier = if full.iter().any(|name| name == whole) {
        if is_page { Tier::Title } else { Tier::Name }
    } else if full.iter().any(|name| name.starts_with(whole)) {
        if is_page { Tier::TitleBegins } else { Tier::NameBegins }
    } else {
        Tier::Other
    };
    let all_forms = |texts: &[String]| -> Vec<String> {
        let words = texts.iter().flat_map(|text| words(text));
        words.flat_map(|word| forms(&word.folded)).collect()
    };
    let (of_name, of_text) = (all_forms(&document.names), all_forms(&document.texts));
    let (mut exact, mut typos) = (0, 0);
    for (nth, word) in sought.words().iter().enumerate() {
        let is_last = nth + 1 == sought.words().len();
        let own = forms(word);
        let short = word.chars().count() < 3;
        let part = document.names.iter().any(|name| {
            let joined: String = words(name).map(|word| word.folded).collect();
            let starts = |name: &str| words(name).any(|own| own.folded.starts_with(word.as_str()));
            if short { names(name).iter().any(|name| starts(name)) } else { joined.contains(word) }
        });
        let begun = is_last && !short && of_text.iter().any(|form| form.starts_with(word));
        let has = of_name.iter().chain(&of_text).any(|form| own.contains(form));
        if has || part || begun {
            exact += 1;
        } else if forgives(word) && of_name.iter().chain(&of_text).any(|form| one_typo(word, form))
        {
            typos += 1;
        }
    }
    (tier != Tier::Other || 0 < exact + typos).then_some((tier, exact + typos, exact))
}

const ESTATE: &[(&str, &str)] = &[
    ("staff-tracking", "Where each professional is"),
    ("staff-tracking-ui", "The floor"),
    ("tracking", "Follows things"),
    ("surgery-report", "Reports of surgeries; reads staff tracking"),
    ("building", "Le operazioni chirurgiche della città"),
];

#[test]
fn names_come_first_then_their_beginnings_then_the_rest() {
    let found = looked_for(ESTATE, "staff-tracking");
    assert_eq!(found, "staff-tracking, staff-tracking-ui, surgery-report");
    assert_eq!(looked_for(ESTATE, "tracking").split(", ").next(), Some("tracking"));
    assert_eq!(looked_for(ESTATE, "StaffTr"), "staff-tracking, staff-tracking-ui");
}

#[test]
fn parts_of_names_typos_and_other_forms_are_found() {
    for (typed, first) in [
        ("rack", "staff-tracking"),
        ("afftrack", "staff-tracking"),
        ("trackin", "tracking"),
        ("stfaf", "staff-tracking"),
        ("SURGERIES", "surgery-report"),
        ("operazione", "building"),
        ("CITTA", "building"),
        ("città", "building"),
        ("chirurgico", "building"),
        ("u", "staff-tracking-ui"),
        ("profess", "staff-tracking"),
    ] {
        assert_eq!(looked_for(ESTATE, typed).split(", ").next(), Some(first), "{typed}");
    }
    for nothing in ["zebra", "stf", "trokang", "xx"] {
        assert_eq!(looked_for(ESTATE, nothing), "", "{nothing}");
    }
}

#[test]
fn some_of_the_words_are_enough_where_nobody_has_all() {
    let all = [("b", "alpha alpha alpha alpha"), ("c", "alpha beta"), ("a", "alpha betta")];
    assert_eq!(looked_for(&all, "alpha beta"), "c, a");
    assert_eq!(looked_for(&all, "alpha gamma"), "b, a, c");
    assert_eq!(looked_for(&all, "beta gamma"), "c, a");
}

#[test]
fn nothing_lists_everything_by_name() {
    let listed = looked_for(&[("Zoo", ""), ("apple", ""), ("Ähre", ""), ("mango", "")], " ");
    assert_eq!(listed, "Ähre, apple, mango, Zoo");
}

#[test]
fn filters_and_kinds_are_all_fulfilled() {
    let documents = [
        document(Kind::SoftwareCatalog, "one", "a thing"),
        document(Kind::SoftwareCatalog, "two", "b thing"),
        document(Kind::Techdocs, "three", "a thing"),
    ];
    let engine = engine(&documents);
    let found = |kinds: &[Kind], filters: &[&str]| {
        let terms: Vec<String> = filters.iter().map(|value| format!("kind={value}")).collect();
        let filters = vec![(crate::application::Facet::Kind, terms)];
        let question = Question {
            kinds: kinds.to_vec(),
            filters: if filters[0].1.is_empty() { Vec::new() } else { filters },
            ..question("thing")
        };
        let found = engine.find(&question, None, everybody).unwrap();
        let mut names: Vec<String> = titles(&found).into_iter().map(str::to_owned).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(found(&[], &[]), "one three two");
    assert_eq!(found(&[], &["a"]), "one three");
    assert_eq!(found(&[], &["a", "b"]), "one three two");
    assert_eq!(found(&[Kind::SoftwareCatalog], &["a"]), "one");
    assert_eq!(found(&Kind::ALL, &["c"]), "");
}

#[test]
fn what_may_not_be_told_is_neither_shown_nor_counted_and_the_page_is_full() {
    let mut documents: Vec<Document> =
        (0..30).map(|nth| document(Kind::SoftwareCatalog, &format!("n{nth:02}"), "word")).collect();
    for (nth, document) in documents.iter_mut().enumerate() {
        document.rules = vec![u16::try_from(nth % 2).unwrap()];
    }
    let engine = engine(&documents);
    let asked = Question { page: Page { from: Cursor(0), limit: 4 }, ..question("word") };
    let found = |rules: Option<&[u16]>| engine.find(&asked, rules, everybody).unwrap().total;
    assert_eq!((found(None), found(Some(&[1])), found(Some(&[0, 1]))), (30, 15, 30));
    assert_eq!((found(Some(&[])), found(Some(&[7]))), (0, 0));
    // The index is behind: these have been taken away since.
    let behind = |references: &[&str]| {
        references.iter().map(|own| !own.ends_with("n01") && !own.ends_with("n05")).collect()
    };
    let found = engine.find(&asked, Some(&[1]), behind).unwrap();
    assert_eq!((titles(&found), found.total), (vec!["n03", "n07", "n09", "n11"], 13));
    // Far behind the last result there is nothing, and nothing is kept for it.
    let far = Question { page: Page { from: Cursor(100_000_000), limit: 4 }, ..asked.clone() };
    for typed in ["word", ""] {
        let far = Question { query: Sought::parse(typed), ..far.clone() };
        let found = engine.find(&far, None, everybody).unwrap();
        assert_eq!((found.hits.len(), found.total), (0, 30));
    }
    let nobody = |references: &[&str]| vec![false; references.len()];
    let found = engine.find(&asked, None, nobody).unwrap();
    assert!(found.hits.is_empty());
}

#[test]
fn a_group_is_replaced_whole_and_can_go() {
    let (engine, mut writer) = open(None).unwrap();
    let page = |name: &str| document(Kind::Techdocs, name, "page");
    writer.replace("d:a", 1, &[page("one"), page("two")]).unwrap();
    writer.replace("d:b", 2, &[page("three")]).unwrap();
    writer.commit().unwrap();
    let found = |engine: &Engine| engine.find(&question("page"), None, everybody).unwrap().total;
    assert_eq!(found(&engine), 3);
    writer.replace("d:a", 3, &[page("four")]).unwrap();
    // Nothing is shown before it is durable.
    assert_eq!(found(&engine), 3);
    writer.commit().unwrap();
    assert_eq!(found(&engine), 2);
    let groups = engine.groups().unwrap();
    assert_eq!((groups.len(), groups["d:a"], groups["d:b"]), (2, 3, 2));
    writer.remove("d:a");
    writer.commit().unwrap();
    assert_eq!((found(&engine), engine.groups().unwrap().len()), (1, 1));
}

#[test]
fn an_index_is_kept_and_one_that_cannot_be_used_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("search");
    let fill = || {
        let (engine, mut writer) = open(Some(&folder)).unwrap();
        let before = engine.groups().unwrap().len();
        for nth in 0..20 {
            let own = document(Kind::SoftwareCatalog, &format!("n{nth}"), "word");
            writer.replace(&format!("e:{nth}"), 1, &[own]).unwrap();
        }
        writer.commit().unwrap();
        assert_eq!(engine.find(&question("word"), None, everybody).unwrap().total, 20);
        before
    };
    assert_eq!(fill(), 0);
    assert_eq!(fill(), 20);
    let files = || {
        let own = folder.join(format!("index-{VERSION}"));
        let files = fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                !name.starts_with('.') || name == ".managed.json"
            })
            .collect();
        files.sort();
        files
    };
    // One byte of any file, or all of it.
    for nth in 0..files().len() {
        let path = files()[nth].clone();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 3;
        let Some(byte) = bytes.get_mut(middle) else { continue };
        *byte ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!([0, 20].contains(&fill()), "{name}");
    }
    for nth in 0..files().len() {
        let Some(path) = files().get(nth).cloned() else { break };
        fs::remove_file(&path).unwrap();
        assert!([0, 20].contains(&fill()), "{}", path.display());
    }
    fs::create_dir_all(folder.join("index-0")).unwrap();
    fs::write(folder.join("index-0/meta.json"), "{}").unwrap();
    fs::remove_dir_all(folder.join(format!("index-{VERSION}"))).unwrap();
    assert_eq!(fill(), 0);
    assert!(!folder.join("index-0").exists());
}

fn words_of(most: usize) -> impl Strategy<Value = Vec<String>> {
    let word = prop::sample::select(vec![
        "track",
        "tracking",
        "tracked",
        "trak",
        "staff",
        "stafff",
        "room",
        "rooms",
        "or",
        "a1",
        "operazione",
        "operazioni",
        "città",
        "Citta",
        "Report",
        "reports",
    ]);
    prop::collection::vec(word.prop_map(str::to_owned), 1..=most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_engine_finds_and_ranks_as_the_model_does(
        estate in prop::collection::vec((words_of(3), words_of(6), any::<bool>()), 1..14),
        typed in words_of(3),
        end in 0..4_usize,
        enough in 1..6_usize,
    ) {
        let documents: Vec<Document> = estate
            .iter()
            .enumerate()
            .map(|(nth, (name, text, page))| {
                let kind = if *page { Kind::Techdocs } else { Kind::SoftwareCatalog };
                let mut own = document(kind, &name.join("-"), &text.join(" "));
                own.order.push_str(&nth.to_string());
                own.shown["nth"] = json!(nth);
                own
            })
            .collect();
        let typed = typed.join(" ");
        let letters = typed.chars().count() - end.min(typed.chars().count() - 1);
        let typed: String = typed.chars().take(letters).collect();
        let question = question(&typed);
        prop_assume!(!question.query.is_empty());
        let found = Engine { enough, ..engine(&documents) }.find(&question, None, everybody).unwrap();
        let told: Vec<usize> = found
            .hits
            .iter()
            .map(|hit| usize::try_from(hit.shown["nth"].as_u64().unwrap()).unwrap())
            .collect();
        let ranks: Vec<_> = told.iter().map(|nth| judged(&documents[*nth], &question.query)).collect();
        prop_assert!(ranks.iter().all(Option::is_some), "{typed:?} {ranks:?}");
        prop_assert!(ranks.is_sorted_by(|one, other| other <= one), "{typed:?} {ranks:?}");
        let count = question.query.words().len();
        let judged: Vec<_> =
            documents.iter().filter_map(|own| judged(own, &question.query)).collect();
        let with = |demand: fn(usize, usize, usize) -> bool| {
            let named = |(tier, all, exact): &&(Tier, usize, usize)| {
                *tier != Tier::Other || demand(*all, *exact, count)
            };
            judged.iter().filter(named).count()
        };
        let (as_typed, all) =
            (with(|_, exact, count| exact == count), with(|all, _, count| all == count));
        let expected = match (as_typed, all) {
            (enough_of_them, _) if enough <= enough_of_them => enough_of_them,
            (_, 0) => judged.len(),
            (_, all) => all,
        };
        prop_assert_eq!((told.len(), found.total), (expected, expected), "{:?}", typed);
    }
}
