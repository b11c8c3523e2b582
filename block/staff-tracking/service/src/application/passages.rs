//! `tracking-events` into the history.

use block_language::{Rejection, tracking::TrackingEvent};
use chiron_broker::{Handled, Handler, Record};
use staff_tracking_domain::{
    entity::{InvalidId, Movement, Passage},
    usecase::{TrackingStore, record_movements},
};

/// Records every passage that the topic tells.
///
/// Idempotent: a passage is a member of a set, and presence is a fold of maxima over event time.
/// Records of one slice share their writes.
#[derive(Debug)]
pub struct Passages<S> {
    store: S,
}

/// Why a record is no passage.
#[derive(Debug, thiserror::Error)]
enum NoPassage {
    #[error(transparent)]
    Unreadable(#[from] Rejection),
    #[error("professional or room: {0}")]
    Id(#[from] InvalidId),
}

impl<S: TrackingStore> Passages<S> {
    /// Records into a store.
    pub fn new(store: S) -> Self {
        Self { store }
    }
}

impl<S: TrackingStore> Handler for Passages<S> {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut movements = Vec::with_capacity(records.len());
        let mut first_movement = None;
        for record in records {
            match movement(record) {
                Ok(movement) => {
                    first_movement.get_or_insert(outcomes.len());
                    movements.push(movement);
                    outcomes.push(Handled::Done);
                }
                Err(no_passage) => outcomes.push(Handled::reject(no_passage)),
            }
        }
        if let Some(first) = first_movement
            && let Err(err) = record_movements(&self.store, &movements).await
        {
            outcomes.truncate(first);
            outcomes.push(Handled::retry(err));
        }
        outcomes
    }
}

fn movement(record: &Record) -> Result<Movement, NoPassage> {
    let event = TrackingEvent::decode(record)?;
    Ok(Movement {
        at: event.date_time,
        passage: if event.entered { Passage::Entered } else { Passage::Left },
        professional: event.health_professional_id.parse()?,
        room: event.room_id.parse()?,
    })
}
