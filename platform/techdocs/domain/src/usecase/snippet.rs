//! Snippets: `--8<-- "file"` stands for the file's text (`pymdownx.snippets`).
//!
//! Files come from the documents alone; the caller's way of reading decides what is there. What
//! comes of a page is bounded, since snippets may name snippets.

use crate::entity::{Problem, Trouble, resolve};

const MARK: &str = "--8<--";
/// How deep snippets may name snippets.
const MOST_DEEP: usize = 8;
/// Bytes of a page with everything that it names, at most.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A page with its snippets in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// The text.
    pub text: String,
    /// Snippets that are not there.
    pub problems: Vec<Problem>,
}

/// Puts snippets into the page at `path`. `read` tells a file of the documents by its path;
/// `docs_dir` is their folder, with which paths may begin.
pub fn expand(
    path: &str,
    text: &str,
    docs_dir: &str,
    read: &dyn Fn(&str) -> Option<String>,
) -> Expanded {
    if !text.contains(MARK) && text.len() <= MOST_BYTES {
        return Expanded { text: text.to_owned(), problems: Vec::new() };
    }
    let mut work = Work {
        page: path,
        docs_dir,
        read,
        done: Expanded { text: String::with_capacity(text.len()), problems: Vec::new() },
        full: false,
    };
    work.put(text, "", 0, None);
    if work.full {
        let trouble = Trouble::TooMuch("the page is longer than is shown; its end is left out");
        let page = path.to_owned();
        work.done.problems.push(Problem { page, line: None, trouble });
    }
    work.done
}

struct Work<'a> {
    page: &'a str,
    docs_dir: &'a str,
    read: &'a dyn Fn(&str) -> Option<String>,
    done: Expanded,
    full: bool,
}

impl Work<'_> {
    /// Puts a text, each line behind `indent`; `line` is where it is named in the page.
    fn put(&mut self, text: &str, indent: &str, deep: usize, line: Option<usize>) {
        let mut listing = false;
        for (nth, own) in text.lines().enumerate() {
            let line = line.or(Some(nth + 1));
            let bare = own.trim();
            if listing {
                match bare {
                    MARK => listing = false,
                    "" => {}
                    name if name.starts_with(';') => {}
                    name => {
                        let indent = format!("{indent}{}", margin(own));
                        self.name(name, &indent, deep, line);
                    }
                }
                continue;
            }
            if let Some(rest) = bare.strip_prefix(';')
                && rest.starts_with(MARK)
            {
                self.line(indent, &own.replacen(';', "", 1));
            } else if bare == MARK && text.lines().skip(nth + 1).any(|line| line.trim() == MARK) {
                listing = true;
            } else if let Some(name) = named(bare) {
                let indent = format!("{indent}{}", margin(own));
                self.name(name, &indent, deep, line);
            } else {
                self.line(indent, own);
            }
            if self.full {
                return;
            }
        }
    }

    fn line(&mut self, indent: &str, line: &str) {
        if MOST_BYTES < self.done.text.len() + indent.len() + line.len() {
            self.full = true;
            return;
        }
        if !line.is_empty() {
            self.done.text.push_str(indent);
        }
        self.done.text.push_str(line);
        self.done.text.push('\n');
    }

    fn name(&mut self, name: &str, indent: &str, deep: usize, line: Option<usize>) {
        let found = if deep < MOST_DEEP { self.find(name) } else { None };
        match found {
            Some(text) => self.put(&text, indent, deep + 1, line),
            None => self.done.problems.push(Problem {
                page: self.page.to_owned(),
                line,
                trouble: Trouble::MissingSnippet(name.to_owned()),
            }),
        }
    }

    /// The text that a name stands for: a file, lines of it, or a section of it.
    fn find(&self, name: &str) -> Option<String> {
        let (path, part) = name.split_once(':').unwrap_or((name, ""));
        // Never upwards: a path that leaves the documents and comes back is outside too.
        let path = path.trim_start_matches("./");
        let inner = path.strip_prefix(self.docs_dir).and_then(|rest| rest.strip_prefix('/'));
        let read = |path: &str| {
            if path.starts_with('/') {
                return None;
            }
            (self.read)(&resolve("x", path)?)
        };
        let text = read(path).or_else(|| read(inner?))?;
        if part.is_empty() {
            return Some(text);
        }
        section(&text, part)
    }
}

/// The white space before a line.
fn margin(line: &str) -> &str {
    line.split_at(line.len() - line.trim_start().len()).0
}

/// The name in `--8<-- "name"`.
fn named(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(MARK)?.trim();
    let quoted = |quote| rest.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).filter(|name| !name.is_empty())
}

/// A section between `--8<-- [start:name]` and `[end:name]`, or lines `from:to`, counted from 1.
fn section(text: &str, part: &str) -> Option<String> {
    let mut numbers = part.split(':');
    let from = numbers.next().unwrap_or_default();
    if from.is_empty() || from.bytes().all(|byte| byte.is_ascii_digit()) {
        let from: usize = if from.is_empty() { 1 } else { from.parse().ok()? };
        let to = match numbers.next() {
            None | Some("") => usize::MAX,
            Some(to) => to.parse().ok()?,
        };
        let count = to.saturating_add(1).saturating_sub(from.max(1));
        let lines = text.lines().skip(from.saturating_sub(1)).take(count);
        return Some(lines.collect::<Vec<_>>().join("\n"));
    }
    let (start, end) = (format!("{MARK} [start:{part}]"), format!("{MARK} [end:{part}]"));
    let mut lines = text.lines().skip_while(|line| !line.contains(&start));
    lines.next()?;
    let inner = lines.take_while(|line| !line.contains(&end));
    Some(inner.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<String> {
        let text = match path {
            "a.txt" => "one\ntwo\nthree\n",
            "inc/b.md" => "b\n--8<-- \"a.txt:2:2\"\n",
            "loop.md" => "x\n--8<-- \"loop.md\"\n--8<-- \"loop.md\"\n",
            "code.rs" => "// --8<-- [start:main]\nfn main() {}\n// --8<-- [end:main]\nrest\n",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn put(text: &str) -> (String, Vec<String>) {
        let done = expand("p.md", text, "docs", &read);
        let told = done.problems.iter().map(|p| format!("{:?} {}", p.line, p.trouble));
        (done.text, told.collect())
    }

    #[test]
    fn a_file_stands_in_place_of_its_name() {
        assert_eq!(put("# x\n--8<-- \"a.txt:1:2\"\ny").0, "# x\none\ntwo\ny\n");
        assert_eq!(put("    --8<-- \"docs/inc/b.md\"\n").0, "    b\n    two\n");
        assert_eq!(put("--8<--\na.txt:3\n\n; no.txt\ninc/b.md\n--8<--\n").0, "three\nb\ntwo\n");
        assert_eq!(put("--8<-- \"code.rs:main\"").0, "fn main() {}\n");
        assert_eq!(put(";--8<-- \"a.txt\"").0, "--8<-- \"a.txt\"\n");
    }

    #[test]
    fn what_is_not_there_or_outside_is_told() {
        let (text, told) = put("a\n--8<-- \"no.txt\"\n--8<-- \"../a.txt\"\n--8<-- \"/etc/passwd\"");
        assert_eq!(text, "a\n");
        assert_eq!(told.len(), 3);
        assert!(told[0].starts_with("Some(2) the snippet `no.txt`"), "{told:?}");
    }

    #[test]
    fn snippets_that_name_themselves_come_to_an_end() {
        let (text, told) = put("--8<-- \"loop.md\"");
        assert!(text.len() <= MOST_BYTES);
        assert!(!told.is_empty());
    }
}
