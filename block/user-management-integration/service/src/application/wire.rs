//! The bodies of requests and answers, and how they become values of the domain.

use std::collections::BTreeSet;

use chiron_chassis::{FieldError, Problem};
use serde::{Deserialize, Deserializer, Serialize};
use user_management_integration_domain::credential::{Badge, Password};
use user_management_integration_domain::professional::{ProfessionalId, ProfessionalRole};
use user_management_integration_domain::user::{Role, User, UserId};
use utoipa::ToSchema;

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsV1 {
    /// User id, not empty.
    pub user_id: String,
    /// Password, as typed.
    pub password: String,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityV1 {
    /// User id.
    pub user_id: String,
    /// All roles, the linked professional's included; sorted, each once.
    pub roles: Vec<String>,
    /// The health professional that this user is, or null.
    pub health_professional_id: Option<String>,
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewUserV1 {
    /// User id, not empty.
    pub user_id: String,
    /// Password, 8 to 20 characters.
    pub password: String,
    /// The health professional that this user is.
    #[serde(default)]
    pub health_professional_id: Option<String>,
    /// Roles besides the linked professional's.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A user as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserV1 {
    /// User id.
    pub user_id: String,
    /// The health professional that this user is, or null.
    pub health_professional_id: Option<String>,
    /// All roles, the linked professional's included.
    pub roles: Vec<String>,
    /// Whether the user is kept from signing in.
    pub disabled: bool,
}

/// Changes to a user; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserPatchV1 {
    /// A new password, 8 to 20 characters.
    #[serde(default)]
    pub password: Option<String>,
    /// Another health professional, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub health_professional_id: Option<Option<String>>,
    /// Roles instead of those given before.
    #[serde(default)]
    pub roles: Option<Vec<String>>,
    /// Whether the user is kept from signing in.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// What a reader says of the user's badge, 4 to 64 characters, or null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub badge: Option<Option<String>>,
}

/// A session that is locked where it is shown, and the badge that was held to a reader there.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlockV1 {
    /// The session's refresh token, which stays as it is.
    pub refresh_token: String,
    /// What the reader says.
    pub badge: String,
}

/// Tells null from left out.
#[expect(clippy::option_option, reason = "a merge patch tells null from left out")]
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A health professional, in the form of the wire and of the database. All fields are mandatory;
/// texts but the id may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthProfessionalV1 {
    /// Id, not empty; also the twin's.
    pub health_professional_id: String,
    /// First name.
    pub name: String,
    /// Family name.
    pub surname: String,
    /// Gender.
    pub gender: Gender,
    /// Date of birth, `YYYY-MM-DD`.
    #[schema(format = Date)]
    pub birthdate: String,
    /// E-mail address.
    pub email_address: String,
    /// Telephone number.
    pub phone_number: String,
    /// What the professional does.
    pub role: RoleV1,
}

/// Gender as the contract has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Gender {
    /// Male.
    Male,
    /// Female.
    Female,
    /// Neither.
    Other,
}

/// A professional's role as the contract has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoleV1 {
    /// Operates.
    Surgeon,
    /// Assists and cares.
    Nurse,
    /// Anaesthetises.
    Anesthetist,
}

impl From<RoleV1> for ProfessionalRole {
    fn from(role: RoleV1) -> Self {
        match role {
            RoleV1::Surgeon => Self::Surgeon,
            RoleV1::Nurse => Self::Nurse,
            RoleV1::Anesthetist => Self::Anesthetist,
        }
    }
}

/// Whose session is to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewRefreshTokenV1 {
    /// User id.
    pub user_id: String,
}

/// A refresh token, shown or handed out.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshTokenV1 {
    /// The token; opaque.
    pub refresh_token: String,
}

/// Who showed a refresh token, and its successor.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshedV1 {
    /// User id.
    pub user_id: String,
    /// All roles.
    pub roles: Vec<String>,
    /// The health professional that this user is, or null.
    pub health_professional_id: Option<String>,
    /// The token to show next time.
    pub refresh_token: String,
}

pub(crate) fn user_id(text: &str, place: &str) -> Result<UserId, Problem> {
    text.parse().map_err(|err| refused(place, err))
}

pub(crate) fn professional_id(text: &str, place: &str) -> Result<ProfessionalId, Problem> {
    text.parse().map_err(|err| refused(place, err))
}

pub(crate) fn password(text: &str) -> Result<Password, Problem> {
    text.parse().map_err(|err| refused("/password", err))
}

pub(crate) fn badge(text: &str) -> Result<Badge, Problem> {
    text.parse().map_err(|err| refused("/badge", err))
}

pub(crate) fn roles(texts: &[String]) -> Result<BTreeSet<Role>, Problem> {
    let mut roles = BTreeSet::new();
    let mut errors = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse::<Role>() {
            Ok(role) => {
                roles.insert(role);
            }
            Err(err) => errors.push(FieldError::new(format!("/roles/{index}"), err.to_string())),
        }
    }
    if errors.is_empty() { Ok(roles) } else { Err(Problem::invalid(errors)) }
}

pub(crate) fn role_names(roles: impl IntoIterator<Item = Role>) -> Vec<String> {
    roles.into_iter().map(|role| role.as_str().to_owned()).collect()
}

fn refused(place: &str, err: impl std::error::Error) -> Problem {
    Problem::bad_request(place, err.to_string())
}

impl NewUserV1 {
    pub(crate) fn parse(&self) -> Result<(User, Password), Problem> {
        let professional = match &self.health_professional_id {
            Some(id) => Some(professional_id(id, "/healthProfessionalId")?),
            None => None,
        };
        let user = User {
            id: user_id(&self.user_id, "/userId")?,
            professional,
            roles: roles(&self.roles)?,
            disabled: false,
        };
        Ok((user, password(&self.password)?))
    }
}

impl HealthProfessionalV1 {
    pub(crate) fn parse(&self) -> Result<ProfessionalId, Problem> {
        let id = professional_id(&self.health_professional_id, "/healthProfessionalId")?;
        if self.birthdate.parse::<jiff::civil::Date>().is_err() {
            return Err(Problem::bad_request("/birthdate", "is not a date such as 1980-02-11"));
        }
        Ok(id)
    }
}
