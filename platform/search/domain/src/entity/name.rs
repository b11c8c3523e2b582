//! Names: by what they are found whole, from their beginning, and from their middle.

use super::word::words;

/// Letters of a name that are compared with what was typed of it.
pub const PREFIX_LETTERS: usize = 40;

/// Letters of the pieces by which the middle of a name is found.
const PIECE: usize = 3;

/// The ways in which a name may be written when it is looked for: its words with one space between
/// them, taken apart where the case changes, and in one.
#[must_use]
pub fn names(name: &str) -> Vec<String> {
    let spaced = |words: Vec<String>| words.join(" ");
    let whole: Vec<String> = words(name).map(|word| word.folded).collect();
    let apart: Vec<String> = words(&humps(name)).map(|word| word.folded).collect();
    let joined = whole.concat();
    let mut names: Vec<String> = Vec::new();
    for name in [spaced(whole), spaced(apart), joined] {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A name with a space at each change of case that begins a word: `HTTPServer2` is `HTTP Server2`.
fn humps(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut apart = String::with_capacity(name.len() + 8);
    for (nth, letter) in letters.iter().enumerate() {
        let before = nth.checked_sub(1).and_then(|nth| letters.get(nth));
        let after = letters.get(nth + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            apart.push(' ');
        }
        apart.push(*letter);
    }
    apart
}

/// A piece of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// One or two letters with which one of its words begins.
    Start(String),
    /// Three letters that follow each other, and the place of the first.
    Middle(String, usize),
}

/// The pieces of a name. Words are taken without what stands between them, so that a part of
/// `staff-tracking` is found also across the hyphen. Places of different names lie apart.
#[must_use]
pub fn parts(name: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for text in [name, humps(name).as_str()] {
        for word in words(text) {
            parts.extend(starts(&word.folded));
        }
    }
    let joined: String = words(name).map(|word| word.folded).collect();
    parts.sort();
    parts.dedup();
    parts.extend(middles(&joined));
    parts
}

/// The pieces of a word of a query, all of which a name must have, the middle ones one after the
/// other.
#[must_use]
pub fn parts_of_word(folded: &str) -> Vec<Part> {
    match folded.chars().count() {
        0 => Vec::new(),
        short if short < PIECE => vec![Part::Start(folded.to_owned())],
        _ => middles(folded).collect(),
    }
}

fn starts(folded: &str) -> impl Iterator<Item = Part> {
    let ends = folded.char_indices().map(|(at, letter)| at + letter.len_utf8()).take(PIECE - 1);
    ends.filter_map(|end| folded.get(..end)).map(|start| Part::Start(start.to_owned()))
}

fn middles(folded: &str) -> impl Iterator<Item = Part> {
    let letters: Vec<char> = folded.chars().collect();
    let pieces: Vec<String> = letters.windows(PIECE).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter().enumerate().map(|(nth, piece)| Part::Middle(piece, nth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_in_several_ways() {
        assert_eq!(names("staff-tracking"), ["staff tracking", "stafftracking"]);
        assert_eq!(names("StaffTracking"), ["stafftracking", "staff tracking"]);
        assert_eq!(names("HTTPServer_2"), ["httpserver 2", "http server 2", "httpserver2"]);
        assert_eq!(names("Café"), ["cafe"]);
        assert_eq!(names("--"), Vec::<String>::new());
    }

    #[test]
    fn the_middle_of_a_name_has_places_and_its_words_have_beginnings() {
        let start = |text: &str| Part::Start(text.to_owned());
        let middle = |text: &str, at| Part::Middle(text.to_owned(), at);
        assert_eq!(
            parts("or-1x"),
            [start("1"), start("1x"), start("o"), start("or"), middle("or1", 0), middle("r1x", 1)]
        );
        assert!(parts("aB").contains(&start("b")));
        assert_eq!(parts_of_word("ra"), [start("ra")]);
        assert_eq!(parts_of_word("rack"), [middle("rac", 0), middle("ack", 1)]);
        assert_eq!(parts_of_word(""), []);
    }
}
