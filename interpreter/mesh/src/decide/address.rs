//! Where a service is: `http://host:port/base`, `dns://name:port`, `srv://name`.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// An address of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// What is to be resolved.
    pub place: Place,
    /// Whether it says that connections are to be safe: `https://`.
    pub secure: bool,
    /// What every path begins with: empty, or `/` and more without a `/` at the end.
    pub base: String,
}

/// What an address names, by what it takes to find it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An address of its own: nothing to resolve. `localhost`, and each name below
    /// it, is 127.0.0.1, and ::1 where nobody listens there.
    Fixed {
        /// Where to connect to.
        address: SocketAddr,
        /// Where else, if nobody listens there.
        otherwise: Option<SocketAddr>,
        /// What the header `Host` says.
        host: String,
    },
    /// A name with A and AAAA records.
    Name {
        /// The name.
        name: String,
        /// The port.
        port: u16,
    },
    /// A name with SRV records, which say ports, priorities and weights.
    Service {
        /// The name.
        name: String,
    },
}

/// Why a text is not an address: a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(pub String);

const SCHEMES: &str = "expected `http://host:port`, `https://host`, `dns://name:port` or `srv://name`";

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return wrong(format!("{SCHEMES}, found `{text}`"));
        };
        let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match scheme {
            "http" | "https" => Ok(Self {
                place: http(authority, scheme == "https")?,
                secure: scheme == "https",
                base: self::base(base)?,
            }),
            "dns" => Ok(Self {
                place: dns(authority)?,
                secure: false,
                base: self::base(base)?,
            }),
            "srv" => Ok(Self {
                place: Place::Service {
                    name: name(authority)?,
                },
                secure: false,
                base: self::base(base)?,
            }),
            other => wrong(format!("{SCHEMES}, found the scheme `{other}`")),
        }
    }
}

fn http(authority: &str, secure: bool) -> Result<Place, Wrong> {
    let (host, port) = split_port(authority)?;
    place(host, port.unwrap_or(if secure { 443 } else { 80 }), authority)
}

fn dns(authority: &str) -> Result<Place, Wrong> {
    let (host, port) = split_port(authority)?;
    let Some(port) = port else {
        return wrong(format!("expected a port, as in `dns://{host}:8080`, found none"));
    };
    place(host, port, authority)
}

fn place(host: &str, port: u16, authority: &str) -> Result<Place, Wrong> {
    let fixed = |ip, otherwise: Option<IpAddr>| Place::Fixed {
        address: SocketAddr::new(ip, port),
        otherwise: otherwise.map(|ip| SocketAddr::new(ip, port)),
        host: authority.to_owned(),
    };
    if is_localhost(host) {
        name(host)?;
        return Ok(fixed(
            Ipv4Addr::LOCALHOST.into(),
            Some(Ipv6Addr::LOCALHOST.into()),
        ));
    }
    if let Some(inside) = host.strip_prefix('[') {
        let inside = inside.strip_suffix(']').unwrap_or(inside);
        return match inside.parse::<Ipv6Addr>() {
            Ok(ip) => Ok(fixed(ip.into(), None)),
            Err(_) => wrong(format!("expected an IPv6 address in brackets, found `{inside}`")),
        };
    }
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Ok(fixed(ip.into(), None));
    }
    Ok(Place::Name {
        name: name(host)?,
        port,
    })
}

/// `localhost` and the names below it are this machine (RFC 6761).
fn is_localhost(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

/// Splits `host:port`; the host keeps its brackets.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), Wrong> {
    if authority.contains('@') {
        return wrong("user names and passwords do not stand in an address; use `auth:`".to_owned());
    }
    let after_brackets = authority.rfind(']').unwrap_or(0);
    let (host, port) = match authority.rfind(':').filter(|at| *at >= after_brackets) {
        Some(at) => {
            let (host, port) = authority.split_at(at);
            (host, Some(port.strip_prefix(':').unwrap_or(port)))
        }
        None => (authority, None),
    };
    if host.contains(':') && !host.starts_with('[') {
        return wrong(format!(
            "an IPv6 address stands in brackets, as in `http://[::1]:8080`, found `{authority}`"
        ));
    }
    let Some(port) = port else {
        return Ok((host, None));
    };
    match port.parse::<u16>().ok().filter(|port| *port > 0) {
        Some(port) => Ok((host, Some(port))),
        None => wrong(format!("expected a port from 1 to 65535, found `{port}`")),
    }
}

/// A domain name; `_` is allowed, since names of services begin with it.
fn name(text: &str) -> Result<String, Wrong> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if bare.len() > 253 || !bare.split('.').all(label_fits) {
        return wrong(format!("expected a domain name, found `{text}`"));
    }
    Ok(text.to_owned())
}

fn base(path: &str) -> Result<String, Wrong> {
    let path = path.trim_end_matches('/');
    let fits = |c: &char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%".contains(*c);
    match path.chars().find(|c| !fits(c)) {
        Some(c) => wrong(format!(
            "expected an encoded path without query after the host, found {c:?}"
        )),
        None => Ok(path.to_owned()),
    }
}

fn wrong<T>(sentence: String) -> Result<T, Wrong> {
    Err(Wrong(sentence))
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed { host, .. } => f.write_str(host),
            Self::Name { name, port } => write!(f, "{name}:{port}"),
            Self::Service { name } => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str) -> String {
        match Address::parse(text).unwrap().place {
            Place::Fixed { address, .. } => address.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn refused(text: &str) -> String {
        Address::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn literals_need_no_names() {
        assert_eq!(fixed("http://127.0.0.1:7002"), "127.0.0.1:7002");
        assert_eq!(fixed("http://10.0.0.1"), "10.0.0.1:80");
        assert_eq!(fixed("http://[::1]:8080/api"), "[::1]:8080");
        assert_eq!(fixed("http://[2001:db8::7]"), "[2001:db8::7]:80");
        assert_eq!(fixed("dns://10.0.0.1:81"), "10.0.0.1:81");
    }

    #[test]
    fn localhost_is_the_ipv4_loopback_and_else_the_ipv6_one() {
        let Place::Fixed {
            address,
            otherwise,
            host,
        } = Address::parse("http://localhost:7002").unwrap().place
        else {
            panic!("localhost is not looked up");
        };
        assert_eq!(address.to_string(), "127.0.0.1:7002");
        assert_eq!(otherwise.unwrap().to_string(), "[::1]:7002");
        assert_eq!(host, "localhost:7002");
        assert_eq!(fixed("http://acme.localhost:7002"), "127.0.0.1:7002");
    }

    #[test]
    fn safe_ones_have_a_port_of_their_own() {
        let of = |text: &str| Address::parse(text).map(|address| (fixed(text), address.secure));
        assert_eq!(
            of("https://127.0.0.1").unwrap(),
            ("127.0.0.1:443".to_owned(), true)
        );
        assert_eq!(
            of("https://127.0.0.1:8443").unwrap(),
            ("127.0.0.1:8443".to_owned(), true)
        );
        assert_eq!(
            of("http://127.0.0.1").unwrap(),
            ("127.0.0.1:80".to_owned(), false)
        );
    }

    #[test]
    fn names_are_resolved() {
        let named = Place::Name {
            name: "shop.svc.local".to_owned(),
            port: 8080,
        };
        assert_eq!(Address::parse("dns://shop.svc.local:8080").unwrap().place, named);
        assert_eq!(Address::parse("http://shop.svc.local:8080").unwrap().place, named);
        let service = Place::Service {
            name: "_http._tcp.pay.service.consul".to_owned(),
        };
        assert_eq!(
            Address::parse("srv://_http._tcp.pay.service.consul")
                .unwrap()
                .place,
            service
        );
    }

    #[test]
    fn a_base_is_kept_without_the_last_slash() {
        assert_eq!(Address::parse("http://a:1/").unwrap().base, "");
        assert_eq!(Address::parse("http://a:1/v1/").unwrap().base, "/v1");
    }

    #[test]
    fn wrong_ones_are_refused_with_a_sentence() {
        assert!(refused("payments:7002").starts_with("expected `http://host:port`"));
        assert!(refused("ftp://a").ends_with("found the scheme `ftp`"));
        assert_eq!(
            refused("dns://a"),
            "expected a port, as in `dns://a:8080`, found none"
        );
        assert_eq!(
            refused("http://a:0"),
            "expected a port from 1 to 65535, found `0`"
        );
        assert_eq!(
            refused("http://a:x"),
            "expected a port from 1 to 65535, found `x`"
        );
        assert_eq!(refused("http://:80"), "expected a domain name, found ``");
        assert_eq!(refused("srv://a:80"), "expected a domain name, found `a:80`");
        assert!(refused("http://::1:80").starts_with("an IPv6 address stands in brackets"));
        assert!(refused("http://[::g]:80").starts_with("expected an IPv6 address in brackets"));
        assert!(refused("http://me:secret@a").starts_with("user names and passwords"));
        assert!(!refused("http://me:secret@a").contains("secret"));
        assert!(refused("http://a/b?c").starts_with("expected an encoded path without query"));
    }
}
