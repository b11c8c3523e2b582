//! Finds out what facts do not say themselves: where a technology stood, what it is called, what a
//! device is. Asked of others beside the consumer, so that who is down holds up no fact; what
//! comes back folds the patients concerned again.

use std::collections::{BTreeMap, BTreeSet};

use chiron_chassis::{CallError, Calls, Service};
use chiron_clock::instant;
use chiron_store::{Find, Versioned, WriteError};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use twin_client::{TwinError, Twins};

use crate::{
    application::document::{
        Class, DeviceDocument, DeviceKind, LocationDocument, ProcessDocument, TechnologyDocument,
        TechnologyKind,
    },
    infrastructure::{
        folding::Folding,
        records::{RecordError, Records},
    },
};

/// Why something could not be found out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocateError {
    /// Our own documents.
    #[error("documents could not be read or written")]
    Records(#[from] RecordError),
    /// Building management does not answer.
    #[error("building management was not asked")]
    Call(#[from] CallError),
    /// Building management answers something else.
    #[error("building management answered with status {0}")]
    Status(u16),
    /// The twin layer.
    #[error("the twin layer was not asked")]
    Twin(#[from] TwinError),
}

impl From<chiron_store::StoreError> for LocateError {
    fn from(source: chiron_store::StoreError) -> Self {
        Self::Records(source.into())
    }
}

impl From<WriteError> for LocateError {
    fn from(source: WriteError) -> Self {
        Self::Records(source.into())
    }
}

#[derive(Clone)]
pub(crate) struct Locating {
    pub(crate) folding: Folding,
    pub(crate) calls: Calls,
    pub(crate) twins: Twins,
}

/// A technology as building management tells it; what else it tells is ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Technology {
    name: String,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: TechnologyKind,
    room_id: Option<String>,
}

impl Locating {
    /// Works off what is pending, and tells whether something is left that must wait.
    pub(crate) async fn pass(&self) -> bool {
        let mut left = false;
        match self.pending_locations().await {
            Ok(locations) => {
                for location in locations {
                    let outcome = self.locate(&location).await;
                    let is_down = matches!(outcome, Err(LocateError::Call(_)));
                    left |= report("a technology was not located", outcome);
                    if is_down {
                        // The others would only wait for it too.
                        break;
                    }
                }
            }
            Err(err) => left |= report("locations could not be read", Err(err)),
        }
        match self.pending_devices().await {
            Ok(devices) => {
                for device in devices {
                    left |= report("a device was not identified", self.identify(&device).await);
                }
            }
            Err(err) => left |= report("devices could not be read", Err(err)),
        }
        left
    }

    fn records(&self) -> &Records {
        &self.folding.records
    }

    async fn pending_locations(&self) -> Result<Vec<Versioned<LocationDocument>>, LocateError> {
        Ok(self.records().locations.find(&Find::all().eq("pending", true)).await?)
    }

    async fn pending_devices(&self) -> Result<Vec<Versioned<DeviceDocument>>, LocateError> {
        Ok(self.records().devices.find(&Find::all().eq("pending", true)).await?)
    }

    /// Where a technology was; keeps what it is called.
    async fn ask(&self, id: &str, at: Timestamp) -> Result<Option<String>, LocateError> {
        let path = format!("/api/v1/medical-technologies/{}", Calls::segment(id));
        let at = instant::write(at);
        let call = self.calls.get(Service::BuildingManagement, &path);
        let answer = call.query(&[("dateTime", &at)]).send().await?;
        if answer.status.as_u16() == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(LocateError::Status(answer.status.as_u16()));
        }
        let told: Technology = answer.json()?;
        let technology = TechnologyDocument {
            id: id.to_owned(),
            name: told.name,
            description: told.description,
            kind: Some(told.kind),
        };
        let known = self.records().technologies.get(id).await?;
        if known.is_none_or(|known| known.document != technology) {
            self.records().technologies.put(id, &technology, Vec::new()).await?;
        }
        Ok(told.room_id)
    }

    async fn locate(&self, location: &Versioned<LocationDocument>) -> Result<(), LocateError> {
        let asked = &location.document;
        let room = self.ask(&asked.technology_id, asked.at).await?;
        self.place(location, room, true).await
    }

    /// Puts down where a technology was, and folds again who is concerned. A crash before the fold
    /// costs it until the patient's next one, at the latest that of the settling.
    async fn place(
        &self,
        location: &Versioned<LocationDocument>,
        room: Option<String>,
        is_new: bool,
    ) -> Result<(), LocateError> {
        let mut known = location.document.clone();
        known.room.clone_from(&room);
        let mut version = location.version;
        let write = async |known: &LocationDocument, version| {
            let written =
                self.records().locations.replace(&location.id, version, known, Vec::new()).await;
            match written {
                Ok(version) => Ok(Some(version)),
                // Somebody asks anew; the next pass sees to it.
                Err(WriteError::Conflict) => {
                    self.folding.nudges.locating.nudge();
                    Ok(None)
                }
                Err(err) => Err(LocateError::from(err)),
            }
        };
        // A fold takes what is known for what it is, so everything is put down before the folds.
        let mut concerned: BTreeSet<String> = known.patients.clone();
        if let Some(usage) = &known.usage {
            concerned.extend(self.move_usage(usage, room.as_deref()).await?);
            if is_new {
                concerned.extend(self.entered_since(known.at).await?);
            }
        }
        known.pending = false;
        if let Some(next) = write(&known, version).await? {
            version = next;
        } else {
            return Ok(());
        }
        for patient in &concerned {
            if let Err(err) = self.folding.refold(patient).await {
                // Once more with the next pass.
                known.pending = true;
                write(&known, version).await?;
                return Err(err.into());
            }
            self.folding.note_late(patient).await?;
        }
        Ok(())
    }

    /// Gives a usage its room, and tells whose it was and whose it is.
    async fn move_usage(
        &self,
        usage: &str,
        room: Option<&str>,
    ) -> Result<BTreeSet<String>, LocateError> {
        let mut concerned = BTreeSet::new();
        let at = loop {
            let Some(known) = self.records().facts.get(usage).await? else {
                return Ok(concerned);
            };
            if let Some(former) = known.document.room.as_deref()
                && Some(former) != room
            {
                let inside = self.records().everybody(former, known.document.at).await?;
                concerned.extend(inside.into_iter().map(|it| it.as_str().to_owned()));
            }
            if known.document.room.as_deref() == room {
                break known.document.at;
            }
            let mut fact = known.document;
            fact.room = room.map(str::to_owned);
            match self.records().facts.replace(usage, known.version, &fact, Vec::new()).await {
                Ok(_) => break fact.at,
                Err(WriteError::Conflict) => {}
                Err(err) => return Err(err.into()),
            }
        };
        if let Some(room) = room
            && let Some(owner) = self.records().owner(room, at, &mut BTreeMap::new()).await?
        {
            concerned.insert(owner.as_str().to_owned());
        }
        Ok(concerned)
    }

    /// Who entered a room after a usage that became known only now: it may have been in use then.
    async fn entered_since(&self, at: Timestamp) -> Result<BTreeSet<String>, LocateError> {
        let query = Find::all()
            .eq("class", Class::Entry.name())
            .filter(chiron_store::after("at", instant::write(at)));
        let entries = self.records().facts.find(&query).await?;
        Ok(entries.into_iter().filter_map(|entry| entry.document.patient_id).collect())
    }

    async fn identify(&self, device: &Versioned<DeviceDocument>) -> Result<(), LocateError> {
        let twin = self.twins.get_twin(&device.id).await?;
        let kind = twin.as_ref().and_then(|twin| device_kind(twin.properties.get("type")?));
        let known = DeviceDocument {
            kind: kind.or(device.document.kind),
            pending: false,
            patients: device.document.patients.clone(),
        };
        match self.records().devices.replace(&device.id, device.version, &known, Vec::new()).await {
            Ok(_) => {}
            Err(WriteError::Conflict) => {
                self.folding.nudges.locating.nudge();
                return Ok(());
            }
            Err(err) => return Err(err.into()),
        }
        if known.kind == device.document.kind {
            return Ok(());
        }
        for patient in &known.patients {
            self.folding.refold(patient).await?;
        }
        Ok(())
    }

    /// Asks once more for everything that a process about to be settled took from others.
    pub(crate) async fn check(&self, process: &ProcessDocument) -> Result<(), LocateError> {
        let end = process.end.unwrap_or(Timestamp::MAX);
        let mut places: BTreeSet<(String, Timestamp)> = BTreeSet::new();
        for usage in self.records().usages(process.date_time, end).await? {
            if let Some(technology) = usage.document.technology_id {
                places.insert((technology, usage.document.at));
            }
        }
        for stay in &process.stays {
            for technology in self.records().in_use_before(stay.from).await? {
                places.insert((technology, stay.from));
            }
        }
        for (technology, at) in places {
            let room = self.ask(&technology, at).await?;
            let id = LocationDocument::id(&technology, at);
            let Some(known) = self.records().locations.get(&id).await? else { continue };
            if known.document.pending || known.document.room != room {
                self.place(&known, room, false).await?;
            }
        }
        for used in process.devices.iter().filter(|used| used.kind.is_none()) {
            if let Some(known) = self.records().devices.get(&used.device_id).await? {
                self.identify(&known).await?;
            }
        }
        Ok(())
    }
}

fn report(what: &str, outcome: Result<(), LocateError>) -> bool {
    match outcome {
        Ok(()) => false,
        Err(err) => {
            tracing::warn!(error = %chiron_chassis::chain(&err), "{what}, which is tried again");
            true
        }
    }
}

/// All encodings in use: the model's integers, the same as text, names in any spelling.
fn device_kind(value: &Value) -> Option<DeviceKind> {
    let text = match value {
        Value::String(text) => text.to_ascii_lowercase(),
        Value::Number(number) => {
            let number = number.as_f64()?;
            return match number {
                0.0 => Some(DeviceKind::Pacemaker),
                1.0 => Some(DeviceKind::Catheter),
                _ => None,
            };
        }
        _ => return None,
    };
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    match letters.as_str() {
        "0" | "pacemaker" | "pacemarker" => Some(DeviceKind::Pacemaker),
        "1" | "catheter" => Some(DeviceKind::Catheter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_spelling_of_a_device_is_read() {
        for pacemaker in [
            json!(0),
            json!(0.0),
            json!("0"),
            json!("pace_maker"),
            json!("pace_marker"),
            json!("PACE_MAKER"),
            json!("PACEMAKER"),
            json!("pacemaker"),
        ] {
            assert_eq!(device_kind(&pacemaker), Some(DeviceKind::Pacemaker), "{pacemaker}");
        }
        for catheter in [json!(1), json!("1"), json!("catheter"), json!("CATHETER")] {
            assert_eq!(device_kind(&catheter), Some(DeviceKind::Catheter), "{catheter}");
        }
        for unknown in [json!(2), json!("stent"), json!(null), json!(true)] {
            assert_eq!(device_kind(&unknown), None, "{unknown}");
        }
    }
}
