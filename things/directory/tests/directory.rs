//! The Discovery API through real HTTP: accepted and refused.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::indexing_slicing, reason = "indexing JSON with a name answers null or makes it")]

use std::time::Duration;

use chiron_chassis::{Runtime, TestHands};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use thing_directory::{COLLECTIONS, NAME, start};

struct Directory {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    token: String,
    client: reqwest::Client,
}

fn lamp(id: Option<&str>) -> Value {
    let mut td = json!({
        "@context": "https://www.w3.org/2022/wot/td/v1.1",
        "title": "Lamp",
        "securityDefinitions": {"nosec": {"scheme": "nosec"}},
        "security": "nosec",
        "actions": {"on": {"forms": [{"href": "http://lamp.example/on"}]}},
    });
    if let Some(id) = id {
        td["id"] = json!(id);
    }
    td
}

impl Directory {
    async fn open() -> Self {
        let (runtime, hands) = Runtime::for_test(NAME, COLLECTIONS);
        Self::on(runtime, hands).await
    }

    async fn on(runtime: Runtime, hands: TestHands) -> Self {
        let api = start(&runtime).await.unwrap();
        let base = hands.serve(api, &runtime).await;
        let token = hands.token("gateway", &[], &["things:read", "things:write"], false);
        let client = chiron_chassis::http_client().unwrap();
        let directory = Self { runtime, hands, base, token, client };
        directory.rest().await;
        directory
    }

    /// Until nothing is under way.
    async fn rest(&self) {
        while self.runtime.activity.snapshot().pending > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> Response {
        let request = self.request(method, path).header("content-type", kind);
        let answer = request.body(body.to_string()).send().await.unwrap();
        self.rest().await;
        answer
    }

    async fn put(&self, id: &str, body: &Value) -> u16 {
        let path = format!("/things/{}", chiron_chassis::Calls::segment(id));
        self.send(Method::PUT, &path, "application/td+json", body).await.status().as_u16()
    }

    async fn patch(&self, id: &str, body: &Value) -> u16 {
        let kind = "application/merge-patch+json";
        self.send(Method::PATCH, &format!("/things/{id}"), kind, body).await.status().as_u16()
    }

    async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    async fn status(&self, method: Method, path: &str) -> u16 {
        let status = self.request(method, path).send().await.unwrap().status().as_u16();
        self.rest().await;
        status
    }

    /// Reads events until there are so many: `(event, id, data)`.
    async fn events(
        &self,
        path: &str,
        last: Option<&str>,
        count: usize,
    ) -> Vec<(String, String, Value)> {
        let mut request = self.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let mut answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let (mut text, mut events) = (String::new(), Vec::new());
        while events.len() < count {
            let chunk = answer.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some(end) = text.find("\n\n") {
                let block: String = text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim_start_matches(": ").trim().to_owned()
                };
                if !field("event").is_empty() {
                    let data = serde_json::from_str(&field("data")).unwrap();
                    events.push((field("event"), field("id"), data));
                }
            }
        }
        events
    }
}

#[tokio::test]
async fn a_thing_is_registered_shown_changed_and_removed() {
    let directory = Directory::open().await;
    let id = "urn:example:lamp-1";
    let path = "/things/urn:example:lamp-1";
    assert_eq!(directory.put(id, &lamp(Some(id))).await, 201);
    assert_eq!(directory.put(id, &lamp(Some(id))).await, 204);

    let answer = directory.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/td+json");
    let shown: Value = answer.json().await.unwrap();
    assert_eq!(shown["title"], "Lamp");
    assert_eq!(shown["@context"][1], "https://www.w3.org/2022/wot/discovery");
    assert_eq!(shown["registration"]["created"], "2026-05-15T06:00:00.000Z");
    // What was retrieved can be sent back.
    assert_eq!(directory.put(id, &shown).await, 204);
    assert_eq!(directory.get(path).await, shown);

    directory.hands.advance(Duration::from_mins(1));
    assert_eq!(directory.patch(id, &json!({"title": "Bright lamp", "support": null})).await, 204);
    let shown = directory.get(path).await;
    assert_eq!(shown["title"], "Bright lamp");
    assert_eq!(shown["registration"]["created"], "2026-05-15T06:00:00.000Z");
    assert_eq!(shown["registration"]["modified"], "2026-05-15T06:01:00.000Z");

    assert_eq!(directory.status(Method::HEAD, path).await, 200);
    assert_eq!(directory.status(Method::DELETE, path).await, 204);
    assert_eq!(directory.status(Method::DELETE, path).await, 404);
    assert_eq!(directory.status(Method::GET, path).await, 404);
    assert_eq!(directory.patch(id, &json!({"title": "x"})).await, 404);
}

#[tokio::test]
async fn an_anonymous_thing_gets_an_id() {
    let directory = Directory::open().await;
    let answer = directory.send(Method::POST, "/things", "application/td+json", &lamp(None)).await;
    assert_eq!(answer.status().as_u16(), 201);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let shown = directory.get(&location).await;
    let id = shown["id"].as_str().unwrap();
    assert!(id.starts_with("urn:uuid:"), "{id}");
    assert_eq!(location, format!("/things/{}", chiron_chassis::Calls::segment(id)));
}

#[tokio::test]
async fn what_is_no_description_is_refused_with_its_reasons() {
    let directory = Directory::open().await;
    let id = "urn:example:lamp-1";
    let with = |name: &str, value: Value| {
        let mut td = lamp(Some(id));
        td[name] = value;
        td
    };
    let without = |name: &str| {
        let mut td = lamp(Some(id));
        td.as_object_mut().unwrap().remove(name);
        td
    };
    for (body, field) in [
        (without("title"), ""),
        (without("security"), ""),
        (without("securityDefinitions"), ""),
        (without("@context"), ""),
        (without("id"), "/id"),
        (with("id", json!("urn:example:other")), "/id"),
        (with("security", json!("oauth")), "/security"),
        (with("security", json!([])), "/security"),
        (with("actions", json!({"on": {"forms": []}})), "/actions/on/forms"),
        (with("actions", json!({"on": {"forms": [{}]}})), "/actions/on/forms/0"),
        (
            with("actions", json!({"on": {"forms": [{"href": "/on", "security": "nobody"}]}})),
            "/actions/on/forms/0/security",
        ),
        (with("registration", json!({"ttl": -1})), "/registration/ttl"),
        (json!([]), ""),
    ] {
        let answer = directory
            .send(Method::PUT, "/things/urn:example:lamp-1", "application/td+json", &body)
            .await;
        assert_eq!(answer.status().as_u16(), 400, "{body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["status"], 400);
        let errors = problem["validationErrors"].as_array().unwrap();
        let fields: Vec<&str> = errors.iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert!(fields.contains(&field), "{body}: {problem}");
    }
    // A bare word is no URI.
    assert_eq!(directory.put("lamp-1", &with("id", json!("lamp-1"))).await, 400);
    let td = lamp(Some(id));
    let send = |method, path, kind| directory.send(method, path, kind, &td);
    assert_eq!(send(Method::POST, "/things", "application/td+json").await.status().as_u16(), 400);
    assert_eq!(send(Method::POST, "/things", "text/plain").await.status().as_u16(), 415);
    let mut large = lamp(Some(id));
    large["description"] = json!("x".repeat(300_000));
    assert_eq!(directory.put(id, &large).await, 413);
    assert_eq!(directory.status(Method::GET, "/things/urn:example:nothing").await, 404);
    assert_eq!(directory.status(Method::PUT, "/things").await, 405);
    assert_eq!(directory.status(Method::GET, "/search/sparql?query=x").await, 404);
    // Nothing of all that was kept.
    assert_eq!(directory.get("/things").await, json!([]));
}

#[tokio::test]
async fn a_patch_that_spoils_the_description_changes_nothing() {
    let directory = Directory::open().await;
    let id = "urn:example:lamp-1";
    directory.put(id, &lamp(Some(id))).await;
    let before = directory.get("/things").await;
    for patch in [
        json!({"title": null}),
        json!({"id": "urn:example:other"}),
        json!({"security": "nobody"}),
        json!({"registration": {"ttl": "soon"}}),
        json!("text"),
    ] {
        assert_eq!(directory.patch(id, &patch).await, 400, "{patch}");
    }
    assert_eq!(directory.get("/things").await, before);
}

#[tokio::test]
async fn the_list_is_read_in_pages_by_id() {
    let directory = Directory::open().await;
    for nth in [3, 1, 5, 2, 4] {
        let id = format!("urn:example:lamp-{nth}");
        directory.put(&id, &lamp(Some(&id))).await;
    }
    let ids = |list: &Value| -> Vec<String> {
        let one = |td: &Value| td["id"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
        list.as_array().unwrap().iter().map(one).collect()
    };
    assert_eq!(ids(&directory.get("/things").await), ["1", "2", "3", "4", "5"]);

    let (mut path, mut seen, mut etags) = ("/things?limit=2".to_owned(), Vec::new(), Vec::new());
    loop {
        let answer = directory.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/ld+json");
        let links: Vec<String> = answer
            .headers()
            .get_all("link")
            .iter()
            .map(|link| link.to_str().unwrap().to_owned())
            .collect();
        seen.extend(ids(&answer.json().await.unwrap()));
        let canonical = links.iter().find(|link| link.contains("rel=\"canonical\"")).unwrap();
        etags.push(canonical.clone());
        match links.iter().find(|link| link.contains("rel=\"next\"")) {
            Some(next) => {
                path = next.split(['<', '>']).nth(1).unwrap().to_owned();
                assert!(path.contains("limit=2"), "{path}");
            }
            None => break,
        }
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
    assert_eq!(etags.len(), 3);
    assert!(etags.iter().all(|etag| *etag == etags[0]), "{etags:?}");

    let page = directory.get("/things?offset=2&limit=2&format=collection").await;
    assert_eq!(page["@type"], "ThingCollection");
    assert_eq!(page["total"], 5);
    assert_eq!(ids(&page["members"]), ["3", "4"]);
    assert_eq!(page["next"], "/things?offset=4&limit=2&format=collection");
    let last = directory.get("/things?offset=4&limit=2&format=collection").await;
    assert_eq!(last.get("next"), None);

    directory.status(Method::DELETE, "/things/urn:example:lamp-3").await;
    let answer = directory.request(Method::GET, "/things?limit=2").send().await.unwrap();
    let changed = answer.headers().get_all("link").iter().any(|link| {
        link.to_str().is_ok_and(|link| link.contains("canonical") && *link != etags[0])
    });
    assert!(changed, "the order has changed");
    for bad in ["limit=0", "limit=x", "format=table", "offset=-1"] {
        assert_eq!(directory.status(Method::GET, &format!("/things?{bad}")).await, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_registration_ends_when_its_time_is_over() {
    let directory = Directory::open().await;
    let id = "urn:example:lamp-1";
    let mut td = lamp(Some(id));
    td["registration"] = json!({"ttl": 60});
    directory.put(id, &td).await;
    let path = "/things/urn:example:lamp-1";
    assert_eq!(directory.get(path).await["registration"]["expires"], "2026-05-15T06:01:00.000Z");
    // Registering again renews it.
    directory.hands.advance(Duration::from_secs(59));
    assert_eq!(directory.put(id, &td).await, 204);
    directory.hands.advance(Duration::from_secs(59));
    directory.rest().await;
    assert_eq!(directory.status(Method::GET, path).await, 200);
    directory.hands.advance(Duration::from_secs(1));
    assert_eq!(directory.status(Method::GET, path).await, 404);
    directory.rest().await;
    assert_eq!(directory.get("/things").await, json!([]));
    let events = directory.events("/events/thing_deleted", Some("0"), 1).await;
    assert_eq!(events[0].2, json!({"id": id}));

    // A patch takes the end away.
    directory.put(id, &td).await;
    assert_eq!(directory.patch(id, &json!({"registration": {"ttl": null}})).await, 204);
    directory.hands.advance(Duration::from_mins(10));
    directory.rest().await;
    let shown = directory.get(path).await;
    assert_eq!(shown["registration"].get("expires"), None);
}

#[tokio::test]
async fn changes_are_told_in_order_and_missed_ones_again() {
    let directory = Directory::open().await;
    let id = "urn:example:lamp-1";
    directory.put(id, &lamp(Some(id))).await;
    directory.put(id, &lamp(Some(id))).await;
    directory.patch(id, &json!({"title": "Other", "actions": null})).await;
    directory.status(Method::DELETE, "/things/urn:example:lamp-1").await;
    directory.put(id, &lamp(Some(id))).await;

    let first = directory.events("/events?diff=true", None, 0).await;
    assert!(first.is_empty(), "without Last-Event-ID only what comes is told");
    let all = directory.events("/events?diff=true", Some("0"), 3).await;
    let kinds: Vec<&str> = all.iter().map(|(kind, _, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["thing_updated", "thing_deleted", "thing_created"]);
    assert_eq!(all[0].2, json!({"id": id, "title": "Other", "actions": null}));
    assert_eq!(all[1].2, json!({"id": id}));
    assert_eq!(all[2].2["title"], "Lamp");
    let after = directory.events("/events", Some(&all[0].1), 2).await;
    assert_eq!(after[0].1, all[1].1);
    assert_eq!(after[1].2, json!({"id": id}), "no content unless asked for");
    let created = directory.events("/events/thing_created", Some("0"), 1).await;
    assert_eq!(created[0].1, all[2].1);

    assert_eq!(directory.status(Method::GET, "/events/thing_moved").await, 404);
    let refused = directory.request(Method::GET, "/events").header("last-event-id", "x");
    assert_eq!(refused.send().await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn our_own_things_answer_to_their_bare_id() {
    let directory = Directory::open().await;
    let id = "urn:chiron:thing:al-1";
    directory.put(id, &lamp(Some(id))).await;
    assert_eq!(directory.get("/things/al-1").await["id"], id);
    assert_eq!(directory.patch("al-1", &json!({"title": "Light"})).await, 204);
    assert_eq!(directory.status(Method::DELETE, "/things/al-1").await, 204);
    assert_eq!(directory.status(Method::GET, "/things/al-1").await, 404);
}

#[tokio::test]
async fn who_may_not_is_refused_and_the_introduction_is_public() {
    let directory = Directory::open().await;
    let url = |path: &str| format!("{}{path}", directory.base);
    let answer = directory.client.get(url("/.well-known/wot")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/td+json");
    let own: Value = answer.json().await.unwrap();
    assert_eq!(own["@type"], "ThingDirectory");
    assert_eq!(own["base"], directory.base);
    assert_eq!(directory.status(Method::HEAD, "/.well-known/wot").await, 200);

    let get = |token: Option<String>, method: Method| {
        let request = directory.client.request(method, url("/things/urn:x:y"));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    };
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(get(None, Method::GET)).await, 401);
    for (role, read, write) in [
        ("developer", 404, 403),
        ("admin", 404, 404),
        ("nurse", 403, 403),
        ("block-manager", 403, 403),
        ("display", 403, 403),
    ] {
        let token = || Some(directory.hands.token("somebody", &[role], &[], false));
        assert_eq!(status(get(token(), Method::GET)).await, read, "{role}");
        assert_eq!(status(get(token(), Method::DELETE)).await, write, "{role}");
    }
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let directory = Directory::open().await;
    for nth in 1..=3 {
        let id = format!("urn:example:lamp-{nth}");
        directory.put(&id, &lamp(Some(&id))).await;
    }
    directory.status(Method::DELETE, "/things/urn:example:lamp-2").await;
    let etag = |answer: Response| {
        let links = answer.headers().get_all("link").iter();
        let mut links = links.map(|link| link.to_str().unwrap().to_owned());
        links.find(|link| link.contains("canonical")).unwrap()
    };
    let page = || directory.request(Method::GET, "/things?limit=9").send();
    let before = (directory.get("/things").await, etag(page().await.unwrap()));
    // A second service over the same store and log: what a restart leaves.
    let api = start(&directory.runtime).await.unwrap();
    let again = Directory {
        base: directory.hands.serve(api, &directory.runtime).await,
        runtime: directory.runtime.clone(),
        hands: Runtime::for_test(NAME, COLLECTIONS).1,
        token: directory.token.clone(),
        client: directory.client.clone(),
    };
    let page = again.request(Method::GET, "/things?limit=9").send().await.unwrap();
    assert_eq!((again.get("/things").await, etag(page)), before);
    let events = again.events("/events", Some("0"), 3).await;
    assert_eq!(events.len(), 3);
}

/// Who may no longer ask is no longer told.
#[tokio::test]
async fn a_stream_of_events_does_not_outlive_its_token() {
    let directory = Directory::open().await;
    let open = async |seconds| {
        let token = directory.hands.short_token("d", &[], &["things:read"], seconds);
        let url = format!("{}/events", directory.base);
        directory.client.get(url).bearer_auth(token).send().await.unwrap()
    };
    let mut short = open(2).await;
    assert_eq!(short.status(), 200);
    let end = async { while short.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(30), end).await.unwrap();
}
