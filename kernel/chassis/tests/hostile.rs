//! Clients that mean no good, or are broken: the service stays up and answers the others.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::time::Duration;

use chiron_chassis::identity::{AUDIENCE, Claims, ISSUER, Signer};
use chiron_chassis::{
    Api, Connections, Json, Limits, Need, RawBody, Runtime, TestHands, machine_now,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use utoipa_axum::routes;

const WRITE: Need = Need::new("rooms", "write", &["admin"]);

#[utoipa::path(post, path = "/api/v1/rooms", responses((status = 200)))]
async fn take(RawBody(body): RawBody) -> Json<Value> {
    Json(json!({"bytes": body.len()}))
}

#[utoipa::path(post, path = "/public", responses((status = 200)))]
async fn public(RawBody(body): RawBody) -> Json<Value> {
    Json(json!({"bytes": body.len()}))
}

#[utoipa::path(get, path = "/files/{name}", responses((status = 200)))]
async fn file(chiron_chassis::Path(name): chiron_chassis::Path<String>) -> Json<Value> {
    Json(json!({"name": name}))
}

#[utoipa::path(get, path = "/large", responses((status = 200)))]
async fn large() -> String {
    "x".repeat(32 << 20)
}

struct House {
    base: String,
    address: String,
    runtime: Runtime,
    hands: TestHands,
}

impl House {
    async fn open(change: impl FnOnce(&mut Runtime)) -> Self {
        let (mut runtime, hands) = Runtime::for_test("hostile", &[]);
        // These are other tests' business.
        runtime.limits = Limits {
            stranger_per_second: 1_000_000,
            person_per_second: 1_000_000,
            ..Limits::standard()
        };
        change(&mut runtime);
        let api = Api::new("hostile", "A house")
            .route(WRITE, routes!(take))
            .public(routes!(public))
            .public(routes!(file))
            .public(routes!(large))
            .with_state(());
        let base = hands.serve(api, &runtime).await;
        let address = base.strip_prefix("http://").unwrap().to_owned();
        Self { base, address, runtime, hands }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Somebody with an ordinary wish, on a connection of their own.
    async fn others_are_answered(&self) {
        let client = chiron_chassis::http_client().unwrap();
        let alive = client.get(format!("{}/health/live", self.base)).send().await.unwrap();
        assert_eq!(alive.status(), 200);
        let token = self.hands.token("anna", &["admin"], &[], false);
        let post = client.post(format!("{}/api/v1/rooms", self.base)).bearer_auth(token);
        let answer = post.body("hello").send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"bytes": 5}));
    }

    /// What is answered to these bytes until the connection ends or is quiet; its first line.
    async fn first_line(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // It may be closed while this is written.
        let _closed = stream.write_all(bytes).await;
        let mut answer = vec![0; 4096];
        let mut length = 0;
        while !answer[..length].windows(2).any(|end| end == b"\r\n") {
            match stream.read(&mut answer[length..]).await {
                Ok(0) | Err(_) => break,
                Ok(read) => length += read,
            }
        }
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        text.lines().next().unwrap_or_default().to_owned()
    }
}

/// Whether the other side has ended a connection; waits for it as long as the test may take.
async fn ended(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    matches!(
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await,
        Ok(Ok(_) | Err(_))
    )
}

/// How many descriptors this process may still open for connections: each has two ends here.
fn affordable(wanted: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX);
    wanted.min(soft.saturating_sub(400) / 2)
}

/// Ten thousand, or as many as this process may have (it says how many): 9,800 where the limit of
/// open files is 20,000.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_keep_nobody_out() {
    let wanted = affordable(10_000);
    // As many places as connections; then four times as many connections as places.
    for (places, wanted) in [(wanted, wanted), (wanted / 16, wanted / 4)] {
        let connections = Connections::at_most(places);
        let given = connections.clone();
        let house = House::open(move |runtime| runtime.connections = given).await;
        let mut idle = Vec::with_capacity(wanted);
        for nth in 0..wanted {
            let mut stream = house.connect().await;
            if nth % 2 == 0 {
                // Half of them have begun a request.
                let _closed = stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-").await;
            }
            idle.push(stream);
            assert!(connections.taken() <= places, "more connections than places");
        }
        house.others_are_answered().await;
        assert!(connections.taken() <= places);
        // Who was there first, and silent since, made room.
        if places < wanted {
            assert!(ended(idle.swap_remove(1)).await);
        }
        drop(idle);
        house.others_are_answered().await;
        house.hands.shut_down();
        house.runtime.tasks.join().await;
        assert_eq!(connections.taken(), 0, "a place was not given back");
    }
    #[expect(clippy::print_stderr, reason = "says how many it could be")]
    {
        eprintln!("{wanted} idle connections");
    }
}

/// More bodies that dribble than requests that may be under way: they end, and the rest is served.
#[tokio::test]
async fn bodies_that_do_not_come_end_and_hold_no_place() {
    let house = House::open(|runtime| {
        runtime.limits.body_time = Duration::from_millis(400);
        runtime.limits.concurrency = 8;
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = house.connect().await;
        let head = b"POST /public HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx";
        stream.write_all(head).await.unwrap();
        slow.push(stream);
    }
    for mut stream in slow {
        let mut answer = String::new();
        // Byte after byte, for as long as anybody listens.
        let dribble = async {
            loop {
                if stream.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                let mut piece = [0; 4096];
                match stream.try_read(&mut piece) {
                    Ok(0) => return,
                    Ok(read) => answer.push_str(&String::from_utf8_lossy(&piece[..read])),
                    Err(err) if err.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), dribble).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("urn:chiron:problem:too-slow"), "{answer}");
    }
    house.others_are_answered().await;
    assert_eq!(house.runtime.activity.snapshot().pending, 0);
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_before_they_are_read() {
    let house = House::open(|_| {}).await;
    let said =
        format!("POST /public HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", 1_u64 << 40);
    assert_eq!(house.first_line(said.as_bytes()).await, "HTTP/1.1 413 Payload Too Large");
    // Whoever does not say how much comes is cut off at the limit.
    let mut chunks =
        b"POST /public HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..40 {
        chunks.extend_from_slice(b"10000\r\n");
        chunks.extend_from_slice(&vec![b'x'; 0x10000]);
        chunks.extend_from_slice(b"\r\n");
    }
    assert_eq!(house.first_line(&chunks).await, "HTTP/1.1 413 Payload Too Large");
    // Two lengths are how one request is smuggled in another.
    let two = b"POST /public HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\
                0\r\n\r\nGET /large HTTP/1.1\r\nHost: x\r\n\r\n";
    let first = house.first_line(two).await;
    assert!(first.starts_with("HTTP/1.1 200") || first.starts_with("HTTP/1.1 400"), "{first}");
    let unequal =
        b"POST /public HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!";
    assert_eq!(house.first_line(unequal).await, "HTTP/1.1 400 Bad Request");
    house.others_are_answered().await;
}

#[tokio::test]
async fn heads_that_are_too_long_or_none_at_all_are_refused() {
    let house = House::open(|_| {}).await;
    let get = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").into_bytes()
    };
    let long = "a".repeat(60_000);
    let first = house.first_line(&get(&format!("/files/{long}"), "")).await;
    assert_eq!(first, "HTTP/1.1 200 OK", "as long as it may be");
    for (head, expected) in [
        (get(&format!("/files/{long}{long}"), ""), "431"),
        (get("/health/live", &format!("X-Long: {long}{long}\r\n")), "431"),
        (get("/health/live", &"X-Many: 1\r\n".repeat(200)), "431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), "400"),
        (b"GET\r\n\r\n".to_vec(), "400"),
        (vec![0; 2_000], "400"),
    ] {
        let first = house.first_line(&head).await;
        let told = String::from_utf8_lossy(&head[..head.len().min(60)]).into_owned();
        // Or nothing: the connection has ended.
        assert!(first.is_empty() || first.contains(expected), "{told}: {first}");
    }
    house.others_are_answered().await;
}

#[tokio::test]
async fn paths_are_what_they_say_and_lead_nowhere_else() {
    let house = House::open(|_| {}).await;
    let status = async |path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let first = house.first_line(head.as_bytes()).await;
        first.split(' ').nth(1).unwrap_or("none").to_owned()
    };
    for (path, expected) in [
        // A name is a name, whatever it looks like.
        ("/files/..%2f..%2fetc%2fpasswd", "200"),
        ("/files/%00", "200"),
        ("/files/%ff", "400"),
        ("/files/", "404"),
        ("/files//", "404"),
        ("//files/a", "404"),
        ("/files/a/../b", "404"),
        ("/health/..%2finternal/quiescence", "404"),
        ("/health/../internal/quiescence", "404"),
        ("//internal/quiescence", "404"),
        ("/internal/quiescence", "401"),
        ("/INTERNAL/quiescence", "404"),
        ("/%69nternal/quiescence", "404"),
        ("/internal/quiescence/", "404"),
        // The files of the API's page are in the binary, and there are no others.
        ("/docs/../Cargo.toml", "404"),
        ("/docs/..%2f..%2fCargo.toml", "404"),
        ("/docs/%2e%2e/%2e%2e/etc/passwd", "404"),
        ("/docs//etc/passwd", "404"),
        ("/docs/%00", "404"),
        ("/docs/index.html%00.js", "404"),
        ("/docs/index.html", "200"),
    ] {
        assert_eq!(status(path).await, expected, "{path}");
    }
    house.others_are_answered().await;
}

/// An answer that nobody takes: it waits in the connection alone, and the service ends without it.
#[tokio::test]
async fn an_answer_that_is_not_read_holds_nobody_up() {
    let house = House::open(|runtime| runtime.limits.concurrency = 4).await;
    let mut deaf = Vec::new();
    for _ in 0..12 {
        let mut stream = house.connect().await;
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        deaf.push(stream);
    }
    house.others_are_answered().await;
    assert_eq!(house.runtime.activity.snapshot().pending, 0);
}

/// A token counts when this house signed it, for this use, and it has not ended.
#[tokio::test]
async fn forged_tokens_let_nobody_in() {
    let house = House::open(|_| {}).await;
    let client = chiron_chassis::http_client().unwrap();
    let status = async |token: &str| {
        let asked = client.post(format!("{}/api/v1/rooms", house.base)).bearer_auth(token);
        asked.body("x").send().await.unwrap().status().as_u16()
    };
    let good = house.hands.token("anna", &["admin"], &[], false);
    assert_eq!(status(&good).await, 200);
    let parts: Vec<&str> = good.split('.').collect();
    let (head, claims, signature) = (parts[0], parts[1], parts[2]);
    let claims_of = |sub: &str, exp: i64| Claims {
        sub: sub.to_owned(),
        roles: vec!["admin".to_owned()],
        grants: Vec::new(),
        source_time: false,
        name: None,
        exp: u64::try_from(machine_now().as_second() + exp).unwrap(),
        iat: u64::try_from(machine_now().as_second() - 7_200).unwrap(),
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        jti: "1".to_owned(),
    };
    // The key with which tests sign, and another.
    let (ours, theirs) = ([7; 32], [8; 32]);
    let signed = |seed, claims: Claims| Signer::from_seed(&seed).unwrap().sign(&claims).unwrap();
    assert_eq!(status(&signed(ours, claims_of("anna", 600))).await, 200);
    // {"alg":"none","typ":"JWT"} and {"alg":"HS256","typ":"JWT"}, in Base64url.
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let hs256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    for (what, token) in [
        ("another key", signed(theirs, claims_of("anna", 600))),
        ("ended", signed(ours, claims_of("anna", -3_600))),
        ("another issuer", signed(ours, Claims { iss: "x".to_owned(), ..claims_of("a", 600) })),
        ("another audience", signed(ours, Claims { aud: "x".to_owned(), ..claims_of("a", 600) })),
        ("no algorithm", format!("{none}.{claims}.")),
        ("no algorithm, signed", format!("{none}.{claims}.{signature}")),
        ("a secret for an algorithm", format!("{hs256}.{claims}.{signature}")),
        ("no signature", format!("{head}.{claims}.")),
        ("the signature of another", {
            let other = house.hands.token("otto", &["nurse"], &[], false);
            format!("{head}.{claims}.{}", other.split('.').nth(2).unwrap())
        }),
        ("two parts", format!("{head}.{claims}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("very long", "a".repeat(50_000)),
    ] {
        assert_eq!(status(&token).await, 401, "{what}");
    }
    house.others_are_answered().await;
}
