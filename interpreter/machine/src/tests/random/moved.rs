//! Runs that move between two programs which do the same, there and back while things happen by chance: they end as those
//! that did not move, and never read what they did not take along.

use super::{super::build::FLOW, make, world::World};
use flowmesh_ir::{
    Program, StateId, Value,
    expr::Expr,
    flow::{End, Instruction, Slot, State},
};
use std::sync::Arc;

/// How many programs are tried.
const RUNS: u64 = 150;

#[test]
fn a_run_that_moves_ends_like_one_that_does_not() {
    let mut moves = 0;
    for seed in 0..RUNS {
        let caught = std::panic::catch_unwind(|| try_one(seed));
        moves += caught.unwrap_or_else(|_| panic!("seed {seed}"));
    }
    assert!(moves > 300, "only {moves} moves were made");
}

/// How often the run has moved.
fn try_one(seed: u64) -> usize {
    let program = make::program(seed);
    let other = with_logs(&program);
    let stays = live(&program, None, seed, false);
    let moves = live(&program, Some(&other), seed, false);
    assert_eq!(stays.0, moves.0);
    let poisoned = live(&program, Some(&other), seed, true);
    assert_eq!(stays.0, poisoned.0, "it reads what was never written");
    moves.1
}

/// How the run ends, and how often it has moved.
fn live(program: &Program, other: Option<&Program>, seed: u64, poison: bool) -> (String, usize) {
    let mut world = World::new(program, seed);
    let mut moves = 0;
    for round in 0..30 {
        world.happen();
        if let Some(other) = other {
            let to = if moves % 2 == 0 { other } else { program };
            moves += usize::from(round % 2 == 0 && world.move_to(to, poison));
        }
    }
    world.drain();
    let end = format!(
        "{:?} {:?} {:?}",
        world.run.outcome(),
        world.refunded,
        world.charged
    );
    (end, moves)
}

/// The same with logs everywhere, and with states and slots more than it needs: all numbers of states are others.
fn with_logs(program: &Program) -> Program {
    let mut other = program.clone();
    let flow = Arc::make_mut(&mut other.flows[FLOW.index()]);
    for state in &mut flow.states {
        let log = Instruction::Log(Expr::Constant(Value::string("here")));
        state.code.insert(0, log);
        state.end.each_next(|next| next.0 += 2);
    }
    let begin = |next| State {
        code: vec![Instruction::Log(Expr::Constant(Value::string("first")))],
        end: End::Jump(StateId(next)),
        step: None,
    };
    let entry = flow.entry.0 + 2;
    flow.states.splice(0..0, [begin(1), begin(entry)]);
    flow.entry = StateId(0);
    flow.slots.push(Slot {
        name: "more".into(),
        ty: None,
    });
    other
}
