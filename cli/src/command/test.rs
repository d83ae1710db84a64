//! `flowmesh test [FILES|DIRS]`: carries out the tests of programs.

mod coverage;
mod junit;
pub(crate) mod report;

use crate::{
    draw,
    error::Error,
    exit::Exit,
    find, output,
    program::{self, Tested},
};
use clap::Args;
use flowmesh_diagnostics::Sources;
use flowmesh_host::trial::{self, Options, Verdict};
use flowmesh_ir::{Program, test::Test as Written};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Carry out the tests of programs, in virtual time and with mocks for what they call
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh test shop.flow
  flowmesh test --filter \"declined\" --coverage
  flowmesh test --junit tests.xml flows/")]
pub(crate) struct Test {
    /// Programs, or directories with programs; this directory where nothing is said
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Only tests whose title has this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// From which `random()` and `uuid()` draw
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Say which lines no test comes to
    #[arg(long)]
    coverage: bool,
    /// Write the outcome for a build server
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How many tests run at once; as many as there are processors where nothing is said
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A program with its tests.
pub(crate) struct Suite {
    pub(crate) file: PathBuf,
    pub(crate) program: Program,
    pub(crate) tests: Vec<Written>,
    pub(crate) sources: Sources,
}

/// What came of one test.
pub(crate) struct Outcome {
    /// Which program, by its number.
    pub(crate) suite: usize,
    /// Which of its tests.
    pub(crate) test: usize,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

impl Test {
    /// Carries them out.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let begun = Instant::now();
        let (suites, broken) = self.suites()?;
        let outcomes = self.carry_out(&suites);
        match self.json {
            true => draw::answer_json(&report::data(&suites, &outcomes)),
            false => {
                report::tell(&suites, &outcomes, begun.elapsed());
                if outcomes.is_empty() && !broken {
                    draw::say(self.nothing());
                }
                if self.coverage {
                    coverage::tell(&suites, &outcomes);
                }
            }
        }
        if let Some(path) = &self.junit {
            output::write(path, &junit::text(&suites, &outcomes))?;
        }
        let failed = outcomes.iter().any(|outcome| outcome.verdict.failure.is_some());
        Ok(match (broken, failed) {
            (true, _) => Exit::Diagnostics,
            (false, true) => Exit::Failed,
            (false, false) => Exit::Ok,
        })
    }

    /// Why there was nothing to carry out, and what to do.
    fn nothing(&self) -> String {
        match &self.filter {
            Some(filter) => {
                format!("no test has `{filter}` in its title; without `--filter` all of them are carried out")
            }
            None => "there is no test here: one is written as `test \"a title\" { ... }`, beside the flow that it tests"
                .to_owned(),
        }
    }

    /// All programs that compile and have tests, and whether there are some that do not compile.
    fn suites(&self) -> Result<(Vec<Suite>, bool), Error> {
        let mut suites = Vec::new();
        let mut broken = false;
        for file in find::programs(&self.files)? {
            let Tested {
                program,
                sources,
                found,
            } = program::tested(&file)?;
            let Some((program, mut tests)) = program else {
                draw::report::diagnostics(&found.sorted(), &sources, self.json);
                broken = true;
                continue;
            };
            if let Some(filter) = &self.filter {
                tests.retain(|test| test.title.contains(filter.as_str()));
            }
            if !tests.is_empty() {
                suites.push(Suite {
                    file,
                    program,
                    tests,
                    sources,
                });
            }
        }
        Ok((suites, broken))
    }

    /// Every test of every program, several at once; in the order of the programs and their tests.
    fn carry_out(&self, suites: &[Suite]) -> Vec<Outcome> {
        let all: Vec<(usize, usize)> = suites
            .iter()
            .enumerate()
            .flat_map(|(suite, it)| (0..it.tests.len()).map(move |test| (suite, test)))
            .collect();
        let options = Options {
            seed: self.seed,
            coverage: self.coverage,
        };
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(all.len()));
        let work = || {
            while let Some((suite, test)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = outcome(suites, *suite, *test, options);
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(outcome);
            }
        };
        thread::scope(|scope| {
            for _ in 0..self.jobs().min(all.len().max(1)) {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|outcome| (outcome.suite, outcome.test));
        done
    }

    fn jobs(&self) -> usize {
        let processors = || thread::available_parallelism().map_or(1, usize::from);
        self.jobs.unwrap_or_else(processors).max(1)
    }
}

fn outcome(suites: &[Suite], suite: usize, test: usize, options: Options) -> Option<Outcome> {
    let of = suites.get(suite)?;
    let written = of.tests.get(test)?;
    let begun = Instant::now();
    let verdict = trial::run(&of.program, written, options);
    Some(Outcome {
        suite,
        test,
        verdict,
        took: begun.elapsed(),
    })
}
