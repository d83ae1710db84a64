//! Looks names up with hickory.

use super::resolver::{Found, Resolver, Resolving, Unresolved};
use crate::{
    decide::{address::Place, endpoints::Target},
    error::MeshError,
};
use hickory_resolver::{
    TokioResolver,
    config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{op::ResponseCode, rr::RData},
};
use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

/// How long a server may take. It is asked twice, and after that again whenever the name is needed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks names up with hickory: A and AAAA records, or SRV records with their targets.
///
/// It keeps nothing itself: whoever asks does so when the last answer is no longer valid.
pub struct Hickory {
    resolver: TokioResolver,
    /// Who is asked, for messages.
    servers: String,
}

impl Hickory {
    /// Asks the servers that the system is configured for (`/etc/resolv.conf`), after `/etc/hosts`.
    pub fn system() -> Result<Self, MeshError> {
        let (config, options) =
            hickory_resolver::system_conf::read_system_conf().map_err(|error| MeshError::NoResolver {
                why: error.to_string(),
            })?;
        let servers: Vec<_> = config.name_servers().iter().map(|server| server.ip).collect();
        Self::new(config, options, servers.iter().map(IpAddr::to_string))
    }

    /// Asks these servers, in the order in which they answer best.
    pub fn servers(servers: &[SocketAddr]) -> Result<Self, MeshError> {
        let config = servers.iter().map(|server| {
            let mut config = NameServerConfig::udp_and_tcp(server.ip());
            config
                .connections
                .iter_mut()
                .for_each(|connection| connection.port = server.port());
            config
        });
        let config = ResolverConfig::from_name_servers(config.collect());
        Self::new(
            config,
            ResolverOpts::default(),
            servers.iter().map(SocketAddr::to_string),
        )
    }

    fn new(
        config: ResolverConfig,
        options: ResolverOpts,
        asked: impl Iterator<Item = String>,
    ) -> Result<Self, MeshError> {
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let set = builder.options_mut();
        *set = options;
        set.cache_size = 0;
        set.timeout = set.timeout.min(PATIENCE);
        set.attempts = set.attempts.min(1);
        set.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        let resolver = builder.build().map_err(|error| MeshError::NoResolver {
            why: error.to_string(),
        })?;
        Ok(Self {
            resolver,
            servers: asked.collect::<Vec<_>>().join(", "),
        })
    }

    async fn addresses(&self, name: &str) -> Result<(Vec<IpAddr>, Duration), Unresolved> {
        let found = self
            .resolver
            .lookup_ip(name)
            .await
            .map_err(|error| self.why(name, "A or AAAA", &error))?;
        let addresses = reachable(found.iter().collect());
        Ok((addresses, valid_for(found.valid_until())))
    }

    async fn name(&self, name: &str, port: u16) -> Result<Found, Unresolved> {
        let (addresses, valid_for) = self.addresses(name).await?;
        let targets = targets(&addresses, name, port, 0, 1);
        Ok(Found { targets, valid_for })
    }

    async fn service(&self, name: &str) -> Result<Found, Unresolved> {
        let found = self
            .resolver
            .srv_lookup(name)
            .await
            .map_err(|error| self.why(name, "SRV", &error))?;
        let mut valid = valid_for(found.valid_until());
        let mut all = Vec::new();
        let mut failed = None;
        for record in found.answers() {
            let RData::SRV(srv) = &record.data else {
                continue;
            };
            // A lone `.` says that the service is decidedly not available here (RFC 2782).
            if srv.target.is_root() {
                continue;
            }
            match self.addresses(&srv.target.to_utf8()).await {
                Ok((addresses, target_valid)) => {
                    let host = srv.target.to_utf8();
                    let host = host.trim_end_matches('.');
                    all.extend(targets(
                        &addresses,
                        host,
                        srv.port,
                        srv.priority,
                        u32::from(srv.weight),
                    ));
                    valid = valid.min(target_valid);
                }
                Err(why) => failed = Some(why),
            }
        }
        if all.is_empty() {
            return Err(failed.unwrap_or_else(|| Unresolved(format!("`{name}` names no target"))));
        }
        Ok(Found {
            targets: all,
            valid_for: valid,
        })
    }

    fn why(&self, name: &str, records: &str, error: &NetError) -> Unresolved {
        let servers = &self.servers;
        Unresolved(match error {
            NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NXDomain => {
                format!("the DNS server {servers} knows no name `{name}`")
            }
            NetError::Dns(DnsError::NoRecordsFound(_)) => {
                format!("the DNS server {servers} has no {records} records for `{name}`")
            }
            NetError::Timeout | NetError::NoConnections | NetError::Io(_) => {
                format!("the DNS server {servers} did not answer when asked for `{name}`")
            }
            other => format!("the DNS server {servers} failed when asked for `{name}`: {other}"),
        })
    }
}

impl Resolver for Hickory {
    fn resolve<'a>(&'a self, place: &'a Place) -> Resolving<'a> {
        Box::pin(async move {
            match place {
                Place::Name { name, port } => self.name(name, *port).await,
                Place::Service { name } => self.service(name).await,
                Place::Fixed { host, .. } => Err(Unresolved(format!("`{host}` is not a name"))),
            }
        })
    }
}

fn targets(addresses: &[IpAddr], name: &str, port: u16, priority: u16, weight: u32) -> Vec<Target> {
    let host: std::sync::Arc<str> = format!("{name}:{port}").into();
    let target = |ip: &IpAddr| Target {
        address: SocketAddr::new(*ip, port),
        otherwise: None,
        host: host.clone(),
        priority,
        weight,
    };
    addresses.iter().map(target).collect()
}

/// Without the addresses that this machine has no route to, unless these are all: a name with AAAA records must not make
/// every second call fail where there is no IPv6. Connecting a UDP socket asks the routing table and sends nothing.
fn reachable(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let routed = |ip: &IpAddr| {
        let any = match ip {
            IpAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
            IpAddr::V6(_) => SocketAddr::from(([0; 16], 0)),
        };
        UdpSocket::bind(any)
            .and_then(|socket| socket.connect(SocketAddr::new(*ip, 9)))
            .is_ok()
    };
    let (routed, others): (Vec<_>, Vec<_>) = addresses.into_iter().partition(routed);
    if routed.is_empty() { others } else { routed }
}

fn valid_for(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
