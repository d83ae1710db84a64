//! The pods: one process each, that may do as little as possible.

use super::Making;
use crate::Manifest;
use serde_json::{Value, json};

/// Where the API and the probes are.
pub(super) const API: u16 = 7700;
pub(super) const HEALTH: u16 = 7701;

/// Nobody's number, that of `nonroot` in distroless images.
const USER: u32 = 65_532;

/// Where things are in a pod.
const PROGRAM: &str = "/etc/flowmesh/program";
const SECRETS: &str = "/etc/flowmesh/secrets";
const TOKENS: &str = "/etc/flowmesh/tokens";
pub(super) const FILES: &str = "/etc/flowmesh/files";
const RUNS: &str = "/var/lib/flowmesh";

/// What of its surroundings a pod is told: where the service in front of it is.
const POD_NAMESPACE: &str = "POD_NAMESPACE";

/// How long a pod has to end, in seconds: what it drains, and what it is about then.
const ENDS_WITHIN: u32 = 60;

/// How many pods there are of what keeps nothing.
const REPLICAS: u32 = 2;

impl Making<'_> {
    /// The set of pods.
    pub(super) fn pods(&self) -> Manifest {
        let template = json!({
            "metadata": self.known(),
            "spec": self.pod(),
        });
        let selector = json!({ "matchLabels": self.labels() });
        if !self.needs.keeps {
            let spec = json!({ "replicas": REPLICAS, "selector": selector, "template": template });
            return self.object("apps/v1", "Deployment", &self.name, json!({ "spec": spec }));
        }
        let claim = json!({
            "metadata": { "name": "runs" },
            "spec": {
                "accessModes": ["ReadWriteOncePod"],
                "resources": { "requests": { "storage": self.options.workload.storage } },
            },
        });
        // Runs are kept by one process. The next one begins when it has ended.
        let spec = json!({
            "replicas": 1,
            "serviceName": self.name,
            "selector": selector,
            "template": template,
            "volumeClaimTemplates": [claim],
        });
        self.object("apps/v1", "StatefulSet", &self.name, json!({ "spec": spec }))
    }

    fn pod(&self) -> Value {
        // Ports below 1024 are for those with privilege where the cluster is old.
        let sysctl = json!({ "name": "net.ipv4.ip_unprivileged_port_start", "value": "0" });
        let low = self.needs.ports.values().any(|port| *port < 1024);
        let sysctls: Vec<Value> = low.then_some(sysctl).into_iter().collect();
        let mut pod = json!({
            "serviceAccountName": "flowmesh",
            "automountServiceAccountToken": self.shows_token(),
            "terminationGracePeriodSeconds": ENDS_WITHIN,
            "securityContext": with_list(nobody(), "sysctls", sysctls),
            "containers": [self.container()],
            "volumes": self.volumes(),
        });
        if let (Some(proxy), Value::Object(pod)) = (self.proxy(), &mut pod) {
            pod.insert("initContainers".to_owned(), json!([proxy]));
        }
        pod
    }

    fn container(&self) -> Value {
        let value = |(name, value): (&String, &String)| json!({ "name": name, "value": value });
        let mut env: Vec<Value> = self.needs.values.iter().map(value).collect();
        if self.is_told_namespace() {
            let own = json!({ "fieldRef": { "fieldPath": "metadata.namespace" } });
            env.push(json!({ "name": POD_NAMESPACE, "valueFrom": own }));
        }
        let probe = |path: &str| json!({ "httpGet": { "path": path, "port": "health" } });
        let port = |(name, port): (&str, u16)| json!({ "name": name, "containerPort": port });
        let gateways = self.needs.ports.iter().map(|(name, port)| (name.as_str(), *port));
        let own = self
            .needs
            .keeps
            .then_some(("api", API))
            .into_iter()
            .chain([("health", HEALTH)]);
        // An open store is ready when it has looked at all that it holds, which takes its time.
        let mut starts = probe("/readyz");
        if let Value::Object(starts) = &mut starts {
            starts.insert("periodSeconds".to_owned(), json!(2));
            starts.insert("failureThreshold".to_owned(), json!(150));
        }
        let container = json!({
            "name": "flowmesh",
            "image": self.options.workload.image,
            "workingDir": FILES,
            "args": self.arguments(),
            "ports": own.chain(gateways).map(port).collect::<Vec<_>>(),
            "startupProbe": starts,
            "livenessProbe": probe("/healthz"),
            "readinessProbe": probe("/readyz"),
            "resources": {
                "requests": { "cpu": "100m", "memory": "128Mi" },
                "limits": { "memory": "512Mi" },
            },
            "securityContext": alone(),
            "volumeMounts": self.mounts(),
        });
        with_list(container, "env", env)
    }

    /// Only where there is an API; and not where the program itself has something by that name.
    fn is_told_namespace(&self) -> bool {
        self.needs.keeps && !self.needs.values.contains_key(POD_NAMESPACE)
    }

    fn arguments(&self) -> Vec<String> {
        let program = format!("{PROGRAM}/program.json");
        let health = format!("0.0.0.0:{HEALTH}");
        let mut all = vec!["--log-format", "json"];
        // The service in front of the pod.
        let url = format!("http://{}.$({POD_NAMESPACE}):{API}", self.name);
        let (api, tokens) = (format!("0.0.0.0:{API}"), format!("{TOKENS}/tokens.json"));
        match self.needs.keeps {
            true => all.extend([
                "serve", &program, "--dir", RUNS, "--listen", &api, "--tokens", &tokens, "--health", &health,
                "--drain", "5s",
            ]),
            false => all.extend(["gateway", &program, "--admin", &health, "--drain", "5s"]),
        }
        if self.is_told_namespace() {
            all.extend(["--url", &url]);
        }
        all.extend(["--access-log", "-"]);
        if self.needs.secrets {
            all.extend(["--secrets", SECRETS]);
        }
        all.into_iter().map(str::to_owned).collect()
    }

    fn mounts(&self) -> Vec<Value> {
        let read = |name: &str, path: &str| json!({ "name": name, "mountPath": path, "readOnly": true });
        let mut all = vec![read("program", PROGRAM), read("files", FILES)];
        if self.needs.secrets {
            all.push(read("secrets", SECRETS));
        }
        if self.needs.keeps {
            all.push(read("tokens", TOKENS));
            all.push(json!({ "name": "runs", "mountPath": RUNS }));
        }
        all
    }

    fn volumes(&self) -> Vec<Value> {
        let secret = |name: &str, optional: bool| {
            let of = format!("{}-{name}", self.name);
            json!({ "name": name, "secret": { "secretName": of, "optional": optional } })
        };
        let mut all = vec![
            json!({ "name": "program", "configMap": { "name": self.map_name() } }),
            secret("files", true),
        ];
        if self.needs.secrets {
            all.push(secret("secrets", false));
        }
        if self.needs.keeps {
            all.push(secret("tokens", false));
        }
        all.extend(self.proxy_volume());
        all
    }
}

/// What a pod may do: nothing that needs to be somebody.
pub(super) fn nobody() -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

/// With a list, where there is something in it. Of its own kinds a cluster keeps no empty ones, and an older one takes each apply
/// that says one for a change, and writes it anew.
fn with_list(mut object: Value, name: &str, list: Vec<Value>) -> Value {
    if let (Value::Object(object), false) = (&mut object, list.is_empty()) {
        object.insert(name.to_owned(), Value::Array(list));
    }
    object
}

/// What a container may do: read what it was given.
pub(super) fn alone() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "capabilities": { "drop": ["ALL"] },
    })
}
