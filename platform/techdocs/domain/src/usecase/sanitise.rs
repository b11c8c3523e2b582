//! The sanitiser: what a page may consist of, whatever its author wrote.
//!
//! It goes over the whole page and not over raw HTML alone, so that no mistake in what stands
//! before it can let something through.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::Builder;

static RULES: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut rules = Builder::default();
    rules
        .add_tags(["input", "label"])
        .rm_tags(["map", "area", "nav", "header", "footer"])
        .add_generic_attributes(["class", "id"])
        .add_tag_attributes("a", ["name"])
        .add_tag_attributes("input", ["checked", "disabled", "name"])
        .add_tag_attribute_values("input", "type", ["checkbox", "radio"])
        .add_tag_attributes("label", ["for"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("td", ["style"])
        .add_tag_attributes("th", ["style"])
        .filter_style_properties(HashSet::from(["text-align"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(Some("noopener noreferrer"));
    rules
});

/// The page without anything that could run, submit, frame or restyle.
pub(super) fn sanitise(html: &str) -> String {
    RULES.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_remains() {
        for wrong in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"data:text/html,x\">x</a>",
            "<iframe src=\"https://x\"></iframe>",
            "<svg><script>alert(1)</script></svg>",
            "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
            "<form action=\"https://x\"><button>x</button></form>",
            "<style>body{}</style>",
            "<input type=\"image\" src=\"x\" formaction=\"y\">",
            "<base href=\"https://x\"><meta http-equiv=refresh content=0><link rel=stylesheet>",
            "<object data=x></object><embed src=x>",
        ] {
            let clean = sanitise(wrong);
            for word in
                ["<script", "onerror=", "javascript:", "data:", "<iframe", "<form", "<style"]
            {
                assert!(!clean.contains(word), "{wrong}: {clean}");
            }
            for word in ["<base", "<meta", "<link", "<object", "<embed", "image", "formaction"] {
                assert!(!clean.contains(word), "{wrong}: {clean}");
            }
        }
    }

    #[test]
    fn what_pages_are_made_of_remains() {
        for right in [
            "<h2 id=\"a\">A</h2>",
            "<details class=\"note\" open=\"open\"><summary>x</summary><p>y</p></details>",
            "<table><tbody><tr><td style=\"text-align:right\">1</td></tr></tbody></table>",
            "<pre class=\"mermaid\">graph</pre>",
        ] {
            assert_eq!(sanitise(right), right);
        }
        let input = sanitise("<input disabled=\"\" type=\"checkbox\" checked=\"\">");
        assert!(input.contains("type=\"checkbox\"") && input.contains("checked"), "{input}");
    }
}
