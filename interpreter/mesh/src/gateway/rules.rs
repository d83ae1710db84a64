//! What a gateway does with a request, as one version of the program says. It is swapped as a whole.

use super::behind::Behind;
use crate::{
    decide::{limit::Limiter, tree::Tree},
    identity::Issuer,
    mesh::Mesh,
};
use flowmesh_ir::{
    GatewayId, Name, Program,
    access::{Mode, Rule, derived},
    gateway::{Gateway, Target},
    traffic::Limit,
};
use std::sync::{Arc, OnceLock};

/// What a gateway does, as one version of the program says.
pub struct Rules {
    pub(super) program: Arc<Program>,
    pub(super) id: GatewayId,
    pub(super) tree: Tree,
    pub(super) mesh: Arc<Mesh>,
    pub(super) behind: Arc<dyn Behind>,
    pub(super) issuer: Option<Arc<Issuer>>,
    pub(super) access: Vec<Rule>,
    limiter: OnceLock<Limiter>,
}

impl Rules {
    /// The rules of one gateway of a program; `None` where it has no such gateway. `issuer` is who its `jwt` trusts, and
    /// must be there if it has one.
    #[must_use]
    pub fn new(
        (program, id): (Arc<Program>, GatewayId),
        mesh: Arc<Mesh>,
        behind: Arc<dyn Behind>,
        issuer: Option<Arc<Issuer>>,
    ) -> Option<Self> {
        let gateway = program.gateways.get(id.index())?;
        if gateway.jwt.is_some() != issuer.is_some() {
            return None;
        }
        let tree = Tree::new(gateway.routes.iter().map(|route| route.path.as_slice()));
        let mut access = program.access.clone();
        if program.mesh.access == Mode::Derived {
            access.extend(derived(&program));
        }
        Some(Self {
            program,
            id,
            tree,
            mesh,
            behind,
            issuer,
            access,
            limiter: OnceLock::new(),
        })
    }

    /// What lets visitors through, where a limit is written.
    pub(super) fn limiter(&self) -> Option<(&Limit, &Limiter)> {
        let limit = self.gateway()?.limit.as_ref()?;
        Some((limit, self.limiter.get_or_init(|| Limiter::new(limit))))
    }

    /// Goes on counting where other rules stopped, if the limit is the same.
    pub(super) fn take_over(&self, before: &Self) {
        let limit = self.gateway().and_then(|gateway| gateway.limit.as_ref());
        if let Some((known, limiter)) = before.limiter()
            && limit == Some(known)
        {
            // Whoever was faster has counted nobody yet.
            let _ = self.limiter.set(limiter.clone());
        }
    }

    /// The gateway as it is written.
    pub(super) fn gateway(&self) -> Option<&Gateway> {
        self.program.gateways.get(self.id.index())
    }

    /// What a route leads to, for people.
    pub(super) fn name(&self, target: &Target) -> Option<String> {
        let service = |id| self.program.service(id).map(|service| service.name.clone());
        let named = |name: Name| name.to_string();
        match target {
            Target::Flow { flow, .. } => self.program.flow(*flow).map(|flow| named(flow.name.clone())),
            Target::Service { service: id, .. } => service(*id).map(named),
            Target::Operation {
                service: id,
                operation,
                ..
            } => {
                let operations = &self.program.service(*id)?.operations;
                let operation = operations.get(operation.index())?;
                Some(format!("{}.{}", service(*id)?, operation.name))
            }
            Target::Redirect { .. } => None,
        }
    }
}
