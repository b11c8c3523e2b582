//! `chiron catalog`: descriptors judged without a server, and a running catalogue asked from a
//! terminal or a pipeline.
//!
//! Judging needs neither settings of a hospital nor an account. Asking speaks the REST API that
//! everybody speaks, so that it works with the catalogue of another machine, too. What comes from
//! descriptors or from elsewhere is other people's text: no control character of it reaches a
//! terminal or a runner's log.

mod client;
mod entities;
mod graph;
mod report;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use chiron_chassis::Secret;
use serde_json::{Value, json};

use crate::catalog::client::Catalogue;
use crate::cli::{CatalogArgs, CatalogCommand, IngestArgs, ValidateArgs};
use crate::settings::Settings;
use crate::show;

/// Where lines go.
type Print<'a> = &'a dyn Fn(&str) -> std::io::Result<()>;

/// Runs one of the commands of `chiron catalog`. `token` is what the environment gives to show.
///
/// # Errors
///
/// Descriptors that are not there; a catalogue that cannot be reached or refuses.
pub(crate) async fn run(
    settings: &Settings,
    token: Option<Secret>,
    args: CatalogArgs,
) -> Result<ExitCode> {
    let print: Print<'_> = &show::piped;
    let outcome = match &args.command {
        CatalogCommand::Validate(args) => validate(settings, args, print),
        CatalogCommand::Ingest(args) => ingest(settings, token, args, print).await,
        CatalogCommand::Get(args) => entities::get(settings, token, args, print).await,
        CatalogCommand::Graph(args) => graph::graph(settings, token, args, print).await,
    };
    match outcome {
        Err(err) if show::is_closed_pipe(&err) => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

fn validate(settings: &Settings, args: &ValidateArgs, print: Print<'_>) -> Result<ExitCode> {
    let found = catalog::check(&args.paths, &settings.catalog.kinds)?;
    for line in report::lines(&found, args.format, args.strict)? {
        print(&line)?;
    }
    let is_wrong = report::counts(&found, args.strict).errors > 0;
    Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn ingest(
    settings: &Settings,
    token: Option<Secret>,
    args: &IngestArgs,
    print: Print<'_>,
) -> Result<ExitCode> {
    let target = args.target.as_str();
    if !(target.starts_with("http://") || target.starts_with("https://")) {
        let file = if Path::new(target).exists() { "a file of this machine" } else { "no address" };
        bail!(
            "{target} is {file}, and a catalogue registers addresses alone: write https://…, or \
             name the file in its settings ([[catalog.locations]])"
        );
    }
    let catalogue = Catalogue::open(settings, &args.access, token).await?;
    let place = json!({"type": "url", "target": target});
    // What is not good is not registered: a pipeline is told here, not by a list of problems.
    let rehearsed = catalogue.post("/locations?dryRun=true", &place).await?;
    let rehearsed = rehearsed.context("the catalogue does not register locations")?;
    let entities = rehearsed.get("entities").and_then(Value::as_array);
    // The first stands for the location itself.
    let mut references: Vec<String> =
        entities.into_iter().flatten().skip(1).filter_map(reference).collect();
    references.sort();
    for reference in &references {
        print(&visible(reference))?;
    }
    let count = counted(references.len(), "entity", "entities");
    let exists = rehearsed.get("exists").and_then(Value::as_bool) == Some(true);
    if args.dry_run {
        let now = if exists { "is registered already" } else { "would be registered" };
        print(&format!("{} {now}: {count}", visible(target)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let made = catalogue.post("/locations?onConflict=refresh", &place).await?;
    let id = made.as_ref().and_then(|made| made.pointer("/location/id")).and_then(Value::as_str);
    let id = id.context("the catalogue does not say what it registered")?;
    let done = if exists { "was registered already and is read again" } else { "is registered" };
    print(&format!("{} {done} ({}): {count}", visible(target), visible(id)))?;
    Ok(ExitCode::SUCCESS)
}

/// The reference of an entity.
fn reference(entity: &Value) -> Option<String> {
    let text = |pointer: &str| entity.pointer(pointer).and_then(Value::as_str);
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let reference = format!("{}:{namespace}/{}", text("/kind")?, text("/metadata/name")?);
    Some(reference.to_lowercase())
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// A text of somebody else on a line of its own, control characters escaped.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_commands_no_terminal() {
        assert_eq!(visible("a\u{1b}[2Jb\n::error::é"), "a\\u{1b}[2Jb\\n::error::é");
    }

    #[test]
    fn a_reference_is_lower_case_and_has_a_namespace() {
        let entity = json!({"kind": "API", "metadata": {"name": "Orders"}});
        assert_eq!(reference(&entity).as_deref(), Some("api:default/orders"));
        assert_eq!(reference(&json!({"kind": "API"})), None);
    }
}
