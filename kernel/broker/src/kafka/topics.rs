//! Topics: how many partitions each has, and making those that are missing.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use tokio::time::Instant;

use super::context::Watch;
use crate::error::ConnectError;
use crate::record::DEAD_LETTERS_SUFFIX;
use crate::settings::KafkaSettings;

/// How long the cluster may take to make topics, and its brokers to come into service: one that
/// starts, or was too slow to tell its controller that it is there, keeps no new topic until then.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait before asking again.
const AGAIN: Duration = Duration::from_millis(250);

/// Numbers of partitions, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Known(RwLock<BTreeMap<String, u32>>);

impl Known {
    pub(super) fn partitions(&self, topic: &str) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(topic).copied()
    }

    pub(super) fn note(&self, topic: &str, partitions: u32) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(topic.to_owned(), partitions);
    }
}

/// A topic and the one of its dead letters.
pub(super) fn with_dead_letters<'a>(topics: &[&'a str]) -> Vec<std::borrow::Cow<'a, str>> {
    let both = |topic: &&'a str| {
        let letters = format!("{topic}{DEAD_LETTERS_SUFFIX}");
        // Where rejected records go, and where there are no records, there are none to be rejected.
        let without = topic.ends_with(DEAD_LETTERS_SUFFIX) || *topic == crate::duty::TOPIC;
        [Some((*topic).into()), (!without).then_some(letters.into())]
    };
    topics.iter().flat_map(both).flatten().collect()
}

/// Makes topics. One that somebody else has made meanwhile is no error.
pub(super) async fn create(
    admin: &AdminClient<Watch>,
    settings: &KafkaSettings,
    topics: &[String],
) -> Result<(), ConnectError> {
    if topics.is_empty() {
        return Ok(());
    }
    if !settings.create_topics {
        return Err(ConnectError::NoTopics { topics: topics.join(", ") });
    }
    in_service(|| ask(admin, settings, topics)).await
}

/// Asks again while the cluster has too few brokers in service.
async fn in_service<Asking>(ask: impl Fn() -> Asking) -> Result<(), ConnectError>
where
    Asking: Future<Output = Result<(), ConnectError>>,
{
    let deadline = Instant::now() + PATIENCE;
    while let Err(refused) = ask().await {
        let few = matches!(refused, ConnectError::TooFewBrokers { .. });
        if !few || deadline < Instant::now() {
            return Err(refused);
        }
        tokio::time::sleep(AGAIN).await;
    }
    Ok(())
}

async fn ask(
    admin: &AdminClient<Watch>,
    settings: &KafkaSettings,
    topics: &[String],
) -> Result<(), ConnectError> {
    let partitions = i32::try_from(settings.partitions).unwrap_or(1);
    let replication = settings.replication.map_or(-1, i32::from);
    let retention = settings.retention.map(|kept| kept.as_millis().to_string());
    let new: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| {
            let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(replication));
            match &retention {
                Some(retention) => new.set("retention.ms", retention),
                None => new,
            }
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let made = admin.create_topics(&new, &options).await.map_err(ConnectError::Cluster)?;
    for outcome in made {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, RDKafkaErrorCode::InvalidReplicationFactor)) => {
                return Err(ConnectError::TooFewBrokers { topic });
            }
            Err((topic, code)) => return Err(ConnectError::TopicRefused { topic, code }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often is asked of a cluster that says `refused` until it has been asked `until` times,
    /// and what comes of it.
    async fn asked(
        until: u32,
        refused: impl Fn(String) -> ConnectError,
    ) -> (u32, Result<(), ConnectError>) {
        let asked = Cell::new(0);
        let outcome = in_service(|| {
            asked.set(asked.get() + 1);
            let enough = until <= asked.get();
            std::future::ready(if enough { Ok(()) } else { Err(refused("t".to_owned())) })
        });
        let outcome = outcome.await;
        (asked.get(), outcome)
    }

    #[tokio::test(start_paused = true)]
    async fn topics_wait_for_the_brokers_that_keep_them() {
        let few = |topic| ConnectError::TooFewBrokers { topic };
        let (times, made) = asked(20, few).await;
        assert_eq!(times, 20);
        made.unwrap();
        let (_, refused) = asked(u32::MAX, few).await;
        assert!(matches!(refused, Err(ConnectError::TooFewBrokers { .. })), "{refused:?}");
        let forbidden = |topic| ConnectError::TopicRefused {
            topic,
            code: RDKafkaErrorCode::TopicAuthorizationFailed,
        };
        assert_eq!(asked(2, forbidden).await.0, 1);
    }
}
