//! Makes the program: flows become state machines, everything else is already in its form.
//!
//! A flow is lowered as soon as it is checked, so that it can be kept in the form that is needed again. [`lower()`]
//! puts the parts together, and cannot fail: [`Sound`] says that nothing is wrong with them.

mod beside;
mod flow;
mod product;
mod region;
mod states;

pub(crate) use flow::{Lowered, flow};

use crate::check::{Beside, Sound};
use flowmesh_ir::access::{Mode, derived};
use flowmesh_ir::{Name, Program, program::VERSION};

/// The program of checked modules; `name` is that of the root.
#[must_use]
pub fn lower(sound: Sound, name: Name) -> Program {
    let mut program = Program {
        version: VERSION,
        name,
        configs: sound.configs,
        secrets: sound.secrets,
        types: sound.types,
        errors: sound.errors,
        events: sound.events,
        policies: sound.policies,
        services: sound.services,
        functions: sound.functions,
        flows: sound.flows,
        gateways: sound.mesh.gateways,
        access: sound.mesh.access,
        mesh: sound.mesh.mesh,
        schedules: sound.mesh.schedules,
        migrations: sound.mesh.migrations,
        origins: sound.origins,
    };
    allow(&mut program);
    program
}

/// Adds what only its tests need.
pub(crate) fn add(program: &mut Program, beside: Beside) {
    let Beside {
        flows,
        policies,
        types,
    } = beside;
    program.flows.extend(flows);
    program.policies.extend(policies);
    program.types.extend(types);
    allow(program);
}

/// Allows the calls that no rule allows yet, if the mesh says so.
fn allow(program: &mut Program) {
    if program.mesh.access == Mode::Derived {
        let derived = derived(program);
        program.access.extend(derived);
    }
}
