//! Backstage's wire: what is asked, what is indexed of entities and sites, and what is answered.

mod answer;
mod document;
mod question;

pub(crate) use answer::{Found, Hit, Tags, answer};
pub(crate) use document::{
    Document, Kind, VERSION, digest, entity_document, entity_group, is_documented, pages_group,
    site_documents,
};
#[cfg(test)]
pub(crate) use question::Facet;
pub(crate) use question::Question;
