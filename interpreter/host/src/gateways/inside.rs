//! What stands behind a gateway: flows, operations, and what expressions mean.

use super::{
    answer,
    place::{Place, Wanted},
    view,
};
use crate::{driver::Live, engine::Deployment, network::Caller};
use bytes::Bytes;
use flowmesh_ir::{
    FlowId, OperationId, PolicyId, ServiceId, Value,
    call::{Request, Wire},
    expr::Expr,
    flow::Target,
};
use flowmesh_machine::{border, request};
use flowmesh_mesh::{
    Observer,
    gateway::{Answered, Answering, Behind, Visit},
};
use jiff::Timestamp;
use std::sync::Arc;

/// Makes two starts one run.
const KEY: &str = "idempotency-key";

/// What stands behind the gateways of one deployment.
pub(super) struct Inside {
    place: Arc<dyn Place>,
    deployment: Arc<Deployment>,
    caller: Arc<dyn Caller>,
}

impl Inside {
    pub(super) fn new(place: Arc<dyn Place>, live: &Live) -> Self {
        Self {
            place,
            deployment: live.deployment.clone(),
            caller: live.caller.clone(),
        }
    }

    fn value(&self, expr: &Expr, visit: &Visit) -> Option<Value> {
        let nothing = Bytes::new();
        let found = view::value(&self.deployment, expr, (visit, &nothing), self.now());
        found.ok()
    }

    /// The input of a flow as JSON, or why there is none.
    fn input(
        &self,
        flow: FlowId,
        arguments: &[Expr],
        seen: (&Visit, &Bytes),
    ) -> Result<(String, String), Answered> {
        let program = &self.deployment.program;
        let lost = || answer::problem(500, "it cannot be done");
        let flow = program.flow(flow).ok_or_else(lost)?;
        let mut input = String::from("{");
        for (field, argument) in flow.params.iter().zip(arguments) {
            let value = view::value(&self.deployment, argument, seen, self.now());
            let value = value.map_err(|why| answer::problem(422, &format!("`{}`: {why}", field.name)))?;
            if input.len() > 1 {
                input.push(',');
            }
            input.push_str(&serde_json::to_string(field.name.as_str()).unwrap_or_default());
            input.push(':');
            input.push_str(&border::encode(program, &field.ty, &value));
        }
        input.push('}');
        Ok((flow.name.to_string(), input))
    }

    async fn started(
        &self,
        flow: FlowId,
        arguments: &[Expr],
        wait: bool,
        seen: (&Visit, &Bytes),
    ) -> Answered {
        let (name, input) = match self.input(flow, arguments, seen) {
            Ok(input) => input,
            Err(answer) => return answer,
        };
        // What the flow says itself goes before what a visitor says.
        let own = self
            .deployment
            .program
            .flow(flow)
            .is_some_and(|flow| flow.key.is_some());
        let key = if own { None } else { key(seen.0) };
        let wanted = Wanted {
            flow: name,
            input,
            key,
            wait,
            lineage: seen.0.lineage.clone(),
        };
        self.place.start(wanted).await
    }

    /// The request of an operation, or why there is none.
    fn request(&self, target: &Target, (visit, body): (&Visit, &Bytes)) -> Result<Request, Answered> {
        let Deployment {
            program, settings, ..
        } = self.deployment.as_ref();
        let mut context = view::context((visit, body), &view::Reads::all(), self.now());
        let made = request(program, settings, target, &mut view::frame(visit), &mut context);
        made.map_err(|why| answer::problem(422, &why.to_string()))
    }

    async fn called(&self, target: Target, seen: (&Visit, &Bytes), observer: Arc<dyn Observer>) -> Answered {
        let request = match self.request(&target, seen) {
            Ok(request) => Arc::new(request),
            Err(answer) => return answer,
        };
        let reply = match request.wire {
            Wire::Worker(_) => self.place.work(self.caller.clone(), request).await,
            _ => {
                let caller = self.caller.clone();
                caller.call(request, seen.0.trace, observer).await
            }
        };
        answer::replied(reply)
    }
}

impl Behind for Inside {
    fn now(&self) -> Timestamp {
        self.place.now()
    }

    fn holds(&self, condition: &Expr, visit: &Visit) -> Option<bool> {
        view::holds(&self.deployment, condition, visit, self.now())
    }

    fn text(&self, expr: &Expr, visit: &Visit) -> Option<String> {
        match self.value(expr, visit)? {
            Value::String(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn start<'a>(
        &'a self,
        flow: FlowId,
        arguments: &'a [Expr],
        wait: bool,
        visit: &'a Visit,
        body: Bytes,
    ) -> Answering<'a> {
        Box::pin(async move { self.started(flow, arguments, wait, (visit, &body)).await })
    }

    fn call<'a>(
        &'a self,
        (service, operation, policy): (ServiceId, OperationId, Option<PolicyId>),
        arguments: &'a [Expr],
        visit: &'a Visit,
        body: Bytes,
        observer: Arc<dyn Observer>,
    ) -> Answering<'a> {
        let declared = self.deployment.program.service(service);
        let declared = declared.and_then(|declared| declared.operations.get(operation.index()));
        let own = declared.map(|operation| operation.policy);
        let Some(policy) = policy.or(own) else {
            return Box::pin(async { answer::problem(500, "it cannot be done") });
        };
        let target = Target {
            service,
            operation,
            policy,
            arguments: arguments.to_vec(),
            as_json: false,
        };
        Box::pin(async move { self.called(target, (visit, &body), observer).await })
    }
}

/// What makes two visits one run: the key that the visitor says, among the keys of that visitor. One whom nobody knows has
/// none: others could say the same, and would be told what came of it.
fn key(visit: &Visit) -> Option<String> {
    let said = visit.request.header(KEY).filter(|said| !said.is_empty())?;
    let identity = visit.identity.as_deref()?;
    // Its length keeps `a` with `b/c` apart from `a/b` with `c`.
    Some(format!(
        "visit/{}/{}/{identity}/{said}",
        visit.gateway.0,
        identity.len()
    ))
}
