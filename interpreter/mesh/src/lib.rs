//! The mesh: a request goes in, a reply comes out; on the way it is routed, balanced, retried, signed and sent.
//!
//! - [`decide`] makes the decisions: pure functions of what is known, of a time and of chance that are passed in.
//! - `wire` touches the network: names, connections, requests.
//! - [`Mesh::call`] joins the two.
//! - [`gateway`] is where visitors come in, who take the same way as calls.
//! - [`identity`] says who somebody is who shows a signed token, [`visitors`] who shows a key or a password.
//!
//! This room knows no flow, no run and no journal. It does not evaluate expressions: the host evaluates addresses before
//! it makes a [`Mesh`], answers for a route's conditions through [`MeshOptions::conditions`], and for what else goes by
//! the request through [`MeshOptions::texts`]. Names are looked up through [`Resolver`], secrets come through
//! [`MeshOptions::secrets`] and [`MeshOptions::unseal`], and whoever watches is an [`Observer`].

mod call;
mod clock;
pub mod decide;
mod error;
pub mod gateway;
mod gauge;
mod grant;
pub mod identity;
mod kept;
mod lend;
mod mesh;
mod observe;
#[doc(hidden)]
pub mod readers;
mod tls;
mod unseal;
pub mod visitors;
mod wire;

pub use call::Demand;
pub use decide::{
    attempts::Why,
    outcome::Outcome,
    route::{Conditions, RequestView, Texts},
    template::{Template, Text},
};
pub use error::MeshError;
pub use gauge::{CallMeasures, EndpointMeasures, Measures, RouteMeasures, Spread, VisitMeasures};
pub use lend::{Asked, Lending, Lent, Server, Shares, Till};
pub use mesh::{Addresses, Copied, Limits, Mesh, MeshOptions, Secrets, Tags};
pub use observe::{Asker, AttemptReport, Detour, Next, Observer, Silent};
pub use tls::{Believed, Certificate, CertificateError, Own};
pub use unseal::{Unseal, Unsealed};
pub use wire::{
    hickory::{Hickory, NameServer, NameServers},
    resolver::{Found, Resolver, Resolving, Unresolved},
};
