//! How fast a project is checked, whole and after a change: `cargo bench -p flowmesh-tests --bench check [-- LINES]`.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{Workspace, analyse, compile};
use flowmesh_tests::generate::{Project, project};
use std::{
    env, fs,
    time::{Duration, Instant},
};

const ROOT: &str = "main.flow";
const MODULES: usize = 200;
const SEED: u64 = 7;
const TIMES: usize = 11;

/// What is changed: a name for it, the module, and the text that is there by turns.
const CHANGES: [(&str, &str, [&str; 2]); 5] = [
    ("nothing", "main.flow", ["count", "count"]),
    (
        "the body of a flow",
        "d20/orders_20.flow",
        ["sleep 5m", "sleep 6m"],
    ),
    (
        "the body of a function that many use",
        "d0/rules_0.flow",
        ["count - 100", "count - 99"],
    ),
    (
        "a type that many use",
        "d0/types_0.flow",
        ["type Hold1 { id: string,", "type Hold1 { id: string, more: int?,"],
    ),
    (
        "an operation that flows call",
        "d7/services_7.flow",
        ["op release(id: string)", "op release(id: string, why: string?)"],
    ),
];

fn main() {
    let lines = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let mut world = project(MODULES, lines.unwrap_or(100_000), SEED);
    let lines = world.lines();
    println!(
        "{} modules, {lines} lines, {} bytes, {TIMES} times each",
        world.files.len(),
        world.bytes()
    );
    let median = said("check", || cold(&world, false));
    println!("{:.0} lines/s", lines as f64 / median.as_secs_f64());
    said("check, lower and validate", || cold(&world, true));
    println!("peak memory {} MiB", peak_memory_mib());
    let mut workspace = Workspace::default();
    again(&mut workspace, &world);
    for (name, path, texts) in CHANGES {
        let mut turn = 0;
        said(&format!("check again after a change of {name}"), || {
            let text = world.files.get_mut(path).expect("the module is there");
            assert!(text.contains(texts[turn]), "{path} has changed: {}", texts[turn]);
            *text = text.replacen(texts[turn], texts[1 - turn], 1);
            turn = 1 - turn;
            again(&mut workspace, &world)
        });
        let text = world.files.get_mut(path).expect("the module is there");
        *text = text.replacen(texts[turn], texts[0], 1);
    }
    println!("peak memory {} MiB", peak_memory_mib());
}

/// Prints the median and the spread, and gives the median.
fn said(what: &str, once: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = std::iter::repeat_with(once).take(TIMES).collect();
    times.sort_unstable();
    let (least, median, most) = (times[0], times[TIMES / 2], times[TIMES - 1]);
    println!("{what}: median {median:.1?}, least {least:.1?}, most {most:.1?}");
    median
}

fn cold(world: &Project, whole: bool) -> Duration {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let started = Instant::now();
    if whole {
        let program = compile(world, ROOT, &mut sources, &mut found);
        assert!(program.is_some());
    } else {
        analyse(world, ROOT, &mut sources, &mut found);
    }
    let took = started.elapsed();
    clean(&found, &sources);
    took
}

fn again(workspace: &mut Workspace, world: &Project) -> Duration {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let started = Instant::now();
    workspace.analyse(world, ROOT, &mut sources, &mut found);
    let took = started.elapsed();
    clean(&found, &sources);
    took
}

fn clean(found: &Diagnostics, sources: &Sources) {
    if let Some(first) = found.sorted().first() {
        panic!("{}: {}", sources.place(first.span), first.message);
    }
}

/// The most memory that this process has had resident, as Linux counts it; 0 elsewhere.
fn peak_memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}
