//! `flowmesh proxy FILE SERVICE`: beside one service, for all that it is called by and calls.

use super::gateway::{Kind, Standing, unconnected};
use crate::{command::runs::server::Server, draw, error::Error, exit::Exit};
use clap::Args;
use flowmesh_host::{
    gateways::{Alone, Beside, Gateways, Telemetry},
    network::MeshNetwork,
};
use flowmesh_ir::{Name, Program};
use std::net::SocketAddr;

/// Stand beside a service: for those who call it, and for what it calls
///
/// Whoever calls the service comes in at `--inbound`, shows a certificate, and is led to `--app` if the rules of the program
/// allow it: by flow, gateway, service, identity, and operation. What the service calls it sends to `--outbound`, as to an
/// HTTP proxy or with the name of the other service as its host: `curl http://payments/charges --proxy 127.0.0.1:15001`.
/// Balance, retries, breakers, limits and certificates are then as the program says.
#[derive(Args)]
#[command(after_help = "Examples:
  flowmesh proxy shop.flow payments --app 127.0.0.1:8080 --inbound 0.0.0.0:15006 \\
    --certificate payments.pem --certificate-key payments.key --authority ca.pem
  flowmesh proxy shop.flow shop --outbound 127.0.0.1:15001 --certificate shop.pem --certificate-key shop.key --authority ca.pem

Others are known by their certificates: flows by `spiffe://DOMAIN/flows`, a gateway by `spiffe://DOMAIN/gateway/NAME`, a
service by the `identity` of its `tls`, else by `spiffe://DOMAIN/service/NAME`; the domain is that of the own certificate.
`flowmesh ca issue` makes such certificates.

A server is asked for limits that are `shared`, and for nothing else.

It looks at the files of the program every second, as `flowmesh gateway` does.")]
pub(crate) struct Proxy {
    #[command(flatten)]
    standing: Standing,
    /// The service
    service: String,
    /// Where the service listens on this machine
    #[arg(long, value_name = "ADDRESS", requires = "inbound")]
    app: Option<SocketAddr>,
    /// Where those who call the service come in
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "app",
        required_unless_present = "outbound"
    )]
    inbound: Option<SocketAddr>,
    /// Where the service calls others; on this machine, since whoever comes in here is taken for it
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    outbound: Option<SocketAddr>,
    #[command(flatten)]
    server: Server,
}

impl Proxy {
    /// Stands there until interrupted.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        self.standing.stand(self)
    }

    fn placed(&self) -> Result<Beside, Error> {
        Ok(Beside {
            service: Name::new(&self.service),
            app: self.app.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0))),
            inbound: self.inbound,
            outbound: self.outbound,
            own: self.standing.own.read()?,
        })
    }
}

impl Kind for Proxy {
    fn made(&self, program: &Program, network: &MeshNetwork, telemetry: Telemetry) -> Result<Alone, Error> {
        let shares = program.shares_calls() || self.server.is_named();
        let remote = shares.then(|| self.server.remote()).transpose()?;
        let alone = Alone::new(network, remote, telemetry).map_err(|why| unconnected(&why))?;
        Ok(alone.beside(self.placed()?))
    }

    fn beside(&self) -> Option<Name> {
        Some(Beside::app_name(&self.service))
    }

    fn announce(&self, _: &Program, gateways: &Gateways) {
        for (name, addresses) in gateways.addresses() {
            for address in addresses {
                draw::say(format!("  {name} of {} at {address}", self.service));
            }
        }
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: Option<SocketAddr> = text.parse().ok();
    let address = address.filter(|address| address.ip().is_loopback());
    address.ok_or_else(|| "expected an address of this machine, such as `127.0.0.1:15001`".to_owned())
}
