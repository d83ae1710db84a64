//! The tests of every program that has some: the suite's, the patterns', the examples', the library's.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_host::trial::{self, Options};
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

/// How many tests a file has, and what is wrong with those that fail.
fn carry_out(file: &Path) -> (usize, Vec<String>) {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let world = files::Folder {
        root: file.parent().unwrap().to_owned(),
        instead: None,
    };
    let root = file.file_name().unwrap().to_str().unwrap();
    let compiled = flowmesh_frontend::compile_tests(&world, root, &mut sources, &mut found);
    let Some((program, tests)) = compiled else {
        let said: Vec<_> = found
            .sorted()
            .iter()
            .map(|one| format!("{}: {}", sources.place(one.span), one.message))
            .collect();
        return (
            0,
            vec![format!(
                "{} does not compile:\n{}",
                file.display(),
                said.join("\n")
            )],
        );
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
