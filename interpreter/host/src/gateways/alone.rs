//! Gateways of a process that keeps no runs itself: visitors who want a run are led to a server that does.

use super::{
    Gateways, GatewaysOptions, Setting,
    error::GatewayError,
    place::{Nowhere, Place},
    remote::{Remote, There},
};
use crate::{
    driver::Live,
    engine::Deployment,
    network::{Network, NetworkError},
};
use flowmesh_ir::Program;
use flowmesh_machine::Settings;
use std::sync::Arc;
use tokio::sync::watch;

/// A program whose gateways are open, and whose runs are elsewhere.
pub struct Alone {
    place: Arc<dyn Place>,
    live: watch::Sender<Option<Live>>,
}

impl Alone {
    /// Nothing is open yet. `remote` is where runs are started, if anywhere, and asked by `network`.
    ///
    /// # Errors
    /// If the address of the server is none.
    pub fn new(network: &dyn Network, remote: Option<Remote>) -> Result<Self, NetworkError> {
        let place: Arc<dyn Place> = match remote {
            Some(remote) => Arc::new(There::new(network, remote)?),
            None => Arc::new(Nowhere),
        };
        Ok(Self {
            place,
            live: watch::Sender::new(None),
        })
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
        let deployment = Arc::new(Deployment::new(program, settings));
        let caller = network.connect(&deployment)?;
        self.live.send_replace(Some(Live { deployment, caller }));
        Ok(())
    }

    /// Opens the gateways of what was deployed, and follows what is deployed from now on.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub async fn open(&self, options: GatewaysOptions) -> Result<Gateways, GatewayError> {
        let setting = Setting {
            place: self.place.clone(),
            options,
        };
        Gateways::follow(self.live.subscribe(), setting).await
    }
}
