//! Why a token is not believed.

use thiserror::Error;

/// Why a token is not believed. No variant holds a part of the token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It is no signed JSON Web Token, or one that is longer than any should be.
    #[error("it is no signed JSON Web Token")]
    Malformed,
    /// It is signed by a method that its key is not for, or not signed at all.
    #[error("it is not signed by the method that its key is for")]
    Algorithm,
    /// No key of this name is published.
    #[error("it is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// Another issuer.
    #[error("it was not issued by the issuer that is trusted here")]
    Issuer,
    /// It is meant for others.
    #[error("it is meant for another audience")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    Early,
    /// Whoever issued it says that it is good for nothing.
    #[error("its issuer says that it is not active")]
    Inactive,
    /// Its issuer could not be asked, so nothing can be said about it.
    #[error("its issuer cannot be asked: {0}")]
    Unreachable(String),
}
