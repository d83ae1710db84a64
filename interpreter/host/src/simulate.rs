//! The simulator: the shipped engine, store and decisions of the mesh in a world where one number decides every delay,
//! loss and crash.
//!
//! Clock, disk, network, services and clients are simulated; a seed gives the same world to the last byte of its log.
//! The folder: `scenario` (what is to happen), `world` (the queue of what happens), `process` (boot, write, crash),
//! `calls` (attempts over the network), `workers` (who pull tasks), `services` (doubles that know what they carried out),
//! `compact` (segments of the journal go), `clients` (who start, signal, steer and tell events), `requests` (who send them again and again), `people` (who decide), `check` (what must hold in the end),
//! `between` (and between runs), `guards` (whenever somebody is let in), `results` (whenever one is reused), `steered` (and of runs that people steered), `continued` (and of those that go on in
//! place of others), `planted` (promises broken on purpose).

mod between;
mod calls;
mod chance;
mod check;
mod clients;
mod compact;
mod continued;
mod disk;
mod encrypted;
mod guards;
mod log;
mod people;
mod planted;
mod process;
mod report;
mod requests;
mod residence;
mod results;
mod scenario;
mod services;
mod steered;
mod versions;
mod workers;
mod world;

pub use chance::Chance;
pub use disk::SimulatedDisk;
pub use planted::Bug;
pub use report::Report;
pub use scenario::{EventPlan, Faults, RequestPlan, Scenario, SignalPlan, StartPlan};

use flowmesh_ir::Program;
use world::World;

/// Lets a world happen and says what came of it; [`Report::failure`] names the promise that was broken, if one was.
#[must_use]
pub fn simulate(seed: u64, program: &Program, scenario: &Scenario) -> Report {
    let mut world = World::new(seed, program, scenario);
    let failure = world.happen().and_then(|()| check::check(&mut world)).err();
    world.report(seed, failure)
}
