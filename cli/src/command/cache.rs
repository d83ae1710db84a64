//! `flowmesh cache ...`: results that calls with `cache` have recorded, on a server or in a directory that none serves.

mod show;
mod verbs;

use super::runs::server::Server;
use crate::{error::Error, exit::Exit, keys::KeyFile};
use clap::{Args, Subcommand};

/// See the results that calls with `cache` have recorded, and have some forgotten
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh cache list
  flowmesh cache list reports.build --dir /var/lib/shop
  flowmesh cache forget reports.build --key 2026-01-31
  flowmesh cache forget reports.build --key 2026-01-31 --yes

A server is asked where one is named or works in the directory; else the directory itself (`--dir`, or
`.flowmesh` here) is read and written. Calls that are on their way record what they give all the same.")]
pub(crate) struct Cache {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    keys: KeyFile,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with results.
#[derive(Subcommand)]
enum Verb {
    /// List results that may still be reused, by what was called and the key
    #[command(after_help = "Examples:
  flowmesh cache list
  flowmesh cache list reports.build --limit 100 --json")]
    List {
        #[command(flatten)]
        which: Which,
        /// How many
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Go on behind the page that said this
        #[arg(long, value_name = "CURSOR")]
        cursor: Option<String>,
    },
    /// Have results forgotten, so that the next such call is made; without `--yes`, say how many there are
    #[command(after_help = "Examples:
  flowmesh cache forget reports.build --key 2026-01-31 --yes
  flowmesh cache forget summarize --yes
  flowmesh cache forget --all --yes")]
    Forget {
        #[command(flatten)]
        which: Which,
        /// Every result there is, where neither a name nor a key is given
        #[arg(long)]
        all: bool,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

/// Which results.
#[derive(Args)]
struct Which {
    /// What was called: an operation such as `reports.build`, or a flow
    of: Option<String>,
    /// The key of the call, as `list` shows it
    #[arg(long)]
    key: Option<String>,
}

impl Cache {
    /// Asks the server, or looks into the directory.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        verbs::run(self)
    }
}
