//! `flowmesh explore FILE --test TITLE`: everything that can happen to the runs of a test.

mod again;
mod data;

use super::test::report;
use crate::{
    draw,
    error::{Error, ticked},
    exit::Exit,
    output,
    program::{self, Tested},
};
use again::Again;
use clap::Args;
use flowmesh_diagnostics::{Code, Sources};
use flowmesh_host::trial::{self, Bad, Bounds, Explored, Limit, Options};
use flowmesh_ir::test::Test;
use jiff::SignedDuration;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Look for a way in which the runs of a test can go wrong: replies in any order, failures, timeouts, crashes, signals at
/// other moments
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh explore shop.flow --test \"an order is paid\"
  flowmesh explore shop.flow --test \"an order is paid\" --depth 3 --write found.flow
  flowmesh explore shop.flow --test \"an order is paid\" --seconds 300 --json")]
pub(crate) struct Explore {
    /// The program
    file: PathBuf,
    /// The title of a test, or a part of it
    #[arg(long, value_name = "TITLE")]
    test: String,
    /// How many things are otherwise than the test says on one way, at the most; what only races is not counted
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    depth: usize,
    /// How many states are looked at, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 50_000)]
    limit: usize,
    /// For how many seconds it is looked, at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 60)]
    seconds: u64,
    /// From which `random()` and `uuid()` draw
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Write the program with a test that goes wrong
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
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
            states: self.limit,
            time: Some(Duration::from_secs(self.seconds)),
            doubt: false,
        };
        let explored = trial::explore(&program, test, options, bounds);
        let took = begun.elapsed();
        let way = match &explored.bad {
            None => None,
            Some(bad) => Some(Way::of(&self.file, test, bad, &sources, options)?),
        };
        match self.json {
            true => draw::answer_json(&data::data(test, &explored, took, way.as_ref(), &sources)),
            false => self.tell(test, &explored, took, way.as_ref(), &sources),
        }
        if let (Some(way), Some(path)) = (&way, &self.write) {
            output::write(path, &way.again.text)?;
            let but = if way.same {
                String::new()
            } else {
                format!("; {}", way.word())
            };
            draw::say(format!("wrote {}{but}", path.display()));
        }
        Ok(if way.is_some() { Exit::Failed } else { Exit::Ok })
    }

    /// For people.
    fn tell(&self, test: &Test, explored: &Explored, took: Duration, way: Option<&Way>, sources: &Sources) {
        let took = SignedDuration::try_from(took).unwrap_or_default();
        draw::answer(self.summary(test, explored, &draw::progress::short(took)));
        let (Some(bad), Some(way)) = (&explored.bad, way) else {
            return;
        };
        draw::say(draw::report::picture(&report::diagnostic(&bad.failure), sources).trim_end());
        draw::say(report::trail(&bad.trail));
        if self.write.is_none() {
            draw::answer(format!("{}:\n\n{}", way.word(), way.again.test));
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
        let what = match (&explored.bad, explored.limit) {
            (Some(Bad { otherwise: 0, .. }), _) => {
                "one goes wrong, though nothing is otherwise than the test says but the order".to_owned()
            }
            (Some(bad), _) => format!(
                "one goes wrong, with {} otherwise than the test says",
                things(bad.otherwise)
            ),
            (None, None) => format!(
                "none goes wrong; these are all with at most {} otherwise",
                things(self.depth)
            ),
            (None, Some(Limit::States)) => {
                "none goes wrong; there are more, `--limit` looks further".to_owned()
            }
            (None, Some(Limit::Time)) => {
                "none goes wrong; there are more, `--seconds` looks longer".to_owned()
            }
        };
        let mut text = format!(
            "explored {} states of \"{}\", and {} moves between them: {what} ({took})",
            explored.states, test.title, explored.transitions
        );
        if explored.unanswered > 0 {
            let unanswered = explored.unanswered;
            text += &format!("\n{unanswered} of the moves end at a call that no mock answers");
        }
        text
    }
}

/// A bad way as a test.
struct Way {
    again: Again,
    /// Whether the test goes wrong in the same way by itself. Two timers that come due at once, say, cannot be told which
    /// is to be first.
    same: bool,
}

impl Way {
    fn of(file: &Path, test: &Test, bad: &Bad, sources: &Sources, options: Options) -> Result<Self, Error> {
        let again = Again::of(file, test, bad, sources);
        let same = again.goes_wrong(bad.failure.code, options)?;
        Ok(Self { again, same })
    }

    fn word(&self) -> &'static str {
        match self.same {
            true => "this test does the same",
            false => "this test comes near, but does not go wrong by itself",
        }
    }
}

fn things(count: usize) -> String {
    match count {
        1 => "1 thing".to_owned(),
        count => format!("{count} things"),
    }
}
