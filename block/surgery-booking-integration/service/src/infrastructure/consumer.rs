//! What processes say of themselves, for their bookings.
//!
//! Idempotent: a booking remembers the newest version it heard of each process, and the event that
//! it causes has an id made of the event's that caused it.

use block_language::surgical_process::{SurgicalProcessEvent, TOPIC};
use chiron_broker::{Consumer, Handled, Record, each};
use chiron_chassis::Runtime;
use surgery_booking_integration_domain::usecase::follow;

use crate::application::news;
use crate::infrastructure::store::StoredBookings;

/// The consumer group.
const GROUP: &str = "surgery-booking-consumer";

/// Follows processes until shutdown.
pub(crate) fn spawn(runtime: &Runtime, bookings: &StoredBookings) {
    let (broker, activity) = (runtime.broker.clone(), runtime.activity.clone());
    let (shutdown, bookings) = (runtime.shutdown.clone(), bookings.clone());
    runtime.tasks.spawn("booking consumer", async move {
        let consumer = Consumer { group: GROUP, topics: &[TOPIC] };
        let handler = each(move |record: Record| {
            let bookings = bookings.clone();
            async move { on_process(&bookings, &record).await }
        });
        consumer.run(broker, activity, shutdown, handler).await;
    });
}

async fn on_process(bookings: &StoredBookings, record: &Record) -> Handled {
    let event = match SurgicalProcessEvent::decode(record) {
        Ok(event) => event,
        Err(rejection) => return Handled::reject(rejection),
    };
    let news = match news(&event) {
        Ok(news) => news,
        Err(error) => return Handled::reject(format!("an id {error}")),
    };
    match follow(bookings, event.date_time, &record.id(), &news).await {
        Ok(()) => Handled::Done,
        Err(error) => Handled::retry(error),
    }
}
