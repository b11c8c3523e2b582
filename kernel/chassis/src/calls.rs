//! Calls to other services: with this service's token, the trace of the work under way, a time
//! limit and a size limit, and counted as work until answered.
//!
//! Nothing is tried twice here but an expired token: the caller knows whether trying again is
//! right, and [`CallError::is_retryable`] tells it whether it could help. A service that does not
//! answer several calls in a row is left alone for a while.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use chiron_broker::TraceContext;
use chiron_clock::Activity;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::breaker::Breakers;
use crate::chain;
use crate::settings::Secret;

/// How long a call may take unless it says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The largest answer read, in bytes.
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;
/// A token is not used in its last seconds, so that it does not expire on its way.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// Everything but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The services that others call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Medical instrument integration.
    MedicalInstrument,
    /// User management integration.
    UserManagement,
    /// Surgery booking integration.
    SurgeryBooking,
    /// Patient management integration.
    PatientManagement,
    /// Staff tracking.
    StaffTracking,
    /// Building management.
    BuildingManagement,
    /// Surgical process monitoring.
    SurgicalProcess,
    /// Surgery report.
    SurgeryReport,
    /// The gateway's face for the block's dashboard; signs tokens.
    GatewayBlock,
    /// The gateway's face for a room's dashboard.
    GatewayRoom,
    /// The twin engine.
    TwinEngine,
    /// The gateway of twin events.
    EventGateway,
    /// Automation management.
    AutomationManagement,
    /// The directory of Thing Descriptions.
    ThingDirectory,
    /// The block gateway: the rooms' control units and their actuators.
    BlockGateway,
    /// The gateway's listener for browsers: every face under one origin.
    GatewayWeb,
    /// The door of HL7 v2.
    Hl7Gateway,
    /// Plan against actual and key figures.
    Performance,
    /// The software catalogue of the developer platform.
    Catalog,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 19] = [
        Self::MedicalInstrument,
        Self::UserManagement,
        Self::SurgeryBooking,
        Self::PatientManagement,
        Self::StaffTracking,
        Self::BuildingManagement,
        Self::SurgicalProcess,
        Self::SurgeryReport,
        Self::GatewayBlock,
        Self::GatewayRoom,
        Self::TwinEngine,
        Self::EventGateway,
        Self::AutomationManagement,
        Self::GatewayWeb,
        Self::ThingDirectory,
        Self::BlockGateway,
        Self::Hl7Gateway,
        Self::Performance,
        Self::Catalog,
    ];

    /// The name under which settings and messages know the service.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MedicalInstrument => "medical-instrument-integration",
            Self::UserManagement => "user-management-integration",
            Self::SurgeryBooking => "surgery-booking-integration",
            Self::PatientManagement => "patient-management-integration",
            Self::StaffTracking => "staff-tracking",
            Self::BuildingManagement => "building-management",
            Self::SurgicalProcess => "surgical-process-monitoring",
            Self::SurgeryReport => "surgery-report",
            Self::GatewayBlock => "api-gateway",
            Self::GatewayRoom => "api-gateway-room",
            Self::TwinEngine => "twin-engine",
            Self::EventGateway => "event-gateway",
            Self::AutomationManagement => "automation-management",
            Self::ThingDirectory => "thing-directory",
            Self::BlockGateway => "block-gateway",
            Self::GatewayWeb => "api-gateway-web",
            Self::Hl7Gateway => "hl7-gateway",
            Self::Performance => "performance",
            Self::Catalog => "catalog",
        }
    }

    /// The port on which the service listens unless told otherwise.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::MedicalInstrument => 3000,
            Self::UserManagement => 3001,
            Self::SurgeryBooking => 3002,
            Self::PatientManagement => 3003,
            Self::StaffTracking => 3004,
            Self::BuildingManagement => 3005,
            Self::SurgicalProcess => 3006,
            Self::SurgeryReport => 3007,
            Self::GatewayBlock => 3008,
            Self::GatewayRoom => 3009,
            Self::TwinEngine => 3010,
            Self::EventGateway => 3012,
            Self::AutomationManagement => 3011,
            Self::ThingDirectory => 4000,
            Self::BlockGateway => 1880,
            Self::GatewayWeb => 8080,
            Self::Hl7Gateway => 2576,
            Self::Performance => 3013,
            Self::Catalog => 7007,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the services are: a base URL each, without a path and without a slash at its end. Paths
/// of calls are whole, `/api/v1/…` included. Cheap to clone; all clones hold one table.
#[derive(Debug, Clone)]
pub struct Endpoints(Arc<RwLock<HashMap<Service, String>>>);

impl Endpoints {
    /// All services on this machine at their default ports, shifted by `offset`.
    #[must_use]
    pub fn local(offset: u16) -> Self {
        let base = |service: Service| {
            format!("http://127.0.0.1:{}", service.default_port().saturating_add(offset))
        };
        let bases = Service::ALL.iter().map(|service| (*service, base(*service))).collect();
        Self(Arc::new(RwLock::new(bases)))
    }

    /// Says where one service is.
    pub fn set(&self, service: Service, base: impl Into<String>) {
        let base = base.into().trim_end_matches('/').to_owned();
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(service, base);
    }

    /// Where a service is.
    #[must_use]
    pub fn base(&self, service: Service) -> String {
        let bases = self.0.read().unwrap_or_else(PoisonError::into_inner);
        bases.get(&service).cloned().unwrap_or_default()
    }
}

/// An HTTP client with our TLS.
///
/// # Errors
///
/// The client's own error when the system's certificates cannot be used.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    // A second installation is refused, and the first one is this one.
    let _already = rustls::crypto::ring::default_provider().install_default();
    // Redirects are followed by nobody here: a service that moved is a setting that is wrong.
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        // Before the other side ends a connection that is not used.
        .pool_idle_timeout(Duration::from_secs(20))
        .build()
}

type Mint = dyn Fn() -> Result<String, Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// Where a service's own token comes from. Cheap to clone.
#[derive(Clone)]
pub enum TokenSource {
    /// Calls carry no token.
    None,
    /// Always the same token.
    Fixed(Arc<str>),
    /// The gateway's `/oauth2/token`, with client credentials.
    Credentials(Arc<Credentials>),
    /// Made in this process: the gateway's own, since it has the key.
    Own(Arc<Mint>),
}

/// Client credentials and the token that was last got for them.
pub struct Credentials {
    id: String,
    secret: Secret,
    current: tokio::sync::Mutex<Option<(String, Instant)>>,
}

impl TokenSource {
    /// Always the same token.
    pub fn fixed(token: impl Into<Arc<str>>) -> Self {
        Self::Fixed(token.into())
    }

    /// Exchanges client credentials for tokens, when first needed and before the last one expires.
    pub fn credentials(id: impl Into<String>, secret: Secret) -> Self {
        let current = tokio::sync::Mutex::new(None);
        Self::Credentials(Arc::new(Credentials { id: id.into(), secret, current }))
    }

    /// Asks `mint` for a token for each call.
    pub fn own<F>(mint: F) -> Self
    where
        F: Fn() -> Result<String, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    {
        Self::Own(Arc::new(mint))
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Fixed(_) => "Fixed",
            Self::Credentials(_) => "Credentials",
            Self::Own(_) => "Own",
        })
    }
}

/// What the token route answers.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

/// Makes calls. Cheap to clone; all clones share connections and the token.
#[derive(Clone)]
pub struct Calls {
    client: reqwest::Client,
    endpoints: Endpoints,
    tokens: TokenSource,
    activity: Activity,
    vouch: Option<Arc<str>>,
    breakers: Breakers,
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

/// Why there is no answer. An answer with an error status is an answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection, or it broke.
    #[error("{service} cannot be reached")]
    Unreachable {
        /// Who was called.
        service: Service,
        /// What the client says.
        source: reqwest::Error,
    },
    /// No answer in time. It may have been done nevertheless.
    #[error("{service} did not answer in time")]
    TimedOut {
        /// Who was called.
        service: Service,
    },
    /// It did not answer the calls before, and is left alone for a while.
    #[error("{service} does not answer, and is not asked for a moment")]
    LeftAlone {
        /// Who was to be called.
        service: Service,
    },
    /// No token could be got for the call.
    #[error("there is no token for calling {service}")]
    NoToken {
        /// Who was to be called.
        service: Service,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is larger than what is read.
    #[error("the answer of {service} is too large")]
    TooLarge {
        /// Who was called.
        service: Service,
    },
    /// The answer is not what was expected.
    #[error("the answer of {service} cannot be read")]
    Unreadable {
        /// Who was called.
        service: Service,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The request could not be written; a mistake in the program.
    #[error("the request for {service} cannot be written: {reason}")]
    Encode {
        /// Who was to be called.
        service: Service,
        /// What is wrong.
        reason: String,
    },
}

impl CallError {
    /// Who was called.
    #[must_use]
    pub fn service(&self) -> Service {
        match self {
            Self::Unreachable { service, .. }
            | Self::TimedOut { service }
            | Self::LeftAlone { service }
            | Self::NoToken { service, .. }
            | Self::TooLarge { service }
            | Self::Unreadable { service, .. }
            | Self::Encode { service, .. } => *service,
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::LeftAlone { .. }
            | Self::NoToken { .. } => true,
            Self::TooLarge { .. } | Self::Unreadable { .. } | Self::Encode { .. } => false,
        }
    }
}

impl Calls {
    /// Calls to `endpoints` with tokens of `tokens`, counted in `activity`.
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        endpoints: Endpoints,
        tokens: TokenSource,
        activity: Activity,
    ) -> Self {
        Self { client, endpoints, tokens, activity, vouch: None, breakers: Breakers::default() }
    }

    /// The same calls, saying of what is asked while a request is being answered where that came
    /// from; `vouch` is [`Audit::vouch`](crate::audit::Audit::vouch), which makes it believed.
    #[must_use]
    pub fn vouching(&self, vouch: &str) -> Self {
        let vouch = (!vouch.is_empty()).then(|| Arc::from(vouch));
        Self { vouch, ..self.clone() }
    }

    /// The same calls with tokens from elsewhere.
    #[must_use]
    pub fn with_tokens(&self, tokens: TokenSource) -> Self {
        Self { tokens, ..self.clone() }
    }

    /// Where the services are.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// A GET. `path` begins with a slash and is percent-encoded by the caller
    /// ([`Calls::segment`]).
    pub fn get(&self, target: Service, path: &str) -> Call {
        self.request(Method::GET, target, path)
    }

    /// A POST.
    pub fn post(&self, target: Service, path: &str) -> Call {
        self.request(Method::POST, target, path)
    }

    /// A PUT.
    pub fn put(&self, target: Service, path: &str) -> Call {
        self.request(Method::PUT, target, path)
    }

    /// A PATCH.
    pub fn patch(&self, target: Service, path: &str) -> Call {
        self.request(Method::PATCH, target, path)
    }

    /// A DELETE.
    pub fn delete(&self, target: Service, path: &str) -> Call {
        self.request(Method::DELETE, target, path)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, target: Service, path: &str) -> Call {
        Call {
            calls: self.clone(),
            method,
            target,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            time_limit: TIME_LIMIT,
            bearer: None,
            mistake: None,
        }
    }

    /// An id as one segment of a path.
    #[must_use]
    pub fn segment(id: &str) -> String {
        utf8_percent_encode(id, QUERY).to_string()
    }

    async fn token(&self, target: Service, renew: bool) -> Result<Option<String>, CallError> {
        let no_token = |source: Box<dyn std::error::Error + Send + Sync>| CallError::NoToken {
            service: target,
            source,
        };
        match &self.tokens {
            TokenSource::None => Ok(None),
            TokenSource::Fixed(token) => Ok(Some(token.to_string())),
            TokenSource::Own(mint) => mint().map(Some).map_err(no_token),
            TokenSource::Credentials(credentials) => {
                // Held while asking, so that one token is got for all who wait.
                let mut current = credentials.current.lock().await;
                if let Some((token, until)) = &*current
                    && Instant::now() < *until
                    && !renew
                {
                    return Ok(Some(token.clone()));
                }
                let granted = self.exchange(credentials).await.map_err(no_token)?;
                let usable = Duration::from_secs(granted.expires_in).saturating_sub(TOKEN_MARGIN);
                *current = Some((granted.access_token.clone(), Instant::now() + usable));
                Ok(Some(granted.access_token))
            }
        }
    }

    async fn exchange(
        &self,
        credentials: &Credentials,
    ) -> Result<Granted, Box<dyn std::error::Error + Send + Sync>> {
        let url = format!("{}/oauth2/token", self.endpoints.base(Service::GatewayBlock));
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &credentials.id),
            ("client_secret", credentials.secret.expose()),
        ];
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .timeout(TIME_LIMIT)
            .body(encode_pairs(&form));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

fn encode_pairs(pairs: &[(&str, &str)]) -> String {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            format!("{}={}", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY))
        })
        .collect();
    encoded.join("&")
}

/// A call being written; [`Call::send`] makes it.
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    calls: Calls,
    method: Method,
    target: Service,
    path: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    time_limit: Duration,
    bearer: Option<String>,
    mistake: Option<String>,
}

impl Call {
    /// Adds parameters to the query.
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        if !pairs.is_empty() {
            let separator = if self.path.contains('?') { '&' } else { '?' };
            self.path = format!("{}{separator}{}", self.path, encode_pairs(pairs));
        }
        self
    }

    /// Sends a JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body("application/json", body),
            Err(err) => {
                self.mistake = Some(err.to_string());
                self
            }
        }
    }

    /// Sends a body of any type.
    pub fn body(mut self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Some(body.into());
        self
    }

    /// Sends a body whose type, if it has one, is added as a header: somebody else's, passed on.
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds a header. Its name is a matter of the program, its value may come from elsewhere.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => self.mistake = Some(format!("header {name} is not valid")),
        }
        self
    }

    /// Waits at most this long (of the machine's time) instead of 10 s.
    pub fn within(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Calls in the name of whom this token belongs to, not of this service.
    pub fn bearer(mut self, token: &str) -> Self {
        self.bearer = Some(token.to_owned());
        self
    }

    /// Makes the call. Any status is an answer.
    ///
    /// # Errors
    ///
    /// [`CallError`] when there is no answer.
    pub async fn send(self) -> Result<Answer, CallError> {
        let _work = self.calls.activity.work();
        if let Some(reason) = self.mistake {
            return Err(CallError::Encode { service: self.target, reason });
        }
        let own = self.bearer.is_none();
        let token = match &self.bearer {
            Some(token) => Some(token.clone()),
            None => self.calls.token(self.target, false).await?,
        };
        let answer = self.once(token.as_deref()).await?;
        if answer.status == StatusCode::UNAUTHORIZED && own {
            // The keys may have changed since the token was got. A second refusal is an answer.
            let renewed = self.calls.token(self.target, true).await?;
            if renewed != token {
                return self.once(renewed.as_deref()).await;
            }
        }
        Ok(answer)
    }

    async fn once(&self, token: Option<&str>) -> Result<Answer, CallError> {
        let service = self.target;
        let leave = self.calls.breakers.leave(service).ok_or(CallError::LeftAlone { service })?;
        let answer = self.ask(token).await;
        match &answer {
            Err(CallError::Unreachable { .. } | CallError::TimedOut { .. }) => leave.failed(),
            // Nothing was asked.
            Err(CallError::Encode { .. }) => drop(leave),
            _ => leave.answered(),
        }
        answer
    }

    async fn ask(&self, token: Option<&str>) -> Result<Answer, CallError> {
        let service = self.target;
        let url = format!("{}{}", self.calls.endpoints.base(service), self.path);
        let mut request = self
            .calls
            .client
            .request(self.method.clone(), url)
            .timeout(self.time_limit)
            .headers(self.headers.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let from = self.calls.vouch.as_deref().and_then(crate::audit::in_the_name_of);
        for (name, value) in from.into_iter().flatten() {
            request = request.header(name, value);
        }
        if let Some(context) = TraceContext::current() {
            request = request.header(TraceContext::HEADER, context.child().write());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(|err| lost(service, err))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|err| lost(service, err))? {
            if ANSWER_LIMIT < body.len() + chunk.len() {
                return Err(CallError::TooLarge { service });
            }
            body.extend_from_slice(&chunk);
        }
        tracing::debug!(service = %service, status = status.as_u16(), "call answered");
        Ok(Answer { service, status, headers, body: body.into() })
    }
}

fn lost(service: Service, source: reqwest::Error) -> CallError {
    if source.is_timeout() {
        return CallError::TimedOut { service };
    }
    if source.is_builder() {
        return CallError::Encode { service, reason: chain(&source) };
    }
    CallError::Unreachable { service, source }
}

/// What a service answered.
#[derive(Debug, Clone)]
pub struct Answer {
    service: Service,
    /// The status, whatever it is.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Answer {
    /// Who answered.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Reads the body as JSON. Unknown fields are the type's affair.
    ///
    /// # Errors
    ///
    /// [`CallError::Unreadable`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body)
            .map_err(|source| CallError::Unreadable { service: self.service, source })
    }

    /// A header's text; `None` when it is absent or not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
