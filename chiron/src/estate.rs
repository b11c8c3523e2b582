//! The estate that the catalogue shows before anybody has configured one: this product.
//!
//! The descriptors of our own services and our documentation are a part of the binary, so that the
//! first start shows them wherever it happens. They are written to the data folder and read from
//! there like any others.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Paths in the repository, and what is there.
macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_bytes!(concat!("../../", $path)).as_slice())),*]
    };
}

/// Our own descriptors, the documents that they point at, and our documentation.
const FILES: &[(&str, &[u8])] = files![
    "catalog-info.yaml",
    "block/api-gateway/catalog-info.yaml",
    "block/automation-management/catalog-info.yaml",
    "block/building-management/catalog-info.yaml",
    "block/hl7-gateway/catalog-info.yaml",
    "block/medical-instrument-integration/catalog-info.yaml",
    "block/patient-management-integration/catalog-info.yaml",
    "block/performance/catalog-info.yaml",
    "block/staff-tracking/catalog-info.yaml",
    "block/surgery-booking-integration/catalog-info.yaml",
    "block/surgery-report/catalog-info.yaml",
    "block/surgical-process-monitoring/catalog-info.yaml",
    "block/user-management-integration/catalog-info.yaml",
    "platform/catalog/catalog-info.yaml",
    "platform/search/catalog-info.yaml",
    "platform/techdocs/catalog-info.yaml",
    "things/block-gateway/catalog-info.yaml",
    "things/directory/catalog-info.yaml",
    "twins/engine/catalog-info.yaml",
    "twins/event-gateway/catalog-info.yaml",
    "openapi/api-gateway-room.json",
    "openapi/api-gateway-web.json",
    "openapi/api-gateway.json",
    "openapi/automation-management.json",
    "openapi/block-gateway.json",
    "openapi/building-management.json",
    "openapi/catalog.json",
    "openapi/hl7-gateway.json",
    "openapi/medical-instrument-integration.json",
    "openapi/patient-management-integration.json",
    "openapi/performance.json",
    "openapi/search.json",
    "openapi/staff-tracking.json",
    "openapi/surgery-booking-integration.json",
    "openapi/surgery-report.json",
    "openapi/surgical-process-monitoring.json",
    "openapi/techdocs.json",
    "openapi/thing-directory.json",
    "openapi/twin-engine.json",
    "openapi/user-management-integration.json",
    "mkdocs.yml",
    "docs/adr/0001-event-time-and-settling.md",
    "docs/adr/0002-embedded-log.md",
    "docs/adr/0003-outbox.md",
    "docs/adr/0004-twin-engine-change-log.md",
    "docs/adr/0005-clock-crate.md",
    "docs/adr/0006-lock-step.md",
    "docs/adr/0007-audit-chain.md",
    "docs/audit.md",
    "docs/automation.md",
    "docs/catalogue.md",
    "docs/context-map.md",
    "docs/dashboards.md",
    "docs/distributed.md",
    "docs/documentation-hub.md",
    "docs/hl7.md",
    "docs/identity.md",
    "docs/images/block.png",
    "docs/images/figures.png",
    "docs/images/floor.png",
    "docs/images/portal.png",
    "docs/images/report.png",
    "docs/images/room-offline.png",
    "docs/images/room.png",
    "docs/images/wall.png",
    "docs/index.md",
    "docs/live-streams.md",
    "docs/performance.md",
    "docs/portal.md",
    "docs/reports.md",
    "docs/running.md",
    "docs/search.md",
    "docs/simulation.md",
    "docs/terms.md",
    "docs/things.md",
    "docs/truth.md",
    "docs/web.md",
];

/// The catalogue's settings as they are given, with our own estate where they name no location.
///
/// # Errors
///
/// The estate cannot be written to the data folder.
pub(crate) fn settings(given: &catalog::Settings, data: &Path) -> Result<catalog::Settings> {
    let mut settings = given.clone();
    if settings.locations.is_empty() {
        let folder = data.join("estate");
        write(&folder)?;
        let target = folder.join("catalog-info.yaml").display().to_string();
        settings.locations.push(catalog::Location { kind: "file".to_owned(), target });
    }
    Ok(settings)
}

fn write(folder: &Path) -> Result<()> {
    forget(&folder.join("docs"), "docs")?;
    for (path, bytes) in FILES {
        let path = folder.join(path);
        if fs::read(&path).is_ok_and(|there| there == *bytes) {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        let place = || format!("writing {}", path.display());
        fs::create_dir_all(parent).with_context(place)?;
        fs::write(&path, bytes).with_context(place)?;
    }
    Ok(())
}

/// Removes pages that the version before had: nothing would lead to them.
fn forget(folder: &Path, path: &str) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let (place, name) = (entry.path(), entry.file_name());
        let path = format!("{path}/{}", name.to_string_lossy());
        if place.is_dir() {
            forget(&place, &path)?;
        } else if FILES.iter().all(|(known, _)| *known != path) {
            fs::remove_file(&place).with_context(|| format!("removing {}", place.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_shows_the_products_own_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&catalog::Settings::default(), folder.path()).unwrap();
        let [location] = settings.locations.as_slice() else { panic!("{settings:?}") };
        let root = fs::read_to_string(&location.target).unwrap();
        // What the root names is there.
        for line in root.lines().filter_map(|line| line.trim().strip_prefix("- ./")) {
            assert!(folder.path().join("estate").join(line).is_file(), "{line}");
        }
    }

    /// The files below a folder of the repository.
    fn files(path: &str) -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for entry in fs::read_dir(root.join(path)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{path}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                files.extend(self::files(&path));
            } else {
                files.push(path);
            }
        }
        files
    }

    #[test]
    fn all_of_the_documentation_is_in_the_binary() {
        for path in files("docs") {
            assert!(FILES.iter().any(|(known, _)| *known == path), "{path}");
        }
    }

    #[test]
    fn pages_of_another_version_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let docs = folder.path().join("docs");
        fs::create_dir_all(docs.join("adr")).unwrap();
        fs::write(docs.join("adr/0000-old.md"), "old").unwrap();
        write(folder.path()).unwrap();
        assert!(!docs.join("adr/0000-old.md").exists());
        assert!(docs.join("index.md").is_file() && docs.join("images/wall.png").is_file());
    }

    #[test]
    fn named_locations_are_taken_instead() {
        let folder = tempfile::tempdir().unwrap();
        let location = catalog::Location { kind: "url".to_owned(), target: "http://a".to_owned() };
        let given = catalog::Settings { locations: vec![location], ..Default::default() };
        assert_eq!(super::settings(&given, folder.path()).unwrap(), given);
        assert!(!folder.path().join("estate").exists());
    }
}
