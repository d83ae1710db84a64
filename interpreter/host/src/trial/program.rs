//! The program as a test runs it: calls say what they were called with, every error can come as a reply, and flows that
//! are mocked do nothing but one call.

use flowmesh_ir::{
    ErrorId, FlowId, Name, OperationId, PolicyId, Program, ServiceId, SlotId, StateId, StepId, Value,
    expr::{Argument, Context, Expr, Raise},
    flow::{Call, End, Flow, Instruction, Slot, State, Step, Target as Called},
    policy::Policy,
    service::{Binding, EffectKind, Method, OnStatus, Operation, Piece, Route, Service, Subset},
    test::{self, Given, StepKind, Test},
    ty::{ErrorDef, Type},
};
use std::{collections::BTreeSet, sync::Arc};

/// The header in which a call says what it was called with.
pub(super) const ARGUMENTS: &str = "flowmesh-test-arguments";

/// What a log begins with that only says which state a run came to.
pub(super) const REACHED: &str = "\u{0}state ";

/// The statuses that stand for errors begin here and go down, without those that the test itself answers with.
const STATUS: u16 = 599;

/// A program for one test.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) program: Program,
    /// The flows that are mocked: the operations of the last service.
    mocked: Vec<FlowId>,
    services: usize,
}

impl Prepared {
    pub(super) fn new(program: &Program, test: &Test, coverage: bool) -> Self {
        let mocked = mocked(test);
        let mut made = program.clone();
        let services = made.services.len();
        if coverage {
            made.flows.iter_mut().map(Arc::make_mut).for_each(mark);
        }
        let errors = made.errors.clone();
        let taken = statuses(test);
        for operation in made
            .services
            .iter_mut()
            .flat_map(|service| &mut Arc::make_mut(service).operations)
        {
            instrument(operation, &errors, &taken);
        }
        if !mocked.is_empty() {
            double(&mut made, &mocked, &errors, &taken);
        }
        Self {
            program: made,
            mocked,
            services,
        }
    }

    /// What a call of an operation is a call of.
    pub(super) fn target(&self, service: ServiceId, operation: OperationId) -> test::Target {
        match self.mocked.get(operation.index()) {
            Some(flow) if service.index() == self.services => test::Target::Flow(*flow),
            _ => test::Target::Operation(service, operation),
        }
    }

    /// The operation that a call is of, as it is run.
    pub(super) fn operation(&self, service: ServiceId, operation: OperationId) -> Option<&Operation> {
        self.program.service(service)?.operations.get(operation.index())
    }

    /// The status by which an operation says an error.
    pub(super) fn status(operation: &Operation, error: ErrorId) -> Option<u16> {
        let mut on = operation.on.iter().rev();
        on.find(|on| on.raise.error == error && on.status > STATUS.saturating_sub(ERRORS_MAX))
            .map(|on| on.status)
    }
}

/// An operation declares fewer errors than this.
const ERRORS_MAX: u16 = 80;

fn mocked(test: &Test) -> Vec<FlowId> {
    let flow = |step: &test::Step| match &step.kind {
        StepKind::Mock(mock) => match mock.call.target {
            test::Target::Flow(flow) => Some(flow),
            test::Target::Operation(..) => None,
        },
        _ => None,
    };
    let all: BTreeSet<FlowId> = test.steps.iter().filter_map(flow).collect();
    all.into_iter().collect()
}

/// The statuses that a test answers with.
fn statuses(test: &Test) -> BTreeSet<u16> {
    let mocks = test.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Mock(mock) => Some(mock),
        _ => None,
    });
    let answers = mocks.flat_map(|mock| &mock.answers);
    answers
        .filter_map(|answer| match answer.what {
            Given::Status { status, .. } => Some(status),
            _ => None,
        })
        .collect()
}

/// Every state says that it was reached.
fn mark(flow: &mut Flow) {
    for (at, state) in flow.states.iter_mut().enumerate() {
        let text = Value::string(&format!("{REACHED}{at}"));
        state.code.insert(0, Instruction::Log(Expr::Constant(text)));
    }
}

fn instrument(operation: &mut Operation, errors: &[ErrorDef], taken: &BTreeSet<u16>) {
    let fields = (0u32..).map(SlotId).zip(&operation.params);
    let fields = fields.map(|(slot, param)| (param.name.clone(), Expr::Slot(slot)));
    let json = Argument::Value(Expr::Record(fields.collect()));
    let json = Expr::Native(Name::new_static("any.to_json"), vec![json]);
    operation.headers.push((Name::new_static(ARGUMENTS), json));
    let built_in = (0u32..)
        .map(ErrorId)
        .take(flowmesh_ir::program::BUILTIN_ERRORS.len());
    let possible: Vec<ErrorId> = operation.fails.iter().copied().chain(built_in).collect();
    let free = (0..=STATUS).rev().filter(|status| !taken.contains(status));
    for (error, status) in possible.into_iter().zip(free) {
        let Some(def) = errors.get(error.index()) else {
            continue;
        };
        let fields = def.fields.iter().map(|field| (field.name.clone(), read(field)));
        let fields = fields.collect();
        let raise = Raise { error, fields };
        operation.on.retain(|on| on.status != status);
        operation.on.push(OnStatus { status, raise });
    }
}

/// A field of an error, from a body that has its fields.
fn read(field: &flowmesh_ir::ty::Field) -> Expr {
    let reply = Expr::Context(Context::Reply);
    let body = Expr::Field(Box::new(reply), Name::new_static("body"));
    let value = Expr::Field(Box::new(body), field.name.clone());
    match &field.ty {
        Type::Json => value,
        ty => Expr::As(Box::new(value), ty.clone()),
    }
}

/// Each mocked flow becomes a call of an operation of a service that only the test has.
fn double(program: &mut Program, mocked: &[FlowId], errors: &[ErrorDef], taken: &BTreeSet<u16>) {
    let service = ServiceId(u32::try_from(program.services.len()).unwrap_or(u32::MAX));
    let policy = PolicyId(u32::try_from(program.policies.len()).unwrap_or(u32::MAX));
    program.policies.push(Policy::default());
    let mut operations = Vec::with_capacity(mocked.len());
    for (number, id) in (0u32..).map(OperationId).zip(mocked) {
        let Some(flow) = program.flows.get_mut(id.index()) else {
            continue;
        };
        let flow = Arc::make_mut(flow);
        let mut operation = operation_of(flow, policy);
        instrument(&mut operation, errors, taken);
        operations.push(operation);
        call_only(flow, service, number, policy);
    }
    let address = Expr::Constant(Value::string("http://127.0.0.1:1"));
    let doubles = Service {
        name: Name::new_static("_flows"),
        doc: None,
        subsets: vec![Subset {
            name: Name::default(),
            addresses: vec![address],
            zones: Vec::new(),
        }],
        address_params: Vec::new(),
        routes: vec![Route {
            condition: None,
            split: vec![(flowmesh_ir::SubsetId(0), 100)],
        }],
        policy,
        auth: None,
        operations,
        descriptors: None,
    };
    program.services.push(doubles.into());
}

fn operation_of(flow: &Flow, policy: PolicyId) -> Operation {
    Operation {
        name: flow.name.clone(),
        doc: None,
        params: flow.params.clone(),
        result: flow.result.clone(),
        fails: flow.fails.clone(),
        stream: None,
        binding: Binding::Http,
        method: Method::Put,
        path: vec![Piece::Literal("/".to_owned())],
        address: Vec::new(),
        query: Vec::new(),
        body: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: None,
        on: Vec::new(),
        policy,
        effect: EffectKind::Idempotent,
    }
}

fn call_only(flow: &mut Flow, service: ServiceId, operation: OperationId, policy: PolicyId) {
    let params = (0u32..).map(SlotId).take(flow.params.len());
    let arguments = params.map(Expr::Slot).collect();
    flow.slots.truncate(flow.params.len());
    let result = SlotId(u32::try_from(flow.slots.len()).unwrap_or(u32::MAX));
    let gives = flow.result != Type::Unit;
    if gives {
        flow.slots.push(Slot {
            name: Name::new_static("_result"),
            ty: Some(flow.result.clone()),
        });
    }
    let call = Call {
        target: Called {
            service,
            operation,
            arguments,
            policy,
            as_json: false,
        },
        cache: None,
        bind: gives.then_some(result),
        undo: None,
        catch: Vec::new(),
        next: StateId(1),
    };
    let value = match gives {
        true => Expr::Slot(result),
        false => Expr::Constant(Value::None),
    };
    flow.steps = vec![Step {
        title: flow.name.to_string(),
        label: None,
        within: None,
    }];
    let state = |end, step| State {
        code: Vec::new(),
        end,
        step,
    };
    flow.states = vec![
        state(End::Call(Box::new(call)), Some(StepId(0))),
        state(End::Return(value), None),
    ];
    flow.entry = StateId(0);
    flow.views.clear();
}
