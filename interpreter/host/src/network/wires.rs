//! By which way a call goes: the mesh, a process on this machine, a worker.

use super::{Caller, Calling, Probing, named::Named, probe::probe, process};
use crate::{RunId, clock::Clock, workers::Workers};
use flowmesh_ir::{
    Name, Program, SecretId,
    call::{Request, Wire},
    trace::TraceContext,
};
use flowmesh_machine::CallId;
use flowmesh_mesh::{Demand, Mesh, Observer, Secrets};
use std::{sync::Arc, time::Duration};

/// All ways of one deployment.
pub(super) struct Wires {
    pub(super) http: Arc<dyn Caller>,
    pub(super) mesh: Arc<Mesh>,
    pub(super) program: Arc<Program>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) named: Named,
    pub(super) workers: Workers,
    pub(super) clock: Arc<dyn Clock>,
}

impl Caller for Wires {
    fn call(
        self: Arc<Self>,
        request: Arc<Request>,
        trace: TraceContext,
        observer: Arc<dyn Observer>,
    ) -> Calling {
        match &request.wire {
            Wire::Run(words) => {
                let words = words.clone();
                Box::pin(async move {
                    let draw = || self.clock.draw();
                    process::call(&self.program, &request, &words, observer.as_ref(), &draw).await
                })
            }
            _ => self.http.clone().call(request, trace, observer),
        }
    }

    fn work(
        self: Arc<Self>,
        namespace: Name,
        (run, call): (RunId, CallId),
        request: Arc<Request>,
    ) -> Calling {
        let policy = self.program.policy(request.policy);
        let within = policy.map_or(0, |policy| policy.timeout.total_ms);
        Box::pin(async move {
            let queue = match &request.wire {
                Wire::Worker(queue) => queue.as_str(),
                _ => "",
            };
            let within = Duration::from_millis(within);
            let queue = (&*namespace, queue);
            self.workers.call((run, call), queue, &request, within).await
        })
    }

    fn stream(self: Arc<Self>, request: Arc<Request>, trace: TraceContext, mut demand: Demand) -> Calling {
        Box::pin(async move { self.mesh.stream(&request, trace, &mut demand).await })
    }

    fn probe(self: Arc<Self>, target: String) -> Probing {
        Box::pin(async move { probe(&target, self.named.said(&target), self.clock.as_ref()).await })
    }

    fn mesh(&self) -> Option<Arc<Mesh>> {
        Some(self.mesh.clone())
    }

    fn secret(&self, id: SecretId) -> Option<String> {
        (self.secrets)(id)
    }

    fn shift(&self, service: &Name, weights: &[(Name, u32)]) {
        self.mesh.shift(service, weights);
    }
}
