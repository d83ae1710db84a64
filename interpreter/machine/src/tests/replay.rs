//! Whatever happens in whatever order: a run made anew from its events is the same run.

use super::{
    bench::Bench,
    build::{
        CHARGE, DECLINED, call, catch, charge, done, fail, fork, ping, program, seconds, sleep, slot, state,
        text, wait,
    },
};
use crate::{Draws, Effect};
use flowmesh_ir::{Program, flow::End};
use std::collections::BTreeSet;

fn programs() -> Vec<Program> {
    let join = || state(End::Join);
    vec![
        program(vec![
            charge(slot(0), 1, 1),
            charge(text("b"), 2, 2),
            sleep(seconds(5), 3),
            fail("no"),
        ]),
        program(vec![
            fork(&[1, 2, 3], 5),
            charge(text("a"), 1, 4),
            wait(2, Some((seconds(9), 6)), 4),
            sleep(seconds(5), 4),
            join(),
            done(slot(1)),
            fail("nobody"),
        ]),
        program(vec![
            call(
                CHARGE,
                vec![slot(0)],
                Some(1),
                None,
                vec![catch(DECLINED, Some(2), 2)],
                1,
            ),
            fork(&[3, 4], 6),
            done(slot(2)),
            ping(5),
            ping(5),
            join(),
            wait(3, None, 0),
        ]),
    ]
}

/// One event by chance, sensible or not.
fn happen(bench: &mut Bench, draws: &mut Draws) {
    let pick = |draws: &mut Draws, of: u64| u32::try_from(draws.next_u64() % of).unwrap();
    bench.advance(i64::from(pick(draws, 3)));
    let (call, timer) = (pick(draws, 6), pick(draws, 4));
    match pick(draws, 12) {
        0..=4 => bench.reply(call, 200, r#"{"id":"r"}"#),
        5 => bench.reply(call, 402, r#"{"reason":"x"}"#),
        6 => bench.reply(call, 500, "?"),
        7 => bench.lose(call),
        8 | 9 => bench.fire(timer),
        10 => bench.signal("ann"),
        _ if pick(draws, 4) == 0 => bench.cancel(),
        _ => Vec::new(),
    };
}

#[test]
fn a_crash_after_any_event_changes_nothing() {
    for seed in 0..300 {
        let mut draws = Draws::new(seed);
        for program in programs() {
            let (mut bench, _) = Bench::start(program);
            for _ in 0..25 {
                happen(&mut bench, &mut draws);
                let (here, again) = bench.pending();
                assert_eq!(here, again, "seed {seed}");
            }
        }
    }
}

#[test]
fn every_call_is_asked_for_once() {
    for seed in 0..300 {
        let mut draws = Draws::new(seed);
        for program in programs() {
            let (mut bench, _) = Bench::start(program);
            for _ in 0..25 {
                happen(&mut bench, &mut draws);
            }
            let mut effects = Vec::new();
            let mut run = crate::Run::new(bench.run.id(), bench.run.flow());
            for event in &bench.events {
                crate::apply(&bench.program, &Default::default(), &mut run, event, &mut effects);
            }
            let calls: Vec<_> = effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Call { call, .. } => Some(*call),
                    _ => None,
                })
                .collect();
            assert_eq!(calls.len(), calls.iter().collect::<BTreeSet<_>>().len());
            let finished = effects
                .iter()
                .filter(|effect| matches!(effect, Effect::Finished(_)))
                .count();
            assert_eq!(finished, usize::from(run.status().ended()));
        }
    }
}
