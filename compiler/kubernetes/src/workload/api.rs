//! What a program with `std.kubernetes` needs: a way to the API of the cluster, and leave to do there what its flows do.

use super::{Making, TARGET, pods::alone};
use crate::{Manifest, constant, manifest::metadata, problem::Problem, yaml};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{
    Program,
    flow::{End, Target},
    service::{Method, Piece},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How operations of `std.kubernetes` begin.
const PATH: &str = "/apis/";

/// Where `std.kubernetes` finds the API, and who listens there.
const PROXY: (&str, u16) = ("http://127.0.0.1:8001", 8001);
const PROXY_IMAGE: &str = "registry.k8s.io/kubectl:v1.36.0";

/// Where clients of the API look for who they are.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The kinds of a group in a namespace, and what may be done with them.
type Leave = BTreeMap<(String, String, String), BTreeSet<&'static str>>;

/// What a program does at the API of the cluster.
#[derive(Default)]
pub(super) struct Api {
    /// Whether it goes there by a proxy beside it.
    pub(super) proxied: bool,
    leave: Leave,
}

impl Api {
    /// What the flows of a program do there. What they name only when they run is reported, and not allowed.
    pub(super) fn of(program: &Program, options: &crate::Options<'_>, found: &mut Diagnostics) -> Self {
        let mut api = Self::default();
        for flow in &program.flows {
            for state in &flow.states {
                let End::Call(call) = &state.end else { continue };
                let undone = call.undo.iter().map(|undo| &undo.target);
                for target in std::iter::once(&call.target).chain(undone) {
                    if api.note(program, options, target).is_none() {
                        let what = "kind of what a flow does in the cluster";
                        let span = program
                            .origins
                            .span(&format!("flow/{}", flow.name))
                            .unwrap_or_default();
                        let problem = Problem::Late { what, config: None };
                        found.add_beside(problem.diagnostic(TARGET, Severity::Warning, span));
                    }
                }
            }
        }
        api
    }

    /// Nothing where what it names is not known before.
    fn note(&mut self, program: &Program, options: &crate::Options<'_>, target: &Target) -> Option<()> {
        let Some(service) = program.service(target.service) else {
            return Some(());
        };
        let Some(operation) = service.operations.get(target.operation.index()) else {
            return Some(());
        };
        let literal = operation.path.first();
        if !matches!(literal, Some(Piece::Literal(text)) if text.starts_with(PATH)) {
            return Some(());
        }
        let addresses = service.subsets.iter().flat_map(|subset| &subset.addresses);
        self.proxied |= addresses
            .filter_map(|address| constant::text(program, options, address).ok())
            .any(|address| address == PROXY.0);
        let named = |name: &str| {
            let at = operation
                .params
                .iter()
                .position(|param| param.name.as_str() == name)?;
            constant::text(program, options, target.arguments.get(at)?).ok()
        };
        let (group, kinds, namespace) = (named("group")?, named("kinds")?, named("namespace")?);
        let verbs: &[&'static str] = match operation.method {
            // What is applied is made where it is not there.
            Method::Patch => &["create", "patch"],
            Method::Delete => &["delete"],
            _ => &["get"],
        };
        self.leave
            .entry((namespace, group, kinds))
            .or_default()
            .extend(verbs);
        Some(())
    }
}

impl Making<'_> {
    /// A `Role` in each namespace where flows do something, and the binding that gives it to the pods.
    pub(super) fn leave(&self) -> Vec<Manifest> {
        let mut rules: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for ((namespace, group, kinds), verbs) in &self.api.leave {
            rules
                .entry(namespace)
                .or_default()
                .push(json!({ "apiGroups": [group], "resources": [kinds], "verbs": verbs }));
        }
        let own = &self.options.workload.namespace;
        let each = rules.into_iter().flat_map(|(namespace, rules)| {
            let name = match namespace == own {
                true => self.name.clone(),
                false => format!("{}-in-{namespace}", self.name),
            };
            let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name });
            let pods = json!([{ "kind": "ServiceAccount", "name": "flowmesh", "namespace": own }]);
            [
                self.allowed("Role", &name, namespace, &json!({ "rules": rules })),
                self.allowed(
                    "RoleBinding",
                    &name,
                    namespace,
                    &json!({ "roleRef": role, "subjects": pods }),
                ),
            ]
        });
        each.collect()
    }

    fn allowed(&self, kind: &str, name: &str, namespace: &str, rest: &Value) -> Manifest {
        let metadata = metadata(self.program, self.options, name, namespace, Span::default());
        let mut object =
            json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata });
        if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
            object.extend(rest.clone());
        }
        yaml::manifest(kind, name, &object)
    }

    /// The container that shows the API who the pods are, so that no token is in the program; it runs as long as they do.
    pub(super) fn proxy(&self) -> Option<Value> {
        self.api.proxied.then(|| {
            json!({
                "name": "api",
                "image": PROXY_IMAGE,
                "args": ["proxy", format!("--port={}", PROXY.1)],
                "restartPolicy": "Always",
                "resources": { "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "memory": "64Mi" } },
                "securityContext": alone(),
                "volumeMounts": [{ "name": "api", "mountPath": TOKEN, "readOnly": true }],
            })
        })
    }

    /// Who the pods are, for that container alone.
    pub(super) fn proxy_volume(&self) -> Option<Value> {
        self.api.proxied.then(|| {
            let authority =
                json!({ "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] });
            let namespace = json!({ "path": "namespace", "fieldRef": { "fieldPath": "metadata.namespace" } });
            json!({
                "name": "api",
                "projected": { "sources": [
                    { "serviceAccountToken": { "path": "token", "expirationSeconds": 3600 } },
                    { "configMap": authority },
                    { "downwardAPI": { "items": [namespace] } },
                ] },
            })
        })
    }
}
