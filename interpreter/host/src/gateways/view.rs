//! What expressions see of a visit.

use crate::engine::Deployment;
use bytes::Bytes;
use flowmesh_ir::{Name, Value, expr::Expr, value::Fields};
use flowmesh_machine::{Context, RunContext, evaluate};
use flowmesh_mesh::gateway::Visit;
use jiff::Timestamp;
use uuid::Uuid;

/// Whether a condition holds of a visit; `None` where it has no value. It sees no body: none is read before it is known
/// where a visit goes.
pub fn holds(deployment: &Deployment, condition: &Expr, visit: &Visit, now: Timestamp) -> Option<bool> {
    match value(deployment, condition, (visit, &Bytes::new()), now) {
        Ok(Value::Bool(truth)) => Some(truth),
        _ => None,
    }
}

/// The value of an expression over a visit, or why it has none.
pub(super) fn value(
    deployment: &Deployment,
    expr: &Expr,
    (visit, body): (&Visit, &Bytes),
    now: Timestamp,
) -> Result<Value, String> {
    let mut context = context(visit, body, now);
    let (program, settings) = (&deployment.program, &deployment.settings);
    evaluate(program, settings, expr, &mut frame(visit), &mut context).map_err(|fault| fault.to_string())
}

/// The parameters of the path are the first slots.
pub(super) fn frame(visit: &Visit) -> Vec<Value> {
    visit.params.iter().map(|param| Value::string(param)).collect()
}

/// `request`, `caller`, and as `run` what is known of the visit: its trace is its identifier.
pub(super) fn context(visit: &Visit, body: &Bytes, now: Timestamp) -> Context {
    Context {
        now,
        request: Some(request(visit, body)),
        caller: Some(caller(visit)),
        run: Some(RunContext {
            id: Uuid::from_u128(visit.trace.trace),
            started: now,
            key: None,
        }),
        ..Context::default()
    }
}

fn request(visit: &Visit, body: &Bytes) -> Value {
    let request = &visit.request;
    let names = request.headers.keys();
    let headers = names.filter_map(|name| {
        let value = request.header(name.as_str())?;
        Some((Name::from(name.as_str()), Value::string(&value)))
    });
    let query = request.parameters().into_iter();
    let query = query.map(|(name, value)| (Name::from(name.as_str()), Value::string(&value)));
    Value::record(Fields::from_iter([
        ("method".into(), Value::string(request.method.as_str())),
        ("path".into(), Value::string(&request.path)),
        ("host".into(), Value::string(&request.host)),
        ("headers".into(), Value::record(headers.collect())),
        ("query".into(), Value::record(query.collect())),
        ("body".into(), json(body)),
    ]))
}

fn caller(visit: &Visit) -> Value {
    let claims = serde_json::to_string(&visit.claims).unwrap_or_default();
    let identity = visit.identity.as_deref().map_or(Value::None, Value::string);
    Value::record(Fields::from_iter([
        ("claims".into(), Value::Json(claims.into())),
        ("identity".into(), identity),
        ("address".into(), Value::string(&visit.address.to_string())),
    ]))
}

/// The body, if it is JSON; nothing else is.
fn json(body: &Bytes) -> Value {
    let text = std::str::from_utf8(body).ok();
    let text = text.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    text.map_or(Value::None, |text| Value::Json(text.trim().into()))
}
