//! Checks that a program holds together, whoever made it.
//!
//! 1. [`types`]: types, errors and settings exist and end
//! 2. [`policy`]: numbers of policies make sense
//! 3. [`functions`]: each function calls only earlier ones, and evaluation stays shallow
//! 4. [`service`]: addresses, routes, operations; [`mesh`]: gateways, access rules, schedules
//! 5. [`flow`]: every index of every state ([`end`]); then [`fibers`], whose strands [`assigned`] needs to know which
//!    slots are written where; then every expression with that knowledge ([`reads`])

mod assigned;
mod end;
mod expr;
mod fibers;
mod flow;
mod functions;
mod mesh;
mod policy;
mod reads;
mod service;
mod slots;
mod types;

pub use fibers::{StrandId, Strands};

use crate::{Program, program::VERSION};
use std::{collections::BTreeSet, fmt};

/// How deep an expression, a type or a constant may be, an expression together with the functions it calls. The
/// machine goes as deep and no deeper, so a program that is valid never fails there for its depth.
pub const MAX_DEPTH: usize = 200;

/// How many slots a frame may have besides parameters, where the program does not list them one by one.
pub const MAX_FRAME: u32 = 1024;

/// What does not hold, as a sentence with its place in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

/// Checks the invariants of the door: indices in range, slots written before they are read, joins that match forks.
///
/// # Errors
/// The first thing that does not hold.
pub fn validate(program: &Program) -> Result<(), Invalid> {
    if program.version != VERSION {
        return Err(invalid(format!(
            "the program has version {}, and not {VERSION}",
            program.version
        )));
    }
    types::check(program)?;
    policy::check(program)?;
    let heights = functions::check(program)?;
    types::check_rules(program, &heights)?;
    policy::check_texts(program, &heights)?;
    service::check(program, &heights)?;
    mesh::check(program, &heights)?;
    flow::check(program, &heights)
}

/// Which fiber each state of a flow belongs to; nothing for a flow that is not valid.
#[must_use]
pub fn strands(flow: &crate::flow::Flow) -> Option<Strands> {
    fibers::strands(flow).ok()
}

/// The slots that are certainly written where each state of a valid flow begins.
pub(crate) fn written(flow: &crate::flow::Flow) -> Vec<std::collections::BTreeSet<crate::SlotId>> {
    let slots = || (0u32..).map(crate::SlotId).take(flow.slots.len());
    let Ok(strands) = fibers::strands(flow) else {
        return vec![std::collections::BTreeSet::new(); flow.states.len()];
    };
    let written = assigned::written(flow, &strands);
    let known = |known: Option<slots::Slots>| {
        let known = known.unwrap_or_default();
        slots().filter(|slot| known.contains(*slot)).collect()
    };
    written.into_iter().map(known).collect()
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// Puts a place before what does not hold there.
trait At {
    fn at(self, place: impl FnOnce() -> String) -> Self;
}

impl<T> At for Result<T, Invalid> {
    fn at(self, place: impl FnOnce() -> String) -> Self {
        self.map_err(|Invalid(reason)| Invalid(format!("{}: {reason}", place())))
    }
}

fn invalid(reason: impl Into<String>) -> Invalid {
    Invalid(reason.into())
}

/// Fails with a sentence where something does not hold.
fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid(reason())) }
}

/// An index must be smaller than the table it points into.
fn in_range(what: &str, index: usize, len: usize) -> Result<(), Invalid> {
    ensure(index < len, || {
        format!("{what} {index} does not exist, there are {len}")
    })
}

/// No two parts of one kind may have one name.
fn distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for name in names {
        ensure(seen.insert(name), || format!("two {what} have the name `{name}`"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
