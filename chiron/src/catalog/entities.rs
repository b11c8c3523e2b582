//! `chiron catalog get`: an entity, or a list of them.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chiron_chassis::{Calls, Secret};
use serde_json::Value;

use crate::catalog::client::Catalogue;
use crate::catalog::{Print, reference, visible};
use crate::cli::{EntityFormat, GetArgs};
use crate::settings::Settings;
use crate::show;

/// What a table needs of an entity.
const FIELDS: &str = "kind,metadata.name,metadata.namespace,metadata.title,spec.type,\
                      spec.lifecycle,spec.owner";
/// The columns of a table, and where their values stand.
const COLUMNS: [(&str, &str); 4] = [
    ("TYPE", "/spec/type"),
    ("LIFECYCLE", "/spec/lifecycle"),
    ("OWNER", "/spec/owner"),
    ("TITLE", "/metadata/title"),
];

/// Prints what was asked for; ends with 1 when the entity that is named is not there.
///
/// # Errors
///
/// A catalogue that cannot be reached or refuses.
pub(super) async fn get(
    settings: &Settings,
    token: Option<Secret>,
    args: &GetArgs,
    print: Print<'_>,
) -> Result<ExitCode> {
    let catalogue = Catalogue::open(settings, &args.access, token).await?;
    if let Some([kind, namespace, name]) = &args.reference {
        let parts = [kind, namespace, name].map(|part| Calls::segment(part));
        let path = format!("/entities/by-name/{}", parts.join("/"));
        let Some(entity) = catalogue.get(&path, &[]).await? else {
            let reference = visible(&format!("{kind}:{namespace}/{name}"));
            show::error(&anyhow::anyhow!("{reference} is not in the catalogue"));
            return Ok(ExitCode::FAILURE);
        };
        match args.format {
            EntityFormat::Json => print(&serde_json::to_string_pretty(&entity)?)?,
            EntityFormat::Table | EntityFormat::Yaml => many(&[entity], args.format, print)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let fields = if args.format == EntityFormat::Table { FIELDS } else { "" };
    let mut entities = catalogue.entities(&args.filter, fields).await?;
    entities.sort_by_cached_key(reference);
    many(&entities, args.format, print)?;
    Ok(ExitCode::SUCCESS)
}

fn many(entities: &[Value], format: EntityFormat, print: Print<'_>) -> Result<()> {
    match format {
        EntityFormat::Json => print(&serde_json::to_string_pretty(entities)?)?,
        EntityFormat::Yaml => {
            let text = catalog::to_yaml(entities).context("writing YAML")?;
            if !text.is_empty() {
                print(text.trim_end_matches('\n'))?;
            }
        }
        EntityFormat::Table => {
            for line in table(entities) {
                print(&line)?;
            }
        }
    }
    Ok(())
}

/// Entities in aligned columns, with their names above.
fn table(entities: &[Value]) -> Vec<String> {
    let head = std::iter::once("ENTITY").chain(COLUMNS.map(|(name, _)| name));
    let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
    for entity in entities {
        let text = |(_, pointer): &(&str, &str)| {
            let text = entity.pointer(pointer).and_then(Value::as_str);
            visible(text.filter(|text| !text.is_empty()).unwrap_or("-"))
        };
        let own = visible(&reference(entity).unwrap_or_default());
        rows.push(std::iter::once(own).chain(COLUMNS.iter().map(text)).collect());
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let entities = [
            json!({"kind": "Component", "metadata": {"name": "é", "title": "E\u{7}"},
                "spec": {"type": "service", "lifecycle": "production", "owner": "team"}}),
            json!({"kind": "Group", "metadata": {"name": "team"}, "spec": {"type": "t"}}),
        ];
        assert_eq!(
            table(&entities),
            [
                "ENTITY               TYPE     LIFECYCLE   OWNER  TITLE",
                "component:default/é  service  production  team   E\\u{7}",
                "group:default/team   t        -           -      -",
            ]
        );
        assert_eq!(table(&[]), ["ENTITY  TYPE  LIFECYCLE  OWNER  TITLE"]);
    }
}
