//! The messages that are kept, for those who have to see to them.

use axum::extract::State as Shared;
use chiron_chassis::audit::Recorded;
use chiron_chassis::{Api, Caller, Json, Need, Path, Problem, Query};
use chiron_clock::instant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::NAME;
use crate::desk::{Desk, NotReplayed};
use crate::kept::{Keeping, Kept, KeptError, State, Wanted};

const READ: Need =
    Need::new("messages", "read", &["admin", "block-manager"]).recorded(Recorded::Always);
const WRITE: Need =
    Need::new("messages", "write", &["admin", "block-manager"]).recorded(Recorded::Always);
/// Who may read what a message says of a patient.
const PATIENTS: Need = Need::new("patients", "read", &["block-manager"]);

/// Entries of a page when the request does not say.
const PAGE: usize = 100;
/// Entries of a page at most.
const MOST: usize = 1_000;

#[derive(Clone)]
struct Served {
    desk: Desk,
    keeping: Keeping,
}

/// A message and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Message)]
struct MessageV1 {
    /// The id under which it is kept.
    id: String,
    state: StateV1,
    /// When it came last.
    received_at: String,
    /// How often it came.
    times: u32,
    /// MSH-10; empty when it has none.
    control_id: String,
    /// MSH-3.1.
    sending_application: String,
    /// MSH-4.1.
    sending_facility: String,
    /// Such as `ADT^A01`.
    kind: String,
    /// Address and port from which it came.
    peer: String,
    /// Why it was not accepted, or what of it was left out.
    reasons: Vec<ReasonV1>,
    /// When somebody had it done again; null when nobody has.
    replayed_at: Option<String>,
    /// As it came; null when it was accepted, in lists, and for those who may not read patients.
    text: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = MessageState)]
enum StateV1 {
    /// Done (AA).
    Accepted,
    /// Its content is wrong (AE).
    Refused,
    /// It is none that is taken (AR).
    Rejected,
    /// It could not be done then (AR).
    Failed,
}

/// A reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reason)]
struct ReasonV1 {
    /// The field, such as `PID-3`; empty when none is to blame.
    place: String,
    /// HL7 table 0357.
    code: String,
    /// What is expected, for people.
    detail: String,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Messages)]
struct MessagesV1 {
    /// The newest first.
    entries: Vec<MessageV1>,
    /// How many there are in all pages together.
    total: u64,
    /// What to send as `cursor` for the next page; null on the last one.
    next: Option<String>,
}

impl From<StateV1> for State {
    fn from(state: StateV1) -> Self {
        match state {
            StateV1::Accepted => Self::Accepted,
            StateV1::Refused => Self::Refused,
            StateV1::Rejected => Self::Rejected,
            StateV1::Failed => Self::Failed,
        }
    }
}

impl From<State> for StateV1 {
    fn from(state: State) -> Self {
        match state {
            State::Accepted => Self::Accepted,
            State::Refused => Self::Refused,
            State::Rejected => Self::Rejected,
            State::Failed => Self::Failed,
        }
    }
}

impl MessageV1 {
    fn present(id: String, kept: Kept, with_text: bool) -> Self {
        let reasons = kept.reasons.into_iter();
        Self {
            id,
            state: kept.state.into(),
            received_at: instant::write(kept.received_at),
            times: kept.times,
            control_id: kept.control_id,
            sending_application: kept.application,
            sending_facility: kept.facility,
            kind: kept.kind,
            peer: kept.peer,
            reasons: reasons
                .map(|it| ReasonV1 { place: it.place, code: it.code, detail: it.detail })
                .collect(),
            replayed_at: kept.replayed_at.map(instant::write),
            text: kept.text.filter(|_| with_text),
        }
    }
}

impl From<KeptError> for Problem {
    fn from(error: KeptError) -> Self {
        match error {
            KeptError::Store(error) => Self::from(error),
            KeptError::Write(error) => Self::from(error),
        }
    }
}

impl From<NotReplayed> for Problem {
    fn from(error: NotReplayed) -> Self {
        let detail = error.to_string();
        match error {
            NotReplayed::Unknown => Self::not_found(detail),
            NotReplayed::Accepted | NotReplayed::Cut => Self::conflict(detail),
            NotReplayed::Store(error) => error.into(),
        }
    }
}

/// The routes of the service.
pub(crate) fn api(desk: Desk, keeping: Keeping) -> Api {
    Api::new(NAME, "HL7 gateway")
        .route(READ, routes!(list))
        .route(READ, routes!(show))
        .route(WRITE, routes!(replay))
        .with_state(Served { desk, keeping })
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
struct ListQuery {
    /// What became of them; all when not given.
    #[param(inline)]
    state: Option<StateV1>,
    /// Not received before this instant.
    from: Option<String>,
    /// Not received after this instant.
    to: Option<String>,
    /// Entries at most, 1 to 1000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

fn bound(name: &str, text: Option<&String>) -> Result<Option<Timestamp>, Problem> {
    let parse = |text: &String| {
        let detail = "must be an instant such as 2026-05-15T08:10:00.123Z";
        instant::parse(text).map_err(|_| Problem::bad_request(name, detail))
    };
    text.map(parse).transpose()
}

/// The messages that came, the newest first, without what they say.
#[utoipa::path(get, path = "/api/v1/messages", params(ListQuery),
    responses((status = 200, body = MessagesV1), (status = 400)))]
async fn list(
    Shared(served): Shared<Served>,
    Query(query): Query<ListQuery>,
) -> Result<Json<MessagesV1>, Problem> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request("?limit", format!("must be from 1 to {MOST}")));
    }
    let after = query.cursor.map(|cursor| {
        cursor.parse().map_err(|_| Problem::bad_request("?cursor", "is not of this list"))
    });
    let wanted = Wanted {
        state: query.state.map(State::from),
        from: bound("?from", query.from.as_ref())?,
        to: bound("?to", query.to.as_ref())?,
        limit,
        after: after.transpose()?,
    };
    let page = served.keeping.page(wanted).await?;
    let entries = page.messages.into_iter();
    Ok(Json(MessagesV1 {
        entries: entries.map(|it| MessageV1::present(it.id, it.document, false)).collect(),
        total: page.total,
        next: page.next.map(|next| next.to_string()),
    }))
}

/// A message; with what it says for those who may read patients.
#[utoipa::path(get, path = "/api/v1/messages/{id}", params(("id" = String, Path)),
    responses((status = 200, body = MessageV1), (status = 404)))]
async fn show(
    Shared(served): Shared<Served>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MessageV1>, Problem> {
    let found = served.keeping.get(&id).await?;
    let kept = found.ok_or_else(|| Problem::not_found("there is no such message"))?;
    Ok(Json(MessageV1::present(id, kept, caller.may(&PATIENTS))))
}

/// Does a message again that was not accepted, as if it came now, and answers what became of it.
/// Its sender is answered the same from now on.
#[utoipa::path(post, path = "/api/v1/messages/{id}/replays", params(("id" = String, Path)),
    responses((status = 200, body = MessageV1), (status = 404), (status = 409)))]
async fn replay(
    Shared(served): Shared<Served>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MessageV1>, Problem> {
    let kept = served.desk.replay(&id).await?;
    Ok(Json(MessageV1::present(id, kept, caller.may(&PATIENTS))))
}
