//! A program from a file: `.flow` is compiled, `.json` is a program that was compiled before.

use crate::{draw, error::Error, exit::Exit, project::Project};
use flowmesh_diagnostics::{Diagnostics, Severity, Sources};
use flowmesh_frontend::{compile, compile_tests};
use flowmesh_ir::{FlowId, Program, flow::Flow, json, test::Test};
use std::{fs, path::Path};

/// What compiling a file gave.
pub(crate) struct Compiled {
    /// The program, unless there were errors.
    pub(crate) program: Option<Program>,
    /// All texts that were read.
    pub(crate) sources: Sources,
    /// All that was found.
    pub(crate) found: Diagnostics,
}

impl Compiled {
    /// How many findings have this severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.found
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }
}

/// What compiling a file with its tests gave.
pub(crate) struct Tested {
    /// The program and its tests, unless there were errors.
    pub(crate) program: Option<(Program, Vec<Test>)>,
    /// All texts that were read.
    pub(crate) sources: Sources,
    /// All that was found.
    pub(crate) found: Diagnostics,
}

/// Compiles a file with its tests, whatever is wrong with it.
pub(crate) fn tested(file: &Path) -> Result<Tested, Error> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let (project, root) = Project::of(file)?;
    project.text(&root).map_err(|why| Error::unreadable(file, &why))?;
    let program = compile_tests(&project, &root, &mut sources, &mut found);
    let program = program.filter(|_| !found.has_errors());
    Ok(Tested {
        program,
        sources,
        found,
    })
}

/// Compiles a file, whatever is wrong with it.
pub(crate) fn compiled(file: &Path) -> Result<Compiled, Error> {
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    if is_json(file) {
        return Ok(Compiled {
            program: Some(load_json(file)?),
            sources,
            found,
        });
    }
    let (project, root) = Project::of(file)?;
    project.text(&root).map_err(|why| Error::unreadable(file, &why))?;
    let program = compile(&project, &root, &mut sources, &mut found);
    let program = program.filter(|_| !found.has_errors());
    Ok(Compiled {
        program,
        sources,
        found,
    })
}

/// A program that can be run; what is wrong with it is drawn.
pub(crate) fn load(file: &Path, json: bool) -> Result<Program, Error> {
    load_with_sources(file, json).map(|(program, _)| program)
}

/// A program that can be run, and its texts, where it was made from texts.
pub(crate) fn load_with_sources(file: &Path, json: bool) -> Result<(Program, Sources), Error> {
    let compiled = compiled(file)?;
    draw::report::diagnostics(&compiled.found.sorted(), &compiled.sources, json);
    Ok((compiled.program.ok_or(Error::Refused)?, compiled.sources))
}

/// Whether a file holds a program that was compiled before.
fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

fn load_json(file: &Path) -> Result<Program, Error> {
    let bytes = fs::read(file).map_err(|why| Error::unreadable(file, &crate::project::words(&why)))?;
    json::load(&bytes).map_err(|why| Error::Below {
        code: why.code(),
        message: format!("cannot load `{}`: {why}", file.display()),
        help: Some(why.help().to_owned()),
        exit: Exit::Usage,
    })
}

/// The flow with this name.
pub(crate) fn flow<'a>(program: &'a Program, name: &str) -> Result<(FlowId, &'a Flow), Error> {
    let found = program
        .flow_named(name)
        .and_then(|id| Some((id, program.flow(id)?)));
    found.ok_or_else(|| {
        let known: Vec<String> = program.flows.iter().map(|flow| flow.name.to_string()).collect();
        let nearest =
            flowmesh_diagnostics::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Error::UnknownFlow {
            name: name.to_owned(),
            nearest,
            known,
        }
    })
}
