//! The `OpenAPI` documents that are kept in the repository, as the running services answer them.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use chiron_chassis::{Endpoints, Limits, Service, http_client};
use chiron_clock::{Clock, Ids};
use serde_json::Value;

use crate::accounts::Accounts;
use crate::cli::OpenapiArgs;
use crate::house::{self, House, World};
use crate::settings::Settings;
use crate::show;

/// Services of the platform that share the catalogue's listener, with the titles of their documents:
/// the listener answers one document of all.
const BESIDE: [(&str, &str); 2] = [
    (techdocs::NAME, "Documentation hub (Backstage's TechDocs API)"),
    (search::NAME, "Search (Backstage's search API)"),
];

/// Writes or compares the documents. Services run in a folder of their own, which is removed.
///
/// # Errors
///
/// A service does not start or answer, or with `--check` a document differs.
pub(crate) async fn run(mut settings: Settings, args: &OpenapiArgs) -> Result<ExitCode> {
    settings.data = std::env::temp_dir().join(format!("chiron-openapi-{}", std::process::id()));
    fs::create_dir_all(&settings.data)?;
    let accounts =
        Accounts::open(&settings.accounts_path(), &["admin"], &house::grants::clients())?;
    let (clock, limits) = (Clock::system(), Limits::standard());
    let world = World { clock, ids: Ids::random(), limits };
    let mut house = House::start(&settings, &world, &accounts, &house::SERVED).await?;
    let documents = async {
        house.ready().await?;
        read(settings.port_offset).await
    }
    .await;
    let stopped = house.stop().await;
    fs::remove_dir_all(&settings.data)?;
    stopped?;
    let mut stale = Vec::new();
    for (name, document) in documents? {
        let path = args.folder.join(format!("{name}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
        if args.check {
            if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
                stale.push(path.display().to_string());
            }
        } else {
            write(&path, &text)?;
            show::line(&format!("{}", path.display()));
        }
    }
    ensure!(stale.is_empty(), "stale, run `cargo xtask gen`: {}", stale.join(", "));
    Ok(ExitCode::SUCCESS)
}

async fn read(port_offset: u16) -> Result<Vec<(&'static str, Value)>> {
    let (client, endpoints) = (http_client()?, Endpoints::local(port_offset));
    let mut documents = Vec::new();
    for service in Service::ALL {
        let url = format!("{}/openapi.json", endpoints.base(service));
        let answer = client.get(&url).send().await.with_context(|| format!("GET {url}"))?;
        if !answer.status().is_success() {
            bail!("GET {url} was answered {}", answer.status());
        }
        let document: Value = answer.json().await.with_context(|| format!("GET {url}"))?;
        if service == Service::Catalog {
            for (name, title) in BESIDE {
                documents.push((name, part(&document, name, title)?));
            }
        }
        documents.push((service.name(), document));
    }
    Ok(documents)
}

/// What a document says of one of the services that it is of.
fn part(document: &Value, name: &str, title: &str) -> Result<Value> {
    let mut part = document.clone();
    let own_title = part.pointer_mut("/info/title").context("a document without a title")?;
    *own_title = title.into();
    let paths = part.get_mut("paths").and_then(Value::as_object_mut);
    let paths = paths.context("a document without paths")?;
    let own = format!("/api/{name}/");
    paths.retain(|path, _| path.starts_with(&own));
    ensure!(!paths.is_empty(), "no path of {name} is described");
    Ok(part)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
