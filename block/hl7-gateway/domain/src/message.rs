//! A message in HL7 v2's own form of text (ER7): segments, fields, repetitions, components,
//! subcomponents (HL7 v2.5.1, chapter 2, sections 2.5 to 2.7).
//!
//! A message stays the text that it is, and its parts are found when they are asked for: a tree of
//! everything would take a hundred times the memory of a message of nothing but delimiters.

use std::borrow::Cow;
use std::ops::Range;

use crate::character_set::CharacterSet;

/// The longest message that is read, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Segments of a message at most.
pub const MOST_SEGMENTS: usize = 10_000;

/// What a value that is to be deleted is sent as.
const NULL: &str = "\"\"";

/// The characters that separate the parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between fields (MSH-1).
    pub field: char,
    /// Between components (MSH-2, first).
    pub component: char,
    /// Between repetitions (MSH-2, second).
    pub repetition: char,
    /// Around what stands for another character (MSH-2, third).
    pub escape: char,
    /// Between subcomponents (MSH-2, fourth).
    pub subcomponent: char,
}

impl Delimiters {
    /// Those that the standard recommends.
    pub const USUAL: Self =
        Self { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };

    /// Reads them from the first segment.
    ///
    /// # Errors
    ///
    /// [`NotHl7`] when they are missing, not told from each other, or could be content.
    pub fn read(first_segment: &str) -> Result<Self, NotHl7> {
        let rest = first_segment.strip_prefix("MSH").ok_or(NotHl7::NoHeader)?;
        let mut characters = rest.chars();
        let field = characters.next().ok_or(NotHl7::Delimiters)?;
        let others: Vec<char> = characters.take_while(|it| *it != field).collect();
        let [component, repetition, escape, more @ ..] = others.as_slice() else {
            return Err(NotHl7::Delimiters);
        };
        // The fifth is that of cut values, since 2.7; nothing here is cut.
        let subcomponent = match more {
            // Those who use no subcomponents need not say how they would be separated.
            [] => Self::USUAL.subcomponent,
            [subcomponent] | [subcomponent, _] => *subcomponent,
            _ => return Err(NotHl7::Delimiters),
        };
        let mut all = vec![field];
        all.extend(&others);
        if more.is_empty() {
            all.push(subcomponent);
        }
        let odd = |it: &char| !it.is_ascii_punctuation() || *it == '"';
        let mut sorted = all.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if all.iter().any(odd) || sorted.len() != all.len() {
            return Err(NotHl7::Delimiters);
        }
        let (component, repetition, escape) = (*component, *repetition, *escape);
        Ok(Self { field, component, repetition, escape, subcomponent })
    }
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHl7 {
    /// It begins with something else.
    #[error("a message begins with the segment MSH")]
    NoHeader,
    /// The delimiters cannot be used.
    #[error("MSH-1 and MSH-2 must be four to six different marks of punctuation")]
    Delimiters,
    /// Too many segments.
    #[error("a message has at most {MOST_SEGMENTS} segments")]
    Segments,
    /// A segment has no name.
    #[error("a segment begins with three capital letters or digits")]
    SegmentName,
    /// A character that no text has.
    #[error("a message holds no control characters but ends of lines and tabs")]
    Control,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    text: String,
    segments: Vec<Range<usize>>,
    delimiters: Delimiters,
    character_set: CharacterSet,
}

impl Message {
    /// Reads a message. Segments end with a carriage return; line feeds are taken for one, as many
    /// senders write them.
    ///
    /// # Errors
    ///
    /// [`NotHl7`].
    pub fn parse(text: String, character_set: CharacterSet) -> Result<Self, NotHl7> {
        if text.chars().any(|it| it.is_control() && !['\r', '\n', '\t'].contains(&it)) {
            return Err(NotHl7::Control);
        }
        let mut segments = Vec::new();
        let mut begin = 0;
        for line in text.split(['\r', '\n']) {
            let range = begin..begin + line.len();
            begin = range.end + 1;
            if line.trim().is_empty() {
                continue;
            }
            if segments.len() == MOST_SEGMENTS {
                return Err(NotHl7::Segments);
            }
            segments.push(range);
        }
        let first = segments.first().and_then(|range| text.get(range.clone()));
        let delimiters = Delimiters::read(first.ok_or(NotHl7::NoHeader)?)?;
        let message = Self { text, segments, delimiters, character_set };
        let named = |segment: &Segment<'_>| {
            let plain = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit();
            segment.name().len() == 3
                && segment.name().chars().all(plain)
                && segment.text.get(3..).is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(message.delimiters.field)
                })
        };
        if !message.segments().all(|segment| named(&segment)) {
            return Err(NotHl7::SegmentName);
        }
        Ok(message)
    }

    /// The message as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its delimiters.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// All segments in order; at least one.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().filter_map(|range| {
            let text = self.text.get(range.clone())?;
            Some(Segment { text, delimiters: self.delimiters, character_set: self.character_set })
        })
    }

    /// The first segment of a name.
    pub fn segment(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|segment| segment.name() == name)
    }
}

/// A segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    text: &'m str,
    delimiters: Delimiters,
    character_set: CharacterSet,
}

impl<'m> Segment<'m> {
    /// A segment outside of a message.
    pub fn alone(
        text: &'m str,
        delimiters: Delimiters,
        character_set: CharacterSet,
    ) -> Segment<'m> {
        Segment { text, delimiters, character_set }
    }

    /// Three characters.
    pub fn name(&self) -> &'m str {
        self.text.get(..3).unwrap_or_default()
    }

    /// The segment as it was read.
    pub fn text(&self) -> &'m str {
        self.text
    }

    /// A field, counted from 1; empty beyond the last one. Of MSH, fields 1 and 2 are the
    /// delimiters and are not taken apart.
    pub fn field(&self, number: usize) -> Field<'m> {
        let index = if self.name() == "MSH" { number.saturating_sub(1) } else { number };
        let text = self.text.split(self.delimiters.field).nth(index).unwrap_or_default();
        Field(self.part(if number == 0 { "" } else { text }))
    }

    /// The first subcomponent of a component of a field's first repetition, without the blanks
    /// around it; empty when there is none, or when it is to be deleted.
    pub fn value(&self, field: usize, component: usize) -> String {
        self.field(field).first().value(component)
    }

    fn part(&self, text: &'m str) -> Part<'m> {
        Part { text, delimiters: self.delimiters, character_set: self.character_set }
    }
}

#[derive(Debug, Clone, Copy)]
struct Part<'m> {
    text: &'m str,
    delimiters: Delimiters,
    character_set: CharacterSet,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field<'m>(Part<'m>);

impl<'m> Field<'m> {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.text.trim().is_empty()
    }

    /// Whether the value is to be deleted.
    pub fn is_null(&self) -> bool {
        self.0.text.trim() == NULL
    }

    /// Its repetitions; at least one.
    pub fn repetitions(self) -> impl Iterator<Item = Repetition<'m>> {
        let Field(part) = self;
        part.text
            .split(part.delimiters.repetition)
            .map(move |text| Repetition(Part { text, ..part }))
    }

    /// The first repetition.
    pub fn first(self) -> Repetition<'m> {
        let text = self.0.text.split(self.0.delimiters.repetition).next().unwrap_or_default();
        Repetition(Part { text, ..self.0 })
    }
}

/// A repetition of a field.
#[derive(Debug, Clone, Copy)]
pub struct Repetition<'m>(Part<'m>);

impl<'m> Repetition<'m> {
    /// A subcomponent of a component, both counted from 1, with its escapes undone.
    pub fn subcomponent(&self, component: usize, subcomponent: usize) -> Cow<'m, str> {
        let Part { text, delimiters, character_set } = self.0;
        let nth = |text: &'m str, delimiter: char, number: usize| {
            let index = number.checked_sub(1)?;
            text.split(delimiter).nth(index)
        };
        let component = nth(text, delimiters.component, component).unwrap_or_default();
        let raw = nth(component, delimiters.subcomponent, subcomponent).unwrap_or_default();
        unescape(raw, delimiters, character_set)
    }

    /// The first subcomponent of a component, without the blanks around it; empty when it is to be
    /// deleted.
    pub fn value(&self, component: usize) -> String {
        let value = self.subcomponent(component, 1);
        let value = value.trim();
        if value == NULL { String::new() } else { value.to_owned() }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.text.trim().is_empty()
    }
}

/// Undoes escapes (section 2.7). Highlighting and what is local to others is left out; what is no
/// escape stays as it is.
fn unescape(raw: &str, delimiters: Delimiters, character_set: CharacterSet) -> Cow<'_, str> {
    let escape = delimiters.escape;
    if !raw.contains(escape) {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(escape) {
        text.push_str(before);
        let Some((sequence, behind)) = after.split_once(escape) else {
            // No end: it was a mark like any other.
            text.push(escape);
            rest = after;
            continue;
        };
        let known = match sequence {
            "F" => Some(delimiters.field.to_string()),
            "S" => Some(delimiters.component.to_string()),
            "T" => Some(delimiters.subcomponent.to_string()),
            "R" => Some(delimiters.repetition.to_string()),
            "E" => Some(escape.to_string()),
            "H" | "N" => Some(String::new()),
            ".br" => Some("\n".to_owned()),
            _ => match sequence.strip_prefix('X') {
                Some(digits) => bytes(digits).and_then(|bytes| character_set.decode(&bytes).ok()),
                None => sequence.starts_with('Z').then(String::new),
            },
        };
        if let Some(known) = known {
            text.push_str(&known);
            rest = behind;
        } else {
            // The mark that seemed to end it may begin another.
            text.push(escape);
            rest = after;
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Pairs of hexadecimal digits; `None` when they are none.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.as_bytes().chunks_exact(2) {
        let [high, low] = pair else { return None };
        bytes.push(digit(high)? * 16 + digit(low)?);
    }
    Some(bytes)
}

/// A field to be written: repetitions of components of subcomponents.
pub type Value = Vec<Vec<Vec<String>>>;

/// A field of one text.
pub fn one(text: impl Into<String>) -> Value {
    vec![vec![vec![text.into()]]]
}

/// A field of components of one text each.
pub fn components<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Value {
    vec![texts.into_iter().map(|text| vec![text.into()]).collect()]
}

/// Writes messages.
#[derive(Debug, Clone)]
pub struct Writer {
    delimiters: Delimiters,
    text: String,
}

impl Writer {
    /// An empty message with these delimiters.
    pub fn new(delimiters: Delimiters) -> Self {
        Self { delimiters, text: String::new() }
    }

    /// Adds a segment of these fields. Of MSH, the first is MSH-3: the delimiters are written.
    #[must_use]
    pub fn segment(mut self, name: &str, fields: &[Value]) -> Self {
        let Delimiters { field, component, repetition, escape, subcomponent } = self.delimiters;
        self.text.push_str(name);
        if name == "MSH" {
            self.text.extend([field, component, repetition, escape, subcomponent]);
        }
        for value in fields {
            self.text.push(field);
            for (nth, repeated) in value.iter().enumerate() {
                if 0 < nth {
                    self.text.push(repetition);
                }
                for (nth, parts) in repeated.iter().enumerate() {
                    if 0 < nth {
                        self.text.push(component);
                    }
                    for (nth, part) in parts.iter().enumerate() {
                        if 0 < nth {
                            self.text.push(subcomponent);
                        }
                        self.escaped(part);
                    }
                }
            }
        }
        self.text.push('\r');
        self
    }

    /// The message.
    pub fn into_text(self) -> String {
        self.text
    }

    fn escaped(&mut self, text: &str) {
        let Delimiters { field, component, repetition, escape, subcomponent } = self.delimiters;
        for it in text.chars() {
            let sequence = match it {
                _ if it == field => "F".to_owned(),
                _ if it == component => "S".to_owned(),
                _ if it == subcomponent => "T".to_owned(),
                _ if it == repetition => "R".to_owned(),
                _ if it == escape => "E".to_owned(),
                // They would end a segment, or the frame around the message.
                _ if it.is_control() => {
                    let mut bytes = [0; 4];
                    let bytes = it.encode_utf8(&mut bytes).bytes();
                    bytes.fold("X".to_owned(), |hex, byte| format!("{hex}{byte:02X}"))
                }
                _ => {
                    self.text.push(it);
                    continue;
                }
            };
            self.text.push(escape);
            self.text.push_str(&sequence);
            self.text.push(escape);
        }
    }
}
