//! The bad way as a test: its text, and whether it goes wrong by itself.

use crate::{error::Error, project::Project};
use flowmesh_diagnostics::{Code, Diagnostics, Sources};
use flowmesh_frontend::{Work, World, compile_tests, format};
use flowmesh_host::trial::{self, Bad, Options};
use flowmesh_ir::test::Test;
use std::path::{Path, PathBuf};

/// A history that was explored breaks a promise: what the test that is written expects of it does not hold.
const BROKEN: (Code, Code) = (Code(1136), Code(1130));

/// The test, and the program with it.
pub(super) struct Again {
    file: PathBuf,
    title: String,
    pub(super) test: String,
    pub(super) text: String,
}

/// A project in which one file has another text.
struct Instead<'p> {
    project: &'p Project,
    root: &'p str,
    text: &'p str,
}

impl World for Instead<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        match path == self.root {
            true => Ok(self.text.to_owned()),
            false => self.project.read(path),
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        self.project.work(all);
    }
}

impl Again {
    pub(super) fn of(file: &Path, test: &Test, bad: &Bad, sources: &Sources) -> Self {
        let title = format!("{}, explored", test.title);
        let written = written(&title, test, bad, sources);
        let program = sources.get(test.span.source).map(|source| source.text.as_str());
        let text = format!("{}\n\n{written}\n", program.unwrap_or_default().trim_end());
        Self {
            file: file.to_owned(),
            title,
            test: written,
            text,
        }
    }

    /// Whether the test goes wrong in the same way when it is carried out.
    pub(super) fn goes_wrong(&self, code: Code, options: Options) -> Result<bool, Error> {
        let (project, root) = Project::of(&self.file)?;
        let world = Instead {
            project: &project,
            root: &root,
            text: &self.text,
        };
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let compiled = compile_tests(&world, &root, &mut sources, &mut found);
        let Some((program, tests)) = compiled.filter(|_| !found.has_errors()) else {
            return Ok(false);
        };
        let test = tests.iter().find(|test| test.title == self.title);
        let failure = test.and_then(|test| trial::run(&program, test, options).failure);
        let wanted = if code == BROKEN.0 { BROKEN.1 } else { code };
        Ok(failure.is_some_and(|failure| failure.code == wanted))
    }
}

/// The statements of the test in the order of the way, with what puts everything to its moment.
fn written(title: &str, test: &Test, bad: &Bad, sources: &Sources) -> String {
    let statement = |number: usize| {
        let step = test.steps.get(number);
        let source = step.and_then(|step| Some((step, sources.get(step.span.source)?)));
        source.map_or("", |(step, source)| source.slice(step.span))
    };
    let text = trial::written(title, &bad.test, statement);
    format::format(&text).map_or(text, |formatted| formatted.trim_end().to_owned())
}
