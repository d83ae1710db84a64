//! Lowering by example: beside each case in `tests/suite/lower/` stands the program that it becomes, as text.
//!
//! `UPDATE_SUITE=1 cargo test -p flowmesh-tests --test lower` rewrites the programs; read the change in review.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::{print, validate};
use flowmesh_tests::files;
use std::{env, fs};

#[test]
fn every_case_becomes_the_program_beside_it() {
    let update = env::var_os("UPDATE_SUITE").is_some();
    let mut wrong = Vec::new();
    for case in files::below(&files::top().join("tests/suite/lower"), ".flow") {
        let world = files::Folder {
            root: case.parent().unwrap().to_owned(),
            instead: None,
        };
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let program = flowmesh_frontend::compile(&world, &name, &mut sources, &mut found).expect(&name);
        assert_eq!(validate(&program), Ok(()), "{name}");
        let text = print::text(&program) + "\n";
        let beside = case.with_extension("ir");
        if update {
            fs::write(&beside, &text).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("== {name}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
