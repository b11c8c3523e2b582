//! A twin layer's notification, read from its record.
//!
//! Headers are those of a `CloudEvent` in binary mode; the value is its `data`. What this service
//! has no use for is not looked at.

use chiron_broker::Record;
use chiron_clock::instant;
use jiff::Timestamp;
use serde_json::Value;

/// What a notification tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A twin was patched.
    TwinUpdated {
        /// The twin's id.
        twin: String,
        /// Its model's id.
        model: String,
        /// The operations of the patch, in order.
        operations: Vec<Value>,
    },
    /// A twin was created.
    TwinCreated {
        /// Its model's id.
        model: String,
        /// The twin as the layer shows it.
        document: Value,
    },
    /// A relationship was created or deleted.
    Related(Relation),
    /// Something that no event of the block tells: deleted twins, telemetry, changed properties of
    /// relationships.
    Other,
}

/// A relationship that was created or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Whether it was created; else it was deleted.
    pub created: bool,
    /// Its name.
    pub name: String,
    /// Id of the twin that it leaves.
    pub source: String,
    /// Id of the twin that it reaches.
    pub target: String,
    /// Model of the source; `None` when the notification does not say.
    pub source_model: Option<String>,
    /// Model of the target; `None` when the notification does not say.
    pub target_model: Option<String>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// What tells a repeat from another.
    pub id: String,
    /// When the change happened; where the layer did not say, when the log took the notification.
    pub at: Timestamp,
    /// What happened.
    pub change: Change,
}

/// A record that is no notification. Trying again cannot help. Never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Neither header nor key says what kind it is.
    #[error("the notification has no type")]
    NoType,
    /// Its time is no instant.
    #[error("ce_time of the notification is no instant")]
    Time,
    /// The value is not JSON.
    #[error("the notification is not valid JSON")]
    Json,
    /// Something that its kind needs is missing or has another type.
    #[error("the notification has no {0}")]
    Missing(&'static str),
}

impl Notification {
    /// Reads a record of [`TOPIC`](crate::TOPIC).
    ///
    /// # Errors
    /// When it is no notification.
    pub fn read(record: &Record) -> Result<Self, Malformed> {
        let kind = record.headers.get("ce_type").or(record.key.as_deref());
        let kind = kind.ok_or(Malformed::NoType)?;
        let at = match record.headers.get("ce_time") {
            Some(text) => instant::parse(text).map_err(|_| Malformed::Time)?,
            None => record.appended_at,
        };
        let change = match kind.strip_prefix("Microsoft.DigitalTwins.") {
            Some("Twin.Update") => twin_updated(record)?,
            Some("Twin.Create") => twin_created(record)?,
            Some("Relationship.Create") => Change::Related(relation(record, true)?),
            Some("Relationship.Delete") => Change::Related(relation(record, false)?),
            _ => Change::Other,
        };
        Ok(Self { id: record.id(), at, change })
    }
}

fn twin_updated(record: &Record) -> Result<Change, Malformed> {
    let twin = record.headers.get("ce_subject").ok_or(Malformed::Missing("ce_subject"))?;
    let data = data(record)?;
    let operations = data.get("patch").and_then(Value::as_array);
    Ok(Change::TwinUpdated {
        twin: twin.to_owned(),
        model: text(&data, "modelId")?,
        operations: operations.ok_or(Malformed::Missing("patch"))?.clone(),
    })
}

fn twin_created(record: &Record) -> Result<Change, Malformed> {
    let document = data(record)?;
    let model = document.pointer("/$metadata/$model").and_then(Value::as_str);
    let model = model.ok_or(Malformed::Missing("$metadata.$model"))?.to_owned();
    Ok(Change::TwinCreated { model, document })
}

fn relation(record: &Record, created: bool) -> Result<Relation, Malformed> {
    let data = data(record)?;
    let header = |name| record.headers.get(name).map(ToOwned::to_owned);
    Ok(Relation {
        created,
        name: text(&data, "$relationshipName")?,
        source: text(&data, "$sourceId")?,
        target: text(&data, "$targetId")?,
        source_model: header("ce_sourcemodel"),
        target_model: header("ce_targetmodel"),
    })
}

fn data(record: &Record) -> Result<Value, Malformed> {
    serde_json::from_slice(&record.value).map_err(|_| Malformed::Json)
}

fn text(data: &Value, name: &'static str) -> Result<String, Malformed> {
    let text = data.get(name).and_then(Value::as_str);
    text.map(ToOwned::to_owned).ok_or(Malformed::Missing(name))
}
