//! What is looked for.

use super::name::names;
use super::word::words;

/// Words of a query that count; what follows them is passed over.
pub const MOST_WORDS: usize = 15;

/// Words that say nothing about what is looked for, unless nothing else is said: articles,
/// prepositions and conjunctions of English and Italian, folded.
const EMPTY: &[&str] = &[
    "a", "ad", "ai", "al", "alla", "alle", "an", "and", "are", "as", "at", "be", "by", "che",
    "con", "d", "da", "dal", "dalla", "dei", "del", "della", "delle", "dello", "di", "e", "ed",
    "for", "from", "gli", "how", "i", "il", "in", "is", "it", "l", "la", "le", "lo", "nel",
    "nella", "o", "of", "on", "or", "per", "s", "su", "sul", "sulla", "that", "the", "this", "to",
    "tra", "un", "una", "uno", "what", "with",
];

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The words, folded, each once, in their order. None lets everything through.
    words: Vec<String>,
    /// All of it, as names are compared.
    whole: String,
}

impl Query {
    /// What somebody typed.
    #[must_use]
    pub fn parse(typed: &str) -> Self {
        let all: Vec<String> = words(typed).map(|word| word.folded).collect();
        let says = |word: &&String| !EMPTY.contains(&word.as_str());
        let telling: Vec<String> = all.iter().filter(says).cloned().collect();
        let mut words: Vec<String> = Vec::new();
        for word in if telling.is_empty() { all } else { telling } {
            if words.len() < MOST_WORDS && !words.contains(&word) {
                words.push(word);
            }
        }
        let whole = names(typed).into_iter().next().unwrap_or_default();
        Self { words, whole }
    }

    /// The words, folded, each once, in their order.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// All of it, with one space between words.
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_nothing_count_only_alone() {
        let words = |typed: &str| Query::parse(typed).words().to_vec();
        assert_eq!(words("The report of the Surgery, surgery"), ["report", "surgery"]);
        assert_eq!(words("the of"), ["the", "of"]);
        assert_eq!(words("or-1"), ["1"]);
        assert!(Query::parse(" - ").is_empty());
        assert_eq!(Query::parse("The  Or-1").whole(), "the or 1");
        let many: Vec<String> = (0..40).map(|nth| format!("w{nth}")).collect();
        assert_eq!(words(&many.join(" ")).len(), MOST_WORDS);
    }
}
