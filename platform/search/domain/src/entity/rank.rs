//! What ranks before what.
//!
//! First whose name it is, then whose name begins so, then everybody else; among these, who has
//! more of the words; then, who has more of them as they were typed; and only then how much the
//! document is about them. A rank is one number, so that an engine can add it up from what it finds
//! of each word: the parts are so far apart that no sum of lesser ones reaches a greater.

use super::query::MOST_WORDS;

/// How the name of a document relates to all that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Not at all.
    Other,
    /// The title of a page begins so.
    TitleBegins,
    /// The name of an entity begins so.
    NameBegins,
    /// It is the title of a page.
    Title,
    /// It is the name of an entity.
    Name,
}

/// Where a word was found, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The beginning of a word of the text: the last word is still being typed.
    Begun,
    /// In the text.
    Text,
    /// Somewhere in the name.
    PartOfName,
    /// A word of the name.
    WordOfName,
}

/// What was found of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// The word but for a typo, in the text.
    Typo,
    /// The word but for a typo, in the name.
    TypoOfName,
    /// The word, or another form of it.
    Word(Evidence),
}

/// A rank; the greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rank(pub f32);

/// What a step of the tier is worth: more than all words together.
const STEP: f32 = 1_024.0;
/// What a word is worth.
const WORD: f32 = 64.0;
/// What a typo takes away; those of all words together are worth less than a word.
const TYPO: f32 = 4.0;
/// What being about a word adds at most; for all words together less than a typo takes away.
const ABOUT: f32 = 0.25;

impl Tier {
    /// What it adds to a rank.
    #[must_use]
    pub fn worth(self) -> f32 {
        let steps = match self {
            Self::Other => 0.0,
            Self::TitleBegins => 1.0,
            Self::NameBegins => 2.0,
            Self::Title => 3.0,
            Self::Name => 4.0,
        };
        steps * STEP
    }
}

impl Match {
    /// What it adds to a rank at least, …
    #[must_use]
    pub fn worth(self) -> f32 {
        match self {
            Self::Typo => WORD - TYPO,
            Self::TypoOfName => WORD - TYPO + 0.5 * ABOUT,
            Self::Word(Evidence::Begun) => WORD,
            Self::Word(Evidence::Text) => WORD + 0.125 * ABOUT,
            Self::Word(Evidence::PartOfName) => WORD + 0.5 * ABOUT,
            Self::Word(Evidence::WordOfName) => WORD + 0.625 * ABOUT,
        }
    }

    /// … and how much more the more the document is about the word. `score` is the engine's measure
    /// of that, 0 or more.
    #[must_use]
    pub fn worth_with(self, score: f32) -> f32 {
        // Half of what can be added at the score of a word that is neither rare nor common.
        const MIDDLE: f32 = 4.0;
        let share = score / (score + MIDDLE);
        self.worth() + 0.375 * ABOUT * share
    }
}

impl Rank {
    /// The tier.
    #[must_use]
    pub fn tier(self) -> Tier {
        match self.0 / STEP {
            steps if 4.0 <= steps => Tier::Name,
            steps if 3.0 <= steps => Tier::Title,
            steps if 2.0 <= steps => Tier::NameBegins,
            steps if 1.0 <= steps => Tier::TitleBegins,
            _ => Tier::Other,
        }
    }

    /// How many words were found, and how many of them with a typo.
    #[must_use]
    pub fn words(self) -> (usize, usize) {
        let rest = self.0 - self.tier().worth();
        let most = |words: &usize| {
            #[expect(clippy::cast_precision_loss, reason = "there are few words")]
            let words = *words as f32;
            rest <= words * (WORD + ABOUT)
        };
        let words = (0..=MOST_WORDS).find(most).unwrap_or(MOST_WORDS);
        #[expect(clippy::cast_precision_loss, reason = "there are few words")]
        let missing = words as f32 * WORD - rest;
        let typos = (0..=words).find(|typos| {
            #[expect(clippy::cast_precision_loss, reason = "there are few words")]
            let typos = *typos as f32;
            missing <= typos * TYPO
        });
        (words, typos.unwrap_or(words))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TIERS: [Tier; 5] =
        [Tier::Other, Tier::TitleBegins, Tier::NameBegins, Tier::Title, Tier::Name];
    const MATCHES: [Match; 6] = [
        Match::Typo,
        Match::TypoOfName,
        Match::Word(Evidence::Begun),
        Match::Word(Evidence::Text),
        Match::Word(Evidence::PartOfName),
        Match::Word(Evidence::WordOfName),
    ];

    #[test]
    fn better_evidence_is_worth_more_however_much_the_text_is_about_the_word() {
        for pair in MATCHES.windows(2) {
            let [less, more] = pair else { continue };
            // The text of a document may be about a word more than a name that only has a part.
            let top = if matches!(less, Match::Typo | Match::TypoOfName) {
                less.worth()
            } else {
                less.worth_with(0.0)
            };
            assert!(top < more.worth_with(0.0), "{less:?} {more:?}");
        }
        let text = Match::Word(Evidence::Text).worth_with(1_000.0);
        assert!(text <= Match::Word(Evidence::PartOfName).worth());
    }

    /// A document by what was found of it: the tier, and each word.
    fn found() -> impl Strategy<Value = (usize, Vec<(usize, f32)>)> {
        (0..5_usize, prop::collection::vec((0..6_usize, 0.0..200.0_f32), 0..=MOST_WORDS))
    }

    fn rank((tier, words): &(usize, Vec<(usize, f32)>)) -> Rank {
        let words = words.iter().map(|(nth, score)| match MATCHES[*nth] {
            typo @ (Match::Typo | Match::TypoOfName) => typo.worth(),
            word => word.worth_with(*score),
        });
        Rank(TIERS[*tier].worth() + words.sum::<f32>())
    }

    proptest! {
        #[test]
        fn tier_then_words_then_typos(one in found(), other in found()) {
            let key = |(tier, words): &(usize, Vec<(usize, f32)>)| {
                let typos = words.iter().filter(|(nth, _)| *nth <= 1).count();
                (*tier, words.len(), MOST_WORDS - typos)
            };
            match key(&one).cmp(&key(&other)) {
                std::cmp::Ordering::Less => prop_assert!(rank(&one) < rank(&other)),
                std::cmp::Ordering::Greater => prop_assert!(rank(&other) < rank(&one)),
                std::cmp::Ordering::Equal => {}
            }
        }

        #[test]
        fn a_rank_tells_what_it_was_made_of(one in found()) {
            let rank = rank(&one);
            let typos = one.1.iter().filter(|(nth, _)| *nth <= 1).count();
            prop_assert_eq!((rank.tier(), rank.words()), (TIERS[one.0], (one.1.len(), typos)));
        }
    }
}
