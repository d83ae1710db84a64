//! Programs of the suite, and the manifests that stand beside them.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_kubernetes::{Manifest, compile};
use flowmesh_tests::files;
use std::{env, fs, path::PathBuf};

/// A program of the suite that has no errors, and what is made from it.
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    hash: String,
    pub(crate) manifests: Vec<Manifest>,
}

/// Those of a folder.
pub(crate) fn suite(folder: &str) -> Vec<Case> {
    let root = files::top().join(folder);
    let target = files::target_of(&root).expect("it is the folder of a target");
    let mut cases = Vec::new();
    for path in files::below(&root, ".flow") {
        let world = files::Folder {
            root: root.clone(),
            instead: None,
        };
        let name = path.file_name().expect("a file has a name").to_string_lossy();
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let program = flowmesh_frontend::compile(&world, &name, &mut sources, &mut found).expect(&name);
        let options = files::options_of(&root, &sources);
        let manifests = compile(&program, target, &options, &mut found);
        if !found.has_errors() {
            cases.push(Case {
                path,
                hash: program.hash().to_string(),
                manifests,
            });
        }
    }
    assert!(!cases.is_empty(), "the suite has no program without errors");
    cases
}

/// Each becomes what stands beside it.
pub(crate) fn hold(folder: &str) {
    for case in suite(folder) {
        let beside = case.path.with_extension("yaml");
        let texts = case.manifests.iter().map(|manifest| manifest.yaml.as_str());
        // The hash tells versions of a program apart, and would make every change of the compiler show up here.
        let text = texts
            .collect::<Vec<_>>()
            .join("---\n")
            .replace(&case.hash, "HASH");
        // So would the program in full, and the name of its map, which has the first part of the hash.
        let text = text.replace(&case.hash[..12], "HASH");
        let lines = text
            .lines()
            .map(|line| match line.strip_prefix("  program.json: ") {
                Some(_) => "  program.json: PROGRAM",
                None => line,
            });
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        if env::var_os("UPDATE_SUITE").is_some() {
            fs::write(&beside, &text).expect("the suite can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(
            text,
            expected,
            "{} differs; UPDATE_SUITE=1 rewrites it",
            beside.display()
        );
    }
}
