//! The log is the truth: replaying it, or a snapshot of it, gives the graph that was live.

use crate::block::{Block, model};
use proptest::prelude::*;
use std::ops::Deref;

use serde_json::{Value, json};
use twin_engine_domain::{
    graph::{Change, Command, Graph},
    query::parse,
};

/// Everything that can be seen of a graph.
fn seen(graph: &Graph) -> Value {
    let models: Vec<Value> =
        graph.models().list(&[]).unwrap().iter().map(|data| data.to_json(true)).collect();
    let mut twins = Vec::new();
    for (id, twin) in graph.twins_from(None) {
        let outgoing: Vec<&Value> = graph.relationships(id, None).map(Deref::deref).collect();
        let incoming: Vec<Value> = graph.incoming(id).collect();
        twins.push(json!([**twin, outgoing, incoming]));
    }
    let mut answers = Vec::new();
    for text in [
        "SELECT * FROM RELATIONSHIPS WHERE $relationshipName = 'rel_is_inside'".to_owned(),
        "SELECT COUNT() FROM RELATIONSHIPS".to_owned(),
        format!("SELECT * FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, '{}')", model("Room")),
        format!("SELECT * FROM DIGITALTWINS T WHERE IS_OF_MODEL(T, '{}')", model("Patient")),
    ] {
        answers.push(parse(&text).unwrap().run(graph, None, 1_000).unwrap().rows);
    }
    json!([models, twins, answers, graph.twin_count(), graph.relationship_count()])
}

fn replayed(changes: &[Change]) -> Graph {
    let mut graph = Graph::new();
    for change in changes {
        let text = change.to_json().to_string();
        let read = Change::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(read, *change);
        graph.apply(&read);
    }
    graph
}

fn id() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "b", "c", "d/e", "f'g"]).prop_map(str::to_owned)
}

fn command() -> impl Strategy<Value = Command> {
    let names = vec!["Patient", "OperatingRoom", "PrePostOperatingRoom", "HealthProfessional"];
    let put =
        (id(), proptest::sample::select(names), any::<bool>()).prop_map(|(id, name, create)| {
            Command::PutTwin {
                id,
                body: json!({"$metadata": {"$model": model(name)}}),
                if_none_match: create.then(|| "*".to_owned()),
                if_match: None,
            }
        });
    let patches = vec![
        json!([{"op": "add", "path": "/heart_beat", "value": 70}]),
        json!([{"op": "remove", "path": "/heart_beat"}]),
        json!([{"op": "add", "path": "/heart_beat", "value": 71}, {"op": "add", "path": "/$metadata/heart_beat/sourceTime", "value": "2026-05-15T06:00:00Z"}]),
        json!([{"op": "add", "path": "/temperature", "value": 21.25}]),
        json!([{"op": "replace", "path": "/name", "value": "x"}]),
        json!([{"op": "add", "path": "/$metadata/$model", "value": model("OperatingRoom")}]),
    ];
    let patch = (id(), proptest::sample::select(patches))
        .prop_map(|(id, patch)| Command::PatchTwin { id, patch, if_match: None });
    let relate = (id(), id(), id()).prop_map(|(source, id, target)| Command::PutRelationship {
        source,
        id,
        body: json!({"$relationshipName": "rel_is_inside", "$targetId": target}),
        if_none_match: None,
        if_match: None,
    });
    let unrelate = (id(), id()).prop_map(|(source, id)| Command::DeleteRelationship {
        source,
        id,
        if_match: None,
    });
    let delete = id().prop_map(|id| Command::DeleteTwin { id, if_match: None });
    let models = proptest::sample::select(vec!["Patient", "OperatingRoom"]);
    let decommission = models.clone().prop_map(|name| Command::Decommission {
        id: model(name),
        patch: json!([{"op": "replace", "path": "/decommissioned", "value": true}]),
    });
    let forget = models.clone().prop_map(|name| Command::DeleteModel { id: model(name) });
    let upload = models.prop_map(|name| Command::AddModels {
        models: crate::block::block_models()
            .into_iter()
            .filter(|upload| upload["@id"] == model(name))
            .collect(),
    });
    prop_oneof![
        8 => put, 6 => patch, 8 => relate, 3 => unrelate, 3 => delete,
        1 => decommission, 1 => forget, 1 => upload,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn the_log_and_the_snapshot_give_the_live_graph(commands in proptest::collection::vec(command(), 1..60)) {
        let mut block = Block::new();
        for command in commands {
            let before = seen(&block.graph);
            if block.run(command).is_err() {
                prop_assert_eq!(seen(&block.graph), before);
            }
        }
        prop_assert!(block.graph.agrees());
        let live = seen(&block.graph);
        prop_assert_eq!(&seen(&replayed(&block.changes)), &live);
        let chunks: Vec<Value> = block
            .graph
            .snapshot()
            .to_chunks()
            .iter()
            .map(|chunk| serde_json::from_str(&chunk.to_string()).unwrap())
            .collect();
        prop_assert_eq!(&seen(&Graph::from_chunks(chunks).unwrap()), &live);
    }

    #[test]
    fn every_accepted_write_on_the_graph_is_told(commands in proptest::collection::vec(command(), 1..40)) {
        let mut block = Block::new();
        for command in commands {
            let is_model = matches!(
                command,
                Command::AddModels { .. } | Command::Decommission { .. } | Command::DeleteModel { .. }
            );
            if let Ok(prepared) = block.run(command) {
                prop_assert_eq!(prepared.change.notifications(1).is_empty(), is_model);
            }
        }
    }

    #[test]
    fn a_change_that_cannot_be_read_is_refused(text in "\\PC{0,40}") {
        let stored = json!({"version": 1, "at": text, "kind": "twinCreated"});
        prop_assert!(Change::from_json(&stored).is_err());
    }
}

#[test]
fn a_large_graph_has_several_pieces_and_comes_back() {
    let mut block = Block::furnished();
    for number in 0..3_000 {
        block.put(
            &format!("room-{number}"),
            "OperatingRoom",
            json!({"name": "A room with a name", "zone_id": "z"}),
        );
    }
    let chunks = block.graph.snapshot().to_chunks();
    assert!(chunks.len() > 2);
    assert!(chunks.iter().all(|chunk| chunk.to_string().len() < 600_000));
    assert_eq!(seen(&Graph::from_chunks(chunks).unwrap()), seen(&block.graph));
    assert!(Graph::from_chunks([json!({"version": 2})]).is_err());
}
