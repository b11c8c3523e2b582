//! The listener for browsers: both dashboards' routes and every service behind under one origin, so
//! that one cookie serves all and no page needs leave from another site.
//!
//! What is passed on goes in the caller's name, and the service behind decides as if it had been
//! asked directly. A cookie counts for a change only when the page that asks is of this origin;
//! that is decided for all services alike where identities are.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Uri};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use chiron_chassis::{Answer, Api, Problem, RawBody, Service, Token, form_text};

use crate::Gateway;
use crate::needs::SERVICES;

/// Where the services behind stand.
const PREFIX: &str = "/services/";
/// The developer platform's paths, which are the same here as there.
const PLATFORM: [&str; 4] = ["/api/catalog", "/api/techdocs", "/api/search", "/api/scaffolder"];

/// Adds the way to the services behind.
pub(crate) fn services(api: Api<Gateway>) -> Api<Gateway> {
    let filter = MethodFilter::GET
        .or(MethodFilter::POST)
        .or(MethodFilter::PUT)
        .or(MethodFilter::PATCH)
        .or(MethodFilter::DELETE);
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let api = api.unlisted(SERVICES, &methods, "/services/{service}/{*path}", on(filter, pass_on));
    PLATFORM.into_iter().fold(api, |api, mount| {
        api.unlisted(SERVICES, &methods, &format!("{mount}/{{*path}}"), on(filter, pass_on))
    })
}

/// Headers of a request that the service behind gets. Identity goes along as a token, and what
/// belongs to the connection stays here.
const ASKED: [HeaderName; 9] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    HeaderName::from_static("prefer"),
    HeaderName::from_static("x-command-id"),
    HeaderName::from_static("x-source-time"),
];
/// Headers of an answer that stay here: they belong to the connection, or would set a cookie.
const KEPT: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
    header::UPGRADE,
    header::SET_COOKIE,
    header::DATE,
    HeaderName::from_static("traceparent"),
];

async fn pass_on(
    State(gateway): State<Gateway>,
    token: Token,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let (service, path) = target(uri.path())?;
    let mount = uri.path().strip_suffix(path).unwrap_or_default();
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut call = gateway.runtime.calls.request(method, service, &path_and_query);
    for name in ASKED {
        if let Some(value) = headers.get(&name) {
            let Ok(value) = value.to_str() else {
                return Err(Problem::bad_request(name.as_str(), "is not text"));
            };
            call = call.header(name.as_str(), value);
        }
    }
    if !body.is_empty() {
        call = call.bytes(body);
    }
    if let Some(token) = &token.0 {
        call = call.bearer(token);
    }
    let answer = call.send().await?;
    passed_back(&gateway, service, mount, answer)
}

/// The service and its path. Paths are taken as they were written: one that could lead elsewhere
/// when somebody resolves it is refused, as is what a service tells its own machine only.
fn target(path: &str) -> Result<(Service, &str), Problem> {
    let (service, path) = match path.strip_prefix(PREFIX) {
        Some(rest) => {
            let unknown = || Problem::not_found("there is no such service");
            let slash = rest.find('/').ok_or_else(unknown)?;
            let (name, path) = rest.split_at(slash);
            (named(name).ok_or_else(unknown)?, path)
        }
        None => (Service::Catalog, path),
    };
    for (index, segment) in path.split('/').skip(1).enumerate() {
        let Some(decoded) = form_text(&segment.replace('+', "%2B")) else {
            return Err(Problem::bad_request("{path}", "is not UTF-8"));
        };
        let is_trick = decoded == "." || decoded == ".." || decoded.contains('\\');
        if is_trick || decoded.chars().any(char::is_control) {
            return Err(Problem::bad_request("{path}", "has a segment that leads elsewhere"));
        }
        if index == 0 && matches!(decoded.as_str(), "internal" | "metrics") {
            return Err(Problem::not_found("there is no such path here"));
        }
    }
    Ok((service, path))
}

/// The service of this name; the gateway is no service behind itself.
fn named(name: &str) -> Option<Service> {
    let is_face = |service: &Service| {
        matches!(service, Service::GatewayBlock | Service::GatewayRoom | Service::GatewayWeb)
    };
    Service::ALL.into_iter().find(|service| service.name() == name && !is_face(service))
}

/// The answer of a service whose paths stand below `mount` here.
fn passed_back(
    gateway: &Gateway,
    service: Service,
    mount: &str,
    answer: Answer,
) -> Result<Response, Problem> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        if KEPT.contains(name) {
            continue;
        }
        let value = if *name == header::LOCATION {
            let base = gateway.runtime.calls.endpoints().base(service);
            seen_from_here(&base, mount, value)?
        } else {
            value.clone()
        };
        response.headers_mut().append(name.clone(), value);
    }
    Ok(response)
}

/// A `Location` at the service becomes one here.
fn seen_from_here(base: &str, mount: &str, value: &HeaderValue) -> Result<HeaderValue, Problem> {
    let path = value.to_str().ok().and_then(|text| text.strip_prefix(base).or(Some(text)));
    match path {
        Some(path) if path.starts_with('/') => {
            HeaderValue::try_from(format!("{mount}{path}")).map_err(|err| Problem::internal(&err))
        }
        _ => Ok(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_of_known_services_are_passed_on() {
        let check = |path: &str, expected: Result<(Service, &str), u16>| {
            let found = target(path).map_err(|problem| problem.status().as_u16());
            assert_eq!(found, expected, "{path}");
        };
        let building = Service::BuildingManagement;
        check("/services/building-management/api/v1/rooms", Ok((building, "/api/v1/rooms")));
        check("/services/building-management/", Ok((building, "/")));
        check(
            "/services/building-management/api/v1/rooms/a%2Fb",
            Ok((building, "/api/v1/rooms/a%2Fb")),
        );
        check("/services/building-management/api/a+b", Ok((building, "/api/a+b")));
        check("/services/building-management", Err(404));
        check("/services/cellar/api", Err(404));
        check("/services/api-gateway/api/v1/clock", Err(404));
        check("/services/api-gateway-web/services/x/y", Err(404));
        check("/services/building-management/internal/relayed", Err(404));
        check("/services/building-management/%69nternal/relayed", Err(404));
        check("/services/building-management/metrics", Err(404));
        check("/services/building-management/api/../internal/relayed", Err(400));
        check("/services/building-management/api/%2e%2E/internal/relayed", Err(400));
        check("/services/building-management/./internal/relayed", Err(400));
        check("/services/building-management/..%5cinternal", Err(400));
        check("/services/building-management/api/%ff", Err(400));
        check("/services/building-management/api/%0a", Err(400));
        check("/services//building-management/api", Err(404));
        check("/api/catalog/entities", Ok((Service::Catalog, "/api/catalog/entities")));
        check("/api/catalog/../../internal/relayed", Err(400));
        check("/api/techdocs/%2e%2e/x", Err(400));
    }

    #[test]
    fn locations_are_seen_from_here() {
        let seen = |mount: &str, value: &'static str| {
            let value = HeaderValue::from_static(value);
            seen_from_here("http://127.0.0.1:3005", mount, &value).unwrap()
        };
        let check = |value: &'static str, expected: &str| {
            assert_eq!(seen("/services/building-management", value), expected);
        };
        check(
            "http://127.0.0.1:3005/api/v1/rooms/a",
            "/services/building-management/api/v1/rooms/a",
        );
        check("/api/v1/rooms/a", "/services/building-management/api/v1/rooms/a");
        check("http://elsewhere/api", "http://elsewhere/api");
        assert_eq!(
            seen("", "/api/techdocs/static/docs/default"),
            "/api/techdocs/static/docs/default"
        );
    }
}
