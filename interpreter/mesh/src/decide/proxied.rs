//! What a proxy says of a visitor before anything else on a connection: version 2 of the PROXY protocol, as HAProxy's
//! `proxy-protocol.txt` has it (2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use thiserror::Error;

/// What every header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// How long the part is that every header has.
pub const FIXED_BYTES: usize = 16;
/// The longest that is behind it, in bytes: addresses and what else a proxy says. The protocol allows 64 KiB, and names 536
/// as what fits one segment everywhere.
pub const REST_BYTES_MAX: usize = 2048;

/// Version 2; the connection is the proxy's own, such as a check of our health.
const LOCAL: u8 = 0x20;
/// Version 2; the connection is somebody's whom the proxy stands for.
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// The fixed part of a header: who is spoken of, and how much is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    local: bool,
    family: u8,
    /// How many bytes are behind it.
    pub rest: usize,
}

/// Why a header is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    /// It begins otherwise.
    #[error("the connection does not begin with version 2 of the PROXY protocol")]
    Signature,
    /// It is of another version, or says what is not known.
    #[error("the proxy says `{0:#04x}`, which is no command of version 2 of the PROXY protocol")]
    Command(u8),
    /// The visitor came otherwise than by TCP.
    #[error("the visitor came by `{0:#04x}`; expected TCP over IPv4 or IPv6")]
    Family(u8),
    /// It is longer than it may be.
    #[error("the header is {0} bytes long; at most {REST_BYTES_MAX} are read")]
    Long(usize),
    /// The addresses are not all there.
    #[error("the addresses are not all there")]
    Short,
}

/// Reads the fixed part.
///
/// # Errors
/// If it is none of this protocol.
pub fn fixed(bytes: &[u8; FIXED_BYTES]) -> Result<Fixed, Wrong> {
    let [signature @ .., command, family, high, low] = bytes;
    if *signature != SIGNATURE {
        return Err(Wrong::Signature);
    }
    let rest = usize::from(u16::from_be_bytes([*high, *low]));
    if rest > REST_BYTES_MAX {
        return Err(Wrong::Long(rest));
    }
    let local = match *command {
        LOCAL => true,
        PROXY => false,
        other => return Err(Wrong::Command(other)),
    };
    if !local && !matches!(*family, TCP4 | TCP6) {
        return Err(Wrong::Family(*family));
    }
    Ok(Fixed {
        local,
        family: *family,
        rest,
    })
}

impl Fixed {
    /// Where the visitor is, as the rest says; `None` where the connection is the proxy's own.
    ///
    /// # Errors
    /// If the addresses are not all there.
    pub fn visitor(&self, rest: &[u8]) -> Result<Option<SocketAddr>, Wrong> {
        if self.local {
            return Ok(None);
        }
        let found = match self.family {
            TCP4 => four(rest),
            _ => six(rest),
        };
        found.map(Some).ok_or(Wrong::Short)
    }
}

fn four(rest: &[u8]) -> Option<SocketAddr> {
    let from: [u8; 4] = rest.get(..4)?.try_into().ok()?;
    let port: [u8; 2] = rest.get(8..10)?.try_into().ok()?;
    let whole = rest.len() >= 12;
    whole.then(|| SocketAddr::new(Ipv4Addr::from(from).into(), u16::from_be_bytes(port)))
}

fn six(rest: &[u8]) -> Option<SocketAddr> {
    let from: [u8; 16] = rest.get(..16)?.try_into().ok()?;
    let port: [u8; 2] = rest.get(32..34)?.try_into().ok()?;
    let whole = rest.len() >= 36;
    whole.then(|| SocketAddr::new(Ipv6Addr::from(from).into(), u16::from_be_bytes(port)))
}

/// The header that says of a visitor at `from` that they came to us at `to`.
#[must_use]
pub fn header(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.push(PROXY);
    let (from_ip, to_ip) = (from.ip().to_canonical(), to.ip().to_canonical());
    let addresses = match (from_ip, to_ip) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            header.extend([TCP4, 0, 12]);
            [from.octets(), to.octets()].concat()
        }
        _ => {
            header.extend([TCP6, 0, 36]);
            [mapped(from_ip).octets(), mapped(to_ip).octets()].concat()
        }
    };
    header.extend(addresses);
    header.extend(from.port().to_be_bytes());
    header.extend(to.port().to_be_bytes());
    header
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{FIXED_BYTES, REST_BYTES_MAX, Wrong, fixed, header};
    use std::net::SocketAddr;

    fn read(bytes: &[u8]) -> Result<Option<SocketAddr>, Wrong> {
        let (head, rest) = bytes.split_at(FIXED_BYTES);
        let known = fixed(head.try_into().unwrap())?;
        known.visitor(rest.get(..known.rest).ok_or(Wrong::Short)?)
    }

    fn of(from: &str, to: &str) -> Vec<u8> {
        header(from.parse().unwrap(), to.parse().unwrap())
    }

    #[test]
    fn what_is_said_of_a_visitor_is_what_is_read() {
        for (from, to) in [
            ("1.2.3.4:5", "10.0.0.1:443"),
            ("[2001:db8::7]:65535", "[::1]:443"),
        ] {
            assert_eq!(read(&of(from, to)), Ok(Some(from.parse().unwrap())));
        }
        // Of two families the narrower one stands in the wider.
        let mixed = read(&of("1.2.3.4:5", "[::1]:443")).unwrap().unwrap();
        assert_eq!(mixed.ip().to_canonical().to_string(), "1.2.3.4");
    }

    #[test]
    fn a_header_is_read_as_it_is_written_elsewhere() {
        // As `haproxy` sends it with `send-proxy-v2`.
        let bytes = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x02\xd4\x31\x01\xbb";
        assert_eq!(read(bytes), Ok(Some("127.0.0.1:54321".parse().unwrap())));
    }

    #[test]
    fn the_own_connections_of_a_proxy_have_no_visitor() {
        let mut bytes = of("1.2.3.4:5", "10.0.0.1:443");
        bytes[12] = 0x20;
        assert_eq!(read(&bytes), Ok(None));
        // Of whatever family it says that is.
        bytes[13] = 0;
        assert_eq!(read(&bytes), Ok(None));
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = of("1.2.3.4:5", "10.0.0.1:443");
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            read(&bytes)
        };
        assert_eq!(with(0, b'G'), Err(Wrong::Signature));
        assert_eq!(with(12, 0x11), Err(Wrong::Command(0x11)));
        assert_eq!(with(12, 0x22), Err(Wrong::Command(0x22)));
        assert_eq!(with(13, 0x12), Err(Wrong::Family(0x12)));
        assert_eq!(with(13, 0x31), Err(Wrong::Family(0x31)));
        assert_eq!(with(15, 11), Err(Wrong::Short));
    }

    #[test]
    fn a_header_is_as_long_as_it_may_be_and_no_longer() {
        let of_length = |length: usize| {
            let mut bytes = of("1.2.3.4:5", "10.0.0.1:443");
            bytes[14..16].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            bytes.resize(FIXED_BYTES + length, 0);
            read(&bytes)
        };
        assert!(of_length(REST_BYTES_MAX).is_ok());
        assert_eq!(
            of_length(REST_BYTES_MAX + 1),
            Err(Wrong::Long(REST_BYTES_MAX + 1))
        );
    }
}
