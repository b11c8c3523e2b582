//! From method and path to one operation of the protocol.
//!
//! The documentation writes `/eventRoutes`, the published clients send `/eventroutes`: words match
//! without regard to case. Ids come percent-encoded, a `/` included, so the raw path is split
//! first and each segment decoded after.

use axum::http::Method;
use chiron_chassis::Need;
use chiron_chassis::audit::Recorded;
use percent_encoding::percent_decode_str;

/// Reading twins, relationships, routes, and asking queries. Twins tell of people, so what a person
/// reads or changes is recorded; what services and devices do here is the block at work.
pub(crate) const READ: Need = Need::new("twins", "read", &["admin"]).recorded(Recorded::People);
/// Reading models: also for those who build on them.
pub(crate) const READ_MODELS: Need = Need::new("twins", "read", &["admin", "developer"]);
/// Every change.
pub(crate) const WRITE: Need = Need::new("twins", "write", &["admin"]).recorded(Recorded::People);

/// One operation of the protocol, with the ids of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    UploadModels,
    ListModels,
    GetModel { id: String },
    PatchModel { id: String },
    DeleteModel { id: String },
    GetTwin { id: String },
    PutTwin { id: String },
    PatchTwin { id: String },
    DeleteTwin { id: String },
    GetComponent { id: String, path: String },
    PatchComponent { id: String, path: String },
    ListRelationships { source: String },
    GetRelationship { source: String, id: String },
    PutRelationship { source: String, id: String },
    PatchRelationship { source: String, id: String },
    DeleteRelationship { source: String, id: String },
    ListIncoming { id: String },
    SendTelemetry { id: String, component: Option<String> },
    Query,
    ListRoutes,
    GetRoute { id: String },
    PutRoute { id: String },
    DeleteRoute { id: String },
}

/// Why a request is no operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAnOperation {
    /// The path is none of the protocol's.
    UnknownPath,
    /// The path is, but not with this method.
    MethodNotAllowed,
    /// A segment is not percent-encoded UTF-8.
    Encoding,
}

impl Operation {
    pub(crate) fn parse(method: &Method, raw_path: &str) -> Result<Operation, NotAnOperation> {
        let mut segments = Vec::new();
        for segment in raw_path.trim_start_matches('/').split('/') {
            let decoded =
                percent_decode_str(segment).decode_utf8().map_err(|_| NotAnOperation::Encoding)?;
            segments.push(decoded.into_owned());
        }
        // Some clients put a slash behind `relationships`.
        if segments.last().is_some_and(String::is_empty) {
            segments.pop();
        }
        let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
        // What answers GET answers HEAD; the server leaves the body out.
        let method = if method == Method::HEAD { &Method::GET } else { method };
        operation(method, &texts)
    }

    /// Who may.
    pub(crate) fn need(&self) -> &'static Need {
        match self {
            Operation::ListModels | Operation::GetModel { .. } => &READ_MODELS,
            Operation::GetTwin { .. }
            | Operation::GetComponent { .. }
            | Operation::ListRelationships { .. }
            | Operation::GetRelationship { .. }
            | Operation::ListIncoming { .. }
            | Operation::Query
            | Operation::ListRoutes
            | Operation::GetRoute { .. } => &READ,
            Operation::UploadModels
            | Operation::PatchModel { .. }
            | Operation::DeleteModel { .. }
            | Operation::PutTwin { .. }
            | Operation::PatchTwin { .. }
            | Operation::DeleteTwin { .. }
            | Operation::PatchComponent { .. }
            | Operation::PutRelationship { .. }
            | Operation::PatchRelationship { .. }
            | Operation::DeleteRelationship { .. }
            | Operation::SendTelemetry { .. }
            | Operation::PutRoute { .. }
            | Operation::DeleteRoute { .. } => &WRITE,
        }
    }
}

fn operation(method: &Method, segments: &[&str]) -> Result<Operation, NotAnOperation> {
    let word = |segment: &str, word: &str| segment.eq_ignore_ascii_case(word);
    match segments {
        [root] if word(root, "models") => models(method),
        [root, id] if word(root, "models") => model(method, id),
        [root, id] if word(root, "digitaltwins") => twin(method, id),
        [root, id, part] if word(root, "digitaltwins") => part_of_twin(method, id, part),
        [root, id, part, path] if word(root, "digitaltwins") && word(part, "components") => {
            component(method, id, path)
        }
        [root, id, part, path, last]
            if word(root, "digitaltwins")
                && word(part, "components")
                && word(last, "telemetry") =>
        {
            telemetry(method, id, Some(path))
        }
        [root, source, part, id] if word(root, "digitaltwins") && word(part, "relationships") => {
            relationship(method, source, id)
        }
        [root] if word(root, "query") => only(method, &Method::POST, Operation::Query),
        [root] if word(root, "eventroutes") => only(method, &Method::GET, Operation::ListRoutes),
        [root, id] if word(root, "eventroutes") => route(method, id),
        _ => Err(NotAnOperation::UnknownPath),
    }
}

fn only(
    method: &Method,
    expected: &Method,
    operation: Operation,
) -> Result<Operation, NotAnOperation> {
    if method == expected { Ok(operation) } else { Err(NotAnOperation::MethodNotAllowed) }
}

fn models(method: &Method) -> Result<Operation, NotAnOperation> {
    match *method {
        Method::GET => Ok(Operation::ListModels),
        Method::POST => Ok(Operation::UploadModels),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

fn model(method: &Method, id: &str) -> Result<Operation, NotAnOperation> {
    let id = id.to_owned();
    match *method {
        Method::GET => Ok(Operation::GetModel { id }),
        Method::PATCH => Ok(Operation::PatchModel { id }),
        Method::DELETE => Ok(Operation::DeleteModel { id }),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

fn twin(method: &Method, id: &str) -> Result<Operation, NotAnOperation> {
    let id = id.to_owned();
    match *method {
        Method::GET => Ok(Operation::GetTwin { id }),
        Method::PUT => Ok(Operation::PutTwin { id }),
        Method::PATCH => Ok(Operation::PatchTwin { id }),
        Method::DELETE => Ok(Operation::DeleteTwin { id }),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

fn part_of_twin(method: &Method, id: &str, part: &str) -> Result<Operation, NotAnOperation> {
    match part.to_ascii_lowercase().as_str() {
        "relationships" => {
            only(method, &Method::GET, Operation::ListRelationships { source: id.to_owned() })
        }
        "incomingrelationships" => {
            only(method, &Method::GET, Operation::ListIncoming { id: id.to_owned() })
        }
        "telemetry" => telemetry(method, id, None),
        _ => Err(NotAnOperation::UnknownPath),
    }
}

fn telemetry(
    method: &Method,
    id: &str,
    component: Option<&str>,
) -> Result<Operation, NotAnOperation> {
    let component = component.map(str::to_owned);
    only(method, &Method::POST, Operation::SendTelemetry { id: id.to_owned(), component })
}

fn component(method: &Method, id: &str, path: &str) -> Result<Operation, NotAnOperation> {
    let (id, path) = (id.to_owned(), path.to_owned());
    match *method {
        Method::GET => Ok(Operation::GetComponent { id, path }),
        Method::PATCH => Ok(Operation::PatchComponent { id, path }),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

fn relationship(method: &Method, source: &str, id: &str) -> Result<Operation, NotAnOperation> {
    let (source, id) = (source.to_owned(), id.to_owned());
    match *method {
        Method::GET => Ok(Operation::GetRelationship { source, id }),
        Method::PUT => Ok(Operation::PutRelationship { source, id }),
        Method::PATCH => Ok(Operation::PatchRelationship { source, id }),
        Method::DELETE => Ok(Operation::DeleteRelationship { source, id }),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

fn route(method: &Method, id: &str) -> Result<Operation, NotAnOperation> {
    let id = id.to_owned();
    match *method {
        Method::GET => Ok(Operation::GetRoute { id }),
        Method::PUT => Ok(Operation::PutRoute { id }),
        Method::DELETE => Ok(Operation::DeleteRoute { id }),
        _ => Err(NotAnOperation::MethodNotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::{NotAnOperation, Operation};

    #[test]
    fn paths_of_the_protocol() {
        let twin = |id: &str| Operation::GetTwin { id: id.to_owned() };
        let list = |id: &str| Operation::ListRelationships { source: id.to_owned() };
        let cases = [
            (Method::GET, "/digitaltwins/a%20b%2Fc", Ok(twin("a b/c"))),
            (Method::GET, "/DigitalTwins/Room", Ok(twin("Room"))),
            (Method::GET, "/eventRoutes", Ok(Operation::ListRoutes)),
            (Method::GET, "/digitaltwins/a/relationships/", Ok(list("a"))),
            (Method::GET, "/digitaltwins/a/Relationships", Ok(list("a"))),
            (Method::POST, "/query", Ok(Operation::Query)),
            (Method::GET, "/query", Err(NotAnOperation::MethodNotAllowed)),
            (Method::GET, "/", Err(NotAnOperation::UnknownPath)),
            (Method::GET, "/digitaltwins/", Err(NotAnOperation::UnknownPath)),
            (Method::GET, "/digitaltwins/a/b", Err(NotAnOperation::UnknownPath)),
            (Method::GET, "/digitaltwins/%ff", Err(NotAnOperation::Encoding)),
        ];
        for (method, path, expected) in cases {
            assert_eq!(Operation::parse(&method, path), expected, "{method} {path}");
        }
    }
}
