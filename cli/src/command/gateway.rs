//! `flowmesh gateway FILE`: the gateways of a program without its runs.

mod watch;

use crate::{
    command::{runs::server::Server, serve::doors},
    draw,
    error::Error,
    exit::Exit,
    house::{below, resolver},
    runtime,
    settings::Set,
};
use clap::Args;
use flowmesh_host::{
    clock::SystemClock,
    gateways::{Alone, Remote},
    network::{MeshNetwork, Network, NetworkError},
    workers::Workers,
};
use flowmesh_ir::{Program, gateway::Target};
use flowmesh_mesh::Resolver;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use watch::Files;

/// Serve the gateways of a program, and keep no runs
///
/// Visitors are led to services from here, under the policies of the program. Runs of its flows are started at a
/// `flowmesh serve`, which keeps them: many gateways can stand before one.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh gateway shop.flow
  flowmesh gateway shop.flow --server http://runs:7700 --token-file operator.token
  flowmesh gateway shop.json --access-log /var/log/shop/visits.jsonl

It looks at the files of the program every second. When they change, visitors who come from then on are led
as they say, and nobody is cut off; while they cannot be compiled, it goes on as before.")]
pub(crate) struct Gateway {
    /// The program, `.flow` or compiled `.json`
    file: PathBuf,
    #[command(flatten)]
    set: Set,
    /// Look names up at this DNS server instead of the system's
    #[arg(long, value_name = "IP:PORT")]
    resolver: Vec<SocketAddr>,
    #[command(flatten)]
    server: Server,
    /// Write a line of JSON for each visit to this file, behind what is there; `-` is standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
}

impl Gateway {
    /// Serves until interrupted.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (mut files, program) = Files::load(&self.file)?;
        if program.gateways.is_empty() {
            return Err(Error::BadSetting {
                text: self.file.display().to_string(),
                why: "the program has no gateway".to_owned(),
                help: "declare one: `gateway NAME { listen: \"http://127.0.0.1:8080\" ... }`".to_owned(),
            });
        }
        runtime::block_on(async {
            let resolver = resolver(&self.resolver)?;
            let network = self.network(&program, &resolver)?;
            let alone = Alone::new(&network, self.remote(&program)?).map_err(|why| unconnected(&why))?;
            self.deploy(&alone, &network, &program)?;
            let opened = alone.open(doors::options(self.access_log.as_deref(), String::new())?);
            let gateways = opened.await.map_err(|why| doors::unopened(&why))?;
            doors::announce(&program, &gateways);
            let mut interrupted = std::pin::pin!(runtime::interrupted());
            loop {
                let changed = tokio::select! {
                    changed = files.changed(&self.file) => changed,
                    () = &mut interrupted => break,
                };
                let done = changed.and_then(|program| {
                    let network = self.network(&program, &resolver)?;
                    self.deploy(&alone, &network, &program)
                });
                match done {
                    Ok(()) => draw::say("the program has changed; visitors are led as it says now"),
                    Err(why) => {
                        draw::error(&why, false);
                        draw::say("the program has changed; visitors are led as before");
                    }
                }
            }
            draw::say("stopping; requests on their way are answered");
            gateways.close().await;
            Ok(Exit::Ok)
        })
    }

    fn network(&self, program: &Program, resolver: &Arc<dyn Resolver>) -> Result<MeshNetwork, Error> {
        let (_, secrets) = self.set.values(program)?;
        let clock = Arc::new(SystemClock);
        let workers = Workers::new(clock.clone());
        Ok(MeshNetwork::new(resolver.clone(), secrets, clock, workers))
    }

    fn deploy(&self, alone: &Alone, network: &dyn Network, program: &Program) -> Result<(), Error> {
        let settings = self.set.settings(program)?;
        let deployed = alone.deploy(network, program.clone(), settings);
        deployed.map_err(|why| unconnected(&why))
    }

    /// Where runs are started; nobody needs to be named for a program whose gateways lead to none.
    fn remote(&self, program: &Program) -> Result<Option<Remote>, Error> {
        let mut routes = program.gateways.iter().flat_map(|gateway| &gateway.routes);
        let leads = routes.any(|route| matches!(route.target, Target::Flow { .. }));
        if !leads && !self.server.is_named() {
            return Ok(None);
        }
        let client = self.server.client()?;
        Ok(Some(Remote {
            url: client.url,
            token: client.token.map(|token| token.0),
            namespace: client.namespace,
        }))
    }
}

fn unconnected(why: &NetworkError) -> Error {
    below(why.code, why, why.help.clone(), Exit::Usage)
}
