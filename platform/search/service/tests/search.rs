//! The search as portals and people use it, over a real catalogue and a real documentation hub.

#![expect(clippy::unwrap_used, reason = "a test cannot go on without its parts")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalog::{Location, ReadSettings};
use chiron_chassis::{Runtime, Service, TestHands, http_client};
use serde_json::{Value, json};
use tempfile::TempDir;

const ENTITIES: &str = r#"apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: staff-tracking
  title: Staff tracking
  description: Says where each professional <b>is</b>
  tags: [badges]
spec: {type: service, lifecycle: production, owner: block, providesApis: [positions]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: staff-tracking-ui, description: Draws the floor for surgeries}
spec: {type: website, lifecycle: experimental, owner: block}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payroll, namespace: secret, description: Pays for tracking the salaries}
spec: {type: service, lifecycle: production, owner: group:secret/counting}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: positions, description: Positions of people}
spec:
  type: openapi
  lifecycle: production
  owner: block
  definition: "openapi: 3.1.0, paths: /whereabouts/{badge}"
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata:
  name: block
  annotations: {backstage.io/techdocs-ref: 'dir:.'}
spec: {owner: block}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: block}
spec: {type: team, children: []}
"#;

struct World {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    client: reqwest::Client,
    folder: TempDir,
}

/// By these rules developers see everything, and everybody else what is in the default namespace.
fn rules() -> Vec<ReadSettings> {
    let rule = |role: &str, filter: &str| ReadSettings {
        roles: vec![role.to_owned()],
        filter: filter.to_owned(),
    };
    vec![rule("developer", "metadata.name"), rule("surgeon", "metadata.namespace=default")]
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = folder.path().join("sources");
        fs::create_dir_all(sources.join("docs")).unwrap();
        fs::write(sources.join("catalog-info.yaml"), ENTITIES).unwrap();
        fs::write(sources.join("mkdocs.yml"), "site_name: Block\n").unwrap();
        fs::write(sources.join("docs/index.md"), "# Welcome\n\nWhat there is.\n").unwrap();
        let guide = "# Badges by hand\n\n## Lost ones\n\nI badge smarriti vanno sostituiti.\n";
        fs::write(sources.join("docs/guide.md"), guide).unwrap();
        Self::over(folder, rules()).await
    }

    /// As the binary puts it together, over what a folder has.
    async fn over(folder: TempDir, read_rules: Vec<ReadSettings>) -> Self {
        let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
        let target = folder.path().join("sources/catalog-info.yaml");
        let target = target.to_str().unwrap().to_owned();
        let locations = vec![Location { kind: "file".to_owned(), target }];
        let settings = catalog::Settings { locations, read_rules, ..catalog::Settings::default() };
        let database = folder.path().join("catalogue.sqlite");
        let started = catalog::start(&runtime, &settings, Some(&database), false).unwrap();
        let (settings, sites) = (techdocs::Settings::default(), folder.path().join("sites"));
        let hub = techdocs::start(&runtime, &settings, Some(sites));
        let index = folder.path().join("search");
        let search = search::start(&runtime, started.entities, hub.sites, Some(index));
        let base = hands.serve(started.api.beside(hub.api).beside(search), &runtime).await;
        hands.point(Service::Catalog, base.clone());
        let client = http_client().unwrap();
        let world = Self { runtime, hands, base, client, folder };
        world.until("", "", 9).await;
        world
    }

    async fn end(self) -> TempDir {
        self.hands.shut_down();
        self.runtime.tasks.join().await;
        self.folder
    }

    async fn send(&self, method: &str, path: &str, role: &str) -> (u16, String) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !role.is_empty() {
            request = request.bearer_auth(self.hands.token("ada", &[role], &[], false));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    }

    async fn query(&self, query: &str, role: &str) -> (u16, Value) {
        let (status, body) = self.send("GET", &format!("/api/search/query?{query}"), role).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// What a developer finds.
    async fn found(&self, query: &str) -> Value {
        let (status, body) = self.query(query, "developer").await;
        assert_eq!(status, 200, "{query} {body}");
        body
    }

    async fn titles(&self, query: &str) -> String {
        titles(&self.found(query).await)
    }

    /// Waits until a developer finds so many, whatever the machine's pace is.
    async fn until(&self, term: &str, rest: &str, count: u64) -> Value {
        let mut last = Value::Null;
        for _ in 0..600 {
            let (status, body) = self.query(&format!("term={term}{rest}"), "developer").await;
            if status == 200 && body.get("numberOfResults") == Some(&json!(count)) {
                return body;
            }
            last = body;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("`{term}` was never found {count} times: {last}");
    }

    fn write(&self, path: &str, text: &str) {
        // Another inode, so that the change is seen however coarse the file system's clock is.
        let path = self.folder.path().join("sources").join(path);
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &path).unwrap();
    }
}

fn titles(body: &Value) -> String {
    let results = body.get("results").and_then(Value::as_array).unwrap().iter();
    let title = |result: &Value| result.pointer("/document/title")?.as_str().map(str::to_owned);
    let titles = results.map(|result| title(result).unwrap());
    // The catalogue's own entity of the location is named by a digest of the folder.
    let short = |title: String| {
        if title.starts_with("generated-") { "generated".to_owned() } else { title }
    };
    titles.map(short).collect::<Vec<_>>().join(", ")
}

/// The files of the index, with what is in them.
fn index(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let own = fs::read_dir(folder.join("search")).unwrap().next().unwrap().unwrap().path();
    let files = fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect();
    files.sort();
    files
}

#[tokio::test]
async fn documents_have_backstages_form() {
    let world = World::start().await;
    let body = world.found("term=staff-tracking&types[]=software-catalog").await;
    assert_eq!(titles(&body), "Staff tracking, staff-tracking-ui");
    assert_eq!(body["numberOfResults"], 2);
    assert!(body.get("nextPageCursor").is_none() && body.get("previousPageCursor").is_none());
    let first = &body["results"][0];
    let document = json!({
        "title": "Staff tracking",
        "text": "Says where each professional <b>is</b>",
        "location": "/catalog/default/component/staff-tracking",
        "kind": "Component", "namespace": "default", "name": "staff-tracking",
        "type": "service", "componentType": "service", "lifecycle": "production", "owner": "block",
    });
    assert_eq!(
        (&first["type"], &first["rank"], &first["document"]),
        (&json!("software-catalog"), &json!(1), &document)
    );
    let body = world.found("term=smarrito&types[]=techdocs").await;
    assert_eq!(
        (body["numberOfResults"].as_u64(), titles(&body)),
        (Some(1), "Badges by hand".into())
    );
    let document = &body["results"][0]["document"];
    assert_eq!(document["location"], "/docs/default/system/block/guide/");
    let own: Vec<&Value> =
        ["kind", "namespace", "name", "path", "entityTitle", "owner", "lifecycle"]
            .map(|name| &document[name])
            .to_vec();
    assert_eq!(own, ["system", "default", "block", "guide/", "block", "block", ""]);
    world.end().await;
}

#[tokio::test]
async fn names_parts_typos_other_forms_and_definitions_are_found() {
    let world = World::start().await;
    for (term, first) in [
        ("staff-tracking", "Staff tracking"),
        ("staff-tracking-ui", "staff-tracking-ui"),
        ("STAFF+TR", "Staff tracking"),
        ("rack", "Staff tracking"),
        ("trakcing", "Staff tracking"),
        ("surgery", "staff-tracking-ui"),
        ("whereabouts", "positions"),
        ("sostituito", "Badges by hand"),
        ("badges", "Badges by hand"),
        ("block", "block"),
        ("component:default/staff-tracking-ui", "staff-tracking-ui"),
    ] {
        let titles = world.titles(&format!("term={term}")).await;
        assert_eq!(titles.split(", ").next(), Some(first), "{term}: {titles}");
    }
    // Short words are forgiven no typo, and long ones no two.
    for nothing in ["zebra", "rck", "trkcaing"] {
        assert_eq!(world.titles(&format!("term={nothing}")).await, "", "{nothing}");
    }
    // Some words are enough where nobody has all.
    assert_eq!(world.titles("term=tracking+salaries").await, "payroll");
    assert_eq!(world.titles("term=traking+salaries").await, "payroll");
    let titles = world.titles("term=tracking+zebra").await;
    assert!(titles.starts_with("Staff tracking, staff-tracking-ui"), "{titles}");
    assert_eq!(
        world.titles("term=").await,
        "Badges by hand, block, block, generated, payroll, positions, Staff tracking, staff-tracking-ui, Welcome"
    );
    world.end().await;
}

#[tokio::test]
async fn filters_are_all_fulfilled() {
    let world = World::start().await;
    let all = "Staff tracking, staff-tracking-ui";
    for (filters, found) in [
        ("&types[]=techdocs", "Badges by hand, Welcome"),
        (
            "&types=techdocs&types=software-catalog&filters[kind]=system",
            "Badges by hand, block, Welcome",
        ),
        ("&types[0]=software-catalog&filters[kind]=System", "block"),
        (
            "&filters[kind][]=component&filters[kind][]=API&filters[namespace]=default",
            "positions, Staff tracking, staff-tracking-ui",
        ),
        ("&filters[kind]=component&filters[owner]=block", all),
        ("&filters[kind]=component&filters[owner]=group:default/block", all),
        ("&filters[owner]=counting", "payroll"),
        ("&filters[lifecycle]=experimental", "staff-tracking-ui"),
        ("&filters[type]=website", "staff-tracking-ui"),
        ("&filters[kind]=component&filters[lifecycle]=production&filters[type]=website", ""),
        ("&filters[kind]=zebra", ""),
    ] {
        assert_eq!(world.titles(&format!("term={filters}")).await, found, "{filters}");
    }
    assert_eq!(world.titles("term=tracking&filters[type]=website").await, "staff-tracking-ui");
    world.end().await;
}

#[tokio::test]
async fn what_is_found_is_marked_and_each_answer_has_marks_of_its_own() {
    let world = World::start().await;
    let body = world.found("term=professional+tracking").await;
    let highlight = &body["results"][0]["highlight"];
    let [before, after] = ["preTag", "postTag"].map(|name| highlight[name].as_str().unwrap());
    let marked = |name: &str| {
        let text = highlight["fields"][name].as_str().unwrap();
        text.replace(before, "[").replace(after, "]")
    };
    assert_eq!(marked("title"), "Staff [tracking]");
    assert_eq!(marked("text"), "Says where each [professional] <b>is</b>");
    let again = world.found("term=professional+tracking").await;
    assert_ne!(again["results"][0]["highlight"]["preTag"].as_str(), Some(before));
    // Of what is not shown, what answers is shown.
    let body = world.found("term=whereabouts").await;
    let text = body["results"][0]["highlight"]["fields"]["text"].as_str().unwrap();
    assert!(
        text.contains("whereabouts")
            && !body["results"][0]["document"]["text"].as_str().unwrap().contains("whereabouts")
    );
    world.end().await;
}

#[tokio::test]
async fn pages_show_everything_once_and_lead_back() {
    let world = World::start().await;
    for term in ["", "tracking"] {
        let whole = world.found(&format!("term={term}")).await;
        let total = whole["numberOfResults"].as_u64().unwrap();
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let query = format!("term={term}&pageLimit=2&pageCursor={cursor}");
            let page = world.found(&query).await;
            assert_eq!(page["numberOfResults"], total);
            assert_eq!(page.get("previousPageCursor").is_some(), 0 < pages);
            for result in page["results"].as_array().unwrap() {
                seen.push(result["document"]["location"].as_str().unwrap().to_owned());
                assert_eq!(result["rank"], seen.len());
            }
            pages += 1;
            match page["nextPageCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let one: Vec<&str> = whole["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["document"]["location"].as_str().unwrap())
            .collect();
        assert_eq!(seen, one);
        assert_eq!(u64::try_from(seen.iter().collect::<HashSet<_>>().len()), Ok(total));
    }
    let nothing = world.found("term=&pageLimit=0").await;
    assert_eq!((&nothing["numberOfResults"], &nothing["results"]), (&json!(9), &json!([])));
    world.end().await;
}

#[tokio::test]
async fn what_is_wrong_is_refused_as_backstage_refuses() {
    let world = World::start().await;
    for (query, named) in [
        ("pageLimit=101", "pageLimit"),
        ("types[]=people", "types"),
        ("filters[colour]=red", "filters"),
        ("pageCursor=%21", "pageCursor"),
        ("bogus=1", "bogus"),
    ] {
        let (status, body) = world.query(query, "developer").await;
        assert_eq!((status, &body["error"]["name"]), (400, &json!("InputError")), "{query}");
        assert!(body["error"]["message"].as_str().unwrap().contains(named), "{query} {body}");
        assert_eq!(body["response"]["statusCode"], 400);
        assert_eq!(body["request"]["url"], format!("/query?{query}"));
    }
    assert_eq!(world.query("term=", "").await.0, 401);
    assert_eq!(world.query("term=", "display").await.0, 403);
    world.end().await;
}

#[tokio::test]
async fn nobody_is_told_what_they_may_not_read() {
    let world = World::start().await;
    for (query, developer, surgeon) in
        [("term=", 9, 8), ("term=salaries", 1, 0), ("term=tracking", 3, 2), ("term=payroll", 1, 0)]
    {
        for (role, count) in [("developer", developer), ("surgeon", surgeon)] {
            let (status, body) = world.query(query, role).await;
            assert_eq!((status, &body["numberOfResults"]), (200, &json!(count)), "{query} {role}");
            assert_eq!(body["results"].as_array().unwrap().len(), count);
            let leaks = body.to_string().contains("payroll");
            assert_eq!(leaks, role == "developer", "{query} {role}");
        }
    }
    // A page is full although what comes between may not be seen.
    let (_, body) = world.query("term=&pageLimit=4&filters[kind]=component", "surgeon").await;
    assert_eq!(titles(&body), "Staff tracking, staff-tracking-ui");
    // A role that no rule names sees nothing.
    let (status, body) = world.query("term=", "nurse").await;
    assert_eq!((status, &body["numberOfResults"], &body["results"]), (200, &json!(0), &json!([])));

    // Other rules hold from the first answer after the restart.
    let mut other = rules();
    other[1].filter = "kind=api".to_owned();
    let folder = world.end().await;
    let world = World::over(folder, other).await;
    let (_, body) = world.query("term=", "surgeon").await;
    assert_eq!((titles(&body), &body["numberOfResults"]), ("positions".to_owned(), &json!(1)));
    world.end().await;
}

#[tokio::test]
async fn what_changes_is_found_and_what_goes_is_gone() {
    let world = World::start().await;
    // An entity.
    world.write("catalog-info.yaml", &ENTITIES.replace("Draws the floor", "Paints a zebra"));
    world.until("zebra", "", 1).await;
    assert_eq!(world.titles("term=floor").await, "");
    // A new one, …
    let more = "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: okapi}\n\
                spec: {type: service, lifecycle: production, owner: block}\n";
    world.write("catalog-info.yaml", &format!("{ENTITIES}{more}"));
    world.until("okapi", "", 1).await;
    // … that goes again.
    let path = "/api/catalog/entities/by-name/component/default/okapi";
    let (_, entity) = world.send("GET", path, "developer").await;
    let entity: Value = serde_json::from_str(&entity).unwrap();
    let uid = entity["metadata"]["uid"].as_str().unwrap();
    world.write("catalog-info.yaml", ENTITIES);
    let path = format!("/api/catalog/entities/by-uid/{uid}");
    let admin = world.hands.token("root", &["developer", "admin"], &[], false);
    let url = format!("{}{path}", world.base);
    let gone = world.client.delete(url).bearer_auth(admin).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 204);
    world.until("okapi", "", 0).await;
    world.until("", "", 9).await;

    // A page, when the site is built for whomever it may be.
    world.write("docs/guide.md", "# Badges by hand\n\nA giraffe.\n");
    let site = "/api/techdocs/sync/default/system/block";
    assert_eq!(world.send("GET", site, "developer").await.0, 200);
    world.until("giraffe", "", 1).await;
    assert_eq!(world.titles("term=smarriti").await, "");
    fs::remove_file(world.folder.path().join("sources/docs/guide.md")).unwrap();
    assert_eq!(world.send("GET", site, "developer").await.0, 200);
    world.until("giraffe", "", 0).await;
    world.until("", "&types[]=techdocs", 1).await;
    // Documentation that nobody points at any more.
    world.write("catalog-info.yaml", &ENTITIES.replace("techdocs-ref", "another"));
    world.until("", "&types[]=techdocs", 0).await;
    world.end().await;
}

#[tokio::test]
async fn a_restart_writes_nothing_again_and_takes_in_what_changed_meanwhile() {
    let world = World::start().await;
    let folder = world.end().await;
    let before = index(folder.path());
    let world = World::over(folder, rules()).await;
    assert_eq!(world.titles("term=smarriti").await, "Badges by hand");
    let folder = world.end().await;
    assert_eq!(index(folder.path()), before);

    let sources = folder.path().join("sources");
    fs::write(sources.join("catalog-info.yaml"), ENTITIES.replace("the floor", "the zebra"))
        .unwrap();
    fs::write(sources.join("docs/guide.md"), "# Badges by hand\n\nA giraffe.\n").unwrap();
    let world = World::over(folder, rules()).await;
    world.until("zebra", "", 1).await;
    world.until("giraffe", "", 1).await;
    world.end().await;
}

#[tokio::test]
async fn a_damaged_index_is_made_again() {
    let world = World::start().await;
    let mut folder = world.end().await;
    let damages: [fn(&Path, &[u8]); 3] = [
        |path, bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x55;
            }
            fs::write(path, bytes).unwrap();
        },
        |path, bytes| fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
        |path, _| fs::remove_file(path).unwrap(),
    ];
    for damage in damages {
        for (path, bytes) in index(folder.path()) {
            damage(&path, &bytes);
        }
        let world = World::over(folder, rules()).await;
        assert_eq!(world.titles("term=smarriti").await, "Badges by hand");
        assert_eq!(world.titles("term=whereabouts").await, "positions");
        folder = world.end().await;
    }
    fs::remove_dir_all(folder.path().join("search")).unwrap();
    let world = World::over(folder, rules()).await;
    assert_eq!(world.titles("term=whereabouts").await, "positions");
    world.end().await;
}
