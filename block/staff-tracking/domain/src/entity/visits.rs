//! Who was in which room from when to when, and what can be counted of it.
//!
//! Visits are read off the positions: at each instant somebody is in the room of their latest
//! entry unless its door has seen them leave since. So a missed exit ends with the next entry
//! elsewhere, a late exit at an old door ends nothing, and being read twice on the way in is one
//! visit. A visit covers its beginning and not its end, and a span covers both its ends: who comes in
//! at its last instant is counted, who went at its first is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Movement, Passage, Presence, ProfessionalId, RoomId, Stay};

/// An interval that statistics are about, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
}

/// The end lies before the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ends before it begins")]
pub struct Backwards;

impl Span {
    /// From one instant to another, which may be the same.
    ///
    /// # Errors
    ///
    /// [`Backwards`].
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, Backwards> {
        if to < from { Err(Backwards) } else { Ok(Self { from, to }) }
    }

    /// The beginning.
    pub fn from(self) -> Timestamp {
        self.from
    }

    /// The end.
    pub fn to(self) -> Timestamp {
        self.to
    }
}

/// One professional in one room without a break.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// Who.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
    /// Since when; not before the span.
    pub since: Timestamp,
    /// Until when, exclusive; `None` when it outlasts the span.
    pub until: Option<Timestamp>,
}

/// How long somebody was in a room altogether, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dwell {
    /// Who.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
    /// Within the span, in milliseconds.
    pub for_ms: i64,
    /// Visits that overlap the span.
    pub visits: u64,
}

/// How long somebody was in a room together with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoPresence {
    /// The other.
    pub professional: ProfessionalId,
    /// Which room.
    pub room: RoomId,
    /// Within the span, in milliseconds.
    pub for_ms: i64,
}

/// How many people are in a room from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headcount {
    /// Since when.
    pub at: Timestamp,
    /// How many.
    pub count: u64,
}

/// The visits of a span, by professional, then by time. `inside` is who was where at its beginning,
/// passages of that instant included; `movements` are the passages in it, in any order.
pub fn visits(inside: &[Stay], movements: &[Movement], span: Span) -> Vec<Visit> {
    let mut people: BTreeMap<&ProfessionalId, BTreeSet<&Movement>> = BTreeMap::new();
    for stay in inside {
        people.entry(&stay.professional).or_default();
    }
    for movement in movements {
        let of_one = people.entry(&movement.professional).or_default();
        if span.from < movement.at && movement.at <= span.to {
            of_one.insert(movement);
        }
    }
    let mut visits = Vec::new();
    for (professional, movements) in people {
        let stay = inside.iter().find(|stay| stay.professional == *professional);
        of_one(professional, stay, &movements, span, &mut visits);
    }
    visits
}

fn of_one(
    professional: &ProfessionalId,
    stay: Option<&Stay>,
    movements: &BTreeSet<&Movement>,
    span: Span,
    visits: &mut Vec<Visit>,
) {
    let entered = stay.map(|stay| (stay.since, stay.room.clone()));
    let mut presence = Presence::from_parts(entered, BTreeMap::new());
    let visit = |since, room: &RoomId| Visit {
        professional: professional.clone(),
        room: room.clone(),
        since,
        until: None,
    };
    let mut open = stay.map(|stay| visit(span.from, &stay.room));
    let mut rest = movements.iter().peekable();
    while let Some(first) = rest.next() {
        // All passages of an instant together say where somebody is from it on.
        presence.observe(first);
        let mut left = BTreeSet::new();
        if first.passage == Passage::Left {
            left.insert(&first.room);
        }
        while let Some(next) = rest.next_if(|next| next.at == first.at) {
            presence.observe(next);
            if next.passage == Passage::Left {
                left.insert(&next.room);
            }
        }
        let now = presence.inside().map(|(_, room)| room.clone());
        let goes_on = open
            .as_ref()
            .is_some_and(|open| now.as_ref() == Some(&open.room) && !left.contains(&open.room));
        if goes_on {
            continue;
        }
        if let Some(mut ended) = open.take()
            && ended.since < first.at
        {
            ended.until = Some(first.at);
            visits.push(ended);
        }
        open = now.map(|room| visit(first.at, &room));
    }
    visits.extend(open);
}

/// How long each professional was in each room, by professional, then by room.
pub fn dwell_times(visits: &[Visit], span: Span) -> Vec<Dwell> {
    let mut sums: BTreeMap<(&ProfessionalId, &RoomId), (i64, u64)> = BTreeMap::new();
    for visit in visits {
        let sum = sums.entry((&visit.professional, &visit.room)).or_default();
        sum.0 += between_ms(visit.since, visit.until.unwrap_or(span.to));
        sum.1 += 1;
    }
    let dwell = |((professional, room), (for_ms, visits)): ((&ProfessionalId, &RoomId), _)| Dwell {
        professional: professional.clone(),
        room: room.clone(),
        for_ms,
        visits,
    };
    sums.into_iter().map(dwell).collect()
}

/// Nobody was anywhere for less than no time, or longer than the span: what holds of all dwell
/// times of a span, whatever the doors told.
pub fn fits_in(dwells: &[Dwell], span: Span) -> bool {
    let longest = between_ms(span.from, span.to);
    dwells.iter().all(|dwell| (0..=longest).contains(&dwell.for_ms) && 0 < dwell.visits)
}

/// Nobody is in two rooms at one time: the visits of each professional follow one another.
pub fn one_room_at_a_time(visits: &[Visit]) -> bool {
    visits.iter().zip(visits.iter().skip(1)).all(|(visit, next)| {
        visit.professional != next.professional
            || visit.until.is_some_and(|until| until <= next.since)
    })
}

/// How long each other professional was in a room together with `who`, by professional, then by
/// room. Who was never with them is not listed.
pub fn co_presence(visits: &[Visit], who: &ProfessionalId, span: Span) -> Vec<CoPresence> {
    let (own, others): (Vec<&Visit>, Vec<&Visit>) =
        visits.iter().partition(|visit| visit.professional == *who);
    let mut own_by_room: BTreeMap<&RoomId, Vec<&Visit>> = BTreeMap::new();
    for visit in own {
        own_by_room.entry(&visit.room).or_default().push(visit);
    }
    let mut sums: BTreeMap<(&ProfessionalId, &RoomId), i64> = BTreeMap::new();
    for other in others {
        for own in own_by_room.get(&other.room).into_iter().flatten() {
            let since = own.since.max(other.since);
            let until = own.until.unwrap_or(span.to).min(other.until.unwrap_or(span.to));
            if since < until {
                *sums.entry((&other.professional, &other.room)).or_default() +=
                    between_ms(since, until);
            }
        }
    }
    let co_presence = |((professional, room), for_ms): ((&ProfessionalId, &RoomId), i64)| {
        CoPresence { professional: professional.clone(), room: room.clone(), for_ms }
    };
    sums.into_iter().map(co_presence).collect()
}

/// How many were in a room: at the span's beginning, and from each instant on at which that changed.
pub fn headcount(visits: &[Visit], room: &RoomId, span: Span) -> Vec<Headcount> {
    let mut changes: BTreeMap<Timestamp, i64> = BTreeMap::from([(span.from, 0)]);
    for visit in visits.iter().filter(|visit| visit.room == *room) {
        *changes.entry(visit.since).or_default() += 1;
        if let Some(until) = visit.until {
            *changes.entry(until).or_default() -= 1;
        }
    }
    let mut count = 0_i64;
    let mut points: Vec<Headcount> = Vec::with_capacity(changes.len());
    for (at, change) in changes {
        count += change;
        if change != 0 || points.is_empty() {
            points.push(Headcount { at, count: u64::try_from(count).unwrap_or(0) });
        }
    }
    points
}

fn between_ms(since: Timestamp, until: Timestamp) -> i64 {
    until.as_millisecond() - since.as_millisecond()
}
