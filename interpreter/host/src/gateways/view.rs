//! What expressions see of a visit.

use crate::engine::Deployment;
use bytes::Bytes;
use flowmesh_ir::{
    Name, Value,
    expr::{self, Argument, Expr},
    value::Fields,
};
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
    // What a limit counts by is mostly one of these.
    if let Expr::Field(of, name) = expr
        && let Expr::Context(of) = **of
        && let Some(value) = plain(of, name, visit)
    {
        return Ok(value);
    }
    let mut context = context((visit, body), &Reads::of(expr), now);
    let (program, settings) = (&deployment.program, &deployment.settings);
    evaluate(program, settings, expr, &mut frame(visit), &mut context).map_err(|fault| fault.to_string())
}

/// The parameters of the path are the first slots.
pub(super) fn frame(visit: &Visit) -> Vec<Value> {
    visit.params.iter().map(|param| Value::string(param)).collect()
}

/// `request`, `caller`, and as `run` what is known of the visit: its trace is its identifier.
pub(super) fn context((visit, body): (&Visit, &Bytes), reads: &Reads<'_>, now: Timestamp) -> Context {
    Context {
        now,
        request: Some(request(visit, body, reads)),
        caller: Some(caller(visit, reads)),
        run: Some(RunContext {
            id: Uuid::from_u128(visit.trace.trace),
            started: now,
            key: None,
        }),
        ..Context::default()
    }
}

/// Which fields of `request` and `caller` an expression reads, so that only these are made: for most, that is one of nine.
#[derive(Default)]
pub(super) struct Reads<'e> {
    /// Fields by their names, of either.
    named: Vec<&'e str>,
    /// Whether either is read otherwise than by the name of a field.
    whole: bool,
}

impl<'e> Reads<'e> {
    /// All of them.
    pub(super) fn all() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Those that an expression reads.
    fn of(expr: &'e Expr) -> Self {
        let mut reads = Self::default();
        reads.look(expr);
        reads
    }

    fn look(&mut self, expr: &'e Expr) {
        match expr {
            Expr::Field(of, name) if is_of_visit(of) => self.named.push(name),
            Expr::Binary(_, left, right) | Expr::Index(left, right) => {
                self.look(left);
                self.look(right);
            }
            Expr::Field(of, _) | Expr::Unary(_, of) => self.look(of),
            Expr::Text(parts) => parts.iter().for_each(|part| self.look(part)),
            Expr::Native(_, arguments) => {
                for argument in arguments {
                    match argument {
                        Argument::Value(value) => self.look(value),
                        Argument::Lambda(..) => self.whole = true,
                    }
                }
            }
            Expr::Constant(_) | Expr::Slot(_) | Expr::Config(_) => {}
            // Not worth the telling apart.
            _ => self.whole = true,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.whole || self.named.contains(&name)
    }
}

fn is_of_visit(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Context(expr::Context::Request | expr::Context::Caller)
    )
}

/// A field of `request` or `caller` that is a text.
fn plain(of: expr::Context, name: &str, visit: &Visit) -> Option<Value> {
    let request = &visit.request;
    Some(match (of, name) {
        (expr::Context::Request, "method") => Value::string(request.method.as_str()),
        (expr::Context::Request, "path") => Value::string(request.path()),
        (expr::Context::Request, "host") => Value::string(&request.host),
        (expr::Context::Caller, "identity") => visit.identity.as_deref().map_or(Value::None, Value::string),
        (expr::Context::Caller, "address") => Value::string(&visit.address.to_string()),
        _ => return None,
    })
}

fn request(visit: &Visit, body: &Bytes, reads: &Reads<'_>) -> Value {
    let request = &visit.request;
    let mut fields = Fields::default();
    let mut put = |name: &'static str, value: &dyn Fn() -> Value| {
        if reads.has(name) {
            fields.insert(Name::new_static(name), value());
        }
    };
    let text = |name| plain(expr::Context::Request, name, visit).unwrap_or(Value::None);
    for name in ["method", "path", "host"] {
        put(name, &|| text(name));
    }
    put("headers", &|| headers(visit));
    put("query", &|| {
        let query = request.parameters().into_iter();
        let query = query.map(|(name, value)| (Name::from(name.as_str()), Value::string(&value)));
        Value::record(query.collect())
    });
    put("body", &|| json(body));
    Value::record(fields)
}

fn headers(visit: &Visit) -> Value {
    let names = visit.request.headers.keys();
    let headers = names.filter_map(|name| {
        let value = visit.request.header(name.as_str())?;
        Some((Name::from(name.as_str()), Value::string(&value)))
    });
    Value::record(headers.collect())
}

fn caller(visit: &Visit, reads: &Reads<'_>) -> Value {
    let mut fields = Fields::default();
    let mut put = |name: &'static str, value: &dyn Fn() -> Value| {
        if reads.has(name) {
            fields.insert(Name::new_static(name), value());
        }
    };
    put("claims", &|| {
        Value::Json(serde_json::to_string(&*visit.claims).unwrap_or_default().into())
    });
    let text = |name| plain(expr::Context::Caller, name, visit).unwrap_or(Value::None);
    for name in ["identity", "address"] {
        put(name, &|| text(name));
    }
    Value::record(fields)
}

/// The body, if it is JSON; nothing else is.
fn json(body: &Bytes) -> Value {
    let text = std::str::from_utf8(body).ok();
    let text = text.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    text.map_or(Value::None, |text| Value::Json(text.trim().into()))
}

#[cfg(test)]
mod tests {
    use super::{Reads, context, frame, plain};
    use bytes::Bytes;
    use flowmesh_ir::{
        GatewayId, Program, Value,
        expr::{Binary, Context, Expr},
        trace::{Lineage, TraceContext},
    };
    use flowmesh_machine::{Settings, evaluate};
    use flowmesh_mesh::{decide::canonical::Canonical, gateway::Visit};
    use hyper::http::HeaderValue;
    use jiff::Timestamp;
    use std::sync::Arc;

    fn visit() -> Visit {
        let mut request = Canonical::unread("shop.test");
        request.target = "/a/b?x=1&x=2&y=%20".parse().unwrap();
        request.headers.insert("x-plan", HeaderValue::from_static("gold"));
        let trace = TraceContext::root(7);
        Visit {
            gateway: GatewayId(0),
            request,
            params: vec!["b".to_owned()],
            claims: Arc::new([("scope".to_owned(), "read".into())].into_iter().collect()),
            identity: Some("ann".to_owned()),
            certificate: None,
            address: [127, 0, 0, 1].into(),
            trace,
            lineage: Lineage::below(trace),
        }
    }

    fn field(of: Expr, name: &str) -> Expr {
        Expr::Field(Box::new(of), name.into())
    }

    /// What is left out would have no value, and a rule that reads it would be another.
    #[test]
    fn an_expression_sees_the_same_whether_all_or_what_it_reads_is_made() {
        let (visit, body) = (visit(), Bytes::from_static(b"{\"n\": 1}"));
        let request = || Expr::Context(Context::Request);
        let caller = || Expr::Context(Context::Caller);
        let text = |text: &str| Expr::Constant(Value::string(text));
        let both = |operator, left, right| Expr::Binary(operator, Box::new(left), Box::new(right));
        let mut all: Vec<Expr> = ["method", "path", "host", "headers", "query", "body"]
            .map(|name| field(request(), name))
            .into();
        all.extend(["claims", "identity", "address"].map(|name| field(caller(), name)));
        all.push(field(field(caller(), "claims"), "scope"));
        let headers = Box::new(field(request(), "headers"));
        all.push(Expr::Index(headers, Box::new(text("x-plan"))));
        all.push(Expr::Text(vec![text("at "), field(request(), "path")]));
        all.push(Expr::List(vec![field(request(), "host"), caller()]));
        let is_ann = both(Binary::Equal, field(caller(), "identity"), text("ann"));
        let is_there = both(Binary::Equal, field(request(), "path"), text("/a/b"));
        all.push(both(Binary::And, is_ann, is_there));
        all.extend([request(), caller()]);
        for expr in all {
            let value = |reads: &Reads<'_>| {
                let mut context = context((&visit, &body), reads, Timestamp::UNIX_EPOCH);
                let (program, settings) = (Program::default(), Settings::default());
                evaluate(&program, &settings, &expr, &mut frame(&visit), &mut context).unwrap()
            };
            let whole = value(&Reads::all());
            assert_eq!(value(&Reads::of(&expr)), whole, "{expr:?}");
            if let Expr::Field(of, name) = &expr
                && let Expr::Context(of) = **of
                && let Some(value) = plain(of, name, &visit)
            {
                assert_eq!(value, whole, "{expr:?}");
            }
            assert_ne!(whole, Value::None, "{expr:?}");
        }
    }
}
