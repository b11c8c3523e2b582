//! The twin engine: one numbered log of changes, and a graph in memory that is its fold.
//!
//! Two processes believe to own the log. Each write is judged against the fold, and stored under
//! the next number with what is told of it; whoever finds the number taken was not the owner, or
//! does not know the end of the log, and folds it again before anything else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use twin_engine_domain::graph::{Change, Command, Context, Graph, Notification};

use crate::{
    event::{Event, Message},
    machine::{Ground, NoAnswer},
    node::Lock,
    store::Documents,
};

/// The models that movements need.
const MODELS: [&str; 5] = [
    include_str!("../../../../twins/models/Room.json"),
    include_str!("../../../../twins/models/OperatingRoom.json"),
    include_str!("../../../../twins/models/PrePostOperatingRoom.json"),
    include_str!("../../../../twins/models/Patient.json"),
    include_str!("../../../../twins/models/HealthProfessional.json"),
];
const PREFIX: &str = "dtmi:io:github:smartoperatingblock:";
const INSIDE: &str = "rel_is_inside";

/// The name of an invariant.
const AGREES: &str = "the graph's indexes say what its documents say";

/// Changes by number, in the stored form.
pub type Log = Documents<Arc<Value>>;

/// The graph up to a number of the log.
#[derive(Default)]
struct Folded {
    graph: Graph,
    last: u64,
}

/// One process of the engine. Clones are the same process.
#[derive(Clone)]
pub struct Engine {
    ground: Ground,
    log: Log,
    lock: Lock,
    /// `None` until the log was folded, and again whenever its end is not known.
    folded: Arc<Mutex<Option<Folded>>>,
}

/// The model of a twin.
fn model(name: &str) -> String {
    format!("{PREFIX}{name};1")
}

/// The number under which a change is stored.
fn numbered(number: u64) -> String {
    format!("{number:016}")
}

impl Engine {
    /// A process that has read nothing yet.
    pub fn new(ground: &Ground, log: &Log) -> Self {
        let (ground, log) = (ground.clone(), log.clone());
        Self { ground, log, lock: Lock::default(), folded: Arc::default() }
    }

    fn folded(&self) -> MutexGuard<'_, Option<Folded>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what it has read, as its process does when it dies.
    pub fn forget(&self) {
        *self.folded() = None;
    }

    /// Models and twins of everything that is there before the day: kind and id.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]; what was written stands, and is written again.
    pub async fn furnish(&self, twins: Vec<(&'static str, String)>) -> Result<(), NoAnswer> {
        let models = MODELS.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        self.write(vec![(Command::AddModels { models }, self.ground.now())]).await?;
        let put = |(kind, id): (&'static str, String)| {
            let body = json!({"$metadata": {"$model": model(kind)}});
            let command = Command::PutTwin { id, body, if_none_match: None, if_match: None };
            (command, self.ground.now())
        };
        self.write(twins.into_iter().map(put).collect()).await
    }

    /// Takes who moved where: a relationship is there from then on, or no longer.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`]: some of it may have been accepted.
    pub async fn accept(self, moves: Vec<Message>) -> Result<(), NoAnswer> {
        let commands = moves.into_iter().filter_map(|message| {
            let (who, room, entered) = match message.event {
                Event::Moved { patient, room, entered, .. } => (patient, room, entered),
                Event::Passed { professional, room, entered } => (professional, room, entered),
                _ => return None,
            };
            let id = format!("{room}-{who}");
            let command = if entered {
                Command::PutRelationship {
                    source: who,
                    id,
                    body: json!({"$relationshipName": INSIDE, "$targetId": room}),
                    if_none_match: None,
                    if_match: None,
                }
            } else {
                Command::DeleteRelationship { source: who, id, if_match: None }
            };
            Some((command, message.at))
        });
        self.write(commands.collect()).await
    }

    async fn write(&self, commands: Vec<(Command, Timestamp)>) -> Result<(), NoAnswer> {
        let _lock = self.lock.hold(&self.ground).await;
        self.fold().await?;
        for (command, source_time) in commands {
            let Some((number, change)) = self.judge(command, source_time) else { continue };
            let told = change.notifications(number).iter().filter_map(told).collect();
            let stored = Arc::new(change.to_json());
            let written = self.log.write(&numbered(number), None, stored, told).await;
            if written.is_err() {
                // The number is taken, or it is not known whether it is: the graph may be ahead of
                // the log, and nothing that follows could be trusted.
                self.forget();
                return Err(NoAnswer);
            }
        }
        Ok(())
    }

    /// Judges a command and folds its change in; `None` when the graph does not allow it, as for a
    /// relationship that is gone already.
    fn judge(&self, command: Command, source_time: Timestamp) -> Option<(u64, Change)> {
        let mut folded = self.folded();
        let folded = folded.as_mut()?;
        let mut context = Context::new(self.ground.now(), format!("etag-{}", folded.last + 1));
        context.source_time = Some(source_time);
        let prepared = match folded.graph.prepare(command, &context) {
            Ok(prepared) => prepared,
            Err(refused) => {
                self.ground.note(|| format!("refused: {refused}"));
                return None;
            }
        };
        folded.last += 1;
        folded.graph.apply(&prepared.change);
        self.ground.check(folded.graph.agrees(), AGREES, || format!("{:?}", prepared.change));
        Some((folded.last, prepared.change))
    }

    /// Reads what of the log is not folded yet.
    async fn fold(&self) -> Result<(), NoAnswer> {
        let last = self.folded().as_ref().map_or(0, |folded| folded.last);
        let from = numbered(last);
        let news = self.log.find(|id, change| (from.as_str() < id).then(|| Arc::clone(change)));
        let news = news.await?;
        let mut folded = self.folded();
        let folded = folded.get_or_insert_default();
        for change in news {
            let read = Change::from_json(&change);
            self.ground
                .check(read.is_ok(), "a stored change is read again", || format!("{change}"));
            let Ok(change) = read else { return Err(NoAnswer) };
            folded.graph.apply(&change);
            folded.last += 1;
        }
        Ok(())
    }
}

/// What a notification tells the block.
fn told(notification: &Notification) -> Option<Message> {
    let entered = match notification.event_type.rsplit('.').next()? {
        "Create" => true,
        "Delete" => false,
        _ => return None,
    };
    let (who, room) = (notification.aggregate.clone(), notification.data.get("$targetId")?);
    let room = room.as_str()?.to_owned();
    let operating = notification.target_model.as_deref() == Some(model("OperatingRoom").as_str());
    let event = if notification.source_model.as_deref() == Some(model("Patient").as_str()) {
        Event::Moved { patient: who.clone(), room, operating, entered }
    } else {
        Event::Passed { professional: who.clone(), room, entered }
    };
    let (id, at) = (notification.id.clone(), notification.time);
    Some(Message { id, at, appended_ms: 0, key: who, event })
}

/// Checks that the log has no gap, and that folding it twice, once from its written form, gives
/// one graph.
pub fn check(ground: &Ground, log: &Log) {
    let all = log.all();
    let gapless = (1..).zip(&all).all(|(number, (id, _))| *id == numbered(number));
    ground.check(gapless, "numbers of the log have no gap", || format!("{} changes", all.len()));
    let mut graph = Graph::new();
    for (_, change) in &all {
        if let Ok(change) = Change::from_json(change) {
            graph.apply(&change);
        }
    }
    ground.check(graph.agrees(), AGREES, || "after a replay".to_owned());
    let chunks = graph.snapshot().to_chunks();
    let again = Graph::from_chunks(chunks.clone()).map(|graph| graph.snapshot().to_chunks());
    ground.check(again.is_ok_and(|again| again == chunks), "a snapshot is its graph", || {
        format!("{} twins", graph.twin_count())
    });
}
