//! The command line: one file per command, each with its arguments, its words for `--help` and what it does.

mod audit;
mod backfill;
mod ca;
mod cache;
mod check;
mod compile;
mod completions;
mod deploy;
mod diff;
mod doc;
mod explain;
mod explore;
mod fmt;
mod gateway;
mod graph;
mod import;
mod lsp;
mod man;
mod new;
mod operator;
mod proxy;
mod repl;
pub(crate) mod run;
mod runs;
mod schedules;
mod serve;
mod store;
mod stub;
mod tap;
mod targets;
mod test;
mod token;
mod top;
mod trace;
mod visitors;

pub(crate) use backfill::spelled;
pub(crate) use explain::{Asked, about, route};
pub(crate) use stub::announce;

use crate::{error::Error, exit};
use clap::{Parser, Subcommand};

/// Durable flows and the mesh they travel over, in one typed language
#[derive(Parser)]
#[command(name = "flowmesh", version, after_help = exit::HELP, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    /// Show what happens inside, on the standard error: `info`, `flowmesh_mesh=debug`
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "FLOWMESH_LOG",
        hide_env_values = true
    )]
    pub(crate) log: Option<String>,
    /// How that looks, with `--log info` where nothing is said
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "FLOWMESH_LOG_FORMAT",
        hide_env_values = true
    )]
    pub(crate) log_format: Option<crate::draw::log::Format>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    New(new::New),
    Check(check::Check),
    Diff(diff::Diff),
    Fmt(fmt::Fmt),
    Compile(compile::Compile),
    Graph(graph::Graph),
    Doc(doc::Doc),
    Import(import::Import),
    Targets(targets::Targets),
    Test(test::Test),
    Explore(explore::Explore),
    Run(run::Run),
    Serve(serve::Serve),
    Gateway(gateway::Gateway),
    Proxy(proxy::Proxy),
    Deploy(deploy::Deploy),
    Operator(operator::Operator),
    Runs(runs::Runs),
    Schedules(schedules::Schedules),
    Backfill(backfill::Backfill),
    Store(store::Store),
    Cache(cache::Cache),
    Token(token::Token),
    Ca(ca::Ca),
    Visitors(visitors::Visitors),
    Audit(audit::Audit),
    Tap(tap::Tap),
    Trace(trace::Trace),
    Top(top::Top),
    Stub(stub::Stub),
    Repl(repl::Repl),
    Lsp(lsp::Lsp),
    Explain(explain::Explain),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self) -> Result<exit::Exit, Error> {
        match self {
            Self::New(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Diff(command) => command.run(),
            Self::Fmt(command) => command.run(),
            Self::Repl(command) => command.run(),
            Self::Lsp(command) => command.run(),
            Self::Compile(command) => command.run(),
            Self::Graph(command) => command.run(),
            Self::Doc(command) => command.run(),
            Self::Import(command) => command.run(),
            Self::Targets(command) => command.run(),
            Self::Test(command) => command.run(),
            Self::Explore(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::Serve(command) => command.run(),
            Self::Gateway(command) => command.run(),
            Self::Proxy(command) => command.run(),
            Self::Deploy(command) => command.run(),
            Self::Operator(command) => command.run(),
            Self::Runs(command) => command.run(),
            Self::Schedules(command) => command.run(),
            Self::Backfill(command) => command.run(),
            Self::Store(command) => command.run(),
            Self::Cache(command) => command.run(),
            Self::Token(command) => command.run(),
            Self::Ca(command) => command.run(),
            Self::Visitors(command) => command.run(),
            Self::Audit(command) => command.run(),
            Self::Tap(command) => command.run(),
            Self::Trace(command) => command.run(),
            Self::Top(command) => command.run(),
            Self::Stub(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Man(command) => command.run(),
        }
    }

    /// Whether errors are to be data.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Check(command) => command.json,
            Self::Diff(command) => command.json,
            Self::Compile(command) => command.json,
            Self::Graph(command) => command.json,
            Self::Doc(command) => command.json,
            Self::Import(command) => command.json,
            Self::Targets(command) => command.json,
            Self::Test(command) => command.json,
            Self::Run(command) => command.json,
            Self::Deploy(command) => command.json,
            Self::Runs(command) => command.json,
            Self::Schedules(command) => command.json,
            Self::Backfill(command) => command.json,
            Self::Store(command) => command.json,
            Self::Cache(command) => command.json,
            Self::Token(command) => command.json,
            Self::Ca(command) => command.json,
            Self::Visitors(command) => command.json,
            Self::Audit(command) => command.json,
            Self::Tap(command) => command.json,
            Self::Trace(command) => command.json,
            Self::Top(command) => command.json,
            Self::Stub(command) => command.json,
            Self::Explain(command) => command.json,
            _ => false,
        }
    }
}
