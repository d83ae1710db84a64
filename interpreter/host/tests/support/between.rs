//! Flows that reach beyond themselves: children, events, guards, traffic, signals with answers.

use super::{Parts, call, field, flow, seconds, slot, state, target, text};
use flowmesh_ir::{
    EventId, FlowId, Name, ServiceId, SignalId, SlotId, StateId, StepId, SubsetId, Value,
    expr::{Binary, Expr},
    flow::{
        Arm, Branch, Branches, Emit, End, Flow, Guard, Instruction, Listen, Made, Need, On, Product, Region,
        Rest, Shift, Signal, Start, Tie, Trigger, View, Wait,
    },
    ty::{EventDef, Type},
};

/// `event paid(order: string)`
pub(super) fn events() -> Vec<EventDef> {
    let fields = vec![field("order", Type::String)];
    let paid = EventDef {
        name: "paid".into(),
        doc: None,
        fields,
    };
    vec![paid, Product::event()]
}

/// The first of them is flow 5.
pub(super) fn flows() -> Vec<Flow> {
    vec![
        child(),
        start("parent", Tie::Child),
        start("apart", Tie::Apart),
        guarded(),
        tell(),
        listen(),
        on_paid(),
        shifted(),
        priced(),
        unpriced(),
        made(),
        after_made(),
    ]
}

const CHILD: FlowId = FlowId(5);

fn id() -> Expr {
    Expr::Slot(SlotId(0))
}

fn parts(
    params: &[&str],
    slots: &[&str],
    steps: Vec<&'static str>,
    states: Vec<flowmesh_ir::flow::State>,
) -> Parts {
    Parts {
        params: params.iter().map(|name| field(name, Type::String)).collect(),
        slots: slots.iter().map(|name| slot(name)).collect(),
        steps,
        states,
    }
}

/// `key id; tag order = id; return stock.reserve(id)`
fn child() -> Flow {
    let reserve = call(target(0, 0, id()), Some(1), None, 1);
    let mut states = vec![
        state(End::Call(Box::new(reserve)), Some(0)),
        state(End::Return(Expr::Slot(SlotId(1))), None),
    ];
    if let Some(first) = states.first_mut() {
        first.code.push(Instruction::Tag("order".into(), id()));
    }
    flow("child", parts(&["id"], &["held"], vec!["stock.reserve"], states))
}

/// `return child(id)`, or `return start child(id)`
fn start(name: &str, tie: Tie) -> Flow {
    let start = Start {
        cache: None,
        flow: CHILD,
        arguments: vec![id()],
        tie,
        bind: Some(SlotId(1)),
        undo: None,
        catch: vec![],
        next: StateId(1),
    };
    let states = vec![
        state(End::Start(Box::new(start)), Some(0)),
        state(End::Return(Expr::Slot(SlotId(1))), None),
    ];
    flow(name, parts(&["id"], &["done"], vec!["child"], states))
}

/// `lock "shop" { stock.reserve(id); sleep 1s }`
fn guarded() -> Flow {
    let region = Region {
        branches: Branches::Fixed(vec![Branch {
            when: None,
            after: vec![],
            entry: StateId(1),
        }]),
        need: Need::All,
        rest: Rest::Cancel,
        within: None,
        guard: Some(Guard {
            name: text("shop"),
            permits: None,
            rate: None,
            token: None,
        }),
        catch: vec![],
        finally: None,
        name: None,
        next: StateId(4),
    };
    let nap = End::Sleep {
        duration: seconds(1),
        next: StateId(3),
    };
    let states = vec![
        state(End::Region(Box::new(region)), Some(0)),
        state(
            End::Call(Box::new(call(target(0, 0, id()), None, None, 2))),
            Some(1),
        ),
        state(nap, Some(2)),
        state(End::Join, None),
        state(End::Return(text("alone")), None),
    ];
    let steps = vec!["lock shop", "stock.reserve", "sleep"];
    flow("guarded", parts(&["id"], &[], steps, states))
}

/// `emit paid(order: id)`
fn tell() -> Flow {
    let record = Expr::Record(vec![("order".into(), id())]);
    let emit = Emit {
        event: EventId(0),
        value: record,
        next: StateId(1),
    };
    let states = vec![
        state(End::Emit(emit), Some(0)),
        state(End::Return(text("told")), None),
    ];
    flow("tell", parts(&["id"], &[], vec!["emit paid"], states))
}

/// `view order = heard; await event paid as heard within 30s else "nothing"`
fn listen() -> Flow {
    let event = On::Event {
        event: EventId(0),
        slot: SlotId(1),
        condition: None,
    };
    let arm = |on, bind, next| Arm {
        on,
        bind,
        next: StateId(next),
    };
    let wait = Wait {
        arms: vec![
            arm(event, Some(SlotId(0)), 1),
            arm(On::After(seconds(30)), None, 2),
        ],
        catch: vec![],
    };
    let order = || Expr::Field(Box::new(Expr::Slot(SlotId(0))), "order".into());
    let states = vec![
        state(End::Wait(wait), Some(0)),
        state(End::Return(order()), None),
        state(End::Return(text("nothing")), None),
    ];
    let step = vec!["await event paid"];
    let view = |name: &str, value| View {
        name: name.into(),
        ty: Type::Json,
        value,
    };
    let views = vec![
        view("waits", Expr::Constant(Value::Bool(true))),
        view(
            "share",
            Expr::Binary(
                Binary::Divide,
                Box::new(Expr::Constant(Value::Int(1))),
                Box::new(Expr::Constant(Value::Int(0))),
            ),
        ),
    ];
    Flow {
        views,
        ..flow("listen", parts(&[], &["heard", "_event"], step, states))
    }
}

/// `flow on_paid(e: paid) on paid`
fn on_paid() -> Flow {
    let trigger = Some(Trigger {
        event: EventId(0),
        condition: None,
        made: None,
        also: Vec::new(),
    });
    let states = vec![state(End::Return(text("welcome")), None)];
    let parts = Parts {
        params: vec![field("e", Type::Json)],
        ..parts(&[], &[], vec![], states)
    };
    Flow {
        trigger,
        ..flow("on_paid", parts)
    }
}

fn product() -> Product {
    Product {
        form: "file:{}".to_owned(),
        holes: vec![Type::String],
    }
}

/// `produces file(id)`, and `return stock.reserve(id)`
fn made() -> Flow {
    let target = || Expr::Text(vec![text("file:"), id()]);
    let probe = |after, found, missing| End::Probe {
        target: target(),
        after,
        found: StateId(found),
        missing: StateId(missing),
    };
    let told = Expr::Record(vec![
        ("target".into(), target()),
        ("form".into(), text("file:{}")),
        ("values".into(), Expr::List(vec![id()])),
    ]);
    let emit = Emit {
        event: EventId(1),
        value: told,
        next: StateId(5),
    };
    let reserve = call(self::target(0, 0, id()), Some(1), None, 3);
    let states = vec![
        state(probe(false, 1, 2), Some(0)),
        state(End::Return(text("already")), None),
        state(End::Call(Box::new(reserve)), Some(1)),
        state(probe(true, 4, 6), Some(2)),
        state(End::Emit(emit), Some(3)),
        state(End::Return(Expr::Slot(SlotId(1))), None),
        state(End::Return(text("not made")), None),
    ];
    let steps = vec!["produces", "stock.reserve", "produces#2", "emit produced"];
    Flow {
        produces: Some(product()),
        ..flow("made", parts(&["id"], &["held"], steps, states))
    }
}

/// `on produced(file(id))`
fn after_made() -> Flow {
    let trigger = Some(Trigger {
        event: EventId(1),
        condition: None,
        made: Some(Made {
            product: product(),
            params: vec!["id".into()],
        }),
        also: Vec::new(),
    });
    let reserve = call(target(0, 0, id()), Some(1), None, 1);
    let states = vec![
        state(End::Call(Box::new(reserve)), Some(0)),
        state(End::Return(Expr::Slot(SlotId(1))), None),
    ];
    Flow {
        trigger,
        ..flow(
            "after_made",
            parts(&["id"], &["held"], vec!["stock.reserve"], states),
        )
    }
}

/// `shift stock { : 100% }; sleep 1s; fail`, or what undoes it
fn shifted() -> Flow {
    let shift = Shift {
        service: ServiceId(0),
        weights: vec![(SubsetId(0), Expr::Constant(Value::Int(100)))],
        undo: StepId(1),
        next: StateId(1),
    };
    let nap = End::Sleep {
        duration: seconds(5),
        next: StateId(2),
    };
    let states = vec![
        state(End::Shift(shift), Some(0)),
        state(nap, None),
        state(End::Return(text("moved")), None),
    ];
    flow(
        "shifted",
        parts(&[], &[], vec!["shift stock", "undo shift stock"], states),
    )
}

/// As `priced`, and it ends before anybody listens.
fn unpriced() -> Flow {
    let mut flow = priced();
    flow.name = "unpriced".into();
    let nap = End::Sleep {
        duration: seconds(1),
        next: StateId(3),
    };
    flow.states = vec![
        state(nap, Some(0)),
        state(End::Return(text("closed")), None),
        state(End::Return(text("closed")), None),
        state(End::Return(text("closed")), None),
    ];
    flow
}

/// `signal price(sku: string) -> string; on price(sku) { return "10 {sku}" }; sleep 60s`
fn priced() -> Flow {
    let listen = Listen {
        signal: SignalId(0),
        params: vec![SlotId(0)],
        own: vec![SlotId(0)],
        entry: StateId(2),
        next: StateId(1),
    };
    let nap = End::Sleep {
        duration: seconds(60),
        next: StateId(3),
    };
    let answer = Expr::Text(vec![text("10 "), id()]);
    let states = vec![
        state(End::Listen(listen), None),
        state(nap, Some(0)),
        state(End::Give(answer), None),
        state(End::Return(text("closed")), None),
    ];
    let signal = Signal {
        name: Name::from("price"),
        params: vec![field("sku", Type::String)],
        result: Some(Type::String),
        transient: false,
    };
    Flow {
        signals: vec![signal],
        ..flow("priced", parts(&[], &["sku"], vec!["sleep"], states))
    }
}
