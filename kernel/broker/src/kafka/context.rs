//! What the client library tells of itself: its log, the state of the cluster, figures.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::Statistics;

use crate::disk::{Failed, Trouble};
use crate::error::StorageError;
use crate::settings::{BearerToken, BearerTokens};

/// What is known of the cluster, shared by all clients of one broker.
#[derive(Clone)]
pub(super) struct Watch {
    failed: Failed,
    trouble: Arc<Mutex<Option<Trouble>>>,
    /// What a broker, or the way to it, said last.
    said: Arc<Mutex<Option<String>>>,
    tokens: Option<BearerTokens>,
}

impl Watch {
    pub(super) fn new(tokens: Option<BearerTokens>) -> Self {
        Self { failed: Failed::new(), trouble: Arc::default(), said: Arc::default(), tokens }
    }

    /// A token to sign in with.
    pub(super) fn token(&self) -> Result<OAuthToken, Box<dyn Error>> {
        let Some(tokens) = &self.tokens else { return Err("nobody says where tokens are".into()) };
        let BearerToken { token, principal, expires } = tokens().map_err(|error| {
            tracing::warn!(error = crate::chain(&*error), "no token for Kafka was got");
            *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
            error as Box<dyn Error>
        })?;
        let lifetime_ms = expires.as_millisecond();
        Ok(OAuthToken { token, principal_name: principal, lifetime_ms })
    }

    /// Something was acknowledged, so whatever was wrong is over.
    pub(super) fn well(&self) {
        *self.trouble_now() = None;
    }

    pub(super) fn unwell(&self) {
        *self.trouble_now() = Some(Trouble::Unreachable);
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        *self.trouble_now()
    }

    pub(super) async fn failed(&self) -> StorageError {
        self.failed.noted().await
    }

    /// Why no broker answers, as far as one said.
    pub(super) fn said(&self) -> Option<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn trouble_now(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Watch {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.token()
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::error!(facility, message, "kafka client"),
            RDKafkaLogLevel::Warning => tracing::warn!(facility, message, "kafka client"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(facility, message, "kafka client");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(facility, message, "kafka client"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        metrics::counter!("chiron_kafka_errors_total").increment(1);
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                self.unwell();
                tracing::warn!(reason, "no Kafka broker can be reached");
            }
            Some(RDKafkaErrorCode::Fatal) => {
                tracing::error!(reason, "the Kafka client cannot go on");
                self.failed.note(&StorageError::from(error));
            }
            // The library tries again by itself.
            _ => {
                tracing::warn!(%error, reason, "kafka client");
                let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
                *said = Some(reason.to_owned());
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and counts are below 2^53")]
    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().filter(|broker| broker.state == "UP").count();
        if 0 < up && statistics.client_type == "consumer" {
            self.well();
        }
        metrics::gauge!("chiron_kafka_brokers_up", "client" => statistics.client_id.clone())
            .set(up as f64);
        let waiting = statistics.msg_cnt as f64;
        if statistics.client_type == "producer" {
            metrics::gauge!("chiron_kafka_waiting_records").set(waiting);
        }
    }
}

impl ConsumerContext for Watch {}

/// The group's lag as the client library counts it, by topic.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and lags are below 2^53")]
pub(super) fn tell_lag(group: &str, statistics: &Statistics) {
    let mut by_topic = BTreeMap::new();
    for (topic, told) in &statistics.topics {
        let lags = told.partitions.values().filter(|p| 0 <= p.partition && 0 <= p.consumer_lag);
        *by_topic.entry(topic).or_insert(0) += lags.map(|p| p.consumer_lag).sum::<i64>();
    }
    for (topic, lag) in by_topic {
        let labels = [("topic", topic.clone()), ("group", group.to_owned())];
        metrics::gauge!("chiron_consumer_lag", &labels).set(lag as f64);
    }
}
