//! The tests of every program that has some: the suite's, the patterns', the examples', the library's.

use flowmesh_host::trial::{self, Options};
use flowmesh_tests::{
    files,
    tested::{Tested, tested},
};
use std::path::Path;

/// Where programs with tests are.
const FOLDERS: [&str; 4] = ["tests/suite/test", "tests/suite/patterns", "examples", "stdlib"];

#[test]
fn every_test_in_the_language_passes() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in FOLDERS {
        for file in files::below(&files::top().join(folder), ".flow") {
            let (tests, failed) = carry_out(&file);
            count += tests;
            wrong.extend(failed);
        }
    }
    assert!(count >= 15, "only {count} tests were found");
    assert!(
        wrong.is_empty(),
        "{} of {count} fail:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_fails_says_why() {
    let file = files::top().join("tests/suite/failing/tests.flow");
    let Tested { program, tests, .. } = tested(&file).unwrap_or_else(|said| panic!("{said}"));
    for test in &tests {
        let verdict = trial::run(&program, test, Options::default());
        let code = verdict.failure.map(|failure| failure.code.to_string());
        assert_eq!(code.as_deref(), test.title.get(..5), "{}", test.title);
    }
}

/// How many tests a file has, and what is wrong with those that fail.
fn carry_out(file: &Path) -> (usize, Vec<String>) {
    let Tested {
        sources,
        program,
        tests,
    } = match tested(file) {
        Ok(tested) => tested,
        Err(said) => return (0, vec![said]),
    };
    let failed = tests.iter().filter_map(|test| {
        let verdict = trial::run(&program, test, Options::default());
        let failure = verdict.failure?;
        let trail: Vec<String> = verdict
            .trail
            .iter()
            .map(|line| format!("    {} {} {}", line.at, line.run, line.what))
            .collect();
        Some(format!(
            "{} test \"{}\": {}\n{}",
            sources.place(failure.span),
            test.title,
            failure.message,
            trail.join("\n")
        ))
    });
    (tests.len(), failed.collect())
}
