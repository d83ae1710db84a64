//! `flowmesh import FILE|DIR...`: what a team has today, as a program of the same meaning.

use crate::{draw, error::Error, exit::Exit, input, output, project::words};
use clap::{Args, ValueEnum};
use flowmesh_diagnostics::Severity;
use flowmesh_import::{Input, Kind, import};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Turn manifests, state machines and workflows into a program
///
/// Reads Kubernetes and Istio manifests, a state machine in Amazon's States Language, or a workflow in the DSL of
/// Serverless Workflow, as YAML or JSON. What the language has no counterpart for is named on the standard error, and in a
/// comment where it would stand.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh import manifests/ -o shop.flow
  kubectl get services,httproutes,virtualservices,destinationrules -o yaml | flowmesh import -
  flowmesh import order.asl.json --from states -o order.flow")]
pub(crate) struct Import {
    /// Files, or directories with `.yaml`, `.yml` and `.json` files; `-` is the standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Where to put the program; the standard output where nothing is said
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What the files are; found out where nothing is said
    #[arg(long, value_enum)]
    from: Option<Source>,
    /// Print findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What files are.
#[derive(Clone, Copy, ValueEnum)]
enum Source {
    /// Manifests of Kubernetes, Gateway API and Istio
    Kubernetes,
    /// A state machine in Amazon's States Language
    States,
    /// A workflow in the DSL of Serverless Workflow
    Workflow,
}

impl Import {
    /// Reads, writes, and says what was not imported.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let kind = self.from.map(|from| match from {
            Source::Kubernetes => Kind::Kubernetes,
            Source::States => Kind::States,
            Source::Workflow => Kind::Workflow,
        });
        let imported = import(&self.inputs()?, kind);
        draw::report::diagnostics(&imported.found.sorted(), &imported.sources, self.json);
        let Some(text) = &imported.text else {
            return Ok(Exit::Diagnostics);
        };
        match &self.out {
            Some(path) => output::write(path, text)?,
            None => draw::raw(text),
        }
        let warnings = imported
            .found
            .iter()
            .filter(|it| it.severity == Severity::Warning)
            .count();
        if let Some(path) = self.out.as_ref().filter(|_| !self.json) {
            let things = if warnings == 1 {
                "1 thing".to_owned()
            } else {
                format!("{warnings} things")
            };
            draw::say(format!("wrote {}; {things} to look at", path.display()));
        }
        Ok(Exit::Ok)
    }

    fn inputs(&self) -> Result<Vec<Input>, Error> {
        let mut files = Vec::new();
        for path in &self.files {
            match path.is_dir() {
                true => files.extend(below(path)?),
                false => files.push(path.clone()),
            }
        }
        let read = |path: &PathBuf| -> Result<Input, Error> {
            let standard = path == Path::new("-");
            let text = match standard {
                true => input::stdin()?,
                false => fs::read_to_string(path).map_err(|why| Error::unreadable(path, &words(&why)))?,
            };
            let name = if standard {
                "<stdin>".to_owned()
            } else {
                path.display().to_string()
            };
            Ok(Input { name, text })
        };
        files.iter().map(read).collect()
    }
}

/// The files of a directory that may be imported, in a stable order.
fn below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|why| Error::unreadable(folder, &words(&why)))?;
    let wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(|it| it.to_str());
        path.is_file() && matches!(extension, Some("yaml" | "yml" | "json"))
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(wanted)
        .collect();
    files.sort();
    Ok(files)
}
