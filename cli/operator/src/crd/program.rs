//! `Program`: a program that a cluster is to carry out.

use super::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A program that the cluster is to carry out: where its text is, and how its pods are made.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flowmesh.dev",
    version = "v1alpha1",
    kind = "Program",
    namespaced,
    status = "ProgramStatus",
    derive = "PartialEq",
    shortname = "fp",
    category = "flowmesh",
    doc = "A program of flowmesh that the cluster is to carry out",
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason"}"#,
    printcolumn = r#"{"name":"Name","type":"string","jsonPath":".status.name"}"#,
    printcolumn = r#"{"name":"Program","type":"string","jsonPath":".status.program","priority":1}"#,
    printcolumn = r#"{"name":"Left","type":"integer","jsonPath":".status.plan.left","description":"Runs of older versions"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct ProgramSpec {
    /// Where the program comes from.
    pub source: Source,
    /// The image with flowmesh; that of the operator's version where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How large the volume of the runs is, such as `10Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// Values of configs, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, String>,
    /// Which Secrets the pods and the operator use. Values of secrets stand in no program.
    #[serde(default)]
    pub secrets: SecretSpec,
    /// Whether the operator of Prometheus is told where the pods are measured: a `ServiceMonitor`.
    #[serde(default)]
    pub monitor: bool,
    /// Whether a `Job` carries out the tests of the program, once for each version, before it is let in.
    #[serde(default)]
    pub tests: bool,
    /// A mesh of the cluster that gets the program's services and policies too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<MeshSpec>,
    /// What a new version does with runs of older ones.
    #[serde(default)]
    pub old_runs: OldRuns,
    /// What happens where somebody else wrote a field that the operator writes too.
    #[serde(default)]
    pub conflicts: Conflicts,
    /// What deleting the program does while runs have not ended.
    #[serde(default)]
    pub deletion: Deletion,
}

/// Where a program comes from: one of `files`, `program` and `configMap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.files), has(self.program), has(self.configMap)].filter(it, it).size() == 1",
    "message": "expected one of files, program and configMap",
}]))]
pub struct Source {
    /// Texts by their paths: `shop.flow`, `shop/payments.flow`, and the documents that they read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<BTreeMap<String, String>>,
    /// Which of the files is the program; needed where there are several with `.flow` at their end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main: Option<String>,
    /// A compiled program, as `flowmesh compile --to json` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// A ConfigMap of the same namespace whose keys are the files, or that has `program.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapSource>,
}

/// What a cluster takes for the name of an object.
const NAME: &str = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

/// A ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapSource {
    /// Its name.
    #[schemars(extend("pattern" = NAME, "maxLength" = 253))]
    pub name: String,
}

/// Which Secrets are used, each of the same namespace; `NAME` is what the program is called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretSpec {
    /// The one with a key for each `secret` of the program; else `NAME-secrets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<String>,
    /// The one with the files that the program names; else `NAME-files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    /// The one with the server's `tokens.json`; else `NAME-tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    /// The token by which the server knows the operator, of the role `deployer`; else `token` of `NAME-operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<TokenSpec>,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenSpec {
    /// The name of the Secret.
    #[schemars(extend("pattern" = NAME, "maxLength" = 253))]
    pub name: String,
    /// The key in it; else `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A mesh of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeshSpec {
    /// Which, as `flowmesh targets` calls it.
    pub target: String,
    /// Whether what the mesh cannot hold is left to the program's own pods, instead of refused.
    #[serde(default)]
    pub interpreter_fills: bool,
    /// Whether what the target has in its experimental channel is written, too, with `gateway-api`.
    #[serde(default)]
    pub experimental: bool,
    /// Who carries gateways out, with `gateway-api`: the name of a `GatewayClass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_class: Option<String>,
}

/// What a new version does with runs of older ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OldRuns {
    /// Those that can go on in it move, the others end in the version that they have.
    #[default]
    Move,
    /// All end in the version that they began with.
    Stay,
    /// It is not deployed before all that are left can move.
    Wait,
}

/// What happens where somebody else wrote a field that the operator writes too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Conflicts {
    /// The object is left as it is, and the status says so.
    #[default]
    Report,
    /// The field is taken over.
    Force,
}

/// What deleting a program does while runs have not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deletion {
    /// It waits for them.
    #[default]
    Wait,
    /// It ends them where they stand.
    Terminate,
    /// It asks nobody. The volume stays, and with it what was written of them.
    Abandon,
}

/// How a program stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgramStatus {
    /// The generation of the spec that this is said of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What the program is called, and so its objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The hash of what the spec says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compiled: Option<String>,
    /// The hash of what new runs begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What becomes of runs of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// What the compiler found: errors first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Finding>,
    /// How many more it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_diagnostics: Option<u64>,
    /// The objects that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectKey>,
    /// What holds of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// What becomes of runs of older versions, as the server says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The hash of the version that they would move to.
    pub program: String,
    /// How many would move, or have moved by this deployment.
    pub moves: u64,
    /// How many would, if the program said with `migrate` where.
    pub needs_migration: u64,
    /// How many stay in the version that they have.
    pub stays: u64,
    /// How many are left in older versions: those that stay, and those that need a migration block.
    pub left: u64,
    /// Runs that are alike, the most first; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<PlanGroup>,
    /// How many more of them there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_groups: Option<u64>,
}

/// Runs that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanGroup {
    /// `moves`, `needs_migration` or `stays`.
    pub fate: String,
    /// The flow that they are runs of.
    pub flow: String,
    /// The step that they are at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How many they are.
    pub runs: u64,
    /// Some of them, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Why they stay, with its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the compiler found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The code; `flowmesh explain` has a page on it.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// `shop.flow:3:7`.
    pub place: String,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// An object of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    /// Its version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}
