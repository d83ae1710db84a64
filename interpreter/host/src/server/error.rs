//! Why the server cannot listen, and why it does not take a request.

use crate::workers::Lost;
use axum::http::{Method, StatusCode};
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

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum RequestError {
    /// A parameter of the path, the query or a header is not what it should be.
    #[error("the parameter `{name}`: {wrong}")]
    Parameter { name: &'static str, wrong: String },
    /// The query cannot be read at all.
    #[error("the query cannot be read: {0}")]
    Query(String),
    /// The body cannot be read, or is not what it should be.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// The body is too long.
    #[error("expected a body of at most {limit} bytes, found a longer one")]
    Long { limit: usize },
    /// A worker is not heard: its task is not its own any more.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A worker says that its task failed with an error that the operation does not declare.
    #[error("the operation declares no error `{error}` with a status of its own")]
    Failure { error: String },
    /// The body came too slowly.
    #[error("the body took too long to come")]
    Slow,
    /// It may come from a web page of somebody else.
    #[error("{0}")]
    Foreign(String),
    /// There is nothing there.
    #[error("there is nothing at `{path}`")]
    Nothing { path: String },
    /// There is something, and it does not take this method.
    #[error("`{path}` does not take `{method}`")]
    Method { path: String, method: Method },
}

impl RequestError {
    pub(super) fn code(&self) -> Code {
        Code(match self {
            Self::Parameter { .. } | Self::Query(_) | Self::Body(_) => 1058,
            Self::Long { .. } => 1059,
            Self::Foreign(_) => 1062,
            Self::Nothing { .. } => 1063,
            Self::Method { .. } => 1064,
            Self::Slow => 1065,
            Self::Lost(Lost::Unknown(_)) => 1070,
            Self::Lost(Lost::Over(_)) => 1071,
            Self::Failure { .. } => 1072,
        })
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Parameter { .. } | Self::Query(_) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::Long { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Foreign(_) => StatusCode::FORBIDDEN,
            Self::Nothing { .. } => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Lost(Lost::Unknown(_)) => StatusCode::NOT_FOUND,
            Self::Lost(Lost::Over(_)) => StatusCode::CONFLICT,
            Self::Failure { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    pub(super) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Foreign(_) => Some("ask from a program on this machine, not from a web page"),
            Self::Nothing { .. } => Some(
                "what there is begins with `/v1/flows`, `/v1/runs`, `/v1/events`, `/v1/queues` and `/v1/tasks`",
            ),
            Self::Method { .. } => Some("GET reads; POST starts, signals, tells and steers"),
            Self::Lost(_) => {
                Some("throw the work away and pull the next task; send heartbeats while you work")
            }
            Self::Failure { .. } => {
                Some("declare it with `fails`, and say `on STATUS: ERROR(...)` in the operation")
            }
            Self::Long { .. } => Some("keep what is long elsewhere and send where it is"),
            _ => None,
        }
    }
}
