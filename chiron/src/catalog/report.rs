//! What is wrong with descriptors, for people, programs, code scanning and the runners of GitHub.

use anyhow::Result;
use catalog::{Finding, Level, Report, Rule};
use serde_json::{Value, json};

use crate::catalog::{counted, visible};
use crate::cli::ReportFormat;

/// The schema of the standard (SARIF 2.1.0 with errata 01, OASIS 2023, appendix of the package).
const SARIF_SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How many findings there are of each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: usize,
    pub(super) warnings: usize,
}

fn level(finding: &Finding, strict: bool) -> Level {
    if strict { Level::Error } else { finding.rule.level() }
}

/// Counts the findings; to be strict is to take warnings for errors.
pub(super) fn counts(report: &Report, strict: bool) -> Counts {
    let is_error = |finding: &&Finding| level(finding, strict) == Level::Error;
    let errors = report.findings.iter().filter(is_error).count();
    Counts { errors, warnings: report.findings.len() - errors }
}

/// The report as lines.
pub(super) fn lines(report: &Report, format: ReportFormat, strict: bool) -> Result<Vec<String>> {
    let each = |line: fn(&Finding, Level) -> String| {
        let findings = report.findings.iter();
        let lines = findings.map(move |finding| line(finding, level(finding, strict)));
        lines.chain([summary(report, strict)]).collect()
    };
    Ok(match format {
        ReportFormat::Text => each(text),
        ReportFormat::Github => each(github),
        ReportFormat::Json => vec![serde_json::to_string_pretty(&as_json(report, strict))?],
        ReportFormat::Sarif => vec![serde_json::to_string_pretty(&sarif(report, strict))?],
    })
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn summary(report: &Report, strict: bool) -> String {
    let Counts { errors, warnings } = counts(report, strict);
    format!(
        "{}, {}: {}, {}",
        counted(report.files, "file", "files"),
        counted(report.entities, "entity", "entities"),
        counted(errors, "error", "errors"),
        counted(warnings, "warning", "warnings"),
    )
}

/// As compilers write it, which editors know how to follow.
fn text(finding: &Finding, level: Level) -> String {
    let Finding { file, line, column, rule, .. } = finding;
    let message = finding.message();
    visible(&format!("{file}:{line}:{column}: {}: {message} [{}]", word(level), rule.name()))
}

/// A command of GitHub's runners, which shows the finding at its line (GitHub Docs, "Workflow
/// commands for GitHub Actions", "Setting an error message").
fn github(finding: &Finding, level: Level) -> String {
    let Finding { file, line, column, rule, entity, .. } = finding;
    let title = match entity {
        Some(entity) => format!("{entity} ({})", rule.name()),
        None => rule.name().to_owned(),
    };
    visible(&format!(
        "::{} file={},line={line},col={column},title={}::{}",
        word(level),
        property(file),
        property(&title),
        data(&finding.message()),
    ))
}

/// Escaped as the runner's own toolkit does (actions/toolkit, `command.ts`).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn as_json(report: &Report, strict: bool) -> Value {
    let Counts { errors, warnings } = counts(report, strict);
    let findings = report.findings.iter().map(|finding| {
        json!({
            "file": finding.file, "line": finding.line, "column": finding.column,
            "level": word(level(finding, strict)), "rule": finding.rule.name(),
            "entity": finding.entity, "pointer": finding.pointer, "message": finding.message(),
        })
    });
    json!({
        "files": report.files, "entities": report.entities, "errors": errors,
        "warnings": warnings, "findings": findings.collect::<Vec<_>>(),
    })
}

fn sarif(report: &Report, strict: bool) -> Value {
    let rules = Rule::ALL.map(|rule| {
        json!({
            "id": rule.name(),
            "shortDescription": {"text": rule.description()},
            "defaultConfiguration": {"level": word(rule.level())},
        })
    });
    let results = report.findings.iter().map(|finding| {
        let Finding { file, line, column, rule, entity, .. } = finding;
        let logical = entity.iter().map(|entity| json!({"fullyQualifiedName": entity}));
        let location = json!({
            "physicalLocation": {
                "artifactLocation": artifact(file),
                "region": {"startLine": line, "startColumn": column},
            },
            "logicalLocations": logical.collect::<Vec<_>>(),
        });
        json!({
            "ruleId": rule.name(),
            "ruleIndex": Rule::ALL.iter().position(|known| known == rule),
            "level": word(level(finding, strict)),
            "message": {"text": plain_message(&finding.message())},
            "locations": [location],
        })
    });
    json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "chiron catalog validate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A text without placeholders and links: braces doubled (SARIF 2.1.0, section 3.11.5), brackets
/// behind backslashes (section 3.11.6).
fn plain_message(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '{' | '}' => plain.extend([letter, letter]),
            '\\' | '[' | ']' => plain.extend(['\\', letter]),
            _ => plain.push(letter),
        }
    }
    plain
}

/// A file as a URI (SARIF 2.1.0, section 3.4.3): relative to the root of the sources, unless its
/// path is absolute.
fn artifact(file: &str) -> Value {
    let parts: Vec<String> = file.split('/').map(chiron_chassis::Calls::segment).collect();
    let path = parts.join("/");
    if file.starts_with('/') {
        return json!({"uri": format!("file://{path}")});
    }
    json!({"uri": path, "uriBaseId": "%SRCROOT%"})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(file: &str, detail: &str) -> Finding {
        Finding {
            file: file.to_owned(),
            line: 3,
            column: 5,
            rule: Rule::Metadata,
            entity: Some("component:default/a".to_owned()),
            pointer: "/metadata/annotations/x~1y".to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn commands_of_a_runner_are_escaped_by_their_place() {
        let line = github(&finding("a,b:c/100%.yaml", "is 1,5: 50%\r\n::stop::"), Level::Error);
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac/100%25.yaml,line=3,col=5,\
             title=component%3Adefault/a (metadata)::metadata.annotations.x/y is 1,5: \
             50%25%0D%0A::stop::"
        );
    }

    #[test]
    fn a_line_of_text_is_one_line() {
        let line = text(&finding("a\u{1b}.yaml", "is\nwrong"), Level::Warning);
        assert_eq!(
            line,
            "a\\u{1b}.yaml:3:5: warning: metadata.annotations.x/y is\\nwrong [metadata]"
        );
    }

    #[test]
    fn sarif_has_what_the_standard_asks_for() {
        let mut findings = vec![finding("dir/a b.yaml", "write `[x]` or `{y: \\}`")];
        findings.push(Finding { entity: None, rule: Rule::Reference, ..finding("/a.yaml", "") });
        let log = sarif(&Report { files: 2, entities: 2, findings }, false);
        // Section 3.13: version and runs; the schema's own address.
        assert_eq!(log["version"], "2.1.0");
        assert!(log["$schema"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
        let run = &log["runs"][0];
        assert_eq!(log["runs"].as_array().unwrap().len(), 1);
        // Section 3.19: a driver has a name; ids of rules are unique.
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string());
        let rules = driver["rules"].as_array().unwrap();
        let ids: std::collections::BTreeSet<&str> =
            rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len());
        for result in run["results"].as_array().unwrap() {
            // Section 3.27: the index is that of the rule, the level one of four, a text is there.
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(
                ["error", "warning", "note", "none"].contains(&result["level"].as_str().unwrap())
            );
            assert!(result["message"]["text"].is_string());
            // Section 3.30: lines and columns count from 1.
            let region = &result["locations"][0]["physicalLocation"]["region"];
            assert!(region["startLine"].as_u64().unwrap() >= 1);
            assert!(region["startColumn"].as_u64().unwrap() >= 1);
        }
        let (first, second) = (&run["results"][0], &run["results"][1]);
        assert_eq!(
            first["message"]["text"],
            "metadata.annotations.x/y write `\\[x\\]` or `{{y: \\\\}}`"
        );
        let artifact =
            |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"].clone();
        let relative = json!({"uri": "dir/a%20b.yaml", "uriBaseId": "%SRCROOT%"});
        assert_eq!(artifact(first), relative);
        assert_eq!(artifact(second), json!({"uri": "file:///a.yaml"}));
        assert_eq!((&first["level"], &second["level"]), (&json!("error"), &json!("warning")));
    }

    #[test]
    fn to_be_strict_is_to_take_warnings_for_errors() {
        let warning = Finding { rule: Rule::Reference, ..finding("a", "") };
        let report = Report { files: 1, entities: 1, findings: vec![warning] };
        assert_eq!(counts(&report, false), Counts { errors: 0, warnings: 1 });
        assert_eq!(counts(&report, true), Counts { errors: 1, warnings: 0 });
        for format in
            [ReportFormat::Text, ReportFormat::Github, ReportFormat::Json, ReportFormat::Sarif]
        {
            let said = lines(&report, format, true).unwrap().join("\n");
            assert!(said.contains("error"), "{said}");
        }
    }
}
