//! A program for tests that has every kind of part: a shop that holds, waits, charges and ships.

mod flow;

use crate::{
    ErrorId, FunctionId, Name, PolicyId, Program, SecretId, SlotId, SubsetId, TypeId, Value,
    expr::{Argument, Arm, Binary, Context, Expr, Function, Pattern, Raise},
    policy::{Backoff, Balance, Budget, Policy, Retry, RetryOn, Timeout},
    program::{BUILTIN_ERRORS, Config, VERSION},
    service::{Auth, EffectKind, Method, OnStatus, Operation, Piece, Route, Service, Subset},
    ty::{Case, ErrorDef, Field, Rule, Shape, Type, TypeDef},
};
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
        tag: None,
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
        services: vec![inventory().into(), payments().into()],
        functions: functions().into_iter().map(Into::into).collect(),
        flows: vec![flow::checkout().into()],
        ..Program::default()
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
            wire: None,
            fields: vec![],
        },
        Case {
            name: "Held".into(),
            wire: None,
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
            tag: None,
            shape: Shape::Enum(status),
        },
        TypeDef {
            name: "Sku".into(),
            doc: None,
            tag: None,
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
            RetryOn::Error(ErrorId(9)),
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
            ..Policy::default()
        },
    ]
}

fn operation(name: &str, method: Method, path: &str, params: Vec<Field>) -> Operation {
    Operation {
        binding: crate::service::Binding::Http,
        stream: None,
        name: name.into(),
        doc: None,
        params,
        result: Type::Unit,
        fails: vec![],
        method,
        path: vec![Piece::Literal(path.to_owned())],
        address: Vec::new(),
        query: vec![],
        body: None,
        headers: vec![],
        secret_headers: Vec::new(),
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
        descriptors: None,
        name: "inventory".into(),
        doc: Some("What is on the shelves.".to_owned()),
        subsets: vec![Subset {
            name: "".into(),
            addresses: vec![text("dns://inventory.shop:8080")],
            zones: Vec::new(),
        }],
        address_params: Vec::new(),
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
        fails: vec![ErrorId(9)],
        body: Some((slot(0), Type::Named(TypeId(1)))),
        headers: vec![pair(
            "x-shop",
            Expr::Text(vec![text("shop "), dot(slot(0), "id")]),
        )],
        key: Some(dot(slot(0), "id")),
        on: vec![OnStatus {
            status: 402,
            raise: Raise {
                error: ErrorId(9),
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
        zones: Vec::new(),
    };
    Service {
        descriptors: None,
        name: "payments".into(),
        doc: None,
        subsets: vec![
            subset("v1", Expr::Config(crate::ConfigId(0))),
            subset("v2", text("srv://_http._tcp.payments")),
        ],
        address_params: Vec::new(),
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
