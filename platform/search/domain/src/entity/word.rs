//! Words of a text, as they are compared: without case and accents, and by their stems.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer runs of letters are no words: keys, digests, encoded files.
const LONGEST: usize = 64;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// As it is compared.
    pub folded: String,
}

/// A text without case and accents: compatibility forms are taken apart (Unicode Standard Annex
/// 15), marks are left out.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    plain.flat_map(char::to_lowercase).collect()
}

/// The words of a text: runs of letters and digits, with the marks on them. An apostrophe ends a
/// word, so that `l'equipe` has two.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    runs(text).filter_map(|range| {
        let folded = fold(text.get(range.clone())?);
        // A letter that is taken apart may leave nothing, or what is no letter.
        let folded: String = folded.chars().filter(|letter| letter.is_alphanumeric()).collect();
        (!folded.is_empty() && folded.len() <= LONGEST).then_some(Word { range, folded })
    })
}

/// Where the words of a text stand, in bytes.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut letters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let is_first = |letter: char| letter.is_alphanumeric();
        let start = loop {
            let (at, letter) = letters.next()?;
            if is_first(letter) {
                break at;
            }
        };
        let is_inner = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
        while letters.next_if(|(_, letter)| is_inner(*letter)).is_some() {}
        let end = letters.peek().map_or(text.len(), |(at, _)| *at);
        Some(start..end)
    })
}

/// A folded word and its stems in English and Italian (Snowball), each once. What is written may be
/// in either language, and what is looked for too, so that a word is found by any of its forms.
#[must_use]
pub fn forms(folded: &str) -> Vec<String> {
    let mut forms = vec![folded.to_owned()];
    for algorithm in [Algorithm::English, Algorithm::Italian] {
        let stem = Stemmer::new(algorithm).stem(folded).into_owned();
        if !stem.is_empty() && !forms.contains(&stem) {
            forms.push(stem);
        }
    }
    forms
}

/// Letters that a word has at least for a typo in it to be forgiven.
const FORGIVEN: usize = 4;

/// Whether what was typed is a word but for one typo: a letter too many, too few, or another, or two
/// neighbours that changed places. Short words have too many such neighbours.
#[must_use]
pub fn one_typo(typed: &str, word: &str) -> bool {
    let (typed, word): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
    if typed.len() < FORGIVEN || 1 < typed.len().abs_diff(word.len()) {
        return false;
    }
    let same = typed.iter().zip(&word).take_while(|(one, other)| one == other).count();
    let rest = |letters: &[char], from: usize| letters.get(from..).map(<[char]>::to_vec);
    let (typed, word) =
        (rest(&typed, same).unwrap_or_default(), rest(&word, same).unwrap_or_default());
    match (typed.as_slice(), word.as_slice()) {
        ([], []) => true,
        ([_, left @ ..], [_, right @ ..]) if left == right => true,
        ([_, left @ ..], right) if left == right => true,
        (left, [_, right @ ..]) if left == right => true,
        ([a, b, left @ ..], [c, d, right @ ..]) => (a, b) == (d, c) && left == right,
        _ => false,
    }
}

/// Whether two words begin so that one may be the other but for a typo, or a form of it but for
/// one: a typo leaves one of the first two letters in its place or moves it by one, and stems begin
/// as their words do. Most words are told apart by this alone, which costs nothing.
pub(super) fn may_be_typo(typed: &str, word: &str) -> bool {
    let first_two = |text: &str| {
        let mut letters = text.chars();
        (letters.next(), letters.next())
    };
    let ((a, b), (c, d)) = (first_two(typed), first_two(word));
    a == c || b == d || a == d || b == c
}

/// Whether a typo in a word is forgiven.
#[must_use]
pub fn forgives(word: &str) -> bool {
    FORGIVEN <= word.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded).collect()
    }

    #[test]
    fn words_have_neither_case_nor_accents() {
        assert_eq!(folded("Caffè, PERCHÉ l'équipe_2"), ["caffe", "perche", "l", "equipe", "2"]);
        assert_eq!(folded("e\u{301}lite — Straße ﬁne"), ["elite", "straße", "fine"]);
        assert_eq!(folded("  --- "), Vec::<String>::new());
        assert_eq!(folded(&"x".repeat(65)), Vec::<String>::new());
    }

    #[test]
    fn forms_meet_across_inflections_of_both_languages() {
        for (one, other) in [
            ("surgery", "surgeries"),
            ("tracking", "tracked"),
            ("operazione", "operazioni"),
            ("chirurgico", "chirurgica"),
        ] {
            let other = forms(other);
            assert!(forms(one).iter().any(|form| other.contains(form)), "{one} {other:?}");
        }
        assert_eq!(forms("x1"), ["x1"]);
    }

    #[test]
    fn one_typo_is_one_and_short_words_have_none() {
        for typed in [
            "trackin",
            "trackiing",
            "trackinh",
            "trakcing",
            "rtacking",
            "tracking",
            "racking",
            "xtracking",
            "xracking",
            "txacking",
        ] {
            assert!(one_typo(typed, "tracking") && may_be_typo(typed, "tracking"), "{typed}");
        }
        for (typed, word) in
            [("trakign", "tracking"), ("trcking", "trackings"), ("rom", "room"), ("abcd", "badc")]
        {
            assert!(!one_typo(typed, word), "{typed}");
        }
        assert!(one_typo("roon", "room") && one_typo("rooms", "room") && one_typo("caffe", "caff"));
    }

    /// The distance of optimal string alignment, as a table computes it.
    fn distance(one: &str, other: &str) -> usize {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in 0..=one.len() {
            for j in 0..=other.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let cost = usize::from(one[i - 1] != other[j - 1]);
                    let mut least = (table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1)
                        .min(table[i - 1][j - 1] + cost);
                    if 1 < i && 1 < j && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                        least = least.min(table[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        table[one.len()][other.len()]
    }

    proptest! {
        #[test]
        fn a_typo_is_a_distance_of_one(typed in "[abcd]{4,7}", word in "[abcd]{1,8}") {
            prop_assert_eq!(one_typo(&typed, &word), distance(&typed, &word) <= 1);
            prop_assert!(may_be_typo(&typed, &word) || !one_typo(&typed, &word));
        }

        #[test]
        fn ranges_hold_their_words(text in "\\PC{0,60}") {
            for word in words(&text) {
                let own = text.get(word.range.clone());
                prop_assert!(own.is_some_and(|own| fold(own).contains(&word.folded)
                    || !own.is_ascii()), "{:?}", word);
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "[a-zA-Zàèéìòùçñ ]{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
