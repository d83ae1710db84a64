//! How fast a program is checked: `cargo bench -p flowmesh-tests --bench check [-- LINES]`.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::World;
use std::{
    env, fs,
    time::{Duration, Instant},
};

struct Text(String);

impl World for Text {
    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

fn main() {
    let lines = env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(10_000);
    let world = Text(flowmesh_tests::generate::program(lines));
    let (lines, bytes) = (world.0.lines().count(), world.0.len());
    let mut times: Vec<Duration> = (0..11).map(|_| check(&world)).collect();
    times.sort_unstable();
    let median = times[times.len() / 2];
    println!("{lines} lines, {bytes} bytes: parse, resolve, check, lower and validate, 11 times");
    println!(
        "median {median:.1?}, least {:.1?}, most {:.1?}",
        times[0],
        times[times.len() - 1]
    );
    println!(
        "{:.0} lines/s, peak memory {} MiB",
        lines as f64 / median.as_secs_f64(),
        peak_memory_mib()
    );
}

fn check(world: &Text) -> Duration {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let started = Instant::now();
    let program = flowmesh_frontend::compile(world, "main.flow", &mut sources, &mut found);
    let took = started.elapsed();
    assert!(
        program.is_some(),
        "the generated program has errors: {:?}",
        found.sorted().first()
    );
    took
}

/// The most memory that this process has had resident, as Linux counts it; 0 elsewhere.
fn peak_memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
