//! Why the server cannot listen, and why it does not take a request.

use super::identity::Role;
use crate::workers::Lost;
use axum::http::{Method, StatusCode};
use flowmesh_ir::Code;
use flowmesh_mesh::CertificateError;
use std::{io, net::SocketAddr, path::PathBuf, time::Duration};
use thiserror::Error;

/// Why the server cannot listen.
#[derive(Debug, Error)]
pub enum ServerError {
    /// Others could reach it.
    #[error(
        "expected a loopback address to listen on without authentication, found `{listen}`: anybody who reaches it could start and cancel runs"
    )]
    Remote {
        /// The address.
        listen: SocketAddr,
    },
    /// The audit log cannot be written.
    #[error("the audit log `{}` cannot be written: {error}", path.display())]
    Audit {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// There is nothing to show.
    #[error("the API has no certificate to show: {0}")]
    Certificate(CertificateError),
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
            Self::Audit { .. } => 1146,
            Self::Certificate(_) => 1170,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Remote { .. } => {
                "make a token with `flowmesh token create`, trust an OpenID provider with `--oidc-issuer`, or listen on 127.0.0.1"
            }
            Self::Listen { .. } => "choose another port, or stop what listens there",
            Self::Certificate(_) => {
                "name files in PEM that belong together with `--tls-cert FILE --tls-key FILE`; for trying it out, `flowmesh ca issue` makes them"
            }
            Self::Audit { .. } => "see who may write there, or name another file with `--audit`",
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
    /// The same is being done.
    #[error("the request with the key `{0}` is still under way")]
    UnderWay(String),
    /// The bodies of all requests together are too long.
    #[error("the server reads as much at once as it may")]
    Busy,
    /// It may come from a web page of somebody else.
    #[error("{0}")]
    Foreign(String),
    /// Nobody knows who asks.
    #[error("{why}")]
    Unidentified {
        why: String,
        /// Whether something was shown that is not good.
        shown: bool,
    },
    /// Nobody can say now who asks.
    #[error("{0}")]
    Unsure(String),
    /// Who asks has shown too much that is not good.
    #[error("too many tokens that are not good came from this address")]
    TooOften(Duration),
    /// Who asks may not.
    #[error("expected the role `{needed}`, found {}", own.map_or("none".to_owned(), |own| format!("`{own}`")))]
    Role { needed: Role, own: Option<Role> },
    /// The namespace is none of those of who asks.
    #[error("the token is not for this namespace")]
    Namespace,
    /// What is done cannot be kept in the audit log, or that cannot be read.
    #[error("the audit log cannot be used: {0}")]
    Audit(String),
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
            Self::Busy => 1073,
            Self::UnderWay(_) => 1075,
            Self::Lost(Lost::Unknown(_)) => 1070,
            Self::Lost(Lost::Over(_)) => 1071,
            Self::Failure { .. } => 1072,
            Self::Unidentified { .. } => 1140,
            Self::Role { .. } => 1141,
            Self::Namespace => 1142,
            Self::TooOften(_) => 1143,
            Self::Unsure(_) => 1144,
            Self::Audit(_) => 1146,
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
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Lost(Lost::Unknown(_)) => StatusCode::NOT_FOUND,
            Self::Lost(Lost::Over(_)) | Self::UnderWay(_) => StatusCode::CONFLICT,
            Self::Failure { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unidentified { .. } => StatusCode::UNAUTHORIZED,
            Self::Role { .. } | Self::Namespace => StatusCode::FORBIDDEN,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Audit(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unsure(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Foreign(_) => Some("ask from a program on this machine, not from a web page"),
            Self::Nothing { .. } => Some("`/v1/openapi.json` describes what there is"),
            Self::Method { .. } => Some("GET reads; POST starts, signals, tells and steers"),
            Self::Lost(_) => {
                Some("throw the work away and pull the next task; send heartbeats while you work")
            }
            Self::Failure { .. } => {
                Some("declare it with `fails`, and say `on STATUS: ERROR(...)` in the operation")
            }
            Self::Unidentified { .. } => Some(
                "send a token of `flowmesh token create`, or one of the OpenID provider that the server trusts",
            ),
            Self::Role { .. } => Some("use a token with that role, or ask an administrator for one"),
            Self::Namespace => Some(
                "name one of the token's own in `Flowmesh-Namespace`, or use a token that is for this one",
            ),
            Self::Audit(_) => Some(
                "what was asked for may have been done; see that the server can write its audit log, and ask again",
            ),
            Self::TooOften(_) => Some("wait a minute, and mend what sends them"),
            Self::Unsure(_) => Some("try again; the log of the server says what is wrong"),
            Self::UnderWay(_) => Some("wait, and send it again with the same key"),
            Self::Busy => Some("try again in a moment; nothing was done"),
            Self::Long { .. } => Some("keep what is long elsewhere and send where it is"),
            _ => None,
        }
    }
}
