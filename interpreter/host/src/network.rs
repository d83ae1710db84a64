//! The seam to the network: who makes the calls of a deployment.

mod mesh;
mod named;
mod pool;
mod probe;
mod process;
mod sealed;
mod shared;
mod wires;

pub use mesh::{MeshNetwork, Secrets};
pub(crate) use shared::{Shared, share};

use crate::{RunId, engine::Deployment};
use flowmesh_ir::{
    Code, Name, SecretId,
    call::{Failure, Reply, Request},
    trace::TraceContext,
};
use flowmesh_machine::CallId;
use flowmesh_mesh::{Demand, Mesh, Observer};
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

    /// Makes a task of a call, for workers to pull in the namespace of its run.
    fn work(
        self: Arc<Self>,
        namespace: Name,
        (run, call): (RunId, CallId),
        request: Arc<Request>,
    ) -> Calling {
        let _ = (namespace, run, call, request);
        Box::pin(async { nobody("no worker is listened to here") })
    }

    /// Opens a stream and hands over its items as they are wanted; the reply comes when it has ended.
    fn stream(self: Arc<Self>, request: Arc<Request>, trace: TraceContext, demand: Demand) -> Calling {
        let _ = (request, trace, demand);
        Box::pin(async { nobody("streams are not read here") })
    }

    /// Looks whether something exists: `file:PATH`, or an address.
    fn probe(self: Arc<Self>, target: String) -> Probing {
        Box::pin(async move { Err(format!("nobody looks for `{target}` here")) })
    }

    /// The mesh that it calls through, for those who hand on requests of others.
    fn mesh(&self) -> Option<Arc<Mesh>> {
        None
    }

    /// The value of a secret of the program, if anybody gave it.
    fn secret(&self, id: SecretId) -> Option<String> {
        let _ = id;
        None
    }

    /// Moves the traffic of a service; no weights is back to what the program says.
    fn shift(&self, service: &Name, weights: &[(Name, u32)]) {
        let _ = (service, weights);
    }
}

pub(crate) fn nobody(why: &str) -> Reply {
    Reply::Failed(Failure::Unavailable(why.to_owned()))
}

/// Something that is looked for.
pub type Probing = Pin<Box<dyn Future<Output = Result<bool, String>> + Send>>;

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
