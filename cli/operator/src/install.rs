//! What the operator itself needs in a cluster: definitions, who it is, what it may, and its pods.

use crate::crd;
use serde_json::{Map, Value, json};

/// What it is called.
const NAME: &str = "flowmesh-operator";

/// The port at which its pods say how they are.
const HEALTH: u16 = 7702;

/// How it is installed.
#[derive(Clone, Debug)]
pub struct Install {
    /// Where its pods are.
    pub namespace: String,
    /// The image with `flowmesh-operator`.
    pub image: String,
}

/// The definitions of `Program` and `Run`, as YAML. The same bytes each time.
#[must_use]
pub fn crds() -> String {
    let all: Vec<Value> = definitions();
    documents(&all)
}

/// All that is needed, as YAML. The namespace is not made.
#[must_use]
pub fn install(install: &Install) -> String {
    let mut all = definitions();
    all.extend([account(install), cluster_role(), cluster_binding(install)]);
    all.extend([role(install), binding(install), deployment(install)]);
    documents(&all)
}

fn definitions() -> Vec<Value> {
    let all = crd::definitions();
    all.iter()
        .filter_map(|one| serde_json::to_value(one).ok())
        .collect()
}

fn documents(all: &[Value]) -> String {
    all.iter().map(text).collect::<Vec<_>>().join("---\n")
}

/// As the manifests of programs are written: for readers of YAML 1.1, too.
fn text(one: &Value) -> String {
    let options =
        serde_saphyr::ser_options! { yaml_12: false, prefer_block_scalars: false, compact_list_indent: true };
    serde_saphyr::to_string_with_options(&sorted(one), options).unwrap_or_default()
}

/// By the names of fields, so that the bytes do not depend on how maps are kept.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<(&String, &Value)> = map.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name.clone(), sorted(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(all) => Value::Array(all.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn labels() -> Value {
    json!({ "app": NAME, "app.kubernetes.io/name": NAME })
}

fn metadata(namespace: Option<&str>) -> Value {
    match namespace {
        Some(namespace) => json!({ "name": NAME, "namespace": namespace, "labels": labels() }),
        None => json!({ "name": NAME, "labels": labels() }),
    }
}

fn account(install: &Install) -> Value {
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(Some(&install.namespace)) })
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": groups, "resources": resources, "verbs": verbs })
}

/// What it may everywhere: what programs become, and their Secrets, of which it reads the tokens of servers.
fn cluster_role() -> Value {
    const MAKE: [&str; 4] = ["get", "create", "patch", "delete"];
    const WATCH: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];
    let rules = [
        rule(
            &[crd::GROUP],
            &["programs", "runs"],
            &["get", "list", "watch", "patch"],
        ),
        rule(
            &[crd::GROUP],
            &["programs/status", "runs/status"],
            &["get", "update"],
        ),
        rule(
            &[crd::GROUP],
            &["programs/finalizers", "runs/finalizers"],
            &["update"],
        ),
        rule(&["apps"], &["statefulsets", "deployments"], &WATCH),
        rule(&[""], &["configmaps", "services", "serviceaccounts"], &MAKE),
        rule(&[""], &["secrets"], &["get"]),
        rule(&["networking.k8s.io"], &["networkpolicies"], &MAKE),
        rule(&["policy"], &["poddisruptionbudgets"], &MAKE),
        rule(&["batch"], &["jobs"], &WATCH),
        rule(&["monitoring.coreos.com"], &["servicemonitors"], &MAKE),
        // Without `escalate` and `bind`: the cluster lets it hand out nothing that it may not do itself.
        rule(&["rbac.authorization.k8s.io"], &["roles", "rolebindings"], &MAKE),
        rule(&["autoscaling"], &["horizontalpodautoscalers"], &MAKE),
        // The second is that of kinds that are experimental.
        rule(
            &["gateway.networking.k8s.io", "gateway.networking.x-k8s.io"],
            &["*"],
            &MAKE,
        ),
        rule(
            &["networking.istio.io", "security.istio.io", "telemetry.istio.io"],
            &["*"],
            &MAKE,
        ),
        rule(&["policy.linkerd.io", "consul.hashicorp.com"], &["*"], &MAKE),
    ];
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": metadata(None),
        "rules": rules,
    })
}

fn bound(kind: &str, role: &str, install: &Install) -> Value {
    let namespace = (kind == "RoleBinding").then_some(install.namespace.as_str());
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": metadata(namespace),
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": NAME },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": install.namespace }],
    })
}

fn cluster_binding(install: &Install) -> Value {
    bound("ClusterRoleBinding", "ClusterRole", install)
}

fn binding(install: &Install) -> Value {
    bound("RoleBinding", "Role", install)
}

/// What it may where it is: the lease.
fn role(install: &Install) -> Value {
    let named = json!({
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": [NAME],
        "verbs": ["get", "update"],
    });
    let rules = [rule(&["coordination.k8s.io"], &["leases"], &["create"]), named];
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(Some(&install.namespace)),
        "rules": rules,
    })
}

fn probe(path: &str, seconds: u32) -> Value {
    json!({ "httpGet": { "path": path, "port": "health" }, "periodSeconds": seconds, "timeoutSeconds": 5 })
}

/// Two pods, of which one works.
fn deployment(install: &Install) -> Value {
    let pod =
        |name: &str, path: &str| json!({ "name": name, "valueFrom": { "fieldRef": { "fieldPath": path } } });
    let container = json!({
        "name": "operator",
        "image": install.image,
        "command": ["/usr/local/bin/flowmesh-operator"],
        "args": ["run", "--log-format", "json", "--health", format!("0.0.0.0:{HEALTH}")],
        "ports": [{ "name": "health", "containerPort": HEALTH }],
        "livenessProbe": probe("/healthz", 20),
        "readinessProbe": probe("/readyz", 5),
        "env": [pod("POD_NAME", "metadata.name"), pod("POD_NAMESPACE", "metadata.namespace")],
        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" }, "limits": { "memory": "512Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
    });
    let template = json!({
        "metadata": { "labels": labels() },
        "spec": {
            "serviceAccountName": NAME,
            "terminationGracePeriodSeconds": 40,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [container],
        },
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(Some(&install.namespace)),
        "spec": { "replicas": 2, "selector": { "matchLabels": labels() }, "template": template },
    })
}

#[cfg(test)]
mod tests {
    use super::{Install, crds};
    use serde_json::Value;

    fn objects(text: &str) -> Vec<Value> {
        text.split("---\n")
            .map(|one| serde_saphyr::from_str(one).unwrap())
            .collect()
    }

    #[test]
    fn the_same_bytes_come_each_time() {
        assert_eq!(crds(), crds());
        assert!(crds().starts_with("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"));
    }

    #[test]
    fn everything_that_is_named_is_there_and_no_namespace() {
        let install = Install {
            namespace: "ops".to_owned(),
            image: "flowmesh:1".to_owned(),
        };
        let all = objects(&super::install(&install));
        let kinds: Vec<&str> = all
            .iter()
            .map(|object| object["kind"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            [
                "CustomResourceDefinition",
                "CustomResourceDefinition",
                "ServiceAccount",
                "ClusterRole",
                "ClusterRoleBinding",
                "Role",
                "RoleBinding",
                "Deployment",
            ]
        );
        assert_eq!(
            all[7]["spec"]["template"]["spec"]["containers"][0]["image"],
            "flowmesh:1"
        );
        let rights = all[3].to_string();
        assert!(rights.contains("rolebindings"));
        assert!(
            !["escalate", "bind\"", "impersonate"]
                .iter()
                .any(|verb| rights.contains(verb))
        );
        assert!(
            all.iter()
                .skip(2)
                .all(|object| object["metadata"]["name"] == "flowmesh-operator")
        );
    }
}
