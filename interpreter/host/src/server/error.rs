//! Why the server cannot listen.

use flowmesh_ir::Code;
use std::{io, net::SocketAddr};
use thiserror::Error;

/// Why the server cannot listen.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Others could reach it.
    #[error(
        "expected a loopback address to listen on, found `{listen}`: anybody who reaches it could start and cancel runs"
    )]
    Remote {
        /// The address.
        listen: SocketAddr,
    },
    /// The address cannot be had.
    #[error("cannot listen on `{listen}`: {error}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

impl ServerError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match self {
            Self::Remote { .. } => 1060,
            Self::Listen { .. } => 1061,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Remote { .. } => {
                "listen on 127.0.0.1 behind a gateway that knows who asks, or allow it explicitly"
            }
            Self::Listen { .. } => "choose another port, or stop what listens there",
        }
    }
}
