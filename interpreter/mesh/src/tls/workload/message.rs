//! What an agent of SPIFFE says: `X509SVIDResponse` of the Workload API, read as far as it is needed.

use super::{Svid, is_of};
use prost::Message;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The most certificates in a chain, and the most authorities.
const CERTIFICATES_MAX: usize = 100;

/// The numbers are those of the standard; what is not read here is left out.
#[derive(Message)]
struct Response {
    #[prost(message, repeated, tag = "1")]
    svids: Vec<One>,
}

#[derive(Message)]
struct One {
    #[prost(string, tag = "1")]
    spiffe_id: String,
    /// Certificates in DER, one behind the other.
    #[prost(bytes = "vec", tag = "2")]
    x509_svid: Vec<u8>,
    /// PKCS #8 in DER.
    #[prost(bytes = "vec", tag = "3")]
    x509_svid_key: Vec<u8>,
    /// Certificates in DER, one behind the other.
    #[prost(bytes = "vec", tag = "4")]
    bundle: Vec<u8>,
}

/// The first certificate of a message, which is the one that is meant where nothing else is said.
pub(crate) fn read(message: &[u8]) -> Result<Svid, String> {
    let response = Response::decode(message).map_err(|_| "its message cannot be read")?;
    let one = response
        .svids
        .into_iter()
        .next()
        .ok_or("it brings no certificate")?;
    let chain = certificates(&one.x509_svid).ok_or("its certificate cannot be read")?;
    let authorities = certificates(&one.bundle).ok_or("its authorities cannot be read")?;
    if !is_of(&chain, &one.spiffe_id) {
        return Err("its certificate is of another identity than it says".to_owned());
    }
    if one.x509_svid_key.is_empty() {
        return Err("it brings no key".to_owned());
    }
    Ok(Svid {
        identity: one.spiffe_id,
        chain,
        key: PrivatePkcs8KeyDer::from(one.x509_svid_key).into(),
        authorities,
    })
}

/// Certificates that stand one behind the other, at least one.
fn certificates(mut bytes: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (one, rest) = bytes.split_at_checked(length(bytes)?)?;
        all.push(CertificateDer::from(one.to_vec()));
        bytes = rest;
    }
    (!all.is_empty() && all.len() <= CERTIFICATES_MAX).then_some(all)
}

/// How long the sequence is that bytes begin with (X.690, 8.1).
fn length(bytes: &[u8]) -> Option<usize> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let [0x30, first] = head else { return None };
    let count = usize::from(first & 0x7f);
    if first & 0x80 == 0 {
        return count.checked_add(2);
    }
    if count == 0 || count > 4 {
        return None;
    }
    let digits = rest.get(..count)?;
    let inside = digits.iter().try_fold(0_usize, |sum, digit| {
        sum.checked_mul(256)?.checked_add(usize::from(*digit))
    });
    inside?.checked_add(count)?.checked_add(2)
}

#[cfg(test)]
mod tests {
    use super::{certificates, read};

    #[test]
    fn what_stands_one_behind_the_other_is_taken_apart() {
        let (one, two) = ([0x30, 2, 1, 2], {
            let mut long = vec![0x30, 0x82, 1, 0];
            long.extend([7; 256]);
            long
        });
        let both = [&one[..], &two].concat();
        let found = certificates(&both).unwrap();
        assert_eq!(found.iter().map(|it| it.len()).collect::<Vec<_>>(), [4, 260]);
        for wrong in [
            &[][..],
            &[0x30],
            &[0x31, 0],
            &[0x30, 2, 1],
            &[0x30, 0x80],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &both[..both.len() - 1],
        ] {
            assert!(certificates(wrong).is_none(), "{wrong:?}");
        }
        assert!(
            certificates(&[0x30, 0].repeat(100)).is_some() && certificates(&[0x30, 0].repeat(101)).is_none()
        );
    }

    #[test]
    fn what_is_no_message_or_has_nothing_in_it_is_refused() {
        for wrong in [&[][..], &[0xff], b"nothing", &[0x0a, 0]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
