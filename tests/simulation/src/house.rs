//! Who runs where: every service with its processes, the world outside, and the loop that makes one
//! step of one of them at a time.

use std::{collections::BTreeMap, sync::Arc};

use automation_management_domain::{command::Decision, policy::Policy, room::Room};
use jiff::Timestamp;

use crate::{
    bus::{Bus, Group, Outbox},
    hostility::Fault,
    machine::{Bell, Due, Ground, NodeId, TaskId, Work},
    node::{
        automation::{self, Automation, Plant},
        bookings::{self, Desk},
        engine::{self, Engine, Log},
        gateway,
        processes::{self, Monitoring, Records},
        reports::{self, Peers, Reporting},
        rooms::{self, Rooms},
        staff,
    },
    shell::Node,
    store::Documents,
    world::{Doors, WINDOW, World, furnish, send},
};

/// Until others notice that a process does not answer, in milliseconds: the session time-out.
const SESSION_MS: i64 = 6_000;
/// Steps between two looks at what holds of everybody's stays.
const STAFF_EVERY: u64 = 5_000;

const GATEWAY: Group = 0;
const PROCESSES: Group = 1;
const STAFF: Group = 2;
const ROOMS: Group = 3;
const BOOKINGS: Group = 4;
const REPORTS: Group = 5;
const AUTOMATION: Group = 6;

/// The world outside never dies.
const OUTSIDE: NodeId = 0;
/// Each service's processes; what is asked of one by others is asked of its first.
const NODES: [Option<Group>; 12] = [
    None,
    Some(GATEWAY),
    Some(PROCESSES),
    Some(PROCESSES),
    Some(STAFF),
    Some(STAFF),
    Some(ROOMS),
    Some(BOOKINGS),
    Some(REPORTS),
    Some(REPORTS),
    Some(AUTOMATION),
    Some(GATEWAY),
];
const GATEWAY_NODE: NodeId = 1;
const STANDBY_NODE: NodeId = 11;
const PROCESSES_NODE: NodeId = 2;
const STAFF_NODE: NodeId = 4;
const ROOMS_NODE: NodeId = 6;
const BOOKINGS_NODE: NodeId = 7;

#[derive(Debug, Clone, Copy, Default)]
struct State {
    up: bool,
    frozen_until_ms: i64,
}

/// The services and all that they keep.
pub struct House {
    ground: Ground,
    bus: Bus,
    states: [State; NODES.len()],
    tasks: BTreeMap<TaskId, (NodeId, Work)>,
    epoch: Timestamp,
    accepted: Outbox,
    /// What monitoring of processes keeps.
    pub processes: Records,
    /// What staff tracking keeps.
    pub staff: staff::Store,
    /// Building management.
    pub rooms: Rooms,
    /// The desk of bookings.
    pub desk: Desk,
    /// The reports.
    pub reports: reports::Reports,
    errands: Documents<reports::Errand>,
    /// What automation management knows of the rooms.
    pub automated: Documents<Arc<Room>>,
    decisions: Documents<Decision>,
    plant: Plant,
    log: Log,
    engines: [(NodeId, Engine); 2],
    policy: Option<Arc<Policy>>,
}

impl House {
    /// Starts every service and lets the world begin.
    pub fn open(ground: &Ground, world: &mut World) -> Self {
        let (accepted, booked, told) = (Outbox::default(), Outbox::default(), Outbox::default());
        let bus = Bus::new(ground);
        bus.relayed_from(&accepted);
        bus.relayed_from(&booked);
        bus.follow(PROCESSES, processes::TOPICS);
        bus.follow(STAFF, staff::TOPICS);
        bus.follow(ROOMS, rooms::TOPICS);
        bus.follow(BOOKINGS, bookings::TOPICS);
        bus.follow(REPORTS, reports::TOPICS);
        bus.follow(AUTOMATION, automation::TOPICS);
        let borrowed = |ids: &[String]| -> Vec<String> { ids.to_vec() };
        let (twins, people) = (borrowed(&world.twins), borrowed(&world.people));
        let twins: Vec<&str> = twins.iter().map(String::as_str).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        // Errands cause no events; their outbox stays empty.
        let none = Outbox::default();
        let log = Log::new("changes", ground, &accepted, gateway::BELL);
        let engine = |node| (node, Engine::new(ground, &log));
        let engines = [engine(GATEWAY_NODE), engine(STANDBY_NODE)];
        let mut house = Self {
            ground: ground.clone(),
            states: [State::default(); NODES.len()],
            tasks: BTreeMap::new(),
            epoch: world.epoch,
            processes: Records::new(ground, &told),
            staff: staff::store(ground),
            rooms: Rooms::new(ground),
            desk: Desk::new(ground, &booked, &twins, &people),
            reports: reports::store(ground),
            errands: Documents::new("errands", ground, &none, Bell::Outbox(9)),
            automated: Documents::new("automated rooms", ground, &none, Bell::Outbox(9)),
            decisions: Documents::new("decisions", ground, &none, Bell::Outbox(9)),
            plant: Plant::new(ground, &accepted),
            engines,
            log,
            policy: automation::policy().ok().map(Arc::new),
            bus,
            accepted,
        };
        for node in 0..NODES.len() {
            house.start(node);
        }
        let doors = Doors {
            bus: house.bus.clone(),
            twin_layer: (GATEWAY_NODE, house.accepted.clone()),
            engines: house.engines.clone(),
            desk: (BOOKINGS_NODE, house.desk.clone()),
            rooms: (ROOMS_NODE, house.rooms.clone()),
        };
        ground.spawn(OUTSIDE, "sabotage", Box::pin(house.bus.clone().sabotage()));
        let twins = std::mem::take(&mut world.furniture);
        let work = furnish(ground.clone(), doors.clone(), twins);
        ground.spawn(OUTSIDE, "furnishing", Box::pin(work));
        for lane in std::mem::take(&mut world.lanes).into_values() {
            let work = send(ground.clone(), doors.clone(), lane, OUTSIDE);
            ground.spawn(OUTSIDE, "sender", Box::pin(work));
        }
        house
    }

    /// Checks what must hold of the twin layer's log at the end of a day.
    pub fn check_log(&self) {
        engine::check(&self.ground, &self.log);
    }

    /// Where groups are behind; see [`Bus::behind`].
    pub fn behind(&self) -> String {
        format!("{:?}", self.bus.behind())
    }

    /// Makes steps until all is at rest, nothing is due until an instant, or something does not
    /// hold.
    pub fn run(&mut self, until: Timestamp) {
        let until_ms = until.as_millisecond();
        loop {
            for (task, node, _, work) in self.ground.newborn() {
                if self.states.get(node).is_some_and(|state| state.up) {
                    self.tasks.insert(task, (node, work));
                } else {
                    self.ground.forget(task);
                }
            }
            let Some(due) = self.ground.next(until_ms) else { return };
            match due {
                Due::Start(node) => self.start(node),
                Due::Missed(node) => self.miss(node),
                Due::Task(task) => self.step(task),
            }
            if self.ground.steps().is_multiple_of(STAFF_EVERY) {
                staff::check(&self.ground, &self.staff, self.epoch);
            }
            if self.ground.broken().is_some() {
                return;
            }
        }
    }

    fn step(&mut self, task: TaskId) {
        let Some((node, _)) = self.tasks.get(&task) else { return };
        let node = *node;
        let now_ms = self.ground.now_ms();
        let Some(state) = self.states.get_mut(node) else { return };
        if now_ms < state.frozen_until_ms {
            self.ground.defer(task, state.frozen_until_ms);
            return;
        }
        if node != OUTSIDE && self.ground.suffers(Fault::Crash) {
            self.crash(node);
            return;
        }
        if node != OUTSIDE && self.ground.suffers(Fault::Freeze) {
            let ms = self.ground.between_ms(1_000, 40_000);
            state.frozen_until_ms = now_ms + ms;
            self.ground.note(|| format!("node {node} freezes for {ms} ms"));
            self.ground.after_ms(SESSION_MS, Due::Missed(node));
            self.ground.after_ms(ms, Due::Start(node));
            self.ground.defer(task, now_ms + ms);
            return;
        }
        let Some((_, work)) = self.tasks.get_mut(&task) else { return };
        if self.ground.poll(task, node, work) {
            self.tasks.remove(&task);
            self.ground.forget(task);
        }
    }

    fn crash(&mut self, node: NodeId) {
        self.ground.note(|| format!("node {node} crashes"));
        let lost: Vec<TaskId> =
            self.tasks.iter().filter(|(_, (of, _))| *of == node).map(|(task, _)| *task).collect();
        for task in lost {
            self.tasks.remove(&task);
            self.ground.forget(task);
        }
        for (_, engine) in self.engines.iter().filter(|(of, _)| *of == node) {
            engine.forget();
        }
        if let Some(state) = self.states.get_mut(node) {
            *state = State::default();
        }
        self.ground.after_ms(SESSION_MS, Due::Missed(node));
        self.ground.after_ms(self.ground.between_ms(500, 30_000), Due::Start(node));
    }

    /// A process that did not answer for so long is taken for gone.
    fn miss(&mut self, node: NodeId) {
        let Some(state) = self.states.get(node) else { return };
        let answers = state.up && state.frozen_until_ms <= self.ground.now_ms();
        if let (false, Some(Some(group))) = (answers, NODES.get(node)) {
            self.bus.leave(*group, node);
        }
    }

    /// Starts a process, or lets one go on that stood still; it joins its group again.
    fn start(&mut self, id: NodeId) {
        let Some(state) = self.states.get_mut(id) else { return };
        let was_up = std::mem::replace(&mut state.up, true);
        let Some(Some(group)) = NODES.get(id).copied() else { return };
        if was_up {
            self.bus.join(group, id);
            return;
        }
        self.ground.note(|| format!("node {id} starts"));
        let node = Node { ground: self.ground.clone(), bus: self.bus.clone(), id, group };
        match group {
            // The events of both engines stand in one store, and one process tells them.
            GATEWAY if id == GATEWAY_NODE => gateway::boot(&node, &self.accepted),
            GATEWAY => {}
            PROCESSES => Monitoring {
                node,
                records: self.processes.clone(),
                window: WINDOW,
                rooms: (self.rooms.clone(), ROOMS_NODE),
            }
            .boot(),
            STAFF => staff::boot(&node, &self.staff),
            ROOMS => self.rooms.boot(&node),
            BOOKINGS => self.desk.boot(&node),
            AUTOMATION => {
                if let Some(policy) = self.policy.clone() {
                    Automation {
                        node,
                        rooms: self.automated.clone(),
                        decisions: self.decisions.clone(),
                        plant: (GATEWAY_NODE, self.plant.clone()),
                        placements: (ROOMS_NODE, self.rooms.clone()),
                        policy,
                    }
                    .boot();
                }
            }
            _ => Reporting {
                node,
                errands: self.errands.clone(),
                reports: self.reports.clone(),
                peers: Peers {
                    processes: (PROCESSES_NODE, self.processes.clone()),
                    staff: (STAFF_NODE, self.staff.clone(), STAFF),
                    rooms: (ROOMS_NODE, self.rooms.store.clone(), ROOMS),
                },
                window: WINDOW,
            }
            .boot(),
        }
    }
}
