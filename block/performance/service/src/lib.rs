//! Service for plan against actual and the key figures of the block.
//!
//! Follows bookings and surgical processes, keeps what is planned and what came of it, and works
//! figures out when they are asked for. Nothing of it is truth: everything can be read again from
//! its owners, except why something was late, which people say here.

mod application;
mod infrastructure;

use std::collections::BTreeMap;
use std::sync::Arc;

use chiron_chassis::{Api, Runtime, ServeError};
use chiron_clock::ZoneName;
use chiron_store::CollectionSpec;
use jiff::civil::Time;
use performance_domain::entity::hours::{Hours, InvalidShift, Shift};
use performance_domain::entity::plan::{EmptyId, TheatreId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::net::TcpListener;

pub use performance_domain::entity::climate::{Range, Wanted};

use crate::application::CausesV1;
use crate::infrastructure::following;
use crate::infrastructure::http::Service;
use crate::infrastructure::store::{self, Records};

/// The service's name.
pub const NAME: &str = "performance";

/// The collections of its store.
pub const COLLECTIONS: &[&CollectionSpec] = &[&store::PLANS, &store::COURSES, &store::CAUSES];

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// When theatres are staffed: 08:00 to 20:00.
    pub staffed: Staffed,
    /// The same of theatres that have hours of their own, by id.
    pub staffed_by_theatre: BTreeMap<String, Staffed>,
    /// The causes of delays that people choose from.
    pub delay_causes: Vec<DelayCause>,
}

/// From one time of day to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staffed {
    /// The beginning, `HH:MM` in the hospital's time zone.
    pub from: Time,
    /// The end, on the same day.
    pub to: Time,
}

/// A cause of delays, in the languages of the dashboards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayCause {
    /// Its id, which is kept with the cases.
    pub id: String,
    /// In English.
    pub en: String,
    /// In Italian.
    pub it: String,
}

/// What the service needs to know of the house.
#[derive(Debug, Clone)]
pub struct House {
    /// The hospital's time zone.
    pub time_zone: ZoneName,
    /// What a theatre should be like, as it is drawn on the dashboards.
    pub wanted: Wanted,
}

/// Why settings are refused.
#[derive(Debug, Error)]
pub enum Unusable {
    /// Hours that end before they begin.
    #[error("performance.staffed: {0}")]
    Hours(#[from] InvalidShift),
    /// A theatre without a name.
    #[error("performance.staffed_by_theatre: {0}")]
    Theatre(#[from] EmptyId),
    /// A cause without id or words, or two with one id.
    #[error("performance.delay_causes: every cause needs an id of its own, `en` and `it`")]
    Causes,
}

impl Default for Settings {
    fn default() -> Self {
        let cause = |id: &str, en: &str, it: &str| DelayCause {
            id: id.to_owned(),
            en: en.to_owned(),
            it: it.to_owned(),
        };
        Self {
            staffed: Staffed { from: Time::constant(8, 0, 0, 0), to: Time::constant(20, 0, 0, 0) },
            staffed_by_theatre: BTreeMap::new(),
            delay_causes: vec![
                cause("patient-not-ready", "Patient not ready", "Paziente non pronto"),
                cause(
                    "previous-case",
                    "Previous case ran over",
                    "Intervento precedente prolungato",
                ),
                cause("surgeon", "Surgeon not available", "Chirurgo non disponibile"),
                cause("anaesthesia", "Anaesthesia", "Anestesia"),
                cause("staff", "Theatre staff not available", "Personale di sala non disponibile"),
                cause("equipment", "Equipment or supplies", "Apparecchiature o materiali"),
                cause("room", "Room not ready", "Sala non pronta"),
                cause("emergency", "Emergency took precedence", "Precedenza a un'emergenza"),
                cause("complexity", "Surgery more complex", "Intervento più complesso"),
                cause("bed", "No bed afterwards", "Posto letto non disponibile"),
                cause("other", "Other", "Altro"),
            ],
        }
    }
}

impl Settings {
    fn hours(&self, zone: &ZoneName) -> Result<Hours, Unusable> {
        let shift = |staffed: Staffed| Shift::new(staffed.from, staffed.to);
        let own = self.staffed_by_theatre.iter();
        let own = own.map(|(id, staffed)| Ok((TheatreId::new(id)?, shift(*staffed)?)));
        Ok(Hours {
            zone: zone.zone().clone(),
            standard: shift(self.staffed)?,
            by_theatre: own.collect::<Result<_, Unusable>>()?,
        })
    }

    fn causes(&self) -> Result<CausesV1, Unusable> {
        let causes = CausesV1::new(&self.delay_causes);
        causes.are_usable().then_some(causes).ok_or(Unusable::Causes)
    }

    /// Whether the service can work by these.
    ///
    /// # Errors
    ///
    /// [`Unusable`] names what it cannot.
    pub fn check(&self) -> Result<(), Unusable> {
        self.hours(&ZoneName::UTC)?;
        self.causes()?;
        Ok(())
    }
}

/// The routes.
///
/// # Errors
///
/// When the settings cannot be followed.
pub fn api(runtime: &Runtime, settings: &Settings, house: &House) -> Result<Api, ServeError> {
    let refused = |source: Unusable| ServeError::Start { service: NAME, source: Box::new(source) };
    Ok(infrastructure::http::api(Service {
        clock: runtime.clock.clone(),
        records: Records::new(&runtime.store),
        zone: house.time_zone.clone(),
        hours: Arc::new(settings.hours(&house.time_zone).map_err(refused)?),
        causes: Arc::new(settings.causes().map_err(refused)?),
    }))
}

/// Follows bookings and processes, and serves figures, until shutdown.
///
/// # Errors
///
/// When the settings cannot be followed or the listener fails.
pub async fn run(
    runtime: Runtime,
    settings: Settings,
    house: House,
    listener: TcpListener,
) -> Result<(), ServeError> {
    let api = api(&runtime, &settings, &house)?;
    following::spawn(&runtime, house.wanted);
    chiron_chassis::serve(api, listener, runtime).await
}
