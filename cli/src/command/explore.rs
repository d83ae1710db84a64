//! `flowmesh explore FILE --test TITLE`: everything that can happen to the runs of a test.

use super::test::report;
use crate::{
    draw,
    error::{Error, ticked},
    exit::Exit,
    output,
    program::{self, Tested},
};
use clap::Args;
use flowmesh_diagnostics::{Code, Sources};
use flowmesh_host::trial::{self, Bad, Bounds, Edit, Explored, Options};
use flowmesh_ir::test::{StepKind, Test};
use std::{collections::BTreeMap, path::PathBuf, time::Instant};

/// Look for a way in which the runs of a test can go wrong: failures, timeouts, crashes, signals in another order
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh explore shop.flow --test \"an order is paid\"
  flowmesh explore shop.flow --test \"an order is paid\" --depth 3 --write found.flow")]
pub(crate) struct Explore {
    /// The program
    file: PathBuf,
    /// The title of a test, or a part of it
    #[arg(long, value_name = "TITLE")]
    test: String,
    /// How many things go otherwise at once, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    depth: usize,
    /// How many histories are looked at, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 5_000)]
    limit: usize,
    /// From which `random()` and `uuid()` draw
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Write the program with a test that goes wrong
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Explore {
    /// Explores it.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let begun = Instant::now();
        let Tested {
            program,
            sources,
            found,
        } = program::tested(&self.file)?;
        draw::report::diagnostics(&found.sorted(), &sources, false);
        let (program, tests) = program.ok_or(Error::Refused)?;
        let test = self.chosen(&tests)?;
        let options = Options {
            seed: self.seed,
            coverage: false,
        };
        let bounds = Bounds {
            depth: self.depth,
            histories: self.limit,
        };
        let explored = trial::explore(&program, test, options, bounds);
        draw::answer(self.summary(test, &explored, &report::millis(begun.elapsed())));
        match &explored.bad {
            None => Ok(Exit::Ok),
            Some(bad) => {
                draw::say(draw::report::picture(&report::diagnostic(&bad.failure), &sources).trim_end());
                draw::say(report::trail(&bad.trail));
                self.show(test, bad, &sources)?;
                Ok(Exit::Failed)
            }
        }
    }

    fn chosen<'t>(&self, tests: &'t [Test]) -> Result<&'t Test, Error> {
        let exact = tests.iter().find(|test| test.title == self.test);
        let part = || tests.iter().find(|test| test.title.contains(&self.test));
        exact.or_else(part).ok_or_else(|| {
            let titles: Vec<String> = tests.iter().map(|test| test.title.clone()).collect();
            Error::Below {
                code: Code(1137),
                message: format!("no test `{}`", self.test),
                help: Some(match titles.as_slice() {
                    [] => "the program has no tests".to_owned(),
                    titles => format!("there is {}", ticked(titles)),
                }),
                exit: Exit::Usage,
            }
        })
    }

    fn summary(&self, test: &Test, explored: &Explored, took: &str) -> String {
        let Explored {
            histories,
            unanswered,
            whole,
            bad,
        } = explored;
        let what = match (bad, whole) {
            (Some(_), _) => "one of them goes wrong".to_owned(),
            (None, true) => format!(
                "none goes wrong; these are all with at most {} things otherwise",
                self.depth
            ),
            (None, false) => "none goes wrong; there are more, `--limit` looks further".to_owned(),
        };
        let mut text = format!(
            "explored {histories} histories of \"{}\": {what} ({took})",
            test.title
        );
        if *unanswered > 0 {
            text += &format!("\n{unanswered} of them end at a call that no mock answers");
        }
        text
    }

    /// The bad history as a test.
    fn show(&self, test: &Test, bad: &Bad, sources: &Sources) -> Result<(), Error> {
        let written = written(test, bad, sources);
        match &self.write {
            None => draw::answer(format!("this test does the same:\n\n{written}")),
            Some(path) => {
                let program = sources.get(test.span.source).map(|source| source.text.as_str());
                let text = format!("{}\n\n{written}\n", program.unwrap_or_default().trim_end());
                output::write(path, &text)?;
                draw::say(format!("wrote {}", path.display()));
            }
        }
        Ok(())
    }
}

/// The test with what went otherwise in it, and without what it expects of its own course.
fn written(test: &Test, bad: &Bad, sources: &Sources) -> String {
    let mut lines = vec![format!("test {:?} {{", format!("{}, explored", test.title))];
    let mut after: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut order: Vec<usize> = (0..test.steps.len()).collect();
    for edit in &bad.edits {
        match edit {
            Edit::First(line) => lines.push(format!("  {line}")),
            Edit::Remark(line) => lines.push(format!("  // {line}")),
            Edit::After(step, line) => after.entry(*step).or_default().push(line),
            Edit::Swap(step) => {
                let last = order.len().saturating_sub(1);
                order.swap((*step).min(last), step.saturating_add(1).min(last));
            }
        }
    }
    for number in order {
        let Some(step) = test.steps.get(number) else {
            continue;
        };
        if !matches!(step.kind, StepKind::Expect(_)) {
            let source = sources.get(step.span.source);
            lines.push(format!(
                "  {}",
                source.map_or("", |source| source.slice(step.span))
            ));
        }
        let more = after.remove(&number).unwrap_or_default();
        lines.extend(more.iter().map(|line| format!("  {line}")));
    }
    if bad.failure.code == Code(1136) {
        lines.push("  advance 365d".to_owned());
        lines.push("  expect run.status in [\"done\", \"failed\", \"cancelled\"]".to_owned());
    }
    lines.push("}".to_owned());
    lines.join("\n")
}
