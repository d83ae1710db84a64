//! Why a gateway cannot be opened.

use flowmesh_ir::{Code, Name};
use flowmesh_mesh::{
    gateway::{CertificateError, ListenError},
    identity::{IntrospectError, IssuerError, LoginError},
    visitors::VisitorsError,
};
use thiserror::Error;

/// Why a gateway cannot be opened.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// An address has no value, or is none.
    #[error("gateway `{gateway}`: expected an address such as `http://127.0.0.1:8080`, found {found}")]
    Address {
        /// The gateway.
        gateway: Name,
        /// What is there.
        found: String,
    },
    /// It cannot listen there.
    #[error("gateway `{gateway}`: {error}")]
    Listen {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: ListenError,
    },
    /// It has nothing to show.
    #[error("gateway `{gateway}`: {error}")]
    Certificate {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: CertificateError,
    },
    /// What its `jwt` says cannot be meant.
    #[error("gateway `{gateway}`: {error}")]
    Issuer {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: IssuerError,
    },
    /// What its `introspect` says cannot be meant.
    #[error("gateway `{gateway}`: {error}")]
    Introspect {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: IntrospectError,
    },
    /// What its `login` says cannot be meant.
    #[error("gateway `{gateway}`: {error}")]
    Login {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: LoginError,
    },
    /// A text of a setting has no value.
    #[error("gateway `{gateway}`: `{part}` of its `{setting}` has no value")]
    Valueless {
        /// The gateway.
        gateway: Name,
        /// Of which setting.
        setting: &'static str,
        /// Which part.
        part: &'static str,
    },
    /// Whom it lets in cannot be read.
    #[error("gateway `{gateway}`: {error}")]
    Visitors {
        /// The gateway.
        gateway: Name,
        /// Why.
        error: VisitorsError,
    },
    /// It leads to a flow, and there are no runs here.
    #[error("gateway `{gateway}` leads to the flow `{flow}`, and no server is named that keeps its runs")]
    NoRuns {
        /// The gateway.
        gateway: Name,
        /// The flow.
        flow: Name,
    },
    /// This version does not do that.
    #[error("gateway `{gateway}`: this version does not carry out `{what}`")]
    NotYet {
        /// The gateway.
        gateway: Name,
        /// What.
        what: &'static str,
    },
}

impl GatewayError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(1076)
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Address { .. } => {
                "write `http://` or `https://`, an address of this machine and a port; see the configs that it is made of"
            }
            Self::Listen { .. } => "see who listens there already, or take another address",
            Self::Certificate { .. } => {
                "name files in PEM that belong together, in `tls: { certificate, key }`"
            }
            Self::Issuer { .. } => {
                "write `jwt: { issuer, audience, keys }`, the keys at a URL with `https://`"
            }
            Self::Introspect { .. } => {
                "write `introspect: { at, client, secret }`, with `at` a URL with `https://`"
            }
            Self::Login { .. } => {
                "write `login: { issuer, client, secret, at }`, with the addresses by `https://`, and a key of 32 bytes or more"
            }
            Self::Valueless { .. } => "see the configs and secrets that it is made of",
            Self::Visitors { .. } => "make the file with `flowmesh visitors add FILE NAME`",
            Self::NoRuns { .. } => {
                "name it with `--server URL`, or use `flowmesh serve`, which keeps runs itself"
            }
            Self::NotYet { .. } => "leave it out, or compile the program for a mesh that has it",
        }
    }
}
