//! Pages as MkDocs would make them, and pages that nobody should write.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use proptest::prelude::*;
use techdocs_domain::entity::{Config, is_page, parse_config};
use techdocs_domain::usecase::{Nav, Page, Site, assemble, document, expand, render};

/// The content of a page at `a/page.md`, line feeds left out.
fn html(markdown: &str) -> String {
    render("a/page.md", markdown).html.replace('\n', "")
}

fn check(markdown: &str, expected: &str) {
    let made = html(markdown);
    assert!(made.contains(expected), "{markdown}\n{made}");
}

#[test]
fn markdown_is_what_mkdocs_extensions_make_of_it() {
    check("a\n===\n", "<h1 id=\"a\">a<a class=\"headerlink\" href=\"#a\"");
    check("## A b!\n## A b\n", "<h2 id=\"a-b_1\">");
    check("## X {#own}\n## Own\n", "<h2 id=\"own_1\">");
    check("| a | b |\n|---|--:|\n| 1 | 2 |", "<td style=\"text-align:right\">2</td>");
    check("- [x] done\n- [ ] to do", "<input disabled=\"\" type=\"checkbox\" checked=\"\">done");
    check("~~no~~", "<del>no</del>");
    check("```rust\nfn a<T>() {}\n```", "<code class=\"language-rust\">fn a&lt;T&gt;() {}</code>");
    check("``` {.python .x}\n1\n```", "<code class=\"language-python\">1</code>");
    check("```mermaid\na --> b\n```", "<pre class=\"mermaid\">a --&gt; b</pre>");
    check("```plantuml\nA -> B\n```", "<pre class=\"plantuml\"><code>A -&gt; B</code></pre>");
    check("Term\n: What it means", "<dt>Term</dt><dd>What it means</dd>");
    check("H<sub>2</sub>O", "H<sub>2</sub>O");
}

#[test]
fn blocks_of_extensions_are_divisions() {
    check(
        "!!! warning \"Mind *this*\"\n    - a\n\n    ```sh\n    b\n    ```\n\nc",
        "<div class=\"admonition warning\"><p class=\"admonition-title\">Mind <em>this</em></p>\
         <ul><li>a</li></ul><div class=\"highlight\"><pre><code class=\"language-sh\">b</code>\
         </pre></div></div><p>c</p>",
    );
    check("??? note\n    a\n", "<details class=\"note\"><summary>Note</summary><p>a</p></details>");
    check("???+ note\n    a\n", "open");
    let tabs = html("=== \"A\"\n    one\n\n=== \"B\"\n    two\n");
    assert_eq!(tabs.matches("type=\"radio\"").count(), 2, "{tabs}");
    assert_eq!(tabs.matches("checked").count(), 2, "{tabs}");
    assert!(tabs.contains("<label for=\"__tabbed_1_2\">B</label>"), "{tabs}");
    assert!(tabs.contains("<div class=\"tabbed-block\"><p>two</p></div></div></div>"), "{tabs}");
    check("1. x\n\n    !!! note\n        y\n\n2. z", "<p>y</p> </div></li><li><p>z</p></li></ol>");
}

#[test]
fn footnotes_stand_at_the_end_and_reach_into_blocks() {
    let made = html("[^b]: Bee\n[^a]: Ay\n\nx[^a]\n\n!!! note\n    y[^b] z[^a]\n");
    assert!(
        made.contains("<sup id=\"fnref:a\"><a class=\"footnote-ref\" href=\"#fn:a\""),
        "{made}"
    );
    assert!(made.contains("<sup id=\"fnref2:a\">"), "{made}");
    let (a, b) = (made.find("<li id=\"fn:a\">").unwrap(), made.find("<li id=\"fn:b\">").unwrap());
    assert!(a < b && made.find("class=\"footnote\"").unwrap() < a, "{made}");
    assert_eq!(made.matches("footnote-backref").count(), 2);
}

#[test]
fn links_lead_where_techdocs_serves_pages() {
    for (target, leads) in [
        ("other.md", "../other/"),
        ("../index.md#x", "../../#x"),
        ("sub/README.md", "../sub/"),
        ("page.md", "./"),
        ("pic%20ture.png", "../pic%20ture.png"),
        ("../up.pdf?v=1", "../../up.pdf?v=1"),
        ("#here", "#here"),
        ("https://example.com/a.md", "https://example.com/a.md"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("/absolute.md", "/absolute.md"),
        ("../../../out.md", "../../../out.md"),
    ] {
        check(&format!("[x]({target})"), &format!("<a href=\"{leads}\""));
    }
    check("![x](img/a.png)", "<img src=\"../img/a.png\" alt=\"x\">");
}

#[test]
fn titles_come_from_front_matter_then_headings() {
    let title = |text: &str| render("a.md", text).title;
    assert_eq!(title("---\ntitle: Given\ndescription: d\n---\n# Head").as_deref(), Some("Given"));
    assert_eq!(title("x\n\n# The `head` *line*\n").as_deref(), Some("The head line"));
    assert_eq!(title("## Two"), None);
    // What is no front matter is text.
    assert!(html("---\nno mapping\n---\n").contains("no mapping"));
    assert_eq!(render("a.md", "---\ntitle: A\n---").html, "");
}

#[test]
fn the_search_sees_each_part_under_its_heading() {
    let page = render("a.md", "before\n# One\ntext `code`\n\n- item\n## Two\n```\nx = 1\n```\n");
    let parts: Vec<_> = page.parts.iter().map(|part| (part.heading, part.text.as_str())).collect();
    assert_eq!(parts, [(None, "before"), (Some(0), "text code item"), (Some(1), "x = 1")]);
}

#[test]
fn too_much_raw_html_is_text() {
    // Formatting elements are opened again in each block; others are looked through at each.
    for (element, times) in [("b", 1_000), ("div", 5_000)] {
        let mut text = String::new();
        for nth in 0..times {
            let _infallible = write!(text, "x <{element} title={nth}>\n\n");
        }
        let page = render("a.md", &text);
        assert_eq!(page.problems.len(), 1, "{element}");
        assert!(page.html.contains(&format!("&lt;{element}")) && page.html.len() < 20 * text.len());
    }
    assert!(render("a.md", "<b>x</b>").problems.is_empty());
}

#[test]
fn nesting_has_an_end() {
    for text in [">".repeat(20_000), "- ".repeat(20_000), "*a _b ".repeat(20_000)] {
        let page = render("a.md", &text);
        assert!(page.html.matches("<blockquote>").count() <= 48);
        assert!(page.html.matches("<ul>").count() <= 48);
    }
}

fn site(config: &str, files: &[(&str, &str)]) -> (Config, Site) {
    let config = parse_config(config, "site").unwrap();
    let made: BTreeMap<String, Page> = files
        .iter()
        .filter(|(path, _)| is_page(path))
        .map(|(path, text)| ((*path).to_owned(), render(path, text)))
        .collect();
    let pages = made.iter().map(|(path, page)| (path.clone(), page)).collect();
    let all: BTreeSet<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let source = |path: &str| {
        let found = files.iter().find(|(own, _)| *own == path);
        found.map(|(_, text)| (*text).to_owned())
    };
    let site = assemble(&config, &all, &pages, &source);
    (config, site)
}

fn shown(nav: &[Nav]) -> String {
    let item = |item: &Nav| match item {
        Nav::Page(leaf) => format!("{}@{}", leaf.title, leaf.address),
        Nav::Link { title, url } => format!("{title}->{url}"),
        Nav::Section { title, items } => format!("{title}[{}]", shown(items)),
    };
    nav.iter().map(item).collect::<Vec<_>>().join(" ")
}

#[test]
fn without_nav_the_files_are_the_navigation() {
    let files = [
        ("b.md", "# Bee"),
        ("index.md", ""),
        ("a_c.md", ""),
        ("sub-part/x.md", "---\ntitle: Ex\n---\n"),
        ("sub-part/index.md", "# Sub"),
        ("pic.png", ""),
    ];
    let (_, site) = site("", &files);
    assert_eq!(shown(&site.nav), "Home@ A c@a_c/ Bee@b/ Sub part[Sub@sub-part/ Ex@sub-part/x/]");
    assert_eq!(site.problems, []);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let config = "nav:\n - index.md\n - Given: a.md\n - gone.md\n - Web: https://x.example\n \
                  - Bad: 'javascript:x'\n - Doc: f.pdf\n";
    let files = [
        ("index.md", "# I\n\n[x](a.md#two) [y](a.md#three)\n[z](no.md) ![p](no.png) [q](a/)\n"),
        ("a.md", "# A\n## Two\n<a id=\"raw\"></a>[up](../x.md) [r](#raw) [s](#no) ![f](f.pdf)"),
        ("lost.md", "# Lost"),
        ("f.pdf", ""),
        ("mkdocs.yml", config),
    ];
    let (_, site) = site(config, &files);
    assert_eq!(shown(&site.nav), "I@ Given@a/ Web->https://x.example Doc->f.pdf");
    let told = site.problems.iter().map(|problem| {
        format!("{}:{} {}", problem.page, problem.line.unwrap_or(0), problem.trouble.kind())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "a.md:3 broken-link",
            "a.md:3 missing-anchor",
            "index.md:3 missing-anchor",
            "index.md:4 broken-link",
            "index.md:4 missing-image",
            "lost.md:0 orphan",
            "mkdocs.yml:4 nav-without-file",
            "mkdocs.yml:6 nav-without-file",
        ]
    );
}

#[test]
fn a_document_has_the_parts_that_techdocs_looks_for() {
    let config =
        "site_name: A & B\nrepo_url: https://github.com/a/b\nnav: [index.md, {P: [c/d.md]}]";
    let files = [("index.md", "# I"), ("c/d.md", "text\n\n## Two\n### Three\n## Four\n")];
    let (config, site) = site(config, &files);
    let page = render("c/d.md", files[1].1);
    let made = document(&config, &site, "c/d.md", &page);
    for part in [
        "<title>D - A &amp; B</title>",
        "href=\"../../assets/stylesheets/techdocs.css\"",
        "<a href=\"../../\" class=\"md-nav__link\">I</a>",
        "class=\"md-nav__link md-nav__link--active\" aria-current=\"page\">D</a>",
        "<nav class=\"md-nav md-nav--secondary\" aria-label=\"Table of contents\">",
        "<article class=\"md-content__inner md-typeset\">",
        "href=\"https://github.com/a/b/edit/master/docs/c/d.md\" title=\"Edit this page\"",
        "<h1>D</h1>",
        "Two</a><nav class=\"md-nav\">",
    ] {
        assert!(made.contains(part), "{part}\n{made}");
    }
    assert_eq!(made.matches("<li ").count(), made.matches("</li>").count());
    assert_eq!(made.matches("<nav").count(), made.matches("</nav>").count());
    assert_eq!(made.matches("<div").count(), made.matches("</div>").count());
}

/// Pieces out of which hostile and broken pages are put together.
const PIECES: &[&str] = &[
    "# ",
    "a",
    "\n",
    "\n\n",
    "    ",
    "- ",
    "1. ",
    "> ",
    "```",
    "~~~",
    "`",
    "*",
    "**",
    "_",
    "[",
    "]",
    "(",
    ")",
    "![",
    "[^1]",
    "[^1]: ",
    "!!! note\n",
    "??? x\n",
    "=== \"T\"\n",
    "|",
    "---",
    ":",
    "<",
    ">",
    "<script>",
    "</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "<style>",
    "<!--",
    "-->",
    "<div onclick=\"x\">",
    "</div>",
    "<b>",
    "<a href=\"",
    "\"",
    "'",
    "&#106;avascript:",
    "--8<-- \"a\"\n",
    "\t",
    "é",
    "\u{202e}",
    "\0",
    "<math>",
    "<title>",
    "<textarea>",
    "<pre>",
    "{#x onclick=y}",
    "<p id=__content>",
    "<?x",
    "<!x",
];

/// Tags of a sanitised page, in lower case.
fn tags(html: &str) -> Vec<String> {
    let parts = html.split('<').skip(1);
    parts.map(|part| part.split('>').next().unwrap_or_default().to_lowercase()).collect()
}

proptest! {
    #[test]
    fn no_page_breaks_the_renderer_or_runs_anything(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..80)
    ) {
        let text = pieces.concat();
        let expanded = expand("a/p.md", &text, "docs", &|_| Some("--8<-- \"a\"\nx".to_owned()));
        let page = render("a/p.md", &expanded.text);
        for tag in tags(&page.html) {
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
            for wrong in ["script", "style", "iframe", "svg", "math", "object", "title", "textarea"] {
                prop_assert_ne!(name, wrong, "{:?}: {}", text, page.html);
            }
            // Attribute values are quoted; outside of quotes there is no handler.
            let outside: String = tag.split('"').step_by(2).collect();
            prop_assert!(!outside.contains(" on"), "{:?}: {}", text, page.html);
            prop_assert!(!tag.contains("href=\"javascript:"), "{:?}: {}", text, page.html);
        }
    }

    #[test]
    fn what_comes_of_a_page_is_not_much_longer(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 1..30), times in 1..200_usize
    ) {
        let text = pieces.concat().repeat(times);
        let page = render("a.md", &text);
        prop_assert!(page.html.len() <= 2_000 * text.len() + 10_000, "{:?}", pieces);
    }

    #[test]
    fn any_text_is_a_page(text in "\\PC{0,300}") {
        let _page = render("a.md", &text);
    }
}
