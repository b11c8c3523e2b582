//! `chiron catalog graph`: what an entity depends on, and what depends on it.
//!
//! The catalogue says every relation on both of its ends, under two names. Here it is one arrow,
//! from the part to the whole, from the user to the used.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chiron_chassis::Secret;
use serde_json::{Value, json};

use crate::catalog::client::Catalogue;
use crate::catalog::{Print, visible};
use crate::cli::{DirectionArg, GraphArgs, GraphFormat};
use crate::settings::Settings;
use crate::show;

/// Entities that are asked for at a time.
const BATCH: usize = 200;
/// Names of relations at the far end, with those at the near one (Backstage, "Well-known
/// Relations between Catalog Entities").
const BACKWARDS: [(&str, &str); 7] = [
    ("ownerOf", "ownedBy"),
    ("apiProvidedBy", "providesApi"),
    ("apiConsumedBy", "consumesApi"),
    ("dependencyOf", "dependsOn"),
    ("parentOf", "childOf"),
    ("hasMember", "memberOf"),
    ("hasPart", "partOf"),
];

/// A relation as one arrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    source: String,
    kind: String,
    target: String,
}

impl Arrow {
    /// The arrow of a relation that `own` has.
    fn of(own: &str, relation: &Value) -> Option<Self> {
        let text = |name| relation.get(name).and_then(Value::as_str);
        let (kind, other) = (text("type")?, text("targetRef")?.to_lowercase());
        let own = own.to_owned();
        Some(match BACKWARDS.iter().find(|(backwards, _)| *backwards == kind) {
            Some((_, forwards)) => {
                Self { source: other, kind: (*forwards).to_owned(), target: own }
            }
            None => Self { source: own, kind: kind.to_owned(), target: other },
        })
    }

    /// The other end, when the arrow leads that way from `own`.
    fn beyond(&self, own: &str, direction: DirectionArg) -> Option<&str> {
        let (out, into) = (self.source == own, self.target == own);
        match direction {
            DirectionArg::Out | DirectionArg::Both if out => Some(&self.target),
            DirectionArg::In | DirectionArg::Both if into => Some(&self.source),
            _ => None,
        }
    }
}

/// What is around an entity.
#[derive(Debug, Default, PartialEq, Eq)]
struct Around {
    /// How far each is away, and whether it is in the catalogue; the nearest first.
    entities: Vec<(String, u32, bool)>,
    arrows: BTreeSet<Arrow>,
}

/// Prints the graph; ends with 1 when the entity is not there.
///
/// # Errors
///
/// A catalogue that cannot be reached or refuses.
pub(super) async fn graph(
    settings: &Settings,
    token: Option<Secret>,
    args: &GraphArgs,
    print: Print<'_>,
) -> Result<ExitCode> {
    let catalogue = Catalogue::open(settings, &args.access, token).await?;
    let [kind, namespace, name] = &args.reference;
    let root = format!("{kind}:{namespace}/{name}");
    let around = walk(&catalogue, &root, args.depth, args.direction).await?;
    if let Some((_, _, false)) = around.entities.first() {
        show::error(&anyhow::anyhow!("{} is not in the catalogue", visible(&root)));
        return Ok(ExitCode::FAILURE);
    }
    let lines = match args.format {
        GraphFormat::Text => text(&around, &root, args.depth, args.direction),
        GraphFormat::Dot => dot(&around),
        GraphFormat::Mermaid => mermaid(&around),
        GraphFormat::Json => vec![serde_json::to_string_pretty(&as_json(&around, &root))?],
    };
    for line in lines {
        print(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Walks from an entity, a step for all at a time.
async fn walk(
    catalogue: &Catalogue,
    root: &str,
    depth: u32,
    direction: DirectionArg,
) -> Result<Around> {
    let mut around = Around::default();
    let mut seen = BTreeSet::from([root.to_owned()]);
    let mut here: Vec<String> = vec![root.to_owned()];
    for distance in 0..=depth {
        let known = relations(catalogue, &here).await?;
        let mut next = BTreeSet::new();
        for own in std::mem::take(&mut here) {
            let found = known.get(&own);
            around.entities.push((own.clone(), distance, found.is_some()));
            for arrow in found.into_iter().flatten().filter_map(|it| Arrow::of(&own, it)) {
                let Some(other) = arrow.beyond(&own, direction) else { continue };
                // What is further away than asked is left out, but not an arrow among those here.
                if distance < depth && seen.insert(other.to_owned()) {
                    next.insert(other.to_owned());
                }
                if seen.contains(other) {
                    around.arrows.insert(arrow);
                }
            }
        }
        here = next.into_iter().collect();
    }
    Ok(around)
}

/// The relations of those of these entities that are there.
async fn relations(
    catalogue: &Catalogue,
    references: &[String],
) -> Result<BTreeMap<String, Vec<Value>>> {
    let mut known = BTreeMap::new();
    for some in references.chunks(BATCH) {
        let body = json!({"entityRefs": some, "fields": ["kind", "relations"]});
        let answer = catalogue.post("/entities/by-refs", &body).await?;
        let answer = answer.context("there is no catalogue here")?;
        let items = answer.get("items").and_then(Value::as_array);
        for (reference, item) in some.iter().zip(items.context("the catalogue gives no items")?) {
            if !item.is_null() {
                let relations = item.get("relations").and_then(Value::as_array);
                known.insert(reference.clone(), relations.cloned().unwrap_or_default());
            }
        }
    }
    Ok(known)
}

/// A tree from the root on: an entity shows its own arrows once, below one that is nearer to the
/// root, and not where the walk ended.
fn text(around: &Around, root: &str, depth: u32, direction: DirectionArg) -> Vec<String> {
    let absent: BTreeSet<&str> = around
        .entities
        .iter()
        .filter(|(_, _, found)| !found)
        .map(|(reference, ..)| reference.as_str())
        .collect();
    let distances: BTreeMap<&str, u32> =
        around.entities.iter().map(|(reference, at, _)| (reference.as_str(), *at)).collect();
    let mut lines = vec![visible(root)];
    let mut shown = BTreeSet::from([root]);
    let goes_on = |reference| distances.get(reference).is_some_and(|distance| *distance < depth);
    let first = if goes_on(root) { own_arrows(around, root, direction) } else { Vec::new() };
    let mut stack = vec![(root, 1_usize, first)];
    while let Some((own, deep, mut arrows)) = stack.pop() {
        if arrows.is_empty() {
            continue;
        }
        let (arrow, other) = arrows.remove(0);
        stack.push((own, deep, arrows));
        let nearness = distances.get(other).cmp(&distances.get(own));
        // The way by which somebody came is not shown again.
        if nearness.is_lt() {
            continue;
        }
        let sign = if arrow.source == own { "->" } else { "<-" };
        let absence = if absent.contains(other) { " (not in the catalogue)" } else { "" };
        let indent = "  ".repeat(deep);
        let said = visible(&format!("{} {other}", arrow.kind));
        lines.push(format!("{indent}{sign} {said}{absence}"));
        if nearness.is_gt() && goes_on(other) && shown.insert(other) {
            stack.push((other, deep + 1, own_arrows(around, other, direction)));
        }
    }
    lines
}

/// The arrows by which the walk goes on from an entity, those that lead out first.
fn own_arrows<'a>(
    around: &'a Around,
    own: &str,
    direction: DirectionArg,
) -> Vec<(&'a Arrow, &'a str)> {
    let leads = |arrow: &'a Arrow| Some((arrow, arrow.beyond(own, direction)?));
    let mut arrows: Vec<_> = around.arrows.iter().filter_map(leads).collect();
    arrows.sort_by_key(|(arrow, other)| (arrow.source != own, &arrow.kind, *other));
    arrows
}

fn dot(around: &Around) -> Vec<String> {
    let quoted =
        |text: &str| format!("\"{}\"", visible(text).replace('\\', "\\\\").replace('"', "\\\""));
    let mut lines = vec!["digraph catalogue {".to_owned(), "  rankdir=LR;".to_owned()];
    for (reference, _, found) in &around.entities {
        let style = if *found { "" } else { " [style=dashed]" };
        lines.push(format!("  {}{style};", quoted(reference)));
    }
    for Arrow { source, kind, target } in &around.arrows {
        lines.push(format!("  {} -> {} [label={}];", quoted(source), quoted(target), quoted(kind)));
    }
    lines.push("}".to_owned());
    lines
}

fn mermaid(around: &Around) -> Vec<String> {
    // Entity codes are what Mermaid takes for letters that mean something to it.
    let quoted = |text: &str| {
        visible(text).replace('#', "#35;").replace('"', "#quot;").replace('|', "#124;")
    };
    let mut lines = vec!["graph LR".to_owned()];
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for (nth, (reference, _, found)) in around.entities.iter().enumerate() {
        let name = format!("e{nth}");
        let absent = if *found { "" } else { ":::absent" };
        lines.push(format!("  {name}[\"{}\"]{absent}", quoted(reference)));
        names.insert(reference, name);
    }
    for Arrow { source, kind, target } in &around.arrows {
        if let (Some(source), Some(target)) = (names.get(&**source), names.get(&**target)) {
            lines.push(format!("  {source} -->|\"{}\"| {target}", quoted(kind)));
        }
    }
    if around.entities.iter().any(|(_, _, found)| !found) {
        lines.push("  classDef absent stroke-dasharray: 4".to_owned());
    }
    lines
}

fn as_json(around: &Around, root: &str) -> Value {
    let entities = around.entities.iter();
    let entities = entities.map(|(reference, distance, found)| {
        json!({"entityRef": reference, "distance": distance, "found": found})
    });
    let relations = around
        .arrows
        .iter()
        .map(|arrow| json!({"source": arrow.source, "type": arrow.kind, "target": arrow.target}));
    json!({
        "rootEntityRef": root,
        "entities": entities.collect::<Vec<_>>(),
        "relations": relations.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_one_arrow_from_whichever_end_it_is_seen() {
        let seen = |own: &str, kind: &str, other: &str| {
            let relation = json!({"type": kind, "targetRef": other});
            let Arrow { source, kind, target } = Arrow::of(own, &relation).unwrap();
            format!("{source} {kind} {target}")
        };
        assert_eq!(seen("a", "dependsOn", "B"), "a dependsOn b");
        assert_eq!(seen("b", "dependencyOf", "a"), "a dependsOn b");
        assert_eq!(seen("b", "hasPart", "a"), "a partOf b");
        assert_eq!(seen("b", "knownBy", "a"), "b knownBy a");
    }

    fn around() -> Around {
        let arrow = |source: &str, kind: &str, target: &str| Arrow {
            source: source.to_owned(),
            kind: kind.to_owned(),
            target: target.to_owned(),
        };
        let entity = |reference: &str, distance, found| (reference.to_owned(), distance, found);
        Around {
            entities: vec![
                entity("a", 0, true),
                entity("\"x\"", 1, false),
                entity("b", 1, true),
                entity("c", 2, true),
            ],
            arrows: BTreeSet::from([
                arrow("a", "dependsOn", "b"),
                arrow("b", "dependsOn", "c"),
                arrow("c", "dependsOn", "b"),
                arrow("\"x\"", "partOf", "a"),
            ]),
        }
    }

    #[test]
    fn a_circle_ends_where_it_was_entered() {
        assert_eq!(
            text(&around(), "a", 2, DirectionArg::Both),
            [
                "a",
                "  -> dependsOn b",
                "    -> dependsOn c",
                "    <- dependsOn c",
                "  <- partOf \"x\" (not in the catalogue)",
            ]
        );
    }

    #[test]
    fn names_are_quoted_as_each_language_does() {
        assert_eq!(
            dot(&around()),
            [
                "digraph catalogue {",
                "  rankdir=LR;",
                "  \"a\";",
                "  \"\\\"x\\\"\" [style=dashed];",
                "  \"b\";",
                "  \"c\";",
                "  \"\\\"x\\\"\" -> \"a\" [label=\"partOf\"];",
                "  \"a\" -> \"b\" [label=\"dependsOn\"];",
                "  \"b\" -> \"c\" [label=\"dependsOn\"];",
                "  \"c\" -> \"b\" [label=\"dependsOn\"];",
                "}",
            ]
        );
        assert_eq!(
            mermaid(&around()),
            [
                "graph LR",
                "  e0[\"a\"]",
                "  e1[\"#quot;x#quot;\"]:::absent",
                "  e2[\"b\"]",
                "  e3[\"c\"]",
                "  e1 -->|\"partOf\"| e0",
                "  e0 -->|\"dependsOn\"| e2",
                "  e2 -->|\"dependsOn\"| e3",
                "  e3 -->|\"dependsOn\"| e2",
                "  classDef absent stroke-dasharray: 4",
            ]
        );
    }
}
