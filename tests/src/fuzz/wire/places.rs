//! Where a name may lead, by the addresses that it has.

use flowmesh_mesh::decide::{
    address::Address,
    guard::{Kind, Said, check, check_literal, kind},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const SEEDS: &[&str] = &[
    "shop.example.com 169.254.169.254",
    "redis.service.consul 10.0.0.1",
    "localhost ::ffff:127.0.0.1",
    "shop 0.0.0.0",
    "shop.example.com 0.0.0.1",
    "a.TEST. 64:ff9b::a00:1",
    "http://127.0.0.1:80/a 8.8.8.8",
    "srv://_http._tcp.shop.example.com 2002:7f00:1::",
    "https://[2001:db8::1]:443 fd00:ec2::254",
];

pub(super) const WORDS: &[&str] = &[
    ".",
    ":",
    "::",
    "::ffff:",
    "64:ff9b::",
    "2002:",
    "127.0.0.1",
    "169.254.169.254",
    "10.",
    "fe80::",
    "[",
    "]",
    "://",
    "http://",
    "dns://",
    "srv://",
    "/",
    " ",
    "localhost",
    ".local",
    "@",
    "?",
    "%",
    ":0",
    ":65536",
    "A",
];

pub(super) fn guard(text: &str) {
    let (name, address) = text.split_once(' ').unwrap_or((text, "127.0.0.1"));
    // An address of a program ends, and what it is read as does not depend on how often.
    let read = |text: &str| Address::parse(text).ok();
    assert_eq!(read(name), read(name));
    let Ok(address) = address.parse::<IpAddr>() else {
        return;
    };
    let found = kind(address);
    if let IpAddr::V4(four) = address {
        within(four, found);
    }
    let (written, given) = (
        check(name, address, Said::Written),
        check(name, address, Said::Given),
    );
    assert!(
        given.is_err() || written.is_ok(),
        "who is believed less reaches more"
    );
    assert!(
        found != Kind::Never || written.is_err(),
        "a name leads to {address}"
    );
    assert!(
        found == Kind::Public || given.is_err() || found == Kind::Private,
        "{name} leads to {address}"
    );
    for spelt in [name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
        assert_eq!(check(&spelt, address, Said::Written), written, "{spelt}");
        assert_eq!(check(&spelt, address, Said::Given), given, "{spelt}");
    }
    assert_eq!(check_literal(address, Said::Written), Ok(()));
    assert_eq!(check_literal(address, Said::Given).is_ok(), found == Kind::Public);
}

/// However an address of IPv4 is written as one of IPv6, it leads no further.
fn within(four: Ipv4Addr, found: Kind) {
    let [a, b, c, d] = four.octets().map(u16::from);
    let (high, low) = ((a << 8) | b, (c << 8) | d);
    let six = [
        four.to_ipv6_mapped(),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
    ];
    for address in six {
        assert_eq!(kind(address.into()), found, "{address} is {four}");
    }
}
