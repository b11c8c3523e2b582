//! Topics: how many partitions each has, and making those that are missing.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;

use super::context::Watch;
use crate::error::ConnectError;
use crate::record::DEAD_LETTERS_SUFFIX;
use crate::settings::KafkaSettings;

/// How long the cluster may take to make topics.
const PATIENCE: Duration = Duration::from_secs(30);

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
        // Where rejected records go there are none to be rejected.
        let own = topic.ends_with(DEAD_LETTERS_SUFFIX);
        [Some((*topic).into()), (!own).then_some(letters.into())]
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
            Err((topic, code)) => return Err(ConnectError::TopicRefused { topic, code }),
        }
    }
    Ok(())
}
