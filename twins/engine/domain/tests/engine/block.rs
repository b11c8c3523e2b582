//! A small operating block that the tests write to and ask.

use jiff::Timestamp;
use serde_json::{Value, json};
use twin_engine_domain::{
    error::EngineError,
    graph::{Change, Command, Context, Graph, Prepared},
};

pub(crate) const PREFIX: &str = "dtmi:io:github:smartoperatingblock:";

pub(crate) fn model(name: &str) -> String {
    format!("{PREFIX}{name};1")
}

pub(crate) fn block_models() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .collect()
}

/// A graph under test with a clock that moves one second with each write.
#[derive(Default)]
pub(crate) struct Block {
    pub(crate) graph: Graph,
    pub(crate) changes: Vec<Change>,
    pub(crate) source_time: Option<Timestamp>,
}

impl Block {
    /// With the block's models.
    pub(crate) fn new() -> Self {
        let mut block = Self::default();
        block.run(Command::AddModels { models: block_models() }).unwrap();
        block
    }

    /// With two rooms, a professional, a patient in the operating room, a booking, a process, an
    /// actuator, a technology and a device.
    pub(crate) fn furnished() -> Self {
        let mut block = Self::new();
        block.put("or-1", "OperatingRoom", json!({"name": "Theatre 1", "zone_id": "z1"}));
        block.put("pre-1", "PrePostOperatingRoom", json!({"name": "Ward", "zone_id": "z1"}));
        block.put("hp-7", "HealthProfessional", json!({"name": "Ada", "surname": "B", "role": 0}));
        block.put("p-1", "Patient", json!({}));
        block.put("TAX1", "HealthcareUser", json!({"name": "O'Hara", "surname": "C"}));
        let booking =
            json!({"booking_date_time": "2026-05-15T08:00:00Z", "surgery_type": "Appendectomy"});
        block.put("b-1", "SurgeryBooking", booking);
        block.put("proc-1", "SurgicalProcess", json!({"process_state": 0, "process_step": 0}));
        block.put("act-1", "Actuator", json!({"power_state": "off", "intensity": 0, "type": 3}));
        block.put("act-2", "Actuator", json!({"power_state": "on", "intensity": 40, "type": 4}));
        let technology = json!({"name": "Endo", "description": "d", "type": 0, "is_in_use": false});
        block.put("endo-1", "MedicalTechnology", technology);
        block.put("pm-1", "ImplantableMedicalDevice", json!({"type": 0}));
        block.relate("or-1", "or-1-act-1", "rel_has_actuator", "act-1");
        block.relate("or-1", "or-1-act-2", "rel_has_actuator", "act-2");
        block.relate("hp-7", "or-1-hp-7", "rel_is_inside", "or-1");
        block.relate("p-1", "or-1-p-1", "rel_is_inside", "or-1");
        block.relate("p-1", "p-1-TAX1", "rel_is_associated", "TAX1");
        block.relate("b-1", "b-1-p-1", "rel_booking_associated_patient", "p-1");
        block.relate("proc-1", "proc-1-p-1", "rel_involve_patient", "p-1");
        block.relate("proc-1", "proc-1-or-1", "rel_is_inside", "or-1");
        block.relate("endo-1", "endo-1-located", "rel_is_located", "or-1");
        block
    }

    pub(crate) fn now(&self) -> Timestamp {
        let epoch: Timestamp = "2026-05-15T06:00:00Z".parse().unwrap();
        epoch + jiff::SignedDuration::from_secs(i64::try_from(self.changes.len()).unwrap())
    }

    pub(crate) fn prepare(&self, command: Command) -> Result<Prepared, EngineError> {
        let etag = format!("00000000-0000-4000-8000-{:012}", self.changes.len());
        let mut context = Context::new(self.now(), etag);
        context.source_time = self.source_time;
        self.graph.prepare(command, &context)
    }

    pub(crate) fn run(&mut self, command: Command) -> Result<Prepared, EngineError> {
        let prepared = self.prepare(command)?;
        self.graph.apply(&prepared.change);
        self.changes.push(prepared.change.clone());
        Ok(prepared)
    }

    pub(crate) fn put(&mut self, id: &str, name: &str, mut body: Value) -> Prepared {
        let metadata = json!({"$model": model(name)});
        body.as_object_mut().unwrap().insert("$metadata".into(), metadata);
        self.put_body(id, body).unwrap()
    }

    pub(crate) fn put_body(&mut self, id: &str, body: Value) -> Result<Prepared, EngineError> {
        self.run(Command::PutTwin { id: id.into(), body, if_none_match: None, if_match: None })
    }

    pub(crate) fn patch(&mut self, id: &str, patch: Value) -> Result<Prepared, EngineError> {
        self.run(Command::PatchTwin { id: id.into(), patch, if_match: None })
    }

    pub(crate) fn relate(&mut self, source: &str, id: &str, name: &str, target: &str) -> Prepared {
        let body = json!({"$relationshipName": name, "$targetId": target});
        self.put_edge(source, id, body).unwrap()
    }

    pub(crate) fn put_edge(
        &mut self,
        source: &str,
        id: &str,
        body: Value,
    ) -> Result<Prepared, EngineError> {
        self.run(Command::PutRelationship {
            source: source.into(),
            id: id.into(),
            body,
            if_none_match: None,
            if_match: None,
        })
    }

    pub(crate) fn unrelate(&mut self, source: &str, id: &str) -> Result<Prepared, EngineError> {
        self.run(Command::DeleteRelationship {
            source: source.into(),
            id: id.into(),
            if_match: None,
        })
    }

    pub(crate) fn delete(&mut self, id: &str) -> Result<Prepared, EngineError> {
        self.run(Command::DeleteTwin { id: id.into(), if_match: None })
    }
}

/// Code of the refusal, or "accepted".
pub(crate) fn code<T>(result: Result<T, EngineError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(error) => error.code.name(),
    }
}
