//! What a run asks for, where it asks for a place among others.

use crate::store::Guarded;
use flowmesh_ir::Name;
use flowmesh_machine::Ask;

/// The place that a run asks for; `None` if it asks for something else.
pub(crate) fn guarded_by((namespace, flow): (&Name, &Name), ask: &Ask) -> Option<Guarded> {
    let namespace = namespace.clone();
    match ask {
        Ask::Acquire { name, .. } => Some(Guarded::Named {
            namespace,
            name: name.clone(),
        }),
        Ask::Admit(admit) => Some(Guarded::Flow {
            namespace,
            flow: flow.clone(),
            of: admit.name.clone(),
        }),
        Ask::Debounce(debounce) => Some(Guarded::Newest {
            namespace,
            flow: flow.clone(),
            of: debounce.of.clone(),
        }),
        _ => None,
    }
}
