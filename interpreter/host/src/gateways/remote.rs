//! Runs on another machine: they are started by the API of its server, through a mesh of one service.

use super::{
    Telemetry, answer,
    place::{Place, WAIT_MAX, Wanted},
};
use crate::{
    clock::{Clock, SystemClock},
    engine::{Deployment, view::Ending},
    network::{Caller, Calling, Network, NetworkError, nobody},
    traces::Attempted,
};
use flowmesh_ir::{
    Name, OperationId, PolicyId, Program, ServiceId, Value,
    call::{Reply, Request, Wire},
    expr::Expr,
    policy::{Policy, Timeout},
    service::{Binding, EffectKind, Method, Operation, Route, Service, Subset},
    trace::TraceContext,
    traffic::Tls,
    ty::Type,
};
use flowmesh_machine::{Settings, percent_encode};
use flowmesh_mesh::{
    AttemptReport, Observer, Outcome, Silent, Tags,
    gateway::{Answered, Answering},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{path::PathBuf, sync::Arc};

/// The server that keeps the runs, in its own name.
const SERVER: &str = "flowmesh";
/// How long an answer may take beyond what it was asked to wait.
const BEYOND_MS: u64 = 10_000;
/// How long it may take to lend.
const LEND_MS: u64 = 1_000;
/// The policy by which runs are started, and that by which limits are shared.
const STARTING: PolicyId = PolicyId(0);
pub(super) const LENDING: PolicyId = PolicyId(1);

/// A server that keeps runs.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where its API is: `https://runs.example.com:7700`.
    pub url: String,
    /// By which it knows us: a token of an operator.
    pub token: Option<String>,
    /// In which namespace runs are started; `None` is that of the token, or `default`.
    pub namespace: Option<String>,
    /// The file of the authorities under which it is believed, if it speaks TLS; else those of the system.
    pub authority: Option<PathBuf>,
}

/// A server that keeps runs, and the way there.
pub(super) struct There {
    caller: Arc<dyn Caller>,
    remote: Remote,
    telemetry: Telemetry,
}

/// Tells of attempts to start a run: the server lets the run lie below the one that it heard of.
struct Starting {
    telemetry: Telemetry,
    /// The visit.
    above: TraceContext,
    flow: String,
}

/// What the server says of a run.
#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Box<RawValue>>,
    #[serde(default)]
    cancelled: Option<String>,
    #[serde(default)]
    terminated: Option<String>,
}

impl There {
    /// Finds the way there; nothing is sent yet.
    pub(super) fn new(
        network: &dyn Network,
        mut remote: Remote,
        telemetry: Telemetry,
    ) -> Result<Self, NetworkError> {
        remote.url.truncate(remote.url.trim_end_matches('/').len());
        let deployment = Deployment::new(program(&remote), Settings::default());
        let caller = network.connect(&deployment)?;
        Ok(Self {
            caller,
            remote,
            telemetry,
        })
    }

    fn request(&self, wanted: Wanted) -> Request {
        // A key makes a start that was not heard of safe to repeat.
        let drawn = || format!("visit-{:016x}{:016x}", self.draw(), self.draw());
        let key = wanted.key.unwrap_or_else(drawn);
        let wait = match wanted.wait {
            true => format!("&wait={}s", WAIT_MAX.as_secs()),
            false => String::new(),
        };
        let path = format!(
            "/v1/flows/{}/runs?key={}{wait}",
            encoded(&wanted.flow),
            encoded(&key)
        );
        let mut request = self.post(STARTING, path, wanted.input.into_bytes());
        let further = wanted.lineage.headers();
        let further = further.map(|(name, value)| (name.into(), value.to_owned()));
        request.headers.extend(further);
        request
    }

    /// Something that is said to the server in our name.
    pub(super) fn post(&self, policy: PolicyId, path: String, body: Vec<u8>) -> Request {
        let mut headers: Vec<(Name, String)> = Vec::new();
        if let Some(token) = &self.remote.token {
            headers.push(("authorization".into(), format!("Bearer {token}")));
        }
        if let Some(namespace) = &self.remote.namespace {
            headers.push(("flowmesh-namespace".into(), namespace.clone()));
        }
        Request {
            service: ServiceId(0),
            operation: OperationId(0),
            policy,
            wire: Wire::Http,
            address: Vec::new(),
            method: Method::Post,
            path,
            headers,
            body: body.into(),
            sealed: None,
            key: None,
            effect: EffectKind::Keyed,
        }
    }

    /// Sends what belongs to no visit.
    pub(super) async fn send(&self, request: Request) -> Reply {
        let trace = TraceContext {
            trace: ((u128::from(self.draw()) << 64) | u128::from(self.draw())).max(1),
            span: self.draw().max(1),
            sampled: false,
        };
        let caller = self.caller.clone();
        caller.call(Arc::new(request), trace, Arc::new(Silent)).await
    }

    fn told(&self, reply: Reply) -> Answered {
        match reply {
            Reply::Answer {
                status: 200 | 202,
                body,
            } => match serde_json::from_slice::<Told>(&body) {
                Ok(told) => {
                    let run = told.id.clone();
                    answer::ended(&run, told.ending().as_ref(), &self.remote.url)
                }
                Err(why) => {
                    tracing::error!(%why, "the server that keeps the runs answered something else");
                    answer::unserved()
                }
            },
            // The input is the visitor's; what it lacks is told by the server in words that are for everybody.
            Reply::Answer { status: 422, body } => {
                let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
                let detail = said.as_ref().and_then(|said| said.get("detail")?.as_str());
                answer::problem(422, detail.unwrap_or("the input does not fit"))
            }
            Reply::Answer { status, .. } => {
                tracing::error!(
                    status,
                    "the server that keeps the runs starts none for this gateway"
                );
                answer::unserved()
            }
            Reply::Failed(failure) => {
                tracing::warn!(%failure, "the server that keeps the runs cannot be asked");
                answer::unserved()
            }
        }
    }
}

impl Observer for Starting {
    fn ended(&self, report: &AttemptReport<'_>) {
        if !self.telemetry.wants_attempts() {
            return;
        }
        self.telemetry.attempted(Attempted {
            run: None,
            call: self.above,
            step: format!("start {}", self.flow),
            attempt: report.attempt,
            failover: report.detour.map(ToString::to_string),
            endpoint: report.endpoint.map(str::to_owned),
            status: match report.outcome {
                Outcome::Answer { status, .. } => Some(*status),
                _ => None,
            },
            outcome: report.outcome.to_string(),
            took: report.took,
            tags: Tags::default(),
        });
    }
}

impl Told {
    fn ending(self) -> Option<Ending> {
        let json = |json: Box<RawValue>| Arc::<RawValue>::from(json);
        let result = self.result.map(|it| Ending::Result(json(it)));
        let error = self.error.map(|it| Ending::Error(json(it)));
        let cancelled = self.cancelled.map(|why| Ending::Cancelled(why.into()));
        let terminated = self.terminated.map(|why| Ending::Terminated(why.into()));
        result.or(error).or(cancelled).or(terminated)
    }
}

impl Place for There {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn draw(&self) -> u64 {
        SystemClock.draw()
    }

    fn has_runs(&self) -> bool {
        true
    }

    fn start(&self, wanted: Wanted) -> Answering<'_> {
        Box::pin(async move {
            let trace = TraceContext {
                trace: wanted.lineage.trace,
                span: wanted.lineage.parent.unwrap_or_else(|| self.draw().max(1)),
                sampled: wanted.lineage.sampled,
            };
            let starting = Starting {
                telemetry: self.telemetry.clone(),
                above: trace,
                flow: wanted.flow.clone(),
            };
            let request = Arc::new(self.request(wanted));
            let caller = self.caller.clone();
            self.told(caller.call(request, trace, Arc::new(starting)).await)
        })
    }

    fn work(&self, _: Arc<dyn Caller>, _: Arc<Request>) -> Calling {
        Box::pin(async { nobody("workers pull their tasks from a server, and this is none") })
    }
}

/// A program that knows one service: the server.
fn program(remote: &Remote) -> Program {
    let authority = remote
        .authority
        .as_ref()
        .filter(|_| remote.url.starts_with("https://"));
    let tls = authority.map(|file| Tls {
        authority: Some(file.to_string_lossy().into_owned()),
        ..Tls::default()
    });
    let wait_ms = u64::try_from(WAIT_MAX.as_millis()).unwrap_or(u64::MAX);
    let within = |ms: u64| Policy {
        timeout: Timeout {
            attempt_ms: ms,
            total_ms: ms,
            ..Timeout::default()
        },
        tls: tls.clone(),
        ..Policy::default()
    };
    let policies = vec![within(wait_ms.saturating_add(BEYOND_MS)), within(LEND_MS)];
    let only = Subset {
        name: Name::default(),
        addresses: vec![Expr::Constant(Value::string(&remote.url))],
        zones: Vec::new(),
    };
    let server = Service {
        name: SERVER.into(),
        doc: None,
        subsets: vec![only],
        address_params: Vec::new(),
        routes: vec![Route {
            condition: None,
            split: vec![(flowmesh_ir::SubsetId(0), 100)],
        }],
        policy: STARTING,
        auth: None,
        operations: vec![start()],
        descriptors: None,
    };
    Program {
        policies,
        services: vec![Arc::new(server)],
        ..Program::default()
    }
}

/// The one thing that is asked of it. What a request is made of is said by whoever makes one.
fn start() -> Operation {
    Operation {
        name: "start".into(),
        doc: None,
        params: Vec::new(),
        result: Type::Json,
        fails: Vec::new(),
        stream: None,
        binding: Binding::Http,
        method: Method::Post,
        path: Vec::new(),
        address: Vec::new(),
        query: Vec::new(),
        body: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: None,
        on: Vec::new(),
        policy: STARTING,
        effect: EffectKind::Keyed,
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    percent_encode(&mut encoded, text);
    encoded
}
