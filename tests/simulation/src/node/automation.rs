//! Automation management: what each room should be like, and commands until they have come to an
//! end.
//!
//! Actuators are part of the world: a command may be refused, and it may be carried out without
//! anybody learning of it but by the actuator's twin.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use automation_management_domain::{
    actuator::{Actuator, Setting},
    command::{Decision, Progress, Trouble},
    id::{ActuatorId, RoomId, TechnologyId},
    invariant,
    policy::{Environment, KindPolicy, Lights, OutOfRange, Policy, RoomKind, Standby, Technology},
    reaction::{Effect, Fact, Moment},
    room::{Room, Stamp, Surgery},
};
use building_management_domain::entity::environment::Reading;
use jiff::{SignedDuration, Timestamp};

use crate::{
    bus::Outbox,
    event::{Event, Light, Message, News, Topic},
    machine::{Bell, Ground, NoAnswer, NodeId, instant},
    node::{gateway, rooms::Rooms},
    shell::{Handler, Node, Patience, call},
    store::{Documents, WriteError},
};

/// What it follows.
pub const TOPICS: &[Topic] =
    &[Topic::Room, Topic::Process, Topic::SurgicalProcess, Topic::Wish, Topic::Twin];
/// Rings when something is to be done about a room.
const ROOMS: Bell = Bell::Nudge(6);
/// For how long a twin may take to say what was commanded, in milliseconds.
const CONFIRM_MS: i64 = 5_000;
/// Steps of one room in one pass.
const STEPS: usize = 8;

/// What each actuator of each room is set to, and since when in milliseconds.
type Settings = BTreeMap<(String, Actuator), (Setting, i64)>;

/// What actuators are really set to, by room.
#[derive(Clone)]
pub struct Plant {
    ground: Ground,
    told: Outbox,
    settings: Arc<Mutex<Settings>>,
}

impl Plant {
    /// Everything is off, and twins tell changes through an outbox.
    pub fn new(ground: &Ground, told: &Outbox) -> Self {
        Self { ground: ground.clone(), told: told.clone(), settings: Arc::default() }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets an actuator. The same again changes nothing.
    async fn set(self, room: String, actuator: Actuator, setting: Setting) -> Result<(), NoAnswer> {
        let ground = self.ground.clone();
        ground.writes(|| format!("set {actuator:?} of {room} to {setting:?}")).await?;
        let now = ground.now_ms();
        let before = self.settings().insert((room.clone(), actuator), (setting, now));
        let of_room: Vec<(Actuator, Setting)> = {
            let settings = self.settings();
            let here = settings.iter().filter(|((of, _), _)| *of == room);
            here.map(|((_, actuator), (setting, _))| (*actuator, *setting)).collect()
        };
        let both = "heating and cooling are never on together";
        ground.check(invariant::never_both(of_room), both, || room.clone());
        if before.is_none_or(|(before, _)| before != setting) {
            self.told.put(vec![Message {
                id: format!("{:016}", ground.number()),
                at: instant(now),
                appended_ms: 0,
                key: room.clone(),
                event: Event::Shadow { room, actuator, setting },
            }]);
            ground.ring(gateway::BELL, None);
        }
        ground.wrote().await
    }

    /// What an actuator's twin says; nothing before it was ever set.
    async fn state(
        self,
        room: String,
        actuator: Actuator,
    ) -> Result<Option<(Setting, i64)>, NoAnswer> {
        self.ground.reads(|| format!("ask {actuator:?} of {room}")).await?;
        Ok(self.settings().get(&(room, actuator)).copied())
    }
}

/// One process of the service.
#[derive(Clone)]
pub struct Automation {
    /// Where it runs.
    pub node: Node,
    /// Rooms by id.
    pub rooms: Documents<Arc<Room>>,
    /// Commands as people read them.
    pub decisions: Documents<Decision>,
    /// The actuators, reached through the twin layer's node.
    pub plant: (NodeId, Plant),
    /// Who knows where technologies stand.
    pub placements: (NodeId, Rooms),
    /// What is wanted.
    pub policy: Arc<Policy>,
}

/// The demonstration's targets, with a standby.
///
/// # Errors
///
/// None: the values are possible.
pub fn policy() -> Result<Policy, OutOfRange> {
    let lights = Lights::new(200, 100_000)?;
    let standby = Standby {
        after: SignedDuration::from_mins(5),
        environment: Environment::new(18.0, 60.0, Lights::new(50, 0)?)?,
    };
    let environment = Environment::new(21.0, 50.0, lights)?;
    let operating = KindPolicy { environment, standby: Some(standby) };
    let scenarios = BTreeMap::from([(Technology::Endoscope, Lights::new(60, 150_000)?)]);
    let pre_post = KindPolicy { environment, standby: Some(standby) };
    Ok(Policy { operating, pre_post, surgery: None, scenarios })
}

impl Handler for Automation {
    async fn handle(&self, messages: &[Message]) -> Result<(), NoAnswer> {
        for message in messages {
            let stamp = Stamp { at: message.at, event: message.id.clone() };
            let moment = self.moment(instant(message.appended_ms));
            for (room, kind, fact) in self.said(message).await? {
                self.change(&room, kind, |room| room.take(&self.policy, &fact, &stamp, moment))
                    .await?;
            }
        }
        Ok(())
    }
}

type Said = Vec<(String, Option<RoomKind>, Fact)>;

impl Automation {
    fn moment(&self, since: Timestamp) -> Moment {
        let machine_second = SignedDuration::from_secs(1);
        let moment = Moment { now: self.node.ground.now(), fresh: true, machine_second };
        Moment { fresh: moment.is_fresh(since), ..moment }
    }

    async fn said(&self, message: &Message) -> Result<Said, NoAnswer> {
        let theatre = Some(RoomKind::Operating);
        Ok(match &message.event {
            Event::Measured { room, operating, reading } => {
                let kind = if *operating { RoomKind::Operating } else { RoomKind::PrePost };
                let fact = match reading {
                    Reading::Temperature(it) => Fact::Temperature(it.get()),
                    Reading::Humidity(it) => Fact::Humidity(it.get()),
                    Reading::Luminosity(it) => Fact::Luminosity(it.get()),
                    Reading::Presence(present) => Fact::Presence(*present),
                };
                vec![(room.clone(), Some(kind), fact)]
            }
            Event::Wished { room, wish } => {
                let fact = match wish {
                    Light::Custom(ambient, surgical) => Fact::CustomLight(*ambient, *surgical),
                    Light::Stop => Fact::CustomLightStop,
                    Light::Adapt => Fact::TechnologyRequest(Technology::Endoscope),
                };
                vec![(room.clone(), theatre, fact)]
            }
            Event::Shadow { room, actuator, setting } => match id_of(room, *actuator) {
                Some(id) => vec![(room.clone(), None, Fact::Shadow(*actuator, id, *setting))],
                None => Vec::new(),
            },
            Event::Used { technology, in_use } => {
                self.used(technology, *in_use, message.at).await?
            }
            Event::Process(news) => self.process(news, message.at).await?,
            _ => Vec::new(),
        })
    }

    async fn used(&self, id: &str, in_use: bool, at: Timestamp) -> Result<Said, NoAnswer> {
        let (node, rooms) = self.placements.clone();
        let Ok(technology) = id.parse::<TechnologyId>() else { return Ok(Vec::new()) };
        let asked = id.parse().map_err(|_invalid| NoAnswer)?;
        let asked = call(&self.node.ground, node, rooms.room_at(asked, at)).await;
        let Some(room) = asked.ok_or(NoAnswer)?? else { return Ok(Vec::new()) };
        let kind = Technology::Endoscope;
        let fact = Fact::TechnologyUsage { technology, kind, in_use };
        Ok(vec![(room, Some(RoomKind::Operating), fact)])
    }

    /// A process is operated in one room, and in those that know it from before no longer.
    async fn process(&self, news: &News, at: Timestamp) -> Result<Said, NoAnswer> {
        let Ok(process) = news.process.parse() else { return Ok(Vec::new()) };
        let version = news.version;
        let known = self.rooms.find(|id, room| {
            (news.theatre.as_deref() != Some(id) && room.surgeries.contains_key(&process))
                .then(|| id.to_owned())
        });
        let told =
            |in_progress| Fact::Surgery(process.clone(), Surgery { version, in_progress, at });
        let former = known.await?.into_iter().map(|room| (room, None, told(false)));
        let here = news.theatre.clone();
        let here = here.map(|room| (room, Some(RoomKind::Operating), told(true)));
        Ok(former.chain(here).collect())
    }

    /// Changes a room on condition of its version.
    async fn change(
        &self,
        id: &str,
        kind: Option<RoomKind>,
        change: impl Fn(&mut Room) -> Vec<Effect> + Send,
    ) -> Result<(), NoAnswer> {
        loop {
            let (version, before) = self.rooms.get(id).await?.unzip();
            let mut room = match (&before, kind) {
                (Some(room), _) => (**room).clone(),
                (None, Some(kind)) => {
                    Room::new(id.parse::<RoomId>().map_err(|_invalid| NoAnswer)?, kind)
                }
                (None, None) => return Ok(()),
            };
            let _told = change(&mut room);
            self.check(before.as_deref(), &room);
            let is_due = room.due(&self.policy).is_some();
            if before.as_deref() != Some(&room) {
                match self.rooms.write(id, version, Arc::new(room), Vec::new()).await {
                    Ok(_) => {}
                    Err(WriteError::Conflict) => continue,
                    Err(WriteError::NoAnswer(err)) => return Err(err),
                }
            }
            if is_due {
                self.node.ground.ring(ROOMS, None);
            }
            return Ok(());
        }
    }

    fn check(&self, before: Option<&Room>, room: &Room) {
        let ground = &self.node.ground;
        for violated in invariant::violated(room) {
            ground.check(false, violated, || format!("{:?}", room.decisions));
        }
        for was in before.iter().flat_map(|before| &before.decisions) {
            let is = room.decisions.iter().find(|it| it.id == was.id);
            let holds = is.is_none_or(|is| invariant::one_outcome(was, is));
            ground.check(holds, ONE_OUTCOME, || format!("{was:?} then {is:?}"));
        }
    }

    /// Starts a process of the service.
    pub fn boot(self) {
        let node = self.node.clone();
        node.consume(TOPICS, &self);
        let work = async move { self.act_always().await };
        node.ground.spawn(node.id, "acting", Box::pin(work));
    }

    async fn act_always(&self) {
        let ground = &self.node.ground;
        let mut patience = Patience::new();
        loop {
            let rung = ground.rung(ROOMS);
            match self.pass().await {
                Ok(next) => {
                    patience = Patience::new();
                    ground.park_since(ROOMS, rung, next).await;
                }
                Err(NoAnswer) => patience.wait(ground).await,
            }
        }
    }

    /// Does what is due, and answers when something is next, in milliseconds.
    async fn pass(&self) -> Result<Option<i64>, NoAnswer> {
        let due = self.rooms.find(|id, room| Some((id.to_owned(), room.due(&self.policy)?)));
        for (room, at) in due.await? {
            if at <= self.node.ground.now() {
                self.see_to(&room).await?;
            }
        }
        let soon = self.node.ground.now_ms() + 1;
        let next = self.rooms.find(|_, room| room.due(&self.policy)).await?;
        Ok(next.into_iter().min().map(|at| at.as_millisecond().max(soon)))
    }

    async fn see_to(&self, id: &str) -> Result<(), NoAnswer> {
        for _ in 0..STEPS {
            self.show(id).await?;
            let Some((_, room)) = self.rooms.get(id).await? else { return Ok(()) };
            let now = self.node.ground.now();
            if room.due(&self.policy).is_none_or(|due| now < due) {
                return Ok(());
            }
            self.change(id, None, |room| room.stand_by(&self.policy, self.moment(now))).await?;
            for decision in room.to_be_seen_to(now) {
                match decision.progress {
                    Progress::Unconfirmed(_) => self.confirm(id, decision).await?,
                    Progress::Due(_) | Progress::Sending(_) => self.send(id, decision).await?,
                    Progress::Ended(..) => {}
                }
            }
        }
        Ok(())
    }

    async fn send(&self, room: &str, decision: &Decision) -> Result<(), NoAnswer> {
        let Decision { id, actuator, setting, .. } = decision;
        let ground = &self.node.ground;
        let to = id_of(room, *actuator);
        let now = ground.now();
        self.change(room, None, |room| room.begin(id, to.as_ref(), self.moment(now)).1).await?;
        let begun = self.rooms.get(room).await?;
        let is = |it: &Decision| it.id == *id && matches!(it.progress, Progress::Sending(_));
        if !begun.is_some_and(|(_, begun)| begun.decisions.iter().any(is)) {
            return Ok(());
        }
        let (node, plant) = self.plant.clone();
        let sent = call(ground, node, plant.set(room.to_owned(), *actuator, *setting)).await;
        if let Some(Ok(())) = sent {
            let now = ground.now();
            let by = later(now, CONFIRM_MS);
            return self.change(room, None, |room| room.sent(id, now, by)).await;
        }
        self.fail(room, decision, Trouble::NoGateway).await
    }

    /// Asks the twin whose word has not come by itself in time.
    async fn confirm(&self, room: &str, decision: &Decision) -> Result<(), NoAnswer> {
        let (node, plant) = self.plant.clone();
        let asked = plant.state(room.to_owned(), decision.actuator);
        let Some(Ok(state)) = call(&self.node.ground, node, asked).await else {
            return self.fail(room, decision, Trouble::NoTwinLayer).await;
        };
        if let (Some((setting, at_ms)), Some(id)) = (state, &decision.actuator_id) {
            let fact = Fact::Shadow(decision.actuator, id.clone(), setting);
            let stamp = Stamp { at: instant(at_ms), event: "~".to_owned() };
            let moment = self.moment(self.node.ground.now());
            self.change(room, None, |room| room.take(&self.policy, &fact, &stamp, moment)).await?;
        }
        self.fail(room, decision, Trouble::NotConfirmed).await
    }

    async fn fail(&self, room: &str, decision: &Decision, why: Trouble) -> Result<(), NoAnswer> {
        let now = self.node.ground.now();
        let again = later(now, 1_000 << decision.attempts.min(5));
        self.change(room, None, |room| room.failed(&decision.id, why, self.moment(now), again))
            .await
    }

    /// Shows commands as they are now, and lets the room forget those that are over.
    async fn show(&self, id: &str) -> Result<(), NoAnswer> {
        let Some((_, room)) = self.rooms.get(id).await? else { return Ok(()) };
        let hidden: Vec<Decision> = room.decisions.iter().filter(|it| !it.shown).cloned().collect();
        if hidden.is_empty() {
            return Ok(());
        }
        for decision in &hidden {
            let (version, known) = self.decisions.get(&decision.id).await?.unzip();
            let holds = known.is_none_or(|known| invariant::one_outcome(&known, decision));
            self.node.ground.check(holds, ONE_OUTCOME, || format!("{decision:?}"));
            match self.decisions.write(&decision.id, version, decision.clone(), Vec::new()).await {
                Ok(_) => {}
                Err(WriteError::Conflict | WriteError::NoAnswer(_)) => return Err(NoAnswer),
            }
        }
        self.change(id, None, |room| {
            for decision in &mut room.decisions {
                decision.shown = decision.shown || hidden.contains(decision);
            }
            room.forget_shown();
            Vec::new()
        })
        .await
    }
}

/// The name of an invariant.
const ONE_OUTCOME: &str = "a command has at most one outcome";

fn id_of(room: &str, actuator: Actuator) -> Option<ActuatorId> {
    format!("{actuator:?}-{room}").parse().ok()
}

fn later(at: Timestamp, ms: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(Timestamp::MAX)
}

/// What is known of the rooms, for comparison: what was said of them, not what was commanded, which
/// depends on when it was heard.
pub fn content(rooms: &Documents<Arc<Room>>) -> Vec<(String, String)> {
    let said = rooms.all().into_iter().map(|(id, room)| {
        let number = |sample: &Option<automation_management_domain::room::Sample<f64>>| {
            sample.as_ref().map(|sample| (sample.value, sample.stamp.at))
        };
        let numbers = [&room.temperature, &room.humidity, &room.luminosity].map(number);
        let presence = room.presence.as_ref().map(|sample| (sample.value, sample.stamp.at));
        let custom = room.custom.as_ref().map(|sample| (sample.value, sample.stamp.at));
        (format!("automation of {id}"), format!("{numbers:?}\n{presence:?}\n{custom:?}"))
    });
    said.collect()
}
