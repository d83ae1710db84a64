//! `flowmesh schedules ...`: when schedules are due, and what can be told them.

mod range;
mod verbs;

use super::runs::server::Server;
use crate::{error::Error, exit::Exit};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// See when schedules are due; pause and resume them, and make up for the past
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh schedules list shop.flow
  flowmesh schedules next nightly shop.flow --count 3
  flowmesh schedules next nightly
  flowmesh schedules pause nightly --note \"the bank is shut\"
  flowmesh schedules backfill nightly 2026-11-01..2026-11-07 --dry-run

With a program, `list` and `next` say what that says. Everything else asks the server of `flowmesh
serve`, which carries schedules out.")]
pub(crate) struct Schedules {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with schedules.
#[derive(Subcommand)]
enum Verb {
    /// List schedules, each with its next time
    #[command(after_help = "Examples:
  flowmesh schedules list
  flowmesh schedules list shop.flow --json")]
    List {
        /// The program, `.flow` or compiled `.json`; the server is asked where there is none
        file: Option<PathBuf>,
    },
    /// Show when a schedule is due next, with its zone and what daylight saving does to it
    #[command(after_help = "Examples:
  flowmesh schedules next nightly shop.flow
  flowmesh schedules next nightly shop.flow --from 2026-03-28T00:00:00Z --count 3
  flowmesh schedules next nightly --json")]
    Next {
        /// The schedule
        name: String,
        /// The program, `.flow` or compiled `.json`; the server is asked where there is none
        file: Option<PathBuf>,
        /// How many times
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
        /// After this moment instead of now, of a program
        #[arg(long, value_name = "TIME", requires = "file")]
        from: Option<String>,
    },
    /// Begin nothing of a schedule until it is resumed
    #[command(after_help = "Example:
  flowmesh schedules pause nightly --note \"the bank is shut\"")]
    Pause {
        /// The schedule
        name: String,
        /// Why, for whoever looks at it
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Begin again what is due from now on
    #[command(after_help = "Example:
  flowmesh schedules resume nightly")]
    Resume {
        /// The schedule
        name: String,
    },
    /// Make up for a range of the past: each time of the schedule in it gets a run of its own
    #[command(after_help = "Examples:
  flowmesh schedules backfill nightly 2026-11-01..2026-11-07 --dry-run
  flowmesh schedules backfill nightly 2026-11-01..2026-11-07 --concurrency 4 --newest-first
  flowmesh schedules backfill hourly 2026-11-01T06:00:00Z..2026-11-01T12:00:00Z --again failed
  flowmesh schedules backfill nightly --stop")]
    Backfill {
        /// The schedule
        name: String,
        /// FROM..TO: dates in the zone of the schedule or times, both within
        #[arg(value_name = "FROM..TO", required_unless_present = "stop")]
        range: Option<String>,
        /// Which times get another run that had one: none, those whose last run failed or was cancelled, or all whose
        /// last run has ended
        #[arg(long, value_enum, default_value_t = Again::None)]
        again: Again,
        /// Begin with the latest
        #[arg(long)]
        newest_first: bool,
        /// How many of its runs go on at once
        #[arg(long, value_name = "N", default_value_t = 1)]
        concurrency: u32,
        /// Only show what would be done
        #[arg(long)]
        dry_run: bool,
        /// Begin no more of the backfill that goes on
        #[arg(long, conflicts_with_all = ["range", "dry_run"])]
        stop: bool,
    },
}

/// Which times are made up for that had a run already.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Again {
    None,
    Failed,
    Completed,
}

impl Schedules {
    /// Reads the program, or asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        verbs::run(self)
    }
}
