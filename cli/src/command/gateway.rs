//! `flowmesh gateway FILE`: the gateways of a program without its runs.

mod admin;
mod standing;
mod watch;

pub(crate) use standing::{Kind, Standing, unconnected};

use crate::{
    command::{runs::server::Server, serve::doors},
    error::Error,
    exit::Exit,
};
use clap::Args;
use flowmesh_host::{
    gateways::{Alone, Gateways, Remote, Telemetry},
    network::MeshNetwork,
};
use flowmesh_ir::{Name, Program, gateway::Target};

/// Serve the gateways of a program, and keep no runs
///
/// Visitors are led to services from here, under the policies of the program. Runs of its flows are started at a
/// `flowmesh serve`, which keeps them: many gateways can stand before one.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh gateway shop.flow
  flowmesh gateway shop.flow --server http://runs:7700 --token-file operator.token
  flowmesh gateway shop.json --access-log /var/log/shop/visits.jsonl
  flowmesh gateway shop.flow --admin 127.0.0.1:9901 --tokens operators.json --traces http://collector:4318

It looks at the files of the program every second. When they change, visitors who come from then on are led
as they say, and nobody is cut off; while they cannot be compiled, it goes on as before.")]
pub(crate) struct Gateway {
    #[command(flatten)]
    standing: Standing,
    #[command(flatten)]
    server: Server,
}

impl Gateway {
    /// Serves until interrupted.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        self.standing.stand(self)
    }

    /// Where runs are started, and limits that are shared are kept; nobody needs to be named for a program that has neither.
    fn remote(&self, program: &Program) -> Result<Option<Remote>, Error> {
        let mut routes = program.gateways.iter().flat_map(|gateway| &gateway.routes);
        let leads = routes.any(|route| matches!(route.target, Target::Flow { .. }));
        let shares = program.shares_calls() || program.shares_visits();
        if !leads && !shares && !self.server.is_named() {
            return Ok(None);
        }
        self.server.remote().map(Some)
    }
}

impl Kind for Gateway {
    fn made(&self, program: &Program, network: &MeshNetwork, telemetry: Telemetry) -> Result<Alone, Error> {
        if program.gateways.is_empty() {
            return Err(Error::BadSetting {
                text: self.standing.file.display().to_string(),
                why: "the program has no gateway".to_owned(),
                help: "declare one: `gateway NAME { listen: \"http://127.0.0.1:8080\" ... }`".to_owned(),
            });
        }
        Alone::new(network, self.remote(program)?, telemetry).map_err(|why| unconnected(&why))
    }

    fn beside(&self) -> Option<Name> {
        None
    }

    fn announce(&self, program: &Program, gateways: &Gateways) {
        doors::announce(program, gateways);
    }
}
