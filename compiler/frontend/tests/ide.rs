//! What an editor is answered, by example: every file below `tests/suite/ide` has cases, and its folder says what is asked.
//!
//! A case is `#### title`, or `#### title | argument`; then the text of `main.flow`, perhaps further texts each after
//! `---- path`, and after `====` the answer. `$0` is where the cursor stands, and `$1`, if there, where a selection ends.
//! `UPDATE_SUITE=1 cargo test -p flowmesh-frontend --test ide` rewrites the answers; read the change in review.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness ends by a panic"
)]

#[path = "ide/act.rs"]
mod act;
#[path = "ide/case.rs"]
mod case;
#[path = "ide/names.rs"]
mod names;
#[path = "ide/shape.rs"]
mod shape;
mod shown;

use case::Case;
use std::{env, fs, path::Path};

type Ask = fn(&Case) -> String;

/// What is asked, by the folder.
const ASKED: &[(&str, Ask)] = &[
    ("definition", names::definition),
    ("type_definition", names::type_definition),
    ("references", names::references),
    ("rename", names::rename),
    ("moved", names::moved),
    ("symbols", names::symbols),
    ("workspace_symbols", names::workspace_symbols),
    ("actions", act::actions),
    ("completion", shape::completion),
    ("signature", shape::signature),
    ("inlay", shape::inlay),
    ("tokens", shape::tokens),
    ("folding", shape::folding),
    ("selection", shape::selection),
    ("format_range", shape::format_range),
    ("calls", shape::calls),
    ("links", shape::links),
    ("lenses", shape::lenses),
    ("hover", shape::hover),
];

#[test]
fn every_case_is_answered_as_it_says() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite/ide");
    let update = env::var_os("UPDATE_SUITE").is_some();
    let only = env::var("IDE_CASE").unwrap_or_default();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for folder in case::sorted(&suite) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let Some((_, ask)) = ASKED.iter().find(|(asked, _)| *asked == name) else {
            panic!("nobody knows what `{name}` asks");
        };
        for path in case::sorted(&folder) {
            let text = fs::read_to_string(&path).unwrap();
            if !path.to_string_lossy().contains(&only) {
                continue;
            }
            let cases = case::cases(&text);
            count += cases.len();
            let answers: Vec<String> = cases.iter().map(ask).collect();
            for (case, answer) in cases.iter().zip(&answers) {
                if answer.starts_with(act::WORSE) {
                    wrong.push(format!("== {}: {}\n{answer}", path.display(), case.title));
                }
            }
            let answered: String = cases
                .iter()
                .zip(&answers)
                .map(|(case, answer)| case.with(answer))
                .collect();
            if answered == text {
                continue;
            }
            if update {
                fs::write(&path, &answered).unwrap();
            } else {
                wrong.push(case::difference(&path, &text, &answered));
            }
        }
    }
    assert!(count > 0 || !only.is_empty(), "there are no cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
