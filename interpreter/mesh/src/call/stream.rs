//! A call whose answer is a stream: opened with as many attempts as its policy allows, then read item by item, each only
//! when it is wanted.

use super::{
    Call, Mesh,
    attempt::{Tried, Try},
    failover::{Goes, and_why, elsewhere},
    unavailable,
};
use crate::{
    decide::{
        attempts::{CallPlan, Decision},
        breaker::is_failure,
        items::{Form, Items},
        outcome::Outcome,
    },
    observe::Asker,
    wire::{
        connection::Connection,
        endpoint::UnderWay,
        exchange::Stage,
        grpc::{self, Messages},
    },
};
use flowmesh_ir::{
    FlowId,
    call::{Failure, Reply, Request},
    service::OnStatus,
    trace::TraceContext,
    traffic::Onward,
};
use http::{Response, header};
use hyper::body::Incoming;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;

/// Who reads a stream.
pub struct Demand {
    wanted: UnboundedReceiver<()>,
    give: Box<dyn FnMut(Arc<[u8]>) + Send>,
    /// Whose run it is that reads.
    flow: Option<FlowId>,
}

/// A stream that was opened; it is on its way until its last item.
pub(super) struct Opened {
    source: Source,
    _under_way: UnderWay,
}

/// Where items come from.
enum Source {
    /// Server-sent events or JSON lines.
    Items(Box<OverHttp>),
    /// Messages of gRPC.
    Messages(Box<Messages>),
}

struct OverHttp {
    connection: Connection,
    body: Incoming,
    items: Items,
}

impl Demand {
    /// Somebody who wants an item for each message, and takes it by `give`. Dropping the sender ends the stream.
    pub fn new(wanted: UnboundedReceiver<()>, give: impl FnMut(Arc<[u8]>) + Send + 'static) -> Self {
        Self {
            wanted,
            give: Box::new(give),
            flow: None,
        }
    }

    /// The same of a run of a flow.
    #[must_use]
    pub fn of(self, flow: FlowId) -> Self {
        Self {
            flow: Some(flow),
            ..self
        }
    }

    fn asker(&self) -> Asker<'static> {
        self.flow.map_or(Asker::Nobody, Asker::Flow)
    }

    /// Waits until an item is wanted; `false` when none ever will be.
    pub async fn wanted(&mut self) -> bool {
        self.wanted.recv().await.is_some()
    }

    /// Gives an item.
    pub fn give(&mut self, item: Arc<[u8]>) {
        (self.give)(item);
    }
}

impl Mesh {
    /// Opens a stream and hands over its items, each when it is wanted. The reply comes when the stream has ended: well
    /// is status 200 without a body. Once it is open it is not opened again: what comes next depends on what was read.
    pub async fn stream(&self, request: &Request, trace: TraceContext, demand: &mut Demand) -> Reply {
        let Some((service, operation)) = self.declared(request) else {
            return unavailable("the request names a service or an operation that the program does not have");
        };
        let names = super::Names {
            service: &service.name,
            operation: &operation.name,
        };
        let (mut call, _permits) = match self.admit(request, service, (names, None), trace).await {
            Ok(admitted) => admitted,
            Err(reply) => return reply,
        };
        call.asker = demand.asker();
        match call.open(&operation.on).await {
            Ok(opened) => opened.read(demand).await,
            Err(reply) => reply,
        }
    }
}

impl Call<'_> {
    async fn open(&self, on: &[OnStatus]) -> Result<Opened, Reply> {
        let clock = self.mesh.clock;
        self.service.budgets.deposit(self.request.policy, clock.now());
        let mut plan = CallPlan::new(self.policy, self.request.effect, on, self.began);
        let mut decision = self.decide(&mut plan, None, self.mesh.clock.now());
        let mut last = Tried::default();
        loop {
            decision = match decision {
                Decision::Attempt { number, timeout } => {
                    let attempt = Try {
                        number,
                        timeout,
                        avoid: last.endpoint.as_ref(),
                        beside: None,
                    };
                    let to = elsewhere(self.policy.failover, self.request.service, self.chosen);
                    let opening = match to {
                        None => self.opened(&attempt).await,
                        // Apart, so that others do not carry room for it along.
                        Some(to) => Box::pin(self.opened_somewhere(to, attempt)).await,
                    };
                    let (outcome, tried) = match opening {
                        Ok(opened) => return Ok(opened),
                        Err(failed) => failed,
                    };
                    last = tried;
                    self.decide(&mut plan, Some(outcome), self.mesh.clock.now())
                }
                Decision::Wait { delay } => {
                    tokio::time::sleep(delay).await;
                    self.decide(&mut plan, None, self.mesh.clock.now())
                }
                Decision::Done { reply, .. } => return Err(reply),
            }
        }
    }

    /// One attempt, where the policy sends it, or elsewhere.
    async fn opened_somewhere(&self, to: Onward, attempt: Try<'_>) -> Result<Opened, (Outcome, Tried)> {
        let began = self.mesh.clock.now();
        let goes = self.goes(to, attempt.timeout).await;
        let spent = self.mesh.clock.now().saturating_sub(began);
        let attempt = attempt.within(attempt.timeout.saturating_sub(spent));
        match goes {
            Goes::Here(None) => self.opened(&attempt).await,
            Goes::Here(Some(why)) => {
                let opened = self.opened(&attempt).await;
                opened.map_err(|(outcome, tried)| (outcome.and(&why), tried))
            }
            Goes::There(there, detour) => {
                self.failed_over();
                let opened = there.opened(&attempt).await;
                opened.map_err(|(outcome, tried)| (and_why(outcome, &detour), tried))
            }
        }
    }

    /// One attempt within its time.
    async fn opened(&self, attempt: &Try<'_>) -> Result<Opened, (Outcome, Tried)> {
        let mut tried = Tried::default();
        let opening = self.opening(attempt, &mut tried);
        let outcome = match tokio::time::timeout(attempt.timeout, opening).await {
            Ok(Ok(opened)) => {
                self.way().passed(tried.pass.take(), tried.progress.stage, false);
                return Ok(opened);
            }
            Ok(Err(outcome)) => outcome,
            Err(_) => Outcome::TimedOut {
                sent: matches!(tried.progress.stage, Stage::Waiting | Stage::Reading),
                why: format!(
                    "service `{}` did not begin its stream in time",
                    self.names.service
                ),
            },
        };
        if let Some(endpoint) = &tried.endpoint {
            endpoint.record(self.mesh.clock.now(), &outcome, None);
        }
        self.way()
            .passed(tried.pass.take(), tried.progress.stage, is_failure(&outcome));
        Err((outcome, tried))
    }

    async fn opening(&self, attempt: &Try<'_>, tried: &mut Tried) -> Result<Opened, Outcome> {
        self.way().trouble(&mut tried.progress).await?;
        let service = self.names.service;
        let found = self.subset.endpoints(&self.mesh.resolver).await;
        let snapshot =
            found.map_err(|why| Outcome::Unsent(format!("no endpoint of service `{service}`: {why}")))?;
        let (endpoint, pass) = self
            .way()
            .pick(&snapshot, attempt.avoid)
            .map_err(Outcome::Unsent)?;
        tried.pass = pass;
        let endpoint = tried.endpoint.insert(endpoint);
        let under_way = endpoint.under_way();
        let trace = self.trace.child(u64::from(attempt.number));
        let sent = self.template.attempt(endpoint, trace, attempt.timeout);
        let sent = sent.map_err(Outcome::Unsent)?;
        let limits = &self.mesh.limits;
        if let Some(method) = self.method {
            let messages = grpc::open(endpoint, method, sent, limits, &mut tried.progress).await?;
            return Ok(Opened {
                source: Source::Messages(Box::new(messages)),
                _under_way: under_way,
            });
        }
        tried.progress.stage = Stage::Connecting;
        let mut connection = endpoint.connect(limits).await.map_err(Outcome::Unsent)?;
        let broke = |_| {
            Outcome::Broken(format!(
                "the connection to {} broke before an answer came",
                endpoint.label
            ))
        };
        tried.progress.stage = Stage::Waiting;
        let answer = connection.send(sent).await.map_err(broke)?;
        let form = Form::of(content_type(&answer));
        let (head, body) = answer.into_parts();
        let mut opened = OverHttp {
            connection,
            body,
            items: Items::new(form, limits.body_bytes),
        };
        if head.status.is_success() {
            return Ok(Opened {
                source: Source::Items(Box::new(opened)),
                _under_way: under_way,
            });
        }
        Err(Outcome::Answer {
            status: head.status.as_u16(),
            body: opened.whole(limits.body_bytes).await.into(),
            retry_after: None,
        })
    }
}

impl Opened {
    async fn read(mut self, demand: &mut Demand) -> Reply {
        while demand.wanted().await {
            match self.item().await {
                Ok(Some(item)) => demand.give(item.into()),
                Ok(None) => break,
                Err(reply) => return reply,
            }
        }
        Reply::Answer {
            status: 200,
            body: Arc::default(),
        }
    }

    async fn item(&mut self) -> Result<Option<Vec<u8>>, Reply> {
        match &mut self.source {
            Source::Items(items) => items.item().await.map_err(Reply::Failed),
            Source::Messages(messages) => messages.next().await.map_err(ended),
        }
    }
}

/// What became of a stream that was open: it is not opened again.
fn ended(outcome: Outcome) -> Reply {
    Reply::Failed(match outcome {
        Outcome::Answer { status, body, .. } => return Reply::Answer { status, body },
        Outcome::Malformed(why) => Failure::BadReply(why),
        Outcome::TimedOut { why, .. } => Failure::Timeout(why),
        Outcome::Unsent(why) | Outcome::Broken(why) => Failure::Unavailable(why),
    })
}

impl OverHttp {
    /// The next item, or `None` when the stream has ended.
    async fn item(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(item) = self.items.item() {
                return Ok(Some(item));
            }
            match self.connection.piece(&mut self.body).await {
                Some(Ok(piece)) => self
                    .items
                    .take(&piece)
                    .map_err(|_| Failure::BadReply("an item of the stream is too long".to_owned()))?,
                Some(Err(why)) => return Err(Failure::Unavailable(format!("the stream broke: {why}"))),
                None => return Ok(self.items.rest()),
            }
        }
    }

    /// The body of an answer that is no stream, as far as it is not too long.
    async fn whole(&mut self, most: usize) -> Vec<u8> {
        let mut whole = Vec::new();
        while let Some(Ok(piece)) = self.connection.piece(&mut self.body).await {
            if whole.len().saturating_add(piece.len()) > most {
                break;
            }
            whole.extend_from_slice(&piece);
        }
        whole
    }
}

fn content_type(answer: &Response<Incoming>) -> &str {
    let header = answer.headers().get(header::CONTENT_TYPE);
    header.and_then(|value| value.to_str().ok()).unwrap_or_default()
}
