//! The table of routes of the HTTP face, and who may use each.
//!
//! Handlers take the raw request: what it asks for is read once, from its raw path, by
//! [`Operation::parse`](crate::application::operation::Operation::parse). Spellings in other cases,
//! which documentation uses, arrive through one unlisted route and are checked by the same rule.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, Response},
    response::IntoResponse,
    routing::{delete, get, patch, post, put},
};
use chiron_chassis::{Api, Caller, Problem};
use utoipa_axum::routes;

use crate::{
    application::{
        fault::Fault,
        operation::{READ, READ_MODELS, WRITE},
    },
    infrastructure::face::Face,
};

/// One documented route of the protocol.
macro_rules! operation {
    ($name:ident, $method:ident, $path:literal, $status:literal, $summary:literal $(, $id:literal)*) => {
        #[utoipa::path(
            $method,
            path = $path,
            summary = $summary,
            params(
                ("api-version" = String, Query, description = "Version of the protocol"),
                $(($id = String, Path, description = "Percent-encoded id"),)*
            ),
            responses((status = $status, description = $summary)),
            tag = "Azure Digital Twins"
        )]
        async fn $name(State(face): State<Face>, caller: Caller, request: Request) -> Response<Body> {
            face.answer(&caller, request).await
        }
    };
}

operation!(list_models, get, "/models", 200, "Lists models");
operation!(upload_models, post, "/models", 201, "Uploads models, all or none");
operation!(get_model, get, "/models/{id}", 200, "Reads a model", "id");
operation!(decommission_model, patch, "/models/{id}", 204, "Decommissions a model", "id");
operation!(delete_model, delete, "/models/{id}", 204, "Deletes a model", "id");
operation!(get_twin, get, "/digitaltwins/{id}", 200, "Reads a twin", "id");
operation!(put_twin, put, "/digitaltwins/{id}", 200, "Creates or replaces a twin", "id");
operation!(patch_twin, patch, "/digitaltwins/{id}", 204, "Changes a twin by JSON Patch", "id");
operation!(delete_twin, delete, "/digitaltwins/{id}", 204, "Deletes a twin", "id");
operation!(
    get_component,
    get,
    "/digitaltwins/{id}/components/{path}",
    200,
    "Reads a component",
    "id",
    "path"
);
operation!(
    patch_component,
    patch,
    "/digitaltwins/{id}/components/{path}",
    204,
    "Changes a component by JSON Patch",
    "id",
    "path"
);
operation!(
    list_relationships,
    get,
    "/digitaltwins/{id}/relationships",
    200,
    "Lists the relationships that start at a twin",
    "id"
);
operation!(
    list_incoming,
    get,
    "/digitaltwins/{id}/incomingrelationships",
    200,
    "Lists the relationships that end at a twin",
    "id"
);
operation!(
    get_relationship,
    get,
    "/digitaltwins/{id}/relationships/{rid}",
    200,
    "Reads a relationship",
    "id",
    "rid"
);
operation!(
    put_relationship,
    put,
    "/digitaltwins/{id}/relationships/{rid}",
    200,
    "Creates or replaces a relationship",
    "id",
    "rid"
);
operation!(
    patch_relationship,
    patch,
    "/digitaltwins/{id}/relationships/{rid}",
    204,
    "Changes a relationship by JSON Patch",
    "id",
    "rid"
);
operation!(
    delete_relationship,
    delete,
    "/digitaltwins/{id}/relationships/{rid}",
    204,
    "Deletes a relationship",
    "id",
    "rid"
);
operation!(
    send_telemetry,
    post,
    "/digitaltwins/{id}/telemetry",
    204,
    "Publishes telemetry of a twin",
    "id"
);
operation!(
    send_component_telemetry,
    post,
    "/digitaltwins/{id}/components/{path}/telemetry",
    204,
    "Publishes telemetry of a component",
    "id",
    "path"
);
operation!(query_twins, post, "/query", 200, "Answers a query");
operation!(list_routes, get, "/eventroutes", 200, "Lists event routes");
operation!(get_route, get, "/eventroutes/{id}", 200, "Reads an event route", "id");
operation!(put_route, put, "/eventroutes/{id}", 204, "Creates or replaces an event route", "id");
operation!(delete_route, delete, "/eventroutes/{id}", 204, "Deletes an event route", "id");

async fn any_spelling(
    State(face): State<Face>,
    caller: Caller,
    request: Request,
) -> Response<Body> {
    face.answer(&caller, request).await
}

/// The routes and who may use them.
pub(crate) fn api(face: Face) -> Api {
    let other = "/{*path}";
    Api::new(crate::NAME, "Twin engine")
        .route(READ_MODELS, routes!(list_models))
        .route(WRITE, routes!(upload_models))
        .route(READ_MODELS, routes!(get_model))
        .route(WRITE, routes!(decommission_model, delete_model))
        .route(READ, routes!(get_twin))
        .route(WRITE, routes!(put_twin, patch_twin, delete_twin))
        .route(READ, routes!(get_component))
        .route(WRITE, routes!(patch_component))
        .route(READ, routes!(list_relationships))
        .route(READ, routes!(list_incoming))
        .route(READ, routes!(get_relationship))
        .route(WRITE, routes!(put_relationship, patch_relationship, delete_relationship))
        .route(WRITE, routes!(send_telemetry))
        .route(WRITE, routes!(send_component_telemetry))
        .route(READ, routes!(query_twins))
        .route(READ, routes!(list_routes))
        .route(READ, routes!(get_route))
        .route(WRITE, routes!(put_route, delete_route))
        // Other spellings of the same paths. What each asks for is checked again inside.
        .unlisted(READ_MODELS, &[Method::GET], other, get(any_spelling))
        .unlisted(READ, &[Method::POST], other, post(any_spelling))
        .unlisted(WRITE, &[Method::PUT], other, put(any_spelling))
        .unlisted(WRITE, &[Method::PATCH], other, patch(any_spelling))
        .unlisted(WRITE, &[Method::DELETE], other, delete(any_spelling))
        .face(|problem: &Problem| Fault::from(problem).into_response())
        .with_state(face)
}
