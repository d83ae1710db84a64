//! The program itself in a cluster: whoever carries it out, as pods, with what they need and no more.
//!
//! A program with flows is one pod of a `StatefulSet`, whose volume keeps its runs: the embedded store is one process's. So is
//! one with limits that are shared: one server counts them, and gateways do not begin without. One that only has gateways
//! keeps nothing, and is a `Deployment` of several that grows with the load.
//!
//! 1. [`needs`]: what the program wants of the pods: files, values, ports, whom it calls
//! 2. [`pods`]: the pods
//! 3. [`around`]: what stands around them: Services, rules of the network, budgets, scaling
//! 4. [`api`]: what they may do at the API of the cluster, where the program does something there
//! 5. [`mesh`]: what a mesh wants of them, where they are in one
//! 6. [`gate`]: a Job with the tests of the program, where it is asked for
//!
//! Secrets are named and never written: `NAME-secrets` has a key for each `secret` of the program, `NAME-files` the files that
//! it names (certificates, keys, visitors), `NAME-tokens` the `tokens.json` of `flowmesh token`.

mod api;
mod around;
mod gate;
mod mesh;
mod needs;
mod pods;
pub(crate) mod table;

use crate::{
    Manifest, Options, Target,
    address::is_label,
    manifest::{Metadata, metadata, object_name},
    problem::Problem,
    yaml,
};
use api::Api;
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{Program, print};
use needs::Needs;
use serde_json::{Value, json};

const TARGET: Target = Target::Kubernetes;

/// The longest program in bytes: an object of a cluster is no longer than 1 MiB, and its names and the like are in that.
const PROGRAM_BYTES_MAX: usize = 1_000_000;

/// How the pods are made.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The image with the binary.
    pub image: String,
    /// The namespace of all objects.
    pub namespace: String,
    /// How large the volume of the runs is.
    pub storage: String,
    /// Whether the operator of Prometheus is told where they are measured.
    pub monitor: bool,
    /// Whether there is a Job that carries out the tests of the program.
    pub tests: bool,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            image: format!("flowmesh:{}", env!("CARGO_PKG_VERSION")),
            namespace: "default".to_owned(),
            storage: "10Gi".to_owned(),
            monitor: false,
            tests: false,
        }
    }
}

/// The program on its way to a cluster.
struct Making<'a> {
    program: &'a Program,
    options: &'a Options<'a>,
    /// The mesh that the pods are in.
    mesh: Option<Target>,
    /// What its objects are called.
    name: String,
    needs: Needs,
    api: Api,
}

/// The manifests of a program, whose pods may be in a mesh.
pub(crate) fn compile(
    program: &Program,
    mesh: Option<Target>,
    options: &Options<'_>,
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let name = object_name(&program.name).to_lowercase();
    let report = |problem: &Problem, found: &mut Diagnostics| {
        found.add_beside(problem.diagnostic(TARGET, Severity::Error, Span::default()));
    };
    if !is_label(&name) {
        let reason = format!("`{name}` is longer than 63 characters, or no name that the cluster takes");
        report(&Problem::Limit { reason }, found);
        return Vec::new();
    }
    let namespace = &options.workload.namespace;
    if !is_label(namespace) {
        let reason = format!("`{namespace}` is no name that the cluster takes for a namespace");
        report(&Problem::Limit { reason }, found);
        return Vec::new();
    }
    let text = print::json(program);
    if text.len() > PROGRAM_BYTES_MAX {
        let reason = format!(
            "the program has {} bytes, and an object of a cluster holds {PROGRAM_BYTES_MAX} of it",
            text.len()
        );
        report(&Problem::Limit { reason }, found);
        return Vec::new();
    }
    let Some(needs) = Needs::of(program, options, found) else {
        return Vec::new();
    };
    let api = Api::of(program, options, found);
    let making = Making {
        program,
        options,
        mesh,
        name,
        needs,
        api,
    };
    let mut all = vec![making.config_map(&text), making.service_account(), making.pods()];
    all.extend(making.around());
    all.extend(making.leave());
    match making.gate() {
        Ok(gate) => all.extend(gate),
        Err(reason) => {
            report(&Problem::Limit { reason }, found);
            return Vec::new();
        }
    }
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

impl Making<'_> {
    /// The program by its hash: pods of another one have another map.
    fn config_map(&self, text: &str) -> Manifest {
        self.object(
            "v1",
            "ConfigMap",
            &self.map_name(),
            json!({ "immutable": true, "data": { "program.json": text } }),
        )
    }

    fn map_name(&self) -> String {
        let hash = self.program.hash().to_string();
        format!("{}-{}", self.name, hash.get(..12).unwrap_or(&hash))
    }

    /// Who the pods are in the mesh; they ask the API of the cluster nothing. All programs of a namespace are this one, so that
    /// nothing of it is of one of them alone.
    fn service_account(&self) -> Manifest {
        let (kind, name) = ("ServiceAccount", "flowmesh");
        let namespace = &self.options.workload.namespace;
        let object = json!({
            "apiVersion": "v1",
            "kind": kind,
            "metadata": metadata(self.program, self.options, name, namespace, Span::default()),
            "automountServiceAccountToken": false,
        });
        yaml::manifest(kind, name, &object)
    }

    /// The labels by which the pods are known.
    fn labels(&self) -> Value {
        json!({ "app": self.name, "app.kubernetes.io/name": self.name })
    }

    fn metadata(&self, name: &str) -> Metadata {
        let namespace = &self.options.workload.namespace;
        let mut metadata = metadata(self.program, self.options, name, namespace, Span::default());
        let label = "app.kubernetes.io/name".to_owned();
        metadata.labels.insert(label, self.name.clone());
        metadata
    }

    /// An object of a kind; `rest` is what stands beside its name.
    fn object(&self, version: &str, kind: &str, name: &str, rest: Value) -> Manifest {
        let mut object = json!({ "apiVersion": version, "kind": kind, "metadata": self.metadata(name) });
        if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
            object.extend(rest);
        }
        yaml::manifest(kind, name, &object)
    }
}
