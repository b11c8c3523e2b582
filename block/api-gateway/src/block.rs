//! Sign-in, tokens and keys, and what time it is.

use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, header::SET_COOKIE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chiron_chassis::audit::{Kind, Noted};
use chiron_chassis::identity::COOKIE;
use chiron_chassis::{Answer, Api, Form, Json, Problem, Service};
use chiron_clock::instant;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Gateway;
use crate::tokens::TokenError;

/// What people sign in and out by, and the clock.
pub(crate) fn sessions(api: Api<Gateway>) -> Api<Gateway> {
    api.public(routes!(sign_in))
        .public(routes!(refresh))
        .public(routes!(unlock))
        .public(routes!(sign_out))
        .public(routes!(clock))
}

/// What services get their tokens and everybody's keys from.
pub(crate) fn accounts(api: Api<Gateway>) -> Api<Gateway> {
    api.sign_in(routes!(token)).public(routes!(jwks))
}

/// What somebody signs in with.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsV1 {
    /// User id, not empty.
    pub user_id: String,
    /// Password, not empty.
    pub password: String,
}

/// A session's tokens.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionV1 {
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// Gets the next access token; good for one use.
    pub refresh_token: String,
    /// All roles.
    pub roles: Vec<String>,
}

/// A refresh token.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshV1 {
    /// As handed out last.
    pub refresh_token: String,
}

/// What is shown to go on with a locked session.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlockV1 {
    /// As handed out last; it stays as it is.
    pub refresh_token: String,
    /// What a reader says of the badge.
    pub badge: String,
}

/// The token of a service or device account (RFC 6749, section 5.1).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenV1 {
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the token expires.
    pub expires_in: u64,
}

/// What user management says of somebody.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    user_id: String,
    roles: Vec<String>,
    #[serde(default)]
    refresh_token: Option<String>,
}

type Headers = [(HeaderName, HeaderValue); 2];

/// Signs a person in.
#[utoipa::path(post, path = "/api/v1/obd/auth", request_body = CredentialsV1,
    responses((status = 200, body = SessionV1), (status = 400), (status = 401), (status = 429)))]
async fn sign_in(
    State(gateway): State<Gateway>,
    Json(given): Json<CredentialsV1>,
) -> Result<(Headers, Json<SessionV1>), Problem> {
    for (field, text) in [("/userId", &given.user_id), ("/password", &given.password)] {
        if text.is_empty() {
            return Err(Problem::bad_request(field, "must not be empty"));
        }
    }
    let calls = &gateway.runtime.calls;
    let verified = calls.post(Service::UserManagement, "/api/v1/auth").json(&given).send().await?;
    let identity: Identity = accepted(&verified)?.json()?;
    let body = json!({"userId": identity.user_id});
    let path = "/api/v1/refresh-tokens";
    let begun = calls.post(Service::UserManagement, path).json(&body).send().await?;
    if begun.status == StatusCode::NOT_FOUND {
        // Deleted or disabled between the two calls.
        return Err(Problem::unauthorized());
    }
    let begun: RefreshV1 = accepted(&begun)?.json()?;
    gateway.session(identity, begun.refresh_token)
}

/// Continues a session. The refresh token is replaced; one that was used before ends the session.
#[utoipa::path(post, path = "/api/v1/obd/auth/refresh", request_body = RefreshV1,
    responses((status = 200, body = SessionV1), (status = 400), (status = 401)))]
async fn refresh(
    State(gateway): State<Gateway>,
    Json(given): Json<RefreshV1>,
) -> Result<(Headers, Json<SessionV1>), Problem> {
    let path = "/api/v1/refresh-tokens/exchange";
    let calls = &gateway.runtime.calls;
    let exchanged = calls.post(Service::UserManagement, path).json(&given).send().await?;
    let mut identity: Identity = accepted(&exchanged)?.json()?;
    let Some(next) = identity.refresh_token.take() else {
        return Err(Problem::unavailable("user management does not answer as expected"));
    };
    gateway.session(identity, next)
}

/// Goes on with a session that was locked where it is shown, by the badge of its owner.
#[utoipa::path(post, path = "/api/v1/obd/auth/unlock", request_body = UnlockV1,
    responses((status = 204), (status = 400), (status = 401), (status = 429)))]
async fn unlock(
    State(gateway): State<Gateway>,
    Json(given): Json<UnlockV1>,
) -> Result<StatusCode, Problem> {
    let path = "/api/v1/refresh-tokens/unlocking";
    let calls = &gateway.runtime.calls;
    let unlocked = calls.post(Service::UserManagement, path).json(&given).send().await?;
    accepted(&unlocked)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session and takes the cookie back. Access tokens in use stay valid until they expire.
#[utoipa::path(post, path = "/api/v1/obd/auth/logout", request_body = RefreshV1,
    responses((status = 204), (status = 400)))]
async fn sign_out(
    State(gateway): State<Gateway>,
    Json(given): Json<RefreshV1>,
) -> Result<(StatusCode, Headers), Problem> {
    let path = "/api/v1/refresh-tokens/revocation";
    let calls = &gateway.runtime.calls;
    let revoked = calls.post(Service::UserManagement, path).json(&given).send().await?;
    accepted(&revoked)?;
    Ok((StatusCode::NO_CONTENT, gateway.cookie("", 0)?))
}

/// A token request (RFC 6749, section 4.4).
#[derive(Deserialize, ToSchema)]
struct TokenRequest {
    /// `client_credentials`.
    grant_type: String,
    /// The account, unless it comes by HTTP Basic.
    client_id: Option<String>,
    /// The account's secret, unless it comes by HTTP Basic.
    client_secret: Option<String>,
}

/// Exchanges the credentials of a service or device for a token.
#[utoipa::path(post, path = "/oauth2/token",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenV1), (status = 400), (status = 401)))]
async fn token(
    State(gateway): State<Gateway>,
    noted: Noted,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<TokenV1>), Problem> {
    if request.grant_type != "client_credentials" {
        return Err(Problem::bad_request("/grant_type", "expected client_credentials"));
    }
    let shown = match (request.client_id, request.client_secret) {
        (Some(id), Some(secret)) => Some((id, secret)),
        _ => basic(&headers),
    };
    let Some((id, secret)) = shown else {
        return Err(Problem::bad_request("/client_id", "id and secret are missing"));
    };
    if gateway.accounts.has(&id) {
        noted.subject("clientId", &id);
    }
    let Some(account) = gateway.accounts.verify(&id, &secret) else {
        tracing::warn!(client_id = id, "account refused");
        let title = "The credentials do not count";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong-credentials", title, "")
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"chiron\"")));
    };
    let (roles, grants) = (account.roles.clone(), account.grants.clone());
    noted.actor(Kind::Account, &id, &roles);
    let access_token = gateway
        .tokens
        .account(&id, roles, grants, account.source_time)
        .map_err(|err| Problem::internal(&err))?;
    let expires_in = gateway.tokens.seconds();
    let answer = TokenV1 { access_token, token_type: "Bearer".to_owned(), expires_in };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)))
}

/// Id and secret by HTTP Basic, each form-encoded first (RFC 6749, section 2.3.1).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((chiron_chassis::form_text(id)?, chiron_chassis::form_text(secret)?))
}

/// The public keys by which tokens are verified (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200)))]
async fn jwks(State(gateway): State<Gateway>) -> Json<JwkSet> {
    Json(JwkSet { keys: gateway.tokens.keys().jwks() })
}

/// What time it is in the block, and how fast it passes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ClockV1 {
    /// The present instant.
    #[serde(with = "instant::text")]
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Seconds per second of the machine.
    rate: f64,
    /// `system`, `paced` or `lock-step`.
    mode: &'static str,
    /// When a simulated run began; null with the machine's own clock.
    #[serde(with = "instant::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    epoch: Option<Timestamp>,
}

/// Tells the block's time.
#[utoipa::path(get, path = "/api/v1/clock", responses((status = 200, body = ClockV1)))]
async fn clock(State(gateway): State<Gateway>) -> Json<ClockV1> {
    let clock = &gateway.runtime.clock;
    let mode = match (clock.is_lock_step(), clock.epoch()) {
        (true, _) => "lock-step",
        (false, Some(_)) => "paced",
        (false, None) => "system",
    };
    Json(ClockV1 { now: clock.now(), rate: clock.rate(), mode, epoch: clock.epoch() })
}

/// Passes user management's refusals on in our own words.
fn accepted(answer: &Answer) -> Result<&Answer, Problem> {
    match answer.status {
        status if status.is_success() => Ok(answer),
        StatusCode::UNAUTHORIZED => Err(Problem::unauthorized()),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
            Err(Problem::too_many_requests(wait.unwrap_or(1)))
        }
        StatusCode::BAD_REQUEST => Err(Problem::bad_request("", "user management refuses this")),
        status => {
            tracing::warn!(status = status.as_u16(), "user management refused");
            Err(Problem::unavailable("user management does not answer as expected"))
        }
    }
}

impl Gateway {
    fn session(
        &self,
        identity: Identity,
        refresh_token: String,
    ) -> Result<(Headers, Json<SessionV1>), Problem> {
        let Identity { user_id, roles, .. } = identity;
        let failed = |err: TokenError| Problem::internal(&err);
        let access_token = self.tokens.person(&user_id, roles.clone()).map_err(failed)?;
        let expires_in = self.tokens.seconds();
        let headers = self.cookie(&access_token, expires_in)?;
        Ok((headers, Json(SessionV1 { access_token, expires_in, refresh_token, roles })))
    }

    /// The cookie for the web application; `HttpOnly`, so that no script reads it.
    fn cookie(&self, token: &str, seconds: u64) -> Result<Headers, Problem> {
        let secure = if self.secure_cookie { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        let cookie = HeaderValue::try_from(cookie).map_err(|err| Problem::internal(&err))?;
        let no_store = HeaderValue::from_static("no-store");
        Ok([(SET_COOKIE, cookie), (header::CACHE_CONTROL, no_store)])
    }
}
