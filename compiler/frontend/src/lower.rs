//! Makes the program: flows become state machines, everything else is already in its form.
//!
//! [`lower`] cannot fail: after the checker nothing is the author's fault, and [`Sound`] says that it found nothing.

mod beside;
mod flow;
mod region;
mod states;

use crate::check::Sound;
use flowmesh_ir::access::{Mode, derived};
use flowmesh_ir::{Name, Program, program::VERSION, ty::ErrorDef};

/// The program of checked modules; `name` is that of the root.
#[must_use]
pub fn lower(sound: Sound<'_>, name: Name) -> Program {
    let Sound(checked) = sound;
    let mut origins = checked.origins.clone();
    let flows = checked
        .flows
        .iter()
        .map(|written| flow::flow(written, &mut origins))
        .collect();
    let secrets = checked.secrets.clone();
    let mut program = Program {
        version: VERSION,
        name,
        configs: checked.configs.clone(),
        secrets,
        types: checked.types.clone(),
        errors: errors(sound),
        events: checked.globals.event_definitions(),
        policies: checked.policies.clone(),
        services: checked.services.clone(),
        functions: checked.functions.clone(),
        flows,
        gateways: checked.mesh.gateways.clone(),
        access: checked.mesh.access.clone(),
        mesh: checked.mesh.mesh.clone(),
        schedules: checked.mesh.schedules.clone(),
        migrations: checked.mesh.migrations.clone(),
        origins,
    };
    if program.mesh.access == Mode::Derived {
        let derived = derived(&program);
        program.access.extend(derived);
    }
    program
}

fn errors(Sound(checked): Sound<'_>) -> Vec<ErrorDef> {
    let error = |error: &crate::check::Signature| ErrorDef {
        name: error.name.clone(),
        doc: error.doc.clone(),
        fields: error.params.iter().map(crate::check::FieldInfo::ir).collect(),
    };
    checked.globals.errors.iter().map(error).collect()
}
