//! Numbers about services, in the text form that Prometheus reads.
//!
//! One recorder serves the whole process; services are told apart by the label `service`. Every
//! metric is described where it is used; one that nobody described gets its own name as help, so
//! that the exposition is complete.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds from a request's arrival to its answer, by service, route, method and status.
pub(crate) const REQUEST_SECONDS: &str = "http_server_request_duration_seconds";
/// Requests under way, by service.
pub(crate) const IN_FLIGHT: &str = "http_server_active_requests";
/// Requests refused by a limit, by service and limit.
pub(crate) const LIMITED: &str = "http_server_limited_requests_total";
/// Connections ended because another needed the place.
pub(crate) const CONNECTIONS_SHED: &str = "http_server_connections_shed_total";
/// Handlers that panicked, by service.
pub(crate) const PANICS: &str = "http_server_panics_total";
/// Entries of the audit trail.
pub(crate) const AUDIT_ENTRIES: &str = "chiron_audit_entries_total";
/// Commits of the audit trail, which entries share.
pub(crate) const AUDIT_COMMITS: &str = "chiron_audit_commits_total";
/// Groups of entries that could not be written.
pub(crate) const AUDIT_FAILURES: &str = "chiron_audit_failures_total";

/// Upper bounds of the buckets for durations, in seconds.
const SECONDS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder of this process; later calls change nothing.
pub fn install() {
    let _handle = handle();
}

fn handle() -> Option<&'static PrometheusHandle> {
    let handle = RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let installed = match builder {
            Ok(builder) => builder.install_recorder(),
            Err(err) => Err(err),
        };
        match installed {
            Ok(handle) => {
                describe();
                Some(handle)
            }
            Err(err) => {
                tracing::error!(error = %err, "metrics are not recorded");
                None
            }
        }
    });
    handle.as_ref()
}

fn describe() {
    let text = "Time from a request's arrival to its answer";
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, text);
    describe_gauge!(IN_FLIGHT, "Requests under way");
    describe_counter!(AUDIT_ENTRIES, "Entries of the audit trail");
    describe_counter!(AUDIT_COMMITS, "Commits of the audit trail");
    describe_counter!(AUDIT_FAILURES, "Groups of entries that the audit trail did not take");
    describe_counter!(LIMITED, "Requests refused by a limit");
    describe_counter!(PANICS, "Request handlers that panicked");
    describe_counter!("chiron_task_panics_total", "Background tasks that panicked");
}

/// All metrics of this process in Prometheus' text form.
#[must_use]
pub fn render() -> String {
    handle().map(|handle| with_help(&handle.render())).unwrap_or_default()
}

/// Frees what recording has piled up; called now and then, since nobody may be scraping.
pub(crate) fn upkeep() {
    if let Some(handle) = handle() {
        handle.run_upkeep();
    }
}

/// Adds the line `# HELP` where it is missing.
fn with_help(exposition: &str) -> String {
    let described: HashSet<&str> = exposition
        .lines()
        .filter_map(|line| line.strip_prefix("# HELP "))
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    let mut text = String::with_capacity(exposition.len());
    for line in exposition.lines() {
        let name = line.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next());
        if let Some(name) = name
            && !described.contains(name)
        {
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {}", name.replace('_', " "));
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undescribed_metrics_get_help() {
        let given = "# HELP a_total A\n# TYPE a_total counter\na_total 1\n\n# TYPE b_bytes gauge\nb_bytes 2\n";
        let expected = "# HELP a_total A\n# TYPE a_total counter\na_total 1\n\n# HELP b_bytes b bytes\n# TYPE b_bytes gauge\nb_bytes 2\n";
        assert_eq!(with_help(given), expected);
    }
}
