//! What of a request holds secrets: computed by the host at the last moment, and printed by nobody.

use flowmesh_ir::{Name, call::Request};
use std::fmt;

/// The parts of a request that are made from secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Unsealed {
    /// Further headers.
    pub headers: Vec<(Name, String)>,
    /// The body, where that holds a secret.
    pub body: Option<Vec<u8>>,
}

/// Computes the parts of a request that are made from secrets, or says why they have no value, without a word of what
/// they are made of.
pub type Unseal = dyn Fn(&Request) -> Result<Unsealed, String> + Send + Sync;

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Unsealed")
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Unsealed;

    #[test]
    fn nothing_secret_is_printed() {
        let unsealed = Unsealed {
            headers: vec![("x-token".into(), "s3cret".to_owned())],
            body: Some(b"s3cret".to_vec()),
        };
        let shown = format!("{unsealed:?}");
        assert!(shown.contains("x-token") && !shown.contains("s3cret"), "{shown}");
    }
}
