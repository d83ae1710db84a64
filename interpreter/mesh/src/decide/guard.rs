//! Where a name may lead: whether an address that was looked up is one that the program means.
//!
//! An address that a program writes is meant as it stands. A name is meant, but whoever answers for it in DNS may be
//! anybody: so a name never leads to what no name is for (the metadata of a cloud, a link, a group), and a name of the
//! public DNS not to this machine. Where data chose the host, or somebody else's document, a name of the public DNS leads
//! to public addresses alone: else a stranger would reach what only we can, with our credentials.

use super::address::{Address, Place};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Who says the host of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The program, or whoever operates it.
    Written,
    /// What a run was given, or a document of somebody else.
    Given,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One of the internet.
    Public,
    /// One of a network of somebody's own.
    Private,
    /// This machine.
    Loopback,
    /// What no service has by a name: the metadata of a cloud, a link, a group, nobody.
    Never,
}

/// Why nobody connects to an address: a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The address.
    pub address: IpAddr,
    kind: Kind,
    said: Said,
}

/// The zones that are nobody's in the public DNS (RFC 6761, 6762, 8375, ICANN's `internal`), and those that clusters and
/// agents of discovery answer for. Who operates the program operates them.
const OWN: [&str; 11] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "test",
    "svc",
    "consul",
    "lan",
    "home",
    "corp",
    "intranet",
];

/// Whether a name may lead to an address.
///
/// # Errors
/// Why it may not.
pub fn check(name: &str, address: IpAddr, said: Said) -> Result<(), Guarded> {
    let most = match (is_own(name), said) {
        (true, Said::Written) => Kind::Loopback,
        (true, Said::Given) | (false, Said::Written) => Kind::Private,
        (false, Said::Given) => Kind::Public,
    };
    let kind = kind(address);
    match kind <= most {
        true => Ok(()),
        false => Err(Guarded { address, kind, said }),
    }
}

/// Whether a host that is an address of its own may be connected to.
///
/// # Errors
/// Why it may not.
pub fn check_literal(address: IpAddr, said: Said) -> Result<(), Guarded> {
    let kind = kind(address);
    match said == Said::Written || kind == Kind::Public {
        true => Ok(()),
        false => Err(Guarded { address, kind, said }),
    }
}

/// Whether a document of one host may name a place: on the same host it says nothing new.
#[must_use]
pub fn said_by(document: &str, place: &str) -> Said {
    let host = |text: &str| match Address::parse(text).ok()?.place {
        Place::Fixed { host, .. } => Some(host),
        Place::Name { name, port } => Some(format!("{name}:{port}")),
        Place::Service { .. } => None,
    };
    match (host(document), host(place)) {
        (Some(one), Some(other)) if one == other => Said::Written,
        _ => Said::Given,
    }
}

/// Whether a name is in a zone of whoever operates the program. One without a dot is in none that is public.
fn is_own(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let within = |zone: &str| {
        let before = name.strip_suffix(zone);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    !name.contains('.') || OWN.iter().any(|zone| within(zone))
}

/// What an address is (the registries of RFC 6890 and those after it).
#[must_use]
pub fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(four) => kind_of_four(four),
        IpAddr::V6(six) => match inside(six) {
            Some(four) => kind_of_four(four).max(kind_of_six(six)),
            None => kind_of_six(six),
        },
    }
}

fn kind_of_four(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        // Nobody, links (and the metadata of most clouds), groups, what is kept for later, all.
        [0, ..] | [169, 254, ..] | [224..=255, ..] => Kind::Never,
        // The metadata of Alibaba and of Oracle, which are no links.
        [100, 100, 100, 200] | [192, 0, 0, 192] => Kind::Never,
        [10, ..] | [192, 168, ..] => Kind::Private,
        [172, second, ..] if second & 0xf0 == 16 => Kind::Private,
        // Behind the address translation of a carrier; of protocols, documents and benchmarks.
        [100, second, ..] if second & 0xc0 == 64 => Kind::Private,
        [192, 0, 0 | 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_of_six(address: Ipv6Addr) -> Kind {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::Never,
        // The metadata of Amazon, which is no link.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Kind::Never,
        [first, ..] if first & 0xffc0 == 0xfe80 || first & 0xff00 == 0xff00 => Kind::Never,
        [first, ..] if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 => Kind::Private,
        [0x2001, 0xdb8, ..] | [0x100, 0, 0, 0, ..] | [0x3fff, 0..=0xfff, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

/// The address of IPv4 that one of IPv6 leads to: mapped, compatible, translated (RFC 6052, 8215), 6to4, Teredo's server
/// being of no interest but its client being one.
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(four(high, low)),
        // Nobody and this machine have addresses of their own there.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => Some(four(high, low)),
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0 | 1, _, _, _, high, low] => {
            Some(four(high, low))
        }
        [0x2002, high, low, ..] => Some(four(high, low)),
        [0x2001, 0, .., high, low] => Some(four(!high, !low)),
        _ => None,
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Public => "public",
            Kind::Private => "private",
            Kind::Loopback => "this machine",
            Kind::Never => "no service's",
        };
        let why = match self.said {
            Said::Written => "the program names no such address",
            Said::Given => "the program does not name the host",
        };
        write!(f, "{} is {what}, and {why}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Kind {
        kind(text.parse().unwrap())
    }

    #[test]
    fn ranges_end_where_they_end() {
        for (text, expected) in [
            ("0.0.0.0", Kind::Never),
            ("0.255.255.255", Kind::Never),
            ("1.0.0.0", Kind::Public),
            ("9.255.255.255", Kind::Public),
            ("10.0.0.0", Kind::Private),
            ("10.255.255.255", Kind::Private),
            ("11.0.0.0", Kind::Public),
            ("100.63.255.255", Kind::Public),
            ("100.64.0.0", Kind::Private),
            ("100.127.255.255", Kind::Private),
            ("100.128.0.0", Kind::Public),
            ("126.255.255.255", Kind::Public),
            ("127.0.0.0", Kind::Loopback),
            ("127.255.255.255", Kind::Loopback),
            ("128.0.0.0", Kind::Public),
            ("169.253.255.255", Kind::Public),
            ("169.254.0.0", Kind::Never),
            ("169.254.169.254", Kind::Never),
            ("169.254.255.255", Kind::Never),
            ("169.255.0.0", Kind::Public),
            ("172.15.255.255", Kind::Public),
            ("172.16.0.0", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("172.32.0.0", Kind::Public),
            ("192.167.255.255", Kind::Public),
            ("192.168.0.0", Kind::Private),
            ("192.168.255.255", Kind::Private),
            ("192.169.0.0", Kind::Public),
            ("100.100.100.200", Kind::Never),
            ("198.17.255.255", Kind::Public),
            ("198.18.0.0", Kind::Private),
            ("198.20.0.0", Kind::Public),
            ("223.255.255.255", Kind::Public),
            ("224.0.0.0", Kind::Never),
            ("255.255.255.255", Kind::Never),
            ("::", Kind::Never),
            ("::1", Kind::Loopback),
            ("fbff::1", Kind::Public),
            ("fc00::", Kind::Private),
            ("fdff:ffff::1", Kind::Private),
            ("fe00::1", Kind::Public),
            ("fe7f::1", Kind::Public),
            ("fe80::1", Kind::Never),
            ("febf:ffff::1", Kind::Never),
            ("fec0::1", Kind::Private),
            ("feff::1", Kind::Private),
            ("ff02::1", Kind::Never),
            ("fd00:ec2::254", Kind::Never),
            ("fd00:ec2::253", Kind::Private),
            ("2600::1", Kind::Public),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_in_another_is_what_it_leads_to() {
        for prefix in ["::ffff:", "::", "::ffff:0:", "64:ff9b::", "64:ff9b:1::"] {
            for (text, expected) in [
                ("127.0.0.1", Kind::Loopback),
                ("169.254.169.254", Kind::Never),
                ("10.0.0.1", Kind::Private),
                ("8.8.8.8", Kind::Public),
            ] {
                assert_eq!(of(&format!("{prefix}{text}")), expected, "{prefix}{text}");
            }
        }
        // A connection to nobody is one to this machine.
        for nobody in [
            "::ffff:0.0.0.0",
            "::ffff:0.0.0.1",
            "64:ff9b::0.0.0.0",
            "::0.0.0.2",
        ] {
            assert_eq!(of(nobody), Kind::Never, "{nobody}");
        }
        assert_eq!(of("2002:7f00:1::"), Kind::Loopback);
        assert_eq!(of("2002:808:808::"), Kind::Public);
        // 10.0.0.1 with all bits turned round.
        assert_eq!(of("2001:0:808:808:0:0:f5ff:fffe"), Kind::Private);
    }

    #[test]
    fn a_name_leads_no_further_than_who_said_it_may_mean() {
        let leads = |name: &str, address: &str, said| check(name, address.parse().unwrap(), said).is_ok();
        let (public, private, here) = ("8.8.8.8", "10.0.0.1", "127.0.0.1");
        let metadata = [
            "169.254.169.254",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "0.0.0.0",
            "fe80::1",
            "224.0.0.1",
        ];
        let own = [
            "shop",
            "shop.local",
            "x.svc.cluster.local",
            "a.internal",
            "redis.service.consul",
            "a.TEST.",
        ];
        for name in own {
            assert!(
                leads(name, public, Said::Written) && leads(name, private, Said::Written),
                "{name}"
            );
            assert!(
                leads(name, here, Said::Written) && leads(name, "::1", Said::Written),
                "{name}"
            );
            assert!(
                leads(name, private, Said::Given) && !leads(name, here, Said::Given),
                "{name}"
            );
        }
        for name in [
            "shop.example.com",
            "local.example.com",
            "notlocal",
            "shop.mylocal",
            "internal.io",
        ] {
            if name.contains('.') {
                assert!(!leads(name, here, Said::Written), "{name}");
                assert!(
                    leads(name, public, Said::Given) && !leads(name, private, Said::Given),
                    "{name}"
                );
            }
            assert!(
                leads(name, public, Said::Written) && leads(name, private, Said::Written),
                "{name}"
            );
        }
        for address in metadata {
            for name in own.into_iter().chain(["shop.example.com"]) {
                assert!(!leads(name, address, Said::Written), "{name} {address}");
                assert!(!leads(name, address, Said::Given), "{name} {address}");
            }
        }
    }

    #[test]
    fn an_address_that_is_written_is_meant() {
        let may = |text: &str, said| check_literal(text.parse().unwrap(), said).is_ok();
        for text in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"] {
            assert!(may(text, Said::Written) && !may(text, Said::Given), "{text}");
        }
        assert!(may("8.8.8.8", Said::Given));
        let why = check_literal("10.0.0.1".parse().unwrap(), Said::Given).unwrap_err();
        assert_eq!(
            why.to_string(),
            "10.0.0.1 is private, and the program does not name the host"
        );
    }

    #[test]
    fn a_document_says_nothing_new_of_its_own_host() {
        let issuer = "https://id.example.com/realms/shop";
        assert_eq!(said_by(issuer, "https://id.example.com/keys"), Said::Written);
        assert_eq!(
            said_by("http://127.0.0.1:7001", "http://127.0.0.1:7001/keys"),
            Said::Written
        );
        assert_eq!(
            said_by("http://127.0.0.1:7001", "http://127.0.0.1:7002/keys"),
            Said::Given
        );
        for other in [
            "https://keys.example.com/keys",
            "https://10.0.0.1/keys",
            "nothing",
            "srv://id.example.com",
        ] {
            assert_eq!(said_by(issuer, other), Said::Given, "{other}");
        }
    }
}
