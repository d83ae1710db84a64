//! The language by example: every `.flow` file of the suite is compiled, and what is found must be what its comments say.
//!
//! `UPDATE_SUITE=1 cargo test -p flowmesh-tests --test suite` rewrites the comments; read the change in review.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_tests::{annotate, files};
use std::{env, fs, path::Path};

#[test]
fn every_case_finds_what_it_says() {
    let suite = files::top().join("tests/suite");
    let update = env::var_os("UPDATE_SUITE").is_some();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for path in files::below(&suite, ".flow") {
        let inner = path.strip_prefix(&suite).unwrap();
        let stage = inner.iter().next().unwrap();
        let module_of_a_case = path.parent().unwrap().ends_with("modules");
        if stage == "format" || stage == "import" || module_of_a_case {
            continue;
        }
        cases += 1;
        let text = fs::read_to_string(&path).unwrap();
        let expected = expected(&path, &text);
        if expected == text {
            continue;
        }
        if update {
            fs::write(&path, &expected).unwrap();
        } else {
            wrong.push(format!(
                "== {}\n{}",
                inner.display(),
                difference(&text, &expected)
            ));
        }
    }
    assert!(cases > 0, "the suite is empty");
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The text of a case as it should stand: its own words, with a comment for each finding.
fn expected(path: &Path, text: &str) -> String {
    let bare = annotate::strip(text);
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let root = path.parent().unwrap().to_owned();
    let world = files::Folder {
        root,
        instead: Some((name.clone(), bare.clone())),
    };
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&world, &name, &mut sources, &mut found);
    assert_eq!(
        program.is_none(),
        found.has_errors(),
        "{}: errors and a program exclude each other",
        path.display()
    );
    if let Some(program) = program {
        flowmesh_ir::validate(&program).unwrap_or_else(|invalid| panic!("{}: {invalid:?}", path.display()));
        let folder = path.parent().unwrap();
        if let Some(target) = files::target_of(folder) {
            let options = files::options_of(folder, &sources);
            flowmesh_kubernetes::compile(&program, target, &options, &mut found);
            flowmesh_frontend::ignore(&sources, &mut found);
        }
    }
    annotate::annotate(&bare, &sources, &found)
}

/// The lines in which two texts differ, as far as a reader needs them.
fn difference(said: &str, found: &str) -> String {
    let (said, found): (Vec<_>, Vec<_>) = (said.lines().collect(), found.lines().collect());
    let missing = said
        .iter()
        .filter(|line| !found.contains(line))
        .map(|line| format!("  said:  {line}"));
    let extra = found
        .iter()
        .filter(|line| !said.contains(line))
        .map(|line| format!("  found: {line}"));
    missing.chain(extra).collect::<Vec<_>>().join("\n")
}
