//! A service whose operations workers do, and a flow that needs them.

use flowmesh_ir::{
    OperationId, Program, ServiceId,
    flow::{End, Target},
    service::{Binding, Operation},
};
use std::sync::Arc;

/// Adds `desk`, with `pack`, `unpack` and `notify` (once), and a flow `desk`: `checkout` with goods that are packed and
/// unpacked, and a customer who is notified, by workers.
pub(crate) fn add(program: &mut Program) {
    let desk = ServiceId(u32::try_from(program.services.len()).expect("few services"));
    let by_workers = |name: &str, (service, operation): (usize, usize)| Operation {
        name: name.into(),
        binding: Binding::Worker {
            queue: "desk".to_owned(),
        },
        ..program.services[service].operations[operation].clone()
    };
    let operations = vec![
        by_workers("pack", (0, 0)),
        by_workers("unpack", (1, 1)),
        by_workers("notify", (3, 0)),
    ];
    let mut service = Arc::clone(&program.services[0]);
    let desk_service = Arc::make_mut(&mut service);
    (desk_service.name, desk_service.operations) = ("desk".into(), operations);
    program.services.push(service);
    let checkout = program.flows.iter().find(|flow| &*flow.name == "checkout");
    let mut made = Arc::clone(checkout.expect("it is one of the programs"));
    let flow = Arc::make_mut(&mut made);
    flow.name = "desk".into();
    for state in &mut flow.states {
        if let End::Call(call) = &mut state.end {
            let undo = call.undo.as_mut().map(|undo| &mut undo.target);
            [Some(&mut call.target), undo]
                .into_iter()
                .flatten()
                .for_each(|target| to_desk(target, desk));
        }
    }
    program.flows.push(made);
    flowmesh_ir::validate(program).expect("a program");
}

fn to_desk(target: &mut Target, desk: ServiceId) {
    let operation = match (target.service.0, target.operation.0) {
        (0, 0) => 0,
        (0, 1) => 1,
        (3, 0) => 2,
        _ => return,
    };
    (target.service, target.operation) = (desk, OperationId(operation));
}
