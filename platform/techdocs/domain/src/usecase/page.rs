//! A page from its Markdown: HTML that is safe, and what the site and its search need of it.
//!
//! What comes of a page depends on its path and its text alone, not on other pages: so a page whose
//! text is the same need not be made again. Whether its links lead anywhere is the site's question.
//!
//! Nothing here may cost more than the text is long. Where formats would let a short text become a
//! large page (raw HTML, deep nesting), there are bounds; raw HTML beyond them is shown as text.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::block::{self, Mark, Marked};
use super::document::escape;
use super::link::{Link, lead};
use super::raw::{Raw, ids};
use super::sanitise::sanitise;
use crate::entity::{Problem, Slugs, Trouble, Yaml, parse_yaml};

/// How deep lists, quotes and emphasis may stand in each other; deeper ones are left out.
const MOST_DEEP: usize = 48;
/// A page, made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The title that the page gives itself: in its front matter, else its first heading of level 1.
    pub title: Option<String>,
    /// The description in its front matter.
    pub description: Option<String>,
    /// Its content, sanitised.
    pub html: String,
    /// Its headings, in their order.
    pub headings: Vec<Heading>,
    /// Its text for the search.
    pub parts: Vec<Part>,
    /// Where it leads.
    pub links: Vec<Link>,
    /// Anchors that links may name.
    pub anchors: HashSet<String>,
    /// What is wrong with it by itself.
    pub problems: Vec<Problem>,
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its anchor.
    pub id: String,
    /// Its text.
    pub title: String,
}

/// The text below a heading, without white space at its ends and with single spaces within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The heading's place in [`Page::headings`]; `None` before the first.
    pub heading: Option<usize>,
    /// What stands there.
    pub text: String,
}

/// Makes a page of the text (with its snippets) of the file at `path`.
#[must_use]
pub fn render(path: &str, text: &str) -> Page {
    let (meta, body) = front_matter(text);
    let marked = block::mark(body);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST;
    let events: Vec<Event<'_>> = Parser::new_ext(&marked.text, options).collect();
    let mut work = Work::new(path, &marked);
    work.look_over(&events);
    for event in shallow(events) {
        work.take(event);
    }
    let mut page = work.finish();
    let own = |key: &str| {
        let text = meta.as_ref()?.get(key).and_then(Yaml::text)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    page.title = own("title").or_else(|| {
        let first = page.headings.iter().find(|heading| heading.level == 1);
        first.map(|heading| heading.title.clone()).filter(|title| !title.is_empty())
    });
    page.description = own("description");
    page
}

/// The front matter, if there is one, and what follows it.
fn front_matter(text: &str) -> (Option<Yaml>, &str) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let mut line = || {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        Some(line.trim_end())
    };
    if line() != Some("---") {
        return (None, text);
    }
    let mut yaml = String::new();
    loop {
        match line() {
            Some("---" | "...") => break,
            Some(line) => {
                yaml.push_str(line);
                yaml.push('\n');
            }
            // The last line may end without a line feed.
            None if matches!(rest.trim_end(), "---" | "...") => {
                rest = "";
                break;
            }
            None => return (None, text),
        }
    }
    match parse_yaml(&yaml) {
        Ok(meta @ Yaml::Mapping(_)) => (Some(meta), rest),
        Ok(_) | Err(_) => (None, text),
    }
}

/// The events without what is nested too deeply.
fn shallow(events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut kept: Vec<bool> = Vec::new();
    let mut out = Vec::with_capacity(events.len());
    for event in events {
        let keep = match &event {
            Event::Start(tag) => {
                let wraps = matches!(
                    tag,
                    Tag::BlockQuote(_)
                        | Tag::List(_)
                        | Tag::Item
                        | Tag::Emphasis
                        | Tag::Strong
                        | Tag::Strikethrough
                );
                kept.push(!wraps || kept.len() < MOST_DEEP);
                kept.last().copied().unwrap_or(true)
            }
            Event::End(_) => kept.pop().unwrap_or(true),
            _ => true,
        };
        if keep {
            out.push(event);
        }
    }
    out
}

struct Note<'a> {
    number: usize,
    references: usize,
    events: Vec<Event<'a>>,
}

/// What is being made.
struct Work<'a> {
    path: &'a str,
    marked: &'a Marked,
    slugs: Slugs,
    /// Whether raw HTML is shown as text.
    raw_as_text: bool,
    out: Vec<Event<'a>>,
    /// Where the heading that is being read begins.
    heading: Option<usize>,
    /// The code block that is being read: its language and its text.
    code: Option<(String, String)>,
    /// Footnotes, and those referred to in the order of their first references.
    notes: HashMap<String, Note<'a>>,
    order: VecDeque<String>,
    /// The footnote that is being read, and what stands around it.
    note: Option<(String, Vec<Event<'a>>)>,
    /// Sets of tabs so far.
    sets: usize,
    headings: Vec<Heading>,
    parts: Vec<Part>,
    links: Vec<Link>,
    problems: Vec<Problem>,
}

impl<'a> Work<'a> {
    fn new(path: &'a str, marked: &'a Marked) -> Self {
        Self {
            path,
            marked,
            slugs: Slugs::default(),
            raw_as_text: false,
            out: Vec::new(),
            heading: None,
            code: None,
            notes: HashMap::new(),
            order: VecDeque::new(),
            note: None,
            sets: 0,
            headings: Vec::new(),
            parts: vec![Part { heading: None, text: String::new() }],
            links: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Notes which anchors the author gave, which footnotes there are, and how much raw HTML.
    fn look_over(&mut self, events: &[Event<'a>]) {
        let (mut raw, mut blocks) = (Raw::default(), 0_usize);
        for event in events {
            match event {
                Event::Start(Tag::Heading { id, .. }) => {
                    blocks += 1;
                    if let Some(id) = id {
                        self.slugs.reserve(id);
                    }
                }
                Event::Start(_) => blocks += 1,
                Event::Html(html) | Event::InlineHtml(html) if self.marked.mark(html).is_none() => {
                    raw.count(html);
                    for id in ids(html) {
                        self.slugs.reserve(id);
                    }
                }
                _ => {}
            }
        }
        if raw.is_too_much(blocks) {
            self.raw_as_text = true;
            let trouble = Trouble::TooMuch("there is more raw HTML than is taken: shown as text");
            self.problems.push(Problem { page: self.path.to_owned(), line: None, trouble });
        }
    }

    fn html(&mut self, html: String) {
        self.out.push(Event::Html(html.into()));
    }

    fn tell(&mut self, text: &str) {
        if let Some(part) = self.parts.last_mut() {
            part.text.push_str(text);
        }
    }

    fn take(&mut self, event: Event<'a>) {
        if let Some((_, text)) = &mut self.code {
            match event {
                Event::End(TagEnd::CodeBlock) => self.end_code(),
                Event::Text(more) => text.push_str(&more),
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => {
                if self.heading.is_none() {
                    self.tell(&text);
                }
                self.out.push(Event::Text(text));
            }
            Event::Code(text) => {
                if self.heading.is_none() {
                    self.tell(&text);
                }
                self.out.push(Event::Code(text));
            }
            Event::SoftBreak | Event::HardBreak => {
                self.tell(" ");
                self.out.push(event);
            }
            Event::Html(html) => match self.marked.mark(&html).cloned() {
                Some(mark) => self.block(&mark),
                None if self.raw_as_text => self.out.push(Event::Text(html)),
                None => self.out.push(Event::Html(html)),
            },
            Event::InlineHtml(html) if self.raw_as_text => self.out.push(Event::Text(html)),
            Event::FootnoteReference(name) => {
                let name = name.to_string();
                let next = self.order.len() + 1;
                let note = self.notes.entry(name.clone()).or_insert_with(|| Note {
                    number: 0,
                    references: 0,
                    events: Vec::new(),
                });
                note.references += 1;
                if note.number == 0 {
                    note.number = next;
                    self.order.push_back(name.clone());
                }
                let nth =
                    if note.references == 1 { String::new() } else { note.references.to_string() };
                let (number, name) = (note.number, escape(&name));
                let html = format!(
                    "<sup id=\"fnref{nth}:{name}\"><a class=\"footnote-ref\" \
                     href=\"#fn:{name}\">{number}</a></sup>"
                );
                self.out.push(Event::InlineHtml(html.into()));
            }
            event => self.out.push(event),
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Heading { .. } => {
                self.heading = Some(self.out.len());
                self.out.push(Event::Start(tag));
            }
            Tag::CodeBlock(kind) => {
                let language = match &kind {
                    CodeBlockKind::Indented => String::new(),
                    CodeBlockKind::Fenced(info) => language(info),
                };
                self.code = Some((language, String::new()));
            }
            Tag::FootnoteDefinition(name) => {
                let around = std::mem::take(&mut self.out);
                self.note = Some((name.to_string(), around));
            }
            Tag::Link { link_type, dest_url, title, id } => {
                let dest_url = match link_type {
                    LinkType::Email => dest_url,
                    _ => self.lead(&dest_url, false).map_or(dest_url, Into::into),
                };
                self.out.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Tag::Image { link_type, dest_url, title, id } => {
                let dest_url = self.lead(&dest_url, true).map_or(dest_url, Into::into);
                self.out.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            tag => self.out.push(Event::Start(tag)),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(tag),
            TagEnd::FootnoteDefinition => {
                let Some((name, around)) = self.note.take() else { return };
                let events = std::mem::replace(&mut self.out, around);
                let note = self.notes.entry(name).or_insert_with(|| Note {
                    number: 0,
                    references: 0,
                    events: Vec::new(),
                });
                // Of two with one name the first counts.
                if note.events.is_empty() {
                    note.events = events;
                }
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link => {
                self.out.push(Event::End(tag));
            }
            tag => {
                self.tell(" ");
                self.out.push(Event::End(tag));
            }
        }
    }

    fn end_heading(&mut self, end: TagEnd) {
        let Some(from) = self.heading.take() else { return };
        let mut title = String::new();
        for event in self.out.iter().skip(from) {
            match event {
                Event::Text(text) | Event::Code(text) => title.push_str(text),
                Event::SoftBreak | Event::HardBreak => title.push(' '),
                _ => {}
            }
        }
        let title = single_spaced(&title);
        if let Some(Event::Start(Tag::Heading { level, id, attrs, .. })) = self.out.get_mut(from) {
            let given = match id {
                Some(id) => id.to_string(),
                None => self.slugs.give(&title),
            };
            *id = Some(given.clone().into());
            attrs.clear();
            let link = format!(
                "<a class=\"headerlink\" href=\"#{}\" title=\"Permanent link\">¶</a>",
                escape(&given)
            );
            let level = *level as u8;
            self.out.push(Event::InlineHtml(link.into()));
            self.parts.push(Part { heading: Some(self.headings.len()), text: String::new() });
            self.headings.push(Heading { level, id: given, title });
        }
        self.out.push(Event::End(end));
    }

    fn end_code(&mut self) {
        let Some((language, text)) = self.code.take() else { return };
        self.tell(&text);
        let text = escape(&text);
        let html = match language.as_str() {
            "mermaid" => format!("<pre class=\"mermaid\">{text}</pre>\n"),
            // The source is shown until somebody draws it.
            "plantuml" | "puml" => {
                format!("<pre class=\"plantuml\"><code>{text}</code></pre>\n")
            }
            "" => format!("<div class=\"highlight\"><pre><code>{text}</code></pre></div>\n"),
            language => format!(
                "<div class=\"highlight\"><pre><code class=\"language-{language}\">{text}</code>\
                 </pre></div>\n"
            ),
        };
        self.html(html);
    }

    /// The HTML of where a block begins or ends.
    fn block(&mut self, mark: &Mark) {
        let mut html = String::new();
        let spaced = |classes: &str| {
            if classes.is_empty() { String::new() } else { format!(" {}", escape(classes)) }
        };
        let written = match mark {
            Mark::Admonition { classes, title } => {
                self.tell(&format!("{title} "));
                let _infallible = write!(html, "<div class=\"admonition{}\">", spaced(classes));
                if title.is_empty() {
                    Ok(())
                } else {
                    writeln!(html, "<p class=\"admonition-title\">{}</p>", inline(title))
                }
            }
            Mark::Details { classes, title, open } => {
                self.tell(&format!("{title} "));
                let open = if *open { " open=\"open\"" } else { "" };
                writeln!(
                    html,
                    "<details class=\"{}\"{open}><summary>{}</summary>",
                    escape(classes),
                    inline(title)
                )
            }
            Mark::Tabs(tabs) => {
                self.sets += 1;
                let set = self.sets;
                let chosen = tabs.iter().position(|tab| tab.chosen).unwrap_or(0);
                html.push_str("<div class=\"tabbed-set tabbed-alternate\">");
                for nth in 0..tabs.len() {
                    let checked = if nth == chosen { " checked=\"checked\"" } else { "" };
                    let _infallible = write!(
                        html,
                        "<input{checked} id=\"__tabbed_{set}_{}\" name=\"__tabbed_{set}\" \
                         type=\"radio\">",
                        nth + 1
                    );
                }
                html.push_str("<div class=\"tabbed-labels\">");
                for (nth, tab) in tabs.iter().enumerate() {
                    self.tell(&format!("{} ", tab.title));
                    let _infallible = write!(
                        html,
                        "<label for=\"__tabbed_{set}_{}\">{}</label>",
                        nth + 1,
                        inline(&tab.title)
                    );
                }
                html.push_str("</div><div class=\"tabbed-content\">\n");
                Ok(())
            }
            Mark::Tab => html.write_str("<div class=\"tabbed-block\">\n"),
            Mark::EndAdmonition | Mark::EndTab => html.write_str("</div>\n"),
            Mark::EndDetails => html.write_str("</details>\n"),
            Mark::EndTabs => html.write_str("</div></div>\n"),
        };
        // Writing to a string cannot fail.
        if written.is_ok() {
            self.html(html);
        }
    }

    /// Notes a link, and tells where it leads in the site; `None` where it stays as it is.
    fn lead(&mut self, target: &str, is_image: bool) -> Option<String> {
        let (link, leads) = lead(self.path, target, is_image)?;
        self.links.push(link);
        leads
    }

    /// Puts the footnotes at the end, and the whole together.
    fn finish(mut self) -> Page {
        self.footnotes();
        let mut html = String::new();
        html::push_html(&mut html, std::mem::take(&mut self.out).into_iter());
        for part in &mut self.parts {
            part.text = single_spaced(&part.text);
        }
        Page {
            title: None,
            description: None,
            html: sanitise(&html),
            headings: self.headings,
            parts: self.parts,
            links: self.links,
            anchors: self.slugs.into_taken(),
            problems: self.problems,
        }
    }

    /// The footnotes that the page refers to, in the order of their numbers. Each has been read, so
    /// that those to which only other notes refer have numbers too.
    fn footnotes(&mut self) {
        if self.order.is_empty() {
            return;
        }
        self.html("<div class=\"footnote\"><hr><ol>\n".to_owned());
        for name in std::mem::take(&mut self.order) {
            let Some(note) = self.notes.remove(&name) else { continue };
            let name = escape(&name);
            self.html(format!("<li id=\"fn:{name}\">"));
            let mut events = note.events;
            let back = format!(
                " <a class=\"footnote-backref\" href=\"#fnref:{name}\" title=\"Jump back to footnote \
                 {} in the text\">↩</a>",
                note.number
            );
            let back = Event::InlineHtml(back.into());
            let last = events.len().saturating_sub(1);
            if matches!(events.last(), Some(Event::End(TagEnd::Paragraph))) {
                events.insert(last, back);
            } else {
                events.push(back);
            }
            self.out.append(&mut events);
            self.html("</li>\n".to_owned());
        }
        self.html("</ol></div>\n".to_owned());
    }
}

/// A text with single spaces.
fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The language of a fence: `rust`, `rust title="x"`, `{.rust .numbered}`.
fn language(info: &str) -> String {
    let info = info.trim().trim_start_matches(['{', '.', ' ']);
    let name = info.split(|c: char| c.is_whitespace() || matches!(c, '}' | ',')).next();
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '#');
    name.unwrap_or_default().chars().filter(kept).collect::<String>().to_ascii_lowercase()
}

/// A line of Markdown without a paragraph around it.
fn inline(text: &str) -> String {
    let events = Parser::new(text).filter(|event| {
        matches!(event, Event::Text(_) | Event::Code(_))
            || matches!(event, Event::Start(Tag::Emphasis | Tag::Strong))
            || matches!(event, Event::End(TagEnd::Emphasis | TagEnd::Strong))
    });
    let mut out = String::new();
    html::push_html(&mut out, shallow(events.collect()).into_iter());
    out
}
