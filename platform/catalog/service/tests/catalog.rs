//! The catalogue as somebody uses it: who may what, files that change, sources that fail.

#![expect(clippy::unwrap_used, reason = "a test cannot go on without its parts")]

use std::fs;
use std::future::Future;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use catalog::{Location, ReadSettings, Settings};
use chiron_chassis::{Guard, Runtime, TestHands, http_client};
use serde_json::{Value, json};

struct World {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    token: String,
}

fn component(name: &str, owner: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\n\
         spec: {{type: service, lifecycle: production, owner: '{owner}'}}\n---\n"
    )
}

fn file(path: &Path) -> Location {
    Location { kind: "file".to_owned(), target: path.to_str().unwrap().to_owned() }
}

impl World {
    async fn start(settings: Settings, database: Option<&Path>) -> Self {
        let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
        let api = catalog::start(&runtime, &settings, database, false).unwrap().api;
        let base = hands.serve(api, &runtime).await;
        let token = hands.token("ada", &["admin"], &[], false);
        Self { runtime, hands, base, token }
    }

    async fn over(path: &Path) -> Self {
        Self::start(Settings { locations: vec![file(path)], ..Settings::default() }, None).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}/api/catalog{path}", self.base);
        let mut request = http_client().unwrap().request(method, url);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, &self.token, None).await
    }

    async fn entity(&self, name: &str) -> Option<Value> {
        let (status, entity) =
            self.get(&format!("/entities/by-name/component/default/{name}")).await;
        (status == 200).then_some(entity)
    }

    async fn end(self) {
        self.hands.shut_down();
        self.runtime.tasks.join().await;
    }
}

/// Waits until something holds; gives up where it never will.
async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to hold");
}

#[tokio::test]
async fn a_file_that_is_edited_is_seen_and_nothing_else_is_processed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    fs::write(&path, component("a", "x") + &component("b", "x")).unwrap();
    let world = World::over(&path).await;
    until(|| async { world.entity("b").await.is_some() }).await;
    let before = world.entity("a").await.unwrap();
    fs::write(&path, component("a", "x") + &component("b", "y")).unwrap();
    until(|| async { world.entity("b").await.unwrap()["spec"]["owner"] == "y" }).await;
    assert_eq!(world.entity("a").await.unwrap(), before);
    // A half-written file takes nothing away, and says what is wrong.
    fs::write(&path, "apiVersion: x\nkind: [").unwrap();
    let wrong = || async {
        let (_, problems) = world.get("/problems").await;
        problems["entries"].to_string().contains("all.yaml:2")
    };
    until(wrong).await;
    assert!(world.entity("a").await.is_some());
    // So does one that is gone for a while.
    fs::remove_file(&path).unwrap();
    until(|| async { world.get("/problems").await.1.to_string().contains("is not there") }).await;
    assert!(world.entity("a").await.is_some());
    // What the file no longer has is an orphan.
    fs::write(&path, component("b", "y")).unwrap();
    let orphaned = || async {
        world.entity("a").await.unwrap()["metadata"]["annotations"]["backstage.io/orphan"] == "true"
    };
    until(orphaned).await;
    world.end().await;
}

#[tokio::test]
async fn a_restart_shows_what_was_there_and_an_edit_that_came_between() {
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = (folder.path().join("all.yaml"), folder.path().join("c.sqlite"));
    fs::write(&path, component("a", "x") + &component("b", "x")).unwrap();
    let settings = Settings { locations: vec![file(&path)], ..Settings::default() };
    let world = World::start(settings.clone(), Some(&database)).await;
    until(|| async { world.entity("b").await.is_some() }).await;
    let a = world.entity("a").await.unwrap();
    world.end().await;
    fs::write(&path, component("a", "x") + &component("b", "z")).unwrap();
    let world = World::start(settings, Some(&database)).await;
    assert_eq!(world.entity("a").await, Some(a.clone()));
    until(|| async { world.entity("b").await.unwrap()["spec"]["owner"] == "z" }).await;
    assert_eq!(world.entity("a").await, Some(a));
    world.end().await;
    // A location that configuration no longer names takes what it brought with it.
    let world = World::start(Settings::default(), Some(&database)).await;
    until(|| async { world.entity("a").await.is_none() }).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_files_at_once_come_by_a_pattern_and_go_on_coming() {
    let folder = tempfile::tempdir().unwrap();
    for nth in 0..2_000 {
        let inner = folder.path().join(format!("team-{}", nth % 20));
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join(format!("c{nth}.yaml")), component(&format!("c{nth}"), "x")).unwrap();
    }
    let world = World::over(&folder.path().join("**/*.yaml")).await;
    let count = || async {
        let query = "/entities/by-query?limit=0&filter=kind=component";
        world.get(query).await.1["totalItems"].as_u64().unwrap()
    };
    until(|| async { count().await == 2_000 }).await;
    fs::write(folder.path().join("late.yaml"), component("late", "x")).unwrap();
    until(|| async { world.entity("late").await.is_some() }).await;
    world.end().await;
}

#[tokio::test]
async fn a_placeholder_of_a_file_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    fs::create_dir_all(root.join("docs")).unwrap();
    fs::write(folder.path().join("secret"), "s").unwrap();
    fs::write(root.join("docs/text"), "inside").unwrap();
    let described = |name: &str, target: &str| {
        format!(
            "{}description: {{$text: {target}}}\n---\n",
            component(name, "x").replace("---\n", "")
        )
    };
    let text = described("in", "docs/text") + &described("out", "../secret") + &component("c", "x");
    fs::write(root.join("all.yaml"), text).unwrap();
    let world = World::over(&root.join("all.yaml")).await;
    until(|| async { world.entity("in").await.is_some() }).await;
    assert_eq!(world.entity("in").await.unwrap()["description"], "inside");
    until(|| async { world.get("/problems").await.1.to_string().contains("outside") }).await;
    assert_eq!(world.entity("out").await, None);
    fs::write(root.join("docs/text"), "other").unwrap();
    until(|| async { world.entity("in").await.unwrap()["description"] == "other" }).await;
    world.end().await;
}

#[tokio::test]
async fn addresses_of_hosts_that_nobody_named_are_not_read() {
    let world = World::start(Settings::default(), None).await;
    let body = json!({"type": "url", "target": "http://127.0.0.1:9/catalog-info.yaml"});
    let dry = world.ask(Method::POST, "/locations?dryRun=true", &world.token, Some(body)).await;
    assert_eq!(dry.0, 400);
    assert!(dry.1.to_string().contains("catalog.allow_hosts"), "{}", dry.1);
    world.end().await;
}

#[tokio::test]
async fn who_may_read_change_and_unregister() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    let team = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: eve}\n\
                spec: {memberOf: [team]}\n";
    fs::write(&path, component("a", "user:bob") + &component("b", "team") + team).unwrap();
    let world = &World::over(&path).await;
    until(|| async { world.entity("b").await.is_some() }).await;
    let token = |name: &str, role: &str| world.hands.token(name, &[role], &[], false);
    let read = |token: String| async move {
        world.ask(Method::GET, "/entities/by-query", &token, None).await.0
    };
    for (role, expected) in [("surgeon", 200), ("developer", 200), ("display", 403)] {
        assert_eq!(read(token("x", role)).await, expected, "{role}");
    }
    let (status, refused) = world.ask(Method::GET, "/entities", "", None).await;
    assert_eq!((status, &refused["error"]["name"]), (401, &json!("AuthenticationError")));

    let uid =
        |entity: Option<Value>| entity.unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let delete = |name: &'static str, token: String| async move {
        let path = format!("/entities/by-uid/{}", uid(world.entity(name).await));
        world.ask(Method::DELETE, &path, &token, None).await.0
    };
    // Nurses write nothing; developers unregister what they own, alone or as a team.
    assert_eq!(delete("a", token("bob", "nurse")).await, 403);
    assert_eq!(delete("a", token("carl", "developer")).await, 403);
    assert_eq!(delete("a", token("bob", "developer")).await, 204);
    until(|| async { world.entity("a").await.is_some() }).await;
    assert_eq!(delete("b", token("eve", "developer")).await, 204);
    until(|| async { world.entity("b").await.is_some() }).await;
    assert_eq!(delete("b", world.token.clone()).await, 204);

    let target = json!({"type": "url", "target": "http://127.0.0.1:9/x.yaml"});
    let register = |token: String| {
        world.ask(
            Method::POST,
            "/locations",
            Box::leak(token.into_boxed_str()),
            Some(target.clone()),
        )
    };
    assert_eq!(register(token("bob", "nurse")).await.0, 403);
    let (status, made) = register(token("bob", "developer")).await;
    assert_eq!(status, 201);
    assert_eq!(register(token("carl", "developer")).await.0, 409);
    let place = format!("/locations/{}", made["location"]["id"].as_str().unwrap());
    let carl = token("carl", "developer");
    assert_eq!(world.ask(Method::DELETE, &place, &carl, None).await.0, 403);
    let bob = token("bob", "developer");
    assert_eq!(world.ask(Method::DELETE, &place, &bob, None).await.0, 204);
    assert_eq!(world.ask(Method::GET, &place, &bob, None).await.0, 404);
}

#[tokio::test]
async fn rules_say_who_sees_what() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    fs::write(&path, component("a", "x") + &component("b", "y")).unwrap();
    let rule = |role: &str, filter: &str| ReadSettings {
        roles: vec![role.to_owned()],
        filter: filter.to_owned(),
    };
    let rules = vec![rule("admin", "kind"), rule("nurse", "metadata.name=a")];
    let settings =
        Settings { locations: vec![file(&path)], read_rules: rules, ..Settings::default() };
    let world = World::start(settings, None).await;
    until(|| async { world.entity("b").await.is_some() }).await;
    let seen = |role: &'static str| {
        let world = &world;
        async move {
            let token = world.hands.token("x", &[role], &[], false);
            let mut seen = Vec::new();
            for path in ["/entities/by-query", "/entities", "/entities?limit=9"] {
                let (_, body) = world.ask(Method::GET, path, &token, None).await;
                let items = body.get("items").unwrap_or(&body).as_array().unwrap().len();
                seen.push(items);
            }
            let facets = world.ask(Method::GET, "/entity-facets?facet=kind", &token, None).await.1;
            seen.push(facets["facets"]["kind"].as_array().unwrap().len());
            let path = "/entities/by-name/component/default/b";
            seen.push(usize::from(world.ask(Method::GET, path, &token, None).await.0));
            let refs = json!({"entityRefs": ["component:default/b"]});
            let (_, by_refs) =
                world.ask(Method::POST, "/entities/by-refs", &token, Some(refs)).await;
            seen.push(usize::from(!by_refs["items"][0].is_null()));
            seen
        }
    };
    assert_eq!(seen("admin").await, [3, 3, 3, 2, 200, 1]);
    assert_eq!(seen("nurse").await, [1, 1, 1, 1, 404, 0]);
    assert_eq!(seen("surgeon").await, [0, 0, 0, 0, 404, 0]);
    world.end().await;
}

#[tokio::test]
async fn every_route_has_a_need_and_every_write_is_recorded() {
    let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
    let api = catalog::start(&runtime, &Settings::default(), None, false).unwrap().api;
    let audited = hands.audited(api, &runtime).await;
    assert_eq!(
        audited,
        [
            "DELETE /api/catalog/entities/by-uid/{uid}",
            "POST /api/catalog/locations",
            "PUT /api/catalog/locations/{id}",
            "DELETE /api/catalog/locations/{id}",
        ]
    );
    hands.shut_down();
    runtime.tasks.join().await;
}

#[tokio::test]
async fn answers_have_tags_where_the_framework_writes_them() {
    let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
    let runtime = Runtime { guard: Guard::off(), ..runtime };
    let api = catalog::start(&runtime, &Settings::default(), None, false).unwrap().api;
    let base = hands.serve(api, &runtime).await;
    let client = http_client().unwrap();
    let url = format!("{base}/api/catalog/entity-facets?facet=kind");
    let first = client.get(&url).send().await.unwrap();
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(etag.starts_with("W/\""), "{etag}");
    let second = client.get(&url).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    assert!(second.bytes().await.unwrap().is_empty());
    let whole = client.get(format!("{base}/api/catalog/entities")).send().await.unwrap();
    assert!(whole.headers().get("etag").is_none());
    let head = client.head(&url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    hands.shut_down();
    runtime.tasks.join().await;
}

#[tokio::test]
async fn answers_are_compressed_for_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    let all: String = (0..20).map(|nth| component(&format!("c{nth}"), "x")).collect();
    fs::write(&path, all).unwrap();
    let world = World::over(&path).await;
    until(|| async { world.entity("c19").await.is_some() }).await;
    let ask = async |path: &str, encoding: &str| {
        let url = format!("{}/api/catalog{path}", world.base);
        let request = http_client().unwrap().get(url).bearer_auth(&world.token);
        let answer = request.header("accept-encoding", encoding).send().await.unwrap();
        let header = |name| answer.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let (encoding, vary) = (header("content-encoding"), header("vary"));
        assert_eq!(vary.as_deref(), Some("Accept-Encoding"));
        (encoding, answer.bytes().await.unwrap())
    };
    for path in ["/entities", "/entities/by-query?fields=metadata"] {
        let (plain, whole) = ask(path, "identity").await;
        assert_eq!(plain, None);
        let (zipped, small) = ask(path, "br, gzip").await;
        assert_eq!(zipped.as_deref(), Some("gzip"));
        assert!(small.len() * 3 < whole.len(), "{} of {}", small.len(), whole.len());
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&small[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, whole);
    }
    assert_eq!(ask("/entity-facets?facet=kind", "gzip").await.0, None, "it is short");
    world.end().await;
}

#[tokio::test]
async fn a_fault_says_in_which_line_it_is_and_follows_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let (path, database) = (folder.path().join("all.yaml"), folder.path().join("c.sqlite"));
    let wrong = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: b\n  \
                 tags: [ok, Not Ok]\nspec: {type: service, lifecycle: x}\n---\n";
    fs::write(&path, component("a", "x") + wrong).unwrap();
    let settings = Settings { locations: vec![file(&path)], ..Settings::default() };
    let world = World::start(settings.clone(), Some(&database)).await;
    let told = async |world: &World| {
        let problems = world.get("/problems").await.1;
        let entries = problems["entries"].as_array().unwrap().clone();
        let entry = entries.into_iter().find(|it| it["entityRef"] == "component:default/b");
        let entry = entry.unwrap_or_default();
        let errors = entry["errors"].as_array().cloned().unwrap_or_default();
        let at = |it: &Value| format!("{}:{} {}", it["line"], it["column"], it["pointer"]);
        (entry["location"].clone(), errors.iter().map(at).collect::<Vec<_>>())
    };
    let place = json!(format!("file:{}", path.display()));
    let first = ["10:14 \"/metadata/tags/1\"", "11:1 \"/spec/owner\""];
    let expected = (place.clone(), first.map(str::to_owned).to_vec());
    until(|| async { told(&world).await == expected }).await;
    fs::write(&path, format!("# one line more\n{}{wrong}", component("a", "x"))).unwrap();
    let moved = ["11:14 \"/metadata/tags/1\"", "12:1 \"/spec/owner\""];
    until(|| async { told(&world).await.1 == moved }).await;
    world.end().await;
    let world = World::start(settings, Some(&database)).await;
    assert_eq!(told(&world).await, (place, moved.map(str::to_owned).to_vec()));
    world.end().await;
}

#[tokio::test]
async fn a_kind_of_the_settings_is_judged_by_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let (path, schema) = (folder.path().join("all.yaml"), folder.path().join("device.json"));
    fs::write(
        &schema,
        r#"{"required": ["spec"], "properties": {"spec": {"required": ["risk"],
        "properties": {"risk": {"enum": ["low", "high"]}}}}}"#,
    )
    .unwrap();
    let device = |name: &str, risk: &str| {
        format!(
            "apiVersion: example.com/v1\nkind: Device\nmetadata: {{name: {name}}}\nspec:\n  \
             risk: {risk}\n---\n"
        )
    };
    fs::write(&path, device("pump", "low") + &device("lamp", "some")).unwrap();
    let kinds: Settings = serde_json::from_value(json!({"kinds": [{"kind": "Device",
        "apiVersion": "example.com/v1", "schema": schema}]}))
    .unwrap();
    let settings = Settings { locations: vec![file(&path)], ..kinds };
    let world = World::start(settings.clone(), None).await;
    let shown = || async { world.get("/entities/by-name/device/default/pump").await.0 == 200 };
    until(shown).await;
    let told = || async {
        let problems = world.get("/problems").await.1["entries"].to_string();
        problems.contains("is \\\"some\\\": write one of low, high")
            && problems.contains("\"line\":11")
    };
    until(told).await;
    assert_eq!(world.get("/entities/by-name/device/default/lamp").await.0, 404);
    world.end().await;

    fs::write(&schema, "no JSON").unwrap();
    let (runtime, _hands) = Runtime::for_test(catalog::NAME, &[]);
    let refused = catalog::start(&runtime, &settings, None, false).err().unwrap().to_string();
    assert!(
        refused.ends_with("device.json of the kind `Device` (catalog.kinds) is no JSON"),
        "{refused}"
    );
}
