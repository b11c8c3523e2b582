//! Azure Digital Twins as the twin layer: its address, and a token by client credentials.
//!
//! The token is fetched when first needed, shared by all clones, and renewed 300 s before it ends.
//! Calls to Azure are not part of a service's account of work: lock-step runs need our own engine.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chiron_chassis::{Secret, http_client};
use percent_encoding::utf8_percent_encode;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    error::{Busy, TwinError},
    transport::{RESERVED, Reply, Request, Verb},
};

const SCOPE: &str = "https://digitaltwins.azure.net/.default";
const RENEW_BEFORE_END: Duration = Duration::from_mins(5);
const TIME_OUT: Duration = Duration::from_secs(30);
const DEFAULT_API_VERSION: &str = "2023-10-31";

/// Where an Azure Digital Twins instance is and who asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureLayer {
    /// `https://<instance>.api.<region>.digitaltwins.azure.net`, without a path.
    pub url: String,
    /// Where tokens come from; `None` is `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Directory (tenant) id.
    pub tenant: String,
    /// Application (client) id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: Secret,
    /// Version of the protocol; `None` is `2023-10-31`.
    #[serde(default)]
    pub api_version: Option<String>,
}

#[derive(Clone)]
pub(crate) struct Azure(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base: String,
    api_version: String,
    token_url: String,
    token_request: String,
    token: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: u64,
}

impl Azure {
    pub(crate) fn open(layer: AzureLayer) -> Result<Azure, TwinError> {
        let http = http_client().map_err(unavailable)?;
        let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let token_url = layer.token_url.unwrap_or_else(|| {
            let tenant = encode(&layer.tenant);
            format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token")
        });
        let token_request = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}",
            encode(&layer.client_id),
            encode(layer.client_secret.expose()),
            encode(SCOPE),
        );
        Ok(Azure(Arc::new(Inner {
            http,
            base: layer.url.trim_end_matches('/').to_owned(),
            api_version: layer.api_version.unwrap_or_else(|| DEFAULT_API_VERSION.to_owned()),
            token_url,
            token_request,
            token: Mutex::new(None),
        })))
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Reply, TwinError> {
        let reply = self.once(&request).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        // The token may have been withdrawn. A second refusal is an answer.
        *self.0.token.lock().await = None;
        self.once(&request).await
    }

    async fn once(&self, request: &Request) -> Result<Reply, TwinError> {
        let inner = &self.0;
        let token = self.token().await?;
        let mut url = format!("{}{}?api-version={}", inner.base, request.path, inner.api_version);
        for (name, value) in &request.query {
            url.push('&');
            url.extend(utf8_percent_encode(name, RESERVED));
            url.push('=');
            url.extend(utf8_percent_encode(value, RESERVED));
        }
        let mut call = match request.verb {
            Verb::Get => inner.http.get(url),
            Verb::Put => inner.http.put(url),
            Verb::Post => inner.http.post(url),
            Verb::Patch => inner.http.patch(url),
            Verb::Delete => inner.http.delete(url),
        };
        if let Some(body) = &request.body {
            call = call.header("content-type", request.content_type()).body(body.to_string());
        }
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let answer = call.timeout(TIME_OUT).bearer_auth(token).send().await.map_err(unavailable)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(unavailable)?.to_vec();
        Ok(Reply { status, body })
    }

    async fn token(&self) -> Result<String, TwinError> {
        let inner = &self.0;
        let mut kept = inner.token.lock().await;
        if let Some(token) = kept.as_ref()
            && Instant::now() < token.renew_at
        {
            return Ok(token.text.clone());
        }
        let answer = inner
            .http
            .post(&inner.token_url)
            .timeout(TIME_OUT)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(inner.token_request.clone())
            .send()
            .await
            .map_err(unavailable)?;
        let status = answer.status().as_u16();
        if status != 200 {
            // Also when the credentials are wrong: an operator mends that while callers wait.
            let code = "token request refused".to_owned();
            return Err(TwinError::Unavailable(Box::new(Busy { status, code })));
        }
        let answer: TokenAnswer = answer.json().await.map_err(unavailable)?;
        let life = Duration::from_secs(answer.expires_in).saturating_sub(RENEW_BEFORE_END);
        let text = answer.access_token;
        *kept = Some(Token { text: text.clone(), renew_at: Instant::now() + life });
        Ok(text)
    }
}

fn unavailable(err: reqwest::Error) -> TwinError {
    // Without its address, which may hold ids of patients.
    TwinError::Unavailable(Box::new(err.without_url()))
}
