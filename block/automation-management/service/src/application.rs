//! Between the wire and the domain: events, configuration, Thing Descriptions, documents, answers.

pub(crate) mod configuration;
pub(crate) mod event;

pub(crate) mod description;

pub(crate) mod document;
pub(crate) mod name;

pub(crate) mod answer;
pub(crate) mod telling;
