//! How names become endpoints: the seam through which all of DNS comes in.

use crate::decide::{address::Place, endpoints::Target};
use std::{fmt, future::Future, pin::Pin, time::Duration};

/// Looks up names. There is one per process; implementers may keep what they found no longer than they say.
pub trait Resolver: Send + Sync {
    /// Looks up a name. A [`Place::Fixed`] needs no look-up and is never asked for.
    fn resolve<'a>(&'a self, place: &'a Place) -> Resolving<'a>;
}

/// A look-up on its way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Result<Found, Unresolved>> + Send + 'a>>;

/// What a name led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// At least one.
    pub targets: Vec<Target>,
    /// How long this may be relied on.
    pub valid_for: Duration,
}

/// Why a name led to nothing: a sentence that names the name and who was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved(pub String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
