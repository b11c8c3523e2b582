//! Logs: JSON in the Elastic Common Schema, or lines for a person at a terminal.
//!
//! Own formatting, about sixty lines, because the field names of the schema are the point: a log
//! store finds `@timestamp`, `log.level`, `message`, `service.name` and `trace.id` without any
//! configuration. Fields of spans are members of the same object.

use std::fmt::{self, Write as _};

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::{LookupSpan, Scope};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::machine;

/// The version of the Elastic Common Schema that is written
/// (<https://www.elastic.co/guide/en/ecs/8.11/index.html>).
const ECS_VERSION: &str = "8.11.0";

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStyle {
    /// One JSON object a line, in the Elastic Common Schema.
    Ecs,
    /// Lines for a person; with colours when the terminal has them.
    Readable {
        /// Whether to colour.
        ansi: bool,
    },
}

/// Logs could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("log filter {filter:?} is not valid")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logs were set up before.
    #[error("logs are set up already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Sets up logs to standard error for the process. `filter` is as in `info,chiron_broker=debug`.
///
/// # Errors
///
/// [`TelemetryError`].
pub fn init(style: LogStyle, filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|source| TelemetryError::Filter { filter: filter.to_owned(), source })?;
    let registry = tracing_subscriber::registry().with(filter);
    let ready = match style {
        LogStyle::Ecs => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .event_format(Ecs)
                    .fmt_fields(Members)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
        LogStyle::Readable { ansi } => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .compact()
                    .with_ansi(ansi)
                    .with_target(false)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    };
    ready.map_err(TelemetryError::Twice)
}

/// Writes an event as one object of the Elastic Common Schema.
struct Ecs;

impl<S, N> FormatEvent<S, N> for Ecs
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let level = metadata.level().as_str().to_ascii_lowercase();
        let at = chiron_clock::instant::write(chiron_clock::instant::cut(machine::now()));
        write!(
            writer,
            r#"{{"@timestamp":"{at}","log.level":"{level}","ecs.version":"{ECS_VERSION}","log.logger":{}"#,
            Value::from(metadata.target()),
        )?;
        let mut members = String::new();
        event.record(&mut MemberWriter { text: &mut members });
        writer.write_str(&members)?;
        for span in ctx.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(&fields.fields)?;
            }
        }
        writer.write_str("}\n")
    }
}

/// Keeps the fields of a span as members of an object, each with a comma before it, so that they
/// can be appended to.
struct Members;

impl<'w> FormatFields<'w> for Members {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = String::new();
        fields.record(&mut MemberWriter { text: &mut text });
        writer.write_str(&text)
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        fields.record(&mut MemberWriter { text: &mut current.fields });
        Ok(())
    }
}

struct MemberWriter<'t> {
    text: &'t mut String,
}

impl MemberWriter<'_> {
    fn member(&mut self, field: &Field, value: &Value) {
        // Our names for what the schema names otherwise.
        let name = match field.name() {
            "context" => "service.name",
            "trace_id" => "trace.id",
            "event_id" => "event.id",
            "operation" => "event.action",
            "error" => "error.message",
            "status" => "http.response.status_code",
            other => other.strip_prefix("r#").unwrap_or(other),
        };
        // Writing to a string does not fail.
        let _ = write!(self.text, ",{}:{value}", Value::from(name));
    }
}

impl Visit for MemberWriter<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, &Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, &Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, &Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn writes_the_elastic_common_schema() {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = tracing_subscriber::registry().with(
            tracing_subscriber::fmt::layer()
                .event_format(Ecs)
                .fmt_fields(Members)
                .with_writer(move || writer.clone()),
        );
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("request", context = "staff-tracking", trace_id = "ab");
            span.in_scope(|| tracing::warn!(count = 3_u64, quoted = "a \"b\"", "record refused"));
        });
        let bytes = sink.0.lock().expect("unpoisoned").clone();
        let line: Value = serde_json::from_slice(&bytes).expect("one JSON object");
        assert_eq!(line["log.level"], "warn");
        assert_eq!(line["message"], "record refused");
        assert_eq!(line["service.name"], "staff-tracking");
        assert_eq!(line["trace.id"], "ab");
        assert_eq!(line["count"], 3);
        assert_eq!(line["quoted"], "a \"b\"");
        assert!(line["@timestamp"].as_str().is_some_and(|at| at.ends_with('Z')));
    }
}
