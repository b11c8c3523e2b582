//! Tokens for a Kafka cluster that asks for them (SASL's OAUTHBEARER, RFC 7628), from the hospital's
//! issuer by client credentials (RFC 6749, section 4.4).

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chiron_broker::{BearerToken, BearerTokens};
use chiron_chassis::{Calls, Secret, http_client, machine_now};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How long the issuer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a token lasts whose answer does not say.
const UNSAID_S: i64 = 300;

/// Who gives out tokens, and to whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    /// The issuer's token endpoint, such as `https://sign-in.hospital.example/oauth2/token`.
    pub(crate) token_url: String,
    /// The client's id.
    pub(crate) client_id: String,
    /// And its secret.
    pub(crate) client_secret: Secret,
    /// What is asked for; as the issuer says when not set.
    #[serde(default)]
    pub(crate) scope: Option<String>,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

type Failed = Box<dyn Error + Send + Sync>;

impl Issuer {
    /// Fetches tokens, each on a thread of its own: who asks is no thread of the runtime.
    pub(crate) fn tokens(self) -> BearerTokens {
        Arc::new(move || {
            let issuer = self.clone();
            let fetching = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(issuer.fetch())
            });
            fetching.join().map_err(|_panic| "fetching a token panicked")?
        })
    }

    async fn fetch(&self) -> Result<BearerToken, Failed> {
        let scope = self.scope.as_deref().map(|scope| format!("&scope={}", Calls::segment(scope)));
        let asked = http_client()?
            .post(&self.token_url)
            .timeout(PATIENCE)
            .basic_auth(&self.client_id, Some(self.client_secret.expose()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials{}", scope.unwrap_or_default()));
        let answer = asked.send().await?;
        if !answer.status().is_success() {
            return Err(format!("{} answers with {}", self.token_url, answer.status()).into());
        }
        let granted: Granted = answer.json().await?;
        let lasts = SignedDuration::from_secs(granted.expires_in.unwrap_or(UNSAID_S));
        let expires = machine_now().saturating_add(lasts)?;
        Ok(BearerToken { token: granted.access_token, principal: self.client_id.clone(), expires })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Answers once, and tells what was asked.
    fn issuer(status: &str, body: &str) -> (Issuer, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let token_url = format!("http://{}/token", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = String::new();
            while !asked.contains("grant_type") || !asked.ends_with("%20all") {
                let mut bytes = [0; 1_024];
                let count = stream.read(&mut bytes).unwrap();
                asked += std::str::from_utf8(&bytes[..count]).unwrap();
            }
            stream.write_all(answer.as_bytes()).unwrap();
            asked
        });
        let issuer = Issuer {
            token_url,
            client_id: "chiron".to_owned(),
            client_secret: Secret::new("kept-by-nobody"),
            scope: Some("kafka all".to_owned()),
        };
        (issuer, serving)
    }

    #[test]
    fn a_token_is_asked_for_by_id_and_secret() {
        let (from, serving) = issuer("200 OK", r#"{"access_token":"t-1","expires_in":60}"#);
        let token = from.tokens()().unwrap();
        let asked = serving.join().unwrap();
        assert!(asked.starts_with("POST /token HTTP/1.1\r\n"), "{asked}");
        // "chiron:kept-by-nobody"
        assert!(asked.contains("Basic Y2hpcm9uOmtlcHQtYnktbm9ib2R5"), "{asked}");
        assert!(asked.ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka%20all"));
        assert_eq!((token.token.as_str(), token.principal.as_str()), ("t-1", "chiron"));
        assert!(machine_now() < token.expires);
    }

    #[test]
    fn a_refusal_names_the_issuer_and_no_secret() {
        let (from, serving) = issuer("401 Unauthorized", "{}");
        let url = from.token_url.clone();
        let refused = from.tokens()().err().unwrap().to_string();
        serving.join().unwrap();
        assert!(refused.contains(&url) && refused.contains("401"), "{refused}");
        assert!(!refused.contains("kept-by-nobody"));
    }
}
