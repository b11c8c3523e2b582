//! Who was where, by movements alone, and whose a room's fact is.
//!
//! To enter one room is to have left the one before, so an exit read late at an old door hides
//! nobody who has entered elsewhere since.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::fact::{Fact, FactKind, Order, PatientId, RoomId};

/// The movements of one patient. The same movements in any order, any number of times, make the
/// same track.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track {
    moves: BTreeMap<Order, Move>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Move {
    In(RoomId),
    Out(RoomId),
}

/// Where a patient is, and since the entry read last there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The room.
    pub room: RoomId,
    /// The last entry into it.
    pub since: Timestamp,
}

impl Track {
    /// Takes the movements among the facts; an emergency is an entry.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut track = Self::default();
        for fact in facts {
            track.observe(fact);
        }
        track
    }

    /// Takes one more fact.
    pub fn observe(&mut self, fact: &Fact) {
        let movement = match &fact.kind {
            FactKind::Entered { room, .. } | FactKind::Emergency { room, .. } => {
                Move::In(room.clone())
            }
            FactKind::Left { room, .. } => Move::Out(room.clone()),
            FactKind::Booked(_)
            | FactKind::Cancelled { .. }
            | FactKind::OnTable
            | FactKind::Manual { .. }
            | FactKind::Device { .. }
            | FactKind::Technology { .. } => return,
        };
        self.moves.insert(fact.order(), movement);
    }

    /// Where the patient was, by entry: room, from, and until when (`None`: still there). Entering
    /// the same room again is part of the stay.
    pub fn stays(&self) -> Vec<(RoomId, Timestamp, Option<Timestamp>)> {
        let mut stays: Vec<(RoomId, Timestamp, Option<Timestamp>)> = Vec::new();
        for (order, movement) in &self.moves {
            let open = stays.last_mut().filter(|(_, _, to)| to.is_none());
            match (movement, open) {
                (Move::In(room), Some((here, _, _))) if here == room => {}
                (Move::In(room), open) => {
                    if let Some((_, _, to)) = open {
                        *to = Some(order.at);
                    }
                    stays.push((room.clone(), order.at, None));
                }
                (Move::Out(room), Some((here, _, to))) if here == room => *to = Some(order.at),
                (Move::Out(_), _) => {}
            }
        }
        stays
    }

    /// Where the patient was once everything up to and at the instant had happened; `None`
    /// outside. An entry counts from its instant on, an exit too.
    pub fn at(&self, at: Timestamp) -> Option<Place> {
        let mut place = None;
        for (order, movement) in &self.moves {
            if at < order.at {
                break;
            }
            place = step(place, order.at, movement);
        }
        place
    }
}

fn step(place: Option<Place>, at: Timestamp, movement: &Move) -> Option<Place> {
    match (movement, place) {
        (Move::In(room), _) => Some(Place { room: room.clone(), since: at }),
        (Move::Out(room), Some(place)) if place.room == *room => None,
        (Move::Out(_), place) => place,
    }
}

/// All patients in a room at an instant, the owner of the room's facts first: of several the
/// latest to enter, then the greater id.
pub fn inside<'a>(
    room: &RoomId,
    at: Timestamp,
    tracks: impl IntoIterator<Item = (&'a PatientId, &'a Track)>,
) -> Vec<&'a PatientId> {
    let mut found: Vec<_> = tracks
        .into_iter()
        .filter_map(|(patient, track)| {
            let place = track.at(at).filter(|place| place.room == *room)?;
            Some((place.since, patient))
        })
        .collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, patient)| patient).collect()
}
