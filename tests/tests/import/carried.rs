//! What is imported does what it did: tests in the language, which stand beside an input, hold for the program that it becomes.

use super::{imported, inputs};
use flowmesh_host::trial::{self, Options};
use flowmesh_tests::tested::tested_as;
use std::fs;

#[test]
fn tests_beside_an_input_hold_for_its_program() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for path in inputs() {
        let beside = path.with_extension("tests");
        let Ok(tests) = fs::read_to_string(&beside) else {
            continue;
        };
        let text = imported(&path).text.expect("it is imported");
        // Nobody said where the services are, and mocks stand for them.
        let text = text.replace("_url: url\n", "_url: url = \"http://127.0.0.1:1\"\n");
        let tested = tested_as(&path.with_extension("flow"), format!("{text}\n{tests}"));
        let tested = tested.unwrap_or_else(|said| panic!("{said}"));
        for test in &tested.tests {
            count += 1;
            let verdict = trial::run(&tested.program, test, Options::default());
            if let Some(failure) = verdict.failure {
                let trail = verdict
                    .trail
                    .iter()
                    .map(|line| format!("    {} {} {}", line.at, line.run, line.what));
                let trail = trail.collect::<Vec<_>>().join("\n");
                wrong.push(format!(
                    "{} \"{}\": {}\n{trail}",
                    beside.display(),
                    test.title,
                    failure.message
                ));
            }
        }
    }
    assert!(count > 5, "{count} tests stand beside inputs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
