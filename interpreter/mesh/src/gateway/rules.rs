//! What a gateway does with a request, as one version of the program says. It is swapped as a whole.

use super::{behind::Behind, identify::Ways, measured::Measured, plan::Plan};
use crate::{clock::Clock, decide::limit::Limiter, mesh::Mesh};
use flowmesh_ir::{GatewayId, Program, gateway::Gateway, traffic::Limit};
use std::sync::{Arc, OnceLock};

/// What a gateway does, as one version of the program says.
pub struct Rules {
    pub(super) plan: Plan,
    pub(super) mesh: Arc<Mesh>,
    pub(super) behind: Arc<dyn Behind>,
    pub(super) ways: Ways,
    limiter: OnceLock<Limited>,
    measured: OnceLock<Arc<Measured>>,
}

/// What lets visitors through, and the clock by which it counts: it may be older than the mesh.
#[derive(Clone)]
pub(super) struct Limited {
    pub(super) limiter: Limiter,
    pub(super) clock: Clock,
}

impl Rules {
    /// The rules of one gateway of a program; `None` where it has no such gateway. `ways` is what
    /// it knows visitors by, and must be all that it asks for.
    #[must_use]
    pub fn new(
        (program, id): (Arc<Program>, GatewayId),
        mesh: Arc<Mesh>,
        behind: Arc<dyn Behind>,
        ways: Ways,
    ) -> Option<Self> {
        Self::of(Plan::new(program, id)?, mesh, behind, ways)
    }

    /// The rules of a gateway with a plan; `None` where `ways` is not what it asks for.
    #[must_use]
    pub fn of(plan: Plan, mesh: Arc<Mesh>, behind: Arc<dyn Behind>, ways: Ways) -> Option<Self> {
        if !ways.fit(plan.gateway()?) {
            return None;
        }
        Some(Self {
            plan,
            mesh,
            behind,
            ways,
            limiter: OnceLock::new(),
            measured: OnceLock::new(),
        })
    }

    /// The gateway as it is written.
    pub(super) fn gateway(&self) -> Option<&Gateway> {
        self.plan.gateway()
    }

    /// What lets visitors through, where a limit is written.
    pub(super) fn limiter(&self) -> Option<(&Limit, &Limited)> {
        let gateway = self.gateway()?;
        let limit = gateway.limit.as_ref()?;
        let made = || Limited {
            limiter: self.mesh.limiter(&format!("gateway {}", gateway.name), limit),
            clock: self.mesh.clock,
        };
        Some((limit, self.limiter.get_or_init(made)))
    }

    /// What is measured of visits.
    pub(super) fn measured(&self) -> &Arc<Measured> {
        self.measured.get_or_init(|| Arc::new(Measured::new(&self.plan)))
    }

    /// Goes on counting where other rules stopped, if the limit is the same, or the routes are.
    pub(super) fn take_over(&self, before: &Self) {
        if Measured::new(&self.plan).is_like(before.measured()) {
            let _ = self.measured.set(before.measured().clone());
        }
        let limit = self.gateway().and_then(|gateway| gateway.limit.as_ref());
        if let Some((known, limiter)) = before.limiter()
            && limit == Some(known)
        {
            // Whoever was faster has counted nobody yet.
            let _ = self.limiter.set(limiter.clone());
        }
    }
}
