//! One who is known.

use super::{Namespaces, Role};

/// One who asks, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// How they are called: the name of an API token, or the subject of a signed one.
    pub name: String,
    /// By what they are known.
    pub means: Means,
    /// What they may do; a signed token may say nothing of it.
    pub role: Option<Role>,
    /// Where.
    pub namespaces: Namespaces,
}

/// By what somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// Nobody is asked: this machine alone can reach the server.
    Nobody,
    /// An API token, by its identifier.
    Token(String),
    /// A token of an OpenID provider.
    Signed,
}

impl Caller {
    /// Somebody on this machine, where nobody is asked who they are.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            name: "anonymous".to_owned(),
            means: Means::Nobody,
            role: Some(Role::Admin),
            namespaces: Namespaces::All,
        }
    }

    /// Whether they may do what this role may.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.role.is_some_and(|own| own >= role)
    }
}
