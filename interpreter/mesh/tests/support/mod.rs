//! What the tests of calls share: small programs, servers on the loopback, and an observer that remembers.

#![expect(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "each test crate uses its part of this, and a test that cannot be set up has failed"
)]

pub mod dns;
pub mod mishap;
pub mod server;

use flowmesh_ir::{
    Name, OperationId, PolicyId, Program, SecretId, ServiceId, SubsetId,
    call::{Reply, Request},
    policy::{Backoff, Jitter, Policy, Retry, RetryOn, Timeout},
    program::VERSION,
    service::{Auth, EffectKind, Method, Operation, Route, Service, Subset},
    trace::TraceContext,
    traffic::Rewrite,
    ty::Type,
};
use flowmesh_mesh::{
    Asker, AttemptReport, Hickory, Mesh, MeshError, MeshOptions, Next, Observer, Outcome, Template,
};
use std::sync::{Arc, Mutex};

/// The trace of every call here.
pub const TRACE: TraceContext = TraceContext {
    trace: 7,
    span: 8,
    sampled: true,
};

/// One attempt after 2 s without an answer, and never another.
pub fn plain() -> Policy {
    Policy {
        timeout: Timeout {
            attempt_ms: 2_000,
            total_ms: 10_000,
            idle_ms: 60_000,
        },
        ..Policy::default()
    }
}

/// The same with up to three attempts, 1 ms apart.
pub fn retrying(on: &[RetryOn]) -> Policy {
    let backoff = Backoff {
        base_ms: 1,
        max_ms: 1,
        factor: 1,
        jitter: Jitter::None,
    };
    let retry = Retry {
        attempts: 3,
        on: on.to_vec(),
        backoff,
        budget: None,
    };
    Policy {
        retry: Some(retry),
        ..plain()
    }
}

/// A program with the service `shop`, whose subsets share the traffic by weight.
pub fn program(policy: Policy, weights: &[u32]) -> Program {
    let subset = |at: usize| Subset {
        name: Name::from(format!("v{at}")),
        addresses: Vec::new(),
        zones: Vec::new(),
    };
    let split = weights
        .iter()
        .enumerate()
        .map(|(at, weight)| (SubsetId(at as u32), *weight))
        .collect();
    let service = Service {
        descriptors: None,
        name: "shop".into(),
        doc: None,
        subsets: (0..weights.len()).map(subset).collect(),
        address_params: Vec::new(),
        routes: vec![Route {
            condition: None,
            split,
        }],
        policy: PolicyId(0),
        auth: None,
        operations: vec![operation()],
    };
    Program {
        version: VERSION,
        name: "test".into(),
        configs: Vec::new(),
        secrets: Vec::new(),
        types: Vec::new(),
        errors: Vec::new(),
        policies: vec![policy],
        services: vec![service.into()],
        functions: Vec::new(),
        flows: Vec::new(),
        ..Program::default()
    }
}

fn operation() -> Operation {
    Operation {
        binding: flowmesh_ir::service::Binding::Http,
        stream: None,
        name: "buy".into(),
        doc: None,
        params: Vec::new(),
        result: Type::Json,
        fails: Vec::new(),
        method: Method::Post,
        path: Vec::new(),
        address: Vec::new(),
        query: Vec::new(),
        body: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: None,
        on: Vec::new(),
        policy: PolicyId(0),
        effect: EffectKind::Keyed,
    }
}

/// Two services with a secret each, the first of which has a policy; what the other is sent is rewritten.
pub fn two(policy: Policy) -> Program {
    let mut program = program(policy, &[100]);
    program.secrets = vec!["first".into(), "second".into()];
    let mut other = (*program.services[0]).clone();
    other.name = Name::from("other");
    other.auth = Some(Auth::ApiKey("x-other".into(), SecretId(1)));
    other.policy = PolicyId(1);
    Arc::make_mut(&mut program.services[0]).auth = Some(Auth::Bearer(SecretId(0)));
    program.services.push(other.into());
    program.policies.push(Policy {
        rewrite: Some(Rewrite {
            prefix: Some("/elsewhere".to_owned()),
            host: None,
        }),
        ..plain()
    });
    program
}

/// Gives these secrets, and a header of each policy.
pub fn with_secrets(options: &mut MeshOptions) {
    options.secrets = Arc::new(|id| Some(["s3cret", "0ther"][id.index()].to_owned()));
    options.headers = vec![
        vec![("x-of-first".into(), "1".to_owned())],
        vec![("x-of-second".into(), "2".to_owned())],
    ];
    options.unseal = Arc::new(|_| Ok(flowmesh_mesh::Unsealed::default()));
}

/// A mesh for one service with one subset at these addresses.
pub fn mesh(policy: Policy, addresses: &[String]) -> Mesh {
    let program = program(policy, &[100]);
    with_options(program, vec![addresses.to_vec()], |_| {}).unwrap()
}

/// A mesh whose options are changed; asks no DNS server unless told to.
pub fn with_options(
    program: Program,
    subsets: Vec<Vec<String>>,
    change: impl FnOnce(&mut MeshOptions),
) -> Result<Mesh, MeshError> {
    let texts = |texts: Vec<String>| texts.into_iter().map(Template::from).collect();
    with_templates(program, subsets.into_iter().map(texts).collect(), change)
}

/// The same with addresses that calls may fill.
pub fn with_templates(
    program: Program,
    subsets: Vec<Vec<Template>>,
    change: impl FnOnce(&mut MeshOptions),
) -> Result<Mesh, MeshError> {
    let nobody = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    let mut options = MeshOptions::new(Arc::new(nobody), 1);
    change(&mut options);
    Mesh::new(Arc::new(program), &vec![subsets], options)
}

/// A mesh of several services, each with the addresses of its subsets; asks no DNS server unless told to.
pub fn several(
    program: Program,
    services: &[Vec<Vec<String>>],
    change: impl FnOnce(&mut MeshOptions),
) -> Mesh {
    let nobody = Hickory::servers(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    let mut options = MeshOptions::new(Arc::new(nobody), 1);
    change(&mut options);
    let texts = |texts: &Vec<String>| texts.iter().cloned().map(Template::from).collect();
    let service = |subsets: &Vec<Vec<String>>| subsets.iter().map(texts).collect();
    Mesh::new(
        Arc::new(program),
        &services.iter().map(service).collect(),
        options,
    )
    .unwrap()
}

/// `POST /orders` with a key.
pub fn request() -> Request {
    Request {
        wire: flowmesh_ir::call::Wire::Http,
        service: ServiceId(0),
        operation: OperationId(0),
        policy: PolicyId(0),
        address: Vec::new(),
        method: Method::Post,
        path: "/orders".to_owned(),
        headers: Vec::new(),
        body: Arc::from(*b"{\"id\":1}"),
        key: Some("order-1".to_owned()),
        sealed: None,
        effect: EffectKind::Keyed,
    }
}

/// The same without a key.
pub fn once() -> Request {
    Request {
        key: None,
        effect: EffectKind::Once,
        ..request()
    }
}

/// Calls, and remembers the attempts.
pub async fn call(mesh: &Mesh, request: &Request) -> (Reply, Vec<Heard>) {
    call_as(mesh, request, Asker::Nobody).await
}

/// The same as somebody.
pub async fn call_as(mesh: &Mesh, request: &Request, asker: Asker<'static>) -> (Reply, Vec<Heard>) {
    let memory = Memory(Mutex::default(), asker);
    let reply = mesh.call(request, TRACE, &memory).await;
    (reply, memory.0.into_inner().unwrap())
}

/// The status of an answer; anything else fails the test.
pub fn status(reply: &Reply) -> u16 {
    match reply {
        Reply::Answer { status, .. } => *status,
        Reply::Failed(failure) => panic!("{failure}"),
    }
}

/// The error's name and its words; an answer fails the test.
pub fn failure(reply: &Reply) -> (&str, &str) {
    match reply {
        Reply::Failed(failure) => (failure.error_name(), failure.reason()),
        Reply::Answer { status, .. } => panic!("answered {status}"),
    }
}

/// One attempt, as an observer heard of it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Which.
    pub attempt: u32,
    /// Where it went instead, and why.
    pub failover: Option<String>,
    /// Where to.
    pub endpoint: Option<String>,
    /// In which zone that is.
    pub zone: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// What comes next.
    pub next: Next,
}

#[derive(Default)]
struct Memory(Mutex<Vec<Heard>>, Asker<'static>);

impl Observer for Memory {
    fn asker(&self) -> Asker<'_> {
        self.1
    }

    fn ended(&self, report: &AttemptReport<'_>) {
        let heard = Heard {
            attempt: report.attempt,
            failover: report.detour.map(ToString::to_string),
            endpoint: report.endpoint.map(str::to_owned),
            zone: report.zone.map(str::to_owned),
            outcome: report.outcome.clone(),
            next: report.next,
        };
        self.0.lock().unwrap().push(heard);
    }
}
