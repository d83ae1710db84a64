//! Runs that move to another program, also those that are not in memory, and after a crash.

use super::world::*;
use crate::{
    RunId,
    engine::{
        Answer, By, Command, Deployment, Output, Residence, Upgrading,
        view::{Fate, Verdict},
    },
    store::How,
};
use flowmesh_ir::{Value, expr::Expr, flow::Instruction};
use flowmesh_machine::Settings;
use jiff::SignedDuration;
use std::sync::Arc;

/// The program of these tests with a log more.
fn newer() -> Arc<Deployment> {
    let mut program = super::programs::program("http://127.0.0.1:1");
    for flow in program.flows.iter_mut().map(Arc::make_mut) {
        let log = Instruction::Log(Expr::Constant(Value::string("newer")));
        flow.states[0].code.insert(0, log);
    }
    let settings = Settings::new(&program, []).unwrap();
    Arc::new(Deployment::new(program, settings))
}

fn order(runs: impl Iterator<Item = u128>, to: &Arc<Deployment>, moves: bool) -> Command {
    Command::Upgrade(Box::new(Upgrading {
        runs: runs.map(RunId).collect(),
        to: Arc::clone(to),
        moves,
    }))
}

fn release(to: &Arc<Deployment>) -> Command {
    let by = By {
        who: "ann".to_owned(),
        how: How::Deployed,
    };
    Command::Release(Arc::clone(to), by)
}

fn verdicts(outputs: &[Output]) -> Vec<Verdict> {
    let found = outputs.iter().find_map(|output| match output {
        Output::Answer(_, Answer::Verdicts(verdicts)) => Some(verdicts.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{outputs:?}"))
}

#[test]
fn only_to_the_program_that_is_deployed_do_runs_move() {
    let mut world = World::new();
    world.start(1, "hear", "{}", None);
    world.settle();
    let ticket = world.tell(order(1..=1, &newer(), true));
    let outputs = world.settle();
    assert_eq!(refusal(&outputs, ticket).code().to_string(), "F1160");
    world.tell(order(1..=1, &newer(), false));
    assert_eq!(verdicts(&world.settle())[0].fate, Fate::Moves);
}

#[test]
fn runs_that_are_not_in_memory_move_too_and_a_crash_changes_nothing() {
    let mut world = World::new();
    world.engine.reside(Residence {
        runs_max: 2,
        idle: SignedDuration::ZERO,
        horizon: SignedDuration::ZERO,
        ..Residence::default()
    });
    for run in 1..=20 {
        world.start(run, "hear", "{}", None);
    }
    world.settle();
    for _ in 0..10 {
        world.pass(1);
    }
    let to = newer();
    world.tell(release(&to));
    world.tell(order(1..=20, &to, true));
    let moved = verdicts(&world.settle());
    assert_eq!(moved.len(), 20);
    assert!(
        moved.iter().all(|verdict| verdict.fate == Fate::Moves),
        "{moved:?}"
    );
    world.tell(order(1..=21, &to, true));
    let again = verdicts(&world.settle());
    assert!(again.len() == 20 && again.iter().all(|verdict| verdict.fate == Fate::Current));
    let mut world = world.crash();
    world.tell(Command::Deployments);
    let deployed = world.settle().into_iter().find_map(|output| match output {
        Output::Answer(_, Answer::Deployments(deployed)) => Some(deployed),
        _ => None,
    });
    let deployed = deployed.unwrap();
    assert_eq!((deployed.len(), deployed[0].by.as_str()), (1, "ann"));
    for run in [1, 20] {
        let view = world.view(run);
        assert_eq!((view.program, view.events), (to.program_hash, 2));
    }
}
