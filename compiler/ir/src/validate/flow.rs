//! Flows: every index of every state, and every expression where it stands.

use super::{
    At as _, Invalid, assigned, distinct, end, ensure,
    expr::{Scope, Surroundings},
    fibers, in_range, reads,
    slots::Slots,
    types::{fields, rules, ty},
};
use crate::{
    Program,
    flow::{Flow, Made, Product},
    ty::Field,
};

/// The most bits that the analysis of a flow may take: slots times states.
const MAX_BITS: usize = 1 << 30;

pub(super) fn check(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    distinct("flows", program.flows.iter().map(|flow| flow.name.as_str()))?;
    for flow in &program.flows {
        let place = || format!("flow {}", flow.name);
        head(program, heights, flow).at(place)?;
        for (at, state) in flow.states.iter().enumerate() {
            end::state(program, flow, state).at(|| format!("{}, state {at}", place()))?;
        }
        let bits = flow.slots.len().saturating_mul(flow.states.len());
        ensure(bits <= MAX_BITS, || "it has too many states and slots".to_owned()).at(place)?;
        let strands = fibers::strands(flow).map_err(|Invalid(why)| Invalid(format!("{}, {why}", place())))?;
        let written = assigned::written(flow, &strands);
        let scope = |at: usize| {
            // What cannot be reached reads nothing, so all of its slots count as written.
            let known = written.get(at).cloned().flatten();
            let written = known.unwrap_or_else(|| Slots::first(flow.slots.len()));
            Scope::of_flow(program, heights, flow.slots.len(), written)
        };
        for (at, state) in flow.states.iter().enumerate() {
            reads::state(&scope, at, state).at(|| format!("{}, state {at}", place()))?;
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
    let mut over_params = Scope::of_params(program, heights, Surroundings::Nothing, params);
    flow.key.iter().try_for_each(|key| over_params.check(key))?;
    let mut checked = Ok(());
    flow.conduct.each_expr(|expr| {
        checked = std::mem::replace(&mut checked, Ok(())).and_then(|()| over_params.check(expr));
    });
    checked?;
    if let Some(trigger) = &flow.trigger {
        in_range("event", trigger.event.index(), program.events.len())?;
        let found = flow.params.len();
        for Made { product, params } in trigger.all_made() {
            self::product(program, product)?;
            let named = |field: &Field| params.contains(&field.name);
            let whole = params.len() == found && product.holes.len() == found;
            ensure(whole && flow.params.iter().all(named), || {
                "what was produced does not give each of its parameters".to_owned()
            })?;
        }
        ensure(trigger.also.is_empty() || trigger.made.is_some(), || {
            "it begins after more than nothing that was produced".to_owned()
        })?;
        ensure(found == 1 || trigger.made.is_some(), || {
            format!("an event starts it, and it has {found} parameters")
        })?;
        trigger
            .condition
            .iter()
            .try_for_each(|condition| over_params.check(condition))?;
    }
    flow.produces
        .iter()
        .try_for_each(|product| self::product(program, product))?;
    views(program, heights, flow)?;
    distinct("signals", flow.signals.iter().map(|signal| signal.name.as_str()))?;
    for signal in &flow.signals {
        fields(program, &signal.params)?;
        rules(program, heights, &signal.params)?;
        signal.result.iter().try_for_each(|result| ty(program, result))?;
    }
    distinct("steps", flow.steps.iter().map(|step| step.title.as_str()))?;
    steps_lie_in_steps(flow)?;
    in_range("state", flow.entry.index(), flow.states.len())
}

fn product(program: &Program, product: &Product) -> Result<(), Invalid> {
    product.holes.iter().try_for_each(|hole| ty(program, hole))
}

/// Whoever goes up from a step comes to an end.
fn steps_lie_in_steps(flow: &Flow) -> Result<(), Invalid> {
    let mut ends = vec![false; flow.steps.len()];
    for step in &flow.steps {
        let mut above = step.within;
        let mut met = Vec::new();
        while let Some(at) = above {
            let (Some(up), Some(known)) = (flow.steps.get(at.index()), ends.get(at.index())) else {
                return in_range("step", at.index(), flow.steps.len());
            };
            if *known {
                break;
            }
            met.push(at.index());
            ensure(met.len() <= flow.steps.len(), || {
                format!("the step `{}` lies in itself", step.title)
            })?;
            above = up.within;
        }
        for at in met {
            ends.get_mut(at).into_iter().for_each(|end| *end = true);
        }
    }
    Ok(())
}

/// A view is read at any time, so what was not written yet counts as `none` in it.
fn views(program: &Program, heights: &[usize], flow: &Flow) -> Result<(), Invalid> {
    distinct("views", flow.views.iter().map(|view| view.name.as_str()))?;
    for view in &flow.views {
        ty(program, &view.ty)?;
        let all = Slots::first(flow.slots.len());
        Scope::of_flow(program, heights, flow.slots.len(), all).check(&view.value)?;
    }
    Ok(())
}
