//! How a flow looks from outside.

use super::State;
use flowmesh_ir::Name;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// One flow that can be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlowView {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What a start must bring.
    pub params: Vec<Name>,
    /// Whether it has a key of its own, by which two starts are one.
    pub keyed: bool,
    /// The signals it can hear.
    pub signals: Vec<Name>,
    /// How many runs there are, by state.
    pub runs: BTreeMap<State, usize>,
}
