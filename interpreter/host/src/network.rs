//! The seam to the network: who makes the calls of a deployment.

mod mesh;
mod pool;

pub use mesh::{MeshNetwork, Secrets};

use crate::engine::Deployment;
use flowmesh_ir::{
    Code,
    call::{Reply, Request},
    trace::TraceContext,
};
use flowmesh_mesh::Observer;
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// Gives every deployment someone who makes its calls.
pub trait Network: Send + Sync + 'static {
    /// Someone who makes the calls of a deployment. Nothing is sent yet.
    ///
    /// # Errors
    /// If the deployment asks for what there is not: an address that is none, a secret that nobody gave.
    fn connect(&self, deployment: &Deployment) -> Result<Arc<dyn Caller>, NetworkError>;
}

/// Makes calls.
pub trait Caller: Send + Sync + 'static {
    /// Makes a call, with every attempt that its policy allows. Whatever happens is a reply.
    fn call(
        self: Arc<Self>,
        request: Arc<Request>,
        trace: TraceContext,
        observer: Arc<dyn Observer>,
    ) -> Calling;
}

/// A call on its way.
pub type Calling = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// Why calls of a deployment cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    /// The stable code.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where it stands in the program, as a path into its origins.
    pub place: Option<String>,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NetworkError {}
