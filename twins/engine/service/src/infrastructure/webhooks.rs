//! Events by HTTP to configured endpoints, as CloudEvents in binary mode.
//!
//! Each endpoint is a consumer group of its own, so one that is down holds back only itself. An
//! event is delivered at least once and in the order of its twin. What the endpoint refuses for
//! good goes to the dead letters with its answer; everything else is tried again.

use std::{sync::Arc, time::Duration};

use chiron_broker::{Consumer, Handled, Record, each};
use chiron_chassis::{Runtime, Secret, http_client};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Settings,
    application::{filter::Event, records::TOPIC},
    infrastructure::{engine::OpenEngineError, routes::Routes},
};

/// How long an endpoint may take, of the machine's time.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The prefix of an endpoint's consumer group.
const GROUP: &str = "twin-engine-webhook-";

/// What CloudEvents' HTTP binding (§3.1.3.2) encodes in header values, besides what is not ASCII.
const HEADER: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// A place that events can be sent to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// By which event routes call it: letters, digits, `-` and `_`.
    pub name: String,
    /// Where events are posted: `https://…`, or `http://…` inside a trusted network.
    pub url: String,
    /// The value of the header `Authorization`, if the endpoint asks for one.
    #[serde(default)]
    pub authorization: Option<Secret>,
}

struct Delivery {
    endpoint: Endpoint,
    client: reqwest::Client,
    routes: Routes,
}

/// The endpoint did not take the event now.
#[derive(Debug, thiserror::Error)]
enum NotDelivered {
    #[error("endpoint {endpoint} cannot be reached")]
    Unreachable {
        endpoint: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("endpoint {endpoint} answered {status}")]
    Later { endpoint: String, status: u16 },
}

/// Starts one consumer per endpoint.
pub(crate) fn start(
    runtime: &Runtime,
    settings: &Settings,
    routes: &Routes,
) -> Result<(), OpenEngineError> {
    for endpoint in &settings.endpoints {
        let refused = |reason| OpenEngineError::Endpoint { name: endpoint.name.clone(), reason };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if endpoint.name.is_empty() || !endpoint.name.chars().all(plain) {
            return Err(refused("its name must be letters, digits, '-' or '_'"));
        }
        if !endpoint.url.starts_with("https://") && !endpoint.url.starts_with("http://") {
            return Err(refused("its url must begin with https:// or http://"));
        }
        let client = http_client().map_err(|_| refused("no HTTP client can be made"))?;
        // Groups live as long as the process, and endpoints are as many as the settings name.
        let group: &'static str = format!("{GROUP}{}", endpoint.name).leak();
        let consumer = Consumer { group, topics: &[TOPIC] };
        let routes = routes.clone();
        let delivery = Arc::new(Delivery { endpoint: endpoint.clone(), client, routes });
        let handler = each(move |record: Record| {
            let delivery = Arc::clone(&delivery);
            async move { delivery.handle(&record).await }
        });
        let (broker, activity) = (runtime.broker.clone(), runtime.activity.clone());
        let shutdown = runtime.shutdown.clone();
        runtime
            .tasks
            .spawn("twin-engine webhook", consumer.run(broker, activity, shutdown, handler));
    }
    Ok(())
}

struct RecordEvent<'a> {
    record: &'a Record,
    body: Value,
}

impl Event for RecordEvent<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.record.headers.get(&format!("ce_{name}"))
    }

    fn body(&self) -> &Value {
        &self.body
    }
}

impl Delivery {
    /// Not idempotent: an event may arrive twice, and its id tells the endpoint so.
    async fn handle(&self, record: &Record) -> Handled {
        let body = match serde_json::from_slice(&record.value) {
            Ok(body) => body,
            Err(err) => return Handled::Reject(format!("not JSON: {err}")),
        };
        let event = RecordEvent { record, body };
        if !self.routes.lead_to(&self.endpoint.name, record, &event) {
            return Handled::Done;
        }
        let outcome = self.deliver(record).await;
        let result = match &outcome {
            Handled::Done => "delivered",
            Handled::Retry(_) => "retried",
            Handled::Reject(_) => "refused",
        };
        let name = self.endpoint.name.clone();
        metrics::counter!(
            "chiron_twin_engine_webhook_deliveries_total", "endpoint" => name, "result" => result
        )
        .increment(1);
        outcome
    }

    async fn deliver(&self, record: &Record) -> Handled {
        let mut call = self
            .client
            .post(&self.endpoint.url)
            .timeout(TIME_LIMIT)
            .header("content-type", "application/json")
            .body(record.value.clone());
        for (name, value) in record.headers.iter() {
            let value = utf8_percent_encode(value, HEADER).to_string();
            if let Some(attribute) = name.strip_prefix("ce_") {
                if attribute != "datacontenttype" {
                    call = call.header(format!("ce-{attribute}"), value);
                }
            } else if name == "traceparent" {
                call = call.header("traceparent", value);
            }
        }
        if let Some(authorization) = &self.endpoint.authorization {
            call = call.header("authorization", authorization.expose());
        }
        let endpoint = self.endpoint.name.clone();
        match call.send().await {
            Ok(answer) => match answer.status().as_u16() {
                200..=299 => Handled::Done,
                status @ (408 | 429 | 500..) => {
                    Handled::Retry(Box::new(NotDelivered::Later { endpoint, status }))
                }
                status => Handled::Reject(format!("endpoint {endpoint} answered {status}")),
            },
            Err(source) => {
                // Its address may hold a secret.
                let source = source.without_url();
                Handled::Retry(Box::new(NotDelivered::Unreachable { endpoint, source }))
            }
        }
    }
}
