//! `flowmesh runs ...`: starting, seeing and steering runs through a server.

mod server;
mod verbs;
mod which;

use crate::{error::Error, exit::Exit, runtime};
use clap::{Args, Subcommand};
use server::Server;
use which::Which;

/// Start, see and steer runs through a server
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh runs start checkout --input @order.json
  flowmesh runs list --state waiting
  flowmesh runs list --flow checkout --error Declined --since 2d
  flowmesh runs count --state failed
  flowmesh runs signal 01979b2e-... approve '{\"by\": \"ann\"}' --dir .flowmesh
  flowmesh runs view latest progress
  flowmesh runs emit order_paid '{\"order\": \"1\"}'
  flowmesh runs wait 01979b2e-...

The server is the one of `flowmesh serve`, or of a `flowmesh run` in progress (`--dir`).")]
pub(crate) struct Runs {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with runs.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Start a run of a flow
    #[command(after_help = "Examples:
  flowmesh runs start checkout --input @order.json
  flowmesh runs start greet --input '{\"name\": \"Ada\"}' --key ada --wait")]
    Start {
        /// The flow
        flow: String,
        /// Its input: JSON, `@file`, or `-` for the standard input
        #[arg(long, value_name = "JSON", default_value = "{}")]
        input: String,
        /// What makes two starts the same, where the flow declares no key of its own
        #[arg(long)]
        key: Option<String>,
        /// Wait for its end and print its result
        #[arg(long)]
        wait: bool,
    },
    /// Show a run
    #[command(alias = "show")]
    #[command(after_help = "Examples:
  flowmesh runs get latest
  flowmesh runs get 01979b2e-... --json")]
    Get {
        /// The run's identifier, or `latest`
        id: String,
    },
    /// List runs, the newest first
    #[command(after_help = "Examples:
  flowmesh runs list --flow checkout --state waiting
  flowmesh runs list --tag order=1 --json")]
    List {
        #[command(flatten)]
        which: Which,
        /// How many
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Go on behind this run, the last of the page before
        #[arg(long, value_name = "ID")]
        cursor: Option<String>,
    },
    /// Count runs
    #[command(after_help = "Examples:
  flowmesh runs count --state failed
  flowmesh runs count --flow checkout --since 2d --json")]
    Count {
        #[command(flatten)]
        which: Which,
    },
    /// Send a signal to a run, and print its answer where it has one
    #[command(after_help = "Examples:
  flowmesh runs signal latest approve '{\"by\": \"ann\"}'
  flowmesh runs signal 01979b2e-... approve @approval.json --wait 5s")]
    Signal {
        /// The run's identifier, or `latest`
        id: String,
        /// The signal
        signal: String,
        /// What it carries: JSON, `@file`, or `-` for the standard input
        #[arg(default_value = "{}")]
        payload: String,
        /// How long to wait for its answer
        #[arg(long, value_name = "TIME", default_value = "30s")]
        wait: String,
    },
    /// Tell an event to every run that waits for it and every flow that it starts
    #[command(after_help = "Example:
  flowmesh runs emit order_paid '{\"order\": \"1\"}'")]
    Emit {
        /// The event
        event: String,
        /// What it carries: JSON, `@file`, or `-` for the standard input
        #[arg(default_value = "{}")]
        payload: String,
    },
    /// Read a view of a run, or all of them
    #[command(after_help = "Examples:
  flowmesh runs view latest
  flowmesh runs view 01979b2e-... progress --json")]
    View {
        /// The run's identifier, or `latest`
        id: String,
        /// The view; all of them where none is named
        name: Option<String>,
    },
    /// Cancel a run; what it did is undone
    #[command(after_help = "Example:
  flowmesh runs cancel 01979b2e-... --reason \"the customer called\"")]
    Cancel {
        /// The run's identifier, or `latest`
        id: String,
        /// Why
        #[arg(long, default_value = "cancelled on the command line")]
        reason: String,
    },
    /// Follow what happens to a run
    #[command(after_help = "Examples:
  flowmesh runs events latest
  flowmesh runs events 01979b2e-... --json")]
    Events {
        /// The run's identifier, or `latest`
        id: String,
    },
    /// Wait for a run's end and print its result
    #[command(after_help = "Example:
  flowmesh runs wait latest")]
    Wait {
        /// The run's identifier, or `latest`
        id: String,
    },
}

impl Runs {
    /// Asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        runtime::block_on(verbs::run(&client, &self.verb, self.json))
    }
}
