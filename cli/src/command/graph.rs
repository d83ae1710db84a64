//! `flowmesh graph FILE`: pictures of a program.

use crate::{draw, error::Error, exit::Exit, output, program};
use clap::{Args, ValueEnum};
use flowmesh_graph::{Graph as Picture, calls, draw as paper, flow, layout, mesh};
use flowmesh_ir::{FlowId, Program};
use std::path::PathBuf;

/// Draw the states of flows, who calls whom, or the mesh
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh graph shop.flow --flow checkout -o checkout.svg
  flowmesh graph shop.flow --of calls -o calls.svg
  flowmesh graph shop.flow --of mesh --form mermaid
  flowmesh graph shop.flow --form dot | dot -Tpng > shop.png")]
pub(crate) struct Graph {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    /// What is drawn: `flow` where a flow is named or there is one only, else `calls`
    #[arg(long, value_enum)]
    of: Option<Of>,
    /// Which flow
    #[arg(long, value_name = "FLOW", conflicts_with = "of")]
    flow: Option<String>,
    /// The form: `svg` where nothing is said
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    form: Form,
    /// Where to put it; the standard output where nothing is said
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print diagnostics as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is drawn.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// The states of the only flow
    Flow,
    /// The calls between gateways, flows and services
    Calls,
    /// The mesh: who may call which service, where its requests go, what holds for them
    Mesh,
}

/// The form of a picture.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Form {
    /// For browsers and pages
    #[default]
    Svg,
    /// For Graphviz
    Dot,
    /// For pages in Markdown
    Mermaid,
}

impl Graph {
    /// Draws.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (program, _) = program::load_with_sources(&self.file, self.json)?;
        let picture = self.picture(&program)?;
        let text = match self.form {
            Form::Svg => paper::svg(&picture, &layout(&picture)),
            Form::Dot => paper::dot(&picture),
            Form::Mermaid => paper::mermaid(&picture),
        };
        match &self.out {
            Some(path) => output::write(path, &text)?,
            None => draw::raw(&text),
        }
        Ok(Exit::Ok)
    }

    fn picture(&self, program: &Program) -> Result<Picture, Error> {
        let only = match (&self.flow, self.of, program.flows.as_slice()) {
            (Some(name), _, _) => Some(program::flow(program, name)?.0),
            (None, Some(Of::Flow) | None, [_]) => Some(FlowId(0)),
            (None, Some(Of::Flow), all) => {
                let names: Vec<&str> = all.iter().map(|flow| flow.name.as_str()).collect();
                return Err(Error::BadSetting {
                    text: "--of flow".to_owned(),
                    why: format!("the program has {} flows", all.len()),
                    help: format!("say which by `--flow`: {}", names.join(", ")),
                });
            }
            _ => None,
        };
        Ok(match only.and_then(|id| flow(program, id)) {
            Some(picture) => picture,
            None if self.of == Some(Of::Mesh) => mesh(program),
            None => calls(program),
        })
    }
}
