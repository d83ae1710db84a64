//! Tests of what a limit lets through.

use super::{said::SOON, *};
use flowmesh_ir::traffic::Rate;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn rate(count: u32, per_ms: u64, burst: Option<u32>) -> Limit {
    Limit {
        rate: Some(Rate { count, per_ms }),
        burst,
        queue: Some(0),
        ..Limit::default()
    }
}

fn concurrent(most: u32, queue: u32) -> Limit {
    Limit {
        concurrent: Some(most),
        queue: Some(queue),
        ..Limit::default()
    }
}

fn go(admission: Admission) -> Permit {
    match admission {
        Admission::Go(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn wait(admission: Admission) -> Waiting {
    match admission {
        Admission::Wait(waiting) => waiting,
        other => panic!("{other:?}"),
    }
}

fn refused(admission: Admission) -> Refusal {
    match admission {
        Admission::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn goes(limiter: &Limiter, now: Duration) -> bool {
    matches!(limiter.admit("", now), Admission::Go(_))
}

#[test]
fn no_more_begin_than_burst_and_rate_together_allow() {
    for (count, per_ms, burst) in [(100, 1_000, 20), (3, 1_000, 1), (7, 60_000, 7), (1_000, 100, 5)] {
        let limiter = Limiter::new(&rate(count, per_ms, Some(burst)));
        let mut begun = 0_u64;
        for now in (0..120_000).step_by(7) {
            begun += u64::from(goes(&limiter, ms(now)));
            begun += u64::from(goes(&limiter, ms(now)));
            let most = u64::from(burst) + now * u64::from(count) / per_ms;
            assert!(begun <= most, "{begun} of {most} after {now} ms");
        }
        let all = 120_000 * u64::from(count) / per_ms;
        let asked = 2 * 120_000 / 7;
        assert!(begun * 100 >= all.min(asked) * 99, "{begun} of {all}");
    }
}

#[test]
fn the_burst_is_the_rate_where_it_is_not_said() {
    let limiter = Limiter::new(&rate(5, 1_000, None));
    assert_eq!((0..50).filter(|_| goes(&limiter, ms(0))).count(), 5);
    assert_eq!((0..50).filter(|_| goes(&limiter, ms(200))).count(), 1);
    assert_eq!((0..50).filter(|_| goes(&limiter, ms(900_000))).count(), 5);
}

#[test]
fn who_is_refused_by_a_rate_hears_when_to_come_again() {
    let limiter = Limiter::new(&rate(2, 1_000, Some(1)));
    assert!(goes(&limiter, ms(0)));
    let refusal = refused(limiter.admit("", ms(100)));
    assert_eq!((refusal.reason, refusal.after), (Reason::Full(0), ms(400)));
    assert!(!goes(&limiter, ms(499)));
    assert!(goes(&limiter, ms(500)));
}

#[test]
fn a_clock_that_steps_back_gives_nothing_away() {
    let limiter = Limiter::new(&rate(1, 1_000, None));
    assert!(goes(&limiter, ms(10_000)));
    assert!(!goes(&limiter, ms(0)));
    assert!(!goes(&limiter, ms(10_999)));
}

#[test]
fn a_dropped_permit_gives_its_slot_back() {
    let limiter = Limiter::new(&concurrent(2, 0));
    let (first, _second) = (go(limiter.admit("", ms(0))), go(limiter.admit("", ms(0))));
    let refusal = refused(limiter.admit("", ms(0)));
    assert_eq!((refusal.reason, refusal.after), (Reason::Full(0), SOON));
    drop(first);
    let _third = go(limiter.admit("", ms(0)));
    refused(limiter.admit("", ms(0)));
}

#[test]
fn first_come_is_first_served() {
    let limiter = Limiter::new(&concurrent(1, 3));
    let mut holder = go(limiter.admit("", ms(0)));
    let line = [(); 3].map(|()| wait(limiter.admit("", ms(0))));
    assert_eq!(
        refused(limiter.admit("", ms(0))).reason,
        Reason::Full(3),
        "more than may wait"
    );
    for at in 0..3 {
        assert!(matches!(line[at].turn(ms(0)), Turn::Later), "the slot is taken");
        drop(holder);
        assert_eq!(limiter.lines().by_key.values().next().unwrap().waiting(), 3 - at);
        for later in &line[at + 1..] {
            assert!(matches!(later.turn(ms(0)), Turn::Later), "it came later");
        }
        let Turn::Go(permit) = line[at].turn(ms(0)) else {
            panic!("the turn of {at}");
        };
        holder = permit;
        assert!(matches!(line[at].turn(ms(0)), Turn::Later), "told once");
    }
}

#[test]
fn nobody_overtakes_who_waits() {
    let limiter = Limiter::new(&concurrent(1, 2));
    let holder = go(limiter.admit("", ms(0)));
    let first = wait(limiter.admit("", ms(0)));
    drop(holder);
    let second = wait(limiter.admit("", ms(0)));
    assert!(matches!(second.turn(ms(0)), Turn::Later));
    assert!(matches!(first.turn(ms(0)), Turn::Go(_)));
}

#[test]
fn who_leaves_the_line_lets_the_next_one_move_up() {
    let limiter = Limiter::new(&concurrent(1, 2));
    let holder = go(limiter.admit("", ms(0)));
    let (first, second) = (wait(limiter.admit("", ms(0))), wait(limiter.admit("", ms(0))));
    drop(first);
    drop(holder);
    assert!(matches!(second.turn(ms(0)), Turn::Go(_)));
}

#[test]
fn who_waits_for_a_rate_begins_when_it_is_due() {
    let limit = Limit {
        queue: None,
        ..rate(10, 1_000, Some(1))
    };
    let limiter = Limiter::new(&limit);
    assert!(goes(&limiter, ms(0)));
    let (first, second) = (wait(limiter.admit("", ms(0))), wait(limiter.admit("", ms(0))));
    assert_eq!((first.due(), second.due()), (ms(100), ms(200)));
    assert!(matches!(first.turn(ms(50)), Turn::At(at) if at == ms(100)));
    assert!(matches!(second.turn(ms(150)), Turn::Later));
    assert!(matches!(first.turn(ms(150)), Turn::Go(_)));
    assert!(matches!(second.turn(ms(150)), Turn::At(at) if at == ms(250)));
}

#[test]
fn whose_turn_would_come_after_three_seconds_is_refused_at_once() {
    let limit = Limit {
        queue: None,
        ..rate(1, 1_000, Some(1))
    };
    let limiter = Limiter::new(&limit);
    assert!(goes(&limiter, ms(0)));
    let line: Vec<_> = (0..3).map(|_| wait(limiter.admit("", ms(0)))).collect();
    let refusal = refused(limiter.admit("", ms(0)));
    assert_eq!((refusal.reason, refusal.after), (Reason::Late, ms(4_000)));
    assert_eq!(line.last().map(Waiting::due), Some(PATIENCE));
}

#[test]
fn keys_are_counted_apart() {
    let limiter = Limiter::new(&concurrent(1, 0));
    let _a = go(limiter.admit("a", ms(0)));
    let _b = go(limiter.admit("b", ms(0)));
    refused(limiter.admit("a", ms(0)));
}

#[test]
fn keys_at_rest_are_forgotten_and_those_beyond_are_counted_together() {
    let limiter = Limiter::with_keys(&rate(1, 1_000, None), None, 100);
    let many = |from: u32, now| {
        let admitted = (from..from + 1_000).map(|key| limiter.admit(&key.to_string(), now));
        admitted
            .filter(|admission| matches!(admission, Admission::Go(_)))
            .count()
    };
    assert_eq!(many(0, ms(0)), 101, "a hundred apart, and one for all others");
    assert_eq!(limiter.lines().by_key.len(), 101);
    refused(limiter.admit("5", ms(500)));
    assert_eq!(many(5_000, ms(999)), 0, "nobody gains by being forgotten");
    assert_eq!(many(10_000, ms(2_000)), 101);
    assert_eq!(limiter.lines().by_key.len(), 101);
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let limit = Limit {
        concurrent: Some(u32::MAX),
        ..rate(u32::MAX, u64::MAX, Some(u32::MAX))
    };
    let limiter = Limiter::new(&limit);
    drop(limiter.admit("", Duration::MAX));
    drop(limiter.admit("", Duration::MAX));
}
