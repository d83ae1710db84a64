//! Runs that go on alike have one fingerprint, and others do not.

use super::{
    bench::Bench,
    build::{charge, done, fork, ping, program, seconds, sleep, slot, state, text},
};
use crate::Sight;
use flowmesh_ir::{Program, flow::End};
use std::hash::{DefaultHasher, Hasher};

fn fingerprint(bench: &Bench) -> (u64, Vec<u32>) {
    let sight = Sight {
        now: bench.now(),
        chance: true,
    };
    let mut hasher = DefaultHasher::new();
    let calls = bench.run.fingerprint(sight, &mut hasher);
    (hasher.finish(), calls.iter().map(|call| call.0).collect())
}

/// Two branches of two calls each.
fn pings() -> Program {
    let join = || state(End::Join);
    program(vec![
        fork(&[1, 2], 6),
        ping(3),
        ping(4),
        ping(5),
        ping(5),
        join(),
        done(text("end")),
    ])
}

fn heard(program: Program, order: &[u32], body: &str) -> Bench {
    let (mut bench, _) = Bench::start(program);
    for call in order {
        bench.reply(*call, 200, body);
    }
    bench
}

#[test]
fn the_order_of_replies_counts_only_where_it_leaves_a_trace() {
    let (one, other) = (heard(pings(), &[0, 1], ""), heard(pings(), &[1, 0], ""));
    assert_ne!(one.run, other.run);
    assert_eq!(fingerprint(&one).0, fingerprint(&other).0);
    assert_eq!(
        (fingerprint(&one).1, fingerprint(&other).1),
        (vec![2, 3], vec![3, 2])
    );
    assert_ne!(fingerprint(&one).0, fingerprint(&heard(pings(), &[0], "")).0);
    assert_ne!(
        fingerprint(&heard(pings(), &[0], "")).0,
        fingerprint(&heard(pings(), &[1], "")).0
    );
}

#[test]
fn the_order_of_what_is_undone_counts() {
    let charges = || {
        let join = || state(End::Join);
        program(vec![
            fork(&[1, 2], 4),
            charge(text("a"), 1, 3),
            charge(text("b"), 2, 3),
            join(),
            sleep(seconds(9), 5),
            done(slot(0)),
        ])
    };
    let order = |order: [u32; 2]| {
        let (mut bench, _) = Bench::start(charges());
        for call in order {
            bench.reply(call, 200, &format!(r#"{{"id":"r{call}"}}"#));
        }
        fingerprint(&bench).0
    };
    assert_eq!(order([0, 1]), order([0, 1]));
    assert_ne!(order([0, 1]), order([1, 0]));
}

#[test]
fn times_count_by_how_far_off_they_are() {
    let sleeper = || program(vec![ping(1), sleep(seconds(9), 2), done(slot(0))]);
    let (mut early, mut late) = (Bench::start(sleeper()).0, Bench::start(sleeper()).0);
    late.advance(100);
    for bench in [&mut early, &mut late] {
        bench.reply(0, 200, "");
    }
    assert_ne!(early.run, late.run);
    assert_eq!(fingerprint(&early), fingerprint(&late));
    late.advance(1);
    assert_ne!(fingerprint(&early), fingerprint(&late));
}

#[test]
fn of_a_run_that_has_ended_only_its_end_counts() {
    let ended = |order: &[u32]| heard(pings(), order, "");
    let (one, mut other) = (ended(&[0, 1, 2, 3]), Bench::start(pings()).0);
    other.advance(9);
    for call in [1, 0, 2, 3] {
        other.reply(call, 200, "");
    }
    assert!(one.run.status().ended());
    assert_ne!(one.run, other.run);
    assert_eq!(fingerprint(&one), fingerprint(&other));
    assert_ne!(fingerprint(&one), fingerprint(&ended(&[0, 1, 2])));
}
