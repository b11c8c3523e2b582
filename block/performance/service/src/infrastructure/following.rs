//! Keeps plans and courses as their owners have them now.
//!
//! An event says that something is to be looked at. A booking's event holds the whole booking; a
//! process is read from its owner, since late facts change also what had happened before. Both are
//! idempotent: what is older than what is kept changes nothing.

use block_language::booking::{self, BookingEvent, BookingFact};
use block_language::surgical_process::{self, SurgicalProcessEvent};
use chiron_broker::{Consumer, Handled, Record, each};
use chiron_chassis::{CallError, Calls, ReadError, Runtime};
use performance_domain::entity::climate::Wanted;

use crate::application::plan;
use crate::infrastructure::reading::{self, Unread};
use crate::infrastructure::store::Records;

/// The consumer group.
const GROUP: &str = "performance-consumer";

/// Follows both topics until shutdown.
pub(crate) fn spawn(runtime: &Runtime, wanted: Wanted) {
    let follower =
        Follower { records: Records::new(&runtime.store), calls: runtime.calls.clone(), wanted };
    let (broker, activity) = (runtime.broker.clone(), runtime.activity.clone());
    let shutdown = runtime.shutdown.clone();
    runtime.tasks.spawn("performance consumer", async move {
        let topics = &[booking::TOPIC, surgical_process::TOPIC];
        let handler = each(move |record: Record| {
            let follower = follower.clone();
            async move { follower.handle(&record).await }
        });
        Consumer { group: GROUP, topics }.run(broker, activity, shutdown, handler).await;
    });
}

#[derive(Clone)]
struct Follower {
    records: Records,
    calls: Calls,
    wanted: Wanted,
}

impl Follower {
    async fn handle(&self, record: &Record) -> Handled {
        if record.topic == booking::TOPIC {
            self.on_booking(record).await
        } else {
            self.on_process(record).await
        }
    }

    async fn on_booking(&self, record: &Record) -> Handled {
        let event = match BookingEvent::decode(record) {
            Ok(event) => event,
            Err(rejection) => return Handled::reject(rejection),
        };
        // The contract's own event does not say which booking it is about.
        let BookingFact::Changed(changed) = event.fact else { return Handled::Done };
        let told = (changed.version, event.date_time);
        match plan(changed) {
            Ok(plan) => match self.records.keep_plan(&plan, told).await {
                Ok(()) => Handled::Done,
                Err(error) => Handled::retry(error),
            },
            Err(error) => Handled::reject(error),
        }
    }

    async fn on_process(&self, record: &Record) -> Handled {
        let event = match SurgicalProcessEvent::decode(record) {
            Ok(event) => event,
            Err(rejection) => return Handled::reject(rejection),
        };
        let process = &event.process.process_id;
        let kept = match reading::course(&self.calls, process, self.wanted).await {
            Ok(Some((course, version))) => self.records.keep_course(&course, version).await,
            // It never was, as its owner knows by now.
            Ok(None) => self.records.forget_course(process).await,
            // Asked again it would answer the same; what it says next is read anew.
            Err(
                error @ (Unread::Unfit(_)
                | Unread::Read(ReadError::Call(CallError::Unreadable { .. }))),
            ) => return Handled::reject(error),
            Err(error) => return Handled::retry(error),
        };
        match kept {
            Ok(()) => Handled::Done,
            Err(error) => Handled::retry(error),
        }
    }
}
