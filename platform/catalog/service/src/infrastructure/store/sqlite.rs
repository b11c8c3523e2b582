//! The store in a file of SQLite, in a layout of its own. Layouts only go forward: each release
//! knows how to bring every older one to its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use catalog_domain::entity::{Fault, Marks, Place, Relation};
use catalog_domain::usecase::{Kept, Node, Parent};
use rusqlite::{Connection, ErrorCode, Row, Transaction, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Batch, Registered, Shown, StoreError, Stored};

/// "CHCT": marks a file as a catalogue.
const APPLICATION_ID: i64 = 0x4348_4354;

/// The steps from an empty file to the layout of this release. A step that was released is never
/// changed.
const MIGRATIONS: [&str; 3] = [
    // 1: nodes, what is shown of them, locations.
    "CREATE TABLE node (
        reference TEXT PRIMARY KEY, uid TEXT NOT NULL, location_key TEXT NOT NULL,
        parents TEXT NOT NULL, input TEXT NOT NULL, shown TEXT, relations TEXT NOT NULL,
        faults TEXT NOT NULL, conflicts TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE entity (
        reference TEXT PRIMARY KEY, uid TEXT NOT NULL, json BLOB NOT NULL) STRICT;
     CREATE TABLE location (
        id TEXT PRIMARY KEY, type TEXT NOT NULL, target TEXT NOT NULL, reference TEXT NOT NULL,
        registered_by TEXT) STRICT, WITHOUT ROWID;",
    // 2: what was last read, so that a restart processes nothing again.
    "CREATE TABLE digest (reference TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    // 3: where fields stand in their texts, which are looked into once more to know it.
    "ALTER TABLE node ADD COLUMN marks TEXT NOT NULL DEFAULT '[]';
     DELETE FROM digest;",
];

/// A file of SQLite, or memory.
pub(crate) struct Sqlite(Connection);

impl Sqlite {
    /// Opens the file, or memory when there is no path, and brings it to this release's layout.
    /// `durable` says whether a write is acknowledged when the disk has it.
    pub(crate) fn open(path: Option<&Path>, durable: bool) -> Result<Self, StoreError> {
        let mut connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(in_use)?;
        let synchronous = if durable { "FULL" } else { "OFF" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        migrate(&mut connection, MIGRATIONS.len())?;
        Ok(Self(connection))
    }

    /// Everything that is stored.
    pub(crate) fn load(&self) -> Result<Stored, StoreError> {
        Ok(Stored {
            nodes: self.all("SELECT * FROM node", kept)?,
            shown: self.all("SELECT reference, uid, json FROM entity", |row| {
                Ok(Shown {
                    reference: row.get(0)?,
                    uid: uuid(row, 1)?,
                    json: Bytes::from(row.get::<_, Vec<u8>>(2)?),
                })
            })?,
            locations: self.all(
                "SELECT id, type, target, reference, registered_by FROM location ORDER BY id",
                |row| {
                    Ok(Registered {
                        id: uuid(row, 0)?,
                        kind: row.get(1)?,
                        target: row.get(2)?,
                        reference: row.get(3)?,
                        by: row.get(4)?,
                    })
                },
            )?,
            digests: self.all("SELECT reference, digest FROM digest", |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?,
        })
    }

    fn all<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.0.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// Stores all of a batch or nothing of it.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let transaction = self.0.transaction()?;
        write(&transaction, batch)?;
        transaction.commit()?;
        Ok(())
    }
}

fn in_use(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::InUse,
        _ => StoreError::Sqlite(error),
    }
}

/// Brings a file to a layout.
fn migrate(connection: &mut Connection, to: usize) -> Result<(), StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (found, owner) = (pragma("user_version")?, pragma("application_id")?);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if known < found || ![0, APPLICATION_ID].contains(&owner) {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    let transaction = connection.transaction().map_err(in_use)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    for (nth, step) in MIGRATIONS.iter().enumerate().take(to).skip(done) {
        transaction.execute_batch(step)?;
        let layout = i64::try_from(nth).unwrap_or(i64::MAX - 1) + 1;
        transaction.pragma_update(None, "user_version", layout)?;
    }
    transaction.commit().map_err(in_use)?;
    Ok(())
}

fn write(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), StoreError> {
    for reference in &batch.gone {
        for table in ["node", "entity", "digest"] {
            let sql = format!("DELETE FROM {table} WHERE reference = ?1");
            transaction.prepare_cached(&sql)?.execute([reference])?;
        }
    }
    let mut put = transaction.prepare_cached(
        "INSERT OR REPLACE INTO node (reference, uid, location_key, parents, input, shown, \
         relations, faults, conflicts, marks) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for Kept { reference, node } in &batch.nodes {
        put.execute(params![
            reference,
            node.uid.to_string(),
            node.location_key,
            json!(node.parents.iter().map(written).collect::<Vec<_>>()).to_string(),
            &*node.input,
            node.shown.as_deref(),
            relations(&node.relations),
            faults(&node.faults),
            json!(node.conflicts).to_string(),
            marks(&node.marks),
        ])?;
    }
    let mut put = transaction.prepare_cached(
        "INSERT OR REPLACE INTO entity (reference, uid, json) VALUES (?1, ?2, ?3)",
    )?;
    for shown in &batch.shown {
        put.execute(params![shown.reference, shown.uid.to_string(), &shown.json[..]])?;
    }
    let mut put = transaction
        .prepare_cached("INSERT OR REPLACE INTO digest (reference, digest) VALUES (?1, ?2)")?;
    for (reference, digest) in &batch.digests {
        put.execute([reference, digest])?;
    }
    for id in &batch.unregistered {
        transaction.execute("DELETE FROM location WHERE id = ?1", [id.to_string()])?;
    }
    for location in &batch.locations {
        transaction.execute(
            "INSERT OR REPLACE INTO location (id, type, target, reference, registered_by) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                location.id.to_string(),
                location.kind,
                location.target,
                location.reference,
                location.by
            ],
        )?;
    }
    Ok(())
}

fn written(parent: &Parent) -> String {
    match parent {
        Parent::Provider(name) => format!("provider {name}"),
        Parent::Entity(reference) => format!("entity {reference}"),
    }
}

fn parent(text: &str) -> Option<Parent> {
    match text.split_once(' ')? {
        ("provider", name) => Some(Parent::Provider(name.to_owned())),
        ("entity", reference) => Some(Parent::Entity(reference.to_owned())),
        _ => None,
    }
}

fn relations(relations: &[Relation]) -> String {
    let list = relations.iter().map(|r| json!([r.source, r.kind, r.target]));
    Value::Array(list.collect()).to_string()
}

fn faults(faults: &[Fault]) -> String {
    let list = faults.iter().map(|fault| json!([fault.pointer, fault.detail]));
    Value::Array(list.collect()).to_string()
}

fn marks(marks: &Marks) -> String {
    let list = marks.iter().map(|(pointer, at)| json!([pointer, at.line, at.column]));
    Value::Array(list.collect()).to_string()
}

fn marks_of(row: &Row<'_>, column: usize) -> Result<Marks, StoreError> {
    let text: String = row.get(column)?;
    let list: Vec<(String, usize, usize)> =
        serde_json::from_str(&text).map_err(|_| StoreError::Row("marks"))?;
    let mut marks = Marks::default();
    for (pointer, line, column) in list {
        marks.note(pointer, Place { line, column });
    }
    Ok(marks)
}

fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid, StoreError> {
    let text: String = row.get(column)?;
    Uuid::parse_str(&text).map_err(|_| StoreError::Row("uid"))
}

/// A JSON list of lists of texts.
fn texts<const N: usize>(
    row: &Row<'_>,
    column: usize,
    name: &'static str,
) -> Result<Vec<[String; N]>, StoreError> {
    let text: String = row.get(column)?;
    let lists: Vec<Vec<String>> = serde_json::from_str(&text).map_err(|_| StoreError::Row(name))?;
    let lists = lists.into_iter().map(|list| <[String; N]>::try_from(list).ok());
    lists.collect::<Option<_>>().ok_or(StoreError::Row(name))
}

fn kept(row: &Row<'_>) -> Result<Kept, StoreError> {
    let list = |column: usize, name| {
        let text: String = row.get(column)?;
        serde_json::from_str::<BTreeSet<String>>(&text).map_err(|_| StoreError::Row(name))
    };
    let parents = list(3, "parents")?;
    let parents: Option<BTreeSet<Parent>> = parents.iter().map(|text| parent(text)).collect();
    let input: String = row.get(4)?;
    let shown: Option<String> = row.get(5)?;
    let relations = texts::<3>(row, 6, "relations")?
        .into_iter()
        .map(|[source, kind, target]| Relation { source, kind, target });
    let faults = texts::<2>(row, 7, "faults")?
        .into_iter()
        .map(|[pointer, detail]| Fault { pointer, detail });
    let node = Node {
        uid: uuid(row, 1)?,
        location_key: row.get(2)?,
        parents: parents.ok_or(StoreError::Row("parents"))?,
        children: BTreeSet::new(),
        input: Arc::from(input),
        shown: shown.map(Arc::from),
        relations: relations.collect(),
        faults: faults.collect(),
        conflicts: list(8, "conflicts")?,
        marks: marks_of(row, 9)?,
    };
    Ok(Kept { reference: row.get(0)?, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let mut marks = Marks::default();
        marks.note("/a", Place { line: 3, column: 5 });
        let node = Node {
            uid: Uuid::from_u128(7),
            location_key: "file:/a".to_owned(),
            parents: BTreeSet::from([
                Parent::Provider("p".to_owned()),
                Parent::Entity("location:default/l".to_owned()),
            ]),
            children: BTreeSet::new(),
            input: Arc::from("{}"),
            shown: Some(Arc::from("{\"a\":1}")),
            relations: vec![Relation {
                source: "a:b/c".to_owned(),
                kind: "ownedBy".to_owned(),
                target: "d:e/f".to_owned(),
            }],
            faults: vec![Fault::new("/a", "is \"wrong\"")],
            conflicts: BTreeSet::from(["x:y/z".to_owned()]),
            marks,
        };
        Batch {
            nodes: vec![Kept { reference: "a:b/c".to_owned(), node }],
            shown: vec![Shown {
                reference: "a:b/c".to_owned(),
                uid: Uuid::from_u128(7),
                json: Bytes::from_static(b"{}"),
            }],
            digests: vec![("a:b/c".to_owned(), "00".to_owned())],
            locations: vec![Registered {
                id: Uuid::from_u128(9),
                kind: "url".to_owned(),
                target: "http://a".to_owned(),
                reference: "location:default/g".to_owned(),
                by: Some("ada".to_owned()),
            }],
            ..Batch::default()
        }
    }

    #[test]
    fn what_is_stored_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let mut store = Sqlite::open(Some(&path), true).unwrap();
        assert_eq!(store.load().unwrap(), Stored::default());
        store.commit(&batch()).unwrap();
        assert!(matches!(Sqlite::open(Some(&path), true), Err(StoreError::InUse)));
        drop(store);
        let mut store = Sqlite::open(Some(&path), true).unwrap();
        let Batch { nodes, shown, digests, locations, .. } = batch();
        let expected = Stored { nodes, shown, locations, digests };
        assert_eq!(store.load().unwrap(), expected);
        let gone = Batch {
            gone: vec!["a:b/c".to_owned()],
            unregistered: vec![Uuid::from_u128(9)],
            ..Batch::default()
        };
        store.commit(&gone).unwrap();
        assert_eq!(store.load().unwrap(), Stored::default());
    }

    #[test]
    fn a_file_of_the_first_layout_is_brought_forward_with_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let mut first = Connection::open(&path).unwrap();
        migrate(&mut first, 1).unwrap();
        let insert = "INSERT INTO entity (reference, uid, json) VALUES ('a:b/c', ?1, x'7b7d')";
        first.execute(insert, [Uuid::from_u128(7).to_string()]).unwrap();
        assert!(first.prepare("SELECT * FROM digest").is_err());
        drop(first);
        let mut store = Sqlite::open(Some(&path), true).unwrap();
        assert_eq!(store.load().unwrap().shown, batch().shown);
        store.commit(&batch()).unwrap();
    }

    #[test]
    fn a_file_that_knows_no_places_has_its_texts_looked_into_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let mut second = Connection::open(&path).unwrap();
        migrate(&mut second, 2).unwrap();
        second.execute_batch("INSERT INTO digest VALUES ('a:b/c', '00')").unwrap();
        let insert =
            "INSERT INTO node VALUES ('a:b/c', ?1, 'k', '[]', '{}', NULL, '[]', '[]', '[]')";
        second.execute(insert, [Uuid::from_u128(7).to_string()]).unwrap();
        drop(second);
        let stored = Sqlite::open(Some(&path), true).unwrap().load().unwrap();
        assert_eq!(stored.nodes[0].node.marks, Marks::default());
        assert_eq!(stored.digests, []);
    }

    #[test]
    fn a_file_of_a_newer_release_or_of_somebody_else_is_refused() {
        for pragma in ["user_version = 99", "application_id = 5"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("catalog.sqlite");
            let other = Connection::open(&path).unwrap();
            other.execute_batch(&format!("PRAGMA {pragma}")).unwrap();
            drop(other);
            let opened = Sqlite::open(Some(&path), true).map(|_| ());
            assert!(matches!(opened, Err(StoreError::Newer { .. })), "{pragma}");
        }
    }
}
