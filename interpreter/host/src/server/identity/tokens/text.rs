//! How a token is written: `fmt_`, an identifier, `_` and what is secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// By this people, and programs that look for secrets in texts, know what they see.
pub(in crate::server) const PREFIX: &str = "fmt_";

/// A new token.
pub(super) struct Drawn {
    pub(super) id: String,
    pub(super) whole: String,
}

/// Draws one from the system's randomness.
pub(super) fn draw() -> Result<Drawn, String> {
    let (mut id, mut secret) = ([0u8; 6], [0u8; 32]);
    let drawn = OsRng
        .try_fill_bytes(&mut id)
        .and_then(|()| OsRng.try_fill_bytes(&mut secret));
    drawn.map_err(|why| format!("the system has no randomness: {why}"))?;
    let id = hex(&id);
    let whole = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
    Ok(Drawn { id, whole })
}

/// The identifier in a token.
pub(super) fn id(text: &str) -> Option<&str> {
    Some(text.strip_prefix(PREFIX)?.split_once('_')?.0)
}

/// What is kept of a token.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
