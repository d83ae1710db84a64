//! A flow whose call must not be made twice, and that says nothing of the end that nobody knows.

use super::{Parts, call, field, flow, seconds, slot, state, target, text};
use flowmesh_ir::{
    SlotId, StateId, StepId,
    expr::Expr,
    flow::{End, Flow, Undo},
    ty::Type,
};

/// `let hold = stock.reserve(id) undo stock.release(hold); let sent = mail.send(id) undo payments.refund(id); sleep 3s;
/// return sent`
pub(super) fn letter() -> Flow {
    let id = || Expr::Slot(SlotId(0));
    let undo = |target, step| {
        Some(Undo {
            target,
            step: StepId(step),
        })
    };
    let release = undo(target(0, 1, Expr::Slot(SlotId(1))), 3);
    let refund = undo(target(1, 1, id()), 4);
    let nap = End::Sleep {
        duration: seconds(3),
        next: StateId(3),
    };
    let states = vec![
        state(
            End::Call(Box::new(call(target(0, 0, id()), Some(1), release, 1))),
            Some(0),
        ),
        state(
            End::Call(Box::new(call(target(3, 0, id()), Some(2), refund, 2))),
            Some(1),
        ),
        state(nap, Some(2)),
        state(
            End::Return(Expr::Text(vec![text("sent "), Expr::Slot(SlotId(2))])),
            None,
        ),
    ];
    let steps = vec![
        "stock.reserve",
        "mail.send",
        "sleep",
        "undo stock.release",
        "undo payments.refund",
    ];
    let parts = Parts {
        params: vec![field("id", Type::String)],
        slots: vec![slot("hold"), slot("sent")],
        steps,
        states,
    };
    flow("letter", parts)
}
