//! Who is let in, when, and in which order.

use super::*;
use flowmesh_ir::traffic::Rate;

fn asker(run: u128) -> Asker {
    (RunId(run), CallId(0))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn place(name: &str) -> Guarded {
    Guarded::Named {
        namespace: "".into(),
        name: name.to_owned(),
    }
}

fn wish(permits: Option<u32>, rate: Option<Rate>) -> Wish {
    Wish {
        permits,
        rate,
        ..Wish::default()
    }
}

#[test]
fn a_lock_lets_one_in_at_a_time_in_the_order_of_asking() {
    let mut guards = Guards::default();
    (1..=3).for_each(|run| guards.ask(&place("a"), asker(run), wish(None, None), at(0)));
    assert_eq!(guards.next(&place("a"), at(0)), Some(asker(1)));
    guards.enter(&place("a"), asker(1), 1, at(0));
    assert_eq!(guards.next(&place("a"), at(0)), None);
    guards.leave(&place("a"), asker(2));
    guards.leave(&place("a"), asker(1));
    assert_eq!(guards.next(&place("a"), at(0)), Some(asker(3)));
    guards.leave(&place("a"), asker(3));
    assert!(guards.places().is_empty());
}

#[test]
fn who_asks_later_comes_later_also_where_the_clock_goes_back() {
    let mut guards = Guards::default();
    guards.ask(&place("a"), asker(1), wish(None, None), at(100));
    guards.ask(&place("a"), asker(2), wish(None, None), at(50));
    assert_eq!(guards.next(&place("a"), at(50)), Some(asker(1)));
}

#[test]
fn a_token_is_more_than_all_before_it_also_where_the_clock_goes_back() {
    let at = |micros| Timestamp::from_microsecond(micros).unwrap();
    let mut guards = Guards::default();
    guards.ask(&place("a"), asker(1), wish(None, None), at(100));
    assert_eq!(guards.token(at(100)), 100);
    guards.enter(&place("a"), asker(1), 100, at(100));
    assert_eq!(guards.token(at(100)), 101);
    assert_eq!(guards.token(at(50)), 101);
    guards.leave(&place("a"), asker(1));
    assert_eq!(guards.token(at(50)), 101);
    assert_eq!(guards.token(at(200)), 200);
}

#[test]
fn a_pool_lets_as_many_in_as_it_has_permits() {
    let mut guards = Guards::default();
    (1..=3).for_each(|run| guards.ask(&place("a"), asker(run), wish(Some(2), None), at(0)));
    guards.enter(&place("a"), asker(1), 1, at(0));
    assert_eq!(guards.next(&place("a"), at(0)), Some(asker(2)));
    guards.enter(&place("a"), asker(2), 2, at(0));
    assert_eq!(guards.next(&place("a"), at(0)), None);
    guards.leave(&place("a"), asker(1));
    assert_eq!(guards.next(&place("a"), at(0)), Some(asker(3)));
}

#[test]
fn a_rate_lets_one_in_each_part_of_its_time_and_is_forgotten_when_it_lets_anybody_in() {
    let mail = wish(
        None,
        Some(Rate {
            count: 4,
            per_ms: 1_000,
        }),
    );
    let mut guards = Guards::default();
    (1..=2).for_each(|run| guards.ask(&place("mail"), asker(run), mail.clone(), at(0)));
    guards.enter(&place("mail"), asker(1), 1, at(0));
    assert_eq!(guards.next(&place("mail"), at(249)), None);
    assert_eq!(guards.due(), Some(at(250)));
    assert_eq!(guards.take_due(at(249)), None);
    assert_eq!(guards.take_due(at(250)), Some(place("mail")));
    assert_eq!(guards.next(&place("mail"), at(250)), Some(asker(2)));
    guards.enter(&place("mail"), asker(2), 2, at(250));
    guards.leave(&place("mail"), asker(1));
    guards.leave(&place("mail"), asker(2));
    assert_eq!((guards.due(), guards.places().len()), (None, 1));
    guards.ask(&place("other"), asker(3), wish(None, None), at(500));
    guards.enter(&place("other"), asker(3), 3, at(500));
    assert_eq!(guards.places(), [place("other")]);
}

fn ahead(seconds: i128) -> Wish {
    Wish {
        ahead_us: seconds * 1_000_000,
        ..Wish::default()
    }
}

#[test]
fn priority_is_worth_a_wait_and_no_more() {
    let mut guards = Guards::default();
    guards.ask(&place("a"), asker(1), ahead(0), at(0));
    guards.ask(&place("a"), asker(2), ahead(5), at(4_000));
    guards.ask(&place("a"), asker(3), ahead(5), at(6_000));
    let order: Vec<Asker> = guards.everybody(&place("a"));
    assert_eq!(order, [asker(2), asker(1), asker(3)]);
}

#[test]
fn groups_take_turns() {
    let of = |group: &str| Wish {
        group: Some(group.to_owned()),
        ..Wish::default()
    };
    let mut guards = Guards::default();
    for (run, group) in [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "c"), (6, "b")] {
        guards.ask(&place("x"), asker(run), of(group), at(0));
    }
    let mut order = Vec::new();
    while let Some(next) = guards.next(&place("x"), at(0)) {
        order.push(next.0.0);
        guards.enter(&place("x"), next, 1, at(0));
        guards.leave(&place("x"), next);
    }
    assert_eq!(order, [1, 4, 5, 2, 6, 3]);
}

#[test]
fn the_newest_takes_the_place_of_those_before_for_so_long_at_the_most() {
    let place = Guarded::Newest {
        namespace: "".into(),
        flow: "preview".into(),
        of: String::new(),
    };
    let most = Some(jiff::SignedDuration::from_secs(10));
    let mut guards = Guards::default();
    let mut settle = |run: u128, seconds: i64| {
        guards.settle(&place, asker(run), most, at(seconds * 1_000));
        assert_eq!(guards.next(&place, at(seconds * 1_000)), None);
        let older: Vec<u128> = guards
            .older(&place, asker(run))
            .iter()
            .map(|(run, _)| run.0)
            .collect();
        older.iter().for_each(|run| guards.leave(&place, asker(*run)));
        older
    };
    assert_eq!(settle(1, 0), []);
    assert_eq!(settle(2, 4), [1]);
    assert_eq!(settle(3, 9), [2]);
    // The run before is not made to wait for longer: it begins, and this one is the first of those that follow.
    assert_eq!(settle(4, 12), []);
    assert_eq!(settle(5, 13), [4]);
}
