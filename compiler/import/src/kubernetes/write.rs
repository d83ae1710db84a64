//! A cluster as a program.

mod gateway;
mod service;

pub(crate) use service::called;

use super::{access::Rule, front::Front, world::World};
use crate::{found::Found, out::Out};

/// Everything, in the order in which people read it.
pub(crate) fn program(
    world: &World,
    fronts: &[Front],
    rules: &[Rule],
    mesh: &[String],
    found: &mut Found,
) -> String {
    let mut out = Out::default();
    for note in found.notes() {
        out.comment(&note);
    }
    out.gap();
    for number in 0..world.services.len() {
        service::write(world, number, &mut out, found);
        out.gap();
    }
    let mut configs = Vec::new();
    for front in fronts {
        if front.ways.is_empty() && front.passes.is_empty() {
            found.needed(&front.node, &format!("routes of the gateway `{}`", front.name));
            out.notes(&found.notes());
            continue;
        }
        gateway::write(front, &mut configs, &mut out);
        out.gap();
    }
    for config in configs {
        out.line(config);
    }
    for rule in rules {
        out.notes(&rule.notes);
        if let Some(text) = rule.text() {
            out.line(text);
        }
    }
    if !mesh.is_empty() {
        out.gap();
        out.line("mesh {");
        for line in mesh {
            out.line(line);
        }
        out.line("}");
    }
    for note in found.notes() {
        out.comment(&note);
    }
    out.text()
}
