//! Parts of a program as text that can be compared between two programs: without numbers, with every type spelled out.

use super::{
    expr::Printer,
    flow::{Lines, operation, target_name},
    ty::{definition, ty},
};
use crate::{
    Program, StateId,
    flow::{Flow, Signal, Target},
    ty::{Field, Shape, Type},
};
use std::collections::BTreeMap;

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

/// A type with the definitions of all types that it names.
pub(crate) fn whole_type(program: &Program, of: &Type) -> String {
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
    format!(
        "signal {}({})",
        signal.name,
        params.collect::<Vec<_>>().join(", ")
    )
}

/// An operation: its name and its result.
pub(crate) fn whole_operation(program: &Program, target: &Target) -> String {
    let result = operation(program, target).map_or_else(String::new, |operation| {
        format!(" -> {}", whole_type(program, &operation.result))
    });
    format!("{}{result}", target_name(program, target))
}
