//! The routes under `/api/v1`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use chiron_chassis::audit::{Kind, Noted, Recorded};
use chiron_chassis::{Api, Caller, FactTime, Json, Need, Path, Problem, Runtime, machine_now};
use chiron_clock::instant;
use chiron_store::{StoreError, WriteError};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use twin_client::{Properties, TwinError, Twins, models};
use user_management_integration_domain::credential::{Failures, RefreshToken, Shown};
use user_management_integration_domain::professional::ProfessionalRole;
use user_management_integration_domain::user::User;
use utoipa_axum::routes;

use crate::Settings;
use crate::application::wire::{
    CredentialsV1, HealthProfessionalV1, IdentityV1, NewRefreshTokenV1, NewUserV1, RefreshTokenV1,
    RefreshedV1, UnlockV1, UserPatchV1, UserV1, badge, password, professional_id, role_names,
    roles, user_id,
};
use crate::infrastructure::hashing::{HashError, Hashing, fingerprint, random_text};
use crate::infrastructure::store::{Documents, StoredFailures, StoredFamily, StoredUser};

const EVERYBODY: &[&str] =
    &["surgeon", "nurse", "anesthetist", "block-manager", "developer", "admin"];
const READ_USERS: Need = Need::new("users", "read", EVERYBODY).recorded(Recorded::Always);
const WRITE_USERS: Need = Need::new("users", "write", &["admin"]).recorded(Recorded::Always);
const READ_PROFESSIONALS: Need = Need::new(
    "professionals",
    "read",
    &["surgeon", "nurse", "anesthetist", "block-manager", "admin"],
)
.recorded(Recorded::Always);
const WRITE_PROFESSIONALS: Need =
    Need::new("professionals", "write", &["admin"]).recorded(Recorded::Always);
/// The gateway's alone, after a sign-in that was recorded.
const BEGIN: Need = Need::new("refresh-tokens", "write", &[]).recorded(Recorded::Refusals);
/// The gateway's alone: going on with a session, or ending it.
const SESSIONS: Need = Need::new("refresh-tokens", "write", &[]).recorded(Recorded::SignIn);

/// Sign-ins under one name come one after another; names that share a lane wait for each other.
const LANES: usize = 64;
/// Characters of a session's id and of a token's secret, 5 bits each.
const FAMILY_CHARS: usize = 24;
const SECRET_CHARS: usize = 52;

#[derive(Clone)]
struct App {
    documents: Documents,
    hashing: Hashing,
    twins: Twins,
    lanes: Arc<Vec<Mutex<()>>>,
    session: SignedDuration,
}

pub(crate) fn api(runtime: &Runtime, settings: &Settings, twins: Twins) -> Api {
    let app = App {
        documents: Documents::new(&runtime.store),
        hashing: Hashing::new(),
        twins,
        lanes: Arc::new((0..LANES).map(|_| Mutex::new(())).collect()),
        session: SignedDuration::from_hours(24 * i64::from(settings.refresh_token_days)),
    };
    Api::new(crate::NAME, "User management integration")
        .sign_in(routes!(authenticate))
        .route(READ_USERS, routes!(show_user))
        .route(WRITE_USERS, routes!(add_user))
        .route(WRITE_USERS, routes!(change_user))
        .route(WRITE_USERS, routes!(remove_user))
        .route(READ_PROFESSIONALS, routes!(show_professional))
        .route(WRITE_PROFESSIONALS, routes!(add_professional))
        .route(WRITE_PROFESSIONALS, routes!(remove_professional))
        .route(BEGIN, routes!(begin_session))
        .route(SESSIONS, routes!(continue_session))
        .route(SESSIONS, routes!(unlock_session))
        .route(SESSIONS, routes!(end_session))
        .with_state(app)
}

/// Verifies a password and says who it is.
#[utoipa::path(post, path = "/api/v1/auth", request_body = CredentialsV1,
    responses((status = 200, body = IdentityV1), (status = 400), (status = 401), (status = 429)))]
async fn authenticate(
    State(app): State<App>,
    noted: Noted,
    Json(given): Json<CredentialsV1>,
) -> Result<Json<IdentityV1>, Problem> {
    let id = user_id(&given.user_id, "/userId")?;
    let stored = app.documents.users.get(id.as_ref()).await?.map(|stored| stored.document);
    if stored.is_some() {
        noted.subject("userId", id.as_ref());
    }
    let stored = stored.filter(|stored| !stored.disabled);
    let hash = stored.as_ref().map(|stored| stored.password_hash.as_str());
    let right = app.attempt(id.as_ref(), &given.password, hash).await?;
    let Some(stored) = stored.filter(|_| right) else {
        return Err(not_signed_in("user id or password is wrong"));
    };
    let identity = app.identity(&stored).await?;
    noted.actor(Kind::Person, &identity.user_id, &identity.roles);
    Ok(Json(identity))
}

/// Shows a user: to administrators any, to others themselves.
#[utoipa::path(get, path = "/api/v1/users/{userId}", params(("userId" = String, Path)),
    responses((status = 200, body = UserV1), (status = 404)))]
async fn show_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<UserV1>, Problem> {
    let may = caller.has_role("admin") || caller.is_account() || caller.subject == id;
    if !may {
        return Err(Problem::forbidden("only administrators see other users"));
    }
    let Some(stored) = app.documents.users.get(&id).await? else { return Err(no_user()) };
    let IdentityV1 { user_id, roles, health_professional_id } =
        app.identity(&stored.document).await?;
    let disabled = stored.document.disabled;
    Ok(Json(UserV1 { user_id, health_professional_id, roles, disabled }))
}

/// Adds a user.
#[utoipa::path(post, path = "/api/v1/users", request_body = NewUserV1,
    responses((status = 201), (status = 400), (status = 409)))]
async fn add_user(
    State(app): State<App>,
    _at: FactTime,
    Json(given): Json<NewUserV1>,
) -> Result<StatusCode, Problem> {
    let (user, password) = given.parse()?;
    let hash = app.hashing.hash(password.as_ref()).await.map_err(|err| hash_failed(&err))?;
    let document = StoredUser::new(&user, hash);
    match app.documents.users.insert(user.id.as_ref(), &document, Vec::new()).await {
        Ok(_) => Ok(StatusCode::CREATED),
        Err(WriteError::AlreadyExists) => Err(Problem::conflict("a user has this id already")),
        Err(err) => Err(err.into()),
    }
}

/// Changes a user. A disabled user, and one with a new password, is signed out everywhere.
#[utoipa::path(patch, path = "/api/v1/users/{userId}", params(("userId" = String, Path)),
    request_body = UserPatchV1, responses((status = 204), (status = 400), (status = 404)))]
async fn change_user(
    State(app): State<App>,
    Path(id): Path<String>,
    Json(patch): Json<UserPatchV1>,
) -> Result<StatusCode, Problem> {
    let hash = match &patch.password {
        Some(text) => {
            let hash = app.hashing.hash(password(text)?.as_ref()).await;
            Some(hash.map_err(|err| hash_failed(&err))?)
        }
        None => None,
    };
    let professional = match &patch.health_professional_id {
        Some(Some(id)) => Some(Some(professional_id(id, "/healthProfessionalId")?)),
        Some(None) => Some(None),
        None => None,
    };
    let badge_hash = match &patch.badge {
        Some(Some(text)) => {
            let hash = app.hashing.hash(badge(text)?.as_ref()).await;
            Some(Some(hash.map_err(|err| hash_failed(&err))?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let given_roles = match &patch.roles {
        Some(texts) => Some(roles(texts)?),
        None => None,
    };
    loop {
        let Some(stored) = app.documents.users.get(&id).await? else { return Err(no_user()) };
        let mut user = read(&stored.document)?;
        if let Some(professional) = &professional {
            user.professional.clone_from(professional);
        }
        if let Some(roles) = &given_roles {
            user.roles.clone_from(roles);
        }
        user.disabled = patch.disabled.unwrap_or(user.disabled);
        let StoredUser { password_hash, badge_hash: badge, .. } = stored.document;
        let mut document = StoredUser::new(&user, hash.clone().unwrap_or(password_hash));
        document.badge_hash = badge_hash.clone().unwrap_or(badge);
        match app.documents.users.replace(&id, stored.version, &document, Vec::new()).await {
            Ok(_) => break,
            // Somebody else changed the user; the patch goes on top of that.
            Err(WriteError::Conflict) => {}
            Err(err) => return Err(err.into()),
        }
    }
    if hash.is_some() || patch.disabled == Some(true) {
        app.documents.end_sessions(&id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a user, who is signed out everywhere.
#[utoipa::path(delete, path = "/api/v1/users/{userId}", params(("userId" = String, Path)),
    responses((status = 204), (status = 404)))]
async fn remove_user(
    State(app): State<App>,
    _at: FactTime,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let removed = app.documents.users.delete(&id, None).await?;
    app.documents.end_sessions(&id).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(no_user()) }
}

/// Shows a health professional.
#[utoipa::path(get, path = "/api/v1/healthProfessionals/{healthProfessionalId}",
    params(("healthProfessionalId" = String, Path)),
    responses((status = 200, body = HealthProfessionalV1), (status = 404)))]
async fn show_professional(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<HealthProfessionalV1>, Problem> {
    match app.documents.professionals.get(&id).await? {
        Some(stored) => Ok(Json(stored.document)),
        None => Err(no_professional()),
    }
}

/// Adds a health professional and the twin. The twin comes first and is replaced when it is there:
/// if the second write fails, the same request finishes the work.
#[utoipa::path(post, path = "/api/v1/healthProfessionals", request_body = HealthProfessionalV1,
    responses((status = 201), (status = 400), (status = 409), (status = 503)))]
async fn add_professional(
    State(app): State<App>,
    FactTime(at): FactTime,
    Json(given): Json<HealthProfessionalV1>,
) -> Result<StatusCode, Problem> {
    let id = given.parse()?;
    if app.documents.professionals.get(id.as_ref()).await?.is_some() {
        return Err(professional_exists());
    }
    let properties = Properties::new()
        .with("name", given.name.as_str())
        .with("surname", given.surname.as_str())
        .with("role", ProfessionalRole::from(given.role).ordinal());
    app.twins
        .put_twin(id.as_ref(), models::HEALTH_PROFESSIONAL, properties, at)
        .await
        .map_err(|err| twins_failed(&err))?;
    match app.documents.professionals.insert(id.as_ref(), &given, Vec::new()).await {
        Ok(_) => Ok(StatusCode::CREATED),
        Err(WriteError::AlreadyExists) => Err(professional_exists()),
        Err(err) => Err(err.into()),
    }
}

/// Removes a health professional: twin and record, whichever is left.
#[utoipa::path(delete, path = "/api/v1/healthProfessionals/{healthProfessionalId}",
    params(("healthProfessionalId" = String, Path)),
    responses((status = 204), (status = 404), (status = 503)))]
async fn remove_professional(
    State(app): State<App>,
    FactTime(at): FactTime,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = professional_id(&id, "{healthProfessionalId}")?;
    let known = app.documents.professionals.get(id.as_ref()).await?.is_some();
    let twin = app.twins.get_twin(id.as_ref()).await.map_err(|err| twins_failed(&err))?;
    // An id that is another kind of twin's is nobody's here.
    let had_twin = twin.is_some_and(|twin| twin.model == models::HEALTH_PROFESSIONAL);
    if !known && !had_twin {
        return Err(no_professional());
    }
    if had_twin {
        app.twins
            .delete_twin_with_relationships(id.as_ref(), at)
            .await
            .map_err(|err| twins_failed(&err))?;
    }
    app.documents.professionals.delete(id.as_ref(), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a session of a user who has signed in.
#[utoipa::path(post, path = "/api/v1/refresh-tokens", request_body = NewRefreshTokenV1,
    responses((status = 201, body = RefreshTokenV1), (status = 404)))]
async fn begin_session(
    State(app): State<App>,
    Json(given): Json<NewRefreshTokenV1>,
) -> Result<(StatusCode, Json<RefreshTokenV1>), Problem> {
    let user = app.documents.users.get(&given.user_id).await?;
    if user.is_none_or(|user| user.document.disabled) {
        return Err(no_user());
    }
    let family = random_text(FAMILY_CHARS).map_err(|err| hash_failed(&err))?;
    let secret = random_text(SECRET_CHARS).map_err(|err| hash_failed(&err))?;
    let now = now();
    let document = StoredFamily {
        user_id: given.user_id,
        current: fingerprint(&secret),
        previous: None,
        used: None,
        expires: app.session_end(now),
        revoked: false,
    };
    app.documents.families.insert(&family, &document, Vec::new()).await?;
    app.documents.sweep_families(now).await?;
    Ok((StatusCode::CREATED, Json(RefreshTokenV1 { refresh_token: format!("{family}.{secret}") })))
}

/// Continues a session: says who it is, and hands out the next token. Safe to repeat for half a
/// minute; after that a token shown twice ends the session, since somebody has a copy.
#[utoipa::path(post, path = "/api/v1/refresh-tokens/exchange", request_body = RefreshTokenV1,
    responses((status = 200, body = RefreshedV1), (status = 401)))]
async fn continue_session(
    State(app): State<App>,
    noted: Noted,
    Json(given): Json<RefreshTokenV1>,
) -> Result<Json<RefreshedV1>, Problem> {
    let over = || not_signed_in("the session is over");
    let Some((family, secret)) = given.refresh_token.split_once('.') else { return Err(over()) };
    let shown = fingerprint(secret);
    loop {
        let Some(stored) = app.documents.families.get(family).await? else { return Err(over()) };
        let mut document = stored.document;
        let now = now();
        let used = match (&document.previous, document.used) {
            _ if shown == document.current => None,
            (Some(previous), Some(used)) if shown == *previous => Some(used),
            // One from before the previous one.
            _ => Some(Timestamp::MIN),
        };
        let token = RefreshToken { expires: document.expires, used, revoked: document.revoked };
        let next = match token.show(now) {
            Shown::Refused => return Err(over()),
            Shown::Stolen => {
                document.revoked = true;
                None
            }
            Shown::Accepted => {
                let next = random_text(SECRET_CHARS).map_err(|err| hash_failed(&err))?;
                if used.is_none() {
                    document.previous = Some(shown.clone());
                    document.used = Some(now);
                }
                document.current = fingerprint(&next);
                document.expires = app.session_end(now);
                Some(next)
            }
        };
        let identity = match app.documents.users.get(&document.user_id).await? {
            Some(whose) if !whose.document.disabled => app.identity(&whose.document).await?,
            _ => return Err(over()),
        };
        let written = app.documents.families.replace(family, stored.version, &document, Vec::new());
        match written.await {
            Ok(_) => {}
            // Shown twice at the same time: the second one sees the first one's change.
            Err(WriteError::Conflict) => continue,
            Err(err) => return Err(err.into()),
        }
        noted.subject("userId", &document.user_id);
        let Some(next) = next else {
            tracing::warn!(user_id = document.user_id, "refresh token shown again, session ended");
            return Err(over());
        };
        let IdentityV1 { user_id, roles, health_professional_id } = identity;
        noted.actor(Kind::Person, &user_id, &roles);
        let refresh_token = format!("{family}.{next}");
        return Ok(Json(RefreshedV1 { user_id, roles, health_professional_id, refresh_token }));
    }
}

/// Goes on with a session that was locked where it is shown: the badge of its owner is held to a
/// reader there. Counts as a sign-in where it fails.
#[utoipa::path(post, path = "/api/v1/refresh-tokens/unlocking", request_body = UnlockV1,
    responses((status = 204), (status = 400), (status = 401), (status = 429)))]
async fn unlock_session(
    State(app): State<App>,
    noted: Noted,
    Json(given): Json<UnlockV1>,
) -> Result<StatusCode, Problem> {
    let badge = badge(&given.badge)?;
    let over = || not_signed_in("the session is over");
    let Some((family, secret)) = given.refresh_token.split_once('.') else { return Err(over()) };
    let shown = fingerprint(secret);
    let family = app.documents.families.get(family).await?.map(|stored| stored.document);
    let is_current = |family: &StoredFamily| {
        let shown = shown == family.current || family.previous.as_ref() == Some(&shown);
        shown && !family.revoked && now() < family.expires
    };
    let Some(family) = family.filter(is_current) else { return Err(over()) };
    let id = &family.user_id;
    noted.subject("userId", id);
    let stored = app.documents.users.get(id).await?.map(|stored| stored.document);
    let Some(stored) = stored.filter(|stored| !stored.disabled) else { return Err(over()) };
    if !app.attempt(id, badge.as_ref(), stored.badge_hash.as_deref()).await? {
        return Err(not_signed_in("the badge is not that of who has locked the screen"));
    }
    let identity = app.identity(&stored).await?;
    noted.actor(Kind::Person, &identity.user_id, &identity.roles);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session; one that is over stays over.
#[utoipa::path(post, path = "/api/v1/refresh-tokens/revocation", request_body = RefreshTokenV1,
    responses((status = 204)))]
async fn end_session(
    State(app): State<App>,
    noted: Noted,
    Json(given): Json<RefreshTokenV1>,
) -> Result<StatusCode, Problem> {
    let Some((family, secret)) = given.refresh_token.split_once('.') else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let shown = fingerprint(secret);
    if let Some(stored) = app.documents.families.get(family).await? {
        let previous = stored.document.previous.as_ref();
        if shown == stored.document.current || previous == Some(&shown) {
            noted.subject("userId", &stored.document.user_id);
            noted.actor(Kind::Person, &stored.document.user_id, &[]);
            app.documents.families.delete(family, None).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// Whether what somebody shows is what a hash is of; one that is not counts against the name,
    /// and after some nothing is tried any more.
    async fn attempt(&self, id: &str, shown: &str, hash: Option<&str>) -> Result<bool, Problem> {
        let _alone = match self.lane(id) {
            Some(lane) => Some(lane.lock().await),
            None => None,
        };
        let mut failures = self.failures(id).await?;
        if let Some(seconds) = failures.locked_for(now()) {
            return Err(Problem::too_many_requests(u64::try_from(seconds).unwrap_or(1)));
        }
        if self.hashing.verify(shown, hash).await.map_err(|err| hash_failed(&err))? {
            if !failures.at().is_empty() {
                self.documents.failures.delete(id, None).await?;
            }
            return Ok(true);
        }
        let now = now();
        failures.add(now);
        let document = StoredFailures {
            at: failures.at().iter().copied().map(instant::write).collect(),
            last: instant::write(now),
        };
        self.documents.failures.put(id, &document, Vec::new()).await?;
        self.documents.sweep_failures(Failures::forgotten_before(now)).await?;
        Ok(false)
    }

    fn lane(&self, id: &str) -> Option<&Mutex<()>> {
        let sum = id.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
        self.lanes.get(sum % LANES)
    }

    async fn failures(&self, id: &str) -> Result<Failures, StoreError> {
        let stored = self.documents.failures.get(id).await?;
        let at = stored.map(|stored| stored.document.at).unwrap_or_default();
        // Our own instants read back; one that does not would count for nothing.
        Ok(Failures::new(at.iter().filter_map(|at| instant::parse(at).ok()).collect()))
    }

    async fn identity(&self, stored: &StoredUser) -> Result<IdentityV1, Problem> {
        let user = read(stored)?;
        let professional = self.documents.professional_role(&user).await?;
        Ok(IdentityV1 {
            user_id: user.id.to_string(),
            roles: role_names(user.effective_roles(professional)),
            health_professional_id: user.professional.map(|id| id.to_string()),
        })
    }

    fn session_end(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.session).unwrap_or(Timestamp::MAX)
    }
}

/// Credentials live by the machine's clock.
fn now() -> Timestamp {
    instant::cut(machine_now())
}

fn read(stored: &StoredUser) -> Result<User, Problem> {
    stored.read().map_err(|err| Problem::internal(&err))
}

fn hash_failed(err: &HashError) -> Problem {
    Problem::internal(err)
}

fn not_signed_in(detail: &str) -> Problem {
    let title = "The credentials do not count";
    Problem::new(StatusCode::UNAUTHORIZED, "wrong-credentials", title, detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"chiron\""))
}

fn no_user() -> Problem {
    Problem::not_found("there is no such user")
}

fn no_professional() -> Problem {
    Problem::not_found("there is no such health professional")
}

fn professional_exists() -> Problem {
    Problem::conflict("a health professional has this id already")
}

fn twins_failed(err: &TwinError) -> Problem {
    match err {
        TwinError::NotFound { .. } | TwinError::Precondition | TwinError::Refused { .. } => {
            tracing::warn!(error = %err, "twin refused");
            Problem::conflict("the twin layer refuses this")
        }
        TwinError::Unavailable(_) => Problem::unavailable("the twin layer does not answer"),
        TwinError::Protocol(_) => Problem::internal(err),
    }
}
