//! A program for tests that has every kind of part: a shop that holds, waits, charges and ships.

use crate::{
    ErrorId, FunctionId, Name, OperationId, PolicyId, Program, SecretId, ServiceId, SignalId, SlotId,
    StateId, StepId, SubsetId, TypeId, Value,
    expr::{Argument, Arm, Binary, Context, Expr, Function, Pattern, Raise, Unary, Widen},
    flow::{Await, Call, Catch, End, Flow, Instruction, Signal, Slot, State, Step, Target, Undo},
    policy::{Backoff, Balance, Budget, Policy, Retry, RetryOn, Timeout},
    program::{BUILTIN_ERRORS, Config, VERSION},
    service::{Auth, EffectKind, Method, OnStatus, Operation, Piece, Route, Service, Subset},
    ty::{Case, ErrorDef, Field, Rule, Shape, Type, TypeDef},
};
use jiff::SignedDuration;
use std::iter::once;

pub(crate) fn text(text: &str) -> Expr {
    Expr::Constant(Value::string(text))
}

pub(crate) fn int(int: i64) -> Expr {
    Expr::Constant(Value::Int(int))
}

pub(crate) fn slot(slot: u32) -> Expr {
    Expr::Slot(SlotId(slot))
}

pub(crate) fn dot(of: Expr, name: &str) -> Expr {
    Expr::Field(Box::new(of), name.into())
}

pub(crate) fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.into(),
        ty,
        rule: None,
    }
}

fn pair(name: &str, expr: Expr) -> (Name, Expr) {
    (name.into(), expr)
}

fn record(name: &str, fields: Vec<Field>) -> TypeDef {
    TypeDef {
        name: name.into(),
        doc: None,
        shape: Shape::Record(fields),
    }
}

/// The whole program. [`crate::validate()`] has nothing to say against it.
pub(crate) fn shop() -> Program {
    Program {
        version: VERSION,
        name: "shop".into(),
        configs: vec![Config {
            name: "payments_url".into(),
            ty: Type::Url,
            default: Some(Value::string("http://127.0.0.1:7002")),
        }],
        secrets: vec!["login_token".into()],
        types: types(),
        errors: errors(),
        policies: policies(),
        services: vec![inventory(), payments()],
        functions: functions(),
        flows: vec![checkout()],
        origins: Default::default(),
    }
}

fn types() -> Vec<TypeDef> {
    let positive = Rule {
        condition: binary(Binary::Greater, slot(0), int(0)),
        text: "it > 0".to_owned(),
    };
    let count = Field {
        rule: Some(positive),
        ..field("count", Type::Int)
    };
    let status = vec![
        Case {
            name: "open".into(),
            fields: vec![],
        },
        Case {
            name: "Held".into(),
            fields: vec![field("until", Type::Time)],
        },
    ];
    vec![
        record("Item", vec![field("sku", Type::Named(TypeId(4))), count]),
        record(
            "Order",
            vec![
                field("id", Type::String),
                field("items", Type::List(Box::new(Type::Named(TypeId(0))))),
                field("notes", Type::Map(Box::new(Type::Json))),
                field("total", Type::Decimal),
                field("status", Type::Optional(Box::new(Type::Named(TypeId(3))))),
            ],
        ),
        record("Receipt", vec![field("id", Type::String)]),
        TypeDef {
            name: "Status".into(),
            doc: Some("How far it is.".to_owned()),
            shape: Shape::Enum(status),
        },
        TypeDef {
            name: "Sku".into(),
            doc: None,
            shape: Shape::Alias {
                ty: Type::String,
                rule: None,
            },
        },
    ]
}

fn errors() -> Vec<ErrorDef> {
    let error = |name: &str, fields| ErrorDef {
        name: name.into(),
        doc: None,
        fields,
    };
    let builtin = BUILTIN_ERRORS.iter().map(|(name, fields)| {
        error(
            name,
            fields.iter().map(|(name, ty)| field(name, ty.clone())).collect(),
        )
    });
    builtin
        .chain(once(error("Declined", vec![field("reason", Type::String)])))
        .collect()
}

fn policies() -> Vec<Policy> {
    let retry = Retry {
        attempts: 3,
        on: vec![
            RetryOn::Connect,
            RetryOn::Timeout,
            RetryOn::Class(5),
            RetryOn::Status(429),
            RetryOn::Error(ErrorId(8)),
        ],
        backoff: Backoff::default(),
        budget: Some(Budget::default()),
    };
    let quick = Timeout {
        attempt_ms: 250,
        total_ms: 90_000,
        idle_ms: 60_000,
    };
    vec![
        Policy::default(),
        Policy {
            timeout: quick,
            retry: Some(retry),
            balance: Balance::RoundRobin,
        },
    ]
}

fn operation(name: &str, method: Method, path: &str, params: Vec<Field>) -> Operation {
    Operation {
        name: name.into(),
        doc: None,
        params,
        result: Type::Unit,
        fails: vec![],
        method,
        path: vec![Piece::Literal(path.to_owned())],
        query: vec![],
        body: None,
        headers: vec![],
        key: None,
        on: vec![],
        policy: PolicyId(0),
        effect: EffectKind::Once,
    }
}

fn inventory() -> Service {
    let mut release = operation(
        "release",
        Method::Delete,
        "/holds/",
        vec![field("id", Type::String)],
    );
    release.path.push(Piece::Value(slot(0)));
    release.query = vec![pair("why", text("undone"))];
    release.effect = EffectKind::Idempotent;
    Service {
        name: "inventory".into(),
        doc: Some("What is on the shelves.".to_owned()),
        subsets: vec![Subset {
            name: "".into(),
            addresses: vec![text("dns://inventory.shop:8080")],
        }],
        routes: vec![Route {
            condition: None,
            split: vec![(SubsetId(0), 100)],
        }],
        policy: PolicyId(0),
        auth: None,
        operations: vec![release],
    }
}

fn payments() -> Service {
    let reply_reason = dot(dot(Expr::Context(Context::Reply), "body"), "reason");
    let charge = Operation {
        result: Type::Named(TypeId(2)),
        fails: vec![ErrorId(8)],
        body: Some((slot(0), Type::Named(TypeId(1)))),
        headers: vec![pair(
            "x-shop",
            Expr::Text(vec![text("shop "), dot(slot(0), "id")]),
        )],
        key: Some(dot(slot(0), "id")),
        on: vec![OnStatus {
            status: 402,
            raise: Raise {
                error: ErrorId(8),
                fields: vec![pair("reason", Expr::As(Box::new(reply_reason), Type::String))],
            },
        }],
        policy: PolicyId(1),
        effect: EffectKind::Keyed,
        ..operation(
            "charge",
            Method::Post,
            "/v1/charges",
            vec![field("order", Type::Named(TypeId(1)))],
        )
    };
    let header = Expr::Index(
        Box::new(dot(Expr::Context(Context::Request), "headers")),
        Box::new(text("x-tester")),
    );
    let subset = |name: &str, address| Subset {
        name: name.into(),
        addresses: vec![address],
    };
    Service {
        name: "payments".into(),
        doc: None,
        subsets: vec![
            subset("v1", Expr::Config(crate::ConfigId(0))),
            subset("v2", text("srv://_http._tcp.payments")),
        ],
        routes: vec![
            Route {
                condition: Some(binary(Binary::Equal, header, text("yes"))),
                split: vec![(SubsetId(1), 100)],
            },
            Route {
                condition: None,
                split: vec![(SubsetId(0), 90), (SubsetId(1), 10)],
            },
        ],
        policy: PolicyId(0),
        auth: Some(Auth::Bearer(SecretId(0))),
        operations: vec![charge],
    }
}

fn functions() -> Vec<Function> {
    let count = Argument::Lambda(vec![SlotId(1)], dot(slot(1), "count"));
    let items = Argument::Value(slot(0));
    let counts = Expr::Native("list.map".into(), vec![items, count]);
    let arms = vec![
        Arm {
            pattern: Pattern::Range(0, 10),
            body: text("few"),
        },
        Arm {
            pattern: Pattern::Equals(Value::None),
            body: text("none"),
        },
        Arm {
            pattern: Pattern::Bind(SlotId(1)),
            body: Expr::Text(vec![slot(1)]),
        },
    ];
    let called = Expr::Call(FunctionId(0), vec![slot(0)]);
    vec![
        Function {
            name: "counted".into(),
            params: vec![field("items", Type::List(Box::new(Type::Named(TypeId(0)))))],
            result: Type::Int,
            slots: 2,
            body: Expr::Native("list.sum".into(), vec![Argument::Value(counts)]),
        },
        Function {
            name: "size".into(),
            params: vec![field("items", Type::List(Box::new(Type::Named(TypeId(0)))))],
            result: Type::String,
            slots: 2,
            body: Expr::Match {
                subject: Box::new(called),
                arms,
            },
        },
    ]
}

fn state(code: Vec<Instruction>, end: End) -> State {
    State {
        code,
        end,
        step: None,
    }
}

fn target(service: u32, argument: Expr) -> Target {
    Target {
        service: ServiceId(service),
        operation: OperationId(0),
        arguments: vec![argument],
        policy: PolicyId(service),
    }
}

/// Slots: 0 order, 1 receipt, 2 e, 3 approval, 4 note.
fn checkout() -> Flow {
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
        fails: vec![ErrorId(8)],
        key: Some(dot(slot(0), "id")),
        signals: vec![Signal {
            name: "approve".into(),
            params: vec![field("by", Type::String)],
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
            error: ErrorId(8),
            fields: vec![pair("reason", reason)],
        })
    };
    let charge = Call {
        target: target(1, slot(0)),
        bind: Some(SlotId(1)),
        undo: Some(Undo {
            target: target(0, dot(slot(1), "id")),
            step: StepId(2),
        }),
        catch: vec![Catch {
            error: ErrorId(8),
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
        bind: None,
        undo: None,
        catch: vec![],
        next: StateId(7),
    };
    let wait = Await {
        signal: SignalId(0),
        bind: Some(SlotId(3)),
        within: Some((days(2), StateId(3))),
        next: StateId(2),
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
            ..state(vec![], End::Await(wait))
        },
        State {
            step: Some(StepId(1)),
            ..state(vec![], End::Call(Box::new(charge)))
        },
        state(vec![], failed(text("nobody approved it"))),
        state(vec![], failed(dot(slot(2), "reason"))),
        state(
            vec![],
            End::Fork {
                branches: vec![StateId(6), StateId(8)],
                next: StateId(9),
            },
        ),
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
