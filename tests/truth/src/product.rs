//! The product as its users reach it: HTTP and JSON, signed in as a block manager.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Ports of the listeners.
pub(crate) mod port {
    pub(crate) const USERS: u16 = 3001;
    pub(crate) const BOOKING: u16 = 3002;
    pub(crate) const PATIENTS: u16 = 3003;
    pub(crate) const STAFF: u16 = 3004;
    pub(crate) const BUILDING: u16 = 3005;
    pub(crate) const PROCESS: u16 = 3006;
    pub(crate) const REPORT: u16 = 3007;
    pub(crate) const GATEWAY: u16 = 3008;
    pub(crate) const AUTOMATION: u16 = 3011;
    pub(crate) const THINGS: u16 = 1880;
}

/// Entries per page of long lists.
const PAGE: &str = "2000";

#[derive(Debug)]
pub(crate) struct Product {
    client: Client,
    host: String,
    offset: u16,
    token: String,
}

impl Product {
    pub(crate) async fn sign_in(
        host: &str,
        offset: u16,
        user: &str,
        password: &str,
    ) -> Result<Self> {
        let client = Client::builder().timeout(Duration::from_mins(1)).no_proxy().build()?;
        let mut product = Self { client, host: host.to_owned(), offset, token: String::new() };
        let url = product.url(port::GATEWAY, "/api/v1/obd/auth");
        let body = json!({"userId": user, "password": password});
        let answer = product.client.post(&url).json(&body).send().await.context("signing in")?;
        let status = answer.status();
        let answer: Value = answer.json().await.context("reading the token")?;
        let token = answer.get("accessToken").and_then(Value::as_str);
        token
            .with_context(|| format!("signing in was answered {status}"))?
            .clone_into(&mut product.token);
        Ok(product)
    }

    fn url(&self, port: u16, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, port + self.offset)
    }

    /// The body of an answer; `None` for 404, null for 204.
    pub(crate) async fn get(
        &self,
        port: u16,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<Value>> {
        let url = self.url(port, path);
        loop {
            let request = self.client.get(&url).query(query).bearer_auth(&self.token);
            let answer = request.send().await.with_context(|| format!("GET {url}"))?;
            match answer.status() {
                StatusCode::NOT_FOUND => return Ok(None),
                StatusCode::NO_CONTENT => return Ok(Some(Value::Null)),
                StatusCode::TOO_MANY_REQUESTS => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                status if status.is_success() => {
                    let body = answer.json().await.with_context(|| format!("GET {url}"))?;
                    return Ok(Some(body));
                }
                status => {
                    bail!("GET {url} {query:?} was answered {status}: {}", answer.text().await?)
                }
            }
        }
    }

    /// All entries of a list, page by page.
    pub(crate) async fn list(
        &self,
        port: u16,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>> {
        let mut entries = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let Some(page) = self.get(port, path, &query).await? else { return Ok(entries) };
            let found = page.get("entries").and_then(Value::as_array);
            entries.extend(found.into_iter().flatten().cloned());
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(entries),
            }
        }
    }
}
