//! States: every expression, with the slots that are written where it is evaluated.

use super::{Invalid, expr::Scope};
use crate::{
    SlotId,
    expr::Expr,
    flow::{Branches, Call, End, Instruction, Need, On, Over, Region, Reuse, Start, State, Wait},
};

/// Checks all expressions of a state, in the order in which they are evaluated. `scope` gives that of where a state
/// begins.
pub(super) fn state<'a>(
    scope: &impl Fn(usize) -> Scope<'a>,
    at: usize,
    state: &State,
) -> Result<(), Invalid> {
    let mut here = scope(at);
    for instruction in &state.code {
        match instruction {
            Instruction::Set(slot, expr) => {
                here.check(expr)?;
                here.write(*slot);
            }
            Instruction::Log(expr) | Instruction::Tag(_, expr) => here.check(expr)?,
        }
    }
    match &state.end {
        End::Region(region) => self::region(scope, here, region),
        end => self::end(here, end),
    }
}

fn end(mut here: Scope<'_>, end: &End) -> Result<(), Invalid> {
    match end {
        End::Call(call) => self::call(here, call),
        End::Start(start) => self::start(here, start),
        End::Wait(wait) => self::wait(&mut here, wait),
        End::Stream(stream) => all(&mut here, &stream.target.arguments),
        End::Restart(arguments) => all(&mut here, arguments),
        End::Shift(shift) => all(&mut here, shift.weights.iter().map(|(_, weight)| weight)),
        End::Emit(emit) => here.check(&emit.value),
        End::Sleep { duration: expr, .. }
        | End::SleepUntil { time: expr, .. }
        | End::Branch { condition: expr, .. }
        | End::Match { subject: expr, .. }
        | End::CancelTask { task: expr, .. }
        | End::Probe { target: expr, .. }
        | End::Give(expr)
        | End::Return(expr) => here.check(expr),
        End::Fail(raise) => here.raise(raise),
        End::Region(_)
        | End::Leave { .. }
        | End::Spawn { .. }
        | End::Listen(_)
        | End::CancelStep { .. }
        | End::Join
        | End::Jump(_) => Ok(()),
    }
}

fn all<'e>(here: &mut Scope<'_>, all: impl IntoIterator<Item = &'e Expr>) -> Result<(), Invalid> {
    all.into_iter().try_for_each(|expr| here.check(expr))
}

/// The arguments of an undo are computed when the call has succeeded, so they may use its result.
fn call(mut here: Scope<'_>, call: &Call) -> Result<(), Invalid> {
    all(&mut here, &call.target.arguments)?;
    all(&mut here, call.cache.iter().flat_map(Reuse::exprs))?;
    written(&mut here, call.bind);
    all(
        &mut here,
        call.undo.iter().flat_map(|undo| &undo.target.arguments),
    )
}

fn start(mut here: Scope<'_>, start: &Start) -> Result<(), Invalid> {
    all(&mut here, &start.arguments)?;
    all(&mut here, start.cache.iter().flat_map(Reuse::exprs))?;
    written(&mut here, start.bind);
    all(
        &mut here,
        start.undo.iter().flat_map(|undo| &undo.target.arguments),
    )
}

fn wait(here: &mut Scope<'_>, wait: &Wait) -> Result<(), Invalid> {
    for arm in &wait.arms {
        match &arm.on {
            On::After(expr) | On::At(expr) | On::Condition(expr) | On::Task(expr) => here.check(expr)?,
            On::Event { slot, condition, .. } => {
                let mut heard = here.clone();
                heard.write(*slot);
                condition
                    .iter()
                    .try_for_each(|condition| heard.check(condition))?;
            }
            On::Signal(_) => {}
        }
    }
    Ok(())
}

fn region<'a>(
    scope: &impl Fn(usize) -> Scope<'a>,
    mut here: Scope<'a>,
    region: &Region,
) -> Result<(), Invalid> {
    region
        .within
        .iter()
        .try_for_each(|(duration, _)| here.check(duration))?;
    if let Some(guard) = &region.guard {
        here.check(&guard.name)?;
        all(&mut here, &guard.permits)?;
    }
    match &region.branches {
        Branches::Fixed(branches) => {
            // A branch that waits for others is asked when they have joined, and knows what they have written.
            for branch in branches {
                let mut begun = scope(branch.entry.index());
                all(&mut begun, &branch.when)?;
            }
        }
        Branches::Each(each) => {
            match &each.over {
                Over::List(list) => here.check(list)?,
                Over::Range(from, to) => all(&mut here, [from, to])?,
                Over::Signals(_) => {}
            }
            all(&mut here, &each.limit)?;
            written(&mut here, each.gather.map(|gather| gather.list));
        }
    }
    match &region.need {
        Need::All => Ok(()),
        Need::Count(expr) | Need::Until(expr) => here.check(expr),
    }
}

fn written(here: &mut Scope<'_>, slots: impl IntoIterator<Item = SlotId>) {
    slots.into_iter().for_each(|slot| here.write(slot));
}
