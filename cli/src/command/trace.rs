//! `flowmesh trace`: all of what a run or a request led to, as a tree.

use super::runs::server::Server;
use crate::{client::encode, draw, error::Error, exit::Exit, runtime};
use clap::Args;
use http::Method;

/// Show the trace of a run or of a request as a tree: visits, runs, steps, calls, attempts
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh trace 01979b2e-3f1c-7a52-8f0e-0a4d3c5b6e71
  flowmesh trace 4bf92f3577b34da6a3ce929d0e0e4736 --server http://127.0.0.1:7700
  flowmesh trace 4bf92f3577b34da6a3ce929d0e0e4736 --json

Runs, steps and calls are in the journal for as long as the run is kept; visits and attempts are the last ones that
`flowmesh serve` has in memory, as many as `--keep-visits` says. The identifier of a request is in the header `x-request-id` of its answer.")]
pub(crate) struct Trace {
    /// The identifier of a run, or of a request
    #[arg(value_name = "RUN|REQUEST")]
    of: String,
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Trace {
    /// Asks the server.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        let path = format!("/v1/traces/{}", encode(&self.of));
        let trace = runtime::block_on(client.send(Method::GET, &path, None))?;
        match self.json {
            true => draw::answer_json(&trace),
            false => draw::raw(&draw::trace::tree(&trace)),
        }
        Ok(Exit::Ok)
    }
}
