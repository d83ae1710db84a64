//! Amazon's States Language: a state machine as a flow.
//!
//! 1. [`machine`]: what each state says
//! 2. [`graph`]: which states can be written as structured code
//! 3. [`path`], [`template`], [`intrinsic`]: what is read and computed of the data
//! 4. [`infer`](mod@infer): types of what is given and answered, from what is read of it
//! 5. [`choice`], [`task`], [`emit`]: states as statements
//!
//! The data of a machine is one variable without a type, as it is there: each state reads it and leaves it changed. What it was
//! given is read by its type, too, and keeps what it has beside.

mod choice;
mod emit;
mod graph;
mod infer;
mod intrinsic;
mod machine;
mod path;
mod task;
mod template;

use crate::{callee::Callees, found::Found, name::snake, node::Node, out::Out, uses::Types};
use emit::Emit;
use infer::{Results, infer};
use machine::Machine;

/// Whether documents are state machines.
pub(crate) fn looks_so(documents: &[Node]) -> bool {
    documents
        .iter()
        .any(|node| node.get("StartAt").is_some() && node.get("States").is_some())
}

/// The program of state machines, a flow for each.
pub(crate) fn import(documents: &[(String, Node)], found: &mut Found) -> String {
    let mut callees = Callees::default();
    let (mut types, mut results) = (Types::default(), Results::default());
    let mut machines = Vec::new();
    for (file, node) in documents {
        let machine = Machine::read(node, found);
        let inferred = infer(&machine, &mut results);
        let record = types.record(&inferred.input, &title(file), false, callees.type_names());
        machines.push((
            callees.flow(&title(file)),
            machine,
            record.map(|it| (it, inferred)),
        ));
    }
    let given = results.types(&mut types, callees.type_names());
    let mut flows = Vec::new();
    for (name, machine, read) in &machines {
        let read = read
            .as_ref()
            .map(|(record, inferred)| (record.as_str(), inferred));
        let mut emit = Emit::new(name, &mut callees, &given, read, found);
        flows.extend(emit.flow(machine));
    }
    let mut out = Out::default();
    for declared in &types.declared {
        out.line(declared);
        out.gap();
    }
    callees.write(&mut out);
    if flows.iter().any(|flow| flow.contains("shown(")) {
        out.line("/// A value as people read it: a text as it is, everything else as JSON.");
        out.line("fn shown(value: json) -> string = if value.kind() == \"string\" { value as string } else { value.text() }");
    }
    for flow in flows {
        out.gap();
        out.line(flow);
    }
    out.notes(&found.notes());
    out.text()
}

/// The name of a file without its folders and endings.
fn title(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.split('.').next().unwrap_or(name);
    match snake(name).as_str() {
        "n" => "machine".to_owned(),
        _ => name.to_owned(),
    }
}
