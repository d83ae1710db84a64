//! Why a host cannot be opened, deployed to or followed.

use crate::{engine::Refusal, network::NetworkError, store::StoreError};
use flowmesh_ir::Code;
use thiserror::Error;

/// Why a directory cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run in it makes calls that cannot be made.
    #[error("a stored run cannot go on: {0}")]
    Network(NetworkError),
}

/// Why a program cannot be deployed.
#[derive(Debug, Error)]
pub enum DeployError {
    /// Its calls cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It cannot be kept.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a run cannot be followed.
#[derive(Debug, Error)]
pub enum FollowError {
    /// There is no such run.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Network(error) => error.code,
        }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Store(error) => Some(error.help().to_owned()),
            Self::Network(error) => error.help.clone(),
        }
    }
}

impl DeployError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Network(error) => error.code,
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Network(error) => error.help.clone(),
            Self::Refused(refusal) => refusal.help(),
        }
    }
}

impl FollowError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Store(error) => error.code(),
        }
    }
}
