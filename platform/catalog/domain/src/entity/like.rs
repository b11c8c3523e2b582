//! Full text as Backstage asks its database: `LIKE %term%` over lower-cased values, so that `%`
//! and `_` in a term are wild.

/// A term, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like {
    pattern: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// These characters.
    Text(String),
    /// So many characters, any.
    Any(usize),
    /// Any number of characters.
    Run,
}

impl Like {
    /// Reads a term. Spaces around it do not count, nor does case.
    #[must_use]
    pub fn new(term: &str) -> Self {
        let mut pattern = vec![Part::Run];
        for character in term.trim().to_lowercase().chars() {
            match (character, pattern.last_mut()) {
                ('%', Some(Part::Run)) => {}
                ('%', _) => pattern.push(Part::Run),
                ('_', Some(Part::Any(count))) => *count += 1,
                ('_', _) => pattern.push(Part::Any(1)),
                (plain, Some(Part::Text(text))) => text.push(plain),
                (plain, _) => pattern.push(Part::Text(plain.to_string())),
            }
        }
        if pattern.last() != Some(&Part::Run) {
            pattern.push(Part::Run);
        }
        Self { pattern }
    }

    /// Texts that every value has which matches.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.pattern.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether every value that has this one text matches; `None` when more is asked.
    #[must_use]
    pub fn contained(&self) -> Option<&str> {
        match self.pattern.as_slice() {
            [Part::Run, Part::Text(text), Part::Run] => Some(text),
            _ => None,
        }
    }

    /// Whether a value, which is in lower case, matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match self.contained() {
            Some(text) => value.contains(text),
            None => matches(&self.pattern, value),
        }
    }
}

/// Where a run can begin again is the last one only: what an earlier one took can be taken by it.
fn matches(pattern: &[Part], value: &str) -> bool {
    let (mut parts, mut rest) = (pattern, value);
    let mut again: Option<(&[Part], &str)> = None;
    loop {
        let stepped = match parts.split_first() {
            None if rest.is_empty() => return true,
            None => None,
            Some((Part::Run, behind)) => {
                again = Some((behind, rest));
                Some((behind, rest))
            }
            Some((Part::Text(text), behind)) => {
                rest.strip_prefix(text.as_str()).map(|rest| (behind, rest))
            }
            Some((Part::Any(count), behind)) => {
                let mut characters = rest.chars();
                let taken = characters.by_ref().take(*count).count();
                (taken == *count).then_some((behind, characters.as_str()))
            }
        };
        match (stepped, again) {
            (Some(next), _) => (parts, rest) = next,
            (None, Some((behind, from))) => {
                let mut characters = from.chars();
                if characters.next().is_none() {
                    return false;
                }
                again = Some((behind, characters.as_str()));
                (parts, rest) = (behind, characters.as_str());
            }
            (None, None) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_term_is_anywhere_and_has_wild_characters() {
        for (term, value, expected) in [
            (" CART ", "my-cart-service", true),
            ("cart", "car", false),
            ("", "x", true),
            ("", "", true),
            ("c_rt", "cart", true),
            ("c_rt", "crt", false),
            ("c%t-s", "cart-at-service", true),
            ("a%b_", "a-b", false),
            ("a%b_", "a-bb", true),
            ("è", "caffè", true),
            ("__", "é", false),
        ] {
            assert_eq!(Like::new(term).matches(value), expected, "{term:?} {value:?}");
        }
        assert_eq!(Like::new("a%b_c").literals().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    /// The definition, without any care for speed.
    fn naive(pattern: &[char], value: &[char]) -> bool {
        match pattern.split_first() {
            None => value.is_empty(),
            Some(('%', rest)) => (0..=value.len()).any(|skip| naive(rest, &value[skip..])),
            Some(('_', rest)) => !value.is_empty() && naive(rest, &value[1..]),
            Some((plain, rest)) => value.first() == Some(plain) && naive(rest, &value[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_is_what_like_means(term in "[ab%_]{0,6}", value in "[ab]{0,8}") {
            let pattern: Vec<char> = format!("%{term}%").chars().collect();
            let characters: Vec<char> = value.chars().collect();
            prop_assert_eq!(Like::new(&term).matches(&value), naive(&pattern, &characters));
        }
    }
}
