//! Which DNS servers are asked for which names, and how: one of them for all below a zone, as a Consul agent is for `consul`.

use super::Hickory;
use crate::{
    decide::address::Place,
    error::MeshError,
    wire::resolver::{Resolver, Resolving},
};
use rustls::pki_types::ServerName;
use std::{net::SocketAddr, path::Path, str::FromStr};

/// A DNS server: `10.0.0.1:53`; `tls://10.0.0.1:853#dns.example.com` over TLS (RFC 7858); `consul=127.0.0.1:8600` for what
/// is below a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// For which names; `None` is for all that no other zone is for.
    pub zone: Option<String>,
    /// Where it is.
    pub address: SocketAddr,
    /// Whose certificate it shows, where it is asked over TLS.
    pub secure: Option<String>,
}

/// Several servers, each group for its zone.
pub struct NameServers {
    /// In lower case, without the dot at the end.
    zones: Vec<(String, Hickory)>,
    others: Hickory,
}

impl FromStr for NameServer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "expected a DNS server such as `10.0.0.1:53`, `tls://10.0.0.1:853#dns.example.com`, or `consul=127.0.0.1:8600` for one zone";
        let (zone, address) = match text.split_once('=') {
            Some((zone, address)) => (Some(zone), address),
            None => (None, text),
        };
        let zone = zone.map(|zone| zone.trim_end_matches('.').to_ascii_lowercase());
        if zone.as_ref().is_some_and(|zone| !is_name(zone)) {
            return Err(FORM);
        }
        let (address, secure) = match address.strip_prefix("tls://") {
            None => (address, None),
            Some(rest) => {
                let (address, name) = rest.split_once('#').unwrap_or((rest, ""));
                (address, Some(name))
            }
        };
        let address: SocketAddr = address.parse().map_err(|_| FORM)?;
        let secure = secure.map(|name| match name {
            "" => address.ip().to_string(),
            name => name.to_owned(),
        });
        if secure
            .as_ref()
            .is_some_and(|name| ServerName::try_from(name.as_str()).is_err())
        {
            return Err(FORM);
        }
        Ok(Self {
            zone,
            address,
            secure,
        })
    }
}

/// Whether it is a domain name.
pub(super) fn is_name(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(sign);
    text.len() <= 253 && text.split('.').all(is_label)
}

impl NameServers {
    /// Asks these servers; for what is in no zone, where no server is for all names, those of the system. What is not
    /// found as it stands is looked for below each of the `search` domains.
    ///
    /// Servers over TLS are believed under the `authority`, a file, or those that the system trusts.
    ///
    /// # Errors
    /// If there is nobody to ask, or the authority cannot be read.
    pub fn new(
        servers: &[NameServer],
        search: &[String],
        authority: Option<&Path>,
    ) -> Result<Self, MeshError> {
        let of = |zone: Option<&String>| -> Vec<&NameServer> {
            let of_zone = servers.iter().filter(|server| server.zone.as_ref() == zone);
            of_zone.collect()
        };
        let others = of(None);
        let others = match others.is_empty() {
            true => Hickory::system_searching(search)?,
            false => Hickory::asking(&others, search, authority)?,
        };
        let mut zones: Vec<(String, Hickory)> = Vec::new();
        for zone in servers.iter().filter_map(|server| server.zone.as_ref()) {
            if !zones.iter().any(|(known, _)| known == zone) {
                zones.push((zone.clone(), Hickory::asking(&of(Some(zone)), &[], authority)?));
            }
        }
        // The nearest zone is asked.
        zones.sort_by_key(|(zone, _)| std::cmp::Reverse(zone.len()));
        Ok(Self { zones, others })
    }

    fn of(&self, name: &str) -> &Hickory {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let mut zones = self.zones.iter();
        let found = zones.find(|(zone, _)| {
            let above = name.strip_suffix(zone.as_str());
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        });
        found.map_or(&self.others, |(_, hickory)| hickory)
    }
}

impl Resolver for NameServers {
    fn resolve<'a>(&'a self, place: &'a Place) -> Resolving<'a> {
        match place {
            Place::Name { name, .. } | Place::Service { name } => self.of(name).resolve(place),
            Place::Fixed { .. } => self.others.resolve(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_for_all_names_or_for_a_zone() {
        let server: NameServer = "10.0.0.1:53".parse().unwrap();
        assert_eq!(
            (server.zone, server.address.to_string()),
            (None, "10.0.0.1:53".to_owned())
        );
        let server: NameServer = "Service.Consul.=[::1]:8600".parse().unwrap();
        assert_eq!(server.zone.as_deref(), Some("service.consul"));
        let server: NameServer = "tls://10.0.0.1:853#dns.example.com".parse().unwrap();
        assert_eq!(server.secure.as_deref(), Some("dns.example.com"));
        let server: NameServer = "test=tls://[::1]:853".parse().unwrap();
        assert_eq!(
            (server.zone.as_deref(), server.secure.as_deref()),
            (Some("test"), Some("::1"))
        );
        for wrong in [
            "tls://10.0.0.1",
            "tls://10.0.0.1:853#a b",
            "",
            "10.0.0.1",
            "a b=10.0.0.1:53",
            "=10.0.0.1:53",
            "consul=",
            "consul=x:53",
        ] {
            assert!(wrong.parse::<NameServer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_nearest_zone_is_asked() {
        let server = |text: &str| text.parse::<NameServer>().unwrap();
        let servers = [
            server("127.0.0.1:1"),
            server("consul=127.0.0.1:2"),
            server("dc1.consul=127.0.0.1:3"),
        ];
        let asked = NameServers::new(&servers, &[], None).unwrap();
        let of = |name: &str| asked.of(name).servers.clone();
        assert_eq!(of("web.service.consul"), "127.0.0.1:2");
        assert_eq!(of("Web.Service.DC1.consul."), "127.0.0.1:3");
        assert_eq!(of("consul"), "127.0.0.1:2");
        assert_eq!(of("notconsul"), "127.0.0.1:1");
        assert_eq!(of("shop.test"), "127.0.0.1:1");
    }
}
