//! The estate that the catalogue shows before anybody has configured one: this product.
//!
//! The descriptors of our own services are a part of the binary, so that the first start shows them
//! wherever it happens. They are written to the data folder and read from there like any others.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Paths in the repository, and what is there.
macro_rules! files {
    ($($path:literal,)*) => {
        &[$(($path, include_str!(concat!("../../", $path)))),*]
    };
}

/// Our own descriptors, and the documents that they point at.
const FILES: &[(&str, &str)] = files![
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
    "openapi/staff-tracking.json",
    "openapi/surgery-booking-integration.json",
    "openapi/surgery-report.json",
    "openapi/surgical-process-monitoring.json",
    "openapi/thing-directory.json",
    "openapi/twin-engine.json",
    "openapi/user-management-integration.json",
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
    for (path, text) in FILES {
        let path = folder.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        let place = || format!("writing {}", path.display());
        fs::create_dir_all(parent).with_context(place)?;
        fs::write(&path, text).with_context(place)?;
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

    #[test]
    fn named_locations_are_taken_instead() {
        let folder = tempfile::tempdir().unwrap();
        let location = catalog::Location { kind: "url".to_owned(), target: "http://a".to_owned() };
        let given = catalog::Settings { locations: vec![location], ..Default::default() };
        assert_eq!(super::settings(&given, folder.path()).unwrap(), given);
        assert!(!folder.path().join("estate").exists());
    }
}
