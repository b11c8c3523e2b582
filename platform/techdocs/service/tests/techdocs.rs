//! The documentation hub as readers and portals use it, beside a real catalogue.

#![expect(clippy::unwrap_used, reason = "a test cannot go on without its parts")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use catalog::Location;
use chiron_chassis::{Runtime, Service, TestHands, http_client};
use serde_json::Value;
use techdocs::Settings;
use tempfile::TempDir;

struct World {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    token: String,
    folder: TempDir,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

const ENTITIES: &str = "apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Docs
  annotations: {backstage.io/techdocs-ref: 'dir:.'}
spec: {type: service, lifecycle: production, owner: x}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: outside
  annotations: {backstage.io/techdocs-ref: 'dir:../x'}
spec: {type: service, lifecycle: production, owner: x}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: silent}
spec: {type: service, lifecycle: production, owner: x}
";

impl World {
    /// A catalogue and a hub on one listener over a folder of sources.
    async fn start(follow_sources: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().join("sources");
        fs::create_dir_all(sources.join("docs/img")).unwrap();
        fs::write(sources.join("catalog-info.yaml"), ENTITIES).unwrap();
        let config = "site_name: The Site\nsite_description: About\ntheme: x\nplugins: [techdocs-core]\n\
                      nav: [index.md, {Second: two.md}]\n";
        fs::write(sources.join("mkdocs.yml"), config).unwrap();
        fs::write(sources.join("docs/index.md"), "# First\n\n[two](two.md#part) ![p](img/p.png)\n")
            .unwrap();
        fs::write(sources.join("docs/two.md"), "# Two\n\n## Part\n\ntext <script>x</script>\n")
            .unwrap();
        fs::write(sources.join("docs/img/p.png"), b"\x89PNG").unwrap();
        Self::over(folder, follow_sources).await
    }

    async fn over(folder: TempDir, follow_sources: bool) -> Self {
        let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
        let descriptor = folder.path().join("sources/catalog-info.yaml");
        let target = descriptor.to_str().unwrap().to_owned();
        let locations = vec![Location { kind: "file".to_owned(), target }];
        let settings = catalog::Settings { locations, ..catalog::Settings::default() };
        let api = catalog::start(&runtime, &settings, None, false).unwrap().api;
        let settings = Settings { follow_sources, ..Settings::default() };
        let sites = folder.path().join("sites");
        let api = api.beside(techdocs::start(&runtime, &settings, Some(sites)).api);
        let base = hands.serve(api, &runtime).await;
        hands.point(Service::Catalog, base.clone());
        let token = hands.token("ada", &["developer"], &[], false);
        let world = Self { runtime, hands, base, token, folder };
        for _ in 0..600 {
            let path = "/api/catalog/entities/by-name/component/default/silent";
            if world.ask(path, &[]).await.status == 200 {
                return world;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the catalogue never had the entity");
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = http_client().unwrap().get(url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("/api/techdocs{path}"), &[]).await
    }

    async fn page(&self, path: &str) -> Answer {
        self.get(&format!("/static/docs/default/component/docs/{path}")).await
    }

    /// The events of a `sync`, as `name data`.
    async fn sync(&self, name: &str) -> Vec<String> {
        let answer = self.get(&format!("/sync/default/component/{name}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
        let event = |text: &str| {
            let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            format!("{} {}", line("event: "), line("data: "))
        };
        answer.body.split("\n\n").filter(|text| !text.is_empty()).map(event).collect()
    }

    fn sources(&self) -> std::path::PathBuf {
        self.folder.path().join("sources")
    }

    fn write(&self, path: &str, text: &str) {
        // Another inode, so that the change is seen however coarse the file system's clock is.
        let path = self.sources().join(path);
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &path).unwrap();
    }

    async fn end(self) -> TempDir {
        self.hands.shut_down();
        self.runtime.tasks.join().await;
        self.folder
    }
}

fn modified(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[tokio::test]
async fn a_site_is_built_when_it_is_asked_for() {
    let world = World::start(true).await;
    let metadata = world.get("/metadata/techdocs/default/component/docs").await;
    assert_eq!(metadata.status, 200, "{}", metadata.body);
    let metadata = metadata.json();
    assert_eq!(metadata["site_name"], "The Site");
    assert_eq!(metadata["site_description"], "About");
    assert!(metadata["build_timestamp"].is_i64() && metadata["etag"].is_string());
    let files: Vec<&str> =
        metadata["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(
        files,
        [
            "assets/stylesheets/techdocs.css",
            "img/p.png",
            "index.html",
            "search/search_index.json",
            "two/index.html",
            "techdocs_metadata.json",
        ]
    );
    let first = world.page("").await;
    assert_eq!((first.status, first.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(first.body.contains("<a href=\"two/#part\""), "{}", first.body);
    assert!(first.header("content-security-policy").starts_with("default-src 'none'"));
    let two = world.page("two/").await.body;
    assert!(two.contains("<h2 id=\"part\">") && !two.contains("<script"), "{two}");
    assert_eq!(world.page("img/p.png").await.header("content-type"), "image/png");
    let search = world.page("search/search_index.json").await.json();
    let docs: Vec<(&str, &str)> = search["docs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|doc| (doc["location"].as_str().unwrap(), doc["text"].as_str().unwrap()))
        .collect();
    assert_eq!(
        docs,
        [
            ("", "First two p"),
            ("#first", "two p"),
            ("two/", "Two Part text x"),
            ("two/#two", ""),
            ("two/#part", "text x"),
        ]
    );
    let entity = world.get("/metadata/entity/default/component/docs").await.json();
    assert_eq!(entity["metadata"]["name"], "Docs");
    assert_eq!(entity["locationMetadata"]["type"], "dir");
    world.end().await;
}

#[tokio::test]
async fn paths_are_answered_as_techdocs_does() {
    let world = World::start(true).await;
    let found = |answer: &Answer| (answer.status, answer.header("location").to_owned());
    let base = "/api/techdocs/static/docs";
    let mixed = world.get("/static/docs/Default/Component/Docs/two/").await;
    assert_eq!(found(&mixed), (301, format!("{base}/default/component/docs/two/")));
    let whole = world.get("/static/docs/default/component/docs").await;
    assert_eq!(found(&whole), (301, format!("{base}/default/component/docs/")));
    assert_eq!(
        found(&world.page("two").await),
        (301, format!("{base}/default/component/docs/two/"))
    );
    for missing in ["no/", "no.png", ".problems.json", "..%2f..%2fetc/passwd", "two/%2e%2e/x"] {
        let answer = world.page(missing).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{missing}");
    }
    for path in [
        "/metadata/techdocs/default/component/nobody",
        "/metadata/entity/default/component/nobody",
        "/metadata/techdocs/default/component/silent",
        "/metadata/entity/default/component/silent",
        "/sync/default/component/nobody",
        "/problems/default/component/nobody",
        "/static/docs/default/component/nobody/",
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        let body = answer.json();
        assert_eq!(body["error"]["name"], "NotFoundError");
        assert_eq!(body["request"]["url"], path);
        assert_eq!(body["response"]["statusCode"], 404);
    }
    world.end().await;
}

#[tokio::test]
async fn sync_tells_what_it_does() {
    let world = World::start(true).await;
    let events = world.sync("docs").await;
    assert_eq!(events.last().unwrap(), "finish {\"updated\":true}");
    assert!(events.contains(&"log \"2 of 2 pages rendered\"".to_owned()), "{events:?}");
    assert!(events.iter().any(|event| event.contains("`theme` has no meaning")), "{events:?}");
    let again = world.sync("docs").await;
    assert_eq!(again.last().unwrap(), "finish {\"updated\":false}");
    let outside = world.sync("outside").await;
    assert!(outside.last().unwrap().starts_with("error \"Failed to build"), "{outside:?}");
    assert!(outside.last().unwrap().contains("outside its parent"), "{outside:?}");
    let silent = world.sync("silent").await;
    assert!(silent.last().unwrap().contains("No location annotation"), "{silent:?}");
    world.end().await;
}

#[tokio::test]
async fn only_what_changed_is_made_again() {
    let world = World::start(true).await;
    world.sync("docs").await;
    let site = world.folder.path().join("sites/default/component/docs");
    let (one, two) = (site.join("index.html"), site.join("two/index.html"));
    let before = modified(&one);
    let etag = world.page("two/").await.header("etag").to_owned();
    let tagged = [("if-none-match", etag.as_str())];
    let path = "/api/techdocs/static/docs/default/component/docs/two/";
    let same = world.ask(path, &tagged).await;
    assert_eq!((same.status, same.body.as_str()), (304, ""));

    // A page that is read is the one of its sources, without `sync`.
    world.write("docs/two.md", "# Two\n\n## Part\n\nedited\n");
    let edited = world.ask(path, &tagged).await;
    assert_eq!(edited.status, 200);
    assert!(edited.body.contains("edited"));
    assert_eq!(modified(&one), before, "a page that did not change is not written again");
    world.write("docs/two.md", "# Two\n\n## Part\n\nonce more\n");
    let events = world.sync("docs").await;
    assert!(events.contains(&"log \"1 of 2 pages rendered\"".to_owned()), "{events:?}");
    assert!(events.contains(&"log \"2 files written, 0 removed\"".to_owned()), "{events:?}");

    // What is gone is gone, and what led there is a problem.
    fs::remove_file(world.sources().join("docs/two.md")).unwrap();
    world.sync("docs").await;
    assert!(!two.exists());
    assert_eq!(world.page("two/").await.status, 404);
    let problems = world.get("/problems/default/component/docs").await.json();
    let kinds: Vec<&str> = problems["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["broken-link", "nav-without-file"]);
    world.end().await;
}

#[tokio::test]
async fn a_restart_knows_what_is_built_and_takes_away_what_is_gone() {
    let world = World::start(true).await;
    world.sync("docs").await;
    let world = World::over(world.end().await, true).await;
    assert_eq!(world.sync("docs").await.last().unwrap(), "finish {\"updated\":false}");
    let problems = world.get("/problems/default/component/docs").await.json();
    assert_eq!(problems["total"], 0);
    let folder = world.end().await;
    fs::remove_file(folder.path().join("sources/docs/img/p.png")).unwrap();
    let world = World::over(folder, true).await;
    let events = world.sync("docs").await;
    assert_eq!(events.last().unwrap(), "finish {\"updated\":true}");
    assert!(!world.folder.path().join("sites/default/component/docs/img/p.png").exists());
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_built_is_served_as_it_was() {
    let world = World::start(true).await;
    assert_eq!(world.page("").await.status, 200);
    world.write("mkdocs.yml", "site_name: [\n");
    assert_eq!(world.page("").await.status, 200);
    let problems = world.get("/problems/default/component/docs").await.json();
    assert_eq!(problems["entries"][0]["kind"], "not-built");
    assert!(world.sync("docs").await.last().unwrap().starts_with("error "));
    // Links lead to nothing outside.
    world.write("mkdocs.yml", "site_name: x\n");
    let secret = world.folder.path().join("secret.md");
    fs::write(&secret, "# secret").unwrap();
    std::os::unix::fs::symlink(&secret, world.sources().join("docs/leak.md")).unwrap();
    assert_eq!(world.sync("docs").await.last().unwrap(), "finish {\"updated\":true}");
    assert_eq!(world.page("leak/").await.status, 404);
    world.end().await;
}

#[tokio::test]
async fn without_following_only_sync_builds_again() {
    let world = World::start(false).await;
    assert_eq!(world.page("two/").await.status, 200);
    world.write("docs/two.md", "# Two\n\nedited\n");
    assert!(!world.page("two/").await.body.contains("edited"));
    world.sync("docs").await;
    assert!(world.page("two/").await.body.contains("edited"));
    world.end().await;
}

#[tokio::test]
async fn only_those_who_may_read_the_catalogue_read_documentation() {
    let mut world = World::start(true).await;
    let path = "/metadata/techdocs/default/component/docs";
    for (role, status) in [("nurse", 200), ("developer", 200), ("display", 403)] {
        world.token = world.hands.token("x", &[role], &[], false);
        assert_eq!(world.get(path).await.status, status, "{role}");
        assert_eq!(world.page("").await.status, status, "{role}");
    }
    world.token = String::new();
    for path in [path, "/sync/default/component/docs", "/static/docs/default/component/docs/"] {
        assert_eq!(world.get(path).await.status, 401, "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn our_own_documentation_is_whole() {
    let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap();
    let target = root.join("catalog-info.yaml").to_str().unwrap().to_owned();
    let locations = vec![Location { kind: "file".to_owned(), target }];
    let settings = catalog::Settings { locations, ..catalog::Settings::default() };
    let api = catalog::start(&runtime, &settings, None, false).unwrap().api;
    let api = api.beside(techdocs::start(&runtime, &Settings::default(), None).api);
    let base = hands.serve(api, &runtime).await;
    hands.point(Service::Catalog, base.clone());
    let token = hands.token("ada", &["developer"], &[], false);
    let (client, path) =
        (http_client().unwrap(), "/api/techdocs/problems/default/system/operating-block");
    let mut problems = Value::Null;
    for _ in 0..600 {
        let answer = client.get(format!("{base}{path}")).bearer_auth(&token).send().await.unwrap();
        if answer.status() == 200 {
            problems = answer.json().await.unwrap();
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(problems["total"], 0, "{problems:#}");
    hands.shut_down();
    runtime.tasks.join().await;
}
