//! What is said of whole Services: how connections to them are made safe, and how much may be repeated.

use super::object;
use crate::{
    Manifest,
    address::ServicePort,
    manifest::object_name,
    work::{Known, Work},
};
use flowmesh_ir::{policy::Policy, service::Subset, traffic::Tls};
use serde_json::{Value, json};

const TLS: (&str, &str) = ("BackendTLSPolicy", "gateway.networking.k8s.io/v1");
const TRAFFIC: (&str, &str) = ("XBackendTrafficPolicy", "gateway.networking.x-k8s.io/v1alpha1");

impl Work<'_, '_> {
    /// The manifests for the Services of the service.
    pub(super) fn backends(&self, own: &Known) -> Vec<Manifest> {
        let Some(policy) = self.policy(self.service.policy) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for (place, subset) in own.places.iter().zip(&self.service.subsets) {
            let tls = policy
                .tls
                .as_ref()
                .filter(|tls| !tls.mutual && tls.workload.is_none());
            let verified = tls.map(|tls| (TLS, self.verified(tls, place)));
            let repeated = self.repeated(policy, place).map(|spec| (TRAFFIC, spec));
            for ((kind, version), spec) in verified.into_iter().chain(repeated) {
                let metadata = self.described(&self.of_subset(subset), &place.namespace, own);
                all.push(object(kind, version, metadata, spec));
            }
        }
        all
    }

    fn of_subset(&self, subset: &Subset) -> String {
        let name = object_name(&self.service.name);
        match subset.name.is_empty() {
            true => name,
            false => format!("{name}-{}", object_name(&subset.name)),
        }
    }

    /// Who the Service must show itself to be.
    fn verified(&self, tls: &Tls, place: &ServicePort) -> Value {
        let mut validation = json!({ "hostname": tls.name.clone().unwrap_or_else(|| place.host()) });
        let name = format!("{}-ca", object_name(&self.service.name));
        let (key, believed) = match tls.authority {
            Some(_) => (
                "caCertificateRefs",
                json!([{ "group": "", "kind": "ConfigMap", "name": name }]),
            ),
            None => ("wellKnownCACertificates", json!("System")),
        };
        let identity = tls.identity.as_ref();
        let names = identity.map(|uri| ("subjectAltNames", json!([{ "type": "URI", "uri": uri }])));
        if let Value::Object(validation) = &mut validation {
            let more = [(key, believed)].into_iter().chain(names);
            validation.extend(more.map(|(key, value)| (key.to_owned(), value)));
        }
        json!({ "targetRefs": [{ "group": "", "kind": "Service", "name": place.name }], "validation": validation })
    }

    /// How much may be repeated (experimental channel).
    fn repeated(&self, policy: &Policy, place: &ServicePort) -> Option<Value> {
        let budget = policy.retry.as_ref().and_then(|retry| retry.budget)?;
        self.options.experimental.then(|| {
            json!({
                "targetRefs": [{ "group": "", "kind": "Service", "name": place.name }],
                "retryConstraint": {
                    "budget": { "percent": budget.percent.min(100), "interval": "10s" },
                    "minRetryRate": { "count": budget.min_per_second.clamp(1, 1_000_000), "interval": "1s" },
                },
            })
        })
    }
}
