//! The arrows of the house, proved from manifests and sources.
//!
//! What a crate may depend on follows from the folder in which it lies, so that a newcomer who
//! knows the tree knows the rules. The rules are those of ARCHITECTURE.md, "Invariants".

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::findings::{Findings, line_of};
use crate::workspace::{Crate, crates};

/// Where a crate stands in the house. Arrows point to what stands lower.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Layer {
    /// Stands on nothing of the product but itself: clock, broker, store, chassis in this order.
    Kernel(u8),
    /// The published language of the block.
    Language,
    /// The services' one way to a twin layer.
    TwinClient,
    /// How the platform's services speak, and what they tell each other.
    PlatformLibrary,
    /// Rules of a context; the name of its folder.
    Domain(String),
    /// A deployable part; the name of its context.
    Service(String),
    /// One of the developer platform.
    PlatformService(String),
    /// The one binary.
    Binary,
    /// What developers run; nothing of the product depends on it.
    Tool,
    /// The oracle shares no code with the product.
    Oracle,
}

fn layer(folder: &Path) -> Option<Layer> {
    let parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
    Some(match parts.as_slice() {
        ["kernel", "clock"] => Layer::Kernel(0),
        ["kernel", "broker"] => Layer::Kernel(1),
        ["kernel", "store"] => Layer::Kernel(2),
        ["kernel", "chassis"] => Layer::Kernel(3),
        ["block", "language"] => Layer::Language,
        ["twins", "client"] => Layer::TwinClient,
        ["platform", "backstage" | "language"] => Layer::PlatformLibrary,
        ["block" | "twins" | "things" | "platform", context, "domain"] => {
            Layer::Domain((*context).to_owned())
        }
        ["platform", context] | ["platform", context, "service"] => {
            Layer::PlatformService((*context).to_owned())
        }
        ["block" | "twins" | "things", context]
        | ["block" | "twins" | "things", context, "service"] => {
            Layer::Service((*context).to_owned())
        }
        ["simulator"] => Layer::Service("simulator".to_owned()),
        ["chiron"] => Layer::Binary,
        ["tests", "truth"] => Layer::Oracle,
        ["xtask" | "benches"] | ["tests", _] => Layer::Tool,
        _ => return None,
    })
}

/// Whether a crate of layer `from` may be built on one of layer `to`.
fn may_depend(from: &Layer, to: &Layer) -> bool {
    match (from, to) {
        (Layer::Kernel(upper), Layer::Kernel(lower)) => lower < upper,
        (Layer::Tool, Layer::Tool) => true,
        (Layer::Oracle | Layer::Domain(_) | Layer::Kernel(_), _)
        | (_, Layer::Oracle | Layer::Tool | Layer::Binary) => false,
        (Layer::Language | Layer::TwinClient | Layer::PlatformLibrary, to) => {
            matches!(to, Layer::Kernel(_))
        }
        (Layer::Service(context) | Layer::PlatformService(context), Layer::Domain(other)) => {
            context == other
        }
        (Layer::PlatformService(_), to) => {
            matches!(to, Layer::Kernel(_) | Layer::PlatformLibrary)
        }
        (Layer::Service(_), to) => {
            matches!(to, Layer::Kernel(_) | Layer::Language | Layer::TwinClient)
        }
        (Layer::Binary, to) => !matches!(to, Layer::Domain(_) | Layer::PlatformLibrary),
        (Layer::Tool, _) => true,
    }
}

/// Crates from outside that a domain crate may be built on.
const DOMAIN_MAY_USE: [&str; 3] = ["jiff", "uuid", "thiserror"];

/// Domains whose things are JSON documents (a twin, an entity of the catalogue): they have
/// `serde_json` besides.
const DOCUMENTS: [&str; 2] = ["platform/catalog/domain", "twins/engine/domain"];

/// Domains that read formats and languages, with the crates that know them.
const FORMATS: [(&str, &[&str]); 2] = [
    (
        "platform/techdocs/domain",
        &["ammonia", "granit-parser", "pulldown-cmark", "unicode-normalization"],
    ),
    ("platform/search/domain", &["frostem", "unicode-normalization"]),
];

/// Drivers, and the only crates that may hold them.
const DRIVERS: [(&str, &[&str]); 6] = [
    ("rusqlite", &["kernel/broker", "kernel/store", "platform/catalog/service"]),
    ("mongodb", &["kernel/store"]),
    ("tantivy", &["platform/search/service"]),
    ("argon2", &["block/user-management-integration/service"]),
    ("utoipa-swagger-ui", &["kernel/chassis"]),
    ("metrics-exporter-prometheus", &["kernel/chassis"]),
];

/// What the inner layers must not name, and why.
const FORBIDDEN_IN_DOMAIN: [(&str, &str); 8] = [
    ("SystemTime", "a domain takes `now` as an argument"),
    ("Instant::now", "a domain takes `now` as an argument"),
    ("Timestamp::now", "a domain takes `now` as an argument"),
    ("std::fs", "a domain does no I/O"),
    ("std::net", "a domain does no I/O"),
    ("std::env", "a domain reads no environment"),
    ("tracing::", "a domain logs nothing"),
    ("println!", "a domain prints nothing"),
];

/// Checks the workspace at `root`.
pub(crate) fn check(root: &Path) -> Result<Findings> {
    let crates = crates(root)?;
    let mut findings = Findings::default();
    let by_name: BTreeMap<&str, &Crate> =
        crates.iter().map(|member| (member.name.as_str(), member)).collect();
    for member in &crates {
        let Some(from) = layer(&member.folder) else {
            findings.add(&member.manifest_path(), 1, "this folder has no place in the house");
            continue;
        };
        arrows(member, &from, &by_name, &mut findings);
        drivers(member, &mut findings);
        binaries(member, &from, &mut findings);
        sources(member, &from, &mut findings);
    }
    findings.0.sort();
    Ok(findings)
}

fn arrows(member: &Crate, from: &Layer, by_name: &BTreeMap<&str, &Crate>, findings: &mut Findings) {
    for dependency in member.dependencies() {
        let line = line_of(&member.manifest, &dependency);
        match by_name.get(dependency.as_str()).map(|target| (target, layer(&target.folder))) {
            Some((target, Some(to))) if !may_depend(from, &to) => {
                let message = format!(
                    "{} may not depend on {} ({})",
                    member.name,
                    dependency,
                    target.folder.display()
                );
                findings.add(&member.manifest_path(), line, message);
            }
            Some(_) => {}
            None => {
                let is_document = dependency == "serde_json"
                    && DOCUMENTS.iter().any(|domain| member.folder == Path::new(domain));
                let is_format = FORMATS.iter().any(|(domain, parsers)| {
                    member.folder == Path::new(domain) && parsers.contains(&dependency.as_str())
                });
                let allowed =
                    DOMAIN_MAY_USE.contains(&dependency.as_str()) || is_document || is_format;
                if matches!(from, Layer::Domain(_)) && !allowed {
                    let message = format!("a domain crate may not depend on {dependency}");
                    findings.add(&member.manifest_path(), line, message);
                }
            }
        }
    }
}

fn drivers(member: &Crate, findings: &mut Findings) {
    for (driver, homes) in DRIVERS {
        let at_home = homes.iter().any(|home| member.folder == Path::new(home));
        if member.dependencies().contains(driver) && !at_home {
            let line = line_of(&member.manifest, driver);
            let message = format!("{driver} is held by {} alone", homes.join(", "));
            findings.add(&member.manifest_path(), line, message);
        }
    }
}

fn binaries(member: &Crate, from: &Layer, findings: &mut Findings) {
    if matches!(from, Layer::Binary | Layer::Tool | Layer::Oracle) {
        return;
    }
    let main = member.folder.join("src/main.rs");
    if member.sources.iter().any(|(path, _)| *path == main) {
        findings.add(&main, 1, "there is one binary, `chiron`; a service is a library");
    }
}

fn sources(member: &Crate, from: &Layer, findings: &mut Findings) {
    let src = member.folder.join("src");
    for (path, text) in member.sources.iter().filter(|(path, _)| path.starts_with(&src)) {
        let inner = path.strip_prefix(&src).unwrap_or(path);
        for (nth, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if matches!(from, Layer::Domain(_)) {
                for (word, why) in FORBIDDEN_IN_DOMAIN {
                    if code.contains(word) {
                        findings.add(path, nth + 1, format!("`{word}`: {why}"));
                    }
                }
            }
            for (layer, outer) in [
                ("entity", &["usecase", "application", "infrastructure"][..]),
                ("usecase", &["application", "infrastructure"]),
                ("application", &["infrastructure"]),
            ] {
                let in_layer =
                    inner.starts_with(layer) || inner == Path::new(&format!("{layer}.rs"));
                let Some(named) = outer.iter().find(|o| code.contains(&format!("crate::{o}")))
                else {
                    continue;
                };
                if in_layer {
                    findings.add(path, nth + 1, format!("`{layer}` may not see `{named}`"));
                }
            }
            if layer_is_entity(inner) && code.contains("async fn") {
                findings.add(path, nth + 1, "an entity waits for nothing: no `async`");
            }
        }
    }
}

fn layer_is_entity(inner: &Path) -> bool {
    inner.starts_with("entity") || inner == Path::new("entity.rs")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A workspace of the given files; each check sees only what it is about.
    fn check_files(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut members = Vec::new();
        for (path, text) in files {
            let path = Path::new(path);
            let whole = folder.path().join(path);
            fs::create_dir_all(whole.parent().unwrap()).unwrap();
            fs::write(&whole, text).unwrap();
            if path.ends_with("Cargo.toml") {
                members.push(format!("{:?}", path.parent().unwrap().to_str().unwrap()));
            }
        }
        let root = format!("[workspace]\nmembers = [{}]\n", members.join(", "));
        fs::write(folder.path().join("Cargo.toml"), root).unwrap();
        check(folder.path()).unwrap().0.iter().map(ToString::to_string).collect()
    }

    fn manifest(name: &str, dependencies: &[&str]) -> String {
        let mut text = format!("[package]\nname = \"{name}\"\n\n[dependencies]\n");
        for dependency in dependencies {
            text.push_str(dependency);
            text.push_str(".workspace = true\n");
        }
        text
    }

    #[test]
    fn a_house_in_order_has_no_findings() {
        let found = check_files(&[
            ("kernel/clock/Cargo.toml", &manifest("chiron-clock", &[])),
            ("kernel/broker/Cargo.toml", &manifest("chiron-broker", &["chiron-clock", "rusqlite"])),
            ("block/a/domain/Cargo.toml", &manifest("a-domain", &["jiff"])),
            ("block/a/service/Cargo.toml", &manifest("a", &["a-domain", "chiron-broker"])),
            ("chiron/Cargo.toml", &manifest("chiron", &["a", "chiron-broker"])),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_context_that_imports_another_is_found() {
        let found = check_files(&[
            ("block/a/domain/Cargo.toml", &manifest("a-domain", &[])),
            ("block/b/service/Cargo.toml", &manifest("b", &["a-domain"])),
        ]);
        assert_eq!(
            found,
            ["block/b/service/Cargo.toml:5: b may not depend on a-domain (block/a/domain)"]
        );
    }

    #[test]
    fn only_services_of_the_platform_speak_as_backstage_does() {
        let uses = |name: &str| manifest(name, &["chiron-backstage"]);
        let found = check_files(&[
            ("kernel/chassis/Cargo.toml", &manifest("chiron-chassis", &[])),
            (
                "platform/backstage/Cargo.toml",
                &manifest("chiron-backstage", &["chiron-chassis", "catalog-domain"]),
            ),
            ("platform/catalog/domain/Cargo.toml", &uses("catalog-domain")),
            (
                "platform/catalog/service/Cargo.toml",
                &manifest("catalog", &["catalog-domain", "chiron-backstage", "chiron-chassis"]),
            ),
            ("platform/search/Cargo.toml", &manifest("search", &["chiron-backstage", "catalog"])),
            ("block/a/service/Cargo.toml", &uses("a")),
            ("chiron/Cargo.toml", &uses("chiron")),
        ]);
        let library = "chiron-backstage (platform/backstage)";
        assert_eq!(
            found,
            [
                format!("block/a/service/Cargo.toml:5: a may not depend on {library}"),
                format!("chiron/Cargo.toml:5: chiron may not depend on {library}"),
                "platform/backstage/Cargo.toml:6: chiron-backstage may not depend on \
                 catalog-domain (platform/catalog/domain)"
                    .to_owned(),
                format!(
                    "platform/catalog/domain/Cargo.toml:5: catalog-domain may not depend on \
                     {library}"
                ),
                "platform/search/Cargo.toml:6: search may not depend on catalog \
                 (platform/catalog/service)"
                    .to_owned(),
            ]
        );
    }

    #[test]
    fn a_domain_that_imports_a_runtime_or_the_kernel_is_found() {
        let found = check_files(&[
            ("kernel/clock/Cargo.toml", &manifest("chiron-clock", &[])),
            ("block/a/domain/Cargo.toml", &manifest("a-domain", &["tokio", "chiron-clock"])),
        ]);
        assert_eq!(
            found,
            [
                "block/a/domain/Cargo.toml:5: a domain crate may not depend on tokio",
                "block/a/domain/Cargo.toml:6: a-domain may not depend on chiron-clock \
                 (kernel/clock)",
            ]
        );
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let found = check_files(&[
            ("kernel/clock/Cargo.toml", &manifest("chiron-clock", &["chiron-broker"])),
            ("kernel/broker/Cargo.toml", &manifest("chiron-broker", &[])),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("kernel/clock/Cargo.toml:5:"), "{found:?}");
    }

    #[test]
    fn a_domain_that_reads_the_clock_or_sees_outwards_is_found() {
        let found = check_files(&[
            ("block/a/domain/Cargo.toml", &manifest("a-domain", &["jiff"])),
            ("block/a/domain/src/entity.rs", "//! Why.\nuse crate::usecase::Port;\n"),
            ("block/a/domain/src/usecase.rs", "//! Why.\nfn f() { jiff::Timestamp::now(); }\n"),
            ("block/a/domain/src/lib.rs", "//! Timestamp::now in a comment is no reading.\n"),
        ]);
        assert_eq!(
            found,
            [
                "block/a/domain/src/entity.rs:2: `entity` may not see `usecase`",
                "block/a/domain/src/usecase.rs:2: `Timestamp::now`: a domain takes `now` as an \
                 argument",
            ]
        );
    }

    #[test]
    fn a_driver_outside_its_home_and_a_second_binary_are_found() {
        let found = check_files(&[
            ("block/a/service/Cargo.toml", &manifest("a", &["rusqlite"])),
            ("block/a/service/src/main.rs", "//! Why.\nfn main() {}\n"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("rusqlite is held by"), "{found:?}");
        assert!(found[1].contains("one binary"), "{found:?}");
    }

    #[test]
    fn the_oracle_shares_no_code_with_the_product() {
        let found = check_files(&[
            ("kernel/clock/Cargo.toml", &manifest("chiron-clock", &[])),
            ("tests/truth/Cargo.toml", &manifest("truth", &["chiron-clock"])),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn this_very_workspace_is_in_order() {
        let root = crate::workspace::root().unwrap();
        let found = check(&root).unwrap();
        assert!(found.0.is_empty(), "{:#?}", found.0);
    }
}
