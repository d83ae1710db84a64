//! Why a mesh cannot be made: what the operator gave does not fit the program.

use crate::{decide::address::Wrong, tls::CertificateError};
use flowmesh_ir::{Code, Name};
use std::fmt;

/// Why a mesh cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeshError {
    /// An address of a service is none.
    BadAddress {
        /// The service.
        service: Name,
        /// The subset; empty where the service has only one.
        subset: Name,
        /// The address.
        text: String,
        /// What is wrong with it.
        why: Wrong,
    },
    /// A service or a subset has no address.
    NoAddress {
        /// The service.
        service: Name,
        /// The subset; empty where the service has only one.
        subset: Name,
    },
    /// Nobody gave the value of a secret that a service needs.
    MissingSecret {
        /// The service.
        service: Name,
        /// The secret.
        secret: Name,
    },
    /// The value of a secret, or the name of its header, cannot stand in a header.
    BadCredential {
        /// The service.
        service: Name,
        /// The secret.
        secret: Name,
    },
    /// A header of a policy cannot be sent.
    BadHeader {
        /// Its name.
        name: Name,
    },
    /// The description of a service's methods cannot be used.
    BadDescriptors {
        /// The service.
        service: Name,
        /// What is wrong with it.
        why: String,
    },
    /// Connections to a service cannot be made safe as it says.
    BadTls {
        /// The service.
        service: Name,
        /// Why.
        why: CertificateError,
    },
    /// Both sides are to show certificates, and we have none to show to a service.
    NoIdentity {
        /// The service.
        service: Name,
    },
    /// The system's DNS configuration cannot be read, or names no server.
    NoResolver {
        /// What the system said.
        why: String,
    },
}

impl MeshError {
    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match self {
            Self::BadAddress { .. } => 1040,
            Self::NoAddress { .. } => 1041,
            Self::MissingSecret { .. } => 1042,
            Self::BadCredential { .. } => 1043,
            Self::NoResolver { .. } => 1044,
            Self::BadDescriptors { .. } => 1045,
            Self::BadHeader { .. } => 1046,
            Self::BadTls { .. } | Self::NoIdentity { .. } => 1077,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::BadAddress { .. } => {
                "write it as `http://host:port`, `https://host`, `dns://name:port` or `srv://name`".to_owned()
            }
            Self::NoAddress { .. } => "give it an address with `at:`".to_owned(),
            Self::MissingSecret { secret, .. } => {
                format!("set the environment variable `{}`", secret.to_uppercase())
            }
            Self::BadCredential { .. } => {
                "look for a line break at the end of the value, and for spaces in the header's name"
                    .to_owned()
            }
            Self::BadHeader { .. } => "leave out headers that the mesh sets itself, and look for a line break at the end of configs and secrets".to_owned(),
            Self::BadTls { .. } => {
                "see the files that `tls` names: PEM, each for what it is, and an `authority` beside an `identity`".to_owned()
            }
            Self::NoIdentity { .. } => {
                "name what this process shows: `--certificate FILE --certificate-key FILE --authority FILE`; `flowmesh ca issue` makes them"
                    .to_owned()
            }
            Self::BadDescriptors { .. } => "compile the program again from its `.proto`".to_owned(),
            Self::NoResolver { .. } => "name a DNS server with `--resolver 127.0.0.1:8600`".to_owned(),
        }
    }

    /// Where it stands in the program, as a path of [`flowmesh_ir::program::Origins`].
    #[must_use]
    pub fn place(&self) -> Option<String> {
        match self {
            Self::BadAddress { service, .. }
            | Self::NoAddress { service, .. }
            | Self::MissingSecret { service, .. }
            | Self::BadCredential { service, .. }
            | Self::BadTls { service, .. }
            | Self::NoIdentity { service }
            | Self::BadDescriptors { service, .. } => Some(format!("service/{service}")),
            Self::NoResolver { .. } | Self::BadHeader { .. } => None,
        }
    }
}

impl fmt::Display for MeshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadAddress {
                service,
                subset,
                text,
                why,
            } => {
                write!(f, "the address `{text}` of {}: {why}", Place(service, subset))
            }
            Self::NoAddress { service, subset } => write!(f, "{} has no address", Place(service, subset)),
            Self::MissingSecret { service, secret } => {
                write!(
                    f,
                    "service `{service}` needs the secret `{secret}`, and nobody gave its value"
                )
            }
            Self::BadCredential { service, secret } => {
                write!(
                    f,
                    "the secret `{secret}` of service `{service}` cannot stand in a header"
                )
            }
            Self::BadHeader { name } => {
                write!(f, "the header `{name}` of a policy cannot be sent")
            }
            Self::BadDescriptors { service, why } => {
                write!(f, "the methods of service `{service}` cannot be described: {why}")
            }
            Self::BadTls { service, why } => {
                write!(f, "connections to service `{service}` cannot be made safe: {why}")
            }
            Self::NoIdentity { service } => {
                write!(
                    f,
                    "service `{service}` is of a mesh in which both sides show certificates, and this process has none to show"
                )
            }
            Self::NoResolver { why } => {
                write!(f, "there is no DNS server to ask: {why}")
            }
        }
    }
}

impl std::error::Error for MeshError {}

/// A service and, where it has several, its subset.
struct Place<'a>(&'a Name, &'a Name);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service `{}`", self.0)?;
        if self.1.is_empty() {
            Ok(())
        } else {
            write!(f, ", subset `{}`", self.1)
        }
    }
}
