//! Who asks, and what they may: API tokens, tokens of an OpenID provider, roles and namespaces.
//!
//! `role` (what somebody may), `namespace` (where), `tokens` (API tokens and the file they are in), `claims` (what a signed
//! token says), `peers` (who fails too often), `caller` (one who is known).

mod caller;
mod claims;
mod namespace;
mod peers;
mod role;
mod tokens;

pub use caller::{Caller, Means};
pub use claims::{Oidc, OidcClaims};
pub use namespace::{Namespaces, namespace};
pub use role::Role;
pub use tokens::{NewToken, Token, TokenStatus, Tokens, TokensError};

pub(super) use namespace::shown;
pub(super) use peers::{Peer, Peers};
pub(super) use tokens::{TOKEN_PREFIX, Unknown};
