//! `chiron catalog` as it is called: whole outputs over fixture folders, and over a running
//! catalogue.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use catalog::{Location, Settings};
use chiron_chassis::{Runtime, TestHands, http_client};
use serde_json::{Value, json};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/catalog")
}

/// What a call printed and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

fn call(folder: &Path, arguments: &[&str]) -> Said {
    let mut call = Command::new(env!("CARGO_BIN_EXE_chiron"));
    call.arg("catalog").args(arguments).current_dir(folder).env_remove("CHIRON_TOKEN");
    call.output().unwrap().into()
}

fn validate(arguments: &[&str]) -> Said {
    call(&fixtures(), &[&["validate"], arguments].concat())
}

const TAG: &str = "must have 1 to 63 lower case letters, digits, `:`, `+` or `#`, in runs joined by \
                   `-`, as in `java-17`";

#[test]
fn what_is_good_is_counted_and_what_is_bad_has_its_line() {
    let said = validate(&["good"]);
    let good = "2 files, 6 entities: 0 errors, 0 warnings\n".to_owned();
    assert_eq!(said, Said { code: 0, out: good, err: String::new() });
    let said = validate(&["bad"]);
    let out = format!(
        "\
bad/catalog-info.yaml:8:7: error: metadata.tags[1] {TAG} [metadata]
bad/catalog-info.yaml:9:1: error: spec.owner is missing: write `owner: team-a` [spec]
bad/catalog-info.yaml:12:3: warning: spec.system names system:default/shop, which is not among what was read: describe it too, or correct the name [reference]
bad/catalog-info.yaml:14:1: error: apiVersion `backstage.io/v1beta9` is not known: write `apiVersion: backstage.io/v1alpha1` [envelope]
bad/catalog-info.yaml:17:24: warning: spec.owner names group:default/team-a, which is not among what was read: describe it too, or correct the name [reference]
bad/catalog-info.yaml:22:3: error: metadata.name makes this component:default/orders, which stands at bad/catalog-info.yaml:5 already: take one of them out, or give it another name or namespace [duplicate]
bad/catalog-info.yaml:27:15: error: spec.dependsOn[0] `orders-db` must begin with a kind here, as in `component:orders-db` [spec]
bad/syntax.yaml:5:3: error: this is no YAML: the key `name` stands here twice [syntax]
2 files, 3 entities: 6 errors, 2 warnings
"
    );
    assert_eq!(said, Said { code: 1, out, err: String::new() });
}

#[test]
fn warnings_are_errors_to_who_is_strict() {
    let named = "good/services/orders.yaml";
    let warned = validate(&[named]);
    let said = |level: &str, count: &str| {
        let line = |at: &str, field: &str, name: &str| {
            format!(
                "{named}:{at}: {level}: {field} names {name}, which is not among what was read: \
                 describe it too, or correct the name [reference]\n"
            )
        };
        [
            line("9:3", "spec.owner", "group:default/team-a"),
            line("10:3", "spec.system", "system:default/shop"),
            line("21:3", "spec.owner", "group:default/team-a"),
            line("31:3", "spec.owner", "group:default/team-a"),
            format!("1 file, 3 entities: {count}\n"),
        ]
        .concat()
    };
    let expected = said("warning", "0 errors, 4 warnings");
    assert_eq!(warned, Said { code: 0, out: expected, err: String::new() });
    let strict = validate(&["--strict", named]);
    let expected = said("error", "4 errors, 0 warnings");
    assert_eq!(strict, Said { code: 1, out: expected, err: String::new() });
}

#[test]
fn runners_of_github_are_told_by_their_commands() {
    let said = validate(&["--format", "github", "bad/syntax.yaml", "good/services/*.yaml"]);
    let reference = |line: u32, title: &str, field: &str, name: &str| {
        format!(
            "::warning file=good/services/orders.yaml,line={line},col=3,\
             title={title} (reference)::{field} names {name}, which is not among what was read: \
             describe it too, or correct the name\n"
        )
    };
    let out = [
        "::error file=bad/syntax.yaml,line=5,col=3,title=syntax::this is no YAML: the key `name` \
         stands here twice\n"
            .to_owned(),
        reference(9, "component%3Adefault/orders", "spec.owner", "group:default/team-a"),
        reference(10, "component%3Adefault/orders", "spec.system", "system:default/shop"),
        reference(21, "api%3Adefault/orders", "spec.owner", "group:default/team-a"),
        reference(31, "resource%3Adefault/orders-db", "spec.owner", "group:default/team-a"),
        "2 files, 3 entities: 1 error, 4 warnings\n".to_owned(),
    ];
    assert_eq!(said, Said { code: 1, out: out.concat(), err: String::new() });
}

#[test]
fn programs_are_told_in_json_and_code_scanning_in_sarif() {
    let said = validate(&["--format", "json", "bad/syntax.yaml"]);
    assert_eq!((said.code, &*said.err), (1, ""));
    let detail = "this is no YAML: the key `name` stands here twice";
    assert_eq!(
        serde_json::from_str::<Value>(&said.out).unwrap(),
        json!({"files": 1, "entities": 0, "errors": 1, "warnings": 0, "findings": [{
            "file": "bad/syntax.yaml", "line": 5, "column": 3, "level": "error",
            "rule": "syntax", "entity": null, "pointer": "", "message": detail}]})
    );
    let said = validate(&["--format", "sarif", "bad"]);
    assert_eq!((said.code, &*said.err), (1, ""));
    let log: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&json!("2.1.0"), 1));
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 8);
    assert_eq!(
        results[1],
        json!({
            "ruleId": "spec", "ruleIndex": 4, "level": "error",
            "message": {"text": "spec.owner is missing: write `owner: team-a`"},
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": "bad/catalog-info.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 9, "startColumn": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": "component:default/orders"}],
            }],
        })
    );
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][4]["id"], "spec");
}

#[test]
fn a_wrong_call_is_told_from_wrong_descriptors() {
    let refused = |arguments: &[&str], expected: &str| {
        let said = validate(arguments);
        assert_eq!((said.code, &*said.out), (2, ""), "{said:?}");
        assert!(said.err.contains(expected), "{said:?}");
    };
    refused(&["nowhere"], "chiron: nowhere is not there");
    refused(&["good/*.txt"], "chiron: no file matches good/*.txt");
    refused(&["good", "--format", "xml"], "possible values: text, json, sarif, github");
    let empty = tempfile::tempdir().unwrap();
    let said = call(empty.path(), &["validate"]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("chiron: there is no descriptor in .:"), "{said:?}");
    let settings = "[[catalog.kinds]]\nkind = \"Device\"\nschema = \"none.json\"\n";
    fs::write(empty.path().join("chiron.toml"), settings).unwrap();
    let said = call(empty.path(), &["validate"]);
    assert_eq!(said.code, 2);
    let expected = "chiron: the schema none.json of the kind `Device` (catalog.kinds) cannot be \
                    read: No such file or directory";
    assert!(said.err.starts_with(expected), "{said:?}");
}

#[test]
fn kinds_of_the_settings_are_known_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let settings = "[[catalog.kinds]]\nkind = \"Device\"\napiVersion = \"example.com/v1\"\n\
                    schema = \"device.json\"\n";
    write("chiron.toml", settings);
    write("device.json", r#"{"properties": {"spec": {"properties": {"risk": {"enum": [1, 2]}}}}}"#);
    write(
        "pump.yaml",
        "apiVersion: example.com/v1\nkind: Device\nmetadata: {name: pump}\n\
                        spec:\n  risk: 3\n",
    );
    let said = call(folder.path(), &["validate"]);
    let out = "pump.yaml:5:3: error: spec.risk is 3: write one of 1, 2 [spec]\n\
               1 file, 1 entity: 1 error, 0 warnings\n";
    assert_eq!(said, Said { code: 1, out: out.to_owned(), err: String::new() });
}

/// A catalogue over the good fixtures, and an address with descriptors of its own.
struct World {
    runtime: Runtime,
    hands: TestHands,
    base: String,
    token: PathBuf,
    remote: String,
    folder: tempfile::TempDir,
}

const REMOTE: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: remote}\n\
                      spec: {type: service, lifecycle: production, owner: team-a}\n";

/// Answers every request with a descriptor, good or not, until the test ends.
fn serve_descriptors() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4_096];
            let _asked = stream.read(&mut head);
            let is_bad = head.starts_with(b"GET /bad");
            let text = if is_bad { REMOTE.replace("owner", "user") } else { REMOTE.to_owned() };
            let length = text.len();
            let _gone = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
            );
        }
    });
    format!("http://{address}")
}

impl World {
    async fn start() -> Self {
        let all = fixtures().join("good/catalog-info.yaml");
        let world = Self::over(&all).await;
        world.until_there("component/default/orders").await;
        world
    }

    async fn over(path: &Path) -> Self {
        let (runtime, hands) = Runtime::for_test(catalog::NAME, &[]);
        let remote = serve_descriptors();
        let settings = Settings {
            locations: vec![Location {
                kind: "file".to_owned(),
                target: path.to_str().unwrap().to_owned(),
            }],
            allow_hosts: vec![remote.trim_start_matches("http://").to_owned()],
            ..Settings::default()
        };
        let api = catalog::start(&runtime, &settings, None, false).unwrap().api;
        let base = hands.serve(api, &runtime).await;
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        fs::write(&token, hands.token("ada", &["developer"], &[], false) + "\n").unwrap();
        Self { runtime, hands, base, token, remote, folder }
    }

    /// Waits until an entity is shown, whole with what others say of it.
    async fn until_there(&self, path: &str) {
        let url = format!("{}/api/catalog/entities/by-name/{path}", self.base);
        let token = fs::read_to_string(&self.token).unwrap();
        for _ in 0..600 {
            let request = http_client().unwrap().get(&url).bearer_auth(token.trim());
            if request.send().await.unwrap().status() == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never came");
    }

    async fn call(&self, arguments: &[&str]) -> Said {
        let token = self.token.to_str().unwrap();
        let access = ["--url", &self.base, "--token-file", token];
        self.call_as(&[arguments, &access].concat()).await
    }

    /// A call that does not know where the catalogue is, nor who asks.
    async fn call_as(&self, arguments: &[&str]) -> Said {
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let folder = self.folder.path().to_owned();
        let called = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            call(&folder, &arguments)
        });
        called.await.unwrap()
    }

    async fn end(self) {
        self.hands.shut_down();
        self.runtime.tasks.join().await;
    }
}

fn done(out: &str) -> Said {
    Said { code: 0, out: out.to_owned(), err: String::new() }
}

fn failed(code: i32, err: &str) -> Said {
    Said { code, out: String::new(), err: err.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entities_are_got_by_name_and_by_filter() {
    let world = World::start().await;
    let table = "\
ENTITY                      TYPE      LIFECYCLE   OWNER   TITLE
api:default/orders          openapi   production  team-a  -
component:default/orders    service   production  team-a  Orders
resource:default/orders-db  database  -           team-a  -
";
    let filters =
        ["get", "--filter", "spec.owner=team-a,metadata.name=orders", "--filter", "kind=resource"];
    assert_eq!(world.call(&filters).await, done(table));
    let said = world.call(&["get", "COMPONENT:Orders", "--format", "json"]).await;
    let entity: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &entity["metadata"]["title"]), (0, &json!("Orders")));
    // What is written as YAML is a descriptor again.
    assert_eq!(world.call(&["get", "--filter", "kind=x", "--format", "yaml"]).await, done(""));
    let said = world.call(&["get", "--filter", "kind=resource", "--format", "yaml"]).await;
    fs::write(world.folder.path().join("got.yaml"), &said.out).unwrap();
    let again = world.call_as(&["validate", "got.yaml"]).await;
    assert_eq!(again.out.lines().last(), Some("1 file, 1 entity: 0 errors, 1 warning"));

    let missing = "chiron: component:default/none is not in the catalogue\n";
    assert_eq!(world.call(&["get", "component:none"]).await, failed(1, missing));
    for wrong in [&["get", "orders"][..], &["get", "a:b", "--filter", "kind=x"]] {
        assert_eq!(world.call(wrong).await.code, 2, "{wrong:?}");
    }
    let stranger = world.call_as(&["get", "--url", &world.base]).await;
    let advice = "chiron: the catalogue does not know who asks: give a token by --token-file, or in \
                  the variable CHIRON_TOKEN\n";
    assert_eq!(stranger, failed(1, advice));
    let nobody = world.call_as(&["get"]).await;
    assert_eq!(nobody.code, 1);
    assert!(nobody.err.starts_with("chiron: nobody can sign in: give a token by"), "{nobody:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_many_pages_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.yaml");
    let resource = |nth: usize| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {{name: r{nth:04}}}\n\
             spec: {{type: database, owner: x}}\n---\n"
        )
    };
    fs::write(&path, (0..1_001).map(resource).collect::<String>()).unwrap();
    let world = World::over(&path).await;
    // One reading shows all of it.
    world.until_there("resource/default/r1000").await;
    let said = world.call(&["get", "--filter", "kind=resource"]).await;
    let names: Vec<&str> =
        said.out.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    let expected: Vec<String> =
        (0..1_001).map(|nth| format!("resource:default/r{nth:04}")).collect();
    assert_eq!(names, expected);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_goes_as_far_and_the_way_it_is_asked() {
    let world = World::start().await;
    let graph =
        async |more: &[&str]| world.call(&[&["graph", "component:orders"], more].concat()).await;
    let near = "\
component:default/orders
  -> dependsOn resource:default/orders-db
  -> ownedBy group:default/team-a
  -> partOf system:default/shop
  -> providesApi api:default/orders
";
    assert_eq!(graph(&[]).await, done(near));
    assert_eq!(graph(&["--direction", "in"]).await, done("component:default/orders\n"));
    assert_eq!(graph(&["--depth", "0"]).await, done("component:default/orders\n"));
    let far = "\
component:default/orders
  -> dependsOn resource:default/orders-db
    -> ownedBy group:default/team-a
  -> ownedBy group:default/team-a
  -> partOf system:default/shop
    -> ownedBy group:default/team-a
  -> providesApi api:default/orders
    -> ownedBy group:default/team-a
";
    assert_eq!(graph(&["--direction", "out", "--depth", "2"]).await, done(far));
    let users = world.call(&["graph", "resource:orders-db", "--direction", "in"]).await;
    let expected = "resource:default/orders-db\n  <- dependsOn component:default/orders\n";
    assert_eq!(users, done(expected));
    let dot = "\
digraph catalogue {
  rankdir=LR;
  \"resource:default/orders-db\";
  \"component:default/orders\";
  \"component:default/orders\" -> \"resource:default/orders-db\" [label=\"dependsOn\"];
}
";
    let arguments = ["graph", "resource:orders-db", "--direction", "in", "--format", "dot"];
    assert_eq!(world.call(&arguments).await, done(dot));
    let mermaid = "\
graph LR
  e0[\"resource:default/orders-db\"]
  e1[\"component:default/orders\"]
  e1 -->|\"dependsOn\"| e0
";
    let arguments = ["graph", "resource:orders-db", "--direction", "in", "--format", "mermaid"];
    assert_eq!(world.call(&arguments).await, done(mermaid));
    let said = graph(&["--direction", "in", "--format", "json"]).await;
    let expected = json!({"rootEntityRef": "component:default/orders", "relations": [],
        "entities": [{"entityRef": "component:default/orders", "distance": 0, "found": true}]});
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap(), expected);
    let missing = "chiron: component:default/none is not in the catalogue\n";
    assert_eq!(world.call(&["graph", "component:none"]).await, failed(1, missing));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_rehearsed_registered_and_read_again() {
    let world = World::start().await;
    let target = format!("{}/catalog-info.yaml", world.remote);
    let said = world.call(&["ingest", &target, "--dry-run"]).await;
    let expected = format!("component:default/remote\n{target} would be registered: 1 entity\n");
    assert_eq!(said, done(&expected));
    let said = world.call(&["ingest", &target]).await;
    let last = said.out.lines().last().unwrap();
    assert!(last.starts_with(&format!("{target} is registered (")), "{said:?}");
    assert!(last.ends_with("): 1 entity") && said.code == 0, "{said:?}");
    world.until_there("component/default/remote").await;
    let said = world.call(&["ingest", &target]).await;
    assert!(said.out.contains("was registered already and is read again ("), "{said:?}");
    let said = world.call(&["ingest", &target, "--dry-run"]).await;
    assert!(said.out.ends_with("is registered already: 1 entity\n"), "{said:?}");

    // What is not good is not registered.
    let bad = format!("{}/bad.yaml", world.remote);
    let expected = format!(
        "chiron: the catalogue refuses: component:default/remote: {bad}:4:1: /spec/owner is \
         missing: write `owner: team-a`\n"
    );
    assert_eq!(world.call(&["ingest", &bad]).await, failed(1, &expected));
    let said = world.call(&["ingest", &bad, "--dry-run"]).await;
    assert_eq!(said, failed(1, &expected), "it is still not registered");
    let file = world.token.to_str().unwrap();
    let said = world.call(&["ingest", file]).await;
    assert!(said.err.contains("is a file of this machine, and a catalogue"), "{said:?}");

    // Who may read may not register.
    fs::write(&world.token, world.hands.token("eve", &["nurse"], &[], false)).unwrap();
    let said = world.call(&["ingest", &target]).await;
    assert!(said.err.starts_with("chiron: the catalogue does not allow it: "), "{said:?}");
    world.end().await;
}
