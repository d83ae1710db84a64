//! The tests of every program that has some: the suite's, the patterns', the examples', the library's.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_host::trial::{self, Bounds, Options};
use flowmesh_ir::{Program, test::Test};
use flowmesh_tests::files;
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
    let (_, program, tests) = compiled(&file).unwrap_or_else(|said| panic!("{said}"));
    for test in &tests {
        let verdict = trial::run(&program, test, Options::default());
        let code = verdict.failure.map(|failure| failure.code.to_string());
        assert_eq!(code.as_deref(), test.title.get(..5), "{}", test.title);
    }
}

#[test]
fn exploring_finds_what_can_go_wrong_and_nothing_else() {
    let file = files::top().join("tests/suite/failing/explored.flow");
    let (_, program, tests) = compiled(&file).unwrap_or_else(|said| panic!("{said}"));
    for test in &tests {
        let options = Options::default();
        assert!(
            trial::run(&program, test, options).failure.is_none(),
            "{}",
            test.title
        );
        let bounds = Bounds {
            depth: 2,
            histories: 500,
        };
        let explored = trial::explore(&program, test, options, bounds);
        assert!(explored.whole && explored.histories > 1, "{}", test.title);
        let code = explored.bad.map(|bad| bad.failure.code.to_string());
        let wanted = test.title.get(..5).filter(|title| title.starts_with('F'));
        assert_eq!(code.as_deref(), wanted, "{}", test.title);
    }
}

/// A program with its tests, or why there is none.
fn compiled(file: &Path) -> Result<(Sources, Program, Vec<Test>), String> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let world = files::Folder {
        root: file.parent().unwrap().to_owned(),
        instead: None,
    };
    let root = file.file_name().unwrap().to_str().unwrap();
    match flowmesh_frontend::compile_tests(&world, root, &mut sources, &mut found) {
        Some((program, tests)) => Ok((sources, program, tests)),
        None => {
            let said = found.sorted();
            let said = said
                .iter()
                .map(|one| format!("{}: {}", sources.place(one.span), one.message));
            let said: Vec<_> = said.collect();
            Err(format!(
                "{} does not compile:\n{}",
                file.display(),
                said.join("\n")
            ))
        }
    }
}

/// How many tests a file has, and what is wrong with those that fail.
fn carry_out(file: &Path) -> (usize, Vec<String>) {
    let (sources, program, tests) = match compiled(file) {
        Ok(compiled) => compiled,
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
