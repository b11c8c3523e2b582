//! The rules of credentials and roles, one line per case.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use user_management_integration_domain::credential::{Failures, Password, RefreshToken, Shown};
use user_management_integration_domain::professional::{ProfessionalId, ProfessionalRole};
use user_management_integration_domain::user::{Role, User, UserId};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_778_824_800 + seconds).unwrap()
}

#[test]
fn passwords_have_eight_to_twenty_characters() {
    let check =
        |text: &str, expected| assert_eq!(text.parse::<Password>().is_ok(), expected, "{text}");
    check("1234567", false);
    check("12345678", true);
    check("12345678901234567890", true);
    check("123456789012345678901", false);
    check("ÄÖÜäöüßé", true); // characters, not bytes
    assert_eq!(format!("{:?}", "correct horse".parse::<Password>().unwrap()), "Password");
}

#[test]
fn ids_are_not_empty() {
    assert!("".parse::<UserId>().is_err());
    assert!("a".parse::<UserId>().is_ok());
    assert!("a".repeat(201).parse::<UserId>().is_err());
    assert!("".parse::<ProfessionalId>().is_err());
}

#[test]
fn five_failures_in_a_quarter_of_an_hour_lock() {
    fn check(failures: &str, now: i64, expected: Option<i64>) {
        let failures = failures.split_whitespace().map(|s| at(s.parse().unwrap())).collect();
        assert_eq!(Failures::new(failures).locked_for(at(now)), expected, "at {now}");
    }

    check("", 0, None);
    check("0 1 2 3", 4, None);
    check("0 1 2 3 4", 4, Some(897));
    check("4 3 2 1 0", 4, Some(897)); // order does not matter
    check("0 1 2 3 4", 899, Some(2));
    check("0 1 2 3 4", 900, None);
    check("0 1 2 3 4 5", 900, Some(2));
    check("0 100 200 300 900", 900, None);
}

#[test]
fn a_refresh_token_is_used_once() {
    let token = |used: Option<i64>, revoked| RefreshToken {
        expires: at(1_000),
        used: used.map(at),
        revoked,
    };
    assert_eq!(token(None, false).show(at(999)), Shown::Accepted);
    assert_eq!(token(None, false).show(at(1_000)), Shown::Refused);
    assert_eq!(token(None, true).show(at(0)), Shown::Refused);
    assert_eq!(token(Some(10), false).show(at(40)), Shown::Accepted);
    assert_eq!(token(Some(10), false).show(at(41)), Shown::Stolen);
    assert_eq!(token(Some(10), true).show(at(41)), Shown::Refused);
}

#[test]
fn the_linked_professional_adds_a_role() {
    let user = User {
        id: "anna".parse().unwrap(),
        professional: Some("hp-7".parse().unwrap()),
        roles: BTreeSet::from([Role::BlockManager]),
        disabled: false,
    };
    let roles = |professional| -> Vec<&str> {
        user.effective_roles(professional).into_iter().map(Role::as_str).collect()
    };
    assert_eq!(roles(None), ["block-manager"]);
    assert_eq!(roles(Some(ProfessionalRole::Surgeon)), ["surgeon", "block-manager"]);
    let ordinals =
        [ProfessionalRole::Surgeon, ProfessionalRole::Nurse, ProfessionalRole::Anesthetist];
    assert_eq!(ordinals.map(ProfessionalRole::ordinal), [0, 1, 2]);
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert!("boss".parse::<Role>().is_err());
}

proptest! {
    /// However often somebody tries: at most five attempts in any quarter of an hour.
    #[test]
    fn nobody_guesses_faster(gaps in proptest::collection::vec(0_i64..400, 1..60)) {
        let mut failures = Failures::default();
        let mut tried = Vec::new();
        let mut now = at(0);
        for gap in gaps {
            now += SignedDuration::from_secs(gap);
            if failures.locked_for(now).is_none() {
                failures.add(now);
                tried.push(now);
            }
        }
        for (index, first) in tried.iter().enumerate() {
            let within = tried.iter().skip(index)
                .filter(|later| later.duration_since(*first) < SignedDuration::from_mins(15))
                .count();
            prop_assert!(within <= 5);
        }
    }
}
