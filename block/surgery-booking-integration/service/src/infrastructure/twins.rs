//! The twins around bookings, in the twin layer; and patient management, for the names of people
//! who have no twin yet.
//!
//! People come before the booking, so that a booking that can be seen is complete (the reference
//! wrote the booking first). Every step can be repeated. What is there already is not written
//! again, since each accepted write is an event.

use axum::http::StatusCode;
use chiron_chassis::{CallError, Calls, Service};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::Deserialize;
use surgery_booking_integration_domain::entity::{Content, SurgeryId, TaxCode};
use surgery_booking_integration_domain::usecase::{
    Attempt, Patient, Surroundings, Twins as Port, TwinsFailed, User,
};
use twin_client::{Properties, TwinError, Twins, models};

/// The twin layer's code for "the twin still has relationships".
const RELATIONSHIPS_NOT_DELETED: &str = "RelationshipsNotDeleted";

/// The twin layer and patient management.
#[derive(Clone)]
pub struct TwinGraph {
    twins: Twins,
    calls: Calls,
}

/// An id names a twin of another kind.
#[derive(Debug, thiserror::Error)]
#[error("an id of the booking names a twin of model {0}")]
struct OtherModel(String);

/// Patient management answered with this status.
#[derive(Debug, thiserror::Error)]
#[error("patient management answered {0}")]
struct Unexpected(StatusCode);

#[derive(Deserialize)]
struct PersonV1 {
    name: String,
    surname: String,
}

impl TwinGraph {
    /// Over this twin layer, and patient management by these calls.
    pub fn new(twins: Twins, calls: Calls) -> TwinGraph {
        TwinGraph { twins, calls }
    }

    /// Whether there is a twin of the id, which must be of the model.
    async fn is(&self, id: &str, model: &str) -> Result<bool, TwinsFailed> {
        match self.twins.get_twin(id).await.map_err(failed)? {
            None => Ok(false),
            Some(twin) if twin.model == model => Ok(true),
            Some(twin) => Err(TwinsFailed::Refused(Box::new(OtherModel(twin.model)))),
        }
    }

    /// Deletes a twin unless it has relationships; whether it is gone.
    async fn delete_unused(&self, id: &str) -> Result<bool, TwinsFailed> {
        match self.twins.delete_twin(id, None).await {
            Ok(_) => Ok(true),
            Err(TwinError::Refused { code, .. }) if code == RELATIONSHIPS_NOT_DELETED => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    async fn person(&self, user: &TaxCode) -> Result<User, TwinsFailed> {
        let path = format!("/api/v1/patients/{}", Calls::segment(user.as_str()));
        let answer = self.calls.get(Service::PatientManagement, &path).send().await;
        let answer = answer.map_err(call_failed)?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(User::Unknown),
            status if status.is_success() => {
                let PersonV1 { name, surname } = answer.json().map_err(call_failed)?;
                Ok(User::Person { name, surname })
            }
            status => Err(TwinsFailed::Unavailable(Box::new(Unexpected(status)))),
        }
    }

    async fn patient(&self, id: &str) -> Result<Patient, TwinsFailed> {
        if !self.is(id, models::PATIENT).await? {
            return Ok(Patient::New);
        }
        let related = self.twins.relationships(id, Some(models::REL_IS_ASSOCIATED)).await;
        let related = match related {
            Ok(related) => related,
            // It went in between.
            Err(TwinError::NotFound { .. }) => return Ok(Patient::New),
            Err(error) => return Err(failed(error)),
        };
        match related.first() {
            None => Ok(Patient::Anonymous),
            Some(relationship) => match relationship.target.parse() {
                Ok(user) => Ok(Patient::Of(user)),
                Err(_) => Ok(Patient::Anonymous),
            },
        }
    }
}

impl Port for TwinGraph {
    async fn surroundings(&self, content: &Content) -> Result<Surroundings, TwinsFailed> {
        // A booking must not take the place of a room.
        self.is(content.surgery.as_str(), models::SURGERY_BOOKING).await?;
        let professional =
            self.is(content.professional.as_str(), models::HEALTH_PROFESSIONAL).await?;
        let theatre = match &content.theatre {
            None => true,
            Some(theatre) => {
                let twin = self.twins.get_twin(theatre.as_str()).await.map_err(failed)?;
                twin.is_some_and(|twin| twin.model == models::OPERATING_ROOM)
            }
        };
        let user = if self.is(content.user.as_str(), models::HEALTHCARE_USER).await? {
            User::Twin
        } else {
            self.person(&content.user).await?
        };
        let patient = self.patient(content.patient.as_str()).await?;
        Ok(Surroundings { professional, theatre, user, patient })
    }

    async fn put_people(
        &self,
        content: &Content,
        around: &Surroundings,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let (user, patient) = (content.user.as_str(), content.patient.as_str());
        if let User::Person { name, surname } = &around.user {
            let person =
                Properties::new().with("name", name.clone()).with("surname", surname.clone());
            self.twins
                .create_twin(user, models::HEALTHCARE_USER, person, at)
                .await
                .map_err(failed)?;
        }
        // Never replaced: its values are the patient's vital signs.
        self.twins
            .create_twin(patient, models::PATIENT, Properties::new(), at)
            .await
            .map_err(failed)?;
        if around.patient == Patient::Of(content.user.clone()) {
            return Ok(());
        }
        let id = format!("{patient}-{user}");
        self.twins
            .put_relationship(patient, &id, models::REL_IS_ASSOCIATED, user, at)
            .await
            .map_err(failed)
    }

    async fn put_booking(
        &self,
        content: &Content,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        let surgery = content.surgery.as_str();
        let properties = Properties::new()
            .with("booking_date_time", instant::write(content.planned_start))
            .with("surgery_type", content.kind.as_str());
        self.twins
            .put_twin(surgery, models::SURGERY_BOOKING, properties, at)
            .await
            .map_err(failed)?;

        let wanted = [
            (models::REL_RESPONSIBLE_HEALTH_PROFESSIONAL, content.professional.as_str()),
            (models::REL_HEALTHCARE_USER, content.user.as_str()),
            (models::REL_BOOKING_ASSOCIATED_PATIENT, content.patient.as_str()),
        ];
        let there = self.twins.relationships(surgery, None).await.map_err(failed)?;
        for relationship in &there {
            if !wanted.contains(&(relationship.name.as_str(), relationship.target.as_str())) {
                self.twins
                    .delete_relationship(surgery, &relationship.id, at)
                    .await
                    .map_err(failed)?;
            }
        }
        for (name, target) in wanted {
            if there
                .iter()
                .any(|found| (found.name.as_str(), found.target.as_str()) == (name, target))
            {
                continue;
            }
            let id = format!("{surgery}-{target}");
            self.twins.put_relationship(surgery, &id, name, target, at).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn remove_booking(
        &self,
        surgery: &SurgeryId,
        at: Option<Timestamp>,
    ) -> Result<(), TwinsFailed> {
        self.twins
            .delete_twin_with_relationships(surgery.as_str(), at)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn remove_people(&self, attempt: &Attempt) -> Result<(), TwinsFailed> {
        let (patient, user) = (attempt.content.patient.as_str(), attempt.content.user.as_str());
        if attempt.adds_patient && self.is(patient, models::PATIENT).await? {
            let others = self.twins.incoming(patient).await.map_err(failed)?;
            let mine = self.twins.relationships(patient, None).await.map_err(failed)?;
            if others.is_empty() && mine.iter().all(|rel| rel.name == models::REL_IS_ASSOCIATED) {
                let id = format!("{patient}-{user}");
                self.twins.delete_relationship(patient, &id, None).await.map_err(failed)?;
                if !self.delete_unused(patient).await? {
                    // Somebody has begun to use it in between.
                    self.twins
                        .put_relationship(patient, &id, models::REL_IS_ASSOCIATED, user, None)
                        .await
                        .map_err(failed)?;
                }
            }
        }
        if attempt.adds_user && self.is(user, models::HEALTHCARE_USER).await? {
            self.delete_unused(user).await?;
        }
        Ok(())
    }
}

fn failed(error: TwinError) -> TwinsFailed {
    match error {
        // A token that lacks a grant is no fault of the booking.
        TwinError::Refused { status: 401 | 403, .. } | TwinError::Protocol(_) => {
            TwinsFailed::Unavailable(Box::new(error))
        }
        error if error.is_retryable() => TwinsFailed::Unavailable(Box::new(error)),
        error => TwinsFailed::Refused(Box::new(error)),
    }
}

fn call_failed(error: CallError) -> TwinsFailed {
    TwinsFailed::Unavailable(Box::new(error))
}
