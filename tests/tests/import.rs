//! What others run today becomes a program: each input of the suite becomes what stands beside it, and nothing breaks.
#[path = "import/carried.rs"]
mod carried;
#[path = "import/strange.rs"]
mod strange;

use flowmesh_diagnostics::Severity;
use flowmesh_frontend::format::format;
use flowmesh_import::{Imported, Input, import};
use flowmesh_tests::files;
use std::{env, fs, path::PathBuf};

/// The inputs of the suite.
fn inputs() -> Vec<PathBuf> {
    let suite = files::top().join("tests/suite/import");
    let all = [".yaml", ".json"].map(|ending| files::below(&suite, ending));
    all.concat()
}

fn imported(path: &PathBuf) -> Imported {
    let text = fs::read_to_string(path).expect("the suite can be read");
    let name = path
        .file_name()
        .expect("a file has a name")
        .to_string_lossy()
        .into_owned();
    import(&[Input { name, text }], None)
}

/// What was found, a line each.
fn findings(imported: &Imported) -> String {
    let one = |it: &&flowmesh_diagnostics::Diagnostic| {
        let severity = if it.severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        format!(
            "{severity} {} {}: {}\n",
            it.code,
            imported.sources.place(it.span),
            it.message
        )
    };
    imported.found.sorted().iter().map(one).collect()
}

#[test]
fn every_input_becomes_what_stands_beside_it() {
    let all = inputs();
    assert!(!all.is_empty(), "the suite is empty");
    let mut wrong = Vec::new();
    for path in all {
        let imported = imported(&path);
        let text = imported.text.clone().unwrap_or_default();
        for (ending, text) in [("flow", text), ("found", findings(&imported))] {
            let beside = path.with_extension(ending);
            if env::var_os("UPDATE_SUITE").is_some() {
                match text.is_empty() {
                    true => drop(fs::remove_file(&beside)),
                    false => fs::write(&beside, &text).expect("the suite can be written"),
                }
            }
            if fs::read_to_string(&beside).unwrap_or_default() != text {
                wrong.push(format!(
                    "{} differs; UPDATE_SUITE=1 rewrites it:\n{text}",
                    beside.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_written_compiles_and_is_laid_out() {
    for path in inputs() {
        let imported = imported(&path);
        assert_eq!(
            imported.text.is_some(),
            imported.program.is_some(),
            "{}",
            path.display()
        );
        assert_eq!(
            imported.text.is_some(),
            !imported.found.has_errors(),
            "{}",
            path.display()
        );
        if let Some(text) = &imported.text {
            assert_eq!(format(text).ok().as_ref(), Some(text), "{}", path.display());
        }
        let known = imported.found.iter().all(|it| it.code.0 != 810);
        assert!(known, "{}: {}", path.display(), findings(&imported));
    }
}

#[test]
fn every_warning_that_something_is_not_imported_has_a_comment() {
    for path in inputs() {
        let imported = imported(&path);
        let Some(text) = &imported.text else { continue };
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let comments = flat(text);
        for one in imported
            .found
            .iter()
            .filter(|it| (803..=805).contains(&it.code.0))
        {
            let words: String = one.message.chars().take(150).collect();
            assert!(
                comments.contains(&flat(&words)),
                "{}: {}",
                path.display(),
                one.message
            );
        }
    }
}
