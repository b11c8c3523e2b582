//! Blocks that CommonMark has not: admonitions, collapsible ones, and content tabs.
//!
//! They are recognised in lines, before Markdown is parsed, and stand in the text as comments with
//! a word that the text has not; what is in them loses its indent. So a page remains one document,
//! and footnotes and definitions of links reach into blocks and out of them.

use std::fmt::Write as _;

/// How deep blocks may stand in blocks; deeper ones are text.
const MOST_DEEP: usize = 12;

/// Where a block begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Admonition { classes: String, title: String },
    Details { classes: String, title: String, open: bool },
    Tabs(Vec<Tab>),
    Tab,
    EndAdmonition,
    EndDetails,
    EndTabs,
    EndTab,
}

/// The head of a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tab {
    pub(super) title: String,
    pub(super) chosen: bool,
}

/// A page whose blocks are marked.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) text: String,
    key: String,
    marks: Vec<Mark>,
}

impl Marked {
    /// The mark that a piece of HTML is.
    pub(super) fn mark(&self, html: &str) -> Option<&Mark> {
        let inner = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
        self.marks.get(inner.strip_prefix(self.key.as_str())?.parse::<usize>().ok()?)
    }
}

/// Marks the blocks of a page.
pub(super) fn mark(text: &str) -> Marked {
    // A word that the page has not, so that nobody can write a mark.
    let mut key = "block:".to_owned();
    let mut nth = 0_u64;
    while text.contains(&key) {
        nth += 1;
        key = format!("block{nth}:");
    }
    let mut work = Work { text: String::with_capacity(text.len() * 9 / 8), key, marks: Vec::new() };
    let lines: Vec<String> = text.lines().map(untabbed).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    work.lines(&lines, "", 0);
    let Work { text, key, marks } = work;
    Marked { text, key, marks }
}

/// A line whose indent is of spaces.
fn untabbed(line: &str) -> String {
    let mut column = 0;
    for (at, c) in line.char_indices() {
        match c {
            ' ' => column += 1,
            '\t' => column = (column / 4 + 1) * 4,
            _ => return format!("{}{}", " ".repeat(column), line.get(at..).unwrap_or_default()),
        }
    }
    String::new()
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A line without so many columns of its indent.
fn dedented(line: &str, columns: usize) -> &str {
    line.get(columns.min(indent_of(line))..).unwrap_or_default()
}

/// The fence that begins in a line: its character and its length.
fn fence(line: &str) -> Option<(char, usize)> {
    let bare = line.trim_start_matches(' ');
    let c = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = bare.len() - bare.trim_start_matches(c).len();
    let info = bare.get(length..).unwrap_or_default();
    (3 <= length && !(c == '`' && info.contains('`'))).then_some((c, length))
}

fn ends_fence(line: &str, (c, length): (char, usize)) -> bool {
    let bare = line.trim();
    length <= bare.len() && bare.chars().all(|own| own == c)
}

fn is_list_item(line: &str) -> bool {
    let bare = line.trim_start_matches(' ');
    if let Some(rest) = bare.strip_prefix(['-', '*', '+']) {
        return rest.starts_with(' ');
    }
    let rest = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = bare.len() - rest.len();
    (1..=9).contains(&digits) && (rest.starts_with(". ") || rest.starts_with(") "))
}

/// How a block begins.
enum Head {
    Admonition { classes: String, title: String },
    Details { classes: String, title: String, open: bool },
    Tab(Tab),
}

/// A title in quotes at the end of a line, and what stands before it; `None` where a quote is not
/// closed.
fn quoted(text: &str) -> Option<(&str, Option<&str>)> {
    match text.split_once('"') {
        None => Some((text.trim(), None)),
        Some((before, rest)) => Some((before.trim(), Some(rest.trim_end().strip_suffix('"')?))),
    }
}

fn are_classes(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
}

fn head(line: &str) -> Option<Head> {
    let bare = line.trim();
    if let Some(rest) = bare.strip_prefix("===") {
        let signs = rest.trim_start_matches(['+', '!']);
        let chosen = rest.strip_suffix(signs).is_some_and(|signs| signs.contains('+'));
        let ("", Some(title)) = quoted(signs)? else { return None };
        return Some(Head::Tab(Tab { title: title.to_owned(), chosen }));
    }
    let (rest, details) = match (bare.strip_prefix("!!!"), bare.strip_prefix("???")) {
        (Some(rest), _) => (rest, None),
        (None, Some(rest)) => match rest.strip_prefix('+') {
            Some(rest) => (rest, Some(true)),
            None => (rest, Some(false)),
        },
        (None, None) => return None,
    };
    let (classes, title) = quoted(rest)?;
    if !are_classes(classes) || (classes.is_empty() && (details.is_none() || title.is_none())) {
        return None;
    }
    let classes = classes.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let title = match title {
        Some(title) => title.to_owned(),
        None => crate::entity::folder_title(classes.split(' ').next().unwrap_or_default()),
    };
    Some(match details {
        None => Head::Admonition { classes, title },
        Some(open) => Head::Details { classes, title, open },
    })
}

struct Work {
    text: String,
    key: String,
    marks: Vec<Mark>,
}

impl Work {
    fn put(&mut self, prefix: &str, line: &str) {
        if !line.is_empty() {
            self.text.push_str(prefix);
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    fn mark(&mut self, prefix: &str, mark: Mark) {
        // Blank lines around it: a block of HTML, whatever stands before and after.
        let _infallible =
            write!(self.text, "\n{prefix}<!--{}{}-->\n\n", self.key, self.marks.len());
        self.marks.push(mark);
    }

    /// Marks the blocks in lines, each of which is put behind `prefix`.
    fn lines(&mut self, lines: &[&str], prefix: &str, deep: usize) {
        let mut fenced: Option<(char, usize, usize)> = None;
        let mut in_list = false;
        let mut nth = 0;
        while let Some(line) = lines.get(nth).copied() {
            let indent = indent_of(line);
            if let Some((c, length, _)) = fenced {
                if ends_fence(line, (c, length)) {
                    fenced = None;
                }
                self.put(prefix, line);
                nth += 1;
                continue;
            }
            if is_list_item(line) && (indent < 4 || in_list) {
                in_list = true;
            } else if indent == 0 && !line.is_empty() {
                in_list = false;
            }
            // So far to the right it is code, unless it stands in a list.
            let is_code = 4 <= indent && !in_list;
            if !is_code && let Some((c, length)) = fence(line) {
                fenced = Some((c, length, indent));
            }
            let head = if is_code || MOST_DEEP <= deep { None } else { head(line) };
            match head {
                None => {
                    self.put(prefix, line);
                    nth += 1;
                }
                Some(head) => nth = self.block(lines, nth, head, prefix, deep),
            }
        }
        // A fence that nobody closed ends with its block.
        if let Some((c, length, indent)) = fenced {
            let end = format!("{}{}", " ".repeat(indent), c.to_string().repeat(length));
            self.put(prefix, &end);
        }
    }

    /// Marks a block; answers the line after it.
    fn block(
        &mut self,
        lines: &[&str],
        nth: usize,
        head: Head,
        prefix: &str,
        deep: usize,
    ) -> usize {
        let indent = lines.get(nth).map_or(0, |line| indent_of(line));
        let inner = format!("{prefix}{}", " ".repeat(indent));
        let (begin, end) = match head {
            Head::Admonition { classes, title } => {
                (Mark::Admonition { classes, title }, Mark::EndAdmonition)
            }
            Head::Details { classes, title, open } => {
                (Mark::Details { classes, title, open }, Mark::EndDetails)
            }
            Head::Tab(first) => return self.tabs(lines, nth, first, prefix, deep),
        };
        let after = body_end(lines, nth + 1, indent);
        self.mark(&inner, begin);
        self.body(lines, (nth + 1, after), indent, &inner, deep);
        self.mark(&inner, end);
        after
    }

    /// Marks tabs that follow each other.
    fn tabs(&mut self, lines: &[&str], nth: usize, first: Tab, prefix: &str, deep: usize) -> usize {
        let indent = lines.get(nth).map_or(0, |line| indent_of(line));
        let inner = format!("{prefix}{}", " ".repeat(indent));
        let mut tabs = vec![first];
        let mut bodies = Vec::new();
        let mut from = nth + 1;
        loop {
            let after = body_end(lines, from, indent);
            bodies.push((from, after));
            let blank = lines.iter().skip(after).take_while(|line| line.is_empty()).count();
            let next = lines.get(after + blank).filter(|line| indent_of(line) == indent);
            match next.and_then(|line| self::head(line)) {
                // One that says so with `!` begins tabs of its own.
                Some(Head::Tab(tab)) if !next.is_some_and(|line| begins_anew(line)) => {
                    tabs.push(tab);
                    from = after + blank + 1;
                }
                _ => break,
            }
        }
        self.mark(&inner, Mark::Tabs(tabs));
        let mut after = from;
        for body in bodies {
            self.mark(&inner, Mark::Tab);
            self.body(lines, body, indent, &inner, deep);
            self.mark(&inner, Mark::EndTab);
            after = body.1;
        }
        self.mark(&inner, Mark::EndTabs);
        after
    }

    fn body(
        &mut self,
        lines: &[&str],
        (from, to): (usize, usize),
        indent: usize,
        prefix: &str,
        deep: usize,
    ) {
        let body = lines.get(from..to).unwrap_or_default();
        let body: Vec<&str> = body.iter().map(|line| dedented(line, indent + 4)).collect();
        self.lines(&body, prefix, deep + 1);
    }
}

fn begins_anew(line: &str) -> bool {
    line.trim().strip_prefix("===").is_some_and(|rest| {
        rest.chars().take_while(|c| matches!(c, '+' | '!')).any(|sign| sign == '!')
    })
}

/// The line after a block's body: lines that are indented further, blank ones between them too.
fn body_end(lines: &[&str], from: usize, indent: usize) -> usize {
    let mut end = from;
    for (nth, line) in lines.iter().enumerate().skip(from) {
        if line.is_empty() {
            continue;
        }
        if indent_of(line) < indent + 4 {
            break;
        }
        end = nth + 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with its marks, blank lines left out.
    fn shown(text: &str) -> String {
        let marked = mark(text);
        let lines = marked.text.lines().filter(|line| !line.is_empty());
        let lines = lines.map(|line| match marked.mark(line) {
            Some(mark) => {
                let word = format!("{mark:?}");
                let word = word.split([' ', '(']).next().unwrap_or_default().to_owned();
                format!("{}<{word}>", &line[..indent_of(line)])
            }
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn a_block_is_what_is_indented() {
        assert_eq!(
            shown("a\n!!! note\n    b\n\n    c\n\nd"),
            "a|<Admonition>|b|c|<EndAdmonition>|d"
        );
        assert_eq!(shown("!!! note\nb"), "<Admonition>|<EndAdmonition>|b");
        assert_eq!(
            shown("!!! a\n    ??? b\n        c\n    d"),
            "<Admonition>|<Details>|c|<EndDetails>|d|<EndAdmonition>"
        );
        assert_eq!(
            shown("- x\n\n    !!! a\n        c\n\n    d"),
            "- x|    <Admonition>|    c|    <EndAdmonition>|    d"
        );
    }

    #[test]
    fn tabs_stand_together() {
        let text = "=== \"A\"\n    a\n\n=== \"B\"\n    b\n\n===! \"C\"\n    c";
        assert_eq!(
            shown(text),
            "<Tabs>|<Tab>|a|<EndTab>|<Tab>|b|<EndTab>|<EndTabs>|<Tabs>|<Tab>|c|<EndTab>|<EndTabs>"
        );
    }

    #[test]
    fn heads_have_classes_and_titles() {
        let first = |text: &str| mark(text).marks.into_iter().next();
        let admonition = |classes: &str, title: &str| {
            Some(Mark::Admonition { classes: classes.to_owned(), title: title.to_owned() })
        };
        assert_eq!(first("!!! note"), admonition("note", "Note"));
        assert_eq!(first("!!! danger \"Do *not*\""), admonition("danger", "Do *not*"));
        assert_eq!(first("!!! tip inline \"\""), admonition("tip inline", ""));
        let details = |classes: &str, title: &str, open| {
            let (classes, title) = (classes.to_owned(), title.to_owned());
            Some(Mark::Details { classes, title, open })
        };
        assert_eq!(first("???+ note"), details("note", "Note", true));
        assert_eq!(first("??? \"Why\""), details("", "Why", false));
        for text in ["!!!", "!!! a \"b", "!!! <a>", "===", "=== x", "???", "==="] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn code_is_left_alone_and_an_open_fence_ends_with_its_block() {
        let code = "```\n!!! note\n    a\n```";
        assert_eq!(shown(code), code.replace('\n', "|"));
        assert_eq!(shown("    !!! note\n        a"), "    !!! note|        a");
        assert_eq!(
            shown("!!! note\n    ```rust\n    a\nb"),
            "<Admonition>|```rust|a|```|<EndAdmonition>|b"
        );
    }

    #[test]
    fn nobody_can_write_a_mark() {
        let marked = mark("<!--block:0-->\n\n!!! note\n    a");
        assert_eq!(marked.mark("<!--block:0-->"), None);
        assert!(marked.mark("<!--block1:0-->").is_some());
    }
}
