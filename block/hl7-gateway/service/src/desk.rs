//! Where messages are done: once each, and answered the same each time.
//!
//! A message is known by its sender and its control id (MSH-3, MSH-4, MSH-10). What was done, or
//! refused for what it says, is answered from what is kept; what was rejected, be it for want of
//! somebody, is looked at again when it comes again. What bears the name of a message that was done
//! and says something else is another message, and is rejected: to answer it as the first would
//! lose it without a word.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::Arc;

use chiron_chassis::{Runtime, hex};
use chiron_clock::{Clock, Ids};
use hl7_gateway_domain::acknowledgement::{Answer, write};
use hl7_gateway_domain::character_set::CharacterSet;
use hl7_gateway_domain::envelope::{Envelope, Opened, open, open_text};
use hl7_gateway_domain::fault::{Code, Fault, Place};
use hl7_gateway_domain::message::MOST_BYTES;
use hl7_gateway_domain::request;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use crate::acting::{Acting, NotDone};
use crate::kept::{Keeping, Kept, KeptError, Reason, State};
use crate::settings::Rules;

/// Messages that may be done at the same time, at most.
const LOCKS: usize = 64;
/// Of what is no message so much is kept, in bytes: enough to see what it was.
const KEPT_OF_GARBAGE: usize = 16 * 1024;
/// Faults that an answer names, at most.
const MOST_FAULTS: usize = 20;

/// Does messages. Clones are the same.
#[derive(Clone)]
pub(crate) struct Desk {
    clock: Clock,
    ids: Ids,
    rules: Arc<Rules>,
    keeping: Keeping,
    acting: Acting,
    locks: Arc<Vec<Mutex<()>>>,
}

/// What became of a message.
struct Outcome {
    state: State,
    faults: Vec<Fault>,
}

/// Why a kept message was not done again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReplayed {
    #[error("there is no such message")]
    Unknown,
    #[error("the message was accepted: there is nothing to do again")]
    Accepted,
    #[error("of this message only the beginning is kept")]
    Cut,
    #[error(transparent)]
    Store(#[from] KeptError),
}

impl Desk {
    pub(crate) fn new(
        runtime: &Runtime,
        rules: Arc<Rules>,
        keeping: Keeping,
        acting: Acting,
    ) -> Self {
        Self {
            clock: runtime.clock.clone(),
            ids: runtime.ids.clone(),
            rules,
            keeping,
            acting,
            locks: Arc::new((0..LOCKS).map(|_| Mutex::new(())).collect()),
        }
    }

    /// Does a message and answers it. What it asks for, or why not, is durable before.
    pub(crate) async fn take(&self, bytes: &[u8], peer: SocketAddr) -> Vec<u8> {
        let opened = open(bytes, self.rules.character_set, &self.rules.processing);
        self.answer(opened, true, peer).await
    }

    /// Answers a message that is longer than is read.
    pub(crate) async fn too_long(&self, beginning: &[u8], peer: SocketAddr) -> Vec<u8> {
        let opened = open(beginning, CharacterSet::Latin1, &self.rules.processing);
        let detail = format!("a message has at most {MOST_BYTES} bytes");
        let message = Err(vec![Fault::nowhere(Code::Internal, detail)]);
        self.answer(Opened { message, ..opened }, false, peer).await
    }

    async fn answer(&self, opened: Opened, whole: bool, peer: SocketAddr) -> Vec<u8> {
        let envelope = opened.envelope.clone();
        match self.once(opened, whole, peer).await {
            Ok(kept) => set(&kept.character_set).encode(&kept.answer),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a message is not kept");
                let fault = Fault::nowhere(Code::Internal, "the message could not be kept");
                let answer = self.written(&envelope, Answer::Rejected, &[fault]);
                envelope.character_set.encode(&answer)
            }
        }
    }

    async fn once(&self, opened: Opened, whole: bool, peer: SocketAddr) -> Result<Kept, KeptError> {
        let digest = digest(&opened);
        let mut id = name(&opened.envelope, &digest);
        let _lock = self.lock(&id).await;
        let mut before = self.keeping.get(&id).await?;
        let mut other = false;
        if let Some(known) = before.as_ref().filter(|known| known.digest != digest) {
            if known.state == State::Accepted {
                other = true;
                id = also_named(&id, &digest);
                before = self.keeping.get(&id).await?;
            } else {
                // What was not done left nothing behind: its name is free for a corrected one.
                self.keeping.put(&also_named(&id, &known.digest), known).await?;
                before = None;
            }
        }
        let times = before.as_ref().map_or(1, |before| before.times.saturating_add(1));
        let replayed_at = before.as_ref().and_then(|before| before.replayed_at);
        if let Some(before) = before
            && matches!(before.state, State::Accepted | State::Refused)
        {
            metrics::counter!("chiron_hl7_messages_repeated_total").increment(1);
            let kept = Kept { times, ..before };
            self.keeping.put(&id, &kept).await?;
            return Ok(kept);
        }
        let outcome = if other {
            let detail = "names another message of this sender, which says something else";
            let fault = Fault::at(Place::field("MSH", 10), Code::DuplicateKey, detail);
            Outcome { state: State::Rejected, faults: vec![fault] }
        } else {
            self.outcome(&opened).await
        };
        let kept = self.kept(opened, outcome, digest, whole, peer.to_string());
        let kept = Kept { times, replayed_at, ..kept };
        self.keeping.put(&id, &kept).await?;
        Ok(kept)
    }

    /// Does a kept message again, which was not accepted, and answers what became of it.
    pub(crate) async fn replay(&self, id: &str) -> Result<Kept, NotReplayed> {
        let _lock = self.lock(id).await;
        let before = self.keeping.get(id).await?.ok_or(NotReplayed::Unknown)?;
        let text = match (&before.text, before.state) {
            (_, State::Accepted) => return Err(NotReplayed::Accepted),
            (Some(text), _) if before.whole => text.clone(),
            _ => return Err(NotReplayed::Cut),
        };
        let opened = open_text(text, set(&before.character_set), &self.rules.processing);
        let outcome = self.outcome(&opened).await;
        let kept = self.kept(opened, outcome, before.digest, true, before.peer);
        let kept = Kept {
            received_at: before.received_at,
            times: before.times,
            replayed_at: Some(self.clock.now()),
            ..kept
        };
        self.keeping.put(id, &kept).await?;
        Ok(kept)
    }

    /// Does what a message asks for.
    async fn outcome(&self, opened: &Opened) -> Outcome {
        let rejected = |faults| Outcome { state: State::Rejected, faults };
        let (application, facility) = opened.envelope.sender();
        if !self.rules.takes(application, facility) {
            let detail = "is no sender whose messages are taken";
            let fault = Fault::at(Place::field("MSH", 3), Code::TableValue, detail);
            return rejected(vec![fault]);
        }
        let (message, header) = match &opened.message {
            Ok(message) => message,
            Err(faults) => return rejected(faults.clone()),
        };
        let read = match request::read(message, header, &self.rules.conventions) {
            Ok(read) => read,
            Err(faults) => return Outcome { state: State::Refused, faults },
        };
        match self.acting.act(&read).await {
            Ok(()) => Outcome { state: State::Accepted, faults: read.notes },
            Err(NotDone::Refused(faults)) => Outcome { state: State::Refused, faults },
            Err(error) => {
                let control_id = opened.envelope.control_id.as_str();
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, control_id, "a message could not be done");
                let detail = format!("cannot be done now, send it again: {error}");
                let fault = Fault::nowhere(Code::Internal, detail);
                Outcome { state: State::Failed, faults: vec![fault] }
            }
        }
    }

    fn kept(
        &self,
        opened: Opened,
        outcome: Outcome,
        digest: String,
        whole: bool,
        peer: String,
    ) -> Kept {
        let Outcome { state, mut faults } = outcome;
        let Opened { envelope, mut text, message } = opened;
        if MOST_FAULTS < faults.len() {
            let more = faults.len() - MOST_FAULTS;
            faults.truncate(MOST_FAULTS);
            faults.push(Fault::nowhere(Code::Internal, format!("and {more} more")));
        }
        let answer = match state {
            State::Accepted => Answer::Accepted,
            State::Refused => Answer::Error,
            State::Rejected | State::Failed => Answer::Rejected,
        };
        let kind = format!("{}^{}", envelope.kind, envelope.event);
        metrics::counter!(
            "chiron_hl7_messages_total",
            "kind" => if message.is_ok() { kind.clone() } else { "unreadable".to_owned() },
            "answer" => answer.code(),
        )
        .increment(1);
        let control_id = envelope.control_id.as_str();
        tracing::info!(control_id, kind, state = state.word(), "a message was answered");
        let mut whole = whole;
        if message.is_err() {
            // Whatever a stranger sends is not kept without end.
            let end = text.floor_char_boundary(KEPT_OF_GARBAGE);
            whole = whole && text.len() <= end;
            text.truncate(end);
        }
        let (application, facility) = envelope.sender();
        let reason = |fault: &Fault| Reason {
            place: fault.place.map(|place| place.to_string()).unwrap_or_default(),
            code: fault.code.number().to_owned(),
            detail: fault.detail.clone(),
        };
        Kept {
            received_at: self.clock.now(),
            state,
            times: 1,
            control_id: control_id.to_owned(),
            application: application.to_owned(),
            facility: facility.to_owned(),
            kind,
            peer,
            reasons: faults.iter().map(reason).collect(),
            digest,
            answer: self.written(&envelope, answer, &faults),
            character_set: envelope.character_set.to_string(),
            text: (state != State::Accepted).then_some(text),
            whole,
            replayed_at: None,
        }
    }

    fn written(&self, envelope: &Envelope, answer: Answer, faults: &[Fault]) -> String {
        // As long as a control id was before 2.7.
        let id = self.ids.next().simple().to_string();
        let id = id.get(..20).unwrap_or(&id);
        write(envelope, answer, faults, (id, self.clock.now(), &self.rules.conventions.zone))
    }

    async fn lock(&self, id: &str) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        // Messages of one name, told apart, share a lock.
        id.get(..32).unwrap_or(id).hash(&mut hasher);
        let nth = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
        match self.locks.get(nth) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }
}

/// The id of a message that is not the first of its name.
fn also_named(id: &str, digest: &str) -> String {
    format!("{id}-{}", digest.get(..12).unwrap_or_default())
}

/// Sets are kept by name.
fn set(name: &str) -> CharacterSet {
    name.parse().unwrap_or(CharacterSet::Utf8)
}

/// Of everything in a message but the time of sending, which engines renew when they send again.
fn digest(opened: &Opened) -> String {
    let mut hasher = Sha256::new();
    let separator = opened.envelope.delimiters.field;
    let mut lines = opened.text.split(['\r', '\n']).filter(|line| !line.is_empty());
    if let Some(header) = lines.next() {
        for (nth, field) in header.split(separator).enumerate() {
            // The name of the segment stands before MSH-1.
            let content = if nth == 6 { "" } else { field };
            hasher.update(content.as_bytes());
            hasher.update(b"\x1f");
        }
    }
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\r");
    }
    hex(&hasher.finalize())
}

/// The name of a message: of its sender and control id; of its content, when it has none.
fn name(envelope: &Envelope, digest: &str) -> String {
    let mut hasher = Sha256::new();
    if envelope.control_id.is_empty() {
        hasher.update(b"without a name\x1f");
        hasher.update(digest.as_bytes());
    } else {
        let (application, facility) = envelope.sender();
        for part in [application, facility, envelope.control_id.as_str()] {
            hasher.update(part.as_bytes());
            hasher.update(b"\x1f");
        }
    }
    let mut name = hex(&hasher.finalize());
    name.truncate(32);
    name
}
