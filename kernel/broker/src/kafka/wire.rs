//! Records in the form of the client library, both ways.

use bytes::Bytes;
use jiff::Timestamp;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};

use crate::record::{Headers, Record};

/// What was received. Keys and headers of other producers may be any bytes; what is no UTF-8 is
/// replaced, since nobody here could do anything with it.
pub(super) fn record(message: &BorrowedMessage<'_>) -> Record {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut headers = Headers::new();
    if let Some(received) = message.headers() {
        for header in received.iter() {
            headers.set(header.key, text(header.value.unwrap_or_default()));
        }
    }
    let appended_at = message.timestamp().to_millis();
    Record {
        topic: message.topic().to_owned(),
        partition: u32::try_from(message.partition()).unwrap_or(0),
        offset: u64::try_from(message.offset()).unwrap_or(0),
        key: message.key().map(text),
        value: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        headers,
        appended_at: appended_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
            .unwrap_or_default(),
    }
}

pub(super) fn headers(headers: &Headers) -> OwnedHeaders {
    let mut sent = OwnedHeaders::new();
    for (key, value) in headers.iter() {
        sent = sent.insert(Header { key, value: Some(value) });
    }
    sent
}
