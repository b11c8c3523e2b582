//! The index against the plainest model: a list that is filtered, sorted and cut.

#![expect(clippy::single_match_else, reason = "what comes and what goes, beside each other")]

use catalog_domain::entity::{Like, parse_predicate};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::application::{Direction, Order, Place};

/// An entity of the test: name, type, tags, rank.
type Spec = (u8, u8, Vec<u8>, Option<u8>);

fn spec() -> impl Strategy<Value = Spec> {
    (0_u8..40, 0_u8..4, prop::collection::vec(0_u8..3, 0..3), prop::option::of(0_u8..12))
}

fn entity(nth: usize, (name, kind, tags, rank): &Spec) -> (String, Uuid, Value) {
    let uid = Uuid::from_u128(1_000 + nth as u128);
    let tags: Vec<String> = tags.iter().map(|tag| format!("Tag{tag}")).collect();
    let mut entity = json!({
        "kind": "Component",
        "metadata": {"name": format!("Name-{name}"), "uid": uid.to_string(), "tags": tags},
        "spec": {"type": format!("T{kind}")},
    });
    if let Some(rank) = rank {
        entity["spec"]["rank"] = json!(rank);
    }
    (format!("component:default/n{nth}"), uid, entity)
}

/// The index after all entities came and some went, and what is left.
fn world(
    specs: &[Spec],
    edits: &[(usize, Option<Spec>)],
) -> (Index, Vec<(Uuid, String, Vec<Row>)>) {
    let mut index = Index::default();
    let mut left = BTreeMap::new();
    let all = specs.iter().enumerate().map(|(nth, spec)| (nth, Some(spec)));
    let edits = edits.iter().map(|(nth, spec)| (nth % specs.len(), spec.as_ref()));
    for (nth, spec) in all.chain(edits) {
        let (reference, uid, json) = match spec {
            Some(spec) => {
                // What was taken away comes back as another.
                let there = left.contains_key(&nth);
                let (reference, uid, mut json) = entity(nth, spec);
                // Also when everything was taken away: ids only grow.
                let uid = if there || index.last_uid() < uid.as_u128() {
                    uid
                } else {
                    let uid = Uuid::from_u128(index.last_uid() + 1);
                    json["metadata"]["uid"] = json!(uid.to_string());
                    uid
                };
                let uid = left.get(&nth).map_or(uid, |(own, _, _): &(Uuid, String, Vec<Row>)| *own);
                json["metadata"]["uid"] = json!(uid.to_string());
                left.insert(nth, (uid, reference.clone(), rows(&json)));
                (reference, uid, Some(Bytes::from(json.to_string())))
            }
            None => {
                let (reference, uid, _) = entity(nth, &(0, 0, Vec::new(), None));
                let uid = left.remove(&nth).map_or(uid, |(own, _, _)| own);
                (reference, uid, None)
            }
        };
        let change = index.change(&reference, uid, json);
        index.apply(Vec::from_iter(change));
    }
    (index, left.into_values().collect())
}

fn names(index: &Index, slots: &[Slot]) -> Vec<String> {
    slots.iter().map(|slot| index.entry(*slot).unwrap().reference.to_string()).collect()
}

fn predicates() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0_u8..4).prop_map(|n| json!({"spec.type": format!("t{n}")})),
        (0_u8..12).prop_map(|n| json!({"spec.rank": n})),
        (0_u8..3).prop_map(|n| json!({"metadata.tags": {"$contains": format!("TAG{n}")}})),
        (0_u8..3).prop_map(|n| json!({format!("metadata.tags.tag{n}"): {"$exists": true}})),
        any::<bool>().prop_map(|there| json!({"spec.rank": {"$exists": there}})),
        (0_u8..9).prop_map(|n| json!({"metadata.name": {"$hasPrefix": format!("name-{n}")}})),
        Just(json!({"no.such": {"$in": ["a", "b"]}})),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| json!({"$all": all})),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|any| json!({"$any": any})),
            inner.prop_map(|not| json!({"$not": not})),
        ]
    })
}

/// The value that somebody is ordered by; of several the first that comes.
#[expect(clippy::option_option, reason = "without the key, and with it but without a value")]
fn value(rows: &[Row], order: &Order) -> Option<Option<String>> {
    let mut own: Vec<Option<String>> = rows
        .iter()
        .filter(|row| row.key == order.key)
        .map(|row| row.value.as_ref().map(|(lower, _)| lower.clone()))
        .collect();
    own.sort_by_key(|value| (value.is_none(), value.clone()));
    match order.direction {
        Direction::Ascending => own.into_iter().next(),
        Direction::Descending => own.into_iter().next_back(),
    }
}

fn orders() -> impl Strategy<Value = Order> {
    let keys =
        prop::sample::select(vec!["metadata.name", "spec.rank", "spec.type", "metadata.tags"]);
    (keys, any::<bool>()).prop_map(|(key, up)| Order {
        key: key.to_owned(),
        direction: if up { Direction::Ascending } else { Direction::Descending },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn filters_facets_and_text_are_those_of_a_plain_list(
        specs in prop::collection::vec(spec(), 1..60),
        edits in prop::collection::vec((0_usize..60, prop::option::of(spec())), 0..30),
        query in predicates(),
        term in "[name0-3_%-]{0,5}",
    ) {
        let (index, left) = world(&specs, &edits);
        prop_assert_eq!(index.len(), left.len() as u64);
        let predicate = parse_predicate(&query).unwrap();
        let matches = index.select(Some(&predicate));
        let found: Vec<Slot> = matches.iter().collect();
        let mut expected: Vec<_> =
            left.iter().filter(|(_, _, rows)| predicate.matches(rows)).collect();
        expected.sort();
        let plain: Vec<String> = expected.iter().map(|(_, name, _)| name.clone()).collect();
        prop_assert_eq!(names(&index, &found), plain);

        for key in ["spec.type", "metadata.tags", "metadata.name"] {
            let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
            for (_, _, rows) in &expected {
                for (_, original) in
                    rows.iter().filter(|row| row.key == key).filter_map(|row| row.value.as_ref())
                {
                    *counted.entry(original).or_default() += 1;
                }
            }
            prop_assert_eq!(index.facet(key, Some(&matches)), Vec::from_iter(counted));
        }

        let like = Like::new(&term);
        let keys = ["metadata.name".to_owned(), "metadata.tags".to_owned()];
        let mut found = names(&index, &index.containing(&like, &keys).iter().collect::<Vec<_>>());
        found.sort();
        let mut plain: Vec<String> = left
            .iter()
            .filter(|(_, _, rows)| rows.iter().any(|row| {
                keys.contains(&row.key)
                    && row.value.as_ref().is_some_and(|(lower, _)| like.matches(lower))
            }))
            .map(|(_, name, _)| name.clone())
            .collect();
        plain.sort();
        prop_assert_eq!(found, plain);
    }

    #[test]
    fn pages_forth_and_back_are_the_sorted_list(
        specs in prop::collection::vec(spec(), 1..60),
        edits in prop::collection::vec((0_usize..60, prop::option::of(spec())), 0..30),
        query in predicates(),
        order in prop::option::of(orders()),
        limit in 1_usize..9,
    ) {
        let (index, left) = world(&specs, &edits);
        let predicate = parse_predicate(&query).unwrap();
        let mut plain: Vec<_> = left
            .iter()
            .filter(|(_, _, rows)| predicate.matches(rows))
            .filter_map(|(uid, name, rows)| {
                let by = match &order {
                    None => None,
                    Some(Order { key, .. }) => {
                        // One sequence, whichever way it is walked: the least value counts.
                        value(rows, &Order { key: key.clone(), direction: Direction::Ascending })?
                    }
                };
                Some(((by.is_none(), by), *uid, name.clone()))
            })
            .collect();
        plain.sort();
        if order.as_ref().is_some_and(|order| order.direction == Direction::Descending) {
            plain.reverse();
        }
        let plain: Vec<String> = plain.into_iter().map(|(_, _, name)| name).collect();

        let mut matches = index.select(Some(&predicate)).into_owned();
        if let Some(order) = &order {
            matches &= index.ordered_by(&order.key);
        }
        prop_assert_eq!(matches.len(), plain.len() as u64);
        let (mut forth, mut after): (Vec<String>, Option<Place>) = (Vec::new(), None);
        let mut first_of_last = None;
        loop {
            let page = index.page(&matches, order.as_ref(), after.as_ref(), 0, limit);
            forth.extend(names(&index, &page.slots));
            let Some((first, last)) = page.ends else { break };
            first_of_last = Some((first, page.slots.len()));
            if !page.more {
                break;
            }
            after = Some(last);
        }
        prop_assert_eq!(&forth, &plain);

        if let Some((mut before, size)) = first_of_last {
            let mut back = Vec::new();
            loop {
                let page = match &order {
                    None => index.page_back(&matches, before.uid, limit),
                    Some(Order { key, direction }) => {
                        let back = Order { key: key.clone(), direction: direction.reversed() };
                        index.page(&matches, Some(&back), Some(&before), 0, limit)
                    }
                };
                back.extend(names(&index, &page.slots));
                let Some((_, last)) = page.ends else { break };
                if !page.more {
                    break;
                }
                before = last;
            }
            back.reverse();
            prop_assert_eq!(&back[..], &plain[..plain.len() - size]);
        }
        let skipped = index.page(&matches, order.as_ref(), None, 3, limit);
        let expected: Vec<String> = plain.iter().skip(3).take(limit).cloned().collect();
        prop_assert_eq!(names(&index, &skipped.slots), expected);
    }

    #[test]
    fn lists_in_several_orders_have_who_lacks_a_key_last(
        specs in prop::collection::vec(spec(), 1..80),
        orders in prop::collection::vec(orders(), 0..3),
        skip in 0_usize..5,
        limit in prop::option::of(0_usize..70),
    ) {
        let (index, mut left) = world(&specs, &[]);
        left.sort_by(|(one_uid, one_name, one), (two_uid, two_name, two)| {
            let mut by = orders.iter().map(|order| {
                let own = |rows: &[Row]| value(rows, order).flatten();
                match (own(one), own(two)) {
                    (Some(one), Some(two)) if order.direction == Direction::Ascending => one.cmp(&two),
                    (Some(one), Some(two)) => two.cmp(&one),
                    (one, two) => one.is_none().cmp(&two.is_none()),
                }
            });
            let by = by.find(|by| *by != std::cmp::Ordering::Equal);
            by.unwrap_or_else(|| if orders.is_empty() {
                one_name.cmp(two_name)
            } else {
                one_uid.cmp(two_uid)
            })
        });
        let plain: Vec<String> = left.into_iter().map(|(_, name, _)| name).collect();
        let (found, more) = index.list(&index.select(None), &orders, skip, limit);
        let limit = limit.unwrap_or(usize::MAX);
        let expected: Vec<String> = plain.iter().skip(skip).take(limit).cloned().collect();
        prop_assert_eq!(more, skip.saturating_add(limit) < plain.len());
        prop_assert_eq!(names(&index, &found), expected);
    }
}
