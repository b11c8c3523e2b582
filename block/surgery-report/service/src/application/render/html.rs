//! The page: one file without scripts, links to elsewhere, or styles on elements, so that it is
//! whole under a policy that allows its one style sheet, by digest, and nothing else.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use minijinja::{Environment, context, value::Value};
use sha2::{Digest as _, Sha256};

use super::{RenderError, sheet::Sheet};
use crate::application::words::fill;

const CSS: &str = include_str!("../../../templates/report.css");
/// Ends in `.html`, which is what makes values escaped.
const NAME: &str = "report.html";

/// The template.
pub(super) struct Pages {
    environment: Environment<'static>,
    policy: String,
}

impl Pages {
    pub(super) fn new() -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.add_template(NAME, include_str!("../../../templates/report.html"))?;
        let digest = STANDARD.encode(Sha256::digest(CSS.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'self'"
        );
        Ok(Self { environment, policy })
    }

    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    pub(super) fn page(&self, sheet: &Sheet) -> Result<String, RenderError> {
        let words = sheet.words;
        let page = context! {
            s => minijinja::value::Serde(sheet),
            w => minijinja::value::Serde(words),
            css => Value::from_safe_string(CSS.to_owned()),
            movements_note => fill(words.movements_note, &[&sheet.passages.to_string()]),
            version_line => fill(words.version, &[&sheet.version.to_string()]),
        };
        Ok(self.environment.get_template(NAME)?.render(page)?)
    }
}
