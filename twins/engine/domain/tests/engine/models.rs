//! Which DTDL is accepted, and that a refusal names the rule and the path.
#![expect(clippy::needless_pass_by_value, reason = "tables are written with values")]

use crate::block::{Block, block_models, code, model};
use serde_json::{Value, json};
use twin_engine_domain::{
    graph::Command,
    model::{ModelError, ModelId, Models},
};

fn at() -> jiff::Timestamp {
    "2026-05-15T06:00:00Z".parse().unwrap()
}

fn interface(contents: Value) -> Value {
    json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:a:B;1", "@type": "Interface", "contents": contents})
}

fn property(schema: Value) -> Value {
    interface(json!([{"@type": "Property", "name": "p", "schema": schema}]))
}

/// Rule and path of each violation, or "accepted".
fn judge(uploads: &[Value]) -> String {
    match Models::default().check(uploads, at()) {
        Ok(_) => "accepted".to_owned(),
        Err(ModelError::Invalid(violations)) => {
            let told = violations.iter().map(|found| format!("{}@{}", found.rule, found.path));
            told.collect::<Vec<_>>().join(" ")
        }
        Err(other) => other.to_string(),
    }
}

#[track_caller]
fn check(upload: &Value, expected: &str) {
    assert_eq!(judge(std::slice::from_ref(upload)), expected, "{upload}");
}

#[test]
fn the_models_of_the_block() {
    let mut models = Models::default();
    let added = models.add(&block_models(), at()).unwrap();
    assert_eq!(added.len(), 11);
    let room = models.get(&model("Room")).unwrap().to_json(true);
    assert_eq!(room["displayName"], json!({"en": "Room"}));
    assert_eq!(room["uploadTime"], "2026-05-15T06:00:00.000Z");
    assert_eq!(room["model"]["@id"], model("Room"));
    let theatre = models.model(&model("OperatingRoom")).unwrap();
    assert_eq!(theatre.contents.len(), 7);
    assert!(models.is_of_model(&model("OperatingRoom"), &model("Room"), false));
    assert!(!models.is_of_model(&model("OperatingRoom"), &model("Room"), true));
    assert!(!models.is_of_model(&model("Room"), &model("OperatingRoom"), false));
    let listed = models.list(&[model("OperatingRoom")]).unwrap();
    let ids: Vec<&str> = listed.iter().map(|data| data.id.as_str()).collect();
    assert_eq!(ids, [model("OperatingRoom"), model("Room")]);
    assert_eq!(code(models.list(&["dtmi:x;1".into()])), "ModelNotFound");
}

#[test]
fn identifiers() {
    for good in ["dtmi:a;1", "dtmi:a_b:c1:D;999999999"] {
        good.parse::<ModelId>().unwrap();
    }
    let long = format!("dtmi:{};1", "a".repeat(122));
    for bad in [
        "",
        "dtmi:a",
        "dtmi:;1",
        "dtmi:1a;1",
        "dtmi:a_;1",
        "dtmi:_a;1",
        "dtmi:a;01",
        "dtmi:a;0",
        "dtmi:a;",
        "dtmi:a;1234567890",
        "dtmi:a::b;1",
        "DTMI:a;1",
        "dtmi:dtdl:x;1",
        "dtmi:standard:x;1",
        "dtmi:a-b;1",
        "dtmi:a;1;2",
        "dtmi:a;1.0",
        &long,
    ] {
        bad.parse::<ModelId>().unwrap_err();
    }
}

#[test]
fn interfaces() {
    check(&interface(json!([])), "accepted");
    check(&json!([]), "interface-object@ extends-exists@extends/0".split(' ').next().unwrap());
    check(&json!({"@id": "dtmi:a:B;1", "@type": "Interface"}), "context@@context");
    check(
        &json!({"@context": ["dtmi:dtdl:context;2", "dtmi:x:context;1"], "@id": "dtmi:a:B;1", "@type": ["Interface"]}),
        "accepted",
    );
    check(
        &json!({"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a:B;1", "@type": "Interface"}),
        "dtmi:a:B;1 is not written in DTDL version 2",
    );
    check(
        &json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:a:B", "@type": "Property", "foo": 1, "displayName": "x".repeat(65), "comment": 1}),
        "type@@type property-unknown@foo interface-id@@id comment@comment text-length@displayName",
    );
    check(
        &interface(json!({"@type": "Telemetry", "name": "single", "schema": "double"})),
        "accepted",
    );
    let two = [interface(json!([])), interface(json!([]))];
    assert_eq!(judge(&two), "model-unique@@id");
    assert_eq!(judge(&[]), "an upload holds at least one model");
}

#[test]
fn names_and_kinds() {
    let named =
        |name: &str| interface(json!([{"@type": "Property", "name": name, "schema": "long"}]));
    check(&named("a_1"), "accepted");
    for name in ["1a", "a_", "_a", "a-b", "", "\u{e9}"] {
        check(&named(name), "name-syntax@contents/0/name");
    }
    check(&named(&"a".repeat(65)), "name-length@contents/0/name");
    check(
        &interface(
            json!([{"@type": "Property", "name": "a", "schema": "long"}, {"@type": "Telemetry", "name": "a", "schema": "long"}]),
        ),
        "name-unique@contents/1/name",
    );
    check(&interface(json!([{"@type": "Command", "name": "a"}])), "command-unsupported@contents/0");
    check(&interface(json!([{"@type": "Thing", "name": "a"}])), "type@contents/0/@type");
    check(
        &interface(json!([{"@type": "Property", "schema": "long"}])),
        "name-required@contents/0/name",
    );
    check(
        &interface(json!([{"@type": "Property", "name": "a"}])),
        "schema-required@contents/0/schema",
    );
    check(
        &interface(
            json!([{"@type": ["Property", "Commercial"], "name": "a", "schema": "long", "brand": "x"}]),
        ),
        "accepted",
    );
    check(
        &interface(json!([{"@type": "Property", "name": "a", "schema": "long", "brand": "x"}])),
        "property-unknown@contents/0/brand",
    );
    check(
        &interface(
            json!([{"@type": "Property", "@id": "dtmi:a:x;1", "name": "a", "schema": "long"}, {"@type": "Property", "@id": "dtmi:a:x;1", "name": "b", "schema": "long"}]),
        ),
        "element-id-unique@contents/1/@id",
    );
    let many: Vec<Value> = (0..301)
        .map(|n| json!({"@type": "Property", "name": format!("p{n}"), "schema": "long"}))
        .collect();
    check(&interface(json!(many)), "contents-count@contents");
}

#[test]
fn schemas() {
    check(&property(json!("integer")), "accepted");
    check(&property(json!("dtmi:dtdl:instance:Schema:integer;2")), "accepted");
    check(&property(json!("int")), "schema-unknown@contents/0/schema");
    check(&property(json!(3)), "schema-type@contents/0/schema");
    check(
        &property(json!({"@type": "Array", "elementSchema": "long"})),
        "schema-telemetry-only@contents/0/schema",
    );
    check(&property(json!("point")), "schema-telemetry-only@contents/0/schema");
    check(
        &property(
            json!({"@type": "Object", "fields": [{"name": "a", "schema": "long"}, {"name": "a", "schema": "long"}, {"name": "1", "schema": "x"}]}),
        ),
        "name-unique@contents/0/schema/fields/1/name name-syntax@contents/0/schema/fields/2/name schema-unknown@contents/0/schema/fields/2/schema",
    );
    check(
        &property(json!({"@type": "Object", "fields": []})),
        "fields-count@contents/0/schema/fields",
    );
    check(
        &property(
            json!({"@type": "Map", "mapKey": {"name": "k", "schema": "long"}, "mapValue": {"name": "v", "schema": "long"}}),
        ),
        "map-key@contents/0/schema/mapKey/schema",
    );
    check(
        &property(
            json!({"@type": "Enum", "valueSchema": "integer", "enumValues": [{"name": "a", "enumValue": 1}, {"name": "a", "enumValue": 1}, {"name": "b", "enumValue": "x"}]}),
        ),
        "name-unique@contents/0/schema/enumValues/1/name enum-value-unique@contents/0/schema/enumValues/1/enumValue enum-value@contents/0/schema/enumValues/2/enumValue",
    );
    check(
        &property(json!({"@type": "Enum", "valueSchema": "double", "enumValues": []})),
        "value-schema@contents/0/schema/valueSchema",
    );
    let nested = |levels: usize| {
        (0..levels).fold(json!("long"), |inner, _| {
            json!({"@type": "Map", "mapKey": {"name": "k", "schema": "string"}, "mapValue": {"name": "v", "schema": inner}})
        })
    };
    check(&property(nested(5)), "accepted");
    check(&property(nested(6)), "schema-depth@contents/0/schema");
}

#[test]
fn reusable_schemas() {
    let with = |schemas: Value| {
        let mut upload = property(json!("dtmi:a:s;1"));
        upload["schemas"] = schemas;
        upload
    };
    check(
        &with(
            json!([{"@id": "dtmi:a:s;1", "@type": "Object", "fields": [{"name": "a", "schema": "long"}]}]),
        ),
        "accepted",
    );
    check(&with(json!([])), "schema-unknown@contents/0/schema");
    let recursive = judge(&[with(
        json!([{"@id": "dtmi:a:s;1", "@type": "Array", "elementSchema": "dtmi:a:s;1"}]),
    )]);
    assert!(recursive.contains("schema-recursion"), "{recursive}");
    // A few kilobytes that describe millions of fields.
    let fields = |id: usize| -> Vec<Value> {
        (0..30)
            .map(|n| json!({"name": format!("f{n}"), "schema": format!("dtmi:a:s{id};1")}))
            .collect()
    };
    let mut bomb: Vec<Value> = (0..5)
        .map(|id| json!({"@id": format!("dtmi:a:s{id};1"), "@type": "Object", "fields": fields(id + 1)}))
        .collect();
    bomb.push(json!({"@id": "dtmi:a:s5;1", "@type": "Object", "fields": [{"name": "a", "schema": "long"}]}));
    let mut upload = property(json!("dtmi:a:s0;1"));
    upload["schemas"] = json!(bomb);
    assert_ne!(judge(&[upload]), "accepted");
    let chain: Vec<Value> = (0..5_000)
        .map(|id| json!({"@id": format!("dtmi:a:s{id};1"), "@type": "Array", "elementSchema": format!("dtmi:a:s{};1", id + 1)}))
        .collect();
    let mut upload = property(json!("dtmi:a:s0;1"));
    upload["schemas"] = json!(chain);
    assert_ne!(judge(&[upload]), "accepted");
}

#[test]
fn semantic_types() {
    let typed = |extra: Value| {
        let mut element =
            json!({"@type": ["Property", "Temperature"], "name": "t", "schema": "double"});
        for (name, value) in extra.as_object().unwrap() {
            element[name] = value.clone();
        }
        interface(json!([element]))
    };
    check(&typed(json!({"unit": "degreeCelsius"})), "accepted");
    check(&typed(json!({})), "unit-required@contents/0/unit");
    check(&typed(json!({"unit": "lux"})), "unit-unknown@contents/0/unit");
    check(
        &typed(json!({"unit": "kelvin", "schema": "string"})),
        "semantic-schema@contents/0/schema",
    );
    check(&typed(json!({"unit": "lux", "@type": "Property"})), "unit-forbidden@contents/0/unit");
}

#[test]
fn relationships_and_components() {
    let relationship = |extra: Value| {
        let mut element = json!({"@type": "Relationship", "name": "r"});
        for (name, value) in extra.as_object().unwrap() {
            element[name] = value.clone();
        }
        interface(json!([element]))
    };
    check(
        &relationship(
            json!({"target": "dtmi:not:There;1", "maxMultiplicity": 500, "minMultiplicity": 0, "writable": true}),
        ),
        "accepted",
    );
    check(
        &relationship(
            json!({"target": "there", "maxMultiplicity": 0, "minMultiplicity": 1, "writable": 1}),
        ),
        "boolean@contents/0/writable multiplicity@contents/0/minMultiplicity multiplicity@contents/0/maxMultiplicity target-id@contents/0/target",
    );
    check(
        &relationship(
            json!({"properties": [{"@type": "Property", "name": "a", "schema": "x"}, {"@type": "Telemetry", "name": "b", "schema": "long"}]}),
        ),
        "schema-unknown@contents/0/properties/0/schema relationship-property@contents/0/properties/1",
    );
    let part = |id: &str, contents: Value| json!({"@context": "dtmi:dtdl:context;2", "@id": id, "@type": "Interface", "contents": contents});
    let component = |schema: Value| json!([{"@type": "Component", "name": "c", "schema": schema}]);
    check(&interface(component(json!("dtmi:not:There;1"))), "component-exists@contents/0/schema");
    check(
        &interface(component(json!({"@type": "Interface"}))),
        "interface-inline@contents/0/schema",
    );
    check(&interface(component(json!("dtmi:a:B;1"))), "component-depth@contents/0/schema");
    let good = [interface(component(json!("dtmi:a:C;1"))), part("dtmi:a:C;1", json!([]))];
    assert_eq!(judge(&good), "accepted");
    let deep = [
        interface(component(json!("dtmi:a:C;1"))),
        part("dtmi:a:C;1", component(json!("dtmi:a:D;1"))),
        part("dtmi:a:D;1", json!([])),
    ];
    assert_eq!(judge(&deep), "component-depth@contents/0/schema");
}

#[test]
fn inheritance() {
    let extending = |id: usize, extends: Value, names: &[&str]| {
        let contents: Vec<Value> = names
            .iter()
            .map(|name| json!({"@type": "Property", "name": name, "schema": "long"}))
            .collect();
        json!({"@context": "dtmi:dtdl:context;2", "@id": format!("dtmi:a:m{id};1"), "@type": "Interface", "extends": extends, "contents": contents})
    };
    let id = |id: usize| format!("dtmi:a:m{id};1");
    assert_eq!(judge(&[extending(0, json!(id(9)), &[])]), "extends-exists@extends/0");
    assert_eq!(judge(&[extending(0, json!({"@id": id(9)}), &[])]), "interface-inline@extends");
    assert_eq!(
        judge(&[
            extending(0, json!([id(1), id(2), id(3)]), &[]),
            extending(1, json!([]), &[]),
            extending(2, json!([]), &[]),
            extending(3, json!([]), &[])
        ]),
        "extends-count@extends"
    );
    assert_eq!(
        judge(&[extending(0, json!(id(1)), &["a"]), extending(1, json!([]), &["a"])]),
        "name-unique@contents/0/name"
    );
    assert_eq!(
        judge(&[
            extending(0, json!([id(1), id(2)]), &[]),
            extending(1, json!([]), &["a"]),
            extending(2, json!([]), &["a"])
        ]),
        "name-unique@extends/1"
    );
    // A diamond inherits its top once.
    let diamond = [
        extending(0, json!([id(1), id(2)]), &["d"]),
        extending(1, json!(id(3)), &["b"]),
        extending(2, json!(id(3)), &["c"]),
        extending(3, json!([]), &["a"]),
    ];
    assert_eq!(judge(&diamond), "accepted");
    let circle = judge(&[extending(0, json!(id(1)), &[]), extending(1, json!(id(0)), &[])]);
    assert!(circle.contains("extends-recursion"), "{circle}");
    let chain = |levels: usize| -> Vec<Value> {
        let above = (1..=levels).map(|n| extending(n, json!(id(n - 1)), &[]));
        std::iter::once(extending(0, json!([]), &[])).chain(above).collect()
    };
    assert_eq!(judge(&chain(10)), "accepted");
    assert_eq!(judge(&chain(11)), "extends-depth@extends");
}

#[test]
fn an_upload_is_all_or_nothing_and_ids_are_for_ever() {
    let mut block = Block::new();
    let add =
        |block: &mut Block, models: Vec<Value>| code(block.run(Command::AddModels { models }));
    assert_eq!(
        add(&mut block, vec![interface(json!([])), property(json!("x"))]),
        "DTDLParserError"
    );
    assert!(block.graph.models().get("dtmi:a:B;1").is_none());
    assert_eq!(add(&mut block, vec![interface(json!([]))]), "accepted");
    assert_eq!(add(&mut block, vec![interface(json!([]))]), "ModelAlreadyExists");
    assert_eq!(add(&mut block, vec![json!({}); 251]), "LimitExceeded");
    let error = block.prepare(Command::AddModels { models: vec![json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:a:C;1", "@type": "Interface", "contents": [{"@type": "Property", "name": "a", "schema": {"@type": "Object", "fields": [{"name": "1", "schema": "long"}]}}]})] }).unwrap_err();
    assert!(error.message.contains("contents/0/schema/fields/0/name"), "{error}");
    assert!(error.message.contains("name-syntax"), "{error}");
}

#[test]
fn decommissioning_and_deleting() {
    let mut block = Block::new();
    let patch = json!([{"op": "replace", "path": "/decommissioned", "value": true}]);
    let decommission = |name: &str| Command::Decommission { id: model(name), patch: patch.clone() };
    let delete = |name: &str| Command::DeleteModel { id: model(name) };
    assert_eq!(code(block.run(decommission("Room"))), "ModelReferencesNotDecommissioned");
    assert_eq!(code(block.run(delete("Room"))), "ModelReferencesNotDeleted");
    assert_eq!(code(block.run(decommission("Nothing"))), "ModelNotFound");
    assert_eq!(code(block.run(delete("Nothing"))), "ModelNotFound");
    for wrong in [
        json!([]),
        json!([{"op": "replace", "path": "/decommissioned", "value": false}]),
        json!([{"op": "add", "path": "/x", "value": true}]),
    ] {
        let command = Command::Decommission { id: model("Patient"), patch: wrong };
        assert_eq!(code(block.run(command)), "JsonPatchInvalid");
    }
    block.put("p-1", "Patient", json!({}));
    block.run(decommission("Patient")).unwrap();
    assert!(block.graph.models().get(&model("Patient")).unwrap().decommissioned);
    let body = json!({"$metadata": {"$model": model("Patient")}});
    assert_eq!(code(block.put_body("p-2", body.clone())), "ModelDecommissioned");
    assert_eq!(code(block.put_body("p-1", body)), "accepted");
    let heart = json!([{"op": "add", "path": "/heart_beat", "value": 70}]);
    assert_eq!(code(block.patch("p-1", heart.clone())), "accepted");
    block.run(delete("Patient")).unwrap();
    assert_eq!(code(block.patch("p-1", heart.clone())), "ValidationFailed");
    assert_eq!(block.graph.twin("p-1").unwrap()["heart_beat"], 70);
    let again: Vec<Value> =
        block_models().into_iter().filter(|upload| upload["@id"] == model("Patient")).collect();
    block.run(Command::AddModels { models: again }).unwrap();
    assert_eq!(code(block.patch("p-1", heart)), "accepted");
    block.delete("p-1").unwrap();
}
