//! Addresses that name a Service of the cluster.

/// A Service and one of its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServicePort {
    /// Its name.
    pub(crate) name: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// The domain of the cluster.
    pub(crate) domain: String,
    /// The number of the port that callers in the cluster name.
    pub(crate) port: u16,
    /// What is there where it is no Service, but a host outside of the cluster, whose name is [`Self::name`].
    pub(crate) outside: Option<Outside>,
}

/// A host outside of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    /// Whether it speaks TLS.
    pub(crate) secure: bool,
    /// Where it listens.
    pub(crate) port: u16,
}

/// The domain that clusters have where nobody says another.
pub(crate) const DOMAIN: &str = "cluster.local";

impl ServicePort {
    /// The whole name of a Service beside this one: `pay.shop.svc.cluster.local`.
    pub(crate) fn host_of(&self, name: &str) -> String {
        format!("{name}.{}.svc.{}", self.namespace, self.domain)
    }

    /// Its whole name.
    pub(crate) fn host(&self) -> String {
        match self.outside {
            Some(_) => self.name.clone(),
            None => self.host_of(&self.name),
        }
    }
}

/// Reads the address of a host outside of the cluster, for objects in a namespace: `https://api.example.com`,
/// `http://api.example.com:8080`, `dns://api.example.com:8080`. Callers in the cluster go to a host with TLS without it, at
/// port 80: the mesh adds it. Nothing where the address names no host by a domain.
pub(crate) fn outside(address: &str, namespace: &str) -> Option<ServicePort> {
    let (scheme, rest) = address.split_once("://")?;
    let (secure, usual) = match scheme {
        "https" => (true, Some(443)),
        "http" => (false, Some(80)),
        "dns" => (false, None),
        _ => return None,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
        None => (authority, usual?),
    };
    let label = |label: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.len() <= 63 && label.chars().all(plain)
    };
    let labels: Vec<&str> = host.split('.').collect();
    let last = labels.last()?;
    let named = labels.len() > 1 && last.chars().any(|c| c.is_ascii_lowercase());
    let whole = host.len() <= 253 && labels.iter().all(|it| label(it));
    (named && whole).then(|| ServicePort {
        name: host.to_owned(),
        namespace: namespace.to_owned(),
        domain: DOMAIN.to_owned(),
        port: if secure { 80 } else { port },
        outside: Some(Outside { secure, port }),
    })
}

/// Reads `dns://name.namespace.svc.cluster.local:port`; the cluster's domain may be another or missing.
///
/// # Errors
/// Why no route can be attached to what the address names.
pub(crate) fn service_port(address: &str) -> Result<ServicePort, &'static str> {
    let rest = match address.split_once("://") {
        Some(("dns", rest)) => rest,
        Some(("http" | "https", _)) => return Err("the mesh does not stand before a fixed address"),
        Some(("srv", _)) => {
            return Err("a route needs the number of a port, which SRV records only give later");
        }
        _ => return Err("it is no address of a Service"),
    };
    if rest.contains('/') {
        return Err("a route leads to a Service, and not to a path of it");
    }
    let (host, port) = rest.rsplit_once(':').ok_or("it names no port")?;
    let port = port
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or("its port is not a number up to 65535")?;
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    match labels.as_slice() {
        [name, namespace, "svc", domain @ ..] if is_label(name) && is_label(namespace) => Ok(ServicePort {
            name: (*name).to_owned(),
            namespace: (*namespace).to_owned(),
            domain: match domain {
                [] => DOMAIN.to_owned(),
                labels => labels.join("."),
            },
            port,
            outside: None,
        }),
        _ => Err("its host is not of the form `name.namespace.svc`"),
    }
}

/// A label of RFC 1035, as the names of Services are: lower-case letters, digits and `-`, a letter first, at most 63.
pub(crate) fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::{Outside, ServicePort, outside, service_port};

    #[test]
    fn services_are_found_by_their_names_in_the_cluster() {
        for (host, domain) in [
            ("pay-v1.shop.svc", "cluster.local"),
            ("pay-v1.shop.svc.cluster.local", "cluster.local"),
            ("pay-v1.shop.svc.corp.example.", "corp.example"),
        ] {
            let pay = ServicePort {
                name: "pay-v1".to_owned(),
                namespace: "shop".to_owned(),
                domain: domain.to_owned(),
                port: 8080,
                outside: None,
            };
            assert_eq!(service_port(&format!("dns://{host}:8080")), Ok(pay));
        }
    }

    #[test]
    fn what_is_no_service_is_refused() {
        let refused = [
            "http://127.0.0.1:80",
            "srv://_http._tcp.pay.shop.svc",
            "dns://pay.shop.svc",
            "dns://pay.shop.svc:80/v1",
            "dns://pay.shop.svc:0",
            "dns://pay.shop.svc:70000",
            "dns://pay.shop:80",
            "dns://pay.example.com:80",
            "dns://Pay.shop.svc:80",
            "dns://1pay.shop.svc:80",
            "pay",
        ];
        for address in refused {
            assert!(service_port(address).is_err(), "{address}");
        }
    }

    #[test]
    fn hosts_outside_are_asked_for_without_tls() {
        let found = |address| outside(address, "shop").map(|place| (place.host(), place.port, place.outside));
        let there = |secure, port| Some(Outside { secure, port });
        let host = || "api.example.com".to_owned();
        assert_eq!(
            found("https://api.example.com"),
            Some((host(), 80, there(true, 443)))
        );
        assert_eq!(
            found("https://api.example.com:8443/"),
            Some((host(), 80, there(true, 8443)))
        );
        assert_eq!(
            found("http://api.example.com"),
            Some((host(), 80, there(false, 80)))
        );
        assert_eq!(
            found("dns://api.example.com:9000"),
            Some((host(), 9000, there(false, 9000)))
        );
        for address in [
            "dns://api.example.com",
            "http://127.0.0.1:80",
            "https://api.example.com/v1",
            "http://localhost:80",
            "http://[::1]:80",
            "srv://_http._tcp.example.com",
            "https://a..example.com",
            "https://api.example.com:0",
        ] {
            assert_eq!(found(address), None, "{address}");
        }
    }
}
