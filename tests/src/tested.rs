//! Programs with their tests.

use crate::files::Folder;
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::{Program, test::Test};
use std::{fs, path::Path};

/// A program with its tests.
#[derive(Debug)]
pub struct Tested {
    /// The texts that it was made from.
    pub sources: Sources,
    /// The program.
    pub program: Program,
    /// Its tests, in order.
    pub tests: Vec<Test>,
}

/// The program of a file with its tests.
///
/// # Errors
/// If it does not compile, and why.
pub fn tested(file: &Path) -> Result<Tested, String> {
    let text = fs::read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))?;
    tested_as(file, text)
}

/// The same with another text in place of the file's.
///
/// # Errors
/// If it does not compile, and why.
pub fn tested_as(file: &Path, text: String) -> Result<Tested, String> {
    let name = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
    let root = name(file.file_name());
    let world = Folder {
        root: file.parent().unwrap_or(Path::new("/")).to_owned(),
        instead: Some((root.clone(), text)),
    };
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    match flowmesh_frontend::compile_tests(&world, &root, &mut sources, &mut found) {
        Some((program, tests)) => Ok(Tested {
            sources,
            program,
            tests,
        }),
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
