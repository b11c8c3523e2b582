//! The machine that everything runs on: one virtual clock, one order of steps, one pair of dice.
//!
//! What production awaits on sockets and disks is awaited here on [`Ground::pause`] and
//! [`Ground::park`], so the use cases of the domains run unchanged: they are futures, polled by
//! hand and never by a runtime. Between two polls of any of them everything else may happen, and
//! its process may be gone; that is how a crash comes between any two steps. A model with steps
//! written out by hand would have been faster, and would have tested the model.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use jiff::Timestamp;
use rand::{Rng as _, RngExt as _};
use rand_chacha::ChaCha8Rng;

use crate::hostility::{Fault, Hostility};

/// A task of a node.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Names a task.
pub type TaskId = u64;
/// Names a node: one process of one service.
pub type NodeId = usize;

/// What a parked task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bell {
    /// Records of a topic.
    Topic(u8),
    /// Partitions of a group are given to others.
    Group(u8),
    /// An outbox has something in it.
    Outbox(u8),
    /// A reconciler is nudged.
    Nudge(u8),
    /// A request was answered.
    Answer(u64),
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A task is to be polled.
    Task(TaskId),
    /// A node starts.
    Start(NodeId),
    /// Others notice that a node does not answer.
    Missed(NodeId),
}

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub invariant: String,
    /// What breaks it.
    pub how: String,
}

struct Inside {
    now_ms: i64,
    steps: u64,
    dice: ChaCha8Rng,
    hostility: Hostility,
    faults: BTreeMap<Fault, u64>,
    queue: BTreeSet<(i64, u64, Due)>,
    due: BTreeMap<TaskId, (i64, u64)>,
    parked: BTreeMap<Bell, BTreeSet<TaskId>>,
    rung: BTreeMap<Bell, u64>,
    sequence: u64,
    current: Option<(TaskId, NodeId)>,
    newborn: Vec<(TaskId, NodeId, &'static str, Work)>,
    trace: VecDeque<String>,
    traced: usize,
    broken: Option<Broken>,
}

/// A handle of the machine. Clones are the same machine.
#[derive(Clone)]
pub struct Ground(Arc<Mutex<Inside>>);

/// A call that was not done, or of which that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer")]
pub struct NoAnswer;

impl Ground {
    /// A machine whose clock stands at an instant, and which keeps the last so many steps to be
    /// shown.
    pub fn new(epoch: Timestamp, dice: ChaCha8Rng, hostility: Hostility, traced: usize) -> Self {
        Self(Arc::new(Mutex::new(Inside {
            now_ms: epoch.as_millisecond(),
            steps: 0,
            dice,
            hostility,
            faults: BTreeMap::new(),
            queue: BTreeSet::new(),
            due: BTreeMap::new(),
            parked: BTreeMap::new(),
            rung: BTreeMap::new(),
            sequence: 0,
            current: None,
            newborn: Vec::new(),
            trace: VecDeque::new(),
            traced,
            broken: None,
        })))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        instant(self.now_ms())
    }

    /// The clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.inside().now_ms
    }

    /// How many steps were made.
    pub fn steps(&self) -> u64 {
        self.inside().steps
    }

    /// The faults so far.
    pub fn faults(&self) -> BTreeMap<Fault, u64> {
        self.inside().faults.clone()
    }

    /// The steps before the present one, oldest first; empty when they are not kept.
    pub fn trace(&self) -> Vec<String> {
        self.inside().trace.iter().cloned().collect()
    }

    /// What does not hold, if anything.
    pub fn broken(&self) -> Option<Broken> {
        self.inside().broken.clone()
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        self.inside().hostility = Hostility::default();
    }

    /// Whether nothing can go wrong.
    pub fn is_calm(&self) -> bool {
        self.inside().hostility == Hostility::default()
    }

    /// Says what the present step does, for whoever reads the trace.
    pub fn note(&self, what: impl FnOnce() -> String) {
        let mut inside = self.inside();
        if inside.traced == 0 {
            return;
        }
        let (step, now, current) = (inside.steps, instant(inside.now_ms), inside.current);
        let line = match current {
            Some((task, node)) => format!("{step} {now:.3} node {node} task {task}: {}", what()),
            None => format!("{step} {now:.3}: {}", what()),
        };
        if inside.trace.len() == inside.traced {
            inside.trace.pop_front();
        }
        inside.trace.push_back(line);
    }

    /// Notes that an invariant does not hold; the run ends after the present step. The first
    /// counts.
    pub fn check(&self, holds: bool, invariant: &str, how: impl FnOnce() -> String) {
        if holds {
            return;
        }
        let mut inside = self.inside();
        if inside.broken.is_none() {
            inside.broken = Some(Broken { invariant: invariant.to_owned(), how: how() });
        }
    }

    /// Whether a fault happens here, by its probability; counted when it does.
    pub fn suffers(&self, fault: Fault) -> bool {
        let mut inside = self.inside();
        let Hostility { crash, freeze, slow, refuse, unanswered, .. } = inside.hostility;
        let Hostility { delay, stall, duplicate, redeliver, lose, late, repeat, .. } =
            inside.hostility;
        let probability = match fault {
            Fault::Crash => crash,
            Fault::Freeze => freeze,
            Fault::Slow => slow,
            Fault::Refused => refuse,
            Fault::Unanswered => unanswered,
            Fault::Delayed => delay,
            Fault::Stalled => stall,
            Fault::Duplicated => duplicate,
            Fault::Redelivered => redeliver,
            Fault::Lost => lose,
            Fault::Late => late,
            Fault::Repeated => repeat,
        };
        // Friendly runs do not throw.
        let happens = 0.0 < probability && inside.dice.random_bool(probability);
        if happens {
            *inside.faults.entry(fault).or_default() += 1;
        }
        happens
    }

    /// A number of milliseconds from `least` up to, and without, `most`; `least` when nothing can
    /// go wrong.
    pub fn between_ms(&self, least: i64, most: i64) -> i64 {
        let mut inside = self.inside();
        if inside.hostility == Hostility::default() || most <= least {
            return least;
        }
        inside.dice.random_range(least..most)
    }

    /// One of so many, by chance; the first when nothing can go wrong.
    pub fn one_of(&self, count: usize) -> usize {
        let mut inside = self.inside();
        if inside.hostility == Hostility::default() || count < 2 {
            return 0;
        }
        inside.dice.random_range(0..count)
    }

    /// A number that no other call gets.
    pub fn number(&self) -> u64 {
        let mut inside = self.inside();
        inside.sequence += 1;
        inside.sequence
    }

    /// Lets so many milliseconds pass. Others go on meanwhile, also when it is none.
    pub async fn pause(&self, ms: i64) {
        let until = self.now_ms().saturating_add(ms.max(0));
        Wait { ground: self.clone(), bells: Vec::new(), until: Some(until), begun: false }.await;
    }

    /// Waits for one of the bells, or until an instant in milliseconds.
    pub async fn park(&self, bells: &[Bell], until: Option<i64>) {
        Wait { ground: self.clone(), bells: bells.to_vec(), until, begun: false }.await;
    }

    /// How often a bell has been rung: to be asked before the work that ends with
    /// [`Ground::park_since`].
    pub fn rung(&self, bell: Bell) -> u64 {
        self.inside().rung.get(&bell).copied().unwrap_or(0)
    }

    /// Waits for a bell, or until an instant in milliseconds; not at all if it has been rung since,
    /// so that a nudge during the work is not lost.
    pub async fn park_since(&self, bell: Bell, rung: u64, until: Option<i64>) {
        if self.rung(bell) == rung {
            self.park(&[bell], until).await;
        }
    }

    /// Wakes whoever waits for a bell, at an instant in milliseconds or now.
    pub fn ring(&self, bell: Bell, at_ms: Option<i64>) {
        let mut inside = self.inside();
        if let Bell::Nudge(_) = bell {
            *inside.rung.entry(bell).or_default() += 1;
        }
        let at = at_ms.unwrap_or(inside.now_ms).max(inside.now_ms);
        let Some(waiting) = inside.parked.get(&bell).cloned() else { return };
        for task in waiting {
            inside.wake(task, at);
        }
    }

    /// A read: takes a moment, and may be refused.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: nothing was read.
    pub async fn reads(&self, what: impl FnOnce() -> String + Send) -> Result<(), NoAnswer> {
        self.takes_a_moment().await;
        let refused = self.suffers(Fault::Refused);
        self.note(|| if refused { format!("{}: refused", what()) } else { what() });
        if refused { Err(NoAnswer) } else { Ok(()) }
    }

    /// Before a write: takes a moment, and may be refused.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: nothing was written.
    pub async fn writes(&self, what: impl FnOnce() -> String + Send) -> Result<(), NoAnswer> {
        self.reads(what).await
    }

    /// After a write: its process may be gone before it learns of it, and the answer may be lost.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: what was written stands.
    pub async fn wrote(&self) -> Result<(), NoAnswer> {
        self.takes_a_moment().await;
        if self.suffers(Fault::Unanswered) {
            self.note(|| "written, not answered".to_owned());
            return Err(NoAnswer);
        }
        Ok(())
    }

    async fn takes_a_moment(&self) {
        let ms = if self.suffers(Fault::Slow) {
            self.between_ms(1_000, 8_000)
        } else {
            self.between_ms(0, 4)
        };
        self.pause(ms).await;
    }

    /// Gives a node another task.
    pub fn spawn(&self, node: NodeId, name: &'static str, work: Work) {
        let id = self.number();
        let mut inside = self.inside();
        inside.newborn.push((id, node, name, work));
        let now = inside.now_ms;
        inside.wake(id, now);
    }

    /// Has something done after so many milliseconds.
    pub fn after_ms(&self, ms: i64, due: Due) {
        let mut inside = self.inside();
        let at = inside.now_ms.saturating_add(ms);
        let tie = inside.tie();
        inside.queue.insert((at, tie, due));
    }

    pub(crate) fn newborn(&self) -> Vec<(TaskId, NodeId, &'static str, Work)> {
        std::mem::take(&mut self.inside().newborn)
    }

    /// What is due next, to which the clock is moved; nothing once all is at rest, or later than
    /// the given instant.
    pub(crate) fn next(&self, until_ms: i64) -> Option<Due> {
        let mut inside = self.inside();
        let (at, _, _) = inside.queue.first()?;
        if until_ms < *at {
            return None;
        }
        let (at, _, due) = inside.queue.pop_first()?;
        if let Due::Task(task) = due {
            inside.due.remove(&task);
        }
        inside.now_ms = inside.now_ms.max(at);
        Some(due)
    }

    pub(crate) fn defer(&self, task: TaskId, until_ms: i64) {
        self.inside().wake(task, until_ms);
    }

    pub(crate) fn forget(&self, task: TaskId) {
        let mut inside = self.inside();
        if let Some((at, tie)) = inside.due.remove(&task) {
            inside.queue.remove(&(at, tie, Due::Task(task)));
        }
        for waiting in inside.parked.values_mut() {
            waiting.remove(&task);
        }
    }

    /// Polls a task; whether it has ended.
    pub(crate) fn poll(&self, task: TaskId, node: NodeId, work: &mut Work) -> bool {
        {
            let mut inside = self.inside();
            inside.current = Some((task, node));
            inside.steps += 1;
        }
        let ended = work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        self.inside().current = None;
        ended
    }
}

impl Inside {
    /// Decides who comes first of those that are due at one instant: anybody, unless nothing can go
    /// wrong.
    fn tie(&mut self) -> u64 {
        self.sequence += 1;
        if self.hostility == Hostility::default() { self.sequence } else { self.dice.next_u64() }
    }

    fn wake(&mut self, task: TaskId, at: i64) {
        if let Some((known, tie)) = self.due.get(&task).copied() {
            if known <= at {
                return;
            }
            self.queue.remove(&(known, tie, Due::Task(task)));
        }
        let tie = self.tie();
        self.due.insert(task, (at, tie));
        self.queue.insert((at, tie, Due::Task(task)));
    }
}

struct Wait {
    ground: Ground,
    bells: Vec<Bell>,
    until: Option<i64>,
    begun: bool,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let ground = self.ground.clone();
        let mut inside = ground.inside();
        let Some((task, _)) = inside.current else { return Poll::Ready(()) };
        if self.begun {
            // Woken by a bell or by the clock; whoever waits looks for itself what there is.
            for bell in &self.bells {
                if let Some(waiting) = inside.parked.get_mut(bell) {
                    waiting.remove(&task);
                    if waiting.is_empty() {
                        inside.parked.remove(bell);
                    }
                }
            }
            return Poll::Ready(());
        }
        self.begun = true;
        for bell in &self.bells {
            inside.parked.entry(*bell).or_default().insert(task);
        }
        if let Some(until) = self.until {
            inside.wake(task, until);
        }
        Poll::Pending
    }
}

/// An instant of so many milliseconds since 1970.
pub fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}
