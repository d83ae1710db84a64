//! What of a request is made from secrets: computed where it is sent, over what the run gave and the values of secrets.
//!
//! Nothing of it goes back: a reason why there is no value names the place, and not what stands there.

use super::NetworkError;
use crate::engine::Deployment;
use flowmesh_ir::{
    Code, Name, Program, SecretId, Value,
    call::{Request, Sealed},
    expr::Expr,
    service::Operation,
};
use flowmesh_machine::{Context, RunContext, Secrets, Settings, border, evaluate};
use flowmesh_mesh::Unsealed;
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// Computes the sealed parts of the requests of a deployment.
pub(super) struct Seals {
    program: Arc<Program>,
    settings: Settings,
    secrets: Secrets,
}

impl Seals {
    /// With the values of the secrets that requests and policies carry. One that nobody gives is the mesh's to miss.
    pub(super) fn new(deployment: &Deployment, value: &dyn Fn(SecretId) -> Option<String>) -> Self {
        let program = &deployment.program;
        let mut needed = BTreeSet::new();
        let operations = program.services.iter().flat_map(|service| &service.operations);
        for operation in operations {
            operation.each_secret(&mut |id| {
                needed.insert(id);
            });
        }
        for (_, expr) in program.policies.iter().flat_map(|policy| &policy.headers) {
            expr.each_secret(&mut |id| {
                needed.insert(id);
            });
        }
        let ids = (0u32..).map(SecretId).take(program.secrets.len());
        let values = ids.map(|id| {
            let needed = needed.contains(&id);
            needed.then(|| value(id)).flatten().map(Arc::from)
        });
        Self {
            secrets: Secrets::new(values.collect()),
            program: deployment.program.clone(),
            settings: deployment.settings.clone(),
        }
    }

    /// The sealed parts of a request.
    pub(super) fn open(&self, request: &Request) -> Result<Unsealed, String> {
        let (Some(operation), Some(sealed)) = (self.operation(request), &request.sealed) else {
            return Ok(Unsealed::default());
        };
        let mut made = Unsealed::default();
        for (name, expr) in &operation.secret_headers {
            let value = self.text(expr, sealed);
            let value =
                value.map_err(|()| format!("the header `{name}`, which holds a secret, has no value"))?;
            made.headers.extend(value.map(|value| (name.clone(), value)));
        }
        if let Some((expr, ty)) = operation.secret_body() {
            let body = self.value(expr, sealed);
            let body = body.map_err(|()| "the body, which holds a secret, has no value".to_owned())?;
            made.body = Some(border::encode(&self.program, ty, &body).into_bytes());
        }
        Ok(made)
    }

    /// The headers that each policy adds to every request.
    pub(super) fn of_policies(&self) -> Result<Vec<Vec<(Name, String)>>, NetworkError> {
        let nothing = Sealed {
            arguments: Vec::new(),
            run: 0,
            started: jiff::Timestamp::default(),
            key: None,
        };
        let one = |(name, expr): &(Name, Expr)| match self.text(expr, &nothing) {
            Ok(value) => value.map(|value| Ok((name.clone(), value))),
            Err(()) => Some(Err(NetworkError {
                code: Code(1046),
                message: format!("the header `{name}` of a policy has no value"),
                help: Some("see the configs and secrets that it is made of".to_owned()),
                place: None,
            })),
        };
        let policies = self.program.policies.iter();
        policies
            .map(|policy| policy.headers.iter().filter_map(one).collect())
            .collect()
    }

    fn operation(&self, request: &Request) -> Option<&Operation> {
        let service = self.program.service(request.service)?;
        service.operations.get(request.operation.index())
    }

    /// A value as text; nothing where it is `none`.
    fn text(&self, expr: &Expr, sealed: &Sealed) -> Result<Option<String>, ()> {
        match self.value(expr, sealed)? {
            Value::None => Ok(None),
            Value::String(text) => Ok(Some(text.to_string())),
            _ => match self.value(&Expr::Text(vec![expr.clone()]), sealed)? {
                Value::String(text) => Ok(Some(text.to_string())),
                _ => Err(()),
            },
        }
    }

    fn value(&self, expr: &Expr, sealed: &Sealed) -> Result<Value, ()> {
        let mut context = Context {
            run: Some(RunContext {
                id: Uuid::from_u128(sealed.run),
                started: sealed.started,
                key: sealed.key.clone(),
            }),
            secrets: self.secrets.clone(),
            ..Context::default()
        };
        let (program, settings) = (&self.program, &self.settings);
        let mut frame = sealed.arguments.clone();
        evaluate(program, settings, expr, &mut frame, &mut context).map_err(drop)
    }
}
