//! Programs for the tests of this room, made by hand, since it does not know the language.

#[path = "between.rs"]
mod between;
#[path = "letters.rs"]
mod letters;
#[path = "reused.rs"]
mod reused;

use flowmesh_ir::{
    ErrorId, OperationId, PolicyId, Program, ServiceId, SignalId, SlotId, StateId, StepId, Value,
    expr::{Context, Expr, Raise},
    flow::{
        Arm, Branch, Branches, Call, Catch, End, Flow, Instruction, Need, On, Region, Rest, Signal, Slot,
        State, Step, Target, Undo, Wait,
    },
    policy::{Backoff, Jitter, Policy, Retry, RetryOn, Timeout},
    program::{BUILTIN_ERRORS, VERSION},
    service::{EffectKind, Method, OnStatus, Operation, Piece, Route, Service, Subset},
    ty::{ErrorDef, Field, Type},
};
use jiff::SignedDuration;

/// The name of an operation, its method, and what repeating it does.
type Declared = (&'static str, Method, EffectKind);

/// `stock.reserve`, `stock.release`, `payments.charge`, `payments.refund`, `shipping.book`, `mail.send` (once).
pub(crate) const SERVICES: [(&str, &[Declared]); 4] = [
    (
        "stock",
        &[
            ("reserve", Method::Post, EffectKind::Keyed),
            ("release", Method::Delete, EffectKind::Idempotent),
        ],
    ),
    (
        "payments",
        &[
            ("charge", Method::Post, EffectKind::Keyed),
            ("refund", Method::Post, EffectKind::Keyed),
        ],
    ),
    ("shipping", &[("book", Method::Post, EffectKind::Keyed)]),
    ("mail", &[("send", Method::Post, EffectKind::Once)]),
];

const DECLINED: ErrorId = ErrorId(9);
const REJECTED: ErrorId = ErrorId(10);
const UNKNOWN: ErrorId = ErrorId(3);

/// Flows over the services at an address.
pub(crate) fn program(address: &str) -> Program {
    let mut errors: Vec<ErrorDef> = BUILTIN_ERRORS
        .iter()
        .map(|(name, fields)| error(name, fields))
        .collect();
    errors.push(error("Declined", &[("reason", Type::Json)]));
    errors.push(error("Rejected", &[("reason", Type::String)]));
    Program {
        events: between::events(),
        version: VERSION,
        name: "tests".into(),
        configs: Vec::new(),
        secrets: Vec::new(),
        types: Vec::new(),
        errors,
        policies: vec![policy(Some(retry())), policy(None)],
        services: SERVICES
            .iter()
            .map(|(name, operations)| service(name, operations, address).into())
            .collect(),
        functions: Vec::new(),
        flows: [hello(), nap(), hear(), ten(), checkout()]
            .into_iter()
            .chain(between::flows())
            .chain([letters::letter(), reused::reused()])
            .map(Into::into)
            .collect(),
        ..Program::default()
    }
}

fn error(name: &str, fields: &[(&str, Type)]) -> ErrorDef {
    let fields = fields.iter().map(|(name, ty)| field(name, ty.clone())).collect();
    ErrorDef {
        name: name.into(),
        doc: None,
        fields,
    }
}

fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.into(),
        ty,
        rule: None,
    }
}

fn policy(retry: Option<Retry>) -> Policy {
    let timeout = Timeout {
        attempt_ms: 1_000,
        total_ms: 10_000,
        idle_ms: 3_000,
    };
    Policy {
        timeout,
        retry,
        ..Policy::default()
    }
}

fn retry() -> Retry {
    let backoff = Backoff {
        base_ms: 50,
        max_ms: 500,
        factor: 2,
        jitter: Jitter::Full,
    };
    let on = vec![RetryOn::Connect, RetryOn::Timeout, RetryOn::Class(5)];
    Retry {
        attempts: 4,
        on,
        backoff,
        budget: None,
    }
}

fn service(name: &str, operations: &[(&str, Method, EffectKind)], address: &str) -> Service {
    Service {
        descriptors: None,
        name: name.into(),
        doc: None,
        subsets: vec![Subset {
            name: "".into(),
            addresses: vec![text(address)],
            zones: Vec::new(),
        }],
        address_params: Vec::new(),
        routes: vec![Route {
            condition: None,
            split: vec![(flowmesh_ir::SubsetId(0), 100)],
        }],
        policy: PolicyId(0),
        auth: None,
        operations: operations
            .iter()
            .map(|(op, method, effect)| operation(name, op, *method, *effect))
            .collect(),
    }
}

/// Every operation takes a text and gives a text back.
fn operation(service: &str, name: &str, method: Method, effect: EffectKind) -> Operation {
    let it = || Expr::Slot(SlotId(0));
    let declined = Raise {
        error: DECLINED,
        fields: vec![("reason".into(), Expr::Context(Context::Reply))],
    };
    let body = (method == Method::Post).then(|| (it(), Type::String));
    let key = Expr::Text(vec![text(&format!("{service}.{name}/")), it()]);
    Operation {
        binding: flowmesh_ir::service::Binding::Http,
        stream: None,
        name: name.into(),
        doc: None,
        params: vec![field("it", Type::String)],
        result: Type::String,
        fails: vec![DECLINED],
        method,
        path: vec![Piece::Literal(format!("/{service}/{name}/")), Piece::Value(it())],
        address: Vec::new(),
        query: Vec::new(),
        body,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: (effect == EffectKind::Keyed).then_some(key),
        on: vec![OnStatus {
            status: 402,
            raise: declined,
        }],
        policy: if effect == EffectKind::Once {
            PolicyId(1)
        } else {
            PolicyId(0)
        },
        effect,
    }
}

fn text(text: &str) -> Expr {
    Expr::Constant(Value::string(text))
}

fn seconds(seconds: i64) -> Expr {
    Expr::Constant(Value::Duration(SignedDuration::from_secs(seconds)))
}

fn slot(name: &str) -> Slot {
    Slot {
        name: name.into(),
        ty: None,
    }
}

fn state(end: End, step: Option<u32>) -> State {
    State {
        code: Vec::new(),
        end,
        step: step.map(StepId),
    }
}

struct Parts {
    params: Vec<Field>,
    slots: Vec<Slot>,
    steps: Vec<&'static str>,
    states: Vec<State>,
}

fn flow(name: &str, parts: Parts) -> Flow {
    let mut slots: Vec<Slot> = parts
        .params
        .iter()
        .map(|param| Slot {
            name: param.name.clone(),
            ty: Some(param.ty.clone()),
        })
        .collect();
    slots.extend(parts.slots);
    Flow {
        trigger: None,
        produces: None,
        conduct: flowmesh_ir::flow::Conduct::default(),
        views: Vec::new(),
        name: name.into(),
        doc: None,
        params: parts.params,
        result: Type::String,
        fails: Vec::new(),
        key: None,
        signals: Vec::new(),
        slots,
        steps: parts
            .steps
            .into_iter()
            .map(|title| Step {
                label: None,
                within: None,
                title: title.to_owned(),
            })
            .collect(),
        states: parts.states,
        entry: StateId(0),
    }
}

/// `return "hello, {name}"`
fn hello() -> Flow {
    let words = Expr::Text(vec![text("hello, "), Expr::Slot(SlotId(0))]);
    let greeting = Instruction::Log(words.clone());
    let last = State {
        code: vec![greeting],
        end: End::Return(words),
        step: None,
    };
    let params = vec![field("name", Type::String)];
    flow(
        "hello",
        Parts {
            params,
            slots: vec![],
            steps: vec![],
            states: vec![last],
        },
    )
}

/// `sleep 5s`
fn nap() -> Flow {
    let states = vec![
        state(
            End::Sleep {
                duration: seconds(5),
                next: StateId(1),
            },
            Some(0),
        ),
        state(End::Return(text("rested")), None),
    ];
    flow(
        "nap",
        Parts {
            params: vec![],
            slots: vec![],
            steps: vec!["sleep"],
            states,
        },
    )
}

/// `await approve as it forever; return it.by`
fn hear() -> Flow {
    let wait = Wait {
        arms: vec![arm(On::Signal(SignalId(0)), Some(SlotId(0)), 1)],
        catch: vec![],
    };
    let by = Expr::Field(Box::new(Expr::Slot(SlotId(0))), "by".into());
    let states = vec![state(End::Wait(wait), Some(0)), state(End::Return(by), None)];
    let parts = Parts {
        params: vec![],
        slots: vec![slot("it")],
        steps: vec!["await approve"],
        states,
    };
    Flow {
        signals: vec![approve()],
        ..flow("hear", parts)
    }
}

fn arm(on: On, bind: Option<SlotId>, next: u32) -> Arm {
    Arm {
        on,
        bind,
        next: StateId(next),
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

fn approve() -> Signal {
    Signal {
        result: None,
        transient: false,
        name: "approve".into(),
        params: vec![field("by", Type::String)],
    }
}

fn target(service: u32, operation: u32, it: Expr) -> Target {
    let (_, operations) = SERVICES.get(service as usize).copied().unwrap_or_default();
    let once = operations
        .get(operation as usize)
        .is_some_and(|(.., effect)| *effect == EffectKind::Once);
    let policy = if once { PolicyId(1) } else { PolicyId(0) };
    Target {
        service: ServiceId(service),
        operation: OperationId(operation),
        arguments: vec![it],
        policy,
        as_json: false,
    }
}

fn call(target: Target, bind: Option<u32>, undo: Option<Undo>, next: u32) -> Call {
    Call {
        cache: None,
        target,
        bind: bind.map(SlotId),
        undo,
        catch: vec![],
        next: StateId(next),
    }
}

/// Ten keyed calls, one after the other.
fn ten() -> Flow {
    let it = |step: u32| Expr::Text(vec![Expr::Slot(SlotId(0)), text(&format!("-{step}"))]);
    let mut states: Vec<State> = (0..10)
        .map(|step| {
            state(
                End::Call(Box::new(call(target(0, 0, it(step)), Some(1), None, step + 1))),
                Some(step),
            )
        })
        .collect();
    states.push(state(End::Return(Expr::Slot(SlotId(1))), None));
    let steps = vec!["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9"];
    let params = vec![field("id", Type::String)];
    flow(
        "ten",
        Parts {
            params,
            slots: vec![slot("last")],
            steps,
            states,
        },
    )
}

/// Holds stock, waits for approval, charges, ships and mails at once; undone when any of that fails.
fn checkout() -> Flow {
    let id = || Expr::Slot(SlotId(0));
    let undo = |target, step| {
        Some(Undo {
            target,
            step: StepId(step),
        })
    };
    let wait = Wait {
        arms: vec![
            arm(On::Signal(SignalId(0)), None, 3),
            arm(On::After(seconds(60)), None, 9),
        ],
        catch: vec![],
    };
    let unknown = Catch {
        error: UNKNOWN,
        bind: None,
        next: StateId(10),
    };
    let mail = Call {
        catch: vec![unknown],
        ..call(target(3, 0, id()), None, None, 10)
    };
    let late = Raise {
        error: REJECTED,
        fields: vec![("reason".into(), text("nobody approved it"))],
    };
    let release = undo(target(0, 1, Expr::Slot(SlotId(1))), 6);
    let refund = undo(target(1, 1, Expr::Slot(SlotId(2))), 7);
    let states = vec![
        state(
            End::Call(Box::new(call(target(0, 0, id()), Some(1), release, 1))),
            Some(0),
        ),
        state(
            End::Sleep {
                duration: seconds(2),
                next: StateId(2),
            },
            Some(1),
        ),
        state(End::Wait(wait), Some(2)),
        state(
            End::Call(Box::new(call(target(1, 0, id()), Some(2), refund, 4))),
            Some(3),
        ),
        state(both([StateId(5), StateId(6)], StateId(8)), None),
        state(
            End::Call(Box::new(call(target(2, 0, id()), None, None, 7))),
            Some(4),
        ),
        state(End::Call(Box::new(mail)), Some(5)),
        state(End::Join, None),
        state(End::Return(Expr::Slot(SlotId(2))), None),
        state(End::Fail(late), None),
        state(End::Join, None),
    ];
    let steps = vec![
        "stock.reserve",
        "sleep",
        "await approve",
        "payments.charge",
        "shipping.book",
        "mail.send",
        "undo stock.release",
        "undo payments.refund",
    ];
    let slots = vec![slot("hold"), slot("receipt")];
    let parts = Parts {
        params: vec![field("id", Type::String)],
        slots,
        steps,
        states,
    };
    let fails = vec![DECLINED, REJECTED];
    Flow {
        signals: vec![approve()],
        fails,
        key: Some(id()),
        ..flow("checkout", parts)
    }
}
