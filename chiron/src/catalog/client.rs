//! A running catalogue, as its REST API answers.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use chiron_chassis::{Secret, Service, http_client};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::catalog::visible;
use crate::cli::AccessArgs;
use crate::settings::{Identity, Settings, TOKEN};
use crate::simulate::ADMIN;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_mins(1);
/// Entities of a page.
const PAGE: usize = 500;

/// A running catalogue.
pub(super) struct Catalogue {
    client: Client,
    base: String,
    token: Option<Secret>,
}

impl Catalogue {
    /// The catalogue that is named, or that of the settings. A token is shown that somebody gave;
    /// for the catalogue of the settings the administrator of the accounts signs in otherwise. What
    /// those accounts know is shown to no other.
    ///
    /// # Errors
    ///
    /// The token's file cannot be read, or nobody can sign in.
    pub(super) async fn open(
        settings: &Settings,
        access: &AccessArgs,
        given: Option<Secret>,
    ) -> Result<Self> {
        let client = http_client().context("building the HTTP client")?;
        let own = settings.endpoints().base(Service::Catalog);
        let base = access.url.as_deref().unwrap_or(&own).trim_end_matches('/').to_owned();
        let token = match &access.token_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("reading the token {}", path.display()))?;
                ensure!(!text.trim().is_empty(), "the token {} is empty", path.display());
                Some(Secret::new(text.trim()))
            }
            None if given.is_some() => given,
            None if base == own && settings.identity == Identity::Required => {
                Some(sign_in(&client, settings).await?)
            }
            None => None,
        };
        Ok(Self { client, base, token })
    }

    /// Asks for what a path below the API's mount names; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// No answer, or a refusal in the catalogue's words.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Value>> {
        self.ask(self.client.get(self.url(path)).query(query)).await
    }

    /// Sends a body; `None` when the path is not there.
    ///
    /// # Errors
    ///
    /// As [`Catalogue::get`].
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Option<Value>> {
        self.ask(self.client.post(self.url(path)).json(body)).await
    }

    /// Every entity that the filters let through, page after page; these fields of each, or all.
    ///
    /// # Errors
    ///
    /// As [`Catalogue::get`].
    pub(super) async fn entities(&self, filters: &[String], fields: &str) -> Result<Vec<Value>> {
        let limit = PAGE.to_string();
        let mut query = vec![("limit", limit.as_str())];
        if !fields.is_empty() {
            query.push(("fields", fields));
        }
        let mut cursor: Option<String> = None;
        let mut all = Vec::new();
        loop {
            let mut query = query.clone();
            match &cursor {
                // A cursor knows the filters that it began with.
                Some(cursor) => query.push(("cursor", cursor)),
                None => query.extend(filters.iter().map(|filter| ("filter", filter.as_str()))),
            }
            let page = self.get("/entities/by-query", &query).await?;
            let mut page = page.context("there is no catalogue here")?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => all.extend(items),
                _ => bail!("the catalogue does not answer as Backstage's API does"),
            }
            let next = page.pointer("/pageInfo/nextCursor").and_then(Value::as_str);
            let Some(next) = next else { return Ok(all) };
            ensure!(cursor.as_deref() != Some(next), "the catalogue gives one page for ever");
            cursor = Some(next.to_owned());
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/catalog{path}", self.base)
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Option<Value>> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let answer = request.timeout(WITHIN).send().await;
        let answer = answer.with_context(|| format!("asking the catalogue at {}", self.base))?;
        let status = answer.status();
        let text = answer.text().await.context("reading the catalogue's answer")?;
        let body: Option<Value> = serde_json::from_str(&text).ok();
        if status.is_success() {
            return match body {
                Some(body) => Ok(Some(body)),
                None => bail!("{} does not answer as a catalogue does", self.base),
            };
        }
        let said = body.as_ref().and_then(|body| body.pointer("/error/message"));
        let said = visible(said.and_then(Value::as_str).unwrap_or_default());
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED => bail!(
                "the catalogue does not know who asks: give a token by --token-file, or in the \
                 variable {TOKEN}"
            ),
            _ if said.is_empty() => bail!("the catalogue answers {status}"),
            StatusCode::FORBIDDEN => bail!("the catalogue does not allow it: {said}"),
            _ => bail!("the catalogue refuses: {said}"),
        }
    }
}

/// The token of the administrator whose password is in the accounts, by the gateway of the
/// settings.
async fn sign_in(client: &Client, settings: &Settings) -> Result<Secret> {
    let advice =
        || format!("nobody can sign in: give a token by --token-file, or in the variable {TOKEN}");
    let accounts = Accounts::read(&settings.accounts_path()).with_context(advice)?;
    let password = accounts.password(ADMIN).with_context(advice)?;
    let gateway = settings.endpoints().base(Service::GatewayBlock);
    let answer = client
        .post(format!("{gateway}/api/v1/obd/auth"))
        .json(&json!({"userId": ADMIN, "password": password}))
        .timeout(WITHIN)
        .send()
        .await
        .with_context(|| format!("signing in at {gateway}"))?;
    let status = answer.status();
    ensure!(status.is_success(), "{ADMIN} cannot sign in at {gateway}: {status}");
    let session: Value = answer.json().await.context("reading the session")?;
    let token = session.get("accessToken").and_then(Value::as_str);
    Ok(Secret::new(token.context("the gateway gave no token")?))
}
