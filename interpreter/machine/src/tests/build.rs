//! The little programs of these tests: one service, one flow, states by hand.

use flowmesh_ir::{
    ErrorId, FlowId, Name, OperationId, PolicyId, Program, ServiceId, SignalId, SlotId, StateId, StepId,
    TypeId, Value,
    expr::{Binary, Context, Expr, Raise},
    flow::{
        Arm, Branch, Branches, Call, Catch, End, Flow, Instruction, Need, On, Region, Rest, Signal, Slot,
        State, Step, Target, Undo, Wait,
    },
    policy::Policy,
    program::{BUILTIN_ERRORS, VERSION},
    service::{EffectKind, Method, OnStatus, Operation, Piece, Service, Subset},
    ty::{ErrorDef, Field, Rule, Shape, Type, TypeDef},
};
use jiff::SignedDuration;

pub(super) const FLOW: FlowId = FlowId(0);
pub(super) const DECLINED: ErrorId = ErrorId(9);
pub(super) const RECEIPT: TypeId = TypeId(0);
pub(super) const ITEM: TypeId = TypeId(1);
pub(super) const PAYMENT: TypeId = TypeId(2);

pub(super) const CHARGE: u32 = 0;
pub(super) const REFUND: u32 = 1;
pub(super) const PING: u32 = 2;

pub(super) fn text(text: &str) -> Expr {
    Expr::Constant(Value::string(text))
}

pub(super) fn int(int: i64) -> Expr {
    Expr::Constant(Value::Int(int))
}

pub(super) fn seconds(seconds: i64) -> Expr {
    Expr::Constant(Value::Duration(SignedDuration::from_secs(seconds)))
}

pub(super) fn slot(slot: u32) -> Expr {
    Expr::Slot(SlotId(slot))
}

pub(super) fn binary(operator: Binary, a: Expr, b: Expr) -> Expr {
    Expr::Binary(operator, Box::new(a), Box::new(b))
}

pub(super) fn field(name: &str, ty: Type) -> Field {
    Field {
        name: name.into(),
        ty,
        rule: None,
    }
}

pub(super) fn state(end: End) -> State {
    State {
        code: Vec::new(),
        end,
        step: None,
    }
}

pub(super) fn done(value: Expr) -> State {
    state(End::Return(value))
}

pub(super) fn set(to: u32, value: Expr, end: End) -> State {
    State {
        code: vec![Instruction::Set(SlotId(to), value)],
        end,
        step: None,
    }
}

pub(super) fn target(operation: u32, arguments: Vec<Expr>) -> Target {
    Target {
        service: ServiceId(0),
        operation: OperationId(operation),
        arguments,
        policy: PolicyId(0),
        as_json: false,
    }
}

/// A call of `charge` with a text; its result goes into a slot, and `refund` undoes it.
pub(super) fn charge(id: Expr, bind: u32, next: u32) -> State {
    let receipt = Expr::Field(Box::new(slot(bind)), "id".into());
    let undo = Undo {
        target: target(REFUND, vec![receipt]),
        step: StepId(1),
    };
    call(CHARGE, vec![id], Some(bind), Some(undo), Vec::new(), next)
}

pub(super) fn ping(next: u32) -> State {
    call(PING, Vec::new(), None, None, Vec::new(), next)
}

pub(super) fn call(
    operation: u32,
    arguments: Vec<Expr>,
    bind: Option<u32>,
    undo: Option<Undo>,
    catch: Vec<Catch>,
    next: u32,
) -> State {
    let target = target(operation, arguments);
    let call = Call {
        target,
        cache: None,
        bind: bind.map(SlotId),
        undo,
        catch,
        next: StateId(next),
    };
    State {
        step: Some(StepId(0)),
        ..state(End::Call(Box::new(call)))
    }
}

pub(super) fn catch(error: ErrorId, bind: Option<u32>, next: u32) -> Catch {
    Catch {
        error,
        bind: bind.map(SlotId),
        next: StateId(next),
    }
}

pub(super) fn sleep(duration: Expr, next: u32) -> State {
    State {
        step: Some(StepId(2)),
        ..state(End::Sleep {
            duration,
            next: StateId(next),
        })
    }
}

pub(super) fn wait(bind: u32, within: Option<(Expr, u32)>, next: u32) -> State {
    let arm = |on, bind: Option<u32>, next| Arm {
        on,
        bind: bind.map(SlotId),
        next: StateId(next),
    };
    let late = within.map(|(limit, otherwise)| arm(On::After(limit), None, otherwise));
    let heard = arm(On::Signal(SignalId(0)), Some(bind), next);
    let wait = Wait {
        arms: [heard].into_iter().chain(late).collect(),
        catch: Vec::new(),
    };
    State {
        step: Some(StepId(3)),
        ..state(End::Wait(wait))
    }
}

pub(super) fn fork(branches: &[u32], next: u32) -> State {
    let branch = |entry: &u32| Branch {
        when: None,
        after: Vec::new(),
        entry: StateId(*entry),
    };
    region(Branches::Fixed(branches.iter().map(branch).collect()), next)
}

pub(super) fn region(branches: Branches, next: u32) -> State {
    state(End::Region(Box::new(Region {
        branches,
        need: Need::All,
        rest: Rest::Cancel,
        within: None,
        guard: None,
        catch: vec![],
        finally: None,
        name: None,
        next: StateId(next),
    })))
}

pub(super) fn fail(reason: &str) -> State {
    state(End::Fail(Raise {
        error: DECLINED,
        fields: vec![("reason".into(), text(reason))],
    }))
}

/// A flow `(id: string)` with a signal `approve(by: string)`, over one service.
pub(super) fn program(states: Vec<State>) -> Program {
    let flow = Flow {
        name: "f".into(),
        doc: None,
        params: vec![field("id", Type::String)],
        result: Type::Json,
        fails: vec![DECLINED],
        key: Some(slot(0)),
        trigger: None,
        produces: None,
        conduct: Default::default(),
        signals: vec![Signal {
            name: "approve".into(),
            params: vec![field("by", Type::String)],
            result: None,
            transient: false,
        }],
        views: Vec::new(),
        slots: (0..6)
            .map(|n| Slot {
                name: Name::new(format!("_{n}")),
                ty: None,
            })
            .collect(),
        steps: ["call", "undo", "sleep", "await"]
            .map(|title| Step {
                title: title.to_owned(),
                label: None,
                within: None,
            })
            .to_vec(),
        states,
        entry: StateId(0),
    };
    Program {
        version: VERSION,
        name: "test".into(),
        configs: Vec::new(),
        secrets: Vec::new(),
        types: types(),
        errors: errors(),
        policies: vec![Policy::default()],
        services: vec![service().into()],
        functions: Vec::new(),
        flows: vec![flow.into()],
        ..Program::default()
    }
}

fn types() -> Vec<TypeDef> {
    let positive = Rule {
        condition: binary(Binary::Greater, slot(0), int(0)),
        text: "it > 0".to_owned(),
    };
    let case = |name: &str, fields| flowmesh_ir::ty::Case {
        name: name.into(),
        wire: None,
        fields,
    };
    let count = Field {
        rule: Some(positive),
        ..field("count", Type::Int)
    };
    let price = field("price", Type::Optional(Box::new(Type::Decimal)));
    let shapes = [
        ("Receipt", Shape::Record(vec![field("id", Type::String)])),
        (
            "Item",
            Shape::Record(vec![field("sku", Type::String), count, price]),
        ),
        (
            "Payment",
            Shape::Enum(vec![
                case("Card", vec![field("number", Type::String)]),
                case("Invoice", vec![]),
            ]),
        ),
    ];
    shapes
        .map(|(name, shape)| TypeDef {
            name: name.into(),
            doc: None,
            tag: None,
            shape,
        })
        .to_vec()
}

fn errors() -> Vec<ErrorDef> {
    let built_in = BUILTIN_ERRORS.iter().map(|(name, fields)| ErrorDef {
        name: Name::new(name),
        doc: None,
        fields: fields.iter().map(|(name, ty)| field(name, ty.clone())).collect(),
    });
    let declined = ErrorDef {
        name: "Declined".into(),
        doc: None,
        fields: vec![field("reason", Type::String)],
    };
    built_in.chain([declined]).collect()
}

fn service() -> Service {
    let body = Expr::Field(Box::new(Expr::Context(Context::Reply)), "body".into());
    let reason = Expr::As(
        Box::new(Expr::Field(Box::new(body), "reason".into())),
        Type::String,
    );
    let declined = Raise {
        error: DECLINED,
        fields: vec![("reason".into(), reason)],
    };
    let charge = Operation {
        params: vec![field("id", Type::String)],
        result: Type::Named(RECEIPT),
        fails: vec![DECLINED],
        body: Some((slot(0), Type::String)),
        key: Some(Expr::Text(vec![
            Expr::Context(Context::RunId),
            text("/"),
            slot(0),
        ])),
        on: vec![OnStatus {
            status: 402,
            raise: declined,
        }],
        ..operation("charge", Method::Post, "/charges")
    };
    let mut refund = Operation {
        params: vec![field("id", Type::String)],
        ..operation("refund", Method::Delete, "/charges/")
    };
    refund.path.push(Piece::Value(slot(0)));
    Service {
        name: "payments".into(),
        doc: None,
        descriptors: None,
        subsets: vec![Subset {
            name: "".into(),
            addresses: vec![text("http://127.0.0.1:1")],
            zones: Vec::new(),
        }],
        address_params: Vec::new(),
        routes: Vec::new(),
        policy: PolicyId(0),
        auth: None,
        operations: vec![charge, refund, operation("ping", Method::Post, "/ping")],
    }
}

fn operation(name: &str, method: Method, path: &str) -> Operation {
    Operation {
        name: name.into(),
        doc: None,
        params: Vec::new(),
        result: Type::Unit,
        fails: Vec::new(),
        stream: None,
        binding: Default::default(),
        method,
        path: vec![Piece::Literal(path.to_owned())],
        address: Vec::new(),
        query: Vec::new(),
        body: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: None,
        on: Vec::new(),
        policy: PolicyId(0),
        effect: if method == Method::Delete {
            EffectKind::Idempotent
        } else {
            EffectKind::Once
        },
    }
}
