//! Programs by chance, in worlds by chance: whatever happens in whatever order, the run ends, everything is undone once
//! and in reverse order, and a run made anew from its events is the same run.

mod make;
mod moved;
mod world;

use world::World;

/// How many programs are tried; more if it is compiled with `FLOWMESH_RANDOM_RUNS`.
const RUNS: u64 = 400;

#[test]
fn whatever_happens_the_run_ends_and_is_undone() {
    let more = option_env!("FLOWMESH_RANDOM_RUNS").and_then(|runs| runs.parse().ok());
    for seed in 0..more.unwrap_or(RUNS) {
        let caught = std::panic::catch_unwind(|| try_one(seed));
        assert!(caught.is_ok(), "seed {seed}");
    }
}

fn try_one(seed: u64) {
    let program = make::program(seed);
    let mut world = World::new(&program, seed);
    for _ in 0..30 {
        world.happen();
    }
    world.drain();
}
