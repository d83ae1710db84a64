//! Flows: every index of every state, and every expression where it stands.

use super::{
    At as _, Invalid, assigned, distinct, ensure,
    expr::{Scope, Surroundings, pattern},
    forks, in_range,
    service::policy,
    slots::Slots,
    types::{fields, rules, ty},
};
use crate::{
    Program, SlotId,
    flow::{Call, End, Flow, Instruction, State, Target},
    service::Operation,
};

/// The most bits that the analysis of a flow may take: slots times states.
const MAX_BITS: usize = 1 << 30;

pub(super) fn check(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    distinct("flows", program.flows.iter().map(|flow| flow.name.as_str()))?;
    for flow in &program.flows {
        let place = || format!("flow {}", flow.name);
        head(program, heights, flow).at(place)?;
        for (at, state) in flow.states.iter().enumerate() {
            self::state(program, flow, state).at(|| format!("{}, state {at}", place()))?;
        }
        let bits = flow.slots.len().saturating_mul(flow.states.len());
        ensure(bits <= MAX_BITS, || "it has too many states and slots".to_owned()).at(place)?;
        let regions = forks::regions(flow).map_err(|Invalid(why)| Invalid(format!("{}, {why}", place())))?;
        let written = assigned::written(flow, &regions);
        for (at, (state, written)) in flow.states.iter().zip(written).enumerate() {
            // What cannot be reached reads nothing, so all of its slots count as written.
            let written = written.unwrap_or_else(|| Slots::first(flow.slots.len()));
            let scope = Scope::of_flow(program, heights, flow.slots.len(), written);
            expressions(scope, state).at(|| format!("{}, state {at}", place()))?;
        }
    }
    Ok(())
}

fn head(program: &Program, heights: &[usize], flow: &Flow) -> Result<(), Invalid> {
    fields(program, &flow.params)?;
    rules(program, heights, &flow.params)?;
    ty(program, &flow.result)?;
    for error in &flow.fails {
        in_range("error", error.index(), program.errors.len())?;
    }
    let (params, slots) = (flow.params.len(), flow.slots.len());
    ensure(params <= slots, || {
        format!("{params} parameters do not fit into {slots} slots")
    })?;
    flow.slots
        .iter()
        .filter_map(|slot| slot.ty.as_ref())
        .try_for_each(|ty| self::ty(program, ty))?;
    if let Some(key) = &flow.key {
        Scope::of_params(program, heights, Surroundings::Nothing, params).check(key)?;
    }
    distinct("signals", flow.signals.iter().map(|signal| signal.name.as_str()))?;
    for signal in &flow.signals {
        fields(program, &signal.params)?;
        rules(program, heights, &signal.params)?;
    }
    distinct("steps", flow.steps.iter().map(|step| step.title.as_str()))?;
    in_range("state", flow.entry.index(), flow.states.len())
}

/// Checks all indices of a state but those in its expressions.
fn state(program: &Program, flow: &Flow, state: &State) -> Result<(), Invalid> {
    for instruction in &state.code {
        if let Instruction::Set(slot, _) = instruction {
            self::slot(flow, Some(*slot))?;
        }
    }
    if let Some(step) = state.step {
        in_range("step", step.index(), flow.steps.len())?;
    }
    for next in forks::successors(&state.end) {
        in_range("state", next.index(), flow.states.len())?;
    }
    match &state.end {
        End::Call(call) => self::call(program, flow, call),
        End::Await(wait) => {
            slot(flow, wait.bind)?;
            in_range("signal", wait.signal.index(), flow.signals.len())
        }
        End::Fork { branches, .. } => {
            ensure(!branches.is_empty(), || "a fork has no branches".to_owned())?;
            branches
                .iter()
                .try_for_each(|next| in_range("state", next.index(), flow.states.len()))
        }
        End::Match { arms, .. } => {
            ensure(!arms.is_empty(), || "a `match` has no arms".to_owned())?;
            arms.iter()
                .try_for_each(|(pattern, _)| self::pattern(pattern, flow.slots.len()))
        }
        _ => Ok(()),
    }
}

fn slot(flow: &Flow, slot: Option<SlotId>) -> Result<(), Invalid> {
    slot.map_or(Ok(()), |slot| in_range("slot", slot.index(), flow.slots.len()))
}

fn call(program: &Program, flow: &Flow, call: &Call) -> Result<(), Invalid> {
    target(program, &call.target)?;
    slot(flow, call.bind)?;
    for catch in &call.catch {
        in_range("error", catch.error.index(), program.errors.len())?;
        slot(flow, catch.bind)?;
    }
    let Some(undo) = &call.undo else { return Ok(()) };
    in_range("step", undo.step.index(), flow.steps.len())?;
    let operation = target(program, &undo.target)?;
    ensure(operation.effect.repeatable(), || {
        format!("it is undone by `{}`, which may not be repeated", operation.name)
    })
}

fn target<'a>(program: &'a Program, target: &Target) -> Result<&'a Operation, Invalid> {
    policy(program, target.policy)?;
    let service = program.service(target.service);
    in_range("service", target.service.index(), program.services.len())?;
    let operations = service.map_or([].as_slice(), |service| &service.operations);
    let Some(operation) = operations.get(target.operation.index()) else {
        let (wanted, len) = (target.operation, operations.len());
        return Err(Invalid(format!(
            "operation {wanted} does not exist, there are {len}"
        )));
    };
    let (expected, found) = (operation.params.len(), target.arguments.len());
    ensure(expected == found, || {
        format!(
            "`{}` takes {expected} arguments, and gets {found}",
            operation.name
        )
    })?;
    Ok(operation)
}

/// Checks all expressions of a state, in the order in which they are evaluated.
fn expressions(mut scope: Scope<'_>, state: &State) -> Result<(), Invalid> {
    for instruction in &state.code {
        match instruction {
            Instruction::Set(slot, expr) => {
                scope.check(expr)?;
                scope.write(*slot);
            }
            Instruction::Log(expr) | Instruction::Tag(_, expr) => scope.check(expr)?,
        }
    }
    match &state.end {
        End::Call(call) => {
            call.target
                .arguments
                .iter()
                .try_for_each(|argument| scope.check(argument))?;
            // The arguments of an undo are computed when the call has succeeded, so they may use its result.
            call.bind.into_iter().for_each(|slot| scope.write(slot));
            let undo = call.undo.iter().flat_map(|undo| &undo.target.arguments);
            undo.into_iter().try_for_each(|argument| scope.check(argument))
        }
        End::Await(wait) => wait
            .within
            .iter()
            .try_for_each(|(duration, _)| scope.check(duration)),
        End::Sleep { duration: expr, .. }
        | End::Branch { condition: expr, .. }
        | End::Match { subject: expr, .. }
        | End::Return(expr) => scope.check(expr),
        End::Fail(raise) => scope.raise(raise),
        _ => Ok(()),
    }
}
