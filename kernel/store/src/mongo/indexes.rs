//! Making the indexes of a collection those declared.
//!
//! Ours are told by their names, and by what they are made of, since one server gives names of its
//! own. What uniqueness is decided by is a text in each document, so that a unique index that is new
//! or has other fields needs every document's text first; [`MARKER`] remembers for which declaration
//! the texts have been written.

use futures_util::TryStreamExt as _;
use mongodb::IndexModel;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::IndexOptions;

use super::documents::{number, unique_texts};
use super::{Deadline, FIELDS_PREFIX, MARKER, Mongo, ORPHANS, PENDING_INDEX, UNIQUE_PREFIX, fault};
use crate::error::{OpenError, StoreError};
use crate::spec::{CollectionSpec, ID, Index};

/// An index as it is wanted.
struct Wanted {
    name: String,
    fields: Vec<String>,
    sparse: bool,
    /// The declaration, when it is a unique one.
    unique: Option<&'static Index>,
}

/// An index as it is there.
struct There {
    name: String,
    fields: Vec<String>,
}

fn wanted(spec: &'static CollectionSpec) -> Vec<Wanted> {
    let mut wanted = vec![pending()];
    for index in spec.indexes {
        if index.unique {
            wanted.push(Wanted {
                name: format!("{UNIQUE_PREFIX}{}", index.name),
                fields: vec![format!("unique.{}", index.name)],
                sparse: true,
                unique: Some(index),
            });
        }
        let mut fields: Vec<String> = Vec::new();
        for field in index.fields {
            fields.push(if *field == ID { "id".to_owned() } else { super::read::path(field) });
        }
        if !index.fields.contains(&ID) {
            // Lets a page be read in the order of the index, ties included.
            fields.push("id".to_owned());
        }
        let name = format!("{FIELDS_PREFIX}{}", index.name);
        wanted.push(Wanted { name, fields, sparse: false, unique: None });
    }
    wanted
}

fn pending() -> Wanted {
    let fields = vec!["pending".to_owned()];
    Wanted { name: PENDING_INDEX.to_owned(), fields, sparse: true, unique: None }
}

/// By unique index, the fields of its declaration.
fn declaration(spec: &CollectionSpec) -> Document {
    let unique = spec.indexes.iter().filter(|index| index.unique);
    unique.map(|index| (index.name.to_owned(), Bson::from(index.fields.join(",")))).collect()
}

impl Mongo {
    /// Makes the indexes of the collection those declared.
    pub(super) async fn prepare(&self, spec: &'static CollectionSpec) -> Result<(), OpenError> {
        let at = |source| self.failed(source);
        let declared = declaration(spec);
        let key = doc! { "_id": format!("unique:{}", spec.name) };
        let marked = self.within_open(self.documents(MARKER).find_one(key.clone())).await?;
        let marked = marked
            .as_ref()
            .and_then(|marked| marked.get_document("fields").ok())
            .cloned()
            .unwrap_or_default();
        let new_unique = |index: &Index| declared.get(index.name) != marked.get(index.name);

        let wanted = wanted(spec);
        let mut there = self.there(spec.name).await?;
        let mut missing = Vec::new();
        for index in &wanted {
            let place = there.iter().position(|other| {
                other.fields == index.fields && (other.name == index.name || !is_ours(&other.name))
            });
            match place {
                Some(place) if !index.unique.is_some_and(new_unique) => {
                    there.swap_remove(place);
                }
                _ => missing.push(index),
            }
        }
        for index in there {
            let stands_in_the_way = missing
                .iter()
                .any(|wanted| wanted.name == index.name || wanted.fields == index.fields);
            if stands_in_the_way || is_ours(&index.name) {
                self.drop_index(spec.name, &index.name).await?;
            }
        }
        if declared != marked {
            self.write_texts(spec).await.map_err(at)?;
        }
        for index in missing {
            self.make(spec.name, index).await?;
        }
        if declared != marked {
            let collection = self.documents(MARKER);
            let noted =
                collection.update_one(key, doc! { "$set": { "fields": declared } }).upsert(true);
            self.within_open(noted).await?;
        }
        Ok(())
    }

    pub(super) async fn prepare_orphans(&self) -> Result<(), OpenError> {
        let pending = pending();
        if self.there(ORPHANS).await?.iter().any(|index| index.fields == pending.fields) {
            return Ok(());
        }
        self.make(ORPHANS, &pending).await
    }

    async fn there(&self, collection: &str) -> Result<Vec<There>, OpenError> {
        let documents = self.documents(collection);
        let list = async { documents.list_indexes().await?.try_collect::<Vec<IndexModel>>().await };
        let list = self.within(self.deadline(), list).await.map_err(|error| self.failed(error))?;
        let list = match list {
            Err(error) if fault::is_not_found(&error) => Vec::new(),
            other => other.map_err(|error| self.failed(fault::told(error)))?,
        };
        let mut there = Vec::new();
        for index in list {
            let name = index.options.and_then(|options| options.name).unwrap_or_default();
            let ascending = index.keys.values().all(|order| number(Some(order)) == Some(1));
            if name != "_id_" && ascending {
                there.push(There { name, fields: index.keys.keys().cloned().collect() });
            }
        }
        Ok(there)
    }

    async fn make(&self, collection: &'static str, index: &Wanted) -> Result<(), OpenError> {
        let keys: Document =
            index.fields.iter().map(|field| (field.clone(), Bson::Int32(1))).collect();
        let mut options = IndexOptions::default();
        options.name = Some(index.name.clone());
        options.unique = index.unique.map(|_| true);
        options.sparse = index.sparse.then_some(true);
        let model = IndexModel::builder().keys(keys).options(options).build();
        // Building takes as long as there are documents, so only the connection is bounded.
        let made = self.documents(collection).create_index(model).await;
        match (made, index.unique) {
            (Ok(_), _) => Ok(()),
            (Err(error), Some(unique)) if fault::is_duplicate(&error) => {
                Err(OpenError::NotUnique { collection, index: unique.name })
            }
            // Another process, of another release, is about to make its own.
            (Err(error), _) if fault::is_index_conflict(&error) => {
                self.drop_index(collection, &index.name).await?;
                Err(self.failed(fault::told(error)))
            }
            (Err(error), _) => Err(self.failed(fault::told(error))),
        }
    }

    async fn drop_index(&self, collection: &str, name: &str) -> Result<(), OpenError> {
        let documents = self.documents(collection);
        let dropped = self.within(self.deadline(), documents.drop_index(name)).await;
        match dropped.map_err(|error| self.failed(error))? {
            Err(error) if !fault::is_not_found(&error) => Err(self.failed(fault::told(error))),
            _ => Ok(()),
        }
    }

    /// Gives every document the texts by which its uniqueness is decided.
    async fn write_texts(&self, spec: &'static CollectionSpec) -> Result<(), StoreError> {
        let collection = self.documents(spec.name);
        let mut last: Option<String> = None;
        loop {
            let deadline = self.deadline();
            let behind = last.as_ref().map_or_else(|| doc! {}, |id| doc! { "_id": { "$gt": id } });
            let find = collection
                .find(behind)
                .projection(doc! { "write": 1, "body": 1, "unique": 1 })
                .sort(doc! { "_id": 1 })
                .limit(500);
            let page = async { find.await?.try_collect::<Vec<Document>>().await };
            let page = self.ask(deadline, page).await?;
            if page.is_empty() {
                return Ok(());
            }
            for document in &page {
                self.write_text(spec, document, deadline).await?;
            }
            last = page.last().and_then(|document| document.get_str("_id").ok()).map(str::to_owned);
        }
    }

    async fn write_text(
        &self,
        spec: &'static CollectionSpec,
        document: &Document,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let (Ok(id), Some(write)) = (document.get_str("_id"), document.get("write")) else {
            return Ok(());
        };
        let unique = unique_texts(spec, id, document.get("body").unwrap_or(&Bson::Null));
        if document.get_document("unique").is_ok_and(|there| *there == unique) {
            return Ok(());
        }
        // Whoever writes it in between writes its text too.
        let filter = doc! { "_id": id, "write": write };
        let collection = self.documents(spec.name);
        let update = doc! { "$set": { "unique": unique } };
        self.ask(deadline, collection.update_one(filter, update)).await.map(|_| ())
    }
}

fn is_ours(name: &str) -> bool {
    [UNIQUE_PREFIX, FIELDS_PREFIX, PENDING_INDEX].iter().any(|prefix| name.starts_with(prefix))
}
