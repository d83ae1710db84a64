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
mod ignored;
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

pub use ignored::{can_be_ignored, ignore};
pub use mend::{Made, Mended, Mending, mend};
pub use workspace::Workspace;
pub use world::{Work, World};

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
    /// The program, if its parts have nothing wrong with them. What only the whole shows may still be wrong.
    pub program: Option<Program>,
    /// What only the tests of the root module need.
    beside: check::Beside,
}

/// Reads the module at `root` and all that it uses, and says what is wrong with them.
pub fn analyse(world: &dyn World, root: &str, sources: &mut Sources, found: &mut Diagnostics) -> Analysis {
    let analysis = everything(world, root, sources, found);
    settle(&analysis.resolved, sources, found);
    analysis
}

/// The last word on what was found: one message for one mistake, what mends it, and nothing that its author knows.
fn settle(resolved: &Resolved, sources: &Sources, found: &mut Diagnostics) {
    silence::silence(resolved, sources, found);
    cure::cure(resolved, sources, found);
    ignored::settle(resolved, found);
}

/// As [`analyse`], with all that the stages say, even where it only follows from something else.
pub fn everything(world: &dyn World, root: &str, sources: &mut Sources, found: &mut Diagnostics) -> Analysis {
    let resolved = resolve(world, root, sources, found);
    let checked = check(&resolved, sources, found);
    assembled(resolved, checked, sources, found)
}

/// Makes the program, and looks at what only the whole of it shows.
fn assembled(
    resolved: Resolved,
    mut checked: Checked,
    sources: &Sources,
    found: &mut Diagnostics,
) -> Analysis {
    let name = resolved.modules.first().map(|module| module.name.clone());
    let mut sound = checked.sound();
    let beside = sound.as_mut().map(|sound| std::mem::take(&mut sound.beside));
    let program = name.zip(sound).map(|(name, sound)| lower(sound, name));
    if let Some(program) = &program {
        whole::check(&resolved, sources, program, found);
    }
    Analysis {
        resolved,
        checked,
        program,
        beside: beside.unwrap_or_default(),
    }
}

/// Makes the program whose root module is at `root`; nothing if something is wrong.
pub fn compile(
    world: &dyn World,
    root: &str,
    sources: &mut Sources,
    found: &mut Diagnostics,
) -> Option<Program> {
    let mut analysis = analyse(world, root, sources, found);
    valid(&mut analysis, found)
}

/// The program of an analysis, if it can be run.
fn valid(analysis: &mut Analysis, found: &mut Diagnostics) -> Option<Program> {
    let program = analysis.program.take().filter(|_| !found.has_errors())?;
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
    let mut analysis = analyse(world, root, sources, found);
    let beside = std::mem::take(&mut analysis.beside);
    if let Some(program) = &mut analysis.program {
        lower::add(program, beside);
    }
    Some((valid(&mut analysis, found)?, analysis.checked.tests))
}
