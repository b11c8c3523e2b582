//! Sign-in, tokens, keys and the clock.

use chiron_chassis::{Calls, Secret, Service, TokenSource};
use serde_json::{Value, json};

use crate::surroundings::{Example, places};

#[tokio::test]
async fn only_sign_in_keys_and_time_are_public() {
    let example = Example::start().await;
    let faces = [
        (example.gateway.block_api(), &example.block),
        (example.gateway.room_api(), &example.room),
        (example.gateway.web_api(), &example.web),
    ];
    let mut public = Vec::new();
    for (api, base) in faces {
        for route in api.routes() {
            if route.need.is_none() {
                public.push(route.path);
                continue;
            }
            let url = format!("{base}{}", route.path);
            let answer = example.client.request(route.method, url).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{}", route.path);
        }
    }
    public
        .retain(|path| !path.starts_with("/health/") && path != "/docs" && path != "/openapi.json");
    let expected = [
        // The block's dashboard.
        "/api/v1/obd/auth",
        "/api/v1/obd/auth/refresh",
        "/api/v1/obd/auth/unlock",
        "/api/v1/obd/auth/logout",
        "/api/v1/clock",
        "/oauth2/token",
        "/.well-known/jwks.json",
        // Browsers.
        "/api/v1/obd/auth",
        "/api/v1/obd/auth/refresh",
        "/api/v1/obd/auth/unlock",
        "/api/v1/obd/auth/logout",
        "/api/v1/clock",
        // The web application.
        "/",
        "/{*path}",
    ];
    assert_eq!(public, expected);
}

#[tokio::test]
async fn signs_people_in_and_out() {
    let example = Example::start().await;
    let answer = example.sign_in("anna", "correct horse").await;
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let session: Value = answer.json().await.unwrap();
    assert_eq!(session["expiresIn"], 900);
    assert_eq!(session["roles"], json!(["nurse"]));
    let token = session["accessToken"].as_str().unwrap();
    let expected =
        format!("chiron_access_token={token}; Path=/; Max-Age=900; HttpOnly; SameSite=Strict");
    assert_eq!(cookie, expected);

    let refresh = |token: &Value| {
        let url = format!("{}/api/v1/obd/auth/refresh", example.block);
        example.client.post(url).json(&json!({"refreshToken": token})).send()
    };
    let renewed: Value = refresh(&session["refreshToken"]).await.unwrap().json().await.unwrap();
    assert_eq!(renewed["roles"], json!(["nurse", "surgeon"]), "as they are now");
    assert_eq!(refresh(&session["refreshToken"]).await.unwrap().status(), 401);
    let out = example
        .client
        .post(format!("{}/api/v1/obd/auth/logout", example.block))
        .json(&json!({"refreshToken": renewed["refreshToken"]}))
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().starts_with("chiron_access_token=; "));
    assert_eq!(refresh(&renewed["refreshToken"]).await.unwrap().status(), 401);

    assert_eq!(example.sign_in("anna", "wrong horse").await.status(), 401);
    let locked = example.sign_in("anna", "once too often").await;
    assert_eq!(
        (locked.status().as_u16(), &locked.headers()["retry-after"]),
        (429, &"600".parse().unwrap())
    );
    assert_eq!(places(example.sign_in("", "x").await).await, (400, vec!["/userId".to_owned()]));
    assert_eq!(
        places(example.sign_in("anna", "").await).await,
        (400, vec!["/password".to_owned()])
    );
    example.hands.point(Service::UserManagement, "http://127.0.0.1:1");
    assert_eq!(example.sign_in("anna", "correct horse").await.status(), 503);
}

#[tokio::test]
async fn accounts_get_tokens_for_their_credentials() {
    let example = Example::start().await;
    let url = format!("{}/oauth2/token", example.block);
    let ask = async |form: &'static str| {
        let form_type = "application/x-www-form-urlencoded";
        let request = example.client.post(&url).header("content-type", form_type).body(form);
        request.send().await.unwrap()
    };
    let right = "grant_type=client_credentials&client_id=simulator&client_secret=a+long+enough+%26+odd+secret";
    let answer = ask(right).await;
    assert_eq!(answer.status(), 200);
    let granted: Value = answer.json().await.unwrap();
    assert_eq!((&granted["token_type"], &granted["expires_in"]), (&json!("Bearer"), &json!(900)));
    let caller =
        example.gateway.runtime().guard.verify(granted["access_token"].as_str()).await.unwrap();
    assert_eq!(caller.subject, "simulator");
    assert_eq!(caller.grants, ["rooms:read", "commands:write"]);
    assert!(caller.source_time);

    let basic = example
        .client
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .basic_auth("simulator", Some("a+long+enough+%26+odd+secret"))
        .body("grant_type=client_credentials");
    assert_eq!(basic.send().await.unwrap().status(), 200);
    let wrong = "grant_type=client_credentials&client_id=simulator&client_secret=wrong";
    let refused = ask(wrong).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["www-authenticate"], "Basic realm=\"chiron\"");
    let place = |text: &str| (400, vec![text.to_owned()]);
    assert_eq!(places(ask("grant_type=password").await).await, place("/grant_type"));
    assert_eq!(places(ask("grant_type=client_credentials").await).await, place("/client_id"));
    assert_eq!(places(ask("client_id=simulator").await).await, place("/grant_type"));
    let json = example.client.post(&url).json(&json!({"grant_type": "client_credentials"}));
    assert_eq!(json.send().await.unwrap().status(), 415);

    // The whole way of a service: credentials, token, published keys.
    let secret = Secret::new("a long enough & odd secret");
    let calls = Calls::new(
        example.client.clone(),
        example.gateway.runtime().calls.endpoints().clone(),
        TokenSource::credentials("simulator", secret),
        example.gateway.runtime().activity.clone(),
    );
    let path = format!("/api/v1/rooms/{}", Calls::segment("or 1"));
    let answer = calls.get(Service::BuildingManagement, &path).send().await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn tells_keys_and_time() {
    let example = Example::start().await;
    let get = async |path: &str| -> Value {
        let answer = example.client.get(format!("{}{path}", example.block)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let keys = get("/.well-known/jwks.json").await;
    let key = &keys["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert_eq!(key.get("d"), None, "the secret stays here");
    let time = get("/api/v1/clock").await;
    let expected = json!({
        "now": "2026-05-15T06:00:00.000Z", "rate": 1.0, "mode": "lock-step",
        "epoch": "2026-05-15T06:00:00.000Z",
    });
    assert_eq!(time, expected);
}
