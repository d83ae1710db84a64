//! What people write and read: the objects `Program` and `Run` of a cluster, and what both say of themselves.

mod condition;
mod program;
mod run;

pub(crate) use condition::cut;
pub use condition::{Condition, Truth, condition, is_true, set};
pub use program::{
    ConfigMapSource, Conflicts, Deletion, Finding, MeshSpec, ObjectKey, OldRuns, Plan, PlanGroup, Program,
    ProgramSpec, ProgramStatus, SecretSpec, Source, TokenSpec,
};
pub use run::{Input, Run, RunDeletion, RunSpec, RunStatus};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

/// The group of both.
pub const GROUP: &str = "flowmesh.dev";

/// By which an object is kept until the operator has done what is to be done before it goes.
pub const FINALIZER: &str = "flowmesh.dev/operator";

/// Says on a program or a run that is to be deleted what `deletion` of its spec would.
pub const DELETION: &str = "flowmesh.dev/deletion";

/// The definitions of both.
#[must_use]
pub fn definitions() -> Vec<CustomResourceDefinition> {
    let mut all = vec![Program::crd(), Run::crd()];
    let versions = all.iter_mut().flat_map(|one| &mut one.spec.versions);
    for schema in versions.filter_map(|version| version.schema.as_mut()) {
        schema.open_api_v3_schema.iter_mut().for_each(formatted);
    }
    all
}

/// Gives whole numbers a format that clusters know: of another one they warn whoever installs it.
fn formatted(schema: &mut JSONSchemaProps) {
    if schema
        .format
        .as_ref()
        .is_some_and(|format| format.starts_with("uint"))
    {
        schema.format = Some("int64".to_owned());
    }
    schema
        .properties
        .iter_mut()
        .flat_map(|all| all.values_mut())
        .for_each(formatted);
    if let Some(JSONSchemaPropsOrArray::Schema(inner)) = &mut schema.items {
        formatted(inner);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(inner)) = &mut schema.additional_properties {
        formatted(inner);
    }
}
