//! Publishes what notifications mean.
//!
//! Idempotent without keeping anything: the events of a notification, and their ids, follow from
//! the notification alone, so a repeated delivery repeats them and every reader can tell. All
//! events of a batch are published in one durable write before any of it counts as handled.

use chiron_broker::{Broker, Handled, Handler, NewRecord, Record};
use twin_client::{TwinError, Twins};

use crate::{
    NAME,
    notification::{Change, Notification, Relation},
    translation::{event_id, tells, translate},
};

/// The consumer's handler.
pub struct Forwarding {
    broker: Broker,
    twins: Twins,
}

impl Forwarding {
    /// Publishes to `broker`, asking `twins` for models that a notification does not name.
    pub fn new(broker: Broker, twins: Twins) -> Self {
        Self { broker, twins }
    }

    /// The events of one record, and what becomes of it once they are published.
    async fn prepare(&self, record: &Record) -> (Vec<NewRecord>, Handled) {
        let mut notification = match Notification::read(record) {
            Ok(notification) => notification,
            Err(malformed) => return (Vec::new(), Handled::reject(malformed)),
        };
        if let Change::Related(relation) = &mut notification.change {
            match self.complete(relation).await {
                Ok(()) => {}
                Err(err) if is_passing(&err) => return (Vec::new(), Handled::retry(err)),
                Err(err) => return (Vec::new(), Handled::reject(err)),
            }
        }
        let translation = translate(&notification);
        let mut events = Vec::with_capacity(translation.events.len());
        for (position, event) in translation.events {
            match event.into_record(&event_id(&notification.id, position), NAME) {
                Ok(event) => events.push(event),
                Err(err) => return (Vec::new(), Handled::reject(err)),
            }
        }
        if translation.faults.is_empty() {
            return (events, Handled::Done);
        }
        let faults: Vec<String> = translation.faults.iter().map(ToString::to_string).collect();
        (events, Handled::reject(faults.join("; ")))
    }

    /// Looks up the models that a relationship's notification does not name. A twin that is gone
    /// stays without model.
    async fn complete(&self, relation: &mut Relation) -> Result<(), TwinError> {
        if !tells(relation) {
            return Ok(());
        }
        if relation.source_model.is_none() {
            relation.source_model = self.model(&relation.source).await?;
        }
        if relation.target_model.is_none() {
            relation.target_model = self.model(&relation.target).await?;
        }
        Ok(())
    }

    async fn model(&self, twin: &str) -> Result<Option<String>, TwinError> {
        Ok(self.twins.get_twin(twin).await?.map(|twin| twin.model))
    }
}

/// Whether the fault lies outside the notification, so that it must wait and not be given up.
fn is_passing(err: &TwinError) -> bool {
    err.is_retryable() || matches!(err, TwinError::Refused { status: 401 | 403, .. })
}

impl Handler for Forwarding {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut events = Vec::new();
        for record in records {
            let (told, outcome) = record.scope(self.prepare(record)).await;
            events.extend(told);
            let is_retry = matches!(outcome, Handled::Retry(_));
            outcomes.push(outcome);
            if is_retry {
                break;
            }
        }
        if events.is_empty() {
            return outcomes;
        }
        match self.broker.publish(events).await {
            Ok(_) => outcomes,
            // Nothing was published, so nothing was handled: the whole batch comes again.
            Err(err) => vec![Handled::retry(err)],
        }
    }
}
