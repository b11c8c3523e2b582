//! The store's operations as statements on one file.

use super::{Op, Select, Sqlite, outbox, select};
use crate::engine::{Act, BATCH, BATCH_BYTES, Mark, Row, Waiting, Write};
use crate::error::{StoreError, WriteError};
use crate::query::{Filter, Find};
use crate::spec::CollectionSpec;

impl Sqlite {
    pub(crate) async fn get(
        &self,
        spec: &'static CollectionSpec,
        id: &str,
    ) -> Result<Option<Row>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| select::get(connection, spec.name, &id)).await
    }

    pub(crate) async fn find(
        &self,
        spec: &'static CollectionSpec,
        find: &Find,
    ) -> Result<Vec<Row>, StoreError> {
        let select = Select::find(spec, find)?;
        self.read(move |connection| select.rows(connection)).await
    }

    pub(crate) async fn count(
        &self,
        spec: &'static CollectionSpec,
        filters: &[Filter],
    ) -> Result<u64, StoreError> {
        let select = Select::count(spec, filters)?;
        self.read(move |connection| select.number(connection)).await
    }

    pub(crate) async fn waiting(&self) -> Result<Waiting, StoreError> {
        let events = self.read(|connection| outbox(connection, BATCH, BATCH_BYTES)).await?;
        let last = events.last().map_or(0, |(seq, _)| *seq);
        let records = events.into_iter().map(|(_, record)| record).collect();
        Ok(Waiting { records, mark: Mark::UpTo(last), more: false })
    }

    pub(crate) async fn restore(
        &self,
        spec: &'static CollectionSpec,
        rows: Vec<Row>,
    ) -> Result<(), WriteError> {
        let table = spec.name;
        let restore = |Row { id, version, body }| Op::Restore { table, id, version, body };
        self.write(rows.into_iter().map(restore).collect()).await.map(|_| ())
    }

    pub(crate) async fn events(&self) -> Result<Vec<String>, StoreError> {
        let events = self.read(|connection| outbox(connection, usize::MAX, usize::MAX)).await?;
        Ok(events.into_iter().map(|(_, record)| record).collect())
    }

    pub(crate) async fn restore_events(&self, events: Vec<String>) -> Result<(), WriteError> {
        self.write(events.into_iter().map(Op::Outbox).collect()).await.map(|_| ())
    }

    pub(crate) async fn published(&self, last: u64) -> Result<(), WriteError> {
        self.write(vec![Op::Relayed(last)]).await.map(|_| ())
    }
}

impl From<Write> for Vec<Op> {
    fn from(Write { spec, id, act, outbox }: Write) -> Vec<Op> {
        let table = spec.name;
        let op = match act {
            Act::Insert { body } => Op::Insert { table, id, body },
            Act::Replace { expected, body } => Op::Replace { table, id, expected, body },
            Act::Put { body } => Op::Put { table, id, body },
            Act::Delete { expected } => Op::Delete { table, id, expected },
        };
        std::iter::once(op).chain(outbox.into_iter().map(Op::Outbox)).collect()
    }
}
