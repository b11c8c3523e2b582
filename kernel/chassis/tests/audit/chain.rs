//! What a proof finds, of chains of any content.

use chiron_chassis::audit::{
    Action, Actor, Entry, Event, FIRST_PREVIOUS, HeadV1, Kind, Row, Verdict, Verifier, hash_of,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

pub(super) fn event(actor: &str, subjects: &[(&str, &str)]) -> Event {
    Event {
        action: Action::Read,
        actor: Actor { id: Some(actor.to_owned()), kind: Kind::Person, roles: vec![] },
        method: "GET".to_owned(),
        peer: None,
        route: "/r/{id}".to_owned(),
        service: "example".to_owned(),
        status: Some(200),
        subjects: subjects.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        trace: None,
    }
}

fn events() -> impl Strategy<Value = Event> {
    let text = "\\PC{0,8}";
    let subjects = proptest::collection::btree_map("[a-z]{1,3}", text, 0..4);
    let action = prop_oneof![
        Just(Action::Read),
        Just(Action::Change),
        Just(Action::SignIn),
        Just(Action::Refused)
    ];
    (text, subjects, action, proptest::option::of(100..600_u16)).prop_map(
        |(actor, subjects, action, status)| Event {
            subjects,
            action,
            status,
            ..event(&actor, &[])
        },
    )
}

fn rows(events: Vec<Event>) -> Vec<Row> {
    let mut previous = FIRST_PREVIOUS.to_owned();
    let mut time = Timestamp::from_second(1_778_824_800).unwrap();
    let mut rows = Vec::new();
    for (seq, event) in (1..).zip(events) {
        time += SignedDuration::from_millis(7);
        let entry = Entry::seal(event, seq, time, previous.clone()).unwrap();
        previous.clone_from(&entry.hash);
        rows.push(row(&entry));
    }
    rows
}

fn row(entry: &Entry) -> Row {
    // As the store has it: each id once, in order, in four slots.
    let ids: std::collections::BTreeSet<_> = entry.event.subjects.values().collect();
    let mut ids = ids.into_iter();
    let about = json!({
        "first": ids.next(), "second": ids.next(), "third": ids.next(), "fourth": ids.next(),
    });
    Row { id: format!("{:016}", entry.seq), body: Some(json!({"entry": entry, "about": about})) }
}

fn head(row: &Row) -> HeadV1 {
    let entry = &row.body.as_ref().unwrap()["entry"];
    HeadV1 {
        seq: entry["seq"].as_u64().unwrap(),
        hash: entry["hash"].as_str().unwrap().to_owned(),
        date_time: Timestamp::UNIX_EPOCH,
    }
}

fn judge(rows: &[Row], heads: &[HeadV1]) -> Verdict {
    let mut verifier = Verifier::default();
    for head in heads {
        verifier.head(head.clone());
    }
    for row in rows {
        verifier.row(row);
    }
    verifier.end()
}

fn places(verdict: &Verdict) -> Vec<u64> {
    verdict.findings.iter().map(|finding| finding.seq).collect()
}

/// Every member of an entry by its path, at any depth.
fn members(value: &Value, path: &str, found: &mut Vec<String>) {
    if let Value::Object(inner) = value
        && !inner.is_empty()
    {
        for (name, value) in inner {
            members(
                value,
                &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
                found,
            );
        }
    } else {
        found.push(path.to_owned());
    }
}

/// The same chain from an entry on, hashed anew: what a careful forger does.
fn forge(rows: &mut [Row]) {
    let mut previous = FIRST_PREVIOUS.to_owned();
    for row in rows {
        let entry = &mut row.body.as_mut().unwrap()["entry"];
        entry["previous"] = json!(previous);
        previous = hash_of(entry);
        entry["hash"] = json!(previous);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_chain_that_nobody_touched_is_whole(events in proptest::collection::vec(events(), 0..20)) {
        let rows = rows(events);
        let verdict = judge(&rows, &rows.iter().step_by(3).map(head).collect::<Vec<_>>());
        prop_assert!(verdict.is_whole(), "{verdict:?}");
        prop_assert_eq!(verdict.entries, rows.len() as u64);
    }

    #[test]
    fn any_change_is_found_and_named(
        events in proptest::collection::vec(events(), 1..12),
        which: Index,
        member: Index,
    ) {
        let mut rows = rows(events);
        let place = which.index(rows.len());
        let body = rows[place].body.as_mut().unwrap();
        let mut paths = Vec::new();
        members(body, "", &mut paths);
        let path = &paths[member.index(paths.len())];
        let value = body.pointer_mut(path).unwrap();
        *value = match value.clone() {
            Value::Null => json!("x"),
            Value::String(text) => json!(format!("{text}x")),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            other => json!([other, "x"]),
        };
        let verdict = judge(&rows, &[]);
        prop_assert!(!verdict.is_whole(), "{path} was changed");
        prop_assert_eq!(verdict.findings[0].seq, place as u64 + 1, "{}: {:?}", path, verdict);
    }

    #[test]
    fn a_member_more_or_less_is_found(
        events in proptest::collection::vec(events(), 1..8),
        which: Index,
        member: Index,
    ) {
        let all = rows(events);
        let place = which.index(all.len());
        let mut more = all.clone();
        more[place].body.as_mut().unwrap()["entry"]["note"] = json!("x");
        prop_assert_eq!(judge(&more, &[]).findings[0].seq, place as u64 + 1);
        let mut less = all;
        let entry = less[place].body.as_mut().unwrap()["entry"].as_object_mut().unwrap();
        let name = entry.keys().nth(member.index(entry.len())).unwrap().clone();
        entry.remove(&name);
        prop_assert_eq!(judge(&less, &[]).findings[0].seq, place as u64 + 1, "{}", name);
    }

    #[test]
    fn an_entry_that_is_gone_is_named(
        events in proptest::collection::vec(events(), 2..12),
        which: Index,
    ) {
        let mut rows = rows(events);
        let place = which.index(rows.len() - 1);
        rows.remove(place);
        let verdict = judge(&rows, &[]);
        prop_assert_eq!(places(&verdict), vec![place as u64 + 1]);
        prop_assert_eq!(&verdict.findings[0].what, "is missing");
    }

    #[test]
    fn entries_that_changed_places_are_named(
        events in proptest::collection::vec(events(), 2..12),
        a: Index,
        b: Index,
    ) {
        let mut rows = rows(events);
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        prop_assume!(a != b);
        let (in_a, in_b) = (rows[a].body.clone(), rows[b].body.clone());
        (rows[a].body, rows[b].body) = (in_b, in_a);
        let found = places(&judge(&rows, &[]));
        prop_assert!(found.contains(&(a as u64 + 1)) && found.contains(&(b as u64 + 1)));
    }

    #[test]
    fn a_cut_tail_shows_in_the_heads(
        events in proptest::collection::vec(events(), 1..12),
        cut: Index,
    ) {
        let rows = rows(events);
        let kept = cut.index(rows.len());
        prop_assert!(judge(&rows[..kept], &[]).is_whole(), "nothing else shows it");
        let verdict = judge(&rows[..kept], &[head(rows.last().unwrap())]);
        prop_assert_eq!(places(&verdict), vec![kept as u64 + 1]);
        prop_assert!(verdict.findings[0].what.contains("missing at the end"));
    }

    #[test]
    fn a_chain_that_was_hashed_anew_shows_in_the_heads(
        events in proptest::collection::vec(events(), 1..12),
        which: Index,
    ) {
        let honest = rows(events);
        let place = which.index(honest.len());
        let mut rows = honest.clone();
        rows[place].body.as_mut().unwrap()["entry"]["actor"]["id"] = json!("somebody else entirely");
        forge(&mut rows);
        prop_assert!(judge(&rows, &[]).is_whole(), "nothing else shows it");
        let verdict = judge(&rows, &[head(honest.last().unwrap())]);
        prop_assert_eq!(places(&verdict), vec![honest.len() as u64]);
    }

    #[test]
    fn no_row_makes_it_panic(id in "\\PC{0,20}", text in "\\PC{0,40}") {
        let body = serde_json::from_str(&text).ok();
        let rubbish = [Row { id, body: body.clone() }, Row { id: format!("{:016}", 1), body }];
        prop_assert!(!judge(&rubbish, &[]).is_whole());
    }
}

#[test]
fn findings_say_what_is_wrong() {
    let events = (0..6).map(|n| event(&format!("u{n}"), &[("id", "x")])).collect();
    let honest = rows(events);
    let check = |change: fn(&mut Vec<Row>), expected: &[(u64, &str)]| {
        let mut rows = honest.clone();
        change(&mut rows);
        let verdict = judge(&rows, &[head(&honest[4])]);
        let found: Vec<_> = verdict.findings.iter().map(|f| (f.seq, f.what.as_str())).collect();
        assert_eq!(found, expected);
    };
    check(|_| {}, &[]);
    check(|rows| drop(rows.drain(1..3)), &[(2, "and those up to 3 are missing")]);
    check(|rows| rows.truncate(4), &[(5, "is missing at the end: it was published")]);
    check(
        |rows| rows.truncate(3),
        &[(4, "and those up to 5 are missing at the end: they were published")],
    );
    check(|rows| rows[1].body = None, &[(2, "cannot be read: it was changed")]);
    check(|rows| "x".clone_into(&mut rows[5].id), &[(6, "row \"x\" is not of the chain")]);
    check(
        |rows| rows[2].body.as_mut().unwrap()["about"] = json!({}),
        &[(3, "is not found under the ids that it is about")],
    );
    check(
        |rows| rows[2].body.as_mut().unwrap()["entry"]["status"] = json!(404),
        &[(3, "was changed: its hash is not that of what it says")],
    );
}
