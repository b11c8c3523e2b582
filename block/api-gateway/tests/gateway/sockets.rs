//! The room dashboard's WebSocket.

use std::time::Duration;

use api_gateway::Settings;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::live::{proposal, token_for};
use crate::surroundings::{Example, places};

const PATIENCE: Duration = Duration::from_secs(30);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(base: &str, query: &str, headers: &[(&'static str, String)]) -> Result<Socket, u16> {
    let url = base.replace("http://", "ws://");
    let mut request =
        format!("{url}/api/v1/ord/socket-connection{query}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(refused)) => Err(refused.status().as_u16()),
        Err(err) => panic!("{err}"),
    }
}

fn bearer(token: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Bearer {token}"))]
}

/// The next text frame.
async fn frame(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        if let Message::Text(text) = message.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn data(room: &str, lux: i64) -> Value {
    json!({"roomId": room, "medicalTechnologyType": "endoscope", "ambientLightLux": lux,
        "surgicalLightLux": 150_000})
}

#[tokio::test]
async fn every_proposal_is_one_frame_of_its_data() {
    let example = Example::start().await;
    let anna = example.token_of("anna").await;
    example.publish(vec![proposal("or-1", 1)]).await;
    let mut all = open(&example.room, "", &bearer(&anna)).await.unwrap();
    let mut one = open(&example.room, "?roomId=or-2", &bearer(&anna)).await.unwrap();
    let gone = open(&example.room, "", &bearer(&anna)).await.unwrap();
    drop(gone);
    example.publish(vec![proposal("or-1", 2)]).await;
    assert_eq!(frame(&mut all).await, data("or-1", 2), "nothing from before");
    example.publish(vec![proposal("or-2", 3)]).await;
    assert_eq!(frame(&mut all).await, data("or-2", 3));
    assert_eq!(frame(&mut one).await, data("or-2", 3), "nothing of other rooms");

    // Other rooms by a message; what is no subscription is ignored.
    let say = async |socket: &mut Socket, text: &str| {
        socket.send(Message::text(text.to_owned())).await.unwrap();
    };
    say(&mut one, "hello").await;
    say(&mut one, r#"{"roomIds": [""]}"#).await;
    say(&mut one, r#"{"roomIds": ["or-3"]}"#).await;
    // The answer to a ping shows that what was said before it was heard.
    let heard = async |socket: &mut Socket| {
        socket.send(Message::Ping(Vec::from("now").into())).await.unwrap();
        while !matches!(socket.next().await.unwrap().unwrap(), Message::Pong(_)) {}
    };
    heard(&mut one).await;
    example.publish(vec![proposal("or-2", 4)]).await;
    assert_eq!(frame(&mut all).await, data("or-2", 4));
    example.publish(vec![proposal("or-3", 5)]).await;
    assert_eq!(frame(&mut one).await, data("or-3", 5));
    say(&mut one, r#"{"roomIds": null}"#).await;
    heard(&mut one).await;
    example.publish(vec![proposal("or-4", 6)]).await;
    assert_eq!(frame(&mut one).await, data("or-4", 6));

    example.hands.shut_down();
    while let Some(Ok(message)) = tokio::time::timeout(PATIENCE, one.next()).await.unwrap() {
        if let Message::Close(Some(farewell)) = message {
            assert_eq!(u16::from(farewell.code), 1001);
        }
    }
    example.gateway.runtime().tasks.join().await;
}

#[tokio::test]
async fn not_everybody_may_open_one() {
    let example = Example::start().await;
    assert_eq!(open(&example.room, "", &[]).await.err(), Some(401));
    let display = example.token_of("display-1").await;
    assert_eq!(open(&example.room, "", &bearer(&display)).await.err(), Some(403));
    let anna = example.token_of("anna").await;
    assert_eq!(open(&example.room, "?roomId=", &bearer(&anna)).await.err(), Some(400));
    let answer = example.read_in_room("/socket-connection", &anna).await;
    assert_eq!(places(answer).await, (400, vec!["upgrade".to_owned()]));

    let cookie = |origin: &str| {
        [("cookie", format!("chiron_access_token={anna}")), ("origin", origin.to_owned())]
    };
    let theirs = open(&example.web, "", &cookie("http://evil.example")).await;
    assert_eq!(theirs.err(), Some(403), "the cookie came with another site's page");
    let origin = example.web.clone();
    let mut ours = open(&example.web, "", &cookie(&origin)).await.unwrap();
    example.publish(vec![proposal("or-1", 1)]).await;
    assert_eq!(frame(&mut ours).await, data("or-1", 1));
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_let_go() {
    let settings = Settings { live_heartbeat_seconds: 1, live_streams: 1, ..Settings::standard() };
    let example = Example::with(settings).await;
    let anna = example.token_of("anna").await;
    // Never read, so that no ping is answered.
    let silent = open(&example.room, "", &bearer(&anna)).await.unwrap();
    assert_eq!(open(&example.room, "", &bearer(&anna)).await.err(), Some(503));
    let again = async {
        loop {
            match open(&example.room, "", &bearer(&anna)).await {
                Ok(socket) => return socket,
                Err(status) => assert_eq!(status, 503),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut lively = tokio::time::timeout(PATIENCE, again).await.unwrap();
    drop(silent);
    // Who answers stays.
    for _ping in 0..3 {
        while !matches!(lively.next().await.unwrap().unwrap(), Message::Ping(_)) {}
    }
    example.publish(vec![proposal("or-1", 1)]).await;
    assert_eq!(frame(&mut lively).await, data("or-1", 1));
}

#[tokio::test]
async fn a_socket_does_not_outlive_its_token() {
    let example = Example::start().await;
    let short = bearer(&token_for(&example, 2).await);
    let mut short = open(&example.room, "", &short).await.unwrap();
    let mut long = open(&example.room, "", &bearer(&token_for(&example, 600).await)).await.unwrap();
    example.publish(vec![proposal("or-1", 1)]).await;
    assert_eq!(frame(&mut short).await, data("or-1", 1));
    let farewell = async {
        loop {
            if let Message::Close(frame) = short.next().await.unwrap().unwrap() {
                return frame.unwrap();
            }
        }
    };
    let farewell = tokio::time::timeout(PATIENCE, farewell).await.unwrap();
    assert_eq!(
        (u16::from(farewell.code), farewell.reason.as_str()),
        (1008, "the token has expired")
    );
    example.publish(vec![proposal("or-1", 2)]).await;
    assert_eq!(frame(&mut long).await, data("or-1", 1));
    assert_eq!(frame(&mut long).await, data("or-1", 2));
}
