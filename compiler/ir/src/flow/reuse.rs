//! Results that are used again where the same was called before.

use crate::expr::Expr;
use serde::{Deserialize, Serialize};

/// `cache { key: day, ttl: 1h }`: a result that was recorded for the same call, by whichever run, is taken instead of
/// making it.
///
/// The same call is one of the same operation or flow, of the same types, with the same key, in the same namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reuse {
    /// What tells calls apart, a text; where nothing is said, their arguments do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
    /// For how long a result is taken, a duration. Nothing or less takes none and records none.
    pub ttl: Expr,
}

impl Reuse {
    /// What is evaluated where the call is met.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.key.iter().chain([&self.ttl])
    }
}
