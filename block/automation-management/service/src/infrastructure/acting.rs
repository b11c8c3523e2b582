//! What is to be done about rooms without anything being said of them: commands are sent and
//! confirmed, standby begins, decisions are shown.
//!
//! A pass takes no input: what is due is read from the rooms, so nothing is lost with a crash. Of
//! several processes each sees to its own rooms, and a room is one process's at a time.
//! Rooms are seen to side by side, but one after the other in lock-step, where the order in which
//! actuators hear of things is part of the run.

use std::sync::atomic::{AtomicU32, Ordering};

use automation_management_domain::{
    command::{Decision, Progress, Trouble},
    id::RoomId,
    reaction::{Effect, Fact},
    room::{Room, Stamp},
};
use chiron_broker::Duties;
use chiron_clock::Clock;
use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use twin_client::TwinError;

use crate::{
    application::telling::Origin,
    infrastructure::{
        rooms::{RoomError, Rooms},
        surroundings::Surroundings,
        things::Things,
    },
    machine_seconds,
};

/// Rooms seen to at the same time.
const SIDE_BY_SIDE: usize = 16;
/// Steps of one room in one pass; what is left is for the next pass, which follows at once.
const STEPS: usize = 16;
/// How soon a process looks again for what another one has noted of its rooms, in seconds of the
/// machine.
const LOOK_AGAIN_S: f64 = 0.25;
/// For how long the twin may take to say what was commanded, in seconds of the machine.
const CONFIRM_WITHIN_S: f64 = 5.0;

/// In place of an event's id: what a twin says when asked comes after what it told by itself.
const ASKED: &str = "~";
/// Nothing is told but the ends of commands, whose ids are their own.
const NO_ORIGIN: Origin<'static> = Origin { event: "", request: None };

/// Sees to rooms.
#[derive(Clone)]
pub(crate) struct Acting {
    pub(crate) rooms: Rooms,
    pub(crate) surroundings: Surroundings,
    pub(crate) things: Things,
    pub(crate) clock: Clock,
    pub(crate) duties: Duties,
}

impl Acting {
    /// Does what is due, and tells when there is more to do, and whether something failed.
    pub(crate) async fn pass(&self) -> (Option<Timestamp>, bool) {
        let failed = match self.see_to_all().await {
            Ok(failed) => failed,
            Err(error) => {
                tracing::warn!(error = %chiron_chassis::chain(&error), "what is due was not read");
                true
            }
        };
        match self.rooms.next_due().await {
            Ok(next) => {
                // What is due already was begun in this pass, and goes on in the next.
                let now = self.clock.now();
                let soon = now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now);
                if self.duties.are_shared() {
                    // Others take events of rooms that are this process's, and rooms of others are
                    // due for them.
                    let look = self.later(LOOK_AGAIN_S).max(soon);
                    let next = next.filter(|at| now < *at).map_or(look, |at| at.min(look));
                    return (Some(next), failed);
                }
                (next.map(|at| at.max(soon)), failed)
            }
            Err(error) => {
                tracing::warn!(error = %chiron_chassis::chain(&error), "what is due next was not read");
                (None, true)
            }
        }
    }

    async fn see_to_all(&self) -> Result<bool, RoomError> {
        let due = self.rooms.due(self.clock.now()).await?;
        let side_by_side = if self.clock.is_lock_step() { 1 } else { SIDE_BY_SIDE };
        let failures = stream::iter(due)
            .map(|room| async move {
                let Some(_on_duty) = self.duties.on_duty(room.as_str()) else { return false };
                let seen = self.see_to(&room).await;
                if let Err(error) = &seen {
                    tracing::warn!(%room, error = %chiron_chassis::chain(error), "a room was not seen to");
                }
                seen.is_err()
            })
            .buffered(side_by_side)
            .filter(|failed| std::future::ready(*failed))
            .count()
            .await;
        Ok(failures > 0)
    }

    async fn see_to(&self, id: &RoomId) -> Result<(), RoomError> {
        for _ in 0..STEPS {
            self.rooms.show(id).await?;
            let Some(room) = self.rooms.get(id).await? else { return Ok(()) };
            let now = self.clock.now();
            if room.due(&self.rooms.policy).is_none_or(|due| now < due) {
                return Ok(());
            }
            self.rooms
                .update(id, None, NO_ORIGIN, |room| {
                    room.stand_by(&self.rooms.policy, self.rooms.moment(now))
                })
                .await?;
            for decision in room.to_be_seen_to(now) {
                match decision.progress {
                    Progress::Unconfirmed(_) => self.confirm(&room, decision).await?,
                    Progress::Due(_) | Progress::Sending(_) => self.send(&room, decision).await?,
                    Progress::Ended(..) => {}
                }
            }
        }
        Ok(())
    }

    /// Sends a command.
    async fn send(&self, room: &Room, decision: &Decision) -> Result<(), RoomError> {
        let Decision { id, actuator, setting, .. } = decision;
        let found = self.surroundings.actuator_in(&room.id, *actuator).await;
        let actuator_id = found.as_ref().ok().and_then(Option::as_ref);
        self.change(room, |room| {
            room.begin(id, actuator_id, self.rooms.moment(self.clock.now())).1
        })
        .await?;
        // Another fact may have taken its place, or it has waited for too long.
        let begun = self.rooms.get(&room.id).await?;
        let may = begun.is_some_and(|begun| {
            let is = |it: &Decision| it.id == *id && matches!(it.progress, Progress::Sending(_));
            begun.decisions.iter().any(is)
        });
        if !may {
            return Ok(());
        }
        let sent = match found {
            Ok(Some(actuator_id)) => self.things.set(&actuator_id, *setting).await,
            Ok(None) => Err(Trouble::NoActuator),
            Err(error) => Err(no_twin_layer(room, &error)),
        };
        match sent {
            Ok(()) => {
                let now = self.clock.now();
                let by = self.later(CONFIRM_WITHIN_S);
                self.change(room, |room| room.sent(id, now, by)).await
            }
            Err(trouble) => self.fail(room, decision, trouble).await,
        }
    }

    /// Asks the twin itself, since its word has not come by itself in time.
    async fn confirm(&self, room: &Room, decision: &Decision) -> Result<(), RoomError> {
        let Some(actuator) = &decision.actuator_id else {
            return self.fail(room, decision, Trouble::NotConfirmed).await;
        };
        match self.surroundings.state(actuator).await {
            Ok(state) => {
                if let Some(state) = state {
                    let fact = Fact::Shadow(state.kind, actuator.clone(), state.setting);
                    let moment = self.rooms.moment(self.clock.now());
                    let policy = &self.rooms.policy;
                    let stamp = Stamp { at: state.at, event: ASKED.to_owned() };
                    self.change(room, |room| room.take(policy, &fact, &stamp, moment)).await?;
                }
                // Changes nothing if it is confirmed now.
                self.fail(room, decision, Trouble::NotConfirmed).await
            }
            Err(error) => self.fail(room, decision, no_twin_layer(room, &error)).await,
        }
    }

    async fn fail(
        &self,
        room: &Room,
        decision: &Decision,
        trouble: Trouble,
    ) -> Result<(), RoomError> {
        let moment = self.rooms.moment(self.clock.now());
        // As `Activity::back_off`: a second, doubled each time. An instant instead of a wait, so
        // that it survives a restart.
        let seconds = 1_u32 << decision.attempts.min(5);
        let again = self.later(f64::from(seconds));
        self.change(room, |room| room.failed(&decision.id, trouble, moment, again)).await
    }

    async fn change(
        &self,
        room: &Room,
        change: impl Fn(&mut Room) -> Vec<Effect> + Send,
    ) -> Result<(), RoomError> {
        self.rooms.update(&room.id, None, NO_ORIGIN, change).await.map(drop)
    }

    fn later(&self, seconds: f64) -> Timestamp {
        let wait = machine_seconds(&self.clock, seconds);
        self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

fn no_twin_layer(room: &Room, error: &TwinError) -> Trouble {
    tracing::warn!(room = %room.id, error = %chiron_chassis::chain(error), "the twin layer fails");
    Trouble::NoTwinLayer
}

/// When a pass that left something undone comes again: in a second of the machine, doubled each
/// time, a minute at most.
pub(crate) struct Retry {
    clock: Clock,
    attempt: AtomicU32,
}

impl Retry {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, attempt: AtomicU32::new(0) }
    }

    pub(crate) fn after(&self, next: Option<Timestamp>, failed: bool) -> Option<Timestamp> {
        if !failed {
            self.attempt.store(0, Ordering::Relaxed);
            return next;
        }
        let attempt = self.attempt.fetch_add(1, Ordering::Relaxed);
        let seconds = 1_u32.checked_shl(attempt).unwrap_or(60).clamp(1, 60);
        let wait = machine_seconds(&self.clock, f64::from(seconds));
        Some(self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX))
    }
}
