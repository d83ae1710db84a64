//! Tests in the language, carried out: the shipped engine over a simulated disk, with virtual time and with mocks where
//! the mesh would be.
//!
//! The folder: `program` (the program as a test runs it), `world` (engine and time), `due` (what happens when), `step`
//! (the statements of a test), `calls` (who is answered what), `attempts` (the same, attempt by attempt), `expect` and
//! `traced` (what must hold), `journal` (what was written), `mirror` (every run as its events leave it), `owed` (what is
//! to be undone), `fork` (a run that goes on beside another one), `play` and `look` (the same for a prompt: a test that is carried out anew
//! with each statement, and what is seen of its runs then), `explore` (everything that can go otherwise), `tell` (what happened, in words), `show` (values as their
//! author would write them), `failure` (what went wrong, in words).
//!
//! A seed decides what runs draw; nothing else is left to chance, so that a test always does the same.

mod attempts;
mod calls;
mod due;
mod expect;
mod explore;
mod failure;
mod fork;
mod journal;
mod look;
mod mirror;
mod owed;
mod play;
mod program;
mod show;
mod step;
mod targets;
mod tell;
mod traced;
mod world;

pub use explore::{Bad, Bounds, Explored, Limit, Part, explore, written};
pub use failure::Failure;
pub use look::{Happening, Look};
pub(crate) use look::{event_text, seen};
pub use play::{Outside, Scene, play};
pub use show::written as value_text;
pub use tell::Line;

use flowmesh_ir::{FlowId, Program, StateId, test::Test};
use jiff::SignedDuration;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicBool},
};
use world::World;

/// How a test is to be carried out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// From which runs draw.
    pub seed: u64,
    /// Whether it is noted which states runs come to.
    pub coverage: bool,
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What happened, in order.
    pub trail: Vec<Line>,
    /// The states that runs came to, if that was wanted.
    pub reached: BTreeSet<(FlowId, StateId)>,
    /// How much virtual time passed.
    pub passed: SignedDuration,
}

/// Carries out a test.
#[must_use]
pub fn run(program: &Program, test: &Test, options: Options) -> Verdict {
    run_until(program, test, options, &Arc::default())
}

/// As [`run`]; it fails once somebody has waited long enough, and has set `stop`.
#[must_use]
pub fn run_until(program: &Program, test: &Test, options: Options, stop: &Arc<AtomicBool>) -> Verdict {
    let mut world = World::new(program, test, options);
    world.outside.stop = Arc::clone(stop);
    let failure = world.play().err().map(|failure| *failure);
    Verdict {
        failure,
        passed: world.passed(),
        reached: std::mem::take(&mut world.mirrors.reached),
        trail: std::mem::take(&mut world.mirrors.trail),
    }
}
