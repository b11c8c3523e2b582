//! Descriptors looked at without a catalogue: what is wrong with files on their way into one.
//!
//! Judged by what judges in the catalogue, so that what passes here is taken there. What only a
//! server knows (addresses, entities of others) is not asked: a reference to what was not read is
//! no more than a warning, and a field that an address fills in is not judged.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use catalog_domain::entity::{Fault, Marks, Place, reference_of};
use catalog_domain::usecase::{dangling, repeated};
use serde_json::Value;

use super::judge::{Judge, KindError};
use super::reading::{Placeholder, placeholders, valued};
use super::source::{MOST_BYTES, matches};
use super::yaml;
use crate::KindSettings;

/// The name of a descriptor.
const DESCRIPTOR: &str = "catalog-info";
/// Folders that are not looked into: what was made or fetched, and what templates are made of.
const LEFT_OUT: [&str; 3] = ["node_modules", "target", "skeleton"];
/// What an `apiVersion` of Backstage's begins with.
const OURS: [&str; 2] = ["backstage.io/", "scaffolder.backstage.io/"];

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The catalogue would not take it.
    Error,
    /// The catalogue would take it; it may not be what was meant.
    Warning,
}

/// What is asked of descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A file can be read.
    Source,
    /// It is YAML.
    Syntax,
    /// A document says what it is.
    Envelope,
    /// `metadata` has the form of Backstage's descriptors.
    Metadata,
    /// `spec` has what its kind asks for.
    Spec,
    /// What a placeholder stands for is there and can be read.
    Placeholder,
    /// What a Location points at is there.
    Target,
    /// No two entities have one reference.
    Duplicate,
    /// What an entity refers to was read too.
    Reference,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Source,
        Self::Syntax,
        Self::Envelope,
        Self::Metadata,
        Self::Spec,
        Self::Placeholder,
        Self::Target,
        Self::Duplicate,
        Self::Reference,
    ];

    /// Its name, which stays.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Syntax => "syntax",
            Self::Envelope => "envelope",
            Self::Metadata => "metadata",
            Self::Spec => "spec",
            Self::Placeholder => "placeholder",
            Self::Target => "target",
            Self::Duplicate => "duplicate",
            Self::Reference => "reference",
        }
    }

    /// What it asks for, in a sentence.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Source => "A descriptor can be read.",
            Self::Syntax => "A descriptor is YAML.",
            Self::Envelope => "A document says its apiVersion and a kind that the catalogue knows.",
            Self::Metadata => {
                "Names, labels, tags and links have the form that the catalogue asks."
            }
            Self::Spec => "An entity has the fields that its kind asks for.",
            Self::Placeholder => "What a placeholder stands for is there and can be read.",
            Self::Target => "What a Location points at is there.",
            Self::Duplicate => "No two entities have the same kind, namespace and name.",
            Self::Reference => "What an entity refers to is described too.",
        }
    }

    /// How grave it is to break it.
    #[must_use]
    pub fn level(self) -> Level {
        if self == Self::Reference { Level::Warning } else { Level::Error }
    }

    fn of(pointer: &str) -> Self {
        match pointer.split('/').nth(1) {
            None | Some("apiVersion" | "kind") => Self::Envelope,
            Some("metadata") => Self::Metadata,
            Some(_) => Self::Spec,
        }
    }
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as it was named or found.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What it breaks.
    pub rule: Rule,
    /// Which entity, by its written reference; `None` where there is none to name.
    pub entity: Option<String>,
    /// Which field: a JSON Pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What is wrong with the field and what to write instead.
    pub detail: String,
}

impl Finding {
    /// The finding as a sentence that names the field.
    #[must_use]
    pub fn message(&self) -> String {
        let mut field = String::new();
        for part in self.pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
                field = format!("{field}[{part}]");
            } else {
                let dot = if field.is_empty() { "" } else { "." };
                field = format!("{field}{dot}{part}");
            }
        }
        let space = if field.is_empty() { "" } else { " " };
        format!("{field}{space}{}", self.detail)
    }
}

/// What came of looking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many files were looked at.
    pub files: usize,
    /// How many entities stand in them.
    pub entities: usize,
    /// What is wrong, by file and place.
    pub findings: Vec<Finding>,
}

/// Nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A path names nothing.
    #[error("{0} is not there")]
    Missing(String),
    /// A pattern matches nothing.
    #[error("no file matches {0}")]
    NoMatch(String),
    /// There is no descriptor in the folders.
    #[error(
        "there is no descriptor in {0}: in folders, files of YAML whose name is {DESCRIPTOR} or \
         whose apiVersion is Backstage's are looked at; name others themselves"
    )]
    Nothing(String),
    /// A path has no absolute form.
    #[error("the path {path} cannot be found")]
    Path {
        /// The path.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A kind of the settings cannot be used.
    #[error(transparent)]
    Kind(#[from] KindError),
}

/// Looks at the descriptors in files, folders and patterns of files (`*` and `?` within a name, `**`
/// for any folders), together.
///
/// # Errors
///
/// See [`CheckError`]; what is wrong with a descriptor is in the report.
pub fn check(paths: &[String], kinds: &[KindSettings]) -> Result<Report, CheckError> {
    let judge = Judge::new(kinds)?;
    let versions = kinds.iter().flat_map(|kind| kind.api_versions.iter().map(String::as_str));
    let versions: Vec<&str> = OURS.into_iter().chain(versions).collect();
    let files = files(paths, &versions)?;
    let mut looked = Looked { judge: &judge, entities: Vec::new(), findings: Vec::new() };
    for file in &files {
        looked.file(file);
    }
    looked.together();
    let Looked { entities, mut findings, .. } = looked;
    findings.sort_by(|one, two| {
        let key = |it: &Finding| (it.line, it.column, it.rule);
        one.file.cmp(&two.file).then_with(|| key(one).cmp(&key(two)))
    });
    Ok(Report { files: files.len(), entities: entities.len(), findings })
}

/// Every file that is meant, once, as it is to be shown.
fn files(paths: &[String], versions: &[&str]) -> Result<Vec<PathBuf>, CheckError> {
    let mut found: Vec<PathBuf> = Vec::new();
    for text in paths {
        let path = Path::new(text);
        if path.is_dir() {
            walk(path, versions, &mut found);
        } else if path.exists() {
            found.push(path.to_owned());
        } else if text.contains(['*', '?']) {
            let matched = matching(path)?;
            if matched.is_empty() {
                return Err(CheckError::NoMatch(text.clone()));
            }
            found.extend(matched);
        } else {
            return Err(CheckError::Missing(text.clone()));
        }
    }
    if found.is_empty() {
        return Err(CheckError::Nothing(paths.join(", ")));
    }
    let mut seen = HashSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    let mut found: Vec<PathBuf> = found.iter().map(|path| plain(path)).collect();
    found.sort();
    Ok(found)
}

/// The files that a pattern matches, relative where the pattern is.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, CheckError> {
    let absolute = |path: &Path| {
        let wrong = |source| CheckError::Path { path: path.display().to_string(), source };
        std::path::absolute(path).map_err(wrong)
    };
    let whole = absolute(pattern)?;
    let here = absolute(Path::new("."))?;
    let found = matches(&whole.to_string_lossy()).into_iter().filter(|path| path.is_file());
    let relative = |path: PathBuf| match path.strip_prefix(&here) {
        Ok(inner) if pattern.is_relative() => inner.to_owned(),
        _ => path,
    };
    Ok(found.map(relative).collect())
}

/// A path without `.` between its parts.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

/// The descriptors in a folder. Links to folders are not followed, since they may lead back.
fn walk(folder: &Path, versions: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if !LEFT_OUT.contains(&&*name) {
                    walk(&path, versions, found);
                }
            }
            _ => {
                let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
                let Some(stem) = stem else { continue };
                if path.is_file() && (stem == DESCRIPTOR || describes(&path, versions)) {
                    found.push(path);
                }
            }
        }
    }
}

/// Whether a file has a document with one of these versions.
fn describes(path: &Path, versions: &[&str]) -> bool {
    let Ok(text) = read(path) else { return false };
    text.lines().filter_map(|line| line.strip_prefix("apiVersion:")).any(|version| {
        let version = version.trim().trim_start_matches(['"', '\'']);
        versions.iter().any(|own| version.starts_with(own))
    })
}

fn read(path: &Path) -> Result<String, String> {
    let long = std::fs::metadata(path).is_ok_and(|metadata| (MOST_BYTES as u64) < metadata.len());
    if long {
        return Err("is larger than is read: split it".to_owned());
    }
    let text = std::fs::read_to_string(path);
    text.map_err(|error| format!("cannot be read: {error}"))
}

/// A document that was read.
struct Entity {
    file: PathBuf,
    value: Value,
    marks: Marks,
}

impl Entity {
    fn finding(&self, rule: Rule, fault: Fault) -> Finding {
        let at = self.marks.nearest(&fault.pointer).unwrap_or(Place { line: 1, column: 1 });
        Finding {
            file: self.file.to_string_lossy().into_owned(),
            line: at.line,
            column: at.column,
            rule,
            entity: reference_of(&self.value).map(|reference| reference.to_string()),
            pointer: fault.pointer,
            detail: fault.detail,
        }
    }
}

struct Looked<'a> {
    judge: &'a Judge,
    entities: Vec<Entity>,
    findings: Vec<Finding>,
}

impl Looked<'_> {
    fn file(&mut self, path: &Path) {
        let whole = |rule, line, column, detail| Finding {
            file: path.to_string_lossy().into_owned(),
            line,
            column,
            rule,
            entity: None,
            pointer: String::new(),
            detail,
        };
        let text = match read(path) {
            Ok(text) => text,
            Err(detail) => {
                let detail = format!("the file {detail}");
                self.findings.push(whole(Rule::Source, 1, 1, detail));
                return;
            }
        };
        match yaml::marked(&text) {
            Ok(documents) => {
                for (document, marks) in documents {
                    self.document(Entity { file: path.to_owned(), value: document.value, marks });
                }
            }
            Err(error) => {
                let detail = format!("this is no YAML: {}", error.detail);
                self.findings.push(whole(Rule::Syntax, error.line, error.column, detail));
            }
        }
    }

    /// What is wrong with one document by itself.
    fn document(&mut self, mut entity: Entity) {
        let mut found = Vec::new();
        placeholders(&entity.value, &mut String::new(), &mut found);
        // Where nothing can be judged.
        let mut open: Vec<String> = Vec::new();
        for placeholder in found {
            let pointer = placeholder.pointer.clone();
            match filled(&entity.file, placeholder) {
                Ok(Some(value)) => {
                    if let Some(place) = entity.value.pointer_mut(&pointer) {
                        *place = value;
                    }
                }
                Ok(None) => open.push(pointer),
                Err(detail) => {
                    let fault = Fault::new(pointer.clone(), detail);
                    self.findings.push(entity.finding(Rule::Placeholder, fault));
                    open.push(pointer);
                }
            }
        }
        let is_open = |pointer: &str| {
            open.iter().any(|open| {
                pointer
                    .strip_prefix(open.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        for fault in self.judge.faults(&entity.value) {
            if !is_open(&fault.pointer) {
                self.findings.push(entity.finding(Rule::of(&fault.pointer), fault));
            }
        }
        for fault in missing_targets(&entity) {
            self.findings.push(entity.finding(Rule::Target, fault));
        }
        self.entities.push(entity);
    }

    /// What is wrong with all of them together.
    fn together(&mut self) {
        let values: Vec<&Value> = self.entities.iter().map(|entity| &entity.value).collect();
        for (nth, fault) in dangling(&values) {
            let entity = self.entities.get(nth);
            self.findings.extend(entity.map(|entity| entity.finding(Rule::Reference, fault)));
        }
        for (nth, first) in repeated(&values) {
            let (Some(entity), Some(first)) = (self.entities.get(nth), self.entities.get(first))
            else {
                continue;
            };
            let reference = reference_of(&entity.value).map(|it| it.to_string());
            let place = first.finding(Rule::Duplicate, Fault::new("/metadata/name", ""));
            let detail = format!(
                "makes this {}, which stands at {}:{} already: take one of them out, or give it \
                 another name or namespace",
                reference.unwrap_or_default(),
                place.file,
                place.line
            );
            let fault = Fault::new("/metadata/name", detail);
            self.findings.push(entity.finding(Rule::Duplicate, fault));
        }
    }
}

/// What a placeholder stands for; `None` when only a server can read it.
fn filled(file: &Path, placeholder: Placeholder) -> Result<Option<Value>, String> {
    let Placeholder { how, target, .. } = placeholder;
    if target.contains("://") {
        return Ok(None);
    }
    if Path::new(&target).is_absolute() {
        return Err(format!("is `{target}`: write a path from this file on, or an address"));
    }
    let path = file.parent().unwrap_or(Path::new("")).join(&target);
    if !path.is_file() {
        return Err(format!("is `{target}`, and there is no such file: correct the path"));
    }
    let text = read(&path).map_err(|detail| format!("is `{target}`, which {detail}"))?;
    valued(&how, &target, &text).map(Some)
}

/// What a Location points at in files that are not there.
fn missing_targets(entity: &Entity) -> Vec<Fault> {
    let text = |pointer: &str| entity.value.pointer(pointer).and_then(Value::as_str);
    let is_files = matches!(text("/spec/type"), None | Some("file"));
    if text("/kind") != Some("Location") || !is_files || text("/spec/presence") == Some("optional")
    {
        return Vec::new();
    }
    let list = entity.value.pointer("/spec/targets").and_then(Value::as_array);
    let list = list.into_iter().flatten().enumerate();
    let list = list.filter_map(|(nth, it)| Some((format!("/spec/targets/{nth}"), it.as_str()?)));
    let one = text("/spec/target").map(|target| ("/spec/target".to_owned(), target));
    let folder = entity.file.parent().unwrap_or(Path::new(""));
    let is_there = |target: &str| {
        let path = folder.join(target);
        if target.contains(['*', '?']) {
            matching(&path).is_ok_and(|found| !found.is_empty())
        } else {
            path.is_file()
        }
    };
    one.into_iter()
        .chain(list)
        .filter(|(_, target)| !target.contains("://") && !is_there(target))
        .map(|(pointer, target)| {
            let detail = format!(
                "is `{target}`, and there is no such file: correct the path, or write \
                 `presence: optional`"
            );
            Fault::new(pointer, detail)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in files of these texts, which stand in one folder.
    fn found(files: &[(&str, &str)], named: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap().to_owned();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let named: Vec<String> = named.iter().map(|path| format!("{root}/{path}")).collect();
        let report = check(&named, &[]).map_err(|error| error.to_string().replace(&root, ""))?;
        let mut shown = vec![format!("{} files, {} entities", report.files, report.entities)];
        shown.extend(report.findings.iter().map(|finding| {
            let Finding { file, line, column, rule, entity, .. } = finding;
            let (rule, entity) = (rule.name(), entity.as_deref().unwrap_or("-"));
            format!("{file}:{line}:{column} {rule} {entity} {}", finding.message())
                .replace(&root, "")
        }));
        Ok(shown)
    }

    const TEAM: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: team}\n\
                        spec: {type: team, children: []}\n";

    fn api(definition: &str) -> String {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a}}\nspec:\n  \
             type: openapi\n  lifecycle: x\n  owner: team\n  definition: {definition}\n---\n{TEAM}"
        )
    }

    #[test]
    fn placeholders_of_files_are_filled_in_and_of_addresses_left_alone() {
        let with = |definition: &str| {
            let text = api(definition);
            let files = [("a.yaml", text.as_str()), ("b.json", "[1]"), ("c.txt", "text")];
            found(&files, &["a.yaml"]).unwrap().split_off(1)
        };
        assert_eq!(with("{$text: ./c.txt}"), Vec::<String>::new());
        assert_eq!(with("{$text: https://host/c}"), Vec::<String>::new());
        assert_eq!(with("{$json: https://host/c}"), Vec::<String>::new());
        for (definition, expected) in [
            (
                "{$json: b.json}",
                "spec api:default/a spec.definition is a list: write `definition: \
                {$text: https://host/openapi.yaml}`",
            ),
            (
                "{$json: c.txt}",
                "placeholder api:default/a spec.definition c.txt is no JSON: \
                expected ident at line 1 column 2",
            ),
            (
                "{$text: d}",
                "placeholder api:default/a spec.definition is `d`, and there is no such \
                file: correct the path",
            ),
            (
                "{$text: /etc/passwd}",
                "placeholder api:default/a spec.definition is `/etc/passwd`: \
                write a path from this file on, or an address",
            ),
        ] {
            assert_eq!(with(definition), [format!("/a.yaml:8:3 {expected}")]);
        }
    }

    #[test]
    fn a_location_points_at_files_that_are_there() {
        let location = |spec: &str| {
            format!(
                "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: l}}\n\
                     spec:\n  targets:\n  - ./a/b.yaml\n  - ./c.yaml\n  - ./d/*.yaml\n  \
                     - https://host/e\n{spec}"
            )
        };
        let with = |spec: &str| {
            let text = location(spec);
            found(&[("l.yaml", &text), ("a/b.yaml", "")], &["l.yaml"]).unwrap().split_off(1)
        };
        let missing = |line: usize, nth: usize, target: &str| {
            format!(
                "/l.yaml:{line}:5 target location:default/l spec.targets[{nth}] is `{target}`, \
                     and there is no such file: correct the path, or write `presence: optional`"
            )
        };
        assert_eq!(with(""), [missing(7, 1, "./c.yaml"), missing(8, 2, "./d/*.yaml")]);
        assert_eq!(with("  presence: optional\n"), Vec::<String>::new());
        assert_eq!(with("  type: url\n"), Vec::<String>::new());
    }

    #[test]
    fn folders_are_searched_for_descriptors_and_files_are_taken_as_named() {
        let other = "apiVersion: apps/v1\nkind: Deployment\n";
        let files = [
            ("catalog-info.yaml", ""),
            ("x/catalog-info.yml", ""),
            ("x/teams.yaml", TEAM),
            ("x/deployment.yaml", other),
            ("x/notes.md", TEAM),
            (".git/catalog-info.yaml", ""),
            ("x/node_modules/catalog-info.yaml", ""),
            ("t/skeleton/catalog-info.yaml", "kind: ${{ values.kind }}"),
        ];
        let counted = |named: &[&str]| found(&files, named).map(|found| found[0].clone());
        assert_eq!(counted(&["."]).unwrap(), "3 files, 1 entities");
        assert_eq!(counted(&["x", "x/teams.yaml", "./x/../x"]).unwrap(), "2 files, 1 entities");
        assert_eq!(counted(&["**/*.yaml"]).unwrap(), "4 files, 3 entities");
        assert_eq!(counted(&["x/deployment.yaml"]).unwrap(), "1 files, 1 entities");
        assert_eq!(counted(&["y"]).unwrap_err(), "/y is not there");
        assert_eq!(counted(&["y/*"]).unwrap_err(), "no file matches /y/*");
        assert!(counted(&["t"]).unwrap_err().starts_with("there is no descriptor in /t:"));
    }

    #[test]
    fn what_is_no_text_or_no_yaml_is_a_finding_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog-info.yaml");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        let named = [path.to_str().unwrap().to_owned()];
        let report = check(&named, &[]).unwrap();
        assert_eq!((report.files, report.entities, report.findings.len()), (1, 0, 1));
        assert_eq!(report.findings[0].rule, Rule::Source);
        std::fs::write(&path, "a: 1\n---\nb: [\n").unwrap();
        let report = check(&named, &[]).unwrap();
        assert_eq!(report.findings[0].rule, Rule::Syntax);
        assert!(3 <= report.findings[0].line, "{report:?}");
    }
}
