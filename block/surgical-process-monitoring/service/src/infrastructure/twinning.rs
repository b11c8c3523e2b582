//! Makes the twin layer show what processes are: wanted state against shown state, retried until
//! they agree. A twin layer that is down never holds up a process.

use std::collections::BTreeSet;

use chiron_chassis::{Calls, Service};
use chiron_store::{Find, Versioned, WriteError};
use serde::Deserialize;
use twin_client::{Patch, Properties, TwinError, Twins, models};

use crate::{
    application::document::{Arrival, FactContent, TwinDocument, Wanted},
    infrastructure::{
        locating::LocateError,
        records::{RecordError, Records},
    },
};

#[derive(Clone)]
pub(crate) struct Twinning {
    pub(crate) records: Records,
    pub(crate) twins: Twins,
    pub(crate) calls: Calls,
}

/// A person as patient management tells it; what else it tells is ignored.
#[derive(Debug, Deserialize)]
struct Person {
    name: String,
    surname: String,
}

impl Twinning {
    /// Works off what is pending, and tells whether something is left that must wait.
    pub(crate) async fn pass(&self) -> bool {
        let pending = match self.records.twins.find(&Find::all().eq("pending", true)).await {
            Ok(pending) => pending,
            Err(err) => {
                tracing::warn!(error = %chiron_chassis::chain(&err), "twins to be shown were not read");
                return true;
            }
        };
        let mut left = false;
        for twin in pending {
            if let Err(err) = self.show(&twin).await {
                tracing::warn!(
                    error = %chiron_chassis::chain(&err),
                    process = twin.id,
                    "a twin was not shown, which is tried again"
                );
                left = true;
            }
        }
        left
    }

    async fn show(&self, twin: &Versioned<TwinDocument>) -> Result<(), LocateError> {
        let process = twin.id.as_str();
        match &twin.document.wanted {
            Wanted::There { patient_id, surgery_id, state, step, room, emergency } => {
                let shown = Shown::of(twin.document.shown.as_ref());
                if let Some(arrival) = emergency
                    && shown.arrival.is_none_or(|shown| shown.tax_code != arrival.tax_code)
                {
                    self.arrive(patient_id, arrival).await?;
                }
                self.show_state(process, *state, *step, &shown).await?;
                if shown.patient != Some(patient_id) {
                    let involved = Some(patient_id);
                    self.relate(process, models::REL_INVOLVE_PATIENT, involved).await?;
                }
                if shown.surgery != surgery_id.as_ref() {
                    let booking = surgery_id.as_ref();
                    self.relate(process, models::REL_ASSOCIATED_TO_BOOKING, booking).await?;
                }
                if shown.room != room.as_ref() {
                    self.relate(process, models::REL_IS_INSIDE, room.as_ref()).await?;
                }
            }
            Wanted::Settled { surgery_id, booking_version, devices } => {
                self.twins.delete_twin_with_relationships(process, None).await?;
                for device in devices {
                    self.twins.delete_twin_with_relationships(device, None).await?;
                }
                if let Some(surgery) = surgery_id
                    && self.is_present_version(surgery, *booking_version).await?
                {
                    self.twins.delete_twin_with_relationships(surgery, None).await?;
                }
            }
            Wanted::Void => {
                self.twins.delete_twin_with_relationships(process, None).await?;
            }
        }
        let shown = TwinDocument {
            wanted: twin.document.wanted.clone(),
            shown: Some(twin.document.wanted.clone()),
            pending: false,
        };
        match self.records.twins.replace(process, twin.version, &shown, Vec::new()).await {
            // Wanted otherwise meanwhile: whoever wants it has nudged.
            Ok(_) | Err(WriteError::Conflict) => Ok(()),
            Err(err) => Err(RecordError::from(err).into()),
        }
    }

    /// Brings the patient of an emergency in, with the time at which it happened: the movement
    /// that is told of it is then the same entry once more.
    async fn arrive(&self, patient: &str, arrival: &Arrival) -> Result<(), LocateError> {
        let at = Some(arrival.at);
        self.twins.create_twin(patient, models::PATIENT, Properties::new(), None).await?;
        if let Some(room) = &arrival.room {
            let id = format!("{room}-{patient}");
            let put =
                self.twins.put_relationship(patient, &id, models::REL_IS_INSIDE, room, at).await;
            passable(put)?;
        }
        let Some(tax_code) = &arrival.tax_code else { return Ok(()) };
        let path = format!("/api/v1/patients/{}", Calls::segment(tax_code));
        let answer = self.calls.get(Service::PatientManagement, &path).send().await?;
        if answer.status.as_u16() == 404 {
            return Ok(());
        }
        if !answer.is_success() {
            return Err(LocateError::Status(answer.status.as_u16()));
        }
        let person: Person = answer.json()?;
        let properties =
            Properties::new().with("name", person.name).with("surname", person.surname);
        self.twins.create_twin(tax_code, models::HEALTHCARE_USER, properties, None).await?;
        let id = format!("{patient}-{tax_code}");
        let associated = models::REL_IS_ASSOCIATED;
        let put = self.twins.put_relationship(patient, &id, associated, tax_code, None).await;
        passable(put)
    }

    async fn show_state(
        &self,
        process: &str,
        state: u8,
        step: Option<u8>,
        shown: &Shown<'_>,
    ) -> Result<(), TwinError> {
        if shown.state == Some((state, step)) {
            return Ok(());
        }
        let properties =
            Properties::new().with("process_state", state).with_some("process_step", step);
        let model = models::SURGICAL_PROCESS;
        if shown.state.is_none()
            && self.twins.create_twin(process, model, properties.clone(), None).await?
        {
            return Ok(());
        }
        let mut patch = Patch::new().set("process_state", state, None);
        match (step, shown.state) {
            (Some(step), _) => patch = patch.set("process_step", step, None),
            (None, Some((_, Some(_)))) => patch = patch.remove("process_step"),
            (None, _) => {}
        }
        match self.twins.patch_twin(process, patch).await {
            // Somebody took it away; what is shown of it is not there any more.
            Err(TwinError::NotFound { .. }) => {
                self.twins.create_twin(process, model, properties, None).await.map(drop)
            }
            outcome => outcome,
        }
    }

    /// Makes the process have exactly one relationship of a name, or none. The new one is there
    /// before the old one goes, so that nobody finds the process nowhere on its way.
    async fn relate(
        &self,
        process: &str,
        name: &'static str,
        target: Option<&String>,
    ) -> Result<(), LocateError> {
        let present = self.twins.relationships(process, Some(name)).await?;
        let id = target.map(|target| format!("{process}-{target}"));
        if let (Some(id), Some(target)) = (&id, target)
            && !present.iter().any(|it| it.id == *id && it.target == *target)
        {
            passable(self.twins.put_relationship(process, id, name, target, None).await)?;
        }
        for other in present.iter().filter(|it| Some(&it.id) != id.as_ref()) {
            self.twins.delete_relationship(process, &other.id, None).await?;
        }
        Ok(())
    }

    /// Whether no reschedule has freed a booking since.
    async fn is_present_version(
        &self,
        surgery: &str,
        version: Option<u32>,
    ) -> Result<bool, LocateError> {
        let known = self.records.facts.find(&Find::all().eq("surgeryId", surgery)).await?;
        let versions: BTreeSet<u32> = known
            .iter()
            .filter_map(|fact| match fact.document.fact {
                FactContent::Booked { version, .. } => Some(version),
                _ => None,
            })
            .collect();
        Ok(versions.last().copied() == version)
    }
}

/// What the twin layer was made to show of a process last.
#[derive(Default)]
struct Shown<'a> {
    state: Option<(u8, Option<u8>)>,
    patient: Option<&'a String>,
    surgery: Option<&'a String>,
    room: Option<&'a String>,
    /// How the patient of an emergency was brought in.
    arrival: Option<&'a Arrival>,
}

impl<'a> Shown<'a> {
    fn of(shown: Option<&'a Wanted>) -> Self {
        match shown {
            Some(Wanted::There { patient_id, surgery_id, state, step, room, emergency }) => Self {
                state: Some((*state, *step)),
                patient: Some(patient_id),
                surgery: surgery_id.as_ref(),
                room: room.as_ref(),
                arrival: emergency.as_ref(),
            },
            Some(Wanted::Settled { .. } | Wanted::Void) | None => Self::default(),
        }
    }
}

/// A relationship whose other end is not there, or does not fit the models, cannot be shown: no
/// other try helps, and the rest of the process is to be shown all the same.
fn passable(outcome: Result<(), TwinError>) -> Result<(), LocateError> {
    match outcome {
        Err(err @ (TwinError::NotFound { .. } | TwinError::Refused { .. })) => {
            tracing::warn!(error = %chiron_chassis::chain(&err), "a relationship could not be shown");
            Ok(())
        }
        other => Ok(other?),
    }
}
