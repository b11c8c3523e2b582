//! The routes of a service, each with who may use it.
//!
//! There is no way to add a route without saying who may use it: [`Api::route`] takes a [`Need`]
//! and [`Api::public`] says so by its name. The table of routes can be walked by a test, and the
//! OpenAPI document says of each operation what it needs.

use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, ResponseBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

use crate::audit::{Draft, Recorded};
use crate::problem::Problem;
use crate::serve::{Door, Presented, Turned};

/// A row and a verb of the table of identities: who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The kind of thing, such as `rooms`.
    pub row: &'static str,
    /// What is done to it, such as `read`.
    pub verb: &'static str,
    /// The roles of people who may; empty when only accounts may.
    pub roles: &'static [&'static str],
    /// Which requests leave an entry in the audit trail.
    pub recorded: Recorded,
}

impl Need {
    /// People with one of `roles` may, and accounts with the grant `row:verb`.
    #[must_use]
    pub const fn new(
        row: &'static str,
        verb: &'static str,
        roles: &'static [&'static str],
    ) -> Self {
        Self { row, verb, roles, recorded: Recorded::Never }
    }

    /// The same, with requests recorded in the audit trail.
    #[must_use]
    pub const fn recorded(self, recorded: Recorded) -> Self {
        Self { recorded, ..self }
    }

    /// Whether this is a need to read: the verb says so.
    fn reads(&self) -> bool {
        self.verb == "read"
    }

    /// The grant that a service or device account needs: `row:verb`.
    #[must_use]
    pub fn grant(&self) -> String {
        format!("{}:{}", self.row, self.verb)
    }

    pub(crate) fn is_grant(&self, grant: &str) -> bool {
        grant.split_once(':') == Some((self.row, self.verb))
    }
}

/// One line of the table of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteEntry {
    /// The method.
    pub method: Method,
    /// The path, with parameters as `{name}`.
    pub path: String,
    /// Who may; `None` for a public route.
    pub need: Option<Need>,
    /// Which requests leave an entry in the audit trail.
    pub recorded: Recorded,
}

/// The routes of a service over a state `S`; [`Api::with_state`] gives the state.
pub struct Api<S = ()> {
    pub(crate) service: &'static str,
    pub(crate) router: axum::Router<S>,
    pub(crate) face: Option<fn(&Problem) -> Response>,
    openapi: OpenApi,
    entries: Vec<RouteEntry>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// No routes yet. `service` names the service in metrics and logs, `title` in its OpenAPI.
    #[must_use]
    pub fn new(service: &'static str, title: &'static str) -> Self {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let mut components = Components::new();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let openapi = OpenApiBuilder::new()
            .info(InfoBuilder::new().title(title).version(env!("CARGO_PKG_VERSION")).build())
            .components(Some(components))
            .build();
        Self { service, router: axum::Router::new(), face: None, openapi, entries: Vec::new() }
    }

    /// Adds what `utoipa_axum::routes!` made, for those who may.
    #[must_use]
    pub fn route(self, need: Need, routes: UtoipaMethodRouter<S>) -> Self {
        self.documented(Some(need), need.recorded, routes)
    }

    /// Adds what `utoipa_axum::routes!` made, for everybody.
    #[must_use]
    pub fn public(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.documented(None, Recorded::Never, routes)
    }

    /// Adds what `utoipa_axum::routes!` made, for everybody, as a way to sign in: each attempt is
    /// recorded in the audit trail. Who has signed in is what the handler says ([`Noted`]).
    ///
    /// [`Noted`]: crate::audit::Noted
    #[must_use]
    pub fn sign_in(self, routes: UtoipaMethodRouter<S>) -> Self {
        self.documented(None, Recorded::SignIn, routes)
    }

    /// Adds a route that the OpenAPI document leaves out, such as a second spelling of a path.
    #[must_use]
    pub fn unlisted(
        mut self,
        need: Need,
        methods: &[Method],
        path: &str,
        routes: MethodRouter<S>,
    ) -> Self {
        for method in methods {
            let (method, path) = (method.clone(), path.to_owned());
            let recorded = need.recorded;
            self.entries.push(RouteEntry { method, path, need: Some(need), recorded });
        }
        self.router = self.router.route(path, guarded(need, routes));
        self
    }

    /// Adds a route for everybody that the OpenAPI document leaves out, such as the files of a web
    /// application.
    #[must_use]
    pub fn open(mut self, methods: &[Method], path: &str, routes: MethodRouter<S>) -> Self {
        for method in methods {
            let (method, path) = (method.clone(), path.to_owned());
            let recorded = Recorded::Never;
            self.entries.push(RouteEntry { method, path, need: None, recorded });
        }
        let routes = routes.layer(middleware::from_fn(move |request: Request, next: Next| {
            welcome(Recorded::Never, request, next)
        }));
        self.router = self.router.route(path, routes);
        self
    }

    /// Shows problems in the form of another protocol. Status and headers of the problem are kept.
    #[must_use]
    pub fn face(mut self, face: fn(&Problem) -> Response) -> Self {
        self.face = Some(face);
        self
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state<S2>(self, state: S) -> Api<S2> {
        Api {
            service: self.service,
            router: self.router.with_state(state),
            face: self.face,
            openapi: self.openapi,
            entries: self.entries,
        }
    }

    fn documented(
        mut self,
        need: Option<Need>,
        recorded: Recorded,
        routes: UtoipaMethodRouter<S>,
    ) -> Self {
        let (schemas, mut paths, routes) = routes;
        let components = self.openapi.components.get_or_insert_default();
        components.schemas.extend(schemas);
        let mut path = None;
        for (name, item) in &mut paths.paths {
            path = Some(name.clone());
            for (method, operation) in operations(item) {
                let entry = RouteEntry { method, path: name.clone(), need, recorded };
                self.entries.push(entry);
                if let Some(need) = need {
                    describe(need, operation);
                }
            }
        }
        self.openapi.paths.merge(paths);
        let routes = match need {
            Some(need) => guarded(need, routes),
            None => routes.route_layer(middleware::from_fn(move |request: Request, next: Next| {
                welcome(recorded, request, next)
            })),
        };
        // `routes!` makes one path; a macro that made none has no handler either.
        if let Some(path) = path {
            self.router = self.router.route(&path, routes);
        }
        self
    }
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    /// Adds the routes of another service that shares this one's listener. What stands around the
    /// handlers (name, face, limits) is this service's.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.entries.extend(other.entries);
        let schemas = other.openapi.components.unwrap_or_default().schemas;
        self.openapi.components.get_or_insert_default().schemas.extend(schemas);
        self.openapi.paths.merge(other.openapi.paths);
        self
    }
}

impl<S> Api<S> {
    /// The routes as they were added, followed by those that the chassis adds to every service.
    pub fn routes(&self) -> Vec<RouteEntry> {
        let mut routes = self.entries.clone();
        routes.extend(crate::serve::common_routes());
        routes
    }

    /// The OpenAPI document of the routes that were added.
    pub fn openapi(&self) -> OpenApi {
        self.openapi.clone()
    }
}

impl<S> fmt::Debug for Api<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("service", &self.service)
            .field("routes", &self.entries)
            .finish_non_exhaustive()
    }
}

fn operations(item: &mut PathItem) -> Vec<(Method, &mut Operation)> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    let listed = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::OPTIONS, options),
        (Method::HEAD, head),
        (Method::PATCH, patch),
        (Method::TRACE, trace),
    ];
    listed
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
        .collect()
}

/// Writes into the document what the operation needs.
fn describe(need: Need, operation: &mut Operation) {
    operation.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
    let roles: Vec<String> = need.roles.iter().map(|role| (*role).to_owned()).collect();
    let extensions = ExtensionsBuilder::new().add("x-grant", need.grant()).add("x-roles", roles);
    let extensions = match need.recorded {
        Recorded::Never => extensions,
        _ => extensions.add("x-audited", true),
    }
    .build();
    match &mut operation.extensions {
        Some(existing) => existing.merge(extensions),
        None => operation.extensions = Some(extensions),
    }
    for (status, description) in
        [("401", "No identity, or a token that is not valid"), ("403", "Not allowed")]
    {
        let refusal = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(refusal);
    }
}

/// Lets only those pass who may. The layer lies on the routes themselves, so that a path or method
/// that does not exist is answered as such.
pub(crate) fn guarded<S: Clone + Send + Sync + 'static>(
    need: Need,
    routes: MethodRouter<S>,
) -> MethodRouter<S> {
    routes.route_layer(middleware::from_fn(move |request: Request, next: Next| async move {
        admit(need, request, next).await
    }))
}

async fn admit(need: Need, mut request: Request, next: Next) -> Response {
    // Without the door nobody can be asked, and nobody passes.
    let Some(door) = request.extensions().get::<Arc<Door>>().cloned() else {
        return Problem::unauthorized().into_response();
    };
    let presented = Presented::by(&request);
    let draft = Draft::of(need.recorded, door.service, need.reads(), &mut request);
    match door.admit(need, &presented).await {
        Ok(caller) => {
            request.extensions_mut().insert(Arc::clone(&caller));
            match draft {
                None => next.run(request).await,
                Some(draft) => draft.by(&caller).around(&door.audit, next.run(request)).await,
            }
        }
        Err(Turned { caller, problem }) => match (draft, caller) {
            (None, _) => problem.into_response(),
            (Some(draft), None) => draft.refused(&door.audit, problem).await,
            (Some(draft), Some(caller)) => draft.by(&caller).refused(&door.audit, problem).await,
        },
    }
}

async fn welcome(recorded: Recorded, mut request: Request, next: Next) -> Response {
    let Some(door) = request.extensions().get::<Arc<Door>>().cloned() else {
        return next.run(request).await;
    };
    let presented = Presented::by(&request);
    match door.welcome(&presented).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            match Draft::of(recorded, door.service, false, &mut request) {
                None => next.run(request).await,
                Some(draft) => draft.around(&door.audit, next.run(request)).await,
            }
        }
        Err(problem) => problem.into_response(),
    }
}
