//! Who reads a stream, and what of it.

use std::collections::BTreeSet;

use chiron_chassis::{Caller, Problem};

use crate::live::event::{Kind, LiveEvent};
use crate::needs::is_display;

/// Rooms of one subscription at most, and patients.
const MOST_NAMED: usize = 64;

/// A reader with the rooms, patients and kinds subscribed to.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    caller: Caller,
    display: bool,
    rooms: Option<BTreeSet<String>>,
    patients: BTreeSet<String>,
    kinds: Option<BTreeSet<Kind>>,
}

impl Reader {
    /// Without rooms or kinds all of them; without patients the vital signs of none.
    pub(crate) fn new(
        caller: Caller,
        rooms: Option<Vec<String>>,
        patients: Option<Vec<String>>,
        kinds: Option<Vec<Kind>>,
    ) -> Result<Self, Problem> {
        let rooms = rooms.map(|rooms| checked("?roomId", rooms)).transpose()?;
        let patients = checked("?patientId", patients.unwrap_or_default())?;
        let kinds = kinds.map(|kinds| kinds.into_iter().collect());
        Ok(Self { display: is_display(&caller), caller, rooms, patients, kinds })
    }

    /// Who it is.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Subscribes to other rooms; `None` to all. Too many, or one without a name, change nothing.
    pub(crate) fn subscribe(&mut self, rooms: Option<Vec<String>>) {
        match rooms.map(|rooms| checked("roomIds", rooms)) {
            None => self.rooms = None,
            Some(Ok(rooms)) => self.rooms = Some(rooms),
            Some(Err(_unusable)) => {}
        }
    }

    /// Whether the reader subscribed to what the event is about, and may see it.
    pub(crate) fn sees(&self, event: &LiveEvent) -> bool {
        let of_kind = || self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.kind));
        let named = || match (&event.patient, &self.rooms) {
            (Some(patient), _) => self.patients.contains(patient),
            (None, Some(rooms)) => event.rooms.iter().any(|room| rooms.contains(room)),
            (None, None) => true,
        };
        named() && of_kind() && self.caller.may(&event.need)
    }

    /// What the reader gets of an event that it sees.
    pub(crate) fn text<'e>(&self, event: &'e LiveEvent) -> &'e str {
        match &event.codes {
            Some(codes) if self.display => codes,
            _ => &event.text,
        }
    }
}

fn checked(field: &'static str, ids: Vec<String>) -> Result<BTreeSet<String>, Problem> {
    if ids.iter().any(String::is_empty) {
        return Err(Problem::bad_request(field, "must not be empty"));
    }
    if MOST_NAMED < ids.len() {
        return Err(Problem::bad_request(field, "is given more than 64 times"));
    }
    Ok(ids.into_iter().collect())
}
