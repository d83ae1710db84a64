//! Who looks after what stands there: a listener for probes, for what is measured, and for those who may see visits.

use crate::{
    draw,
    error::Error,
    house::unheard,
    telemetry::{DrainArgs, TelemetryArgs},
};
use clap::Args;
use flowmesh_host::{
    gateways::{Telemetry, Watched},
    server::{Admin, Attended, Identity, identity::Tokens},
};
use std::{net::SocketAddr, path::PathBuf};

/// What it is told of visits, and who may ask.
#[derive(Args)]
pub(super) struct AdminArgs {
    #[command(flatten)]
    telemetry: TelemetryArgs,
    /// Say at this address whether it is alive (/healthz) and visitors may be sent to it (/readyz), and how it does
    /// (/metrics, for Prometheus); nobody is asked who they are there
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Let those with a token of this file (see `flowmesh token`) see visits at that address: `flowmesh tap --server URL`,
    /// `explain REQUEST`, `trace REQUEST`; without it, none are kept
    #[arg(long, value_name = "FILE", requires = "admin")]
    tokens: Option<PathBuf>,
    #[command(flatten)]
    drain: DrainArgs,
}

impl AdminArgs {
    /// Who hears of visits. None are kept where nobody could see them.
    pub(super) fn telemetry(&self) -> Result<Telemetry, Error> {
        let seen = self.tokens.is_some();
        let kept = if seen { self.telemetry.visits() } else { 0 };
        Ok(Telemetry::new(self.telemetry.sink()?, kept))
    }

    /// Listens for those who look after it, where that is wanted.
    pub(super) async fn attend(&self, watched: Watched) -> Result<Option<Attended>, Error> {
        let Some(address) = self.admin else {
            return Ok(None);
        };
        let identity = self.tokens.clone().map(|file| Identity {
            tokens: Some(Tokens::new(file)),
            oidc: None,
            required: true,
        });
        let admin = Admin::bind(address, identity)
            .await
            .map_err(|why| unheard(&why))?;
        draw::say(format!(
            "  looked after at http://{}",
            admin.address().unwrap_or(address)
        ));
        Ok(Some(admin.attend(watched)))
    }

    /// Says for a while that it is about to stop.
    pub(super) async fn drain(&self, attended: Option<&Attended>) {
        if let Some(attended) = attended {
            attended.drain();
            tokio::time::sleep(self.drain.drain).await;
        }
    }
}
