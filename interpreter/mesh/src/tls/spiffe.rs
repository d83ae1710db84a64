//! Identities as the SPIFFE ID standard has them (2.1 to 2.4): what is not exactly one is nobody's.

/// The most bytes of an identity, and of its trust domain.
const BYTES_MAX: usize = 2048;
const DOMAIN_BYTES_MAX: usize = 255;

/// The trust domain of an identity, if it is one: small letters, digits, `.`, `-` and `_`; behind it names of a path that
/// may have capitals, too, and are neither empty nor `.` or `..`.
pub(crate) fn domain(identity: &str) -> Option<&str> {
    if identity.len() > BYTES_MAX {
        return None;
    }
    let mut names = identity.strip_prefix("spiffe://")?.split('/');
    let domain = names.next()?;
    let fits = (1..=DOMAIN_BYTES_MAX).contains(&domain.len());
    let small = domain
        .bytes()
        .all(|sign| is_sign(sign) && !sign.is_ascii_uppercase());
    (fits && small && names.all(is_name)).then_some(domain)
}

fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.bytes().all(is_sign)
}

fn is_sign(sign: u8) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, domain};

    #[test]
    fn the_trust_domain_is_what_stands_before_the_path() {
        for (identity, found) in [
            ("spiffe://shop.example/service/payments", "shop.example"),
            ("spiffe://cluster.local/ns/shop/sa/web", "cluster.local"),
            ("spiffe://a_b-1/X.y_Z-0/...", "a_b-1"),
            ("spiffe://shop", "shop"),
        ] {
            assert_eq!(domain(identity), Some(found));
        }
    }

    #[test]
    fn what_is_not_exactly_one_is_nobodys() {
        for identity in [
            "",
            "spiffe://",
            "spiffe:///service",
            "SPIFFE://shop/service",
            "spiffe:/shop/service",
            "https://shop/service",
            "spiffe://Shop/service",
            "spiffe://shop/",
            "spiffe://shop/service/",
            "spiffe://shop//service",
            "spiffe://shop/./service",
            "spiffe://shop/a/../service",
            "spiffe://shop:443/service",
            "spiffe://me@shop/service",
            "spiffe://shop/service?x=1",
            "spiffe://shop/service#x",
            "spiffe://shop/%73ervice",
            "spiffe://shop/sérvice",
            "spiffe://shop/service ",
            "spiffe://shop/service\0",
            "spiffe://shöp/service",
        ] {
            assert_eq!(domain(identity), None, "{identity}");
        }
    }

    #[test]
    fn it_is_no_longer_than_the_standard_lets_it_be() {
        let of = |domain: usize, all: usize| {
            let text = format!("spiffe://{}/", "d".repeat(domain));
            format!("{text}{}", "p".repeat(all - text.len()))
        };
        assert!(domain(&of(255, BYTES_MAX - 1)).is_some());
        assert!(domain(&of(255, BYTES_MAX)).is_some());
        assert_eq!(domain(&of(255, BYTES_MAX + 1)), None);
        assert_eq!(domain(&of(256, 400)), None);
    }
}
