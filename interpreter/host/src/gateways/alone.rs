//! Gateways of a process that keeps no runs itself: visitors who want a run are led to a server that does.

use super::{
    Beside, Gateways, GatewaysOptions, Setting, Sides, Telemetry, Watched,
    error::GatewayError,
    place::{Nowhere, Place},
    remote::{Remote, There},
};
use crate::{
    driver::Live,
    engine::Deployment,
    network::{Network, NetworkError, share},
};
use flowmesh_ir::{Code, Program, access::Mtls};
use flowmesh_machine::Settings;
use flowmesh_mesh::Shares;
use std::sync::{Arc, PoisonError};
use tokio::sync::watch;

/// A program whose gateways are open, and whose runs are elsewhere.
pub struct Alone {
    place: Arc<dyn Place>,
    /// Who lends of limits that are shared.
    shares: Option<Shares>,
    beside: Option<Beside>,
    sides: Sides,
    telemetry: Telemetry,
    live: watch::Sender<Option<Live>>,
}

impl Alone {
    /// Nothing is open yet. `remote` is where runs are started, if anywhere, and asked by `network`; it keeps the limits
    /// that are shared. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// If the address of the server is none.
    pub fn new(
        network: &dyn Network,
        remote: Option<Remote>,
        telemetry: Telemetry,
    ) -> Result<Self, NetworkError> {
        let there = remote.map(|remote| There::new(network, remote, telemetry.clone()));
        let there = there.transpose()?.map(Arc::new);
        let shares = there.clone().map(|there| {
            let draw = (u128::from(there.draw()) << 64) | u128::from(there.draw());
            Shares::there(there, draw)
        });
        let place: Arc<dyn Place> = match there {
            Some(there) => there,
            None => Arc::new(Nowhere),
        };
        Ok(Self {
            place,
            shares,
            beside: None,
            sides: Sides::default(),
            telemetry,
            live: watch::Sender::new(None),
        })
    }

    /// A proxy beside a service, instead of the gateways of the program.
    #[must_use]
    pub fn beside(self, beside: Beside) -> Self {
        Self {
            place: Arc::new(Nowhere),
            beside: Some(beside),
            ..self
        }
    }

    /// What those see who look after it.
    #[must_use]
    pub fn watched(&self) -> Watched {
        Watched {
            telemetry: self.telemetry.clone(),
            live: self.live.subscribe(),
        }
    }

    /// From now on, visitors are led as this program says, and its services called by `network`. The one before holds if this one cannot.
    ///
    /// # Errors
    /// If it asks for what there is not: an address that is none, a secret that nobody gave.
    pub fn deploy(
        &self,
        network: &dyn Network,
        program: Program,
        settings: Settings,
    ) -> Result<(), NetworkError> {
        let program = self.placed(program, &settings)?;
        let deployment = Arc::new(Deployment::new(program, settings));
        let caller = network.connect(&deployment)?;
        match &self.shares {
            Some(shares) => share(caller.as_ref(), shares),
            None if self.is_sharing(&deployment.program) => return Err(unshared()),
            None => {}
        }
        self.live.send_replace(Some(Live { deployment, caller }));
        Ok(())
    }

    /// Whether limits that hold here are shared.
    fn is_sharing(&self, program: &Program) -> bool {
        program.shares_calls() || (self.beside.is_none() && program.shares_visits())
    }

    /// The program, with the gateways beside the service where there is one.
    fn placed(&self, program: Program, settings: &Settings) -> Result<Program, NetworkError> {
        let Some(beside) = &self.beside else {
            return Ok(program);
        };
        let permissive = program.mesh.mtls == Some(Mtls::Permissive);
        let names = program.services.iter().map(|service| service.name.as_str());
        let near = flowmesh_ir::nearest(&beside.service, names).map(|near| format!("did you mean `{near}`?"));
        let placed = beside.place(program, settings).ok_or_else(|| NetworkError {
            code: Code(1076),
            message: format!("the program has no service `{}`", beside.service),
            help: near.or_else(|| Some("name the service that the proxy stands beside".to_owned())),
            place: None,
        })?;
        *self.sides.lock().unwrap_or_else(PoisonError::into_inner) = Some((placed.sides, permissive));
        Ok(placed.program)
    }

    /// Opens the gateways of what was deployed, and follows what is deployed from now on.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub async fn open(&self, mut options: GatewaysOptions) -> Result<Gateways, GatewayError> {
        options.log = Some(self.telemetry.hears(options.log.take()));
        let setting = Setting {
            place: self.place.clone(),
            sides: self.sides.clone(),
            telemetry: self.telemetry.clone(),
            options,
        };
        Gateways::follow(self.live.subscribe(), setting).await
    }
}

/// What is held together is kept by somebody.
fn unshared() -> NetworkError {
    NetworkError {
        code: Code(1076),
        message: "a limit of the program is shared, and no server is named that keeps it".to_owned(),
        help: Some(
            "name it with `--server URL`, or leave `shared` out: each process counts for itself then"
                .to_owned(),
        ),
        place: None,
    }
}
