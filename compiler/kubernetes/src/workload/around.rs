//! What stands around the pods: how they are reached, whom they may reach, and how many there are.

use super::{
    Making,
    pods::{API, HEALTH},
};
use crate::Manifest;
use serde_json::{Value, json};

/// The label that each namespace has with its name.
const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// The most pods of what grows with the load.
const REPLICAS_MAX: u32 = 10;

/// How busy pods are when there are to be more, in percent of what they ask for.
const BUSY: u32 = 70;

impl Making<'_> {
    /// All of it.
    pub(super) fn around(&self) -> Vec<Manifest> {
        let mut all = vec![self.service(), self.network_policy(), self.budget()];
        all.extend(self.scaling());
        all.extend(self.monitor());
        all
    }

    /// What the operator of Prometheus is told, where that is asked for.
    fn monitor(&self) -> Option<Manifest> {
        self.options.workload.monitor.then(|| {
            let spec = json!({
                "selector": { "matchLabels": { "app.kubernetes.io/name": self.name } },
                "endpoints": [{ "port": "health", "path": "/metrics" }],
            });
            let version = "monitoring.coreos.com/v1";
            self.object(version, "ServiceMonitor", &self.name, json!({ "spec": spec }))
        })
    }

    /// The ports that others reach.
    fn ports(&self) -> Vec<(&str, u16)> {
        let api = self.needs.keeps.then_some(("api", API));
        let gateways = self.needs.ports.iter().map(|(name, port)| (name.as_str(), *port));
        api.into_iter().chain(gateways).collect()
    }

    /// All ports at which the pods are heard.
    pub(super) fn heard(&self) -> Vec<u16> {
        let ports = self.ports().into_iter().map(|(_, port)| port);
        ports.chain([HEALTH]).collect()
    }

    fn service(&self) -> Manifest {
        let mut ports = self.ports();
        ports.push(("health", HEALTH));
        let port = |(name, port): (&str, u16)| json!({ "name": name, "port": port, "targetPort": name, "appProtocol": "http" });
        let ports: Vec<Value> = ports.into_iter().map(port).collect();
        self.object(
            "v1",
            "Service",
            &self.name,
            json!({ "spec": { "selector": self.labels(), "ports": ports } }),
        )
    }

    /// Who may reach the pods, and whom they may: names, the namespaces with Services that the program calls, and outside of
    /// the cluster what it calls there. Services are told apart by nothing but their namespaces.
    fn network_policy(&self) -> Manifest {
        let tcp = |port: &u16| json!({ "protocol": "TCP", "port": port });
        let mut ports = self.heard();
        ports.extend(self.proxied_port());
        let namespace = |name: &str| json!({ "namespaceSelector": { "matchLabels": { NAMESPACE: name } } });
        let names = json!({
            "to": [namespace("kube-system")],
            "ports": [{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }],
        });
        let mut egress = vec![names];
        egress.extend(self.leads().map(|leads| json!({ "to": [namespace(leads)] })));
        if !self.needs.namespaces.is_empty() {
            let to: Vec<Value> = self.needs.namespaces.iter().map(|name| namespace(name)).collect();
            egress.push(json!({ "to": to }));
        }
        if !self.needs.outside.is_empty() {
            let ports: Vec<Value> = self.needs.outside.iter().map(tcp).collect();
            // What is private may be other parts of the cluster, and the link-local address of a node's metadata.
            let outside = json!({
                "ipBlock": {
                    "cidr": "0.0.0.0/0",
                    "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"],
                },
            });
            egress.push(json!({ "to": [outside], "ports": ports }));
        }
        if self.api.proxied {
            // Where the API of the cluster is, nobody says before.
            egress.push(json!({ "ports": [tcp(&443), tcp(&6443)] }));
        }
        let spec = json!({
            "podSelector": { "matchLabels": self.labels() },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{ "ports": ports.iter().map(tcp).collect::<Vec<_>>() }],
            "egress": egress,
        });
        self.object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &self.name,
            json!({ "spec": spec }),
        )
    }

    /// How many pods may be away when nodes are emptied: the only one of runs, which go on when it is back, or one of several.
    fn budget(&self) -> Manifest {
        let spec = json!({ "maxUnavailable": 1, "selector": { "matchLabels": self.labels() } });
        self.object(
            "policy/v1",
            "PodDisruptionBudget",
            &self.name,
            json!({ "spec": spec }),
        )
    }

    /// More pods under load, where they keep nothing.
    fn scaling(&self) -> Option<Manifest> {
        if self.needs.keeps {
            return None;
        }
        let spec = json!({
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": self.name },
            "minReplicas": 2,
            "maxReplicas": REPLICAS_MAX,
            "metrics": [{
                "type": "Resource",
                "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": BUSY } },
            }],
        });
        Some(self.object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            &self.name,
            json!({ "spec": spec }),
        ))
    }
}
