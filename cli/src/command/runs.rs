//! `flowmesh runs ...`: starting, seeing and steering runs through a server.

mod batch;
mod edit;
pub(super) mod server;
mod share;
mod steer;
mod verbs;
mod which;

use crate::{error::Error, exit::Exit, runtime};
use clap::{Args, Subcommand, ValueEnum};
use flowmesh_machine::Terms;
use server::Server;
use which::Which;

/// Start, see and steer runs through a server
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh runs start checkout --input @order.json
  flowmesh runs list --state waiting
  flowmesh runs list --flow checkout --error Declined --since 2d
  flowmesh runs count --state failed
  flowmesh runs batch retry --flow checkout --error Unavailable --since 2h
  flowmesh runs signal 01979b2e-... approve '{\"by\": \"ann\"}' --dir .flowmesh
  flowmesh runs view latest progress
  flowmesh runs pause 01979b2e-... --reason 'the bank is down'
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
  flowmesh runs start greet --input '{\"name\": \"Ada\"}' --key ada --wait
  flowmesh runs start report --priority 10 --delay 5m")]
    Start {
        /// The flow
        flow: String,
        /// Its input: JSON, `@file`, or `-` for the standard input
        #[arg(long, value_name = "JSON", default_value = "{}")]
        input: String,
        /// What makes two starts the same, where the flow declares no key of its own
        #[arg(long)]
        key: Option<String>,
        /// Where runs wait for room, a lock or a limit, more goes first; else what the flow says
        #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
        priority: Option<i32>,
        /// Let it wait for so long before anything else, such as 5m, 1h30m or 2d; else what the flow says
        #[arg(long, value_name = "TIME", value_parser = delay)]
        delay: Option<String>,
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
    /// Do the same with all runs that a filter wants; without `--yes`, say how many there are
    #[command(after_help = "Examples:
  flowmesh runs batch retry --flow checkout --error Unavailable --since 2h
  flowmesh runs batch cancel --tag customer=ann --reason 'not wanted any more' --yes
  flowmesh runs batch resume --all --yes")]
    Batch {
        /// What: those runs are chosen that it can be done with
        verb: Bulk,
        #[command(flatten)]
        which: Which,
        /// Every run there is, where no filter is given
        #[arg(long)]
        all: bool,
        /// Why
        #[arg(long, default_value = "many at once, on the command line")]
        reason: String,
        /// Do it
        #[arg(long)]
        yes: bool,
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
    /// Let a run take no new step; what comes meanwhile is kept
    #[command(after_help = "Example:
  flowmesh runs pause 01979b2e-... --reason 'the bank is down'")]
    Pause {
        /// The run's identifier, or `latest`
        id: String,
        /// Why
        #[arg(long, default_value = "paused on the command line")]
        reason: String,
    },
    /// Let a paused run go on, with what came meanwhile
    #[command(after_help = "Example:
  flowmesh runs resume 01979b2e-...")]
    Resume {
        /// The run's identifier, or `latest`
        id: String,
    },
    /// Decide how a parked run goes on; `flowmesh explain F1083` says what each choice does
    #[command(after_help = "Examples:
  flowmesh runs decide 01979b2e-... retry
  flowmesh runs decide 01979b2e-... done --result '{\"id\": \"m1\"}' --call 3")]
    Decide {
        /// The run's identifier, or `latest`
        id: String,
        /// How
        choice: Choice,
        /// What the call returned, with `done`: JSON, `@file`, or `-` for the standard input
        #[arg(long, value_name = "JSON")]
        result: Option<String>,
        /// At the end of which of its calls; else of the one that it is parked at now
        #[arg(long, value_name = "NUMBER")]
        call: Option<u32>,
    },
    /// Give variables of a paused or parked run new values; without values, show its variables
    #[command(after_help = "Examples:
  flowmesh runs edit 01979b2e-...
  flowmesh runs edit 01979b2e-... order.total=12 order.customer=ann")]
    Edit {
        /// The run's identifier, or `latest`
        id: String,
        /// Variables, or parts of them, with JSON or plain text: `order.total=12`
        #[arg(value_name = "NAME=VALUE")]
        values: Vec<String>,
        /// The same, with JSON only
        #[arg(long, value_name = "NAME=JSON")]
        set: Vec<String>,
    },
    /// End a run where it stands, with the children that it waits for; nothing is undone
    #[command(after_help = "Example:
  flowmesh runs terminate 01979b2e-... --reason 'it does harm'")]
    Terminate {
        /// The run's identifier, or `latest`
        id: String,
        /// Why
        #[arg(long, default_value = "terminated on the command line")]
        reason: String,
    },
    /// Try a failed run again from the call that it failed with: a new run that shares what came before
    #[command(after_help = "Example:
  flowmesh runs retry 01979b2e-...")]
    Retry {
        /// The run's identifier, or `latest`
        id: String,
    },
    /// Do a run that has ended again from a step: a new run that shares what came before
    #[command(after_help = "Examples:
  flowmesh runs restart 01979b2e-... --from payments.charge
  flowmesh runs restart 01979b2e-... --from payments.charge --round 2")]
    Restart {
        /// The run's identifier, or `latest`
        id: String,
        /// The step's title, as `flowmesh runs events` shows it
        #[arg(long, value_name = "STEP")]
        from: String,
        /// The how manyth time that it began, from 1; else the last time
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        round: Option<u32>,
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

/// A time that the server will understand.
fn delay(text: &str) -> Result<String, String> {
    Terms::read_delay(text).map(|_| text.to_owned())
}

/// What is done with many runs.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bulk {
    /// Stop those that have not ended, and undo what they did
    Cancel,
    /// Let those that have not ended take no new step
    Pause,
    /// Let those that are paused go on
    Resume,
    /// End those that have not ended, and undo nothing
    Terminate,
    /// Try those again that have failed and were not tried again
    Retry,
}

/// How a parked run goes on.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Choice {
    /// Make the call, or undo the step, once more
    Retry,
    /// The call has succeeded, with `--result`
    Done,
    /// The call has failed with `Unknown`
    Fail,
    /// Count the step as undone
    Skip,
}

impl Runs {
    /// Asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        runtime::block_on(verbs::run(&client, &self.verb, self.json))
    }
}
