//! `Run`: a run of a flow that somebody wants.

use super::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// A run of a flow, once.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flowmesh.dev",
    version = "v1alpha1",
    kind = "Run",
    namespaced,
    status = "RunStatus",
    derive = "PartialEq",
    shortname = "fr",
    category = "flowmesh",
    doc = "A run of a flow of a program",
    printcolumn = r#"{"name":"Program","type":"string","jsonPath":".spec.program"}"#,
    printcolumn = r#"{"name":"Flow","type":"string","jsonPath":".spec.flow"}"#,
    printcolumn = r#"{"name":"State","type":"string","jsonPath":".status.state"}"#,
    printcolumn = r#"{"name":"Started","type":"string","jsonPath":".status.conditions[?(@.type==\"Started\")].reason"}"#,
    printcolumn = r#"{"name":"Steps","type":"string","jsonPath":".status.steps","priority":1}"#,
    printcolumn = r#"{"name":"Run","type":"string","jsonPath":".status.run","priority":1}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    // What the schema does not describe, such as the input, rules cannot see.
    "rule": "self.program == oldSelf.program && self.flow == oldSelf.flow",
    "message": "a run is begun once: make another one",
}]))]
pub struct RunSpec {
    /// The `Program` of the same namespace.
    #[schemars(extend("pattern" = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength" = 253))]
    pub program: String,
    /// The flow.
    pub flow: String,
    /// What it is started with; what is changed later is not heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "fields")]
    pub input: Option<Input>,
    /// What deleting this object does with a run that has not ended.
    #[serde(default)]
    pub deletion: RunDeletion,
}

/// The input of a run, as it was written. It is not looked into: a reader of JSON has a limit of depth, and whoever went beyond
/// it in one object would keep the whole list of them from being read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Input(Box<RawValue>);

impl Input {
    /// Its JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Input {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

/// What deleting the object does with a run that has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunDeletion {
    /// The run is cancelled, and what it did is undone; the object goes when that is over.
    #[default]
    Cancel,
    /// It is ended where it stands.
    Terminate,
    /// It goes on.
    Leave,
}

/// How a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStatus {
    /// The generation of the spec that this is said of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The run's identifier at its server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// `running`, `waiting`, `paused`, `undoing`, `done`, `failed`, `cancelled` or `terminated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What it is at; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// At how much more it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_steps: Option<u64>,
    /// The hash of the program that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub started: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub ended: Option<String>,
    /// Its result, unless that is longer than 32 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any")]
    pub result: Option<Value>,
    /// Its error, or why it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any")]
    pub error: Option<Value>,
    /// What holds of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// Fields of any kind: what they must be follows from the program. They are one to the cluster, so that it does not write down of
/// each of them, however deep, whose it is.
fn fields(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "x-kubernetes-map-type": "atomic",
    })
}

/// Any JSON: what it must be follows from the program.
fn any(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
}
