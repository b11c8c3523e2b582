//! The web application beside the interfaces: what is a file, what is a page, what is neither.

use api_gateway::Pages;
use serde_json::Value;

use crate::surroundings::{Example, body};

static FILES: &[(&str, &[u8])] = &[
    ("assets/index-1a2b.js", b"plain script"),
    ("assets/index-1a2b.js.br", b"br script"),
    ("assets/index-1a2b.js.gz", b"gz script"),
    ("icon.svg", b"<svg/>"),
    ("index.html", b"<!doctype html>the page"),
];

async fn serve(pages: Pages) -> (Example, String) {
    let example = Example::start().await;
    let gateway = example.gateway.clone().with_pages(pages);
    let url = example.hands.serve(gateway.web_api(), gateway.runtime()).await;
    (example, url)
}

#[tokio::test]
async fn everybody_gets_the_application() {
    let (example, web) = serve(Pages::Embedded(FILES)).await;
    let get = |path: &str| example.client.get(format!("{web}{path}"));

    let page = get("/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'));
    assert!(policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let tag = page.headers()["etag"].clone();
    assert_eq!(page.text().await.unwrap(), "<!doctype html>the page");

    let again = get("/rooms/or-1").header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["cache-control"], "no-cache");
    assert_eq!(again.text().await.unwrap(), "");
    let other = get("/rooms/or-1").header("if-none-match", "\"other\"").send().await.unwrap();
    assert_eq!(other.status(), 200);

    let icon = get("/icon.svg").send().await.unwrap();
    assert_eq!(icon.headers()["content-type"], "image/svg+xml");
    assert!(icon.headers().contains_key("content-security-policy"));
}

#[tokio::test]
async fn scripts_come_small_and_are_kept() {
    let (example, web) = serve(Pages::Embedded(FILES)).await;
    let url = format!("{web}/assets/index-1a2b.js");
    let mut tags = Vec::new();
    for (accepted, encoding, text) in [
        ("gzip, br", Some("br"), "br script"),
        ("br;q=0, gzip", Some("gzip"), "gz script"),
        ("identity", None, "plain script"),
    ] {
        let asked = example.client.get(&url).header("accept-encoding", accepted);
        let script = asked.send().await.unwrap();
        let found = script.headers().get("content-encoding").map(|it| it.to_str().unwrap());
        assert_eq!(found, encoding, "{accepted}");
        assert_eq!(script.headers()["vary"], "accept-encoding");
        assert_eq!(script.headers()["cache-control"], "public, max-age=31536000, immutable");
        tags.push(script.headers()["etag"].clone());
        assert_eq!(script.text().await.unwrap(), text);
    }
    tags.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    tags.dedup();
    assert_eq!(tags.len(), 3, "each form has a tag of its own");
}

#[tokio::test]
async fn programs_are_told_of_a_problem_and_never_get_a_page() {
    let (example, web) = serve(Pages::Embedded(FILES)).await;
    let html = "text/html,*/*;q=0.8";
    for path in [
        "/api/v1/none",
        "/services/cellar",
        "/assets/other.js",
        "/assets/index-1a2b.js.br",
        "/rooms/..%2findex.html",
        "/..%2f..%2fetc/passwd",
        "/..%5cindex",
        "/.env",
    ] {
        let answer = example.client.get(format!("{web}{path}")).header("accept", html);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.status(), 404, "{path}");
    }
    let (status, problem) =
        body(example.client.get(format!("{web}/roomz")).send().await.unwrap()).await;
    assert_eq!((status, problem["status"].clone()), (404, Value::from(404)));
    let person = example.client.get(format!("{web}/roomz")).header("accept", html);
    let person = person.send().await.unwrap();
    assert_eq!(person.status(), 404, "the page itself says that there is no such place");
    assert_eq!(person.text().await.unwrap(), "<!doctype html>the page");
    let posted = example.client.post(format!("{web}/rooms")).send().await.unwrap();
    assert_eq!(posted.status(), 404);
}

#[tokio::test]
async fn the_other_listeners_have_no_pages() {
    let (example, _web) = serve(Pages::Embedded(FILES)).await;
    for base in [&example.block, &example.room] {
        let answer = example.client.get(format!("{base}/rooms")).send().await.unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn an_application_that_was_not_built_says_how_to() {
    let (example, web) = serve(Pages::Embedded(&[])).await;
    let page = example.client.get(format!("{web}/rooms")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers().contains_key("content-security-policy"));
    assert!(page.text().await.unwrap().contains("cargo xtask up"));
}

#[tokio::test]
async fn a_folder_is_served_as_the_program_itself() {
    let folder = std::env::temp_dir().join(format!("chiron-pages-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("index.html"), "from the folder").unwrap();
    std::fs::write(folder.join("assets/a-1.js"), "script").unwrap();
    let (example, web) = serve(Pages::Folder(folder.clone())).await;
    let text = |path: &str| {
        let asked = example.client.get(format!("{web}{path}"));
        async move { asked.send().await.unwrap().text().await.unwrap() }
    };
    assert_eq!(text("/block").await, "from the folder");
    assert_eq!(text("/assets/a-1.js").await, "script");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn dashboards_are_told_zone_ranges_and_lock() {
    let example = Example::start().await;
    let token = example.token_of("anna").await;
    let url = format!("{}/api/v1/dashboard-settings", example.web);
    let told = example.client.get(url).bearer_auth(token).send().await.unwrap();
    let (status, told) = body(told).await;
    assert_eq!(status, 200);
    assert_eq!(told["timeZone"], "UTC");
    assert_eq!(told["lockAfterMinutes"], 10);
    assert_eq!(told["ranges"]["theatreTemperature"]["high"], 24.0);
}
