//! Parts of a program as text that can be compared between two programs: without numbers, with every type spelled out.

use super::{
    expr::Printer,
    flow::{Lines, operation, target_name},
    ty::{definition, ty},
};
use crate::{
    EventId, Program, StateId,
    flow::{Flow, Instruction, Signal, Target},
    ty::{Field, Shape, Type},
};
use std::collections::{BTreeMap, BTreeSet};

/// What each state of a flow says, without the numbers of states and with the title of its step.
pub(crate) fn bare_states(program: &Program, flow: &Flow) -> Vec<String> {
    let printer = Printer::of_flow(program, flow);
    let lines = Lines {
        program,
        flow,
        printer: &printer,
    };
    let bare = |state: &crate::flow::State| {
        let mut state = state.clone();
        state.end.each_next(|next| *next = StateId(0));
        lines.all(&state).join("\n")
    };
    flow.states.iter().map(bare).collect()
}

/// How each state of a flow ends, by names alone: neither the numbers of states and slots nor that of its step.
pub(crate) fn bare_ends(program: &Program, flow: &Flow) -> Vec<String> {
    let printer = Printer::of_names(program, flow);
    let lines = Lines {
        program,
        flow,
        printer: &printer,
    };
    let bare = |state: &crate::flow::State| {
        let mut end = state.end.clone();
        end.each_next(|next| *next = StateId(0));
        lines.end(&end)
    };
    flow.states.iter().map(bare).collect()
}

/// What is put into each slot of a flow, by names alone.
pub(crate) fn definitions(program: &Program, flow: &Flow) -> Vec<BTreeSet<String>> {
    let printer = Printer::of_names(program, flow);
    let mut all = vec![BTreeSet::new(); flow.slots.len()];
    for instruction in flow.states.iter().flat_map(|state| &state.code) {
        if let Instruction::Set(slot, expr) = instruction
            && let Some(texts) = all.get_mut(slot.index())
        {
            texts.insert(printer.expr(expr));
        }
    }
    all
}

/// A type with the definitions of all types that it names.
#[must_use]
pub fn whole_type(program: &Program, of: &Type) -> String {
    let mut named = BTreeMap::new();
    collect(program, of, &mut named);
    let definitions: Vec<String> = named.into_values().collect();
    if definitions.is_empty() {
        return ty(program, of);
    }
    format!("{} with {}", ty(program, of), definitions.join("; "))
}

fn collect(program: &Program, of: &Type, named: &mut BTreeMap<u32, String>) {
    match of {
        Type::Optional(inner) | Type::List(inner) | Type::Map(inner) => collect(program, inner, named),
        Type::Named(id) => {
            let Some(def) = program.ty(*id) else { return };
            // Types may name each other in a circle; each is taken once.
            if named.insert(id.0, definition(program, def)).is_some() {
                return;
            }
            let fields = |fields: &[Field], named: &mut BTreeMap<u32, String>| {
                fields.iter().for_each(|field| collect(program, &field.ty, named));
            };
            match &def.shape {
                Shape::Record(parts) => fields(parts, named),
                Shape::Enum(cases) => cases.iter().for_each(|case| fields(&case.fields, named)),
                Shape::Alias { ty, .. } => collect(program, ty, named),
            }
        }
        _ => {}
    }
}

/// A signal: its name and what it carries.
pub(crate) fn whole_signal(program: &Program, signal: &Signal) -> String {
    let params = signal
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, whole_type(program, &param.ty)));
    let answer = signal
        .result
        .as_ref()
        .map_or_else(String::new, |ty| format!(" -> {}", whole_type(program, ty)));
    format!(
        "signal {}({}){answer}",
        signal.name,
        params.collect::<Vec<_>>().join(", ")
    )
}

/// An event: its name and what it carries.
pub(crate) fn whole_event(program: &Program, event: EventId) -> String {
    let Some(def) = program.event(event) else {
        return "event ?".to_owned();
    };
    let fields = def
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.name, whole_type(program, &field.ty)));
    format!("event {}({})", def.name, fields.collect::<Vec<_>>().join(", "))
}

/// What is called, with the types of what it takes and of what it gives.
#[must_use]
pub fn whole_signature(program: &Program, name: &str, params: &[Field], result: &Type) -> String {
    let params = params
        .iter()
        .map(|param| format!("{}: {}", param.name, whole_type(program, &param.ty)));
    let params: Vec<String> = params.collect();
    format!("{name}({}) -> {}", params.join(", "), whole_type(program, result))
}

/// An operation: its name and its result.
pub(crate) fn whole_operation(program: &Program, target: &Target) -> String {
    let result = operation(program, target).map_or_else(String::new, |operation| {
        format!(" -> {}", whole_type(program, &operation.result))
    });
    format!("{}{result}", target_name(program, target))
}
