//! Connections that are safe: what we show, whom we believe, and files that are read again when they change.
//!
//! `client` is for connections to services, `server` for those of visitors, `plain` for those of an API, `peer` says who the other side is, `files`
//! reads certificates and keys, `workload` has them from an agent. TLS is rustls with aws-lc-rs.

pub(crate) mod client;
mod files;
mod own;
pub(crate) mod peer;
mod plain;
pub(crate) mod server;
pub(crate) mod spiffe;
pub(crate) mod workload;

pub use files::CertificateError;
pub use own::Own;
pub use plain::Believed;
pub use server::Certificate;

use rustls::crypto::CryptoProvider;
use std::sync::Arc;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
