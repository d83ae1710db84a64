//! What a mesh wants of pods that are in it: to be told that they are, and ways through the rules of the network to whoever
//! leads its proxies, and from them.
//!
//! Names of namespaces and ports are those of each mesh's own installation. An implementation of Gateway API says itself how pods
//! come into its mesh.

use super::Making;
use crate::Target;
use serde_json::{Value, json};

/// By what each mesh is told whether pods are in it.
const ISTIO: &str = "sidecar.istio.io/inject";
const LINKERD: &str = "linkerd.io/inject";
const CONSUL: &str = "consul.hashicorp.com/connect-inject";

/// What is asked of the pods of a mesh.
struct Asked {
    /// The namespace of whoever leads the proxies.
    leads: &'static str,
    /// The port at which proxies hear each other, where it is not that of the pod.
    heard: Option<u16>,
}

impl Making<'_> {
    fn asked(&self) -> Option<Asked> {
        let (leads, heard) = match self.mesh? {
            Target::Istio => ("istio-system", None),
            // What is opaque to it comes in there.
            Target::Linkerd => ("linkerd", Some(4143)),
            Target::Consul => ("consul", Some(20_000)),
            Target::GatewayApi | Target::Kubernetes => return None,
        };
        Some(Asked { leads, heard })
    }

    /// The labels and annotations of the pods.
    pub(super) fn known(&self) -> Value {
        let mut labels = self.labels();
        match self.mesh {
            Some(Target::Istio) => {
                if let Value::Object(labels) = &mut labels {
                    labels.insert(ISTIO.to_owned(), json!("true"));
                }
                json!({ "labels": labels })
            }
            Some(Target::Linkerd) => json!({ "labels": labels, "annotations": { LINKERD: "enabled" } }),
            Some(Target::Consul) => {
                let ports: Vec<String> = self.heard().iter().map(u16::to_string).collect();
                // All programs are one service there, that only calls; who visits it comes from outside of the mesh.
                let annotations = json!({
                    CONSUL: "true",
                    "consul.hashicorp.com/connect-service": "flowmesh",
                    "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports": ports.join(","),
                });
                json!({ "labels": labels, "annotations": annotations })
            }
            Some(Target::GatewayApi | Target::Kubernetes) | None => json!({ "labels": labels }),
        }
    }

    /// The same of pods that end, which a proxy beside them would not.
    pub(super) fn apart(&self) -> Option<Value> {
        match self.mesh? {
            Target::Istio => Some(json!({ "labels": { ISTIO: "false" } })),
            Target::Linkerd => Some(json!({ "annotations": { LINKERD: "disabled" } })),
            Target::Consul => Some(json!({ "annotations": { CONSUL: "false" } })),
            Target::GatewayApi | Target::Kubernetes => None,
        }
    }

    /// Whether the mesh reads from a token of the pods who they are.
    pub(super) fn shows_token(&self) -> bool {
        self.mesh == Some(Target::Consul)
    }

    /// The port at which the proxies of others come in.
    pub(super) fn proxied_port(&self) -> Option<u16> {
        self.asked()?.heard
    }

    /// The namespace of whoever leads the proxies.
    pub(super) fn leads(&self) -> Option<&'static str> {
        Some(self.asked()?.leads)
    }
}
