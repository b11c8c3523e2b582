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
    for (service, text) in documents? {
        let path = args.folder.join(format!("{}.json", service.name()));
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

async fn read(port_offset: u16) -> Result<Vec<(Service, String)>> {
    let (client, endpoints) = (http_client()?, Endpoints::local(port_offset));
    let mut documents = Vec::new();
    for service in Service::ALL {
        let url = format!("{}/openapi.json", endpoints.base(service));
        let answer = client.get(&url).send().await.with_context(|| format!("GET {url}"))?;
        if !answer.status().is_success() {
            bail!("GET {url} was answered {}", answer.status());
        }
        let document: Value = answer.json().await.with_context(|| format!("GET {url}"))?;
        documents.push((service, format!("{}\n", serde_json::to_string_pretty(&document)?)));
    }
    Ok(documents)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
