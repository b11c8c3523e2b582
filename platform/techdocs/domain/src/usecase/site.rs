//! A site from its pages: what each is called, how they are found, and what is wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::link::Link;
use super::page::Page;
use crate::entity::{
    Config, NavItem, Problem, Trouble, address, file_title, folder_title, is_index, resolve,
};

/// Problems of one page whose lines are looked for, at most.
const MOST_LOCATED: usize = 50;

/// A line of the navigation, as readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Nav {
    /// A page.
    Page(Leaf),
    /// An address elsewhere, or a file of the site that is no page.
    Link {
        /// What it is called.
        title: String,
        /// Where it leads; never a script.
        url: String,
    },
    /// A part.
    Section {
        /// What it is called.
        title: String,
        /// What stands in it.
        items: Vec<Nav>,
    },
}

/// A page in the navigation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// What it is called.
    pub title: String,
    /// Its address, seen from the site's root.
    pub address: String,
}

/// What the pages make together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The navigation.
    pub nav: Vec<Nav>,
    /// The title of each page, by its file.
    pub titles: BTreeMap<String, String>,
    /// What is wrong, by page and line.
    pub problems: Vec<Problem>,
}

/// Puts a site together of all files below the folder of the documents and the pages made of them.
/// `source` tells the text of a page, so that a problem can name its line.
pub fn assemble(
    config: &Config,
    files: &BTreeSet<String>,
    pages: &BTreeMap<String, &Page>,
    source: &dyn Fn(&str) -> Option<String>,
) -> Site {
    let mut work = Work {
        files,
        pages,
        titles: BTreeMap::new(),
        listed: BTreeSet::new(),
        problems: Vec::new(),
    };
    let nav = match &config.nav {
        Some(items) => work.given(items),
        None => work.of_files(),
    };
    for (path, page) in pages {
        if !work.listed.contains(path) {
            work.problem(path, Trouble::Orphan);
        }
        work.titles.entry(path.clone()).or_insert_with(|| title(path, page));
    }
    work.links();
    let mut problems = work.problems;
    problems.extend(pages.values().flat_map(|page| page.problems.iter().cloned()));
    locate(&mut problems, source);
    problems.sort();
    problems.dedup();
    Site { nav, titles: work.titles, problems }
}

fn title(path: &str, page: &Page) -> String {
    page.title.clone().unwrap_or_else(|| file_title(path))
}

struct Work<'a> {
    files: &'a BTreeSet<String>,
    pages: &'a BTreeMap<String, &'a Page>,
    titles: BTreeMap<String, String>,
    /// Pages that the navigation leads to.
    listed: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Work<'_> {
    fn problem(&mut self, page: &str, trouble: Trouble) {
        self.problems.push(Problem { page: page.to_owned(), line: None, trouble });
    }

    fn leaf(&mut self, path: &str, given: Option<&str>) -> Option<Nav> {
        let page = self.pages.get(path)?;
        let title = given.map_or_else(|| title(path, page), str::to_owned);
        self.listed.insert(path.to_owned());
        self.titles.entry(path.to_owned()).or_insert_with(|| title.clone());
        Some(Nav::Page(Leaf { title, address: address(path) }))
    }

    fn given(&mut self, items: &[NavItem]) -> Vec<Nav> {
        let mut nav = Vec::new();
        for item in items {
            match item {
                NavItem::Page { title, path } => {
                    let whole = resolve("x", path).unwrap_or_default();
                    match self.leaf(&whole, title.as_deref()) {
                        Some(leaf) => nav.push(leaf),
                        None => {
                            self.problem("mkdocs.yml", Trouble::NavWithoutFile(path.clone()));
                        }
                    }
                }
                NavItem::Link { title, url } => match self.link(url) {
                    Some(url) => nav.push(Nav::Link { title: title.clone(), url }),
                    None => self.problem("mkdocs.yml", Trouble::NavWithoutFile(url.clone())),
                },
                NavItem::Section { title, items } => {
                    let items = self.given(items);
                    nav.push(Nav::Section { title: title.clone(), items });
                }
            }
        }
        nav
    }

    /// Where an entry that is no page leads: the web, an address of this server, or a file.
    fn link(&self, url: &str) -> Option<String> {
        let is_elsewhere = url.starts_with('/')
            || ["http://", "https://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
        if is_elsewhere {
            return Some(url.to_owned());
        }
        resolve("x", url).filter(|file| self.files.contains(file))
    }

    /// The navigation that follows from the files: in each folder its own page first, then the
    /// other pages, then the folders, each by name.
    fn of_files(&mut self) -> Vec<Nav> {
        let mut tree = Folder::default();
        for path in self.pages.keys() {
            let mut folder = &mut tree;
            let mut parts = path.split('/').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_some() {
                    folder = folder.folders.entry(part.to_owned()).or_default();
                }
            }
            folder.pages.push(path.clone());
        }
        self.of_folder(&tree)
    }

    fn of_folder(&mut self, folder: &Folder) -> Vec<Nav> {
        let (own, others): (Vec<&String>, Vec<&String>) =
            folder.pages.iter().partition(|path| is_index(path));
        let mut nav: Vec<Nav> =
            own.into_iter().chain(others).filter_map(|path| self.leaf(path, None)).collect();
        for (name, inner) in &folder.folders {
            let items = self.of_folder(inner);
            nav.push(Nav::Section { title: folder_title(name), items });
        }
        nav
    }

    fn links(&mut self) {
        let by_address: HashMap<String, &str> =
            self.pages.keys().map(|path| (address(path), path.as_str())).collect();
        let mut found = Vec::new();
        for (path, page) in self.pages {
            for link in &page.links {
                if let Some(trouble) = self.judge(link, &by_address) {
                    found.push(Problem { page: path.clone(), line: None, trouble });
                }
            }
        }
        self.problems.append(&mut found);
    }

    fn judge(&self, link: &Link, by_address: &HashMap<String, &str>) -> Option<Trouble> {
        let target = || link.target.clone();
        let file = link.file.as_deref();
        let page = file.and_then(|file| self.pages.get(file)).or_else(|| {
            let at = link.address.as_deref()?.trim_end_matches('/');
            let at = if at.is_empty() { String::new() } else { format!("{at}/") };
            self.pages.get(*by_address.get(&at)?)
        });
        if let Some(page) = page {
            let has = |anchor: &String| page.anchors.contains(anchor);
            let is_there = link.anchor.as_ref().is_none_or(has);
            return (!is_there).then(|| Trouble::MissingAnchor(target()));
        }
        let is_there = |path: &str| self.files.contains(path);
        if file.is_some_and(is_there) || link.address.as_deref().is_some_and(is_there) {
            return None;
        }
        let trouble = if link.is_image { Trouble::MissingImage } else { Trouble::BrokenLink };
        Some(trouble(target()))
    }
}

#[derive(Default)]
struct Folder {
    pages: Vec<String>,
    folders: BTreeMap<String, Folder>,
}

/// Finds the lines of problems that a target stands for.
fn locate(problems: &mut [Problem], source: &dyn Fn(&str) -> Option<String>) {
    let mut texts: HashMap<String, (Option<String>, usize)> = HashMap::new();
    for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
        let target = match &problem.trouble {
            Trouble::BrokenLink(target)
            | Trouble::MissingImage(target)
            | Trouble::MissingAnchor(target)
            | Trouble::NavWithoutFile(target) => target,
            Trouble::Orphan | Trouble::MissingSnippet(_) | Trouble::TooMuch(_) => continue,
        };
        let (text, located) =
            texts.entry(problem.page.clone()).or_insert_with(|| (source(&problem.page), 0));
        *located += 1;
        if MOST_LOCATED < *located {
            continue;
        }
        let line = text
            .as_ref()
            .and_then(|text| text.lines().position(|line| line.contains(target.as_str())));
        problem.line = line.map(|line| line + 1);
    }
}
