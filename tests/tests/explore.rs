//! Exploring tests: it finds what only an unusual order shows, tells it as a test that goes wrong by itself, and finds
//! nothing where nothing is wrong.
//!
//! `UPDATE_SUITE=1 cargo test -p flowmesh-tests --test explore` rewrites the ways beside the cases; read the change in
//! review. `FLOWMESH_EXPLORE=4` looks for up to four things otherwise in the patterns, and doubts itself.

use flowmesh_diagnostics::Sources;
use flowmesh_frontend::format;
use flowmesh_host::trial::{self, Bad, Bounds, Explored, Options};
use flowmesh_ir::test::Test;
use flowmesh_tests::{
    files,
    tested::{Tested, tested, tested_as},
};
use std::{env, fmt::Write, fs, path::Path, sync::Mutex, thread};

const BOUNDS: Bounds = Bounds {
    depth: 2,
    states: 5_000,
    time: None,
    doubt: true,
};

fn program(file: &Path) -> Tested {
    tested(file).unwrap_or_else(|said| panic!("{said}"))
}

#[test]
fn exploring_finds_what_can_go_wrong_and_nothing_else() {
    let file = files::top().join("tests/suite/failing/explored.flow");
    let Tested { program, tests, .. } = program(&file);
    for test in &tests {
        assert_eq!(
            trial::run(&program, test, Options::default()).failure,
            None,
            "{}",
            test.title
        );
        let explored = trial::explore(&program, test, Options::default(), BOUNDS);
        assert!(explored.states > 1, "{}", test.title);
        let code = explored.bad.map(|bad| bad.failure.code.to_string());
        let wanted = test.title.get(..5).filter(|title| title.starts_with('F'));
        assert_eq!(code.as_deref(), wanted, "{}", test.title);
        assert!(explored.limit.is_none(), "{}", test.title);
    }
}

#[test]
fn what_only_an_unusual_order_shows_is_told_as_a_test_that_goes_wrong_by_itself() {
    let update = env::var_os("UPDATE_SUITE").is_some();
    let mut wrong = Vec::new();
    for file in files::below(&files::top().join("tests/suite/failing/races"), ".flow") {
        let Tested {
            program,
            tests,
            sources,
        } = program(&file);
        let name = file.display();
        let [test] = tests.as_slice() else {
            panic!("{name}: one test each")
        };
        assert_eq!(
            trial::run(&program, test, Options::default()).failure,
            None,
            "{name}"
        );
        let explored = trial::explore(&program, test, Options::default(), BOUNDS);
        let Some(bad) = &explored.bad else {
            wrong.push(format!("{name}: nothing was found in {} states", explored.states));
            continue;
        };
        let again = written(test, bad, &sources);
        if let Err(why) = goes_wrong(&file, &again, bad) {
            wrong.push(format!("{name}: {why}\n{again}"));
        }
        let (text, beside) = (trace(bad, &again), file.with_extension("trace"));
        if update {
            fs::write(&beside, &text).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("{name}: the way is now\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What went wrong, what happened, and the test that goes the same way.
fn trace(bad: &Bad, again: &str) -> String {
    let mut text = format!(
        "{}: {}\notherwise: {}\n\n",
        bad.failure.code, bad.failure.message, bad.otherwise
    );
    for line in &bad.trail {
        writeln!(text, "{:?} {}: {}", line.at, line.run, line.what).unwrap();
    }
    text + "\n" + again + "\n"
}

fn written(test: &Test, bad: &Bad, sources: &Sources) -> String {
    let statement = |number: usize| {
        let span = test.steps[number].span;
        sources.get(span.source).unwrap().slice(span)
    };
    let title = format!("{}, explored", test.title);
    let text = trial::written(&title, &bad.test, statement);
    format::format(&text)
        .expect("the test is well formed")
        .trim_end()
        .to_owned()
}

/// The test that was written fails as was found.
fn goes_wrong(file: &Path, again: &str, bad: &Bad) -> Result<(), String> {
    let text = fs::read_to_string(file).unwrap() + "\n" + again + "\n";
    let Tested { program, tests, .. } = tested_as(file, text)?;
    let failure = trial::run(&program, tests.last().unwrap(), Options::default()).failure;
    let wanted = if bad.failure.code.0 == 1136 {
        1130
    } else {
        bad.failure.code.0
    };
    match failure {
        Some(failure) if failure.code.0 == wanted => Ok(()),
        Some(failure) => Err(format!("it fails with {}: {}", failure.code, failure.message)),
        None => Err("it passes".to_owned()),
    }
}

#[test]
fn nothing_goes_wrong_in_the_patterns() {
    let deeper = env::var("FLOWMESH_EXPLORE")
        .ok()
        .and_then(|depth| depth.parse().ok());
    let bounds = Bounds {
        depth: deeper.unwrap_or(BOUNDS.depth),
        states: deeper.map_or(BOUNDS.states, |_| usize::MAX),
        time: None,
        doubt: deeper.is_some(),
    };
    let files = files::below(&files::top().join("tests/suite/patterns"), ".flow");
    assert_eq!(files.len(), 43);
    let (next, told) = (Mutex::new(files.into_iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let file = next.lock().unwrap().next();
                    let Some(file) = file else { return };
                    told.lock().unwrap().extend(explored(&file, bounds));
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let total = |count: fn(&Explored) -> usize| told.iter().map(|(_, found)| count(found)).sum::<usize>();
    assert!(told.iter().all(|(_, found)| found.limit.is_none()));
    println!(
        "{} tests: {} states, {} moves between them",
        told.len(),
        total(|found| found.states),
        total(|found| found.transitions)
    );
    let wrong: Vec<&String> = told
        .iter()
        .filter(|(_, found)| found.bad.is_some())
        .map(|(said, _)| said)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is found in each test of a file, and its words if that is bad.
fn explored(file: &Path, bounds: Bounds) -> Vec<(String, Explored)> {
    let Tested {
        program,
        tests,
        sources,
    } = program(file);
    let explore = |test: &Test| {
        let found = trial::explore(&program, test, Options::default(), bounds);
        let said = found
            .bad
            .as_ref()
            .map(|bad| trace(bad, &written(test, bad, &sources)));
        (format!("{}\n{}", file.display(), said.unwrap_or_default()), found)
    };
    tests.iter().map(explore).collect()
}
