//! Cookies that only we can read or make: AES-256-GCM, with the name of the cookie and whom it is for as what is
//! authenticated beside it.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The longest text that is opened.
const TEXT_MAX: usize = 8 << 10;
/// Keeps keys of other uses of the same secret apart.
const PURPOSE: &[u8] = b"flowmesh login cookie 1\0";

/// Seals cookies, and opens them.
pub(crate) struct Seal {
    key: LessSafeKey,
    bound: String,
}

impl Seal {
    /// With a key made of a secret, for somebody.
    pub(crate) fn new(secret: &[u8], bound: &str) -> Option<Self> {
        let mut digest = Sha256::new();
        digest.update(PURPOSE);
        digest.update(secret);
        let key = UnboundKey::new(&AES_256_GCM, &digest.finalize()).ok()?;
        Some(Self {
            key: LessSafeKey::new(key),
            bound: bound.to_owned(),
        })
    }

    /// With what is drawn once in the life of the process: it outlasts programs that are deployed.
    pub(super) fn drawn(bound: &str) -> Option<Self> {
        static DRAWN: OnceLock<Option<[u8; 32]>> = OnceLock::new();
        let drawn = DRAWN.get_or_init(|| {
            let mut bytes = [0; 32];
            rand::fill(&mut bytes).ok().map(|()| bytes)
        });
        Self::new(drawn.as_ref()?, bound)
    }

    /// A value as the text of a cookie.
    pub(crate) fn seal(&self, name: &str, value: &impl Serialize) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut text = serde_json::to_vec(value).ok()?;
        let aad = Aad::from(self.about(name));
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, aad, &mut text).ok()?;
        let mut whole = nonce.to_vec();
        whole.append(&mut text);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// The value of a cookie, if it is ours and as we made it.
    pub(crate) fn open<T: DeserializeOwned>(&self, name: &str, text: &str) -> Option<T> {
        let bounded = Some(text).filter(|text| text.len() <= TEXT_MAX)?;
        let whole = URL_SAFE_NO_PAD.decode(bounded).ok()?;
        let (nonce, text) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let aad = Aad::from(self.about(name));
        let text = self.key.open_in_place(nonce, aad, &mut text).ok()?;
        serde_json::from_slice(text).ok()
    }

    fn about(&self, name: &str) -> String {
        format!("{name}\n{}", self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str, bound: &str) -> Seal {
        Seal::new(secret.as_bytes(), bound).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_under_the_same_name_and_key_alone() {
        let one = seal("secret", "front");
        let text = one.seal("session", &"ann").unwrap();
        assert_eq!(one.open::<String>("session", &text).as_deref(), Some("ann"));
        assert_eq!(
            seal("secret", "front")
                .open::<String>("session", &text)
                .as_deref(),
            Some("ann")
        );
        assert_eq!(one.open::<String>("login", &text), None);
        assert_eq!(seal("secret", "other").open::<String>("session", &text), None);
        assert_eq!(seal("other", "front").open::<String>("session", &text), None);
        assert_ne!(one.seal("session", &"ann").unwrap(), text, "no two look alike");
    }

    #[test]
    fn what_was_changed_in_any_byte_does_not_open() {
        let one = seal("secret", "front");
        let whole = URL_SAFE_NO_PAD
            .decode(one.seal("session", &"ann").unwrap())
            .unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(
                one.open::<String>("session", &URL_SAFE_NO_PAD.encode(&changed)),
                None,
                "{at}"
            );
            assert_eq!(
                one.open::<String>("session", &URL_SAFE_NO_PAD.encode(&whole[..at])),
                None,
                "{at}"
            );
        }
        for odd in ["", "a", "%", &"a".repeat(TEXT_MAX + 1)] {
            assert_eq!(one.open::<String>("session", odd), None);
        }
    }
}
