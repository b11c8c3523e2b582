//! From a request to its entry.
//!
//! Whether a route is recorded stands beside the route ([`Recorded`]); what is recorded of it is
//! decided here alone. Ids come from the path and from parameters of the query whose names end in
//! `Id` or `Code`, by the product's own naming; bodies, and texts that are searched for, are never
//! recorded.
//!
//! A request that the gateway passes on in a person's name is recorded once, where the data is: the
//! service behind sees the person's own token. So that it also sees where the person is, the gateway
//! sends the address along, and is believed because it shows what only this product knows
//! ([`Audit::vouch`]).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chiron_broker::TraceContext;
use percent_encoding::percent_decode_str;

use crate::audit::entry::{Action, Actor, Event, Kind};
use crate::audit::trail::{Audit, MOST_SUBJECTS};
use crate::chain;
use crate::extract::form_text;
use crate::identity::Caller;
use crate::problem::Problem;

/// Which requests of a route are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recorded {
    /// None.
    Never,
    /// Those that are refused; who is asked behind records the others.
    Refusals,
    /// Those of people, and those that are refused; services and devices work inside the block.
    People,
    /// All.
    Always,
    /// All, as attempts to sign in.
    SignIn,
}

/// Characters of an id that are kept.
const MOST_CHARS: usize = 200;
/// The header with the address for which a service of this product vouches, and the proof.
const CLIENT_HEADER: &str = "chiron-client";
const VOUCH_HEADER: &str = "chiron-vouch";
const FORWARDED_FOR: &str = "x-forwarded-for";

tokio::task_local! {
    /// Where the request that is being answered comes from.
    pub(crate) static CLIENT: Option<IpAddr>;
}

/// Where a request comes from: the peer, unless the peer is a proxy that is trusted, or a service of
/// this product that vouches for another address.
pub(crate) fn client(audit: &Audit, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !audit.vouch().is_empty() && text(VOUCH_HEADER) == Some(audit.vouch()) {
        return text(CLIENT_HEADER).and_then(|text| text.parse().ok()).or(peer);
    }
    match peer {
        Some(proxy) if audit.proxies().contains(&proxy) => {
            Some(forwarded(headers, audit.proxies()).unwrap_or(proxy))
        }
        peer => peer,
    }
}

/// The last address that no trusted proxy has; what stands before it anybody may have written.
fn forwarded(headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut found = None;
    for text in values.iter().flat_map(|value| value.split(',')).rev() {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        found = Some(address.to_canonical());
        if !proxies.contains(&address.to_canonical()) {
            break;
        }
    }
    found
}

/// The headers by which a call that is made while a request is being answered says where that came
/// from; none outside of requests.
pub(crate) fn in_the_name_of(vouch: &str) -> Option<[(&'static str, String); 2]> {
    let client = CLIENT.try_with(|client| *client).ok().flatten()?;
    Some([(CLIENT_HEADER, client.to_string()), (VOUCH_HEADER, vouch.to_owned())])
}

/// What a handler knows of a request and nobody else does: who has signed in. On a route that is
/// not recorded it is forgotten.
#[derive(Debug, Clone, Default)]
pub struct Noted(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    actor: Option<Actor>,
    subjects: Vec<(&'static str, String)>,
}

impl Noted {
    /// It was this actor, who has just proved it.
    pub fn actor(&self, kind: Kind, id: &str, roles: &[String]) {
        let actor = Actor { id: Some(id.to_owned()), kind, roles: roles.to_vec() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).actor = Some(actor);
    }

    /// It was about this. Only of what is known to exist: people type passwords where names belong.
    pub fn subject(&self, name: &'static str, id: &str) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.subjects.push((name, id.to_owned()));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Noted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// An entry in the making, before anybody knows who asks and what the answer is.
#[derive(Debug)]
pub(crate) struct Draft {
    recorded: Recorded,
    event: Event,
    noted: Noted,
}

impl Draft {
    /// What a request shows; `None` when its route is not recorded. `reads` says whether the route
    /// only reads.
    pub(crate) fn of(
        recorded: Recorded,
        service: &str,
        reads: bool,
        request: &mut Request,
    ) -> Option<Self> {
        if recorded == Recorded::Never {
            return None;
        }
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or(String::new(), |path| path.as_str().to_owned());
        let action = match recorded {
            Recorded::SignIn => Action::SignIn,
            _ if reads => Action::Read,
            _ => Action::Change,
        };
        let event = Event {
            action,
            actor: Actor::unknown(),
            method: request.method().as_str().chars().take(MOST_CHARS).collect(),
            peer: CLIENT.try_with(|client| *client).ok().flatten().map(|ip| ip.to_string()),
            service: service.to_owned(),
            status: None,
            subjects: subjects(&route, request.uri().path(), request.uri().query()),
            trace: TraceContext::current().map(|context| context.trace_id.to_string()),
            route,
        };
        let noted = Noted::default();
        request.extensions_mut().insert(noted.clone());
        Some(Self { recorded, event, noted })
    }

    /// Names who asks.
    pub(crate) fn by(mut self, caller: &Caller) -> Self {
        self.event.actor = actor(caller);
        self
    }

    /// Records a refusal by the door.
    pub(crate) async fn refused(mut self, audit: &Audit, problem: Problem) -> Response {
        let status = problem.status();
        if !is_refusal(status) {
            return problem.into_response();
        }
        if self.event.action != Action::SignIn {
            self.event.action = Action::Refused;
        }
        self.event.status = Some(status.as_u16());
        match audit.record(self.event).await {
            Ok(_) => problem.into_response(),
            Err(err) => unrecorded(&err).into_response(),
        }
    }

    /// Lets the handler work, and records what came of it. A change is recorded first, so that it is
    /// not made when it cannot be.
    pub(crate) async fn around(
        mut self,
        audit: &Audit,
        work: impl Future<Output = Response>,
    ) -> Response {
        if self.recorded == Recorded::SignIn {
            // Whoever passes an attempt on is not who makes it.
            self.event.actor = Actor::unknown();
        }
        let skips_success = match self.recorded {
            Recorded::Never | Recorded::Refusals => true,
            Recorded::People => self.event.actor.kind == Kind::Account,
            Recorded::Always | Recorded::SignIn => false,
        };
        if self.event.action == Action::Change
            && !skips_success
            && let Err(err) = audit.record(self.event.clone()).await
        {
            return unrecorded(&err).into_response();
        }
        let response = work.await;
        let refused = is_refusal(response.status());
        if skips_success && (!refused || self.recorded == Recorded::Refusals) {
            // Who was asked behind has recorded its own refusal.
            return response;
        }
        if refused && self.event.action != Action::SignIn {
            self.event.action = Action::Refused;
        }
        self.event.status = Some(response.status().as_u16());
        {
            let mut notes = self.noted.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(actor) = notes.actor.take() {
                self.event.actor = actor;
            }
            for (name, id) in notes.subjects.drain(..) {
                add(&mut self.event.subjects, name, &id);
            }
        }
        match audit.record(self.event).await {
            Ok(_) => response,
            Err(err) => unrecorded(&err).into_response(),
        }
    }
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

fn unrecorded(err: &crate::audit::trail::AuditError) -> Problem {
    tracing::warn!(error = %chain(err), "request refused: it cannot be recorded");
    Problem::unavailable(
        "this must be recorded and cannot be at the moment; a change may have been made",
    )
}

fn actor(caller: &Caller) -> Actor {
    if caller.unchecked {
        return Actor::unknown();
    }
    let kind = if caller.is_account() { Kind::Account } else { Kind::Person };
    Actor { id: Some(caller.subject.clone()), kind, roles: caller.roles.clone() }
}

/// The ids in a path and a query.
fn subjects(route: &str, path: &str, query: Option<&str>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = path;
    for part in route.split('/') {
        let (segment, behind) = rest.split_once('/').unwrap_or((rest, ""));
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match name.map(|name| name.strip_prefix('*').ok_or(name)) {
            Some(Ok(all)) => {
                add(&mut found, all, &decoded(rest));
                break;
            }
            Some(Err(name)) => add(&mut found, name, &decoded(segment)),
            None => {}
        }
        rest = behind;
    }
    for pair in query.unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if let (Some(name), Some(value)) = (form_text(name), form_text(value))
            && is_id(&name)
            && !value.is_empty()
        {
            add(&mut found, &name, &value);
        }
    }
    found
}

/// Whether a parameter of a query has an id, by its name.
fn is_id(name: &str) -> bool {
    let plain = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain && (name.ends_with("Id") || name.ends_with("Code"))
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// Adds an id; of a name that comes several times all, as far as there is room.
fn add(subjects: &mut BTreeMap<String, String>, name: &str, id: &str) {
    let cut: String = id.chars().take(MOST_CHARS).collect();
    let mut key = name.to_owned();
    for nth in 2.. {
        match subjects.get(&key) {
            None => break,
            Some(known) if *known == cut => return,
            Some(_) => key = format!("{name}{nth}"),
        }
    }
    if subjects.len() < MOST_SUBJECTS {
        subjects.insert(key, cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_paths_and_from_parameters_that_say_so() {
        let check = |route: &str, path: &str, query: &str, expected: &[(&str, &str)]| {
            let found = subjects(route, path, Some(query));
            let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(found, expected, "{route} {path} {query}");
        };
        check("/patients/{taxCode}", "/patients/A%2FB", "", &[("taxCode", "A/B")]);
        check("/patients", "/patients", "name=Verdi&limit=1&cursor=x", &[]);
        check("/a/{id}/b/{version}", "/a/1/b/2", "", &[("id", "1"), ("version", "2")]);
        check("/s/{service}/{*path}", "/s/x/y/z", "", &[("path", "y/z"), ("service", "x")]);
        check(
            "/a",
            "/a",
            "roomId=or-1&patientTaxCode=T",
            &[("patientTaxCode", "T"), ("roomId", "or-1")],
        );
        check("/a", "/a", "roomId=1&roomId=2&roomId=1", &[("roomId", "1"), ("roomId2", "2")]);
        let many = [("roomId", "1"), ("roomId2", "2"), ("roomId3", "3"), ("roomId4", "4")];
        check("/a", "/a", "roomId=1&roomId=2&roomId=3&roomId=4&roomId=5", &many);
        check("/a", "/a", "ro%20omId=1&x=2&roomId=&%ffId=3&roomId", &[]);
    }
}
