//! A flow whose calls are not made where their results are there.

use super::{Parts, call, field, flow, seconds, slot, state, target, text};
use flowmesh_ir::{
    FlowId, SlotId, StateId,
    expr::Expr,
    flow::{Call, End, Flow, Reuse, Start, Tie},
    ty::Type,
};

const CHILD: FlowId = FlowId(5);

/// `stock.reserve("of {id}") cache { key: id, ttl: 6s }; sleep 2s; return child(id) cache { ttl: 4s }`
pub(super) fn reused() -> Flow {
    let id = || Expr::Slot(SlotId(0));
    let of = Expr::Text(vec![text("of "), id()]);
    let reserve = Call {
        cache: Some(Reuse {
            key: Some(id()),
            ttl: seconds(6),
        }),
        ..call(target(0, 0, of), Some(1), None, 1)
    };
    let nap = End::Sleep {
        duration: seconds(2),
        next: StateId(2),
    };
    let child = Start {
        flow: CHILD,
        arguments: vec![id()],
        tie: Tie::Child,
        cache: Some(Reuse {
            key: None,
            ttl: seconds(4),
        }),
        bind: Some(SlotId(2)),
        undo: None,
        catch: vec![],
        next: StateId(3),
    };
    let states = vec![
        state(End::Call(Box::new(reserve)), Some(0)),
        state(nap, Some(1)),
        state(End::Start(Box::new(child)), Some(2)),
        state(End::Return(Expr::Slot(SlotId(2))), None),
    ];
    let parts = Parts {
        params: vec![field("id", Type::String)],
        slots: vec![slot("held"), slot("done")],
        steps: vec!["stock.reserve", "sleep", "child"],
        states,
    };
    flow("reused", parts)
}
