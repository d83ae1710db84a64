//! What is written for a mesh, imported and written again, answers every request as before: by the readers of what each mesh's
//! objects mean, which know nothing of the importer.

#[path = "twice/gateway_api.rs"]
mod gateway_api;
#[path = "twice/istio.rs"]
mod istio;

use flowmesh_diagnostics::{Diagnostics, Severity, Sources};
use flowmesh_import::{Input, Kind, import};
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use flowmesh_tests::files;
use serde_json::Value;
use std::path::PathBuf;

/// What came of manifests.
struct Twice {
    before: Vec<Value>,
    after: Vec<Value>,
    /// The program between them.
    text: String,
}

/// What every program of the suite and of the examples becomes for a target that holds it.
fn every_program(target: Target) -> Vec<(String, Vec<Manifest>)> {
    let folders = ["tests/suite", "examples"].map(|folder| files::below(&files::top().join(folder), ".flow"));
    let made = |path: PathBuf| {
        let world = files::Folder {
            root: path.parent()?.to_owned(),
            instead: None,
        };
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let program =
            flowmesh_frontend::compile(&world, path.file_name()?.to_str()?, &mut sources, &mut found)?;
        let options = Options {
            gateway_class: Some("edge".to_owned()),
            ..Options::default()
        };
        let manifests = compile(&program, target, &options, &mut found);
        let held = !found.has_errors() && !manifests.is_empty();
        held.then(|| (path.display().to_string(), manifests))
    };
    folders.concat().into_iter().filter_map(made).collect()
}

/// The objects of manifests.
fn objects(manifests: &[Manifest]) -> Vec<Value> {
    let read = |it: &Manifest| serde_saphyr::from_str(&it.yaml).expect("a manifest is YAML");
    manifests.iter().map(read).collect()
}

/// Imported and written again, for the same target with the same options.
fn twice(manifests: &[Manifest], target: Target, options: &Options<'_>, place: &str) -> Twice {
    let texts: Vec<&str> = manifests.iter().map(|it| it.yaml.as_str()).collect();
    let input = Input {
        name: "manifests.yaml".to_owned(),
        text: texts.join("---\n"),
    };
    let imported = import(&[input], Some(Kind::Kubernetes));
    let (Some(text), Some(program)) = (imported.text, imported.program) else {
        panic!("{place}: {:?}", imported.found.sorted());
    };
    let mut found = Diagnostics::default();
    let after = compile(&program, target, options, &mut found);
    let errors: Vec<_> = found.iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{place}: {errors:?}\n{text}");
    Twice {
        before: objects(manifests),
        after: objects(&after),
        text,
    }
}

impl Twice {
    /// Whether a comment of the program says that something of this name is not as it was.
    fn tells(&self, name: &str) -> bool {
        let signs = ["// not imported:", "// imported in part:"];
        let told = |line: &str| signs.iter().any(|sign| line.trim_start().starts_with(sign));
        self.text.lines().any(|line| told(line) && line.contains(name))
    }

    /// Whether a comment within or right before what has this name in the program says that something is not as it was.
    fn tells_in(&self, name: &str) -> bool {
        let own = name.replace('-', "_");
        let is = |part: &&str| {
            part.contains(&format!("service {own} {{")) || part.contains(&format!("gateway {own} {{"))
        };
        let told = |part: &str| part.contains("// not imported:") || part.contains("// imported in part:");
        self.text.split("\n\n").filter(is).any(told)
    }
}
