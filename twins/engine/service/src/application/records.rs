//! From notifications of the graph to records of the topic `twin-events`.

use chiron_broker::{NewRecord, TraceContext};
use jiff::Timestamp;
use serde_json::Value;
use twin_engine_domain::graph::Notification;

/// Where changes of twins and telemetry are told.
pub const TOPIC: &str = "twin-events";
/// The type of telemetry events, in lower case as Azure sends it.
pub const TELEMETRY: &str = "microsoft.iot.telemetry";

/// The record that tells a notification. Its key is the event's type.
pub(crate) fn change_record(
    source: &str,
    notification: &Notification,
    trace: Option<&TraceContext>,
) -> Result<NewRecord, serde_json::Error> {
    let mut record = NewRecord::cloud_event(
        TOPIC,
        notification.aggregate.as_str(),
        notification.event_type,
        &*notification.data,
        &notification.id,
        source,
        notification.time,
    )?
    .with_header("ce_subject", notification.subject.as_str())
    .with_header("ce_datacontenttype", "application/json");
    if let Some(model) = &notification.source_model {
        record = record.with_header("ce_sourcemodel", model.as_str());
    }
    if let Some(model) = &notification.target_model {
        record = record.with_header("ce_targetmodel", model.as_str());
    }
    // The writer works outside of the request's task, so its trace comes along.
    if let Some(trace) = trace {
        record = record.with_header(TraceContext::HEADER, trace.write());
    }
    Ok(record)
}

/// Telemetry of a twin or one of its components: passed on, not kept.
pub(crate) struct Telemetry<'a> {
    pub(crate) twin: &'a str,
    pub(crate) component: Option<&'a str>,
    /// Model of the twin, or of the component.
    pub(crate) model: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) payload: &'a Value,
}

impl Telemetry<'_> {
    pub(crate) fn record(&self, source: &str) -> Result<NewRecord, serde_json::Error> {
        let source = format!("{source}/digitaltwins/{}", self.twin);
        let record = NewRecord::cloud_event(
            TOPIC,
            self.twin,
            TELEMETRY,
            self.payload,
            self.message_id,
            &source,
            self.at,
        )?
        .with_header("ce_datacontenttype", "application/json")
        .with_header("ce_dataschema", self.model);
        Ok(match self.component {
            Some(component) => record.with_header("ce_subject", component),
            None => record,
        })
    }
}
