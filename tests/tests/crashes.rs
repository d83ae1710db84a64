//! Every workflow pattern, with the power failing at every write, sync and change of names of its store, and once more
//! while that is recovered from.
//!
//! `cargo test` lets it fail once in each recovery; `FLOWMESH_CRASHES=all cargo test --release -p flowmesh-tests --test
//! crashes` at each point of each recovery.

use flowmesh_host::simulate::{Report, Scenario, SignalPlan, StartPlan, simulate};
use flowmesh_ir::{
    Program,
    ty::{Field, Shape, Type},
};
use flowmesh_tests::{files, tested::tested};
use std::{
    env,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// The large number with which flows are started, where it is not 101: those that do something as often as that would
/// take long, or start each other without end.
const LARGE: [(&str, &str); 3] = [
    ("wcp-21-structured-loop", "5"),
    ("wcp-22-recursion", "4"),
    ("wcp-42-thread-split", "5"),
];
/// What is started and told differs between so many variants.
const VARIANTS: usize = 2;
/// How often each signal is told to each run.
const TIMES: usize = 3;
const SEED: u64 = 43;

/// A pattern, and what happens in it.
struct Pattern {
    name: String,
    program: Program,
    scenario: Scenario,
}

fn patterns() -> Vec<Pattern> {
    let folder = files::top().join("tests/suite/patterns");
    let mut files = files::below(&folder, ".flow");
    files.sort();
    let pattern = |file: &std::path::PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let large = LARGE
            .iter()
            .find(|(of, _)| *of == name)
            .map_or("101", |(_, large)| large);
        let program = tested(file).unwrap_or_else(|said| panic!("{said}")).program;
        Pattern {
            scenario: scenario(&program, large),
            name,
            program,
        }
    };
    files.iter().map(pattern).collect()
}

/// Every flow is started in each variant, and told each of its signals.
fn scenario(program: &Program, large: &str) -> Scenario {
    let values = Values { program, large };
    let mut starts = Vec::new();
    let mut signals = Vec::new();
    for flow in program.flows.iter().filter(|flow| flow.trigger.is_none()) {
        starts.extend(
            (0..if flow.params.is_empty() { 1 } else { VARIANTS }).map(|variant| StartPlan {
                flow: flow.name.clone(),
                input: values.record(&flow.params, variant),
                key: Some(format!("{} {variant}", flow.name)),
            }),
        );
        for signal in &flow.signals {
            let told = SignalPlan {
                flow: flow.name.clone(),
                signal: signal.name.clone(),
                payload: values.record(&signal.params, 0),
            };
            signals.extend(vec![told; TIMES]);
        }
    }
    Scenario::new(starts, signals).calm()
}

/// Values of the types of a program, as JSON: small and large numbers, both truths, one case and another.
struct Values<'p> {
    program: &'p Program,
    large: &'p str,
}

impl Values<'_> {
    fn record(&self, fields: &[Field], variant: usize) -> String {
        let field = |field: &Field| format!("\"{}\":{}", field.name, self.value(&field.ty, variant));
        let fields: Vec<String> = fields.iter().map(field).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn value(&self, ty: &Type, variant: usize) -> String {
        match ty {
            Type::Bool => (variant == 0).to_string(),
            Type::Int => ["3", self.large][variant].to_owned(),
            Type::Decimal => "\"12.50\"".to_owned(),
            Type::String => ["\"x\"", "\"y\""][variant].to_owned(),
            Type::Duration => "\"1s\"".to_owned(),
            Type::List(of) => format!("[{},{}]", self.value(of, 0), self.value(of, 1)),
            Type::Named(id) => match &self.program.ty(*id).expect("a type of the program").shape {
                Shape::Record(fields) => self.record(fields, variant),
                Shape::Enum(cases) => format!("\"{}\"", cases[variant % cases.len()].name),
                Shape::Alias { ty, .. } => self.value(ty, variant),
            },
            other => panic!("no pattern is started with or told a {other:?} so far: add one here"),
        }
    }
}

/// A world in which the power fails after so many changes of the disk, counted anew from each boot.
fn world(pattern: &Pattern, power: &[u64]) -> Report {
    let scenario = Scenario {
        power: power.to_vec(),
        ..pattern.scenario.clone()
    };
    let report = simulate(SEED, &pattern.program, &scenario);
    if report.failure.is_some() {
        panic!("{}, power for {power:?} changes: {report}", pattern.name);
    }
    report
}

/// How many worlds a pattern has: one for each point at which the power fails, and for points of the recovery from it.
fn crash_everywhere(pattern: &Pattern, thorough: bool) -> usize {
    let calm = world(pattern, &[]);
    let mut worlds = 1;
    for first in 0.. {
        let once = world(pattern, &[first]);
        worlds += 1;
        if once.crashes == 0 {
            break;
        }
        same_end(pattern, &calm, &once, &[first]);
        let recovery = once.openings[1].max(1);
        let again = if thorough {
            0..recovery
        } else {
            first % recovery..first % recovery + 1
        };
        for second in again {
            let twice = world(pattern, &[first, second]);
            assert!(twice.crashes >= 1, "{}: {first}, {second}", pattern.name);
            same_end(pattern, &calm, &twice, &[first, second]);
            worlds += 1;
        }
    }
    worlds
}

/// How many worlds a pattern has whose journal is compacted after every batch, one for each point at which the power
/// fails, or for some of them; and how many segments go without that.
fn crash_while_compacted(pattern: Pattern, step: u64) -> (usize, u64) {
    let pattern = Pattern {
        scenario: Scenario {
            compact_every: Some(1),
            ..pattern.scenario
        },
        ..pattern
    };
    let calm = world(&pattern, &[]);
    let mut worlds = 1;
    for first in (0..).step_by(usize::try_from(step).unwrap()) {
        let once = world(&pattern, &[first]);
        worlds += 1;
        if once.crashes == 0 {
            break;
        }
        same_end(&pattern, &calm, &once, &[first]);
    }
    (worlds, calm.freed)
}

/// A start that was not acknowledged is asked for again under its key: there are the same runs in the end. They have come
/// to the same, unless that depends on when they were told something.
fn same_end(pattern: &Pattern, calm: &Report, crashed: &Report, power: &[u64]) {
    let told = !pattern.scenario.signals.is_empty();
    let ends = |report: &Report| -> Vec<String> {
        let started = report.ends.iter().filter(|end| !told || end.contains("Some(\""));
        let short = |end: &String| end.split(" Some(").take(2).collect::<Vec<_>>().join(" ");
        started
            .map(|end| if told { short(end) } else { end.clone() })
            .collect()
    };
    assert_eq!(
        ends(crashed),
        ends(calm),
        "{}, power for {power:?} changes, and without a crash",
        pattern.name
    );
}

#[test]
fn the_power_may_fail_at_any_change_of_a_disk_whose_journal_is_compacted() {
    let thorough = env::var("FLOWMESH_CRASHES").is_ok_and(|which| which == "all");
    let (apart, step) = if thorough { (1, 1) } else { (9, 5) };
    let (mut worlds, mut segments) = (0, 0);
    for pattern in patterns().into_iter().step_by(apart) {
        let name = pattern.name.clone();
        let (count, freed) = crash_while_compacted(pattern, step);
        println!("{name}: {count} worlds, {freed} segments");
        worlds += count;
        segments += freed;
    }
    assert!(
        worlds > 100 && segments > 20,
        "{worlds} worlds, {segments} segments"
    );
}

#[test]
fn the_power_may_fail_at_any_change_of_the_disk_and_again_while_that_is_recovered_from() {
    let patterns = patterns();
    assert_eq!(patterns.len(), 43);
    let thorough = env::var("FLOWMESH_CRASHES").is_ok_and(|which| which == "all");
    let (next, worlds) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |cores| cores.get()) {
            scope.spawn(|| {
                while let Some(pattern) = patterns.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = crash_everywhere(pattern, thorough);
                    println!("{}: {count} worlds", pattern.name);
                    worlds.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
    });
    let worlds = worlds.into_inner();
    println!("{} patterns, {worlds} worlds", patterns.len());
    assert!(worlds > 43 * 50, "the stores of patterns are written to");
}
