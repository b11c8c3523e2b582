//! A deterministic simulation of the block: every domain with rules of its own, under one scheduler
//! with a virtual clock, on a hostile bus and a hostile store.
//!
//! A run is a day of the simulated hospital. One number decides everything about it: what happens,
//! what goes wrong, and who makes the next step. There is one thread, no runtime and no real time;
//! the domains' use cases run as they are, and what stands around them is as thin a shell as the
//! services have. After every step what must always hold is checked by the functions of the domains
//! that say it; at the end of the day everything is compared with the same day on friendly ground.
//!
//! Reading order: the [`machine`], what goes wrong on it ([`hostility`]), the [`bus`] and its
//! [`event`]s, the [`store`], what every process has around its domain ([`shell`]), the services
//! ([`node`]), what happens ([`world`]), who runs where ([`house`]), and what it has come to
//! ([`settled`]).

pub mod hostility;
pub mod machine;

pub mod event;

pub mod bus;
pub mod store;

pub mod shell;

pub mod node;

pub mod world;

pub mod house;
pub mod settled;

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use jiff::SignedDuration;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::{
    hostility::{Fault, Hostility},
    house::House,
    machine::{Broken, Ground},
    settled::{Settled, difference},
    world::World,
};

/// How long after a day everything has come to rest, at the latest.
const REST: SignedDuration = SignedDuration::from_hours(2);

/// What a run was.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// Simulated hours.
    pub hours: f64,
    /// Steps of all processes.
    pub steps: u64,
    /// What went wrong, how often.
    pub faults: BTreeMap<Fault, u64>,
}

/// A run in which something did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Its seed, which fails again in the same way.
    pub seed: u64,
    /// At which step.
    pub step: u64,
    /// What did not hold.
    pub broken: Broken,
    /// The steps before, oldest first.
    pub trace: Vec<String>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        let Broken { invariant, how } = &self.broken;
        write!(f, "seed {}, step {}: {invariant}\n  {how}", self.seed, self.step)
    }
}

impl std::error::Error for Failed {}

/// Runs the day of a seed, of so many hours, and compares it with the same day on friendly ground.
///
/// # Errors
///
/// [`Failed`] when something does not hold; the day is then run again to tell the last `traced`
/// steps before.
pub fn run(seed: u64, hours: u32, traced: usize) -> Result<Passed, Box<Failed>> {
    let (friendly, _) = day(seed, hours, Some(Hostility::default()), None, 0)?;
    match day(seed, hours, None, Some(&friendly), 0) {
        Ok((_, passed)) => Ok(passed),
        // The same again, step by step.
        Err(failed) => match day(seed, hours, None, Some(&friendly), traced.max(1)) {
            Err(again) if again.broken == failed.broken && again.step == failed.step => Err(again),
            _ => Err(Box::new(Failed {
                broken: Broken {
                    invariant: "the same seed repeats a run exactly".to_owned(),
                    how: failed.broken.invariant.clone(),
                },
                ..*failed
            })),
        },
    }
}

/// One day; with a mixture of the seed's own unless one is given.
fn day(
    seed: u64,
    hours: u32,
    hostility: Option<Hostility>,
    friendly: Option<&Settled>,
    traced: usize,
) -> Result<(Settled, Passed), Box<Failed>> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed ^ 0x0051_BACE);
    let hostility = hostility.unwrap_or_else(|| Hostility::drawn(&mut dice));
    let mut world = World::of(seed, hours);
    let (epoch, end) = (world.epoch, world.end);
    let surgeries = std::mem::take(&mut world.surgeries);
    let ground = Ground::new(epoch, dice, hostility, traced);
    let mut house = House::open(&ground, &mut world);
    house.run(end);
    ground.calm();
    house.run(end.saturating_add(REST).unwrap_or(end));
    house.check_log();
    let found = settled::settled(&house, &surgeries);
    let lacking = found
        .iter()
        .find(|(about, said)| about.contains(" process ") && !said.contains("settled: true"));
    ground.check(lacking.is_none(), "everything is settled in the end", || {
        let about = lacking.map(|(about, _)| about.clone()).unwrap_or_default();
        format!("{about}; behind: {}", house.behind())
    });
    if let Some(friendly) = friendly {
        let differs = difference(friendly, &found);
        ground.check(differs.is_none(), "it settles as on friendly ground", || {
            differs.clone().unwrap_or_default()
        });
    }
    if let Some(broken) = ground.broken() {
        let (step, trace) = (ground.steps(), ground.trace());
        return Err(Box::new(Failed { seed, step, broken, trace }));
    }
    let passed = Passed {
        hours: end.duration_since(epoch).as_secs_f64() / 3_600.0,
        steps: ground.steps(),
        faults: ground.faults(),
    };
    Ok((found, passed))
}

/// The answer of a future that waits for nothing; `None` when it waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
