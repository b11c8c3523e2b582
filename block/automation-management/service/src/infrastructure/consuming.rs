//! Consumes what happens, and lets rooms react.
//!
//! Idempotent: a room takes a fact once, since one that it knows is not newer than what it knows;
//! and the ids of what follows derive from the event. What measurements say of one room is taken
//! together, with one write.

use std::collections::BTreeMap;

use automation_management_domain::{
    id::{ActuatorId, ProcessId, RoomId, TechnologyId},
    policy::RoomKind,
    reaction::{Fact, Moment, Refusal},
    room::Stamp,
};
use block_language::automation::RequestEvent;
use chiron_broker::{Broker, Handled, Handler, PublishError, Record};
use chiron_clock::{Clock, Reconciler};
use jiff::Timestamp;
use twin_client::TwinError;

use crate::{
    application::{
        event::{Said, read, surgery, wish},
        telling::{Origin, refuse},
    },
    infrastructure::{
        rooms::{RoomError, Rooms},
        surroundings::Surroundings,
    },
};

/// The consumer's handler.
#[derive(Clone)]
pub(crate) struct Consuming {
    pub(crate) rooms: Rooms,
    pub(crate) surroundings: Surroundings,
    pub(crate) broker: Broker,
    pub(crate) clock: Clock,
    pub(crate) nudge: Reconciler,
}

/// Why an event cannot be taken now.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error(transparent)]
    Room(#[from] RoomError),
    #[error("the twin layer was not asked")]
    Twins(#[from] TwinError),
    #[error("a refusal was not published")]
    Publish(#[from] PublishError),
    #[error("a refusal was not written")]
    Write(#[from] block_language::NotWritten),
}

/// What measurements say of one room, in the order in which they came.
type Measured = BTreeMap<RoomId, (RoomKind, Vec<(Fact, Stamp, Moment)>)>;

impl Handler for Consuming {
    async fn handle(&self, records: &[Record]) -> Vec<Handled> {
        let mut outcomes = Vec::with_capacity(records.len());
        let mut measured = Measured::new();
        for record in records {
            match read(record) {
                Ok((Said::Measured(room, kind, fact), stamp)) => {
                    let moment = self.rooms.moment(record.appended_at);
                    let of_room = measured.entry(room).or_insert_with(|| (kind, Vec::new()));
                    of_room.0 = kind;
                    of_room.1.push((fact, stamp, moment));
                    outcomes.push(Handled::Done);
                }
                // Most events are about something else.
                Ok((Said::Nothing, _)) => outcomes.push(Handled::Done),
                Ok((said, stamp)) => {
                    let taking = self.take(said, &stamp, record.appended_at);
                    match record.scope(Box::pin(taking)).await {
                        Ok(()) => outcomes.push(Handled::Done),
                        Err(error) => {
                            outcomes.push(Handled::retry(error));
                            return outcomes;
                        }
                    }
                }
                Err(reason) => outcomes.push(Handled::Reject(reason)),
            }
        }
        let taking = Box::pin(self.take_measured(&measured));
        // The trace of the last record goes on: a slice is one record but for bursts.
        let taken = match records.last() {
            Some(last) if !measured.is_empty() => last.scope(taking).await,
            _ => Ok(()),
        };
        if let Err(error) = taken {
            // Everything but what is rejected comes again; a repetition changes nothing.
            let first = outcomes.iter().position(|it| matches!(it, Handled::Done));
            outcomes.truncate(first.unwrap_or(0));
            outcomes.push(Handled::retry(error));
        }
        outcomes
    }
}

impl Consuming {
    async fn take_measured(&self, measured: &Measured) -> Result<(), NotTaken> {
        let policy = &self.rooms.policy;
        for (room, (kind, facts)) in measured {
            let origin = Origin { event: "", request: None };
            let is_due = self
                .rooms
                .update(room, Some(*kind), origin, |room| {
                    facts
                        .iter()
                        .flat_map(|(fact, stamp, moment)| room.take(policy, fact, stamp, *moment))
                        .collect()
                })
                .await;
            self.nudge_unless_idle(is_due)?;
        }
        Ok(())
    }

    async fn take(
        &self,
        said: Said,
        stamp: &Stamp,
        appended_at: Timestamp,
    ) -> Result<(), NotTaken> {
        let moment = self.rooms.moment(appended_at);
        match said {
            Said::Usage(technology, in_use) => self.usage(technology, in_use, stamp, moment).await,
            Said::Wish(request) => self.wish(&request, stamp, moment).await,
            Said::Process(process, version, room) => {
                self.process(&process, version, room.as_ref(), stamp, moment).await
            }
            Said::ActuatorChanged(actuator) => self.shadow(&actuator, stamp, moment).await,
            Said::ActuatorMoved { actuator, from } => {
                self.surroundings.moved(&actuator);
                if let Some(room) = from {
                    let gone = Fact::ActuatorGone(actuator.clone());
                    self.tell(&room, None, &gone, stamp, None, moment).await?;
                }
                self.shadow(&actuator, stamp, moment).await
            }
            Said::Measured(..) | Said::Nothing => Ok(()),
        }
    }

    async fn usage(
        &self,
        technology: TechnologyId,
        in_use: bool,
        stamp: &Stamp,
        moment: Moment,
    ) -> Result<(), NotTaken> {
        let placed = self.surroundings.technology(&technology).await?;
        // It may have been carried elsewhere since: where it was used, it no longer is.
        for room in self.rooms.of_all().await? {
            let elsewhere = placed.as_ref().is_none_or(|(_, place)| *place != room.id);
            let used = room.usages.get(&technology).filter(|it| elsewhere && it.in_use.value);
            let Some(kind) = used.map(|usage| usage.kind) else { continue };
            let technology = technology.clone();
            let fact = Fact::TechnologyUsage { technology, kind, in_use: false };
            self.tell(&room.id, None, &fact, stamp, None, moment).await?;
        }
        let Some((kind, room)) = placed else {
            return Ok(());
        };
        let fact = Fact::TechnologyUsage { technology, kind, in_use };
        // Technologies are placed in theatres alone.
        self.tell(&room, Some(RoomKind::Operating), &fact, stamp, None, moment).await
    }

    async fn wish(
        &self,
        request: &RequestEvent,
        stamp: &Stamp,
        moment: Moment,
    ) -> Result<(), NotTaken> {
        // It was parsed when the record was read.
        let Ok(room) = request.room_id.parse::<RoomId>() else { return Ok(()) };
        let kind = match self.rooms.get(&room).await? {
            Some(room) => Some(room.kind),
            None => self.surroundings.room_kind(&room).await?,
        };
        if kind.is_none() {
            if moment.fresh {
                let now = self.clock.now();
                let refusal = refuse(&stamp.event, request, Refusal::UnknownRoom, now)?;
                // There is no state to be kept with it; a repeat has the same id.
                self.broker.publish(vec![refusal]).await?;
            }
            return Ok(());
        }
        let fact = wish(&request.request);
        self.tell(&room, kind, &fact, stamp, Some(request), moment).await
    }

    async fn process(
        &self,
        process: &ProcessId,
        version: u64,
        room: Option<&RoomId>,
        stamp: &Stamp,
        moment: Moment,
    ) -> Result<(), NotTaken> {
        for known in self.rooms.of_all().await? {
            if Some(&known.id) != room && known.surgeries.contains_key(process) {
                let news = Fact::Surgery(process.clone(), surgery(version, false, stamp.at));
                self.tell(&known.id, None, &news, stamp, None, moment).await?;
            }
        }
        let Some(room) = room else { return Ok(()) };
        let news = Fact::Surgery(process.clone(), surgery(version, true, stamp.at));
        self.tell(room, Some(RoomKind::Operating), &news, stamp, None, moment).await
    }

    /// What the twin says now is at least as new as its notification, whose id orders what it says
    /// of one instant.
    async fn shadow(
        &self,
        actuator: &ActuatorId,
        notification: &Stamp,
        moment: Moment,
    ) -> Result<(), NotTaken> {
        let Some(room) = self.surroundings.room_of(actuator).await? else { return Ok(()) };
        let Some(state) = self.surroundings.state(actuator).await? else { return Ok(()) };
        let kind = match self.rooms.get(&room).await? {
            Some(room) => Some(room.kind),
            None => self.surroundings.room_kind(&room).await?,
        };
        let fact = Fact::Shadow(state.kind, actuator.clone(), state.setting);
        let stamp = Stamp { at: state.at, event: notification.event.clone() };
        self.tell(&room, kind, &fact, &stamp, None, moment).await
    }

    async fn tell(
        &self,
        room: &RoomId,
        kind: Option<RoomKind>,
        fact: &Fact,
        stamp: &Stamp,
        request: Option<&RequestEvent>,
        moment: Moment,
    ) -> Result<(), NotTaken> {
        let origin = Origin { event: &stamp.event, request };
        let policy = &self.rooms.policy;
        let is_due = self
            .rooms
            .update(room, kind, origin, |room| room.take(policy, fact, stamp, moment))
            .await;
        self.nudge_unless_idle(is_due)
    }

    /// Wakes the pass when something is to be done about a room, and when that is not known: a
    /// write that was done and whose answer was lost may have set a timer.
    fn nudge_unless_idle(&self, is_due: Result<bool, RoomError>) -> Result<(), NotTaken> {
        if !matches!(is_due, Ok(false)) {
            self.nudge.nudge();
        }
        Ok(is_due.map(drop)?)
    }
}
