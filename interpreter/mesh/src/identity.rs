//! Who somebody is who shows a signed token: JSON Web Tokens of an OpenID provider, and the keys that it publishes;
//! or an opaque one, about which its issuer is asked.
//!
//! `token` checks one token against keys and a time that are passed in; `keys` reads what a provider publishes; `issuer`
//! keeps that fresh and decides when it is asked again; `fetch` asks. `introspect` is
//! for opaque tokens, `login` for browsers. A gateway and the API of a host need the same.

mod error;
mod fetch;
mod http2;
mod introspect;
mod issuer;
mod keys;
pub(crate) mod login;
#[cfg(test)]
mod testing;
mod token;

pub use error::TokenError;
pub use fetch::{Fetch, Fetched, Https, Sent};
pub use http2::{Http2, Whole};
pub use introspect::{Introspect, IntrospectError, IntrospectOptions, Introspected};
pub use issuer::{Issuer, IssuerError, IssuerOptions};
pub use keys::Keys;
pub use login::{Asked, Login, LoginError, LoginFailed, LoginOptions, Onward};
pub use token::{Claims, Expected, verify};

/// Whether a token is a signed JSON Web Token, as far as that can be seen.
pub(crate) fn is_signed(token: &str) -> bool {
    token::key_id(token).is_ok()
}
