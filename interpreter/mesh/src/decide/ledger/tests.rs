//! Tests of what a ledger promises: never more than the limit, an equal part for each who wants it, and the parts of those
//! who are gone for the others.

use super::*;
use crate::decide::chance;
use flowmesh_ir::traffic::LEASE_MS;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn rate(count: u32, per_ms: u64) -> Rate {
    Rate { count, per_ms }
}

fn place(limit: &str) -> Place {
    Place {
        namespace: "default".into(),
        limit: limit.into(),
    }
}

fn wish(rate: Rate, burst: u32, want: u32) -> Wish {
    Wish {
        key: None,
        rate,
        burst: Some(burst),
        want,
        owed: 0,
    }
}

/// A ledger that has been there for long enough to be full.
fn full() -> (Ledger, Duration) {
    (Ledger::new(Duration::ZERO), Duration::from_secs(1_000_000))
}

/// The most that was spent beyond what the limit allows one process alone, in any window, in nanoseconds of the rate.
pub(crate) fn beyond(spent: &mut [Duration], rate: Rate, burst: u32) -> u64 {
    spent.sort();
    let (interval, mut full_at, mut worst) = (rate.interval(), 0, 0);
    for at in spent.iter().map(|at| nanos(*at)) {
        full_at = full_at.max(at) + interval;
        worst = worst.max((full_at - at).saturating_sub(interval * u64::from(burst)));
    }
    worst
}

#[test]
fn all_together_never_spend_more_than_the_limit_whenever_they_do() {
    let limits = [
        (rate(100, 1_000), 100),
        (rate(100, 1_000), 26),
        (rate(100, 1_000), 5),
        (rate(1, 1_000), 1),
        (rate(20, 60_000), 3),
    ];
    for (seed, (rate, burst)) in (1..).zip(limits) {
        let chance = chance::Source::new(seed);
        let ledger = Ledger::new(Duration::ZERO);
        let (mut spent, mut now) = (Vec::new(), Duration::ZERO);
        for _ in 0..20_000 {
            now += Duration::from_micros(chance.draw() % 40_000);
            // Now and then everybody pauses, so that what is kept for a burst is there.
            if chance.draw().is_multiple_of(500) {
                now += Duration::from_secs(120);
            }
            let holder = Holder(u128::from(chance.draw() % 5));
            let want = u32::try_from(chance.draw() % 30).unwrap();
            let grant = ledger.lend(&place("gateway a"), holder, wish(rate, burst, want), now);
            for _ in 0..grant.granted {
                // Sooner or later, up to the end of the lease.
                spent.push(now + Duration::from_micros(chance.draw() % (LEASE_MS * 1_000)));
            }
        }
        assert!(spent.len() > 150, "{} at {rate:?}", spent.len());
        let beyond = beyond(&mut spent, rate, burst);
        assert_eq!(beyond, 0, "with a burst of {burst} at {rate:?}");
    }
}

#[test]
fn what_was_spent_without_being_lent_is_owed_but_no_more_than_there_can_be() {
    let (ledger, now) = full();
    let ask = |want, owed, at| {
        let wish = Wish {
            owed,
            ..wish(rate(10, 1_000), 10, want)
        };
        ledger.lend(&place("a"), Holder(1), wish, at).granted
    };
    assert_eq!(ask(10, 4, now), 3, "7, less 4");
    assert_eq!(ask(10, 1_000, now), 0);
    assert_eq!(ask(10, 0, now + ms(500)), 5);
}

#[test]
fn what_was_lent_before_it_began_may_have_been_spent() {
    let ledger = Ledger::new(ms(5_000));
    let got = |at| {
        let grant = ledger.lend(&place("a"), Holder(1), wish(rate(10, 1_000), 10, 100), ms(at));
        grant.granted
    };
    assert_eq!(got(5_000), 0);
    assert_eq!(got(5_099), 0);
    assert_eq!(got(5_300), 3);
    // The burst less what the rate brings while a lease lasts.
    assert_eq!(got(20_000), 7);
}

/// Somebody who asks for so many each time, as soon as it is worth asking.
struct Somebody {
    holder: Holder,
    want: u32,
    next: Duration,
    until: Duration,
    got: u32,
}

impl Somebody {
    fn new(number: u128, want: u32, from: u64, until: u64) -> Self {
        Self {
            holder: Holder(number),
            want,
            next: ms(from),
            until: ms(until),
            got: 0,
        }
    }
}

/// What each gets of 100 in a second, beside each other; nobody asks again before 10 ms.
fn beside(all: &mut [Somebody], from: Duration) {
    let ledger = Ledger::new(Duration::ZERO);
    // What a pause has brought is gone.
    let _ = ledger.lend(&place("a"), Holder(99), wish(rate(100, 1_000), 100, 75), from);
    let chance = chance::Source::new(7);
    while let Some(one) = all
        .iter_mut()
        .filter(|one| one.next < one.until)
        .min_by_key(|one| one.next)
    {
        let at = from + one.next;
        let grant = ledger.lend(&place("a"), one.holder, wish(rate(100, 1_000), 100, one.want), at);
        one.got += grant.granted;
        let jitter = Duration::from_micros(chance.draw() % 5_000);
        let pause = if grant.granted < one.want {
            grant.after
        } else {
            ms(10)
        };
        one.next += pause.clamp(ms(10), ms(500)) + jitter;
    }
}

fn is_about(got: u32, wanted: u32) -> bool {
    got.abs_diff(wanted) * 10 <= wanted
}

#[test]
fn who_wants_more_than_there_is_gets_an_equal_part() {
    for count in [1, 2, 3, 5] {
        let mut all: Vec<_> = (0..count)
            .map(|number| Somebody::new(number, 40, 1 + u64::try_from(number).unwrap(), 20_000))
            .collect();
        beside(&mut all, Duration::from_secs(1_000));
        let each = 2_000 / u32::try_from(count).unwrap();
        let got: Vec<_> = all.iter().map(|one| one.got).collect();
        assert!(got.iter().all(|got| is_about(*got, each)), "{got:?} of {each}");
    }
}

#[test]
fn what_one_does_not_want_the_others_get() {
    // 20 in a second or so, and as many as there are.
    let mut all = [
        Somebody::new(1, 40, 1, 20_000),
        Somebody::new(2, 40, 2, 20_000),
        Somebody::new(3, 0, 3, 20_000),
    ];
    beside(&mut all, Duration::from_secs(1_000));
    let got: Vec<_> = all.iter().map(|one| one.got).collect();
    assert!(
        is_about(got[0], 1_000) && is_about(got[1], 1_000) && got[2] == 0,
        "{got:?}"
    );
}

#[test]
fn who_does_not_ask_any_more_leaves_its_part_to_the_others() {
    let mut all = [Somebody::new(1, 40, 1, 5_000), Somebody::new(2, 40, 2, 20_000)];
    beside(&mut all, Duration::from_secs(1_000));
    let got: Vec<_> = all.iter().map(|one| one.got).collect();
    // A second after it asked last, all is the other's.
    assert!(is_about(got[0], 250) && is_about(got[1], 1_750), "{got:?}");
}

#[test]
fn who_comes_later_gets_its_part_soon() {
    let mut all = [
        Somebody::new(1, 40, 1, 20_000),
        Somebody::new(2, 40, 10_000, 20_000),
    ];
    beside(&mut all, Duration::from_secs(1_000));
    let got: Vec<_> = all.iter().map(|one| one.got).collect();
    assert!(is_about(got[0], 1_500) && is_about(got[1], 500), "{got:?}");
}

#[test]
fn of_two_who_say_different_things_of_a_limit_the_stricter_holds() {
    let (ledger, mut now) = full();
    let mut got = [0; 2];
    for _ in 0..2_000 {
        now += ms(10);
        for (number, count) in [(0, 100), (1, 10)] {
            let wish = wish(rate(count, 1_000), count, 10);
            got[number] += ledger
                .lend(&place("a"), Holder(number as u128), wish, now)
                .granted;
        }
    }
    let all: u32 = got.iter().sum();
    // 20 s at 10 in a second, and what was there when the first one came.
    assert!((200..=300).contains(&all), "{got:?}");
}

#[test]
fn limits_keys_and_namespaces_are_counted_apart() {
    let (ledger, now) = full();
    let one = wish(rate(10, 1_000), 10, 7);
    let other = Place {
        namespace: "other".into(),
        limit: "a".into(),
    };
    for place in [&place("a"), &place("b"), &other] {
        for key in [None, Some(1), Some(2)] {
            let granted = ledger.lend(place, Holder(1), Wish { key, ..one }, now).granted;
            assert_eq!(granted, 7, "{place:?} {key:?}");
        }
    }
}

#[test]
fn keys_beyond_those_that_are_known_are_counted_together() {
    let ledger = Ledger::with_entries(Duration::ZERO, 100);
    let now = Duration::from_secs(1_000);
    let many = |from: u128, now| -> u32 {
        let keys = from..from + 1_000;
        let wish = |key| Wish {
            key: Some(key),
            ..wish(rate(1, 60_000), 1, 1)
        };
        keys.map(|key| ledger.lend(&place("a"), Holder(1), wish(key), now).granted)
            .sum()
    };
    assert_eq!(many(0, now), 101, "a hundred apart, and one for all others");
    assert_eq!(
        many(5_000, now + ms(30_000)),
        0,
        "nobody gains by being forgotten"
    );
    assert_eq!(many(10_000, now + ms(70_000)), 101, "those at rest are forgotten");
    let entries = ledger.0.lock().unwrap().entries.len();
    assert_eq!(entries, 101);
}

#[test]
fn those_who_were_heard_of_lately_are_counted() {
    let ledger = Ledger::new(Duration::ZERO);
    let (one, other): (Arc<str>, Arc<str>) = ("default".into(), "other".into());
    assert_eq!(ledger.hear(&one, Holder(1), ms(0)), 1);
    assert_eq!(ledger.hear(&one, Holder(2), ms(0)), 2);
    assert_eq!(ledger.hear(&other, Holder(3), ms(0)), 1);
    assert_eq!(ledger.hear(&one, Holder(2), ms(14_000)), 2);
    assert_eq!(ledger.hear(&one, Holder(2), ms(16_000)), 1);
}
