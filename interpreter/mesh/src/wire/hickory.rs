//! Looks names up with hickory.

mod servers;

pub use servers::{NameServer, NameServers};

use super::resolver::{Found, Resolver, Resolving, Unresolved};
use crate::{
    decide::{address::Place, endpoints::Target},
    error::MeshError,
    tls::client::believing,
};
use futures_util::future::join_all;
use hickory_resolver::{
    TokioResolver,
    config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, Record, rdata::SRV},
    },
};
use rustls::ClientConfig;
use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
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
    ///
    /// # Errors
    /// If the system is not configured for any.
    pub fn system() -> Result<Self, MeshError> {
        Self::system_searching(&[])
    }

    /// The same, and below further domains than the system is configured for.
    fn system_searching(search: &[String]) -> Result<Self, MeshError> {
        let (mut config, options) =
            hickory_resolver::system_conf::read_system_conf().map_err(|error| MeshError::NoResolver {
                why: error.to_string(),
            })?;
        look_below(&mut config, search)?;
        let servers: Vec<_> = config.name_servers().iter().map(|server| server.ip).collect();
        Self::new((config, None), options, servers.iter().map(IpAddr::to_string))
    }

    /// Asks these servers, in the order in which they answer best.
    ///
    /// # Errors
    /// If none is named.
    pub fn servers(servers: &[SocketAddr]) -> Result<Self, MeshError> {
        let servers: Vec<_> = servers
            .iter()
            .map(|address| NameServer {
                zone: None,
                address: *address,
                secure: None,
            })
            .collect();
        Self::asking(&servers.iter().collect::<Vec<_>>(), &[], None)
    }

    fn asking(
        servers: &[&NameServer],
        search: &[String],
        authority: Option<&Path>,
    ) -> Result<Self, MeshError> {
        if servers.is_empty() {
            return Err(MeshError::NoResolver {
                why: "no server is named".to_owned(),
            });
        }
        let config = servers.iter().map(|server| {
            let ip = server.address.ip();
            let mut config = match &server.secure {
                None => NameServerConfig::udp_and_tcp(ip),
                Some(name) => NameServerConfig::tls(ip, name.as_str().into()),
            };
            config
                .connections
                .iter_mut()
                .for_each(|connection| connection.port = server.address.port());
            config
        });
        let mut config = ResolverConfig::from_name_servers(config.collect());
        look_below(&mut config, search)?;
        let some_secure = servers.iter().any(|server| server.secure.is_some());
        let tls = some_secure.then(|| believing(authority)).transpose();
        let tls = tls.map_err(|error| MeshError::NoResolver {
            why: error.to_string(),
        })?;
        Self::new(
            (config, tls),
            ResolverOpts::default(),
            servers.iter().map(|server| server.address.to_string()),
        )
    }

    fn new(
        (config, tls): (ResolverConfig, Option<ClientConfig>),
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
        if let Some(tls) = tls {
            builder = builder.with_tls_config(tls);
        }
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
        // A lone `.` says that the service is decidedly not available here (RFC 2782).
        let records = found.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) if !srv.target.is_root() => Some(srv),
            _ => None,
        });
        let looked_up = join_all(records.map(|srv| self.targets_of(srv, found.additionals()))).await;
        let mut all = Found {
            targets: Vec::new(),
            valid_for: valid_for(found.valid_until()),
        };
        let mut failed = None;
        for found in looked_up {
            match found {
                Ok(found) => {
                    all.targets.extend(found.targets);
                    all.valid_for = all.valid_for.min(found.valid_for);
                }
                Err(why) => failed = Some(why),
            }
        }
        if all.targets.is_empty() {
            return Err(failed.unwrap_or_else(|| Unresolved(format!("`{name}` names no target"))));
        }
        Ok(all)
    }

    /// Where an SRV record leads to; servers usually send the addresses along.
    async fn targets_of(&self, srv: &SRV, along: &[Record]) -> Result<Found, Unresolved> {
        let host = srv.target.to_utf8();
        let sent = along.iter().filter(|record| record.name == srv.target);
        let sent: Vec<_> = sent
            .filter_map(|record| Some((record.data.ip_addr()?, record.ttl)))
            .collect();
        let (addresses, valid_for) = match sent.iter().map(|(_, ttl)| *ttl).min() {
            Some(ttl) => (
                reachable(sent.iter().map(|(ip, _)| *ip).collect()),
                Duration::from_secs(u64::from(ttl)),
            ),
            None => self.addresses(&host).await?,
        };
        Ok(Found {
            targets: targets(&addresses, &host, srv.port, srv.priority, srv.weight),
            valid_for,
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

/// What is not found as it stands is looked for below these domains.
fn look_below(config: &mut ResolverConfig, search: &[String]) -> Result<(), MeshError> {
    for domain in search {
        let bare = domain.trim_end_matches('.');
        let name = servers::is_name(bare).then(|| Name::from_ascii(format!("{bare}.")));
        let name = name.and_then(Result::ok);
        config.add_search(name.ok_or_else(|| MeshError::NoResolver {
            why: format!("`{domain}` is no domain to look in"),
        })?);
    }
    Ok(())
}

/// One target per address, or one for a host that has one address of each kind, which is reached by whichever answers
/// first. They share the weight of their record, which is in hundredths so that it can be shared.
fn targets(addresses: &[IpAddr], name: &str, port: u16, priority: u16, weight: u16) -> Vec<Target> {
    let host: Arc<str> = format!("{}:{port}", name.trim_end_matches('.')).into();
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let of_both = match addresses {
        [one, other] if one.is_ipv4() != other.is_ipv4() => Some(if one.is_ipv6() {
            (*one, *other)
        } else {
            (*other, *one)
        }),
        _ => None,
    };
    if let Some((first, second)) = of_both {
        return vec![Target {
            address: SocketAddr::new(first, port),
            otherwise: Some(SocketAddr::new(second, port)),
            host,
            priority,
            weight: u32::from(weight) * 100,
        }];
    }
    let target = |ip: &IpAddr| Target {
        address: SocketAddr::new(*ip, port),
        otherwise: None,
        host: host.clone(),
        priority,
        weight: u32::from(weight) * 100 / count,
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
