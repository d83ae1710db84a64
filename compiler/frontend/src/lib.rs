//! Text becomes a program: parse, resolve, check, lower. Each stage makes what it can and adds what it found wrong.
//!
//! This room knows the language. It reads nothing by itself: text comes through [`World`]. It knows no clock, no
//! network and no terminal. What an editor asks is answered in [`ide`], what a prompt needs in [`prompt`].
//!
//! INVARIANT: a program that comes out of [`compile`] passes [`flowmesh_ir::validate()`]; [`compile`] asks it.

pub mod ast;
pub mod check;
mod cure;
pub mod format;
pub mod ide;
pub mod lower;
mod mend;
mod outside;
pub mod parse;
pub mod prompt;
pub mod resolve;
mod silence;
pub mod syntax;
mod whole;
mod workspace;
mod world;

pub use mend::{Made, Mended, Mending, mend};
pub use workspace::Workspace;
pub use world::World;

use check::{Checked, check};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Sources, Span};
use flowmesh_ir::{Program, test::Test};
use lower::lower;
use resolve::{Resolved, resolve};

/// Everything that is known of a program, right or wrong.
#[derive(Debug, Default)]
pub struct Analysis {
    /// Its modules and their names.
    pub resolved: Resolved,
    /// What its parts mean.
    pub checked: Checked,
}

/// Reads the module at `root` and all that it uses, and says what is wrong with them.
pub fn analyse(world: &dyn World, root: &str, sources: &mut Sources, found: &mut Diagnostics) -> Analysis {
    let analysis = everything(world, root, sources, found);
    settle(&analysis.resolved, sources, found);
    analysis
}

/// The last word on what was found: one message for one mistake, and what mends it.
fn settle(resolved: &Resolved, sources: &Sources, found: &mut Diagnostics) {
    silence::silence(resolved, sources, found);
    cure::cure(resolved, sources, found);
}

/// As [`analyse`], with all that the stages say, even where it only follows from something else.
pub fn everything(world: &dyn World, root: &str, sources: &mut Sources, found: &mut Diagnostics) -> Analysis {
    let resolved = resolve(world, root, sources, found);
    let checked = check(&resolved, sources, found);
    let analysis = Analysis { resolved, checked };
    both_worlds(&analysis, sources, found);
    analysis
}

/// What only the whole program shows, once nothing else is wrong with it.
fn both_worlds(analysis: &Analysis, sources: &Sources, found: &mut Diagnostics) {
    if let Some(program) = analysis.program() {
        whole::check(&analysis.resolved, sources, &program, found);
    }
}

/// Makes the program whose root module is at `root`; nothing if something is wrong.
pub fn compile(
    world: &dyn World,
    root: &str,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Option<Program> {
    let analysis = analyse(world, root, sources, found);
    whole(&analysis, found)
}

/// The program of an analysis, if it can be run.
fn whole(analysis: &Analysis, found: &mut Diagnostics) -> Option<Program> {
    let program = analysis.program()?;
    valid(analysis, program, found)
}

fn valid(analysis: &Analysis, program: Program, found: &mut Diagnostics) -> Option<Program> {
    if found.has_errors() {
        return None;
    }
    // The checker keeps every promise of the door but one: how deep functions that call each other may go.
    let valid = flowmesh_ir::validate(&program);
    if let (Err(why), Some(module)) = (&valid, analysis.resolved.modules.first()) {
        let place = Span::new(module.source, 0, 0);
        found.add(Diagnostic::error(
            Code(323),
            place,
            format!("the program goes too far to be run: {why}"),
        ));
    }
    valid.ok().map(|()| program)
}

/// As [`compile`], with the tests of the root module.
pub fn compile_tests(
    world: &dyn World,
    root: &str,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Option<(Program, Vec<Test>)> {
    let analysis = analyse(world, root, sources, found);
    let program = analysis.program()?;
    Some((valid(&analysis, program, found)?, analysis.checked.tests))
}

impl Analysis {
    /// The program, if nothing is wrong with it.
    #[must_use]
    pub fn program(&self) -> Option<Program> {
        let name = self.resolved.modules.first()?.name.clone();
        Some(lower(self.checked.sound()?, name))
    }
}
