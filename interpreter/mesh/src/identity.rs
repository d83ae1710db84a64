//! Who somebody is who shows a signed token: JSON Web Tokens of an OpenID provider, and the keys that it publishes.
//!
//! `token` checks one token against keys and a time that are passed in; `keys` reads what a provider publishes; `issuer`
//! keeps that fresh and decides when it is asked again; `fetch` asks. A gateway and the API of a host need the same.

mod error;
mod fetch;
mod http2;
mod issuer;
mod keys;
#[cfg(test)]
mod testing;
mod token;

pub use error::TokenError;
pub use fetch::{Fetch, Fetched, Https};
pub use http2::{Http2, Whole};
pub use issuer::{Issuer, IssuerError, IssuerOptions};
pub use keys::Keys;
pub use token::{Claims, Expected, verify};
