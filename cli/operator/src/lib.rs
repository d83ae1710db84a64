//! The operator of Kubernetes: programs and runs as objects of a cluster.
//!
//! It joins the compiler with a cluster and with the servers that carry programs out. What should be there, what differs from
//! that and what is said about it is decided in `decide`, by plain functions; all else only does it. It does not know how a
//! program is carried out: of that, it asks the server over its API.
//!
//! `crd` is what people write and read, `decide` what follows from it, `cluster` the API of Kubernetes, `server` that of
//! flowmesh, `reconcile` one object at a time, `elect` who of several operators works, `standing` what follows from that,
//! `health` how it is, `watching` when an object is looked at, `operator` all of it together, `install` what the operator itself needs in a cluster.

pub mod crd;
pub mod decide;
pub mod install;

mod cluster;
mod context;
mod elect;
mod error;
mod health;
mod operator;
mod reconcile;
mod server;
mod standing;
mod watching;

pub use context::Options;
pub use elect::Terms;
pub use error::Error;
pub use operator::run;
