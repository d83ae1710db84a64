//! The kinds of Linkerd that say who may come in, as far as we write them.

use crate::{
    Manifest,
    linkerd::route::{POLICY, object},
    manifest::Metadata,
};
use serde::Serialize;
use std::collections::BTreeMap;

const VERSION: &str = "policy.linkerd.io/v1alpha1";

/// A port of some pods. Who comes in there is kept out unless something lets them in, or `access_policy` does.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::linkerd) struct Server {
    pub(in crate::linkerd) access_policy: &'static str,
    pub(in crate::linkerd) pod_selector: Selector,
    pub(in crate::linkerd) port: u16,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::linkerd) struct Selector {
    pub(in crate::linkerd) match_labels: BTreeMap<String, String>,
}

/// Something by its kind and name.
#[derive(Clone, Debug, Serialize)]
pub(in crate::linkerd) struct Reference {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::linkerd) group: Option<&'static str>,
    pub(in crate::linkerd) kind: &'static str,
    pub(in crate::linkerd) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::linkerd) namespace: Option<String>,
}

/// Who may: those whom all authentications know.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationPolicy {
    target_ref: Reference,
    required_authentication_refs: Vec<Reference>,
}

/// Those with one of these identities.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum MeshTls {
    Identities(Vec<String>),
    IdentityRefs(Vec<Reference>),
}

#[derive(Debug, Serialize)]
struct Networks {
    networks: Vec<Network>,
}

#[derive(Debug, Serialize)]
struct Network {
    cidr: &'static str,
}

impl Reference {
    /// One of Linkerd's own kinds.
    pub(in crate::linkerd) fn own(kind: &'static str, name: &str) -> Self {
        Self {
            group: Some(POLICY),
            kind,
            name: name.to_owned(),
            namespace: None,
        }
    }

    /// A route.
    pub(super) fn route(name: &str) -> Self {
        Self {
            group: Some("gateway.networking.k8s.io"),
            ..Self::own("HTTPRoute", name)
        }
    }

    /// A ServiceAccount.
    pub(super) fn account(namespace: &str, name: &str) -> Self {
        Self {
            group: None,
            namespace: Some(namespace.to_owned()),
            ..Self::own("ServiceAccount", name)
        }
    }
}

/// A `Server` as a manifest.
pub(in crate::linkerd) fn server(metadata: Metadata, server: Server) -> Manifest {
    object("Server", "policy.linkerd.io/v1beta3", metadata, server)
}

/// Lets those in whom an authentication knows.
pub(super) fn policy(metadata: Metadata, to: Reference, known: Reference) -> Manifest {
    let spec = AuthorizationPolicy {
        target_ref: to,
        required_authentication_refs: vec![known],
    };
    object("AuthorizationPolicy", VERSION, metadata, spec)
}

/// The kinds of authentications.
pub(super) const MESH: &str = "MeshTLSAuthentication";
pub(super) const NETWORK: &str = "NetworkAuthentication";

/// Those with one of some identities.
pub(super) fn mesh(metadata: Metadata, who: MeshTls) -> Manifest {
    object(MESH, VERSION, metadata, who)
}

/// All, wherever they are.
pub(super) fn everywhere(metadata: Metadata) -> Manifest {
    let networks = ["0.0.0.0/0", "::/0"].map(|cidr| Network { cidr });
    let spec = Networks {
        networks: networks.into(),
    };
    object(NETWORK, VERSION, metadata, spec)
}
