//! Who reads a stream, and what of it.

use std::collections::BTreeSet;

use chiron_chassis::{Caller, Problem};

use crate::live::event::{Kind, LiveEvent};
use crate::needs::is_display;

/// Rooms of one subscription at most.
const MOST_ROOMS: usize = 64;

/// A reader with the rooms and kinds subscribed to.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    caller: Caller,
    display: bool,
    rooms: Option<BTreeSet<String>>,
    kinds: Option<BTreeSet<Kind>>,
}

impl Reader {
    /// Without rooms or kinds all of them.
    pub(crate) fn new(
        caller: Caller,
        rooms: Option<Vec<String>>,
        kinds: Option<Vec<Kind>>,
    ) -> Result<Self, Problem> {
        let rooms = match rooms {
            Some(rooms) => Some(checked(rooms)?),
            None => None,
        };
        let kinds = kinds.map(|kinds| kinds.into_iter().collect());
        Ok(Self { display: is_display(&caller), caller, rooms, kinds })
    }

    /// Who it is.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Subscribes to other rooms; `None` to all. Too many, or one without a name, change nothing.
    pub(crate) fn subscribe(&mut self, rooms: Option<Vec<String>>) {
        match rooms.map(checked) {
            None => self.rooms = None,
            Some(Ok(rooms)) => self.rooms = Some(rooms),
            Some(Err(_unusable)) => {}
        }
    }

    /// Whether the reader subscribed to what the event is about, and may see it.
    pub(crate) fn sees(&self, event: &LiveEvent) -> bool {
        let asked = self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind))
            && self
                .rooms
                .as_ref()
                .is_none_or(|rooms| event.rooms.iter().any(|room| rooms.contains(room)));
        asked && self.caller.may(&event.need)
    }

    /// What the reader gets of an event that it sees.
    pub(crate) fn text<'e>(&self, event: &'e LiveEvent) -> &'e str {
        match &event.codes {
            Some(codes) if self.display => codes,
            _ => &event.text,
        }
    }
}

fn checked(rooms: Vec<String>) -> Result<BTreeSet<String>, Problem> {
    if rooms.iter().any(String::is_empty) {
        return Err(Problem::bad_request("?roomId", "must not be empty"));
    }
    if MOST_ROOMS < rooms.len() {
        return Err(Problem::bad_request("?roomId", "is given more than 64 times"));
    }
    Ok(rooms.into_iter().collect())
}
