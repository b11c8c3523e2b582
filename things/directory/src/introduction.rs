//! The directory's own Thing Description, by which clients find their way (W3C Web of Things Discovery,
//! "Introduction" and "Directory Service API").
//!
//! The published Thing Model of a directory gives responses without `contentType`, which the
//! schema of Thing Descriptions 1.1 does not accept; they are left out here.

use serde_json::{Value, json};

/// The directory's id.
pub(crate) const ID: &str = "urn:chiron:thing-directory";

/// The description of the directory that is reached at `base`.
pub(crate) fn description(base: &str) -> Value {
    let id = json!({"id": {
        "@type": "ThingID", "title": "Thing Description ID", "type": "string", "format": "iri-reference",
    }});
    let form = |method: &str, href: &str| json!({"href": href, "htv:methodName": method});
    let td_form = |method: &str, href: &str, content_type: &str| json!({"href": href, "htv:methodName": method, "contentType": content_type});
    let event = |name: &str, title: &str| {
        json!({
            "title": title,
            "uriVariables": {"diff": {
                "type": "boolean", "description": "Tell what has changed, not only of which Thing",
            }},
            "data": {"type": "object", "contentMediaType": "application/td+json"},
            "forms": [{
                "op": "subscribeevent", "href": format!("/events/{name}{{?diff}}"),
                "subprotocol": "sse", "contentType": "text/event-stream",
            }],
        })
    };
    json!({
        "@context": [
            "https://www.w3.org/2022/wot/td/v1.1",
            "https://www.w3.org/2022/wot/discovery",
            {"htv": "http://www.w3.org/2011/http#"},
        ],
        "@type": "ThingDirectory",
        "id": ID,
        "title": "Thing Description Directory of the operating block",
        "base": base,
        "securityDefinitions": {"bearer": {
            "scheme": "bearer", "in": "header", "format": "jwt", "alg": "EdDSA",
        }},
        "security": "bearer",
        "properties": {"things": {
            "title": "All registered Things",
            "readOnly": true,
            "uriVariables": {
                "offset": {"title": "Entries before the page", "type": "integer", "minimum": 0},
                "limit": {"title": "Entries of the page", "type": "integer", "minimum": 1},
                "format": {"type": "string", "enum": ["array", "collection"], "default": "array"},
            },
            "type": "array",
            "items": {"type": "object"},
            "forms": [{
                "op": "readproperty", "href": "/things{?offset,limit,format}",
                "htv:methodName": "GET", "contentType": "application/ld+json",
            }],
        }},
        "actions": {
            "createThing": {
                "uriVariables": id, "input": {"type": "object"},
                "forms": [td_form("PUT", "/things/{id}", "application/td+json")],
            },
            "createAnonymousThing": {
                "input": {"type": "object"},
                "forms": [td_form("POST", "/things", "application/td+json")],
            },
            "retrieveThing": {
                "uriVariables": id, "output": {"type": "object"}, "safe": true, "idempotent": true,
                "forms": [{
                    "href": "/things/{id}", "htv:methodName": "GET",
                    "response": {"contentType": "application/td+json"},
                }],
            },
            "updateThing": {
                "uriVariables": id, "input": {"type": "object"},
                "forms": [td_form("PUT", "/things/{id}", "application/td+json")],
            },
            "partiallyUpdateThing": {
                "uriVariables": id, "input": {"type": "object"},
                "forms": [td_form("PATCH", "/things/{id}", "application/merge-patch+json")],
            },
            "deleteThing": {
                "uriVariables": id,
                "forms": [form("DELETE", "/things/{id}")],
            },
        },
        "events": {
            "thingCreated": event("thing_created", "A Thing was registered"),
            "thingUpdated": event("thing_updated", "A Thing's description was changed"),
            "thingDeleted": event("thing_deleted", "A Thing was removed, or its time was over"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Judge;

    #[test]
    fn the_directory_would_keep_its_own_description() {
        let mistakes = Judge::new().unwrap().mistakes(&description("http://127.0.0.1:4000"));
        assert_eq!(mistakes, []);
    }
}
