//! One service on one listener: everything that every service does alike.
//!
//! A client that goes away, or waits no longer, ends its waiting and not the work: a handler that
//! has begun to change something comes to its end, as a task of its own from then on. A panic ends
//! that handler alone.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::metrics::Gauge;
use axum::Extension;
use axum::extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chiron_broker::TraceContext;
use chiron_clock::{Activity, Clock, Panicked, Shutdown, Tasks, Work};
use chiron_store::StoreError;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, Span};
use utoipa_swagger_ui::SwaggerUi;

use crate::api::{Api, Need, RouteEntry, guarded};
use crate::audit::{Audit, CLIENT, Recorded, client};
use crate::chain;
use crate::extract::Json;
use crate::identity::{COOKIE, Caller, Guard, Refused};
use crate::limits::Limits;
use crate::listen::listen;
use crate::metrics;
use crate::problem::Problem;
use crate::runtime::Runtime;

/// Who may read the metrics.
const METRICS: Need = Need::new("metrics", "read", &["developer", "admin"]);
/// Who may ask how far the service has come: services, and only from the same machine.
const INTERNAL: Need = Need::new("internal", "read", &[]);
/// Requests are allowed to come this many seconds' worth at once.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// How often what limits and metrics have piled up is cleared.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// Why serving ended badly, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Identity is off, which is allowed on loopback only.
    #[error("identity is off, and {address} can be reached from other machines")]
    Exposed {
        /// The listener's address.
        address: SocketAddr,
    },
    /// The listener failed.
    #[error("the listener of {service} failed")]
    Listener {
        /// The service.
        service: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The service's database can no longer be used.
    #[error("the database of {service} failed")]
    Store {
        /// The service.
        service: &'static str,
        /// What is to be done.
        source: StoreError,
    },
    /// The service could not prepare its work, such as its keys or its first account.
    #[error("{service} could not start")]
    Start {
        /// The service.
        service: &'static str,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What the middleware of one service shares.
pub(crate) struct Door {
    pub(crate) service: &'static str,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) audit: Audit,
    guard: Guard,
    activity: Activity,
    tasks: Tasks,
    face: Option<fn(&Problem) -> Response>,
    slots: Arc<Semaphore>,
    in_flight: Gauge,
    people: DefaultKeyedRateLimiter<String>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
}

/// Serves an API until a shutdown is requested: then it accepts nothing new, lets requests in
/// flight end within the limit, and waits for the runtime's tasks.
///
/// # Errors
///
/// [`ServeError`].
pub async fn serve(api: Api, listener: TcpListener, runtime: Runtime) -> Result<(), ServeError> {
    let service = runtime.service;
    let failed = |source| ServeError::Listener { service, source };
    let address = listener.local_addr().map_err(failed)?;
    if runtime.guard.is_off() {
        if !address.ip().to_canonical().is_loopback() {
            return Err(ServeError::Exposed { address });
        }
        tracing::warn!(
            service,
            %address,
            "IDENTITY IS OFF: everybody on this machine may read and change everything"
        );
    }
    let (app, door) = assemble(api, &runtime);
    runtime.tasks.spawn("housekeeping", housekeeping(Arc::clone(&door), runtime.shutdown.clone()));
    if runtime.completeness.is_followed() {
        let Runtime { completeness, broker, calls, shutdown, .. } = runtime.clone();
        let work = async move { completeness.run(broker, calls, shutdown).await };
        runtime.tasks.spawn("completeness", work);
    }
    tracing::info!(service, %address, "serving");
    let server = listen(app, listener, runtime.connections.clone(), runtime.shutdown.clone());
    let deadline = async {
        runtime.shutdown.requested().await;
        tokio::time::sleep(runtime.limits.drain).await;
    };
    let ended = tokio::select! {
        () = server => Ok(()),
        // Damage does not pass, and going on could only make it worse. Whoever runs the process
        // ends everything else then.
        source = runtime.store.failed() => return Err(ServeError::Store { service, source }),
        () = deadline => {
            tracing::warn!(service, "requests in flight did not end in time");
            Ok(())
        }
    };
    runtime.tasks.join().await;
    tracing::info!(service, "ended");
    ended
}

/// The whole service as a router, for tests that need no listener.
pub fn router(api: Api, runtime: &Runtime) -> axum::Router {
    assemble(api, runtime).0
}

/// The routes that every service has.
pub(crate) fn common_routes() -> Vec<RouteEntry> {
    let entry = |path: &str, need| RouteEntry {
        method: Method::GET,
        path: path.to_owned(),
        need,
        recorded: Recorded::Never,
    };
    vec![
        entry("/health/live", None),
        entry("/health/ready", None),
        entry("/metrics", Some(METRICS)),
        entry("/internal/quiescence", Some(INTERNAL)),
        entry("/internal/relayed", Some(INTERNAL)),
        entry("/openapi.json", None),
        entry("/docs", None),
    ]
}

fn assemble(api: Api, runtime: &Runtime) -> (axum::Router, Arc<Door>) {
    metrics::install();
    let limits = runtime.limits.clone();
    let per_second = |rate: u32| {
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST))
    };
    let door = Arc::new(Door {
        service: runtime.service,
        clock: runtime.clock.clone(),
        audit: runtime.audit.clone(),
        guard: runtime.guard.clone(),
        activity: runtime.activity.clone(),
        tasks: runtime.tasks.clone(),
        face: api.face,
        slots: Arc::new(Semaphore::new(limits.concurrency)),
        in_flight: ::metrics::gauge!(metrics::IN_FLIGHT, "service" => runtime.service),
        people: RateLimiter::keyed(per_second(limits.person_per_second)),
        strangers: RateLimiter::keyed(per_second(limits.stranger_per_second)),
        limits,
    });
    let openapi = api.openapi();
    let shared = Arc::clone(&door);
    let app = api
        .router
        .merge(common(runtime))
        .merge(SwaggerUi::new("/docs").url("/openapi.json", openapi))
        .fallback(|| async { Problem::not_found("there is no such path here") })
        .method_not_allowed_fallback(|| async {
            let title = "The method is not allowed here";
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, "")
        })
        .layer(DefaultBodyLimit::max(door.limits.body_bytes))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            let door = Arc::clone(&shared);
            async move { enter(door, request, next).await }
        }));
    (app, door)
}

/// Health, metrics, and the account of work.
fn common(runtime: &Runtime) -> axum::Router {
    let ready = {
        let (health, shutdown) = (runtime.health.clone(), runtime.shutdown.clone());
        let (store, broker) = (runtime.store.clone(), runtime.broker.clone());
        move || async move {
            let mut checks = Map::new();
            let mut up = !shutdown.is_requested();
            // Named when there is something to say of it.
            let store = store.trouble().map(|trouble| ("store", Err(trouble.to_string())));
            let log = broker.trouble().map(|trouble| ("event log", Err(trouble.to_string())));
            for (name, ready) in health.ask().into_iter().chain(store).chain(log) {
                let check = match ready {
                    Ok(()) => json!({"status": "UP"}),
                    Err(missing) => {
                        up = false;
                        json!({"status": "DOWN", "detail": missing})
                    }
                };
                checks.insert(name.to_owned(), check);
            }
            let status = if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let word = if up { "UP" } else { "DOWN" };
            (status, Json(json!({"status": word, "checks": Value::Object(checks)})))
        }
    };
    let quiescence = {
        let activity = runtime.activity.clone();
        move |peer: Option<Extension<ConnectInfo<SocketAddr>>>| async move {
            from_this_machine(peer)?;
            Ok::<_, Problem>(Json(activity.snapshot()))
        }
    };
    let relayed = {
        let store = runtime.store.clone();
        // Asked by services of other machines too.
        move || async move {
            store.relayed().await;
            StatusCode::NO_CONTENT
        }
    };
    let metrics = || async {
        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        ([(header::CONTENT_TYPE, content_type)], metrics::render())
    };
    axum::Router::new()
        .route("/health/live", get(|| async { Json(json!({"status": "UP"})) }))
        .route("/health/ready", get(ready))
        .route("/metrics", guarded(METRICS, get(metrics)))
        .route("/internal/quiescence", guarded(INTERNAL, get(quiescence)))
        .route("/internal/relayed", guarded(INTERNAL, get(relayed)))
}

fn from_this_machine(peer: Option<Extension<ConnectInfo<SocketAddr>>>) -> Result<(), Problem> {
    match peer {
        Some(Extension(ConnectInfo(peer))) if peer.ip().to_canonical().is_loopback() => Ok(()),
        _ => Err(Problem::forbidden("only from the same machine")),
    }
}

/// Whether a request is about the service itself, so that it neither counts as work nor waits for
/// a slot: an overloaded service still says that it lives.
fn is_about_itself(path: &str) -> bool {
    path.starts_with("/health/") || path.starts_with("/internal/") || path == "/metrics"
}

async fn enter(door: Arc<Door>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let service = door.service;
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let context = request
        .headers()
        .get(TraceContext::HEADER)
        .and_then(|value| value.to_str().ok())
        .and_then(TraceContext::parse)
        .map_or_else(TraceContext::root, |parent| parent.child());
    let span = tracing::info_span!(
        "request",
        context = service,
        operation = %format!("{method} {route}"),
        trace_id = %context.trace_id,
    );
    let counts = !is_about_itself(request.uri().path());
    request.extensions_mut().insert(Arc::clone(&door));
    let from = client(&door.audit, &request);
    let mut response = match counts.then(|| Counted::by(&door)).transpose() {
        Ok(counted) => {
            let handler = async move {
                let response = next.run(request).await;
                if let Some(counted) = &counted {
                    counted.activity.called();
                }
                response
            };
            let handler = context.scope(CLIENT.scope(from, handler)).instrument(span.clone());
            work(&door, handler, &span).await
        }
        Err(problem) => problem.into_response(),
    };

    if let Some(face) = door.face
        && let Some(problem) = response.extensions().get::<Problem>().cloned()
    {
        response = in_another_form(face, &problem, response.headers());
    }
    if let Ok(value) = HeaderValue::try_from(context.write()) {
        response.headers_mut().insert(TraceContext::HEADER, value);
    }
    let elapsed = started.elapsed();
    let status = response.status().as_u16();
    ::metrics::histogram!(
        metrics::REQUEST_SECONDS,
        "service" => service,
        "route" => route,
        "method" => method_label(&method),
        "status" => status.to_string(),
    )
    .record(elapsed.as_secs_f64());
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::debug!(status, elapsed_ms, "request answered"));
    response
}

/// Methods are the client's text; only known ones become labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::PUT => "PUT",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// A request that takes a slot and counts as work as long as this is held.
struct Counted {
    activity: Activity,
    _slot: OwnedSemaphorePermit,
    _work: Work,
}

impl Counted {
    fn by(door: &Door) -> Result<Self, Problem> {
        let Ok(slot) = Arc::clone(&door.slots).try_acquire_owned() else {
            door.limited("concurrency");
            return Err(Problem::unavailable("too many requests at the same time"));
        };
        let activity = door.activity.clone();
        Ok(Self { _work: activity.work(), activity, _slot: slot })
    }
}

/// Runs the handler and waits for it as long as the limit says.
async fn work(
    door: &Door,
    handler: impl Future<Output = Response> + Send + 'static,
    span: &Span,
) -> Response {
    let _in_flight = InFlight::one(door.in_flight.clone());
    match tokio::time::timeout(door.limits.time, door.tasks.finish("request", handler)).await {
        Ok(Ok(response)) => response,
        // It was logged where it happened.
        Ok(Err(Panicked)) => {
            ::metrics::counter!(metrics::PANICS, "service" => door.service).increment(1);
            Problem::bug().into_response()
        }
        Err(_elapsed) => {
            door.limited("time");
            span.in_scope(|| tracing::warn!("request took too long"));
            Problem::unavailable("this took too long; it may have been done").into_response()
        }
    }
}

/// Somebody waits for an answer.
struct InFlight(Gauge);

impl InFlight {
    fn one(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn in_another_form(
    face: fn(&Problem) -> Response,
    problem: &Problem,
    headers: &HeaderMap,
) -> Response {
    let mut response = face(problem);
    *response.status_mut() = problem.status();
    for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Somebody who was not let in.
pub(crate) struct Turned {
    /// Who, if that was proved.
    pub(crate) caller: Option<Arc<Caller>>,
    /// What they are told.
    pub(crate) problem: Problem,
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self { caller: None, problem }
    }
}

/// What a request shows of who makes it.
pub(crate) struct Presented {
    token: Option<String>,
    peer: Option<IpAddr>,
}

impl Presented {
    pub(crate) fn by(request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
        Self { token: token(request.method(), request.headers()), peer }
    }
}

impl Door {
    /// Whether the bearer of this request may do what `need` names.
    pub(crate) async fn admit(
        &self,
        need: Need,
        presented: &Presented,
    ) -> Result<Arc<Caller>, Turned> {
        let caller = match self.guard.verify(presented.token.as_deref()).await {
            Ok(caller) => caller,
            Err(Refused::Invalid(reason)) => {
                // Guessing tokens is limited like any other request of a stranger.
                self.stranger(presented.peer)?;
                if let Some(reason) = reason {
                    tracing::debug!(error = %reason, "token refused");
                }
                return Err(Problem::unauthorized().into());
            }
            Err(err @ Refused::NoKeys { .. }) => {
                tracing::warn!(error = %chain(&err), "nobody can be identified");
                return Err(
                    Problem::unavailable("identities cannot be proved at the moment").into()
                );
            }
        };
        if let Err(problem) = self.known(&caller) {
            return Err(Turned { caller: Some(caller), problem });
        }
        if caller.may(&need) {
            Ok(caller)
        } else {
            let detail =
                format!("this needs the grant {} or a role that includes it", need.grant());
            Err(Turned { caller: Some(caller), problem: Problem::forbidden(detail) })
        }
    }

    /// Whether a request on a public route is not one too many. Who shows a valid token is known
    /// by it; a token that is not valid makes nobody worse off than none.
    pub(crate) async fn welcome(
        &self,
        presented: &Presented,
    ) -> Result<Option<Arc<Caller>>, Problem> {
        if presented.token.is_some()
            && let Ok(caller) = self.guard.verify(presented.token.as_deref()).await
        {
            self.known(&caller)?;
            return Ok(Some(caller));
        }
        self.stranger(presented.peer)?;
        Ok(None)
    }

    /// The limit of a person; accounts have none of their own.
    fn known(&self, caller: &Caller) -> Result<(), Problem> {
        if caller.is_account() || self.guard.is_off() {
            return Ok(());
        }
        match self.people.check_key(&caller.subject) {
            Ok(()) => Ok(()),
            Err(until) => {
                self.limited("rate");
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(Problem::too_many_requests(wait.as_secs() + 1))
            }
        }
    }

    /// The limit of an address. Without a listener there is no peer, and nobody to be protected
    /// from.
    fn stranger(&self, peer: Option<IpAddr>) -> Result<(), Problem> {
        let Some(peer) = peer else { return Ok(()) };
        match self.strangers.check_key(&peer) {
            Ok(()) => Ok(()),
            Err(until) => {
                self.limited("rate");
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(Problem::too_many_requests(wait.as_secs() + 1))
            }
        }
    }

    fn limited(&self, limit: &'static str) {
        ::metrics::counter!(metrics::LIMITED, "service" => self.service, "limit" => limit)
            .increment(1);
    }
}

/// The token: a bearer's, else the cookie's. A browser sends cookies with requests that other
/// sites cause, so a cookie counts only where nothing is changed, or when the page that asks is of
/// the same authority.
pub(crate) fn token(method: &Method, headers: &HeaderMap) -> Option<String> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned());
    }
    let safe = matches!(*method, Method::GET | Method::HEAD);
    if !safe && !is_same_authority(headers) {
        return None;
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned())
}

/// Whether the page that asks is of the authority that is asked. A browser says so with every
/// request that could change something, and with every WebSocket.
pub(crate) fn is_same_authority(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

async fn housekeeping(door: Arc<Door>, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = tokio::time::sleep(HOUSEKEEPING) => {}
        }
        metrics::upkeep();
        door.people.retain_recent();
        door.strangers.retain_recent();
    }
}
