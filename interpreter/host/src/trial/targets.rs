//! What flows produce, in a test: there is none of it until a flow that produces it has come to the end of its body.

use flowmesh_ir::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is there, and what the test says of it.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Targets {
    made: BTreeSet<String>,
    said: BTreeMap<String, bool>,
}

impl Targets {
    /// The test says whether something is there.
    pub(super) fn say(&mut self, target: &Value, there: &Value) {
        if let (Value::String(target), Value::Bool(there)) = (target, there) {
            self.said.insert(target.to_string(), *there);
        }
    }

    /// Whether something is there. A body that has come to its end has made it, unless the test says otherwise.
    pub(super) fn look(&mut self, target: String, after: bool) -> bool {
        if let Some(there) = self.said.get(&target) {
            return *there;
        }
        let there = self.made.contains(&target);
        if after {
            self.made.insert(target);
        }
        there || after
    }
}
