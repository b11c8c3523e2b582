//! What the terminal shows. The only module that prints.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use chiron_broker::Trouble;
use chiron_chassis::settings::Loaded;
use chiron_chassis::telemetry;

use crate::settings::{LogForm, Settings};

/// Prints a line for the person at the terminal.
pub(crate) fn line(text: &str) {
    // A closed terminal does not stop the hospital.
    let _closed = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line of a listing, for a person or for the next program of a pipe.
///
/// # Errors
///
/// When whoever reads has gone: see [`is_closed_pipe`].
pub(crate) fn piped(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}

/// Whether a listing ended because its reader had seen enough, as `head` does.
pub(crate) fn is_closed_pipe(err: &anyhow::Error) -> bool {
    err.downcast_ref::<std::io::Error>()
        .is_some_and(|err| err.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Prints an error with its causes.
pub(crate) fn error(err: &anyhow::Error) {
    let text = format!("{err:#}");
    let _closed = writeln!(std::io::stderr(), "chiron: {text}");
    // Whoever failed may not know what to do about a disk.
    let files = err.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    if let Some(trouble) = files.filter_map(Trouble::of_file).last().map(|it| it.to_string())
        && !text.contains(&trouble)
    {
        let _closed = writeln!(std::io::stderr(), "chiron: {trouble}");
    }
}

/// Prints every setting, its value and its origin, aligned.
pub(crate) fn config(loaded: &Loaded<Settings>) {
    let width = |text: fn(&(&String, String)) -> usize, rows: &[(&String, String)]| {
        rows.iter().map(text).max().unwrap_or(0)
    };
    let rows: Vec<(&String, String)> =
        loaded.origins.iter().map(|(key, effective)| (key, effective.value.clone())).collect();
    let (keys, values) =
        (width(|(key, _)| key.len(), &rows), width(|(_, value)| value.len().min(40), &rows));
    for (key, effective) in &loaded.origins {
        line(&format!("{key:keys$}  {:values$}  {}", effective.value, effective.origin));
    }
}

/// Begins to write logs to the standard error.
///
/// # Errors
///
/// The filter cannot be read.
pub(crate) fn logs(settings: &Settings) -> Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let style = match settings.log.style {
        LogForm::Readable => telemetry::LogStyle::Readable { ansi: terminal },
        LogForm::Auto if terminal => telemetry::LogStyle::Readable { ansi: true },
        LogForm::Auto | LogForm::Ecs => telemetry::LogStyle::Ecs,
    };
    telemetry::init(style, &settings.log.filter).context("setting up logs")
}
