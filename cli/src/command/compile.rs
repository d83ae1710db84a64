//! `flowmesh compile FILE --to TARGET`: a program in another form.

use crate::{draw, error::Error, exit::Exit, output, program, project::words, settings::Set};
use clap::{Args, ValueEnum};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_ir::{FlowId, Program, print};
use flowmesh_kubernetes::{Options, Target as Mesh};
use std::{fs, path::PathBuf};

/// Write a program in another form
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh compile shop.flow --to json -o shop.json
  flowmesh compile shop.flow --to dot | dot -Tsvg > shop.svg
  flowmesh compile shop.flow --to gateway-api -o manifests/
  flowmesh compile shop.flow --to istio -o manifests/
  flowmesh targets istio")]
pub(crate) struct Compile {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    /// Only this flow, with `--to dot`
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// The form
    #[arg(long, value_enum)]
    to: Target,
    /// Where to put it: a file, or a directory for manifests; the standard output where nothing is said
    #[arg(short, long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Leave what a target cannot express to the interpreter, and say so in the manifests
    #[arg(long)]
    interpreter_fills: bool,
    #[command(flatten)]
    set: Set,
    /// Print diagnostics as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A form of a program.
#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// The states of its flows, for people
    Ir,
    /// The program that `run` and `serve` load
    Json,
    /// A picture of its flows, for Graphviz
    Dot,
    /// Kubernetes Gateway API manifests for its services
    GatewayApi,
    /// Istio manifests for its services and gateways
    Istio,
}

impl Compile {
    /// Compiles and writes.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (program, sources) = program::load_with_sources(&self.file, self.json)?;
        let text = match self.to {
            Target::Ir => print::text(&program),
            Target::Json => print::json(&program),
            Target::Dot => self.dot(&program)?,
            Target::GatewayApi => return self.manifests(&program, &sources, Mesh::GatewayApi),
            Target::Istio => return self.manifests(&program, &sources, Mesh::Istio),
        };
        match &self.out {
            Some(path) => output::write(path, &text)?,
            None => draw::raw(&text),
        }
        Ok(Exit::Ok)
    }

    /// One file for each manifest in a directory, or all of them as one text.
    fn manifests(&self, program: &Program, sources: &Sources, mesh: Mesh) -> Result<Exit, Error> {
        let options = Options {
            interpreter_fills: self.interpreter_fills,
            sources: Some(sources),
            configs: self.set.given()?,
        };
        let mut found = Diagnostics::default();
        let manifests = flowmesh_kubernetes::compile(program, mesh, &options, &mut found);
        draw::report::diagnostics(&found.sorted(), sources, self.json);
        if found.has_errors() {
            return Ok(Exit::Diagnostics);
        }
        let Some(dir) = &self.out else {
            let all: Vec<&str> = manifests.iter().map(|manifest| manifest.yaml.as_str()).collect();
            draw::raw(&all.join("---\n"));
            return Ok(Exit::Ok);
        };
        fs::create_dir_all(dir).map_err(|why| Error::unwritable(dir, &words(&why)))?;
        for manifest in &manifests {
            output::write(&dir.join(&manifest.path), &manifest.yaml)?;
        }
        draw::say(format!(
            "wrote {} manifests to {}",
            manifests.len(),
            dir.display()
        ));
        Ok(Exit::Ok)
    }

    /// One graph for each flow; Graphviz reads several from one file.
    fn dot(&self, program: &Program) -> Result<String, Error> {
        let flows = match &self.flow {
            Some(name) => vec![program::flow(program, name)?.0],
            None => (0..).map(FlowId).take(program.flows.len()).collect(),
        };
        Ok(flows
            .into_iter()
            .filter_map(|flow| print::dot(program, flow))
            .collect())
    }
}
