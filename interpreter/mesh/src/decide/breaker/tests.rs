//! Tests of the gate before an endpoint.

use super::*;
use crate::decide::chance::Source;
use flowmesh_ir::traffic::FailureRate;
use std::sync::Arc;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn after(failures: u32) -> Breaker {
    Breaker {
        failures: Some(failures),
        rate: None,
        within_ms: 10_000,
        open_ms: 1_000,
        slow_start_ms: None,
    }
}

/// One request through the gate, without jitter.
fn one(gate: &mut Gate, now: Duration, failed: bool) {
    let entry = gate.enter(now).expect("the gate is not shut");
    gate.end(entry, now, failed, &mut || 0);
}

/// A gate that shut at this time.
fn shut(breaker: Breaker, now: Duration) -> Gate {
    let mut gate = Gate::new(breaker);
    for _ in 0..breaker.failures.unwrap_or_default() {
        one(&mut gate, now, true);
    }
    assert_eq!(gate.sign(now), Sign::Shut);
    gate
}

/// How long the gate stays shut from now on, to a millisecond.
fn shut_for(gate: &Gate, now: Duration) -> Duration {
    let shut = |at: &u64| gate.sign(now + ms(*at)) == Sign::Shut;
    ms((0..1_000_000).take_while(shut).count() as u64)
}

#[test]
fn so_many_failures_one_after_the_other_shut_it() {
    let mut gate = Gate::new(after(3));
    for _ in 0..100 {
        one(&mut gate, ms(0), true);
        one(&mut gate, ms(0), true);
        one(&mut gate, ms(0), false);
    }
    one(&mut gate, ms(0), true);
    one(&mut gate, ms(0), true);
    assert_eq!(gate.sign(ms(0)), Sign::Come(100));
    one(&mut gate, ms(0), true);
    assert_eq!(gate.sign(ms(0)), Sign::Shut);
    assert_eq!(gate.enter(ms(999)), None);
}

#[test]
fn failures_that_are_too_long_ago_do_not_count() {
    let mut gate = Gate::new(after(3));
    for minute in 0..100 {
        one(&mut gate, ms(minute * 5_500), true);
    }
    assert_eq!(
        gate.sign(ms(0)),
        Sign::Come(100),
        "never three within ten seconds"
    );
    for at in [1_000_000, 1_003_000, 1_006_000] {
        one(&mut gate, ms(at), true);
    }
    assert_eq!(gate.sign(ms(1_006_000)), Sign::Shut);
}

#[test]
fn so_many_of_a_hundred_shut_it_once_there_were_enough() {
    let breaker = Breaker {
        failures: None,
        rate: Some(FailureRate { percent: 50, of: 20 }),
        ..after(0)
    };
    let mut few = Gate::new(breaker);
    for _ in 0..19 {
        one(&mut few, ms(0), true);
    }
    assert_eq!(few.sign(ms(0)), Sign::Come(100), "19 of 19, and 20 are needed");
    one(&mut few, ms(0), true);
    assert_eq!(few.sign(ms(0)), Sign::Shut);

    let mut less = Gate::new(breaker);
    for number in 0..1_000 {
        one(&mut less, ms(number), number % 100 >= 51);
    }
    assert_eq!(less.sign(ms(0)), Sign::Come(100), "49 of each hundred");
    (0..20).for_each(|_| one(&mut less, ms(1_000), true));
    assert_eq!(less.sign(ms(1_000)), Sign::Shut, "510 of 1020");
}

#[test]
fn exactly_one_goes_through_as_the_proof() {
    let mut gate = shut(after(1), ms(0));
    assert_eq!(gate.sign(ms(1_000)), Sign::Prove);
    let proof = gate.enter(ms(1_000)).expect("its time is over");
    for later in [1_000, 5_000, 1_000_000] {
        assert_eq!((gate.sign(ms(later)), gate.enter(ms(later))), (Sign::Shut, None));
    }
    gate.end(proof, ms(1_500), false, &mut || 0);
    assert_eq!(gate.sign(ms(1_500)), Sign::Come(100));
    one(&mut gate, ms(1_500), true);
    assert_eq!(shut_for(&gate, ms(1_500)), ms(1_000), "it begins anew");
}

#[test]
fn each_failed_proof_doubles_the_penalty_up_to_a_minute() {
    let mut gate = shut(after(1), ms(0));
    let (mut now, mut penalties) = (ms(0), Vec::new());
    for _ in 0..8 {
        let penalty = shut_for(&gate, now);
        penalties.push(penalty.as_secs());
        now += penalty;
        one(&mut gate, now, true);
    }
    assert_eq!(penalties, [1, 2, 4, 8, 16, 32, 60, 60]);

    let long = Breaker {
        open_ms: 90_000,
        ..after(1)
    };
    let mut gate = shut(long, ms(0));
    one(&mut gate, ms(90_000), true);
    assert_eq!(shut_for(&gate, ms(90_000)), ms(90_000));
}

#[test]
fn chance_makes_it_longer_by_up_to_a_quarter_and_never_shorter() {
    let source = Source::new(7);
    let mut thirds = [0_u32; 3];
    for _ in 0..300 {
        let mut gate = Gate::new(after(1));
        let entry = gate.enter(ms(0)).unwrap();
        gate.end(entry, ms(0), true, &mut || source.draw());
        let more = shut_for(&gate, ms(0)).as_millis() as usize - 1_000;
        assert!(more <= 250, "{more}");
        thirds[(more * 3 / 251).min(2)] += 1;
    }
    assert!(thirds.iter().all(|third| (70..130).contains(third)), "{thirds:?}");
}

#[test]
fn who_leaves_does_not_keep_it_half_open() {
    let mut gate = shut(after(1), ms(0));
    let first = gate.enter(ms(1_000)).unwrap();
    gate.leave(first);
    assert_eq!(gate.sign(ms(1_000)), Sign::Prove);
    let second = gate.enter(ms(1_000)).unwrap();
    gate.leave(first);
    gate.end(first, ms(1_000), false, &mut || 0);
    assert_eq!(
        gate.sign(ms(1_000)),
        Sign::Shut,
        "the first has nothing to say any more"
    );
    gate.end(second, ms(1_000), true, &mut || 0);
    assert_eq!(shut_for(&gate, ms(1_000)), ms(2_000), "the penalty was kept");
}

#[test]
fn what_began_before_it_changed_says_nothing_afterwards() {
    let mut gate = Gate::new(after(1));
    let (old, older) = (gate.enter(ms(0)).unwrap(), gate.enter(ms(0)).unwrap());
    one(&mut gate, ms(0), true);
    gate.end(old, ms(10), false, &mut || 0);
    assert_eq!(
        shut_for(&gate, ms(0)),
        ms(1_000),
        "a late success does not open it"
    );
    one(&mut gate, ms(1_000), false);
    gate.end(older, ms(1_001), true, &mut || 0);
    assert_eq!(
        gate.sign(ms(1_001)),
        Sign::Come(100),
        "a late failure does not shut it"
    );
}

#[test]
fn after_a_proof_it_gets_more_and_more_of_its_share() {
    let slow = Breaker {
        slow_start_ms: Some(10_000),
        ..after(1)
    };
    let mut gate = shut(slow, ms(0));
    one(&mut gate, ms(1_000), false);
    let share = |after: u64| gate.sign(ms(1_000 + after));
    assert_eq!(
        [0, 500, 2_500, 9_900, 10_000, 99_000].map(share),
        [10, 10, 25, 99, 100, 100].map(Sign::Come)
    );
}

#[test]
fn what_a_service_answers_to_a_wrong_request_is_no_failure() {
    let answer = |status| Outcome::Answer {
        status,
        body: Arc::default(),
        retry_after: None,
    };
    for status in [200, 204, 301, 400, 404, 409, 429, 3, 5, 7, 16] {
        assert!(!is_failure(&answer(status)), "{status}");
    }
    for status in [500, 502, 503, 599, 2, 13, 15] {
        assert!(is_failure(&answer(status)), "{status}");
    }
    let why = String::new;
    for outcome in [
        Outcome::Unsent(why()),
        Outcome::Broken(why()),
        Outcome::Malformed(why()),
        Outcome::TimedOut {
            sent: false,
            why: why(),
        },
        Outcome::TimedOut {
            sent: true,
            why: why(),
        },
    ] {
        assert!(is_failure(&outcome), "{outcome:?}");
    }
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let breaker = Breaker {
        rate: Some(FailureRate { percent: 100, of: 1 }),
        within_ms: u64::MAX,
        open_ms: u64::MAX,
        slow_start_ms: Some(u64::MAX),
        ..after(1)
    };
    let mut gate = Gate::new(breaker);
    one(&mut gate, Duration::MAX, true);
    assert_eq!(gate.sign(Duration::MAX), Sign::Prove);
    one(&mut gate, Duration::MAX, true);
    one(&mut gate, Duration::MAX, false);
    assert_eq!(gate.sign(Duration::MAX), Sign::Come(LEAST));
}
