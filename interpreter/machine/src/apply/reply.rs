//! What the answer of a service means: a result, a declared error, or one that every call can end with.

use super::{Turn, turn::built_in};
use crate::border::{Strictness, decode, encode};
use flowmesh_ir::{
    Value,
    call::Reply,
    flow::Target,
    service::{OnStatus, Operation},
    ty::Type,
    value::{Fields, Variant},
};
use flowmesh_stdlib::json;
use serde::de::IgnoredAny;
use std::sync::Arc;

/// How much of a body that is no JSON an error carries.
const BODY_SHOWN_MAX: usize = 4096;

impl Turn<'_, '_> {
    /// The result of a call, or its error.
    pub(super) fn outcome(&mut self, target: &Target, reply: &Reply) -> Result<Value, Arc<Variant>> {
        let (status, body) = match reply {
            Reply::Failed(failure) => return Err(built_in(failure.error_name(), failure.reason())),
            Reply::Answer { status, body } => (*status, &**body),
        };
        let service = self.program.service(target.service);
        let Some(operation) = service.and_then(|service| service.operations.get(target.operation.index()))
        else {
            return Err(built_in("BadReply", "the program has no such operation"));
        };
        if let Some(on) = operation.on.iter().find(|on| on.status == status) {
            return Err(self.declared(on, status, body));
        }
        if (200..300).contains(&status) {
            let result = self.result(operation, body)?;
            return Ok(match target.as_json {
                true => json::wrap(&encode(self.program, &operation.result, &result)),
                false => result,
            });
        }
        Err(unexpected(status, body))
    }

    fn result(&self, operation: &Operation, body: &[u8]) -> Result<Value, Arc<Variant>> {
        match &operation.result {
            Type::Unit => Ok(Value::None),
            Type::Optional(_) | Type::Json if body.trim_ascii().is_empty() => Ok(Value::None),
            ty => decode(self.program, ty, body, Strictness::Lenient)
                .map_err(|misfit| built_in("BadReply", &misfit.to_string())),
        }
    }

    /// `on 402: Declined(reason: reply.body.reason)`
    fn declared(&mut self, on: &OnStatus, status: u16, body: &[u8]) -> Arc<Variant> {
        self.run.context.reply = Some(Value::record(fields_of(status, body)));
        let mut frame = Vec::new();
        let fields = self.evaluator_over(&mut frame).fields(&on.raise.fields);
        self.run.context.reply = None;
        let name = self
            .program
            .error(on.raise.error)
            .map_or("?".into(), |def| def.name.clone());
        match fields {
            Ok(fields) => Arc::new(Variant { name, fields }),
            Err(fault) => {
                let reason = format!(
                    "a reply with status {status} means `{name}`, but {}",
                    fault.reason()
                );
                built_in("BadReply", &reason)
            }
        }
    }
}

/// A status that the operation says nothing about.
pub(super) fn unexpected(status: u16, body: &[u8]) -> Arc<Variant> {
    Arc::new(Variant {
        name: "UnexpectedStatus".into(),
        fields: fields_of(status, body),
    })
}

fn fields_of(status: u16, body: &[u8]) -> Fields {
    [
        ("status".into(), Value::Int(status.into())),
        ("body".into(), as_json(body)),
    ]
    .into_iter()
    .collect()
}

/// A body as JSON; what is none becomes a text.
fn as_json(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    if text.trim().is_empty() || serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return json::wrap(&text);
    }
    let shown: String = text.chars().take(BODY_SHOWN_MAX).collect();
    let mut quoted = String::new();
    json::write_string(&mut quoted, &shown);
    Value::Json(quoted.into())
}
