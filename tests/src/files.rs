//! Where things are in the repository, and the module texts of a case.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::World;
use flowmesh_ir::Program;
use flowmesh_kubernetes::{Options, Target};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The top folder of the repository.
#[must_use]
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("/"))
        .to_owned()
}

/// The folder shared with the project (schemas, vectors), or nothing; a test without it says that it was skipped.
#[must_use]
pub fn shared(test: &str) -> Option<PathBuf> {
    let shared = top().join("../shared");
    if shared.is_dir() {
        return Some(shared);
    }
    println!("skipped: {test}: there is no {}", shared.display());
    None
}

/// What the programs of a folder of the suite are made into, if that is something.
#[must_use]
pub fn target_of(folder: &Path) -> Option<Target> {
    match folder.file_name()?.to_str()? {
        "kubernetes" | "experimental" => Some(Target::GatewayApi),
        "istio" => Some(Target::Istio),
        "linkerd" => Some(Target::Linkerd),
        "consul" => Some(Target::Consul),
        "workload" => Some(Target::Kubernetes),
        _ => None,
    }
}

/// How they are made: somebody carries gateways out, and one folder is about what is not standard yet.
#[must_use]
pub fn options_of<'a>(folder: &Path, sources: &'a Sources) -> Options<'a> {
    Options {
        sources: Some(sources),
        experimental: folder.ends_with("experimental"),
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    }
}

/// All files below a folder whose name ends so, in a stable order.
#[must_use]
pub fn below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                let built = path
                    .file_name()
                    .is_some_and(|name| name == "target" || name == ".git" || name == "node_modules");
                open.extend((!built).then_some(path));
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All programs of the suite and the examples that have nothing wrong, with their names.
#[must_use]
pub fn programs() -> Vec<(String, Program)> {
    let folders = ["tests/suite", "examples"].map(|folder| top().join(folder));
    let paths = folders.iter().flat_map(|folder| below(folder, ".flow"));
    paths
        .filter_map(|path| Some((path.display().to_string(), program(&path)?)))
        .collect()
}

/// The program of a file; nothing where it has errors.
#[must_use]
pub fn program(path: &Path) -> Option<Program> {
    let world = Folder {
        root: path.parent()?.to_owned(),
        instead: None,
    };
    let name = path.file_name()?.to_string_lossy();
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    flowmesh_frontend::compile(&world, &name, &mut sources, &mut found)
}

/// Modules from one folder, one of them perhaps with another text.
#[derive(Debug)]
pub struct Folder {
    /// The folder.
    pub root: PathBuf,
    /// A module by its path, and the text to use instead of the file.
    pub instead: Option<(String, String)>,
}

impl World for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        match &self.instead {
            Some((name, text)) if name == path => Ok(text.clone()),
            _ => fs::read_to_string(self.root.join(path)).map_err(|error| error.to_string()),
        }
    }
}
