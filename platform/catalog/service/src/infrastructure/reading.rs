//! Reading what an entity needs from elsewhere: the targets of a Location, and the texts that
//! placeholders stand for.

use std::sync::Arc;

use catalog_domain::entity::{Fault, Marks, Place, reference_of};
use catalog_domain::usecase::{
    Emission, LocationRef, MANAGED_BY, ORIGIN, Presence, annotated, targets,
};
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use super::judge::Judge;
use super::source::{ReadError, Sources, Text, Watch};
use super::yaml;

/// What came of reading.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) outcome: Outcome,
    /// What to look at to see whether it has changed.
    pub(crate) watch: Watch,
    /// Of everything that was read.
    pub(crate) digest: String,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is what it was.
    Same,
    /// A Location emits these; with what is wrong beside them.
    Emits(Vec<Emission>, Vec<Fault>),
    /// An entity whose placeholders are filled in.
    Filled(Value),
    /// It could not be read whole.
    Faults(Vec<Fault>),
}

/// A SHA-1 in hexadecimal.
pub(crate) fn sha1_hex(bytes: &[u8]) -> String {
    chiron_chassis::hex(&Sha1::digest(bytes))
}

/// Whether an entity is a Location.
pub(crate) fn is_location(input: &str) -> bool {
    // Only a document that says so somewhere is looked into.
    input.contains("\"Location\"")
        && serde_json::from_str::<Value>(input)
            .is_ok_and(|entity| entity.get("kind").and_then(Value::as_str) == Some("Location"))
}

/// Whether an entity may have placeholders.
pub(crate) fn has_placeholders(input: &str) -> bool {
    ["\"$text\"", "\"$json\"", "\"$yaml\""].iter().any(|word| input.contains(word))
}

/// Reads for an entity. `last` is the digest of what was read before; the same is not looked into
/// again.
pub(crate) async fn read(
    sources: &Sources,
    judge: &Judge,
    input: Arc<str>,
    last: Option<&str>,
) -> Reading {
    let mut watch = Watch::default();
    let entity: Value = serde_json::from_str(&input).unwrap_or_default();
    let (outcome, digest) = if is_location(&input) {
        read_location(sources, judge, &entity, last, &mut watch).await
    } else {
        fill(sources, entity, last, &mut watch).await
    };
    Reading { outcome, watch, digest }
}

async fn read_location(
    sources: &Sources,
    judge: &Judge,
    entity: &Value,
    last: Option<&str>,
    watch: &mut Watch,
) -> (Outcome, String) {
    let nothing = |faults| (Outcome::Faults(faults), String::new());
    let named = match targets(entity) {
        Ok(named) => named,
        Err(fault) => return nothing(vec![fault]),
    };
    let mut texts = Vec::new();
    let mut faults = Vec::new();
    let at =
        if entity.pointer("/spec/targets").is_some() { "/spec/targets" } else { "/spec/target" };
    for location in &named.locations {
        let read = match Sources::resolve(location, named.base.as_ref()) {
            Ok(whole) => sources.read(&whole, watch).await,
            Err(error) => Err(error),
        };
        match read {
            Ok(read) => texts.extend(read),
            Err(ReadError::Missing(_)) if named.presence == Presence::Optional => {}
            Err(error) => faults.push(Fault::new(at, error.to_string())),
        }
    }
    if !faults.is_empty() {
        return nothing(faults);
    }
    let mut hash = Sha1::new();
    for Text { location, text } in &texts {
        hash.update(location.to_string().as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let digest = chiron_chassis::hex(&hash.finalize());
    if last == Some(digest.as_str()) {
        return (Outcome::Same, digest);
    }
    let origin = named.origin.or(named.base);
    let judge = judge.clone();
    let looked_into =
        tokio::task::spawn_blocking(move || look_into(&texts, origin.as_ref(), &judge)).await;
    match looked_into {
        Ok(Ok((emissions, faults))) => (Outcome::Emits(emissions, faults), digest),
        Ok(Err(faults)) => (Outcome::Faults(faults), digest),
        Err(panicked) => nothing(vec![Fault::new("", panicked.to_string())]),
    }
}

/// The entities of texts. One text that is no YAML, or has a kind that is not allowed, spoils all.
fn look_into(
    texts: &[Text],
    origin: Option<&LocationRef>,
    judge: &Judge,
) -> Result<(Vec<Emission>, Vec<Fault>), Vec<Fault>> {
    let mut emissions = Vec::new();
    let mut beside = Vec::new();
    let mut faults = Vec::new();
    for Text { location, text } in texts {
        let documents = match yaml::documents(text) {
            Ok(documents) => documents,
            Err(error) => {
                let place = &location.target;
                let at = format!("{place}:{}:{}: {}", error.line, error.column, error.detail);
                faults.push(Fault::new("", at));
                continue;
            }
        };
        let mut places = Places::of(text);
        for (nth, document) in documents.into_iter().enumerate() {
            let line = document.line;
            let mut at = |pointer| {
                let place = places.marks(nth).and_then(|marks| marks.nearest(pointer));
                let place = place.unwrap_or(Place { line, column: 1 });
                format!("{}:{}:{}", location.target, place.line, place.column)
            };
            let kind = document.value.get("kind").and_then(Value::as_str);
            if let Some(kind) = kind
                && !judge.allows(kind)
            {
                let detail = format!("{}: the kind `{kind}` is not allowed", at("/kind"));
                faults.push(Fault::new("", detail));
                continue;
            }
            let Some(reference) = reference_of(&document.value) else {
                let detail = format!("{}: `kind` or `metadata.name` is missing", at(""));
                beside.push(Fault::new("", detail));
                continue;
            };
            let mut wrong: Vec<String> =
                judge.faults(&document.value).into_iter().map(|fault| fault.pointer).collect();
            let mut found = Vec::new();
            placeholders(&document.value, &mut String::new(), &mut found);
            wrong.extend(found.into_iter().map(|placeholder| placeholder.pointer));
            let marks = if wrong.is_empty() {
                Marks::default()
            } else {
                let marks = places.marks(nth);
                marks.map(|marks| marks.only(wrong.iter().map(String::as_str))).unwrap_or_default()
            };
            let entity = annotated(document.value, location, origin.unwrap_or(location));
            emissions.push(Emission {
                reference: reference.to_string(),
                input: entity.to_string().into(),
                location_key: location.to_string(),
                marks,
            });
        }
    }
    if faults.is_empty() { Ok((emissions, beside)) } else { Err(faults) }
}

/// Where the fields of a text's documents stand, worked out when somebody asks.
struct Places<'a> {
    text: &'a str,
    known: Option<Vec<Marks>>,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, known: None }
    }

    fn marks(&mut self, nth: usize) -> Option<&Marks> {
        let text = self.text;
        let known = self.known.get_or_insert_with(|| {
            let marked = yaml::marked(text).unwrap_or_default();
            marked.into_iter().map(|(_, marks)| marks).collect()
        });
        known.get(nth)
    }
}

/// A placeholder: an object whose one key says how what it points at is read.
pub(crate) struct Placeholder {
    pub(crate) pointer: String,
    pub(crate) how: String,
    pub(crate) target: String,
}

/// Fills in the placeholders of an entity.
async fn fill(
    sources: &Sources,
    mut entity: Value,
    last: Option<&str>,
    watch: &mut Watch,
) -> (Outcome, String) {
    let place = |name| {
        let text = entity.pointer("/metadata/annotations")?.get(name)?.as_str()?;
        LocationRef::parse(text).ok()
    };
    let (base, origin) = (place(MANAGED_BY), place(ORIGIN));
    let mut found = Vec::new();
    placeholders(&entity, &mut String::new(), &mut found);
    let mut faults = Vec::new();
    let mut hash = Sha1::new();
    hash.update(entity.to_string().as_bytes());
    let mut read = Vec::new();
    for Placeholder { pointer, how, target } in found {
        let beside = sources.beside(&target, base.as_ref(), origin.as_ref(), watch);
        let text = if let Some(text) = beside {
            text.map_err(|error| error.to_string())
        } else {
            watch.remote = true;
            fetched(sources, &target, base.as_ref()).await
        };
        match text.and_then(|text| Ok((valued(&how, &target, &text)?, text))) {
            Ok((value, text)) => {
                hash.update(text.as_bytes());
                read.push((pointer, value));
            }
            Err(detail) => faults.push(Fault::new(pointer, detail)),
        }
    }
    if !faults.is_empty() {
        return (Outcome::Faults(faults), String::new());
    }
    let digest = chiron_chassis::hex(&hash.finalize());
    if last == Some(digest.as_str()) {
        return (Outcome::Same, digest);
    }
    for (pointer, value) in read {
        if let Some(place) = entity.pointer_mut(&pointer) {
            *place = value;
        }
    }
    (Outcome::Filled(entity), digest)
}

async fn fetched(
    sources: &Sources,
    target: &str,
    base: Option<&LocationRef>,
) -> Result<String, String> {
    // A relative target works where there is a URL to be relative to.
    let whole = Sources::resolve(&LocationRef::new("url", target), base);
    let whole = whole.map_err(|error| error.to_string())?;
    sources.fetch(&whole.target).await.map_err(|error| error.to_string())
}

/// A text, read as its placeholder says.
pub(crate) fn valued(how: &str, target: &str, text: &str) -> Result<Value, String> {
    match how {
        "$text" => Ok(Value::String(text.to_owned())),
        "$json" => {
            serde_json::from_str(text).map_err(|error| format!("{target} is no JSON: {error}"))
        }
        _ => {
            let documents = yaml::documents(text);
            let mut documents =
                documents.map_err(|error| format!("{target} is no YAML: {error}"))?;
            match (documents.pop(), documents.is_empty()) {
                (Some(only), true) => Ok(only.value),
                _ => Err(format!("{target} must have one document")),
            }
        }
    }
}

/// The placeholders in a value, below `pointer`.
pub(crate) fn placeholders(value: &Value, pointer: &mut String, found: &mut Vec<Placeholder>) {
    let back = pointer.len();
    match value {
        Value::Object(members) => {
            if members.len() == 1
                && let Some((how, Value::String(target))) = members.iter().next()
                && matches!(how.as_str(), "$text" | "$json" | "$yaml")
            {
                let (pointer, how, target) = (pointer.clone(), how.clone(), target.clone());
                found.push(Placeholder { pointer, how, target });
                return;
            }
            for (key, value) in members {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                placeholders(value, pointer, found);
                pointer.truncate(back);
            }
        }
        Value::Array(items) => {
            for (nth, value) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&nth.to_string());
                placeholders(value, pointer, found);
                pointer.truncate(back);
            }
        }
        _ => {}
    }
}
