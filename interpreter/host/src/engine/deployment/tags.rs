//! What stands on the spans of a deployment: the tags of its policies and of its mesh, which are texts over configs and
//! constants.

use flowmesh_ir::{Name, Program, Value, expr::Expr, traffic::Trace};
use flowmesh_machine::{Context, Settings, evaluate};
use flowmesh_mesh::Tags;

/// Those of each policy, and last those of what has none. What a policy says goes before what the mesh says of the same
/// name; what has no value is left out.
pub(super) fn tags(program: &Program, settings: &Settings) -> Vec<Tags> {
    let mesh = program.mesh.trace.as_ref();
    let policies = program.policies.iter().map(|policy| policy.trace.as_ref());
    policies
        .chain([None])
        .map(|own| one(program, settings, own, mesh))
        .collect()
}

fn one(program: &Program, settings: &Settings, own: Option<&Trace>, mesh: Option<&Trace>) -> Tags {
    let mut found: Vec<(Name, String)> = Vec::new();
    for (name, expr) in own.into_iter().chain(mesh).flat_map(|trace| &trace.tags) {
        if found.iter().any(|(known, _)| known == name) {
            continue;
        }
        found.extend(text(program, settings, expr).map(|text| (name.clone(), text)));
    }
    found.into()
}

fn text(program: &Program, settings: &Settings, expr: &Expr) -> Option<String> {
    match evaluate(program, settings, expr, &mut Vec::new(), &mut Context::default()) {
        Ok(Value::String(text)) => Some(text.to_string()),
        _ => None,
    }
}
