//! `flowmesh tap`: visits of the gateways of a server, as they come.

use super::runs::server::Server;
use crate::{client::encode, draw, error::Error, exit::Exit, runtime};
use clap::Args;

/// Watch the visits of a server's gateways as they come
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh tap
  flowmesh tap --gateway shop --status 5xx
  flowmesh tap --route 'GET /orders/{id}' --identity ann --json
  flowmesh tap --for 30s > visits.txt

What is shown holds no query, no header and no body. The server chooses; who does not keep up is told
how many were left out. `flowmesh explain REQUEST` says why a visit went as it did.")]
pub(crate) struct Tap {
    /// Only those of this gateway
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// Only those of this route: as the program has it, or its number
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// Only those with this status: 404, 5xx
    #[arg(long)]
    status: Option<String>,
    /// Only those of this identity
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// For how long: 30s; else until interrupted
    #[arg(long = "for", value_name = "TIME")]
    time: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Print JSON, a line for each visit
    #[arg(long)]
    pub(crate) json: bool,
}

impl Tap {
    /// Listens until it is enough.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let client = self.server.client()?;
        runtime::block_on(async {
            let mut visits = client.events(&self.path()).await?;
            loop {
                let next = tokio::select! {
                    next = visits.next() => next?,
                    () = runtime::interrupted() => None,
                };
                match next {
                    Some(visit) if self.json => draw::answer_line(&visit),
                    Some(visit) => draw::answer(draw::visit::line(&visit)),
                    None => return Ok(Exit::Ok),
                }
            }
        })
    }

    fn path(&self) -> String {
        let said = [
            ("gateway", &self.gateway),
            ("route", &self.route),
            ("status", &self.status),
            ("identity", &self.identity),
            ("for", &self.time),
        ];
        let said = said.into_iter();
        let said: Vec<String> = said
            .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))))
            .collect();
        match said.is_empty() {
            true => "/v1/tap".to_owned(),
            false => format!("/v1/tap?{}", said.join("&")),
        }
    }
}
