//! Who may call what: `AuthorizationPolicy`, `PeerAuthentication` and `Telemetry` of Istio.
//!
//! INVARIANT: nobody is let in whom the policies keep out. What cannot be said of those who may leaves them out, and what
//! cannot be said of those who may not keeps more of them out.

mod apply;
mod mesh;
mod policy;
mod source;
mod target;

pub(crate) use apply::Rule;

use super::{front::Front, objects::Object, world::World};
use crate::{found::Found, node::Node};
use policy::Policy;

/// Rules as they were read.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    policies: Vec<Policy>,
    peers: Vec<mesh::Peer>,
    trace: Option<(Node, String)>,
}

impl Guard {
    /// An `AuthorizationPolicy`.
    pub(crate) fn policy(&mut self, object: &Object<'_>, found: &mut Found) {
        self.policies.extend(policy::read(object, found));
    }

    /// A `PeerAuthentication`.
    pub(crate) fn peer(&mut self, object: &Object<'_>, found: &mut Found) {
        self.peers.push(mesh::peer(object, found));
    }

    /// A `Telemetry`.
    pub(crate) fn telemetry(&mut self, object: &Object<'_>, found: &mut Found) {
        match (mesh::telemetry(object, found), &self.trace) {
            (Some(_), Some(_)) => found.lost(object.node, "a second `Telemetry`"),
            (Some(trace), None) => self.trace = Some((object.node.clone(), trace)),
            (None, _) => {}
        }
    }

    /// The rules of the program.
    pub(crate) fn rules(&self, world: &mut World, fronts: &mut [Front], found: &mut Found) -> Vec<Rule> {
        apply::rules(&self.policies, world, fronts, found)
    }

    /// The settings of the mesh.
    pub(crate) fn mesh(&self, world: &World, found: &mut Found) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(mesh::mtls(&self.peers, world, found).map(|word| format!("mtls: {word}")));
        lines.extend(self.trace.iter().map(|(_, text)| format!("trace: {text}")));
        let mut all: Vec<String> = found.notes().iter().map(|note| format!("// {note}")).collect();
        all.append(&mut lines);
        all
    }
}
