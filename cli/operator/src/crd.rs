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

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
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
    vec![Program::crd(), Run::crd()]
}
