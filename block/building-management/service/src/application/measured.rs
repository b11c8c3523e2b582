//! `room-events` and usages of technologies into histories.

use block_language::{
    Rejection, key_of,
    process::{self, ProcessEvent, ProcessFact},
    room::{self, Measurement, RoomEvent},
};
use building_management_domain::{
    entity::{
        environment::{Celsius, Lux, OutOfRange, Percent, Reading, Sample},
        place::InvalidText,
        technology::Usage,
    },
    usecase::ports::{Measurements, StoreError},
};
use chiron_broker::{Handled, Handler, Record};

/// Keeps every sample and every usage that the topics tell.
///
/// Idempotent and independent of order: a sample is a member of a set keyed by room, quantity and
/// instant, in which the greatest event id wins. Whether the room exists is asked when its history
/// is read: an event may overtake the news of its room.
#[derive(Debug)]
pub struct Measured<S> {
    store: S,
}

/// Why a record is neither sample nor usage.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Unreadable(#[from] Rejection),
    #[error("id {0}")]
    Id(#[from] InvalidText),
    #[error(transparent)]
    Value(#[from] OutOfRange),
}

enum Fact {
    Sample(Sample),
    Usage(Usage),
    /// Of the topics that are read, but for others.
    NotOurs,
}

impl<S: Measurements> Measured<S> {
    /// Keeps in a store.
    pub fn new(store: S) -> Self {
        Self { store }
    }

    async fn keep(&self, samples: &[Sample], usages: &[Usage]) -> Result<(), StoreError> {
        if !samples.is_empty() {
            self.store.keep_samples(samples).await?;
        }
        if !usages.is_empty() {
            self.store.keep_usages(usages).await?;
        }
        Ok(())
    }
}

impl<S: Measurements> Handler for Measured<S> {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut outcomes = Vec::with_capacity(records.len());
        let (mut samples, mut usages) = (Vec::new(), Vec::new());
        let mut first_kept = None;
        for record in records {
            let outcome = match fact(record) {
                Ok(Fact::Sample(sample)) => {
                    first_kept.get_or_insert(outcomes.len());
                    samples.push(sample);
                    Handled::Done
                }
                Ok(Fact::Usage(usage)) => {
                    first_kept.get_or_insert(outcomes.len());
                    usages.push(usage);
                    Handled::Done
                }
                Ok(Fact::NotOurs) => Handled::Done,
                Err(refused) => Handled::reject(refused),
            };
            outcomes.push(outcome);
        }
        if let Some(first) = first_kept
            && let Err(err) = self.keep(&samples, &usages).await
        {
            outcomes.truncate(first);
            outcomes.push(Handled::retry(err));
        }
        outcomes
    }
}

fn fact(record: &Record) -> Result<Fact, Refused> {
    match record.topic.as_str() {
        room::TOPIC => sample(record),
        process::TOPIC => usage(record),
        _ => Ok(Fact::NotOurs),
    }
}

fn sample(record: &Record) -> Result<Fact, Refused> {
    let event = RoomEvent::decode(record)?;
    let reading = match event.measurement {
        Measurement::Temperature(degrees) => Reading::Temperature(Celsius::new(degrees)?),
        Measurement::Humidity(percent) => Reading::Humidity(whole_percent(percent)?),
        Measurement::Luminosity(lux) => Reading::Luminosity(Lux::new(lux)?),
        Measurement::Presence(presence) => Reading::Presence(presence),
    };
    let room = event.room_id.parse()?;
    Ok(Fact::Sample(Sample { room, at: event.date_time, reading, told_by: record.id() }))
}

fn whole_percent(percent: i64) -> Result<Percent, OutOfRange> {
    let percent = u8::try_from(percent).map_err(|_too_large| OutOfRange::Humidity)?;
    Percent::new(f64::from(percent))
}

fn usage(record: &Record) -> Result<Fact, Refused> {
    if key_of(record)? != process::MEDICAL_TECHNOLOGY_USAGE_EVENT {
        return Ok(Fact::NotOurs);
    }
    let event = ProcessEvent::decode(record)?;
    let ProcessFact::MedicalTechnologyUsage { medical_technology_id, in_use } = event.fact else {
        return Ok(Fact::NotOurs);
    };
    let technology = medical_technology_id.parse()?;
    Ok(Fact::Usage(Usage { technology, at: event.date_time, in_use, told_by: record.id() }))
}
