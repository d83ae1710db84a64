//! What stands before or beside services for as long as it is wanted, and follows the files of its program.

use super::{admin::AdminArgs, watch::Files};
use crate::{
    command::serve::doors,
    draw,
    error::Error,
    exit::Exit,
    house::{NameArgs, OwnArgs, PlaceArgs, below, resolver},
    runtime,
    settings::Set,
};
use clap::Args;
use flowmesh_host::{
    clock::SystemClock,
    gateways::{Alone, Gateways, Telemetry},
    network::{MeshNetwork, NetworkError},
    workers::Workers,
};
use flowmesh_ir::{Name, Program};
use flowmesh_mesh::Resolver;
use std::{path::PathBuf, sync::Arc};

/// What it needs to be told.
#[derive(Args)]
pub(crate) struct Standing {
    /// The program, `.flow` or compiled `.json`
    pub(crate) file: PathBuf,
    #[command(flatten)]
    set: Set,
    #[command(flatten)]
    pub(crate) own: OwnArgs,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    names: NameArgs,
    /// Write a line of JSON for each visit to this file, behind what is there; `-` is standard output
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    #[command(flatten)]
    admin: AdminArgs,
}

/// How one kind of it is made, and what it says when it stands.
pub(crate) trait Kind {
    /// What it is made of; calls to other servers go by `network`, and `telemetry` hears of visits.
    fn made(&self, program: &Program, network: &MeshNetwork, telemetry: Telemetry) -> Result<Alone, Error>;

    /// The service beside which it stands, as it is called on this machine.
    fn beside(&self) -> Option<Name>;

    /// Says where it listens.
    fn announce(&self, program: &Program, gateways: &Gateways);
}

impl Standing {
    /// Stands until interrupted.
    pub(crate) fn stand(&self, kind: &impl Kind) -> Result<Exit, Error> {
        let (mut files, program) = Files::load(&self.file)?;
        runtime::block_on(async {
            let resolver = resolver(&self.names)?;
            let telemetry = self.admin.telemetry()?;
            let network = self.network(kind, &program, &resolver)?;
            let alone = kind.made(&program, &network, telemetry.clone())?;
            self.deploy(kind, &alone, &program, &resolver)?;
            // Who looks after it may ask before the first visitor comes.
            let attended = self.admin.attend(alone.watched()).await?;
            let options = doors::options(self.access_log.as_deref(), String::new())?;
            let gateways = alone.open(options).await.map_err(|why| doors::unopened(&why))?;
            kind.announce(&program, &gateways);
            if let Some(attended) = &attended {
                attended.open();
            }
            let mut interrupted = std::pin::pin!(runtime::interrupted());
            loop {
                let changed = tokio::select! {
                    changed = files.changed(&self.file) => changed,
                    () = &mut interrupted => break,
                };
                match changed.and_then(|program| self.deploy(kind, &alone, &program, &resolver)) {
                    Ok(()) => draw::say("the program has changed; visitors are led as it says now"),
                    Err(why) => {
                        draw::error(&why, false);
                        draw::say("the program has changed; visitors are led as before");
                    }
                }
            }
            draw::say("stopping; requests on their way are answered");
            self.admin.drain(attended.as_ref()).await;
            gateways.close().await;
            telemetry.close().await;
            if let Some(attended) = attended {
                attended.close().await;
            }
            Ok(Exit::Ok)
        })
    }

    fn network(
        &self,
        kind: &impl Kind,
        program: &Program,
        resolver: &Arc<dyn Resolver>,
    ) -> Result<MeshNetwork, Error> {
        let (_, secrets) = self.set.values(program)?;
        let clock = Arc::new(SystemClock);
        let workers = Workers::new(clock.clone());
        let network = MeshNetwork::new(resolver.clone(), secrets, clock, workers);
        let network = network
            .showing(self.own.read()?)
            .standing(self.place.zone.clone());
        Ok(match kind.beside() {
            Some(service) => network.beside(service),
            None => network,
        })
    }

    fn deploy(
        &self,
        kind: &impl Kind,
        alone: &Alone,
        program: &Program,
        resolver: &Arc<dyn Resolver>,
    ) -> Result<(), Error> {
        let (network, settings) = (
            self.network(kind, program, resolver)?,
            self.set.settings(program)?,
        );
        let deployed = alone.deploy(&network, program.clone(), settings);
        deployed.map_err(|why| unconnected(&why))
    }
}

pub(crate) fn unconnected(why: &NetworkError) -> Error {
    below(why.code, why, why.help.clone(), Exit::Usage)
}
