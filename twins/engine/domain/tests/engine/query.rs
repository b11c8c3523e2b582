//! What queries answer: those that the block asks, the language, and its limits.

use crate::block::{Block, model};
use proptest::prelude::*;
use serde_json::{Value, json};
use twin_engine_domain::query::{Continuation, parse};

fn ask(block: &Block, text: &str) -> Vec<Value> {
    let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut rows = Vec::new();
    let mut from: Option<Continuation> = None;
    loop {
        let page = query.run(&block.graph, from.as_ref(), 2).unwrap();
        rows.extend(page.rows);
        let Some(next) = page.next else { return rows };
        let token = next.encode();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        from = Some(Continuation::decode(&token).unwrap());
    }
}

/// Ids of the rows, joined; `SELECT *` or `SELECT <x>.$dtId`.
#[track_caller]
fn check(block: &Block, text: &str, expected: &str) {
    let rows = ask(block, text);
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["$dtId"].as_str()).collect();
    assert_eq!(ids.join(" "), expected, "{text}");
}

#[track_caller]
fn refuse(text: &str, position: usize, part: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.message.contains(part), "{text}: {error}");
    assert_eq!(error.position, position, "{text}: {error}");
}

#[test]
fn the_queries_that_the_block_asks() {
    let block = Block::furnished();
    let process = model("SurgicalProcess");
    check(
        &block,
        "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_is_located WHERE T.$dtId = 'endo-1'",
        "or-1",
    );
    check(
        &block,
        "SELECT TOP(1) CT.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_has_actuator WHERE T.$dtId = 'or-1' AND CT.type = 4",
        "act-2",
    );
    check(
        &block,
        &format!(
            "SELECT TOP(1) Process.$dtId FROM DIGITALTWINS Process JOIN Room RELATED Process.rel_is_inside WHERE Room.$dtId = 'or-1' AND IS_OF_MODEL(Process, '{process}')"
        ),
        "proc-1",
    );
    check(
        &block,
        &format!(
            "SELECT TOP(1) SurgicalProcess.$dtId FROM DIGITALTWINS SurgicalProcess JOIN Room RELATED SurgicalProcess.rel_is_inside WHERE Room.$dtId = 'or-1' AND IS_OF_MODEL(SurgicalProcess, '{process}')"
        ),
        "proc-1",
    );
    check(
        &block,
        "SELECT TOP(1) T.$dtId FROM DIGITALTWINS T JOIN CT RELATED T.rel_booking_associated_patient WHERE CT.$dtId = 'p-1'",
        "b-1",
    );
    check(
        &block,
        "SELECT TOP (1) Patient.$dtId FROM DIGITALTWINS SurgicalProcess JOIN Patient RELATED SurgicalProcess.rel_involve_patient WHERE SurgicalProcess.$dtId = 'proc-1'",
        "p-1",
    );
    check(&block, "SELECT * FROM digitaltwins WHERE $dtId = 'hp-7'", "hp-7");
    check(&block, "SELECT * FROM digitaltwins WHERE $dtId = 'nobody'", "");
}

#[test]
fn conditions() {
    let block = Block::furnished();
    let of = |condition: &str| format!("SELECT * FROM DIGITALTWINS T WHERE {condition}");
    let rows = |condition: &str, expected: &str| check(&block, &of(condition), expected);
    rows("T.zone_id = 'z1'", "or-1 pre-1");
    rows("T.Zone_id = 'z1'", "");
    rows("zone_id = 'z1' AND NOT T.name = 'Ward'", "or-1");
    rows("T.intensity > 0", "act-2");
    rows("T.intensity >= 0 AND T.intensity <= 40.0", "act-1 act-2");
    rows("T.intensity < 1.5", "act-1");
    rows("T.intensity = 40.0", "act-2");
    rows("T.intensity != 0", "act-2");
    rows("T.intensity <> 0", "act-2");
    rows("NOT (T.intensity = 0)", "act-2");
    rows("40 = T.intensity", "act-2");
    rows("T.type = '4'", "");
    rows("T.name < 'F'", "endo-1 hp-7");
    rows("T.$dtId IN ['hp-7', 'p-1', 'x', 'p-1']", "hp-7 p-1");
    rows("T.power_state NIN ['on']", "act-1");
    rows("T.$dtId IN []", "");
    rows("T.is_in_use = false", "endo-1");
    rows("STARTSWITH(T.$dtId, 'or')", "or-1");
    rows("ENDSWITH($dtId, 'AX1')", "TAX1");
    rows("CONTAINS(T.surgery_type, 'endec')", "b-1");
    rows("T.name = 'O\\'Hara'", "TAX1");
    rows("T.name = 'O\\'Hara\\' OR 1 = 1'", "");
    rows("IS_DEFINED(T.intensity)", "act-1 act-2");
    rows("NOT IS_DEFINED(T.name) AND IS_NUMBER(T.type)", "act-1 act-2 pm-1");
    rows("IS_BOOL(T.is_in_use)", "endo-1");
    rows(
        "IS_STRING(T.zone_id) AND IS_PRIMITIVE(T.zone_id) AND NOT IS_NULL(T.zone_id)",
        "or-1 pre-1",
    );
    rows("IS_OBJECT(T.$metadata.power_state)", "act-1 act-2");
    rows("T.$metadata.$model = 'dtmi:io:github:smartoperatingblock:Patient;1'", "p-1");
    rows("T.$metadata.zone_id.lastUpdateTime >= '2026-05-15T06:00:02.000Z'", "pre-1");
    rows("T.[[zone_id]] = 'z1' and t = 1 or [[T]].$dtId = 'pm-1'", "pm-1");
    let room = model("Room");
    rows(&format!("IS_OF_MODEL(T, '{room}')"), "or-1 pre-1");
    rows(&format!("IS_OF_MODEL('{room}')"), "or-1 pre-1");
    rows(&format!("IS_OF_MODEL(T, '{room}', exact)"), "");
    rows(&format!("is_of_model(T, '{}', EXACT)", model("PrePostOperatingRoom")), "pre-1");
}

#[test]
fn projections() {
    let block = Block::furnished();
    let one = |text: &str| ask(&block, text);
    assert_eq!(one("SELECT COUNT() FROM DIGITALTWINS"), [json!({"COUNT": 11})]);
    assert_eq!(one("SELECT COUNT() FROM RELATIONSHIPS"), [json!({"COUNT": 9})]);
    let rows = one(
        "SELECT T.intensity, T.type AS kind, T.zone_id FROM DIGITALTWINS T WHERE T.$dtId = 'act-2'",
    );
    assert_eq!(rows, [json!({"intensity": 40, "kind": 4})]);
    let rows = one(
        "SELECT R, A.$dtId AS a FROM DIGITALTWINS T JOIN A RELATED T.rel_has_actuator R WHERE T.$dtId = 'or-1' AND A.type = 3",
    );
    assert_eq!(rows[0]["R"]["$relationshipId"], "or-1-act-1");
    assert_eq!(rows[0]["a"], "act-1");
    assert_eq!(one("SELECT TOP(3) FROM DIGITALTWINS").len(), 3);
    assert_eq!(one("SELECT TOP(0) FROM DIGITALTWINS").len(), 0);
    assert_eq!(one("SELECT TOP(500) FROM DIGITALTWINS").len(), 11);
    assert_eq!(
        one("SELECT name FROM DIGITALTWINS WHERE $dtId = 'or-1'"),
        [json!({"name": "Theatre 1"})]
    );
    let room = one("SELECT T FROM DIGITALTWINS T WHERE T.$dtId = 'or-1'");
    assert_eq!(room[0]["T"], **block.graph.twin("or-1").unwrap());
}

#[test]
fn relationships() {
    let block = Block::furnished();
    let ids = |condition: &str| {
        let rows = ask(&block, &format!("SELECT * FROM RELATIONSHIPS R WHERE {condition}"));
        let ids: Vec<String> =
            rows.iter().map(|row| row["$relationshipId"].as_str().unwrap().to_owned()).collect();
        ids.join(" ")
    };
    assert_eq!(ids("R.$sourceId = 'or-1'"), "or-1-act-1 or-1-act-2");
    assert_eq!(ids("R.$targetId = 'or-1'"), "endo-1-located or-1-hp-7 or-1-p-1 proc-1-or-1");
    assert_eq!(ids("$targetId = 'or-1' AND $sourceId = 'hp-7'"), "or-1-hp-7");
    assert_eq!(ids("R.$relationshipName = 'rel_is_inside'"), "or-1-hp-7 or-1-p-1 proc-1-or-1");
    assert_eq!(ids("STARTSWITH(R.$relationshipId, 'proc')"), "proc-1-or-1 proc-1-p-1");
}

#[test]
fn several_joins_from_either_end() {
    let block = Block::furnished();
    let joins = "FROM DIGITALTWINS B JOIN P RELATED B.rel_booking_associated_patient \
                 JOIN R RELATED P.rel_is_inside JOIN A RELATED R.rel_has_actuator";
    check(&block, &format!("SELECT A.$dtId {joins} WHERE B.$dtId = 'b-1'"), "act-1 act-2");
    check(&block, &format!("SELECT B.$dtId {joins} WHERE A.$dtId = 'act-2'"), "b-1");
    check(
        &block,
        &format!("SELECT A.$dtId {joins} WHERE R.$dtId = 'or-1' AND A.type = 3"),
        "act-1",
    );
    check(&block, &format!("SELECT A.$dtId {joins} WHERE R.$dtId = 'pre-1'"), "");
}

#[test]
fn pages_go_on_where_they_stopped_whatever_is_written_between() {
    let mut block = Block::furnished();
    let query = parse("SELECT $dtId FROM DIGITALTWINS").unwrap();
    let first = query.run(&block.graph, None, 4).unwrap();
    assert_eq!(first.rows.last().unwrap()["$dtId"], "b-1");
    block.put("a-new-one", "Patient", json!({}));
    block.put("c-new-one", "Patient", json!({}));
    block.unrelate("b-1", "b-1-p-1").unwrap();
    block.delete("b-1").unwrap();
    let second = query.run(&block.graph, first.next.as_ref(), 2).unwrap();
    let ids: Vec<&Value> = second.rows.iter().map(|row| &row["$dtId"]).collect();
    assert_eq!(ids, ["c-new-one", "endo-1"]);
    let other = parse("SELECT * FROM DIGITALTWINS").unwrap();
    let error = other.run(&block.graph, first.next.as_ref(), 2).unwrap_err();
    assert_eq!(error.code.name(), "BadRequest");
    for token in ["", "zz", "5b", "abc", "5b5d", "\u{e9}\u{e9}"] {
        assert_eq!(Continuation::decode(token).unwrap_err().code.name(), "BadRequest");
    }
}

#[test]
fn what_is_not_in_the_language_is_named() {
    refuse("", 0, "SELECT");
    refuse("SELECT * FROM", 13, "DIGITALTWINS");
    refuse("SELECT * FROM DIGITALTWINS T JOIN C RELATED T.r WHERE T.$dtId = 'x'", 7, "JOIN");
    refuse("SELECT C FROM DIGITALTWINS T JOIN C RELATED T.r", 47, "$dtId");
    refuse("SELECT C FROM DIGITALTWINS T JOIN C RELATED T.r WHERE name = 'x'", 54, "no alias");
    refuse("SELECT C FROM DIGITALTWINS T JOIN C RELATED X.r WHERE C.$dtId = 'x'", 44, "alias");
    refuse("SELECT C FROM DIGITALTWINS T JOIN T RELATED T.r WHERE C.$dtId = 'x'", 48, "twice");
    refuse("SELECT A FROM DIGITALTWINS MATCH (A)-[]->(B) WHERE A.$dtId = 'x'", 27, "MATCH");
    refuse(
        "SELECT T.$dtId, C.$dtId FROM DIGITALTWINS T JOIN C RELATED T.r WHERE T.$dtId = 'x'",
        16,
        "AS",
    );
    refuse("SELECT * FROM DIGITALTWINS WHERE $dtId = 'x", 41, "not closed");
    refuse("SELECT * FROM DIGITALTWINS WHERE $dtId = 'x\\'", 41, "not closed");
    refuse("SELECT * FROM DIGITALTWINS WHERE a = null", 37, "IS_NULL");
    refuse("SELECT * FROM DIGITALTWINS WHERE a", 34, "comparison");
    refuse("SELECT * FROM DIGITALTWINS WHERE FOO(a)", 33, "FOO");
    refuse("SELECT * FROM DIGITALTWINS WHERE a = 'x' ORDER", 41, "end");
    refuse("SELECT * FROM DIGITALTWINS WHERE a = 12x", 37, "number");
    refuse("SELECT * FROM DIGITALTWINS; DROP", 26, "character");
    refuse(
        "SELECT * FROM RELATIONSHIPS R JOIN T RELATED R.x WHERE T.$dtId = 'x'",
        30,
        "RELATIONSHIPS",
    );
    refuse("SELECT TOP(-1) FROM DIGITALTWINS", 11, "negative");
}

#[test]
fn limits() {
    refuse(
        &format!("SELECT * FROM DIGITALTWINS WHERE a = '{}'", "x".repeat(8_000)),
        8_000,
        "8,000",
    );
    let many = vec!["a = 1"; 52].join(" OR ");
    assert!(
        parse(&format!("SELECT * FROM DIGITALTWINS WHERE {many}"))
            .unwrap_err()
            .message
            .contains("50")
    );
    let fewer = vec!["a = 1"; 51].join(" AND ");
    parse(&format!("SELECT * FROM DIGITALTWINS WHERE {fewer}")).unwrap();
    let list = vec!["1"; 101].join(",");
    assert!(
        parse(&format!("SELECT * FROM DIGITALTWINS WHERE a IN [{list}]"))
            .unwrap_err()
            .message
            .contains("100")
    );
    let joins = [0, 1, 2, 3, 4, 5].map(|n| format!(" JOIN C{n} RELATED T.r")).concat();
    assert!(
        parse(&format!("SELECT T FROM DIGITALTWINS T{joins} WHERE T.$dtId = 'x'"))
            .unwrap_err()
            .message
            .contains("5 JOIN")
    );
    let deep = format!("SELECT * FROM DIGITALTWINS WHERE {}a = 1", "(".repeat(3_000));
    assert!(parse(&deep).unwrap_err().message.contains("64"));
    let deep = format!("SELECT * FROM DIGITALTWINS WHERE {}a = 1", "NOT ".repeat(1_900));
    assert!(parse(&deep).unwrap_err().message.contains("64"));
}

#[test]
fn an_id_is_looked_up_not_searched_for() {
    let mut block = Block::new();
    for number in 0..300 {
        block.put(&format!("room-{number}"), "OperatingRoom", json!({}));
    }
    let query = parse("SELECT * FROM digitaltwins WHERE $dtId = 'room-150'").unwrap();
    let page = query.run(&block.graph, None, 100).unwrap();
    assert_eq!(page.rows.len(), 1);
    assert!(page.charge < 1.01, "{}", page.charge);
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_row_of_tokens_makes_the_parser_panic(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "SELECT", "*", "FROM", "DIGITALTWINS", "RELATIONSHIPS", "T", "JOIN", "RELATED", "T.r",
            "WHERE", "(", ")", "NOT", "AND", "OR", "$dtId", "=", "'x'", "1", "IN", "[", "]", ",",
            "IS_OF_MODEL", "COUNT", "TOP", "AS", "[[a]]", "true", "<", ".", "'", "[[", "-",
        ]), 0..30)) {
        let text = words.join(" ");
        let graph = twin_engine_domain::graph::Graph::new();
        if let Ok(query) = parse(&text) {
            query.run(&graph, None, 10).unwrap();
        }
    }

    #[test]
    fn an_escaped_id_is_only_ever_itself(id in "[a-z'\\\\ =O]{1,12}") {
        let mut block = Block::new();
        block.put("other", "Patient", json!({}));
        block.put(&id, "Patient", json!({}));
        let escaped = id.replace('\\', "\\\\").replace('\'', "\\'");
        let rows = ask(&block, &format!("SELECT * FROM DIGITALTWINS WHERE $dtId = '{escaped}'"));
        prop_assert_eq!(rows.len(), 1);
        prop_assert_eq!(rows[0]["$dtId"].as_str(), Some(id.as_str()));
    }
}
