//! The flow of the sample: it waits, charges, forks and returns.

use super::{binary, dot, field, int, pair, slot, text};
use crate::{
    ErrorId, OperationId, PolicyId, ServiceId, SignalId, SlotId, StateId, StepId, TypeId, Value,
    expr::{Binary, Expr, Pattern, Raise, Unary, Widen},
    flow::{
        Arm, Branch, Branches, Call, Catch, End, Flow, Instruction, Need, On, Region, Rest, Signal, Slot,
        State, Step, Target, Undo, Wait,
    },
    ty::Type,
};
use jiff::SignedDuration;

fn state(code: Vec<Instruction>, end: End) -> State {
    State {
        code,
        end,
        step: None,
    }
}

fn both(entries: [StateId; 2], next: StateId) -> End {
    let branch = |entry| Branch {
        when: None,
        after: vec![],
        entry,
    };
    End::Region(Box::new(Region {
        branches: Branches::Fixed(entries.map(branch).to_vec()),
        need: Need::All,
        rest: Rest::Cancel,
        within: None,
        guard: None,
        catch: vec![],
        finally: None,
        name: None,
        next,
    }))
}

fn target(service: u32, argument: Expr) -> Target {
    Target {
        service: ServiceId(service),
        operation: OperationId(0),
        arguments: vec![argument],
        policy: PolicyId(service),
        as_json: false,
    }
}

/// Slots: 0 order, 1 receipt, 2 e, 3 approval, 4 note.
pub(super) fn checkout() -> Flow {
    let names = ["order", "receipt", "e", "approval", "note"];
    let steps = [
        "await approve",
        "payments.charge",
        "undo inventory.release",
        "inventory.release",
        "sleep",
    ];
    Flow {
        name: "checkout".into(),
        doc: Some("Takes an order to a receipt.\nSafe to start twice.".to_owned()),
        params: vec![field("order", Type::Named(TypeId(1)))],
        result: Type::Named(TypeId(2)),
        fails: vec![ErrorId(9)],
        key: Some(dot(slot(0), "id")),
        trigger: None,
        produces: None,
        conduct: crate::flow::Conduct::default(),
        views: Vec::new(),
        signals: vec![Signal {
            name: "approve".into(),
            params: vec![field("by", Type::String)],
            result: None,
            transient: false,
        }],
        slots: names
            .map(|name| Slot {
                name: name.into(),
                ty: None,
            })
            .into(),
        steps: steps
            .map(|title| Step {
                title: title.to_owned(),
                label: None,
                within: None,
            })
            .into(),
        states: states(),
        entry: StateId(0),
    }
}

fn states() -> Vec<State> {
    let large = binary(
        Binary::Greater,
        dot(slot(0), "total"),
        Expr::Widen(Box::new(int(1000)), Widen::Decimal),
    );
    let sober = Expr::Unary(
        Unary::Not,
        Box::new(binary(Binary::Has, dot(slot(0), "notes"), text("gift"))),
    );
    let days = |days: i64| Expr::Constant(Value::Duration(SignedDuration::from_hours(24 * days)));
    let failed = |reason: Expr| {
        End::Fail(Raise {
            error: ErrorId(9),
            fields: vec![pair("reason", reason)],
        })
    };
    let charge = Call {
        target: target(1, slot(0)),
        cache: None,
        bind: Some(SlotId(1)),
        undo: Some(Undo {
            target: target(0, dot(slot(1), "id")),
            step: StepId(2),
        }),
        catch: vec![Catch {
            error: ErrorId(9),
            bind: Some(SlotId(2)),
            next: StateId(4),
        }],
        next: StateId(5),
    };
    let release = Call {
        target: Target {
            policy: PolicyId(1),
            ..target(0, dot(slot(1), "id"))
        },
        cache: None,
        bind: None,
        undo: None,
        catch: vec![],
        next: StateId(7),
    };
    let arm = |on, bind, next| Arm { on, bind, next };
    let wait = Wait {
        arms: vec![
            arm(On::Signal(SignalId(0)), Some(SlotId(3)), StateId(2)),
            arm(On::After(days(2)), None, StateId(3)),
        ],
        catch: vec![],
    };
    let chosen = vec![
        (
            Pattern::Case("Held".into(), vec![("until".into(), SlotId(4))]),
            StateId(10),
        ),
        (Pattern::Any, StateId(10)),
    ];
    let by = Expr::Text(vec![text("asks \"{nobody}\": "), dot(slot(0), "id")]);
    vec![
        state(
            vec![Instruction::Log(by)],
            End::Branch {
                condition: binary(Binary::And, large, sober),
                yes: StateId(1),
                no: StateId(2),
            },
        ),
        State {
            step: Some(StepId(0)),
            ..state(vec![], End::Wait(wait))
        },
        State {
            step: Some(StepId(1)),
            ..state(vec![], End::Call(Box::new(charge)))
        },
        state(vec![], failed(text("nobody approved it"))),
        state(vec![], failed(dot(slot(2), "reason"))),
        state(vec![], both([StateId(6), StateId(8)], StateId(9))),
        State {
            step: Some(StepId(3)),
            ..state(vec![], End::Call(Box::new(release)))
        },
        state(vec![], End::Join),
        State {
            step: Some(StepId(4)),
            ..state(
                vec![Instruction::Set(SlotId(4), text("slept"))],
                End::Sleep {
                    duration: days(1),
                    next: StateId(12),
                },
            )
        },
        state(
            vec![Instruction::Log(slot(4))],
            End::Match {
                subject: dot(slot(0), "status"),
                arms: chosen,
            },
        ),
        state(vec![], End::Jump(StateId(11))),
        state(vec![], End::Return(slot(1))),
        state(vec![], End::Join),
    ]
}
