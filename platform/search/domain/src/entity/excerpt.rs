//! What is shown of a text: where it has what was looked for.

use std::ops::Range;

use super::query::Query;
use super::word::{Word, fold, forgives, forms, may_be_typo, one_typo, runs, words};

/// Letters of a text that are shown, about.
const SHOWN: usize = 240;
/// Places that are looked at; a text that has more has a good part before.
const MOST_MARKS: usize = 200;
/// Letters of a part of a name at least.
const PART: usize = 3;

/// A word of the text that answers one of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    range: Range<usize>,
    nth: usize,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
    /// What of it answers the query, in bytes of the text, ascending, one apart from the other.
    pub marks: Vec<Range<usize>>,
}

/// A word of the query with what it is compared by.
struct Sought {
    folded: String,
    forms: Vec<String>,
    is_last: bool,
}

impl Sought {
    /// Whether a word is this one, or another form of it.
    fn is(&self, word: &str) -> bool {
        word == self.folded || forms(word).iter().any(|form| self.forms.contains(form))
    }

    /// Whether a word is this one as far as it was typed.
    fn begins(&self, word: &str) -> bool {
        self.is_last && PART <= self.folded.len() && word.starts_with(&self.folded)
    }

    /// Whether a word is this one but for a typo.
    fn resembles(&self, word: &str) -> bool {
        forgives(&self.folded)
            && may_be_typo(&self.folded, word)
            && (one_typo(&self.folded, word)
                || forms(word).iter().any(|form| one_typo(&self.folded, form)))
    }

    /// Where a word of a name has this one in it, in bytes; letters stand where they are folded
    /// only where all are plain.
    fn within(&self, word: &Word) -> Option<Range<usize>> {
        let at = word.folded.find(&self.folded)?;
        let is_part = PART <= self.folded.len() || at == 0;
        let is_plain = word.folded.len() == word.range.len() && word.folded.is_ascii();
        let start = word.range.start + at;
        (is_part && is_plain).then(|| start..start + self.folded.len())
    }
}

fn sought(query: &Query) -> Vec<Sought> {
    let last = query.words().len().saturating_sub(1);
    let each = query.words().iter().enumerate().map(|(nth, word)| Sought {
        folded: word.clone(),
        forms: forms(word),
        is_last: nth == last,
    });
    each.collect()
}

/// What of a name answers the query: words, parts of words, and words with a typo.
#[must_use]
pub fn marks(name: &str, query: &Query) -> Vec<Range<usize>> {
    let sought = sought(query);
    let answer = |word: Word| {
        if sought.iter().any(|sought| sought.is(&word.folded)) {
            return Some(word.range);
        }
        let part = sought.iter().find_map(|sought| sought.within(&word));
        let typo = || sought.iter().any(|sought| sought.resembles(&word.folded));
        part.or_else(|| typo().then(|| word.range.clone()))
    };
    words(name).filter_map(answer).collect()
}

/// The part of a text that has the most of what is looked for, the first of these; its beginning
/// when it has nothing.
#[must_use]
pub fn excerpt(text: &str, query: &Query) -> Excerpt {
    let sought = sought(query);
    let found = exact(text, &sought);
    let found = if found.is_empty() { typos(text, &sought) } else { found };
    let (from, to) = best(&found, sought.len());
    let range = around(text, from, to);
    let inside = |mark: &&Mark| range.start <= mark.range.start && mark.range.end <= range.end;
    let marks = found.iter().filter(inside).map(|mark| mark.range.clone()).collect();
    Excerpt { range, marks }
}

/// Words that answer one of the query. Forms of a word begin as it does, so that most words are
/// passed over at their first letter.
fn exact(text: &str, sought: &[Sought]) -> Vec<Mark> {
    let firsts: Vec<char> =
        sought.iter().filter_map(|sought| sought.folded.chars().next()).collect();
    let mut marks: Vec<Mark> = Vec::new();
    for range in runs(text) {
        let Some(own) = text.get(range.clone()) else { continue };
        let begins = own
            .chars()
            .next()
            .is_some_and(|first| !first.is_ascii() || firsts.contains(&first.to_ascii_lowercase()));
        if !begins {
            continue;
        }
        let folded = fold(own);
        let answers = |sought: &Sought| sought.begins(&folded) || sought.is(&folded);
        if let Some(nth) = sought.iter().position(answers) {
            marks.push(Mark { range, nth });
            if MOST_MARKS <= marks.len() {
                break;
            }
        }
    }
    marks
}

fn typos(text: &str, sought: &[Sought]) -> Vec<Mark> {
    if !sought.iter().any(|sought| forgives(&sought.folded)) {
        return Vec::new();
    }
    let marks = words(text).filter_map(|word| {
        let nth = sought.iter().position(|sought| sought.resembles(&word.folded))?;
        Some(Mark { range: word.range, nth })
    });
    marks.take(MOST_MARKS).collect()
}

/// From where to where the best marks stand: those that fit together and are of the most words.
fn best(marks: &[Mark], words: usize) -> (usize, usize) {
    let mut best = (0, 0, 0);
    for (nth, first) in marks.iter().enumerate() {
        let rest = marks.get(nth..).unwrap_or_default().iter();
        let near = rest.take_while(|mark| mark.range.end <= first.range.start + SHOWN);
        let (mut seen, mut end) = (vec![false; words], first.range.end);
        for mark in near {
            if let Some(seen) = seen.get_mut(mark.nth).filter(|seen| !**seen) {
                *seen = true;
                end = mark.range.end;
            }
        }
        let count = seen.into_iter().filter(|seen| *seen).count();
        if best.0 < count {
            best = (count, first.range.start, end);
        }
        if count == words {
            break;
        }
    }
    (best.1, best.2)
}

/// A stretch of the text around another, from word to word.
fn around(text: &str, from: usize, to: usize) -> Range<usize> {
    let room = SHOWN.saturating_sub(to - from);
    let start = from.saturating_sub(room / 4);
    let end = start.saturating_add(SHOWN).max(to).min(text.len());
    let is_gap = |at: usize| {
        at == 0
            || at == text.len()
            || text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_whitespace)
    };
    // Words are short; a run of letters that is not is cut where a letter begins.
    let whole = |at: usize| text.is_char_boundary(at);
    let start = (start..=from).find(|at| is_gap(*at)).unwrap_or(from);
    let end = (to..=end).rev().find(|at| is_gap(*at));
    let end = end.filter(|end| to < *end || *end == text.len());
    let end = end.unwrap_or_else(|| {
        let cut = start.saturating_add(SHOWN).max(to).min(text.len());
        (to..=cut).rev().find(|at| whole(*at)).unwrap_or(to)
    });
    let trimmed = text.get(start..end).unwrap_or_default();
    let lead = trimmed.len() - trimmed.trim_start().len();
    let tail = trimmed.len() - trimmed.trim_end().len();
    if trimmed.len() <= lead + tail {
        return start..end;
    }
    start + lead..end - tail
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, typed: &str) -> String {
        let excerpt = excerpt(text, &Query::parse(typed));
        tagged(text, excerpt.range, &excerpt.marks)
    }

    fn named(name: &str, typed: &str) -> String {
        tagged(name, 0..name.len(), &marks(name, &Query::parse(typed)))
    }

    fn tagged(text: &str, range: Range<usize>, marks: &[Range<usize>]) -> String {
        let (mut shown, mut at) = (String::new(), range.start);
        for mark in marks {
            shown.extend([&text[at..mark.start], "[", &text[mark.clone()], "]"]);
            at = mark.end;
        }
        shown + &text[at..range.end]
    }

    #[test]
    fn other_forms_of_a_word_and_typos_are_marked() {
        assert_eq!(shown("The surgeries of a day", "surgery"), "The [surgeries] of a day");
        assert_eq!(
            shown("Le Operazioni già fatte", "operazione gia"),
            "Le [Operazioni] [già] fatte"
        );
        assert_eq!(shown("the theatre is free", "theater"), "the [theatre] is free");
        assert_eq!(shown("the theatre is free", "thaeter"), "the theatre is free");
        assert_eq!(shown("a surgical plan", "plan surg"), "a [surgical] [plan]");
        assert_eq!(shown("nothing of it", "zebra"), "nothing of it");
    }

    #[test]
    fn parts_of_names_are_marked() {
        assert_eq!(named("staff-tracking", "rack"), "staff-t[rack]ing");
        assert_eq!(named("staff-tracking", "tracked staff"), "[staff]-[tracking]");
        assert_eq!(named("staff-tracking", "st"), "[st]aff-tracking");
        assert_eq!(named("staff-tracking", "traking"), "staff-[tracking]");
        assert_eq!(named("Città", "citta"), "[Città]");
    }

    #[test]
    fn the_part_with_the_most_words_is_shown() {
        let text = format!("alpha {} alpha beta {}", "x ".repeat(300), "y ".repeat(300));
        let found = shown(&text, "beta alpha");
        assert!(found.contains("[alpha] [beta]") && found.len() < SHOWN + 20, "{found}");
        let long = "z".repeat(1_000);
        assert_eq!(shown(&long, "q").len(), SHOWN);
    }

    proptest! {
        #[test]
        fn an_excerpt_lies_in_its_text(text in "[ab èà\n.]{0,700}", typed in "[ab è]{0,12}") {
            let excerpt = excerpt(&text, &Query::parse(&typed));
            prop_assert!(text.get(excerpt.range.clone()).is_some(), "{:?}", excerpt);
            prop_assert!(excerpt.range.len() <= SHOWN + 80, "{:?}", excerpt);
            let mut at = excerpt.range.start;
            for mark in &excerpt.marks {
                prop_assert!(at <= mark.start && mark.end <= excerpt.range.end, "{:?}", excerpt);
                prop_assert!(text.get(mark.clone()).is_some());
                at = mark.end;
            }
        }

        #[test]
        fn what_is_marked_of_a_name_lies_in_it(name in "\\PC{0,40}", typed in "[a-zé ]{0,9}") {
            for mark in marks(&name, &Query::parse(&typed)) {
                prop_assert!(name.get(mark).is_some());
            }
        }
    }
}
