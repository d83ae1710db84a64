//! What failed has undone all that it did.

use super::{super::world::World, AllAsked, Asked};
use crate::engine::view::State;
use flowmesh_ir::{StepId, call::Reply, flow::End};

/// A run that failed or was cancelled has undone every call that succeeded and says how it is undone.
pub(super) fn when_failed(world: &World<'_>, asked: &AllAsked) -> Result<(), String> {
    let undone_in = |state: State| matches!(state, State::Failed | State::Cancelled);
    for view in world.views().iter().filter(|view| undone_in(view.state)) {
        let Some(calls) = asked.get(&view.id) else {
            continue;
        };
        let succeeded = |asked: &&Asked| {
            matches!(
                asked.reply,
                Some(Reply::Answer {
                    status: 200..=299,
                    ..
                })
            )
        };
        let mut expected: Vec<StepId> = calls
            .values()
            .filter(|asked| !asked.undo)
            .filter(succeeded)
            .filter_map(|asked| undo_of(world, &view.flow, asked.step))
            .collect();
        let mut done: Vec<StepId> = calls
            .values()
            .filter(|asked| asked.undo)
            .filter(succeeded)
            .map(|asked| asked.step)
            .collect();
        expected.sort_unstable();
        done.sort_unstable();
        if expected != done {
            return Err(format!(
                "run {} should have undone {expected:?} and has undone {done:?}",
                view.id
            ));
        }
    }
    Ok(())
}

fn undo_of(world: &World<'_>, flow: &str, step: StepId) -> Option<StepId> {
    let flow = world.program.flow(world.program.flow_named(flow)?)?;
    let state = flow.states.iter().find(|state| state.step == Some(step))?;
    match &state.end {
        End::Call(call) => call.undo.as_ref().map(|undo| undo.step),
        _ => None,
    }
}
