//! Twins, relationships, patches, conditions and the events that they cause.

use crate::block::{Block, code, model};
use serde_json::{Value, json};
use twin_engine_domain::graph::{Command, Context, Document, Notification};

fn told(block: &Block) -> Vec<Notification> {
    block.changes.last().unwrap().notifications(7)
}

#[test]
fn a_twin_as_clients_see_it() {
    let mut block = Block::new();
    let body = json!({"$dtId": "or-1", "name": "Theatre", "temperature": 21.5,
        "$metadata": {"$model": model("OperatingRoom"), "temperature": {"sourceTime": "2026-05-15T07:59:59.98765+02:00"}}});
    let prepared = block.put_body("or-1", body).unwrap();
    let twin = Document::clone(block.graph.twin("or-1").unwrap());
    assert_eq!(prepared.answer.as_ref(), Some(&twin));
    assert_eq!(
        *twin,
        json!({
        "$dtId": "or-1", "$etag": "W/\"00000000-0000-4000-8000-000000000001\"", "name": "Theatre", "temperature": 21.5,
        "$metadata": {"$model": model("OperatingRoom"), "$lastUpdateTime": "2026-05-15T06:00:01.000Z",
            "name": {"lastUpdateTime": "2026-05-15T06:00:01.000Z"},
            "temperature": {"lastUpdateTime": "2026-05-15T06:00:01.000Z", "sourceTime": "2026-05-15T05:59:59.987Z"}}})
    );
    assert_eq!(prepared.etag.as_deref(), twin["$etag"].as_str());
    let events = told(&block);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].id, "0000000000000007");
    assert_eq!(events[0].event_type, "Microsoft.DigitalTwins.Twin.Create");
    assert_eq!(events[0].subject, "or-1");
    assert_eq!(events[0].data, twin);
}

#[test]
fn bodies_that_do_not_fit() {
    let mut block = Block::new();
    let mut check = |name: &str, body: Value, expected: &str| {
        let mut body = body;
        if body.get("$metadata").is_none() && body.is_object() {
            body["$metadata"] = json!({"$model": model(name)});
        }
        assert_eq!(code(block.put_body("x", body.clone())), expected, "{body}");
    };
    check("Patient", json!([]), "InvalidArgument");
    check("Patient", json!({"$metadata": {}}), "InvalidArgument");
    check("Patient", json!({"$dtId": "y"}), "InvalidArgument");
    check("Nothing", json!({}), "ValidationFailed");
    check("Patient", json!({"heartBeat": 70}), "ValidationFailed");
    check("Patient", json!({"heart_beat": 70.0}), "ValidationFailed");
    check("Patient", json!({"heart_beat": "70"}), "ValidationFailed");
    check("Patient", json!({"heart_beat": 3_000_000_000_u32}), "ValidationFailed");
    check("Patient", json!({"heart_beat": null}), "ValidationFailed");
    check("Patient", json!({"body_temperature": "36"}), "ValidationFailed");
    check("Patient", json!({"rel_is_inside": "or-1"}), "ValidationFailed");
    check("Patient", json!({"is_on_operating_table": 1}), "ValidationFailed");
    check(
        "Patient",
        json!({"$metadata": {"$model": model("Patient"), "heart_beat": {"sourceTime": "2026-05-15T06:00:00Z"}}}),
        "ValidationFailed",
    );
    check(
        "Patient",
        json!({"heart_beat": 1, "$metadata": {"$model": model("Patient"), "heart_beat": {"sourceTime": "today"}}}),
        "ValidationFailed",
    );
    check("Actuator", json!({"type": "heating"}), "ValidationFailed");
    check("Actuator", json!({"type": 5}), "ValidationFailed");
    check("Actuator", json!({"type": "0"}), "ValidationFailed");
    check("Actuator", json!({"power_state": "ON"}), "ValidationFailed");
    check("SurgeryBooking", json!({"booking_date_time": "2026-05-15"}), "ValidationFailed");
    check("SurgeryBooking", json!({"surgery_type": "x".repeat(4097)}), "ValidationFailed");
    check("Actuator", json!({"type": 4, "power_state": "on"}), "accepted");
    check("Patient", json!({"body_temperature": 36, "heart_beat": -1}), "accepted");
    check(
        "SurgeryBooking",
        json!({"booking_date_time": "2026-05-15T10:00:00.5+02:00"}),
        "accepted",
    );
    let long = Command::PutTwin {
        id: "x".repeat(1025),
        body: json!({"$metadata": {"$model": model("Patient")}}),
        if_none_match: None,
        if_match: None,
    };
    assert_eq!(code(block.run(long)), "InvalidArgument");
}

#[test]
fn conditions() {
    let mut block = Block::new();
    let put = |none: Option<&str>, matching: Option<&str>| Command::PutTwin {
        id: "p-1".into(),
        body: json!({"$metadata": {"$model": model("Patient")}}),
        if_none_match: none.map(Into::into),
        if_match: matching.map(Into::into),
    };
    assert_eq!(code(block.run(put(None, Some("*")))), "PreconditionFailed");
    let etag = block.run(put(Some("*"), None)).unwrap().etag.unwrap();
    assert_eq!(code(block.run(put(Some("*"), None))), "PreconditionFailed");
    assert_eq!(code(block.run(put(None, Some("W/\"x\"")))), "PreconditionFailed");
    let next = block.run(put(None, Some(&etag))).unwrap().etag.unwrap();
    assert_ne!(etag, next);
    let patch = |matching: &str| Command::PatchTwin {
        id: "p-1".into(),
        patch: json!([{"op": "add", "path": "/heart_beat", "value": 1}]),
        if_match: Some(matching.into()),
    };
    assert_eq!(code(block.run(patch(&etag))), "PreconditionFailed");
    assert_eq!(code(block.run(patch(&format!("W/\"a\", {next}")))), "accepted");
    let delete =
        |matching: &str| Command::DeleteTwin { id: "p-1".into(), if_match: Some(matching.into()) };
    assert_eq!(code(block.run(delete(&next))), "PreconditionFailed");
    assert_eq!(code(block.run(delete("*"))), "accepted");
    assert_eq!(code(block.run(delete("*"))), "DigitalTwinNotFound");
}

#[test]
fn a_patch_touches_what_it_names() {
    let mut block = Block::furnished();
    block.patch("p-1", json!([{"op": "add", "path": "/heart_beat", "value": 70}])).unwrap();
    let first = Document::clone(block.graph.twin("p-1").unwrap());
    let patch = json!([
        {"op": "add", "path": "/heart_beat", "value": 70},
        {"op": "add", "path": "/$metadata/heart_beat/sourceTime", "value": "2026-05-15T06:00:00.1239+00:00"},
        {"op": "add", "path": "/$metadata/body_temperature/sourceTime", "value": "2026-05-15T06:00:01Z"},
        {"op": "add", "path": "/body_temperature", "value": 36.6},
    ]);
    let prepared = block.patch("p-1", patch).unwrap();
    assert_eq!(prepared.answer, None);
    let twin = Document::clone(block.graph.twin("p-1").unwrap());
    assert_eq!(twin["$etag"].as_str(), prepared.etag.as_deref());
    assert_ne!(twin["$etag"], first["$etag"]);
    let metadata = &twin["$metadata"];
    assert_eq!(metadata["heart_beat"]["sourceTime"], "2026-05-15T06:00:00.123Z");
    assert_eq!(metadata["heart_beat"]["lastUpdateTime"], metadata["$lastUpdateTime"]);
    assert_eq!(metadata["body_temperature"]["sourceTime"], "2026-05-15T06:00:01.000Z");
    let events = told(&block);
    assert_eq!(events[0].event_type, "Microsoft.DigitalTwins.Twin.Update");
    assert_eq!(
        *events[0].data,
        json!({"modelId": model("Patient"), "patch": [
        {"op": "add", "path": "/heart_beat", "value": 70},
        {"op": "add", "path": "/$metadata/heart_beat/sourceTime", "value": "2026-05-15T06:00:00.123Z"},
        {"op": "add", "path": "/$metadata/body_temperature/sourceTime", "value": "2026-05-15T06:00:01.000Z"},
        {"op": "add", "path": "/body_temperature", "value": 36.6}]})
    );
    // The time of a property stays until it is patched again.
    block.patch("p-1", json!([{"op": "replace", "path": "/heart_beat", "value": 71}])).unwrap();
    let twin = block.graph.twin("p-1").unwrap();
    assert_eq!(twin["$metadata"]["heart_beat"]["sourceTime"], "2026-05-15T06:00:00.123Z");
    assert_ne!(
        twin["$metadata"]["body_temperature"]["lastUpdateTime"],
        twin["$metadata"]["heart_beat"]["lastUpdateTime"]
    );
    block.patch("p-1", json!([{"op": "remove", "path": "/heart_beat"}])).unwrap();
    let twin = block.graph.twin("p-1").unwrap();
    assert_eq!(twin.get("heart_beat"), None);
    assert_eq!(twin["$metadata"].get("heart_beat"), None);
    assert_eq!(told(&block)[0].data["patch"], json!([{"op": "remove", "path": "/heart_beat"}]));
}

#[test]
fn patches_that_are_refused_change_nothing() {
    let mut block = Block::furnished();
    let before = Document::clone(block.graph.twin("p-1").unwrap());
    let mut check = |patch: Value, expected: &str| {
        assert_eq!(code(block.patch("p-1", patch.clone())), expected, "{patch}");
        assert_eq!(*block.graph.twin("p-1").unwrap(), before, "{patch}");
    };
    let op = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    check(json!({}), "JsonPatchInvalid");
    check(json!([]), "JsonPatchInvalid");
    check(json!([1]), "JsonPatchInvalid");
    check(op("test", "/heart_beat", json!(1)), "JsonPatchInvalid");
    check(op("replace", "/heart_beat", json!(1)), "JsonPatchInvalid");
    check(op("remove", "/heart_beat", json!(1)), "JsonPatchInvalid");
    check(json!([{"op": "add", "path": "/heart_beat"}]), "JsonPatchInvalid");
    check(json!([{"op": "add", "value": 1}]), "JsonPatchInvalid");
    check(op("add", "heart_beat", json!(1)), "JsonPatchInvalid");
    check(op("add", "", json!({})), "JsonPatchInvalid");
    check(op("add", "/", json!({})), "JsonPatchInvalid");
    check(op("add", "/a~2", json!(1)), "JsonPatchInvalid");
    check(op("add", "/$dtId", json!("x")), "JsonPatchInvalid");
    check(
        op("add", "/$metadata/heart_beat/lastUpdateTime", json!("2026-05-15T06:00:00Z")),
        "JsonPatchInvalid",
    );
    check(op("add", "/heart_beat/x", json!(1)), "JsonPatchInvalid");
    check(op("remove", "/$metadata/$model", json!(1)), "JsonPatchInvalid");
    check(op("add", "/heart_beat", json!(null)), "ValidationFailed");
    check(op("add", "/heart_beat", json!(1.5)), "ValidationFailed");
    check(op("add", "/unknown", json!(1)), "ValidationFailed");
    check(
        op("add", "/$metadata/heart_beat/sourceTime", json!("2026-05-15T06:00:00Z")),
        "ValidationFailed",
    );
    check(op("add", "/$metadata/heart_beat/sourceTime", json!("soon")), "ValidationFailed");
    check(op("add", "/$metadata/$model", json!(model("Nothing"))), "ValidationFailed");
    check(op("add", "/$metadata/$model", json!(model("Actuator"))), "ValidationFailed");
    check(
        json!([{"op": "add", "path": "/heart_beat", "value": 1}, {"op": "add", "path": "/unknown", "value": 1}]),
        "ValidationFailed",
    );
    let missing = block.patch("nobody", json!([{"op": "add", "path": "/heart_beat", "value": 1}]));
    assert_eq!(code(missing), "DigitalTwinNotFound");
}

#[test]
fn source_times_lie_in_the_window() {
    let block = Block::furnished();
    let mut context = Context::new(block.now(), "e");
    let instant = |text: &str| text.parse().unwrap();
    context.window = Some((instant("2026-05-15T05:00:00Z"), instant("2026-05-15T06:30:00Z")));
    let patch = |at: &str| Command::PatchTwin {
        id: "p-1".into(),
        patch: json!([{"op": "add", "path": "/heart_beat", "value": 1}, {"op": "add", "path": "/$metadata/heart_beat/sourceTime", "value": at}]),
        if_match: None,
    };
    assert_eq!(code(block.graph.prepare(patch("2026-05-15T05:00:00Z"), &context)), "accepted");
    assert_eq!(code(block.graph.prepare(patch("2026-05-15T06:30:00Z"), &context)), "accepted");
    assert_eq!(
        code(block.graph.prepare(patch("2026-05-15T04:59:59.999Z"), &context)),
        "ValidationFailed"
    );
    assert_eq!(
        code(block.graph.prepare(patch("2026-05-15T06:30:00.001Z"), &context)),
        "ValidationFailed"
    );
}

#[test]
fn a_twin_changes_its_model_only_into_one_that_fits() {
    let mut block = Block::furnished();
    let to =
        |name: &str| json!([{"op": "replace", "path": "/$metadata/$model", "value": model(name)}]);
    // endo-1 may only be located in an operating room.
    assert_eq!(code(block.patch("or-1", to("PrePostOperatingRoom"))), "ValidationFailed");
    assert_eq!(code(block.patch("or-1", to("Actuator"))), "ValidationFailed");
    assert_eq!(code(block.patch("pre-1", to("OperatingRoom"))), "accepted");
    assert_eq!(
        block.graph.twin("pre-1").unwrap()["$metadata"]["$model"],
        json!(model("OperatingRoom"))
    );
}

#[test]
fn replacing_a_twin_tells_every_property() {
    let mut block = Block::furnished();
    block.put("act-1", "Actuator", json!({"power_state": "on", "intensity": 0}));
    let events = told(&block);
    assert_eq!(events[0].event_type, "Microsoft.DigitalTwins.Twin.Update");
    assert_eq!(
        events[0].data["patch"],
        json!([
        {"op": "replace", "path": "/intensity", "value": 0},
        {"op": "replace", "path": "/power_state", "value": "on"},
        {"op": "remove", "path": "/type"}])
    );
}

#[test]
fn components() {
    let mut block = Block::new();
    let interface = |id: &str, contents: Value| json!({"@context": "dtmi:dtdl:context;2", "@id": id, "@type": "Interface", "contents": contents});
    let models = vec![
        interface(
            "dtmi:t:Pump;1",
            json!([{"@type": "Component", "name": "motor", "schema": "dtmi:t:Motor;1"}, {"@type": "Property", "name": "label", "schema": {"@type": "Map", "mapKey": {"name": "k", "schema": "string"}, "mapValue": {"name": "v", "schema": "string"}}}]),
        ),
        interface(
            "dtmi:t:Motor;1",
            json!([{"@type": "Property", "name": "speed", "schema": "double"}]),
        ),
    ];
    block.run(Command::AddModels { models }).unwrap();
    let put = |block: &mut Block, mut body: Value| {
        body["$metadata"] = json!({"$model": "dtmi:t:Pump;1"});
        code(block.put_body("pump", body))
    };
    assert_eq!(put(&mut block, json!({})), "ValidationFailed");
    assert_eq!(put(&mut block, json!({"motor": 1})), "ValidationFailed");
    assert_eq!(put(&mut block, json!({"motor": {"power": 1}})), "ValidationFailed");
    assert_eq!(put(&mut block, json!({"motor": {"$metadata": {}}})), "accepted");
    assert_eq!(put(&mut block, json!({"motor": {}})), "accepted");
    let patch = json!([{"op": "add", "path": "/speed", "value": 2}, {"op": "add", "path": "/$metadata/speed/sourceTime", "value": "2026-05-15T06:00:00Z"}]);
    let component = |path: &str, patch: Value| Command::PatchComponent {
        id: "pump".into(),
        path: path.into(),
        patch,
        if_match: None,
    };
    assert_eq!(code(block.run(component("gear", patch.clone()))), "ComponentNotFound");
    assert_eq!(code(block.run(component("label", patch.clone()))), "ComponentNotFound");
    block.run(component("motor", patch)).unwrap();
    assert_eq!(told(&block)[0].data["patch"][0]["path"], "/motor/speed");
    assert_eq!(told(&block)[0].data["patch"][1]["path"], "/motor/$metadata/speed/sourceTime");
    let motor = block.graph.component("pump", "motor").unwrap();
    assert_eq!(motor["speed"], 2);
    assert_eq!(motor["$metadata"]["speed"]["sourceTime"], "2026-05-15T06:00:00.000Z");
    assert_eq!(code(block.graph.component("pump", "gear")), "ComponentNotFound");
    assert_eq!(code(block.graph.component("tub", "motor")), "DigitalTwinNotFound");
    let fails = json!([{"op": "remove", "path": "/motor"}]);
    assert_eq!(code(block.patch("pump", fails)), "ValidationFailed");
    block.patch("pump", json!([{"op": "replace", "path": "/motor/speed", "value": 3.5}])).unwrap();
    assert_eq!(
        code(block.patch("pump", json!([{"op": "add", "path": "/label/a~1b", "value": "x"}]))),
        "JsonPatchInvalid"
    );
    block.patch("pump", json!([{"op": "add", "path": "/label", "value": {}}, {"op": "add", "path": "/label/a~1b", "value": "x"}])).unwrap();
    assert_eq!(block.graph.twin("pump").unwrap()["label"]["a/b"], "x");
    assert_eq!(block.graph.twin("pump").unwrap()["motor"]["speed"], 3.5);
    // Whole replacement keeps nothing of the component.
    assert_eq!(put(&mut block, json!({"motor": {}})), "accepted");
    assert!(
        told(&block)[0].data["patch"]
            .as_array()
            .unwrap()
            .contains(&json!({"op": "remove", "path": "/motor/speed"}))
    );
}

#[test]
fn relationships() {
    let mut block = Block::furnished();
    let edge = |name: &str, target: &str| json!({"$relationshipName": name, "$targetId": target});
    assert_eq!(
        code(block.put_edge("nobody", "r", edge("rel_is_inside", "or-1"))),
        "DigitalTwinNotFound"
    );
    assert_eq!(
        code(block.put_edge("p-1", "r", edge("rel_is_inside", "nowhere"))),
        "TargetTwinNotFound"
    );
    assert_eq!(code(block.put_edge("p-1", "r", edge("rel_use", "or-1"))), "InvalidRelationship");
    assert_eq!(
        code(block.put_edge("p-1", "r", edge("rel_is_inside", "act-1"))),
        "InvalidRelationship"
    );
    assert_eq!(
        code(block.put_edge("endo-1", "r", edge("rel_is_located", "pre-1"))),
        "InvalidRelationship"
    );
    assert_eq!(
        code(block.put_edge("p-1", "r", edge("rel_is_inside", "p-1"))),
        "OperationNotAllowed"
    );
    assert_eq!(
        code(block.put_edge("p-1", "r", json!({"$targetId": "or-1"}))),
        "InvalidRelationship"
    );
    let mut odd = edge("rel_is_inside", "or-1");
    odd["since"] = json!(1);
    assert_eq!(code(block.put_edge("p-1", "r", odd)), "ValidationFailed");
    assert_eq!(code(block.delete("p-1")), "RelationshipsNotDeleted");
    assert_eq!(code(block.delete("TAX1")), "RelationshipsNotDeleted");
    assert_eq!(code(block.unrelate("p-1", "none")), "RelationshipNotFound");

    let incoming: Vec<Value> = block.graph.incoming("p-1").collect();
    assert_eq!(
        incoming,
        [
            json!({"$relationshipId": "b-1-p-1", "$sourceId": "b-1", "$relationshipName": "rel_booking_associated_patient", "$relationshipLink": "/digitaltwins/b-1/relationships/b-1-p-1"}),
            json!({"$relationshipId": "proc-1-p-1", "$sourceId": "proc-1", "$relationshipName": "rel_involve_patient", "$relationshipLink": "/digitaltwins/proc-1/relationships/proc-1-p-1"})
        ]
    );
    assert_eq!(block.graph.relationships("p-1", Some("rel_is_inside")).count(), 1);
    assert_eq!(block.graph.relationships("p-1", None).count(), 2);

    // The same once more is told once more.
    block.relate("p-1", "or-1-p-1", "rel_is_inside", "or-1");
    let events = told(&block);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type, "Microsoft.DigitalTwins.Relationship.Create");
    assert_eq!(events[0].subject, "p-1/relationships/or-1-p-1");
    assert_eq!(events[0].source_model, Some(model("Patient")));
    assert_eq!(events[0].target_model, Some(model("OperatingRoom")));
    assert_eq!(events[0].aggregate, "p-1");
    // Another target under the same id is a departure and an arrival.
    block.relate("p-1", "or-1-p-1", "rel_is_inside", "pre-1");
    let events = told(&block);
    let types: Vec<(&str, &str, Option<&str>)> = events
        .iter()
        .map(|event| (event.event_type, event.id.as_str(), event.data["$targetId"].as_str()))
        .collect();
    assert_eq!(
        types,
        [
            ("Microsoft.DigitalTwins.Relationship.Delete", "0000000000000007", Some("or-1")),
            ("Microsoft.DigitalTwins.Relationship.Create", "0000000000000007.1", Some("pre-1"))
        ]
    );
    assert_eq!(events[0].target_model, Some(model("OperatingRoom")));
    assert_eq!(events[1].target_model, Some(model("PrePostOperatingRoom")));
    assert!(block.graph.incoming("or-1").all(|edge| edge["$sourceId"] != "p-1"));

    let at = "2026-05-15T05:58:00Z".parse().unwrap();
    block.source_time = Some(at);
    block.unrelate("p-1", "or-1-p-1").unwrap();
    assert_eq!(told(&block)[0].event_type, "Microsoft.DigitalTwins.Relationship.Delete");
    assert_eq!(told(&block)[0].time, at);
    assert_eq!(code(block.unrelate("p-1", "or-1-p-1")), "RelationshipNotFound");
}

#[test]
fn properties_of_relationships() {
    let mut block = Block::new();
    let models = vec![
        json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:t:Node;1", "@type": "Interface", "contents": [
        {"@type": "Relationship", "name": "edge", "properties": [{"@type": "Property", "name": "weight", "schema": "integer"}]}]}),
    ];
    block.run(Command::AddModels { models }).unwrap();
    for id in ["a", "b"] {
        block.put_body(id, json!({"$metadata": {"$model": "dtmi:t:Node;1"}})).unwrap();
    }
    block
        .put_edge("a", "e", json!({"$relationshipName": "edge", "$targetId": "b", "weight": 1}))
        .unwrap();
    let patch = |patch: Value| Command::PatchRelationship {
        source: "a".into(),
        id: "e".into(),
        patch,
        if_match: None,
    };
    block.run(patch(json!([{"op": "replace", "path": "/weight", "value": 2}]))).unwrap();
    assert_eq!(block.graph.relationship("a", "e").unwrap()["weight"], 2);
    assert_eq!(told(&block)[0].event_type, "Microsoft.DigitalTwins.Relationship.Update");
    assert_eq!(
        *told(&block)[0].data,
        json!({"modelId": "dtmi:t:Node;1", "patch": [{"op": "replace", "path": "/weight", "value": 2}]})
    );
    assert_eq!(
        code(block.run(patch(json!([{"op": "add", "path": "/$targetId", "value": "a"}])))),
        "JsonPatchInvalid"
    );
    assert_eq!(
        code(block.run(patch(json!([{"op": "add", "path": "/weight", "value": 2.5}])))),
        "ValidationFailed"
    );
    assert_eq!(
        code(block.run(patch(json!([{"op": "add", "path": "/size", "value": 2}])))),
        "ValidationFailed"
    );
}
